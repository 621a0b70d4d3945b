/*
 * A client that keeps a window of queries outstanding: each answer makes room for the next query,
 * so the server is never short of work and never asked for more than it does. Busy-waits: a server
 * that had to wake its client would pay for that.
 *
 *     load [--window N] [--seconds S] ADDRESS PORT QUERIES
 *         asks the file's queries over and over for S seconds
 *     load [--window N] --once FILE ADDRESS PORT QUERIES
 *         asks each once; FILE gets four octets for each: RCODE, AA and TC, ANCOUNT (FF: no answer)
 *     load --first SECONDS ADDRESS PORT QUERIES
 *         asks the first query until it is answered with records; tells when that was
 *
 * QUERIES: messages, each after its length in two octets; their IDs are replaced. Prints one line
 * of JSON. The exit status is 0 when anything was answered.
 */
#include "tests/bench/net.h"
#include "wire/constants.h"
#include "wire/record.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WINDOW_MAX     1024
#define BATCH          64 /* per system call */
#define QUERY_OCTETS   320
#define ANSWER_OCTETS  4096
#define RECORD_OCTETS  4                    /* of the file of --once */
#define LOST_AFTER_NS  ((int64_t)500000000) /* without any answer: what is outstanding is lost */
#define FIRST_EVERY_NS ((int64_t)200000)    /* how often --first asks */
#define BIN_NS         ((int64_t)200)       /* of the latency histogram */
#define BINS           (1 << 20)            /* up to 0.2 s */
#define RCODES         16

/* One outstanding query. Its ID is the slot's number and, above it, how often the slot was used. */
struct slot {
    bool busy;
    uint16_t id;
    size_t query; /* of the file */
    int64_t sent_ns;
    struct iovec part;
    uint8_t message[QUERY_OCTETS];
};

struct load {
    int fd;
    struct queries queries;
    size_t window;
    bool once;
    int64_t end_ns;
    uint8_t *records; /* --once: RECORD_OCTETS for each query */

    size_t next; /* query of the file */
    unsigned long sent, answered, lost, strange;
    unsigned long rcodes[RCODES];
    uint32_t *bins;
    int64_t last_ns; /* of the last answer */

    struct slot slots[WINDOW_MAX];
    size_t free[WINDOW_MAX]; /* slots that are not busy, `idle` of them */
    size_t idle;
    struct mmsghdr out[BATCH];
    struct mmsghdr in[BATCH];
    struct iovec in_parts[BATCH];
    uint8_t answers[BATCH][ANSWER_OCTETS];
};

static void set_up(struct load *load)
{
    load->idle = load->window;
    for (size_t i = 0; i < load->window; i++) {
        load->free[i] = i;
        load->slots[i].id = (uint16_t)i;
    }
    for (size_t i = 0; i < BATCH; i++) {
        load->in_parts[i] = (struct iovec){load->answers[i], ANSWER_OCTETS};
        load->in[i].msg_hdr.msg_iov = &load->in_parts[i];
        load->in[i].msg_hdr.msg_iovlen = 1;
        load->out[i].msg_hdr.msg_iovlen = 1;
    }
}

static bool has_more(const struct load *load, int64_t now)
{
    return load->once ? load->next < load->queries.count : now < load->end_ns;
}

/* Puts the next query into a slot. */
static void fill(struct load *load, struct slot *slot, int64_t now)
{
    const struct iovec *query = &load->queries.each[load->next % load->queries.count];

    slot->query = load->next++ % load->queries.count;
    slot->busy = true;
    slot->sent_ns = now;
    slot->id = (uint16_t)(slot->id + WINDOW_MAX);
    memcpy(slot->message, query->iov_base, query->iov_len);
    slot->message[0] = (uint8_t)(slot->id >> 8);
    slot->message[1] = (uint8_t)slot->id;
    slot->part = (struct iovec){slot->message, query->iov_len};
}

/* Sends queries from all idle slots. */
static void send_queries(struct load *load, int64_t now)
{
    while (load->idle > 0 && has_more(load, now)) {
        unsigned count = 0;
        while (count < BATCH && load->idle > 0 && has_more(load, now)) {
            struct slot *slot = &load->slots[load->free[--load->idle]];
            fill(load, slot, now);
            load->out[count++].msg_hdr.msg_iov = &slot->part;
        }
        load->sent += count;
        for (unsigned sent = 0; sent < count;) {
            int n = sendmmsg(load->fd, load->out + sent, count - sent, 0);
            sent += n > 0 ? (unsigned)n : 1; /* refused: it will count as lost */
        }
    }
}

static void note(struct load *load, const struct slot *slot, const struct header *header)
{
    uint8_t *record = load->records + slot->query * RECORD_OCTETS;

    record[0] = header->flags & 0xf;
    record[1] = (uint8_t)((header->flags & (HEADER_AA | HEADER_TC)) >> 8);
    record[2] = (uint8_t)(header->ancount >> 8);
    record[3] = (uint8_t)header->ancount;
}

static void take_answer(struct load *load, const uint8_t *octets, size_t length, int64_t now)
{
    struct reader r = reader_of(octets, length);
    struct header header = header_read(&r);
    struct slot *slot = &load->slots[header.id % WINDOW_MAX];

    if (r.failed || !(header.flags & HEADER_QR) || !slot->busy || slot->id != header.id) {
        load->strange++;
        return;
    }
    int64_t bin = (now - slot->sent_ns) / BIN_NS;
    load->bins[bin < BINS ? bin : BINS - 1]++;
    load->rcodes[header.flags & 0xf]++;
    load->answered++;
    if (load->records)
        note(load, slot, &header);
    slot->busy = false;
    load->free[load->idle++] = header.id % WINDOW_MAX;
}

static void receive_answers(struct load *load)
{
    int received = recvmmsg(load->fd, load->in, BATCH, MSG_DONTWAIT, NULL);
    if (received <= 0)
        return;
    int64_t now = net_now_ns();
    for (int i = 0; i < received; i++)
        take_answer(load, load->answers[i], load->in[i].msg_len, now);
    load->last_ns = now;
}

static void give_up_outstanding(struct load *load, int64_t now)
{
    for (size_t i = 0; i < load->window; i++) {
        if (!load->slots[i].busy)
            continue;
        load->slots[i].busy = false;
        load->free[load->idle++] = i;
        load->lost++;
    }
    load->last_ns = now;
}

static void run(struct load *load)
{
    int64_t now = net_now_ns();

    load->last_ns = now;
    while (load->idle < load->window || has_more(load, now)) {
        send_queries(load, now);
        receive_answers(load);
        now = net_now_ns();
        if (now - load->last_ns > LOST_AFTER_NS)
            give_up_outstanding(load, now);
    }
}

/* Microseconds that `share` of all answers took at most. */
static double percentile(const struct load *load, double share)
{
    double wanted = share * (double)load->answered;
    double seen = 0;

    for (int64_t bin = 0; bin < BINS; bin++) {
        seen += load->bins[bin];
        if (seen >= wanted)
            return (double)((bin + 1) * BIN_NS) / 1e3;
    }
    return 0;
}

static void print(const struct load *load, double seconds)
{
    printf("{\"seconds\": %.6f, \"sent\": %lu, \"answered\": %lu, \"lost\": %lu, \"strange\": %lu",
           seconds, load->sent, load->answered, load->lost, load->strange);
    printf(", \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"rcodes\": {",
           percentile(load, 0.5), percentile(load, 0.99), percentile(load, 0.999));
    const char *separator = "";
    for (int rcode = 0; rcode < RCODES; rcode++) {
        if (load->rcodes[rcode] == 0)
            continue;
        printf("%s\"%d\": %lu", separator, rcode, load->rcodes[rcode]);
        separator = ", ";
    }
    printf("}}\n");
}

static bool save_records(const struct load *load, const char *path)
{
    FILE *file = fopen(path, "wb");
    bool whole = file && fwrite(load->records, RECORD_OCTETS, load->queries.count, file) ==
                             load->queries.count;
    if (file && fclose(file) != 0)
        whole = false;
    if (!whole)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return whole;
}

/* Asks the first query until it is answered with records. */
static bool wait_first(const struct load *load)
{
    const struct iovec *query = &load->queries.each[0];
    uint8_t answer[ANSWER_OCTETS];
    int64_t asked_ns = 0;

    for (int64_t now = net_now_ns(); now < load->end_ns; now = net_now_ns()) {
        if (now - asked_ns >= FIRST_EVERY_NS) {
            ssize_t sent = send(load->fd, query->iov_base, query->iov_len, 0);
            (void)sent; /* refused until the server listens */
            asked_ns = now;
        }
        ssize_t length = recv(load->fd, answer, sizeof answer, MSG_DONTWAIT);
        if (length < 0)
            continue;
        struct reader r = reader_of(answer, (size_t)length);
        struct header header = header_read(&r);
        if (!r.failed && (header.flags & 0xf) == RCODE_NOERROR && header.ancount > 0) {
            printf("{\"at_ns\": %lld}\n", (long long)net_now_ns());
            return true;
        }
    }
    return false;
}

struct choice {
    long window;
    double seconds;
    const char *once; /* or NULL */
    bool first;
    char **place; /* ADDRESS PORT QUERIES */
};

static bool read_arguments(int argc, char **argv, struct choice *choice)
{
    static const struct option options[] = {
        {"window", required_argument, NULL, 'w'},
        {"seconds", required_argument, NULL, 's'},
        {"once", required_argument, NULL, 'o'},
        {"first", required_argument, NULL, 'f'},
        {NULL, 0, NULL, 0},
    };
    int option;

    *choice = (struct choice){.window = 128, .seconds = 1};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'w')
            choice->window = strtol(optarg, NULL, 10);
        else if (option == 's' || option == 'f')
            choice->seconds = strtod(optarg, NULL);
        else if (option == 'o')
            choice->once = optarg;
        else
            return false;
        choice->first = choice->first || option == 'f';
    }
    choice->place = argv + optind;
    return argc - optind == 3 && choice->window >= 1 && choice->window <= WINDOW_MAX &&
           choice->seconds > 0;
}

static bool measure(struct load *load, const char *once)
{
    set_up(load);
    load->bins = calloc(BINS, sizeof *load->bins);
    load->once = once != NULL;
    if (once)
        load->records = malloc(load->queries.count * RECORD_OCTETS);
    bool done = load->bins && (!once || load->records);
    if (done) {
        if (once)
            memset(load->records, 0xff, load->queries.count * RECORD_OCTETS);
        int64_t start = net_now_ns();
        run(load);
        print(load, (double)(load->last_ns - start) / 1e9);
        done = load->answered > 0 && (!once || save_records(load, once));
    }
    free(load->bins);
    free(load->records);
    return done;
}

int main(int argc, char **argv)
{
    struct choice choice;

    if (!read_arguments(argc, argv, &choice)) {
        fprintf(stderr, "usage: load [--window N] [--seconds S | --once FILE | --first SECONDS] "
                        "ADDRESS PORT QUERIES\n");
        return 64;
    }
    struct load *load = calloc(1, sizeof *load);
    if (!load || net_read_queries(choice.place[2], QUERY_OCTETS, &load->queries) != STATUS_OK) {
        free(load);
        return 1;
    }
    load->window = (size_t)choice.window;
    load->end_ns = net_now_ns() + (int64_t)(choice.seconds * 1e9);
    load->fd = net_connect(choice.place[0], choice.place[1], SOCK_DGRAM);
    bool done = load->fd >= 0;
    if (done) {
        net_enlarge(load->fd);
        done = choice.first ? wait_first(load) : measure(load, choice.once);
        close(load->fd);
    }
    net_free_queries(&load->queries);
    free(load);
    return done ? 0 : 1;
}
