/*
 * A client that keeps a window of queries outstanding: each answer makes room for the next query,
 * so the server is never short of work and never asked for more than it does. Busy-waits: a server
 * that had to wake its client would pay for that.
 *
 *     load [--window N] [--lanes N] [--tcp | --tls] [--rate R] [--wait] [--seconds S]
 *          ADDRESS PORT QUERIES
 *         asks the file's queries over and over for S seconds, by N sockets or kept connections
 *         that share the window; R in a second, else as many as are answered. With --wait it
 *         sleeps until something comes, where a server has to share its core
 *     load [--window N] --once FILE ADDRESS PORT QUERIES
 *         asks each once; FILE gets four octets for each: RCODE, AA and TC, ANCOUNT (FF: no answer)
 *     load --first SECONDS ADDRESS PORT QUERIES
 *         asks the first query until it is answered with records; tells when that was
 *
 * QUERIES: messages, each after its length in two octets; their IDs are replaced. Prints one line
 * of JSON. The exit status is 0 when anything was answered.
 */
#include "tests/bench/lane.h"
#include "tests/bench/window.h"
#include "wire/constants.h"
#include "wire/record.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_OCTETS  4096
#define LOST_AFTER_NS  ((int64_t)500000000) /* without any answer: what is outstanding is lost */
#define FIRST_EVERY_NS ((int64_t)200000)    /* how often --first asks */
#define REOPENED_MAX   1000                 /* a server that keeps no connections */
#define WAIT_MS        1

struct load {
    struct place place;
    struct window window;
    struct lane *lanes[WINDOW_LANES_MAX];
    unsigned long reopened;
    bool wait;
};

/* A lane whose server has closed it is opened again. False when that is in vain. */
static bool reopen(struct load *load, size_t number)
{
    window_give_up(&load->window, number);
    lane_close(load->lanes[number]);
    load->lanes[number] = NULL;
    if (++load->reopened > REOPENED_MAX) {
        fprintf(stderr, "the server closes its connections\n");
        return false;
    }
    load->lanes[number] = lane_open(&load->place);
    return load->lanes[number] != NULL;
}

/* Sends what there is room for, and takes what has come. */
static bool turn(struct load *load, size_t number, int64_t now)
{
    struct lane *lane = load->lanes[number];
    const struct taker taker = {window_take, &load->window};

    for (struct slot *slot; (slot = window_next(&load->window, number, now)) != NULL;)
        lane_queue(lane, slot->message, slot->octets);
    return (lane_flush(lane) && lane_receive(lane, &taker)) || reopen(load, number);
}

/* Sleeps until something can be read, but not for long. */
static void wait_for_answers(const struct load *load)
{
    struct pollfd waiting[WINDOW_LANES_MAX];

    for (size_t i = 0; i < load->window.lanes; i++)
        waiting[i] = (struct pollfd){.fd = lane_descriptor(load->lanes[i]), .events = POLLIN};
    (void)poll(waiting, load->window.lanes, WAIT_MS);
}

static bool run(struct load *load)
{
    struct window *window = &load->window;
    int64_t now = net_now_ns();

    while (window_is_open(window, now)) {
        for (size_t i = 0; i < window->lanes; i++) {
            if (!turn(load, i, now))
                return false;
            now = net_now_ns();
        }
        if (load->wait)
            wait_for_answers(load);
        if (window->outstanding == 0)
            window->last_ns = now;
        if (now - window->last_ns <= LOST_AFTER_NS)
            continue;
        for (size_t i = 0; i < window->lanes; i++)
            window_give_up(window, i);
        window->last_ns = now;
    }
    return true;
}

static void print(const struct load *load)
{
    const struct window *window = &load->window;
    double seconds = (double)(window->last_ns - window->start_ns) / 1e9;

    printf("{\"seconds\": %.6f, \"sent\": %lu, \"answered\": %lu, \"lost\": %lu, \"strange\": %lu",
           seconds, window->sent, window->answered, window->lost, window->strange);
    printf(", \"reopened\": %lu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f",
           load->reopened, window_percentile(window, 0.5), window_percentile(window, 0.99),
           window_percentile(window, 0.999));
    printf(", \"max_us\": %.1f, \"rcodes\": {", (double)window->slowest_ns / 1e3);
    const char *separator = "";
    for (int rcode = 0; rcode < WINDOW_RCODES; rcode++) {
        if (window->rcodes[rcode] == 0)
            continue;
        printf("%s\"%d\": %lu", separator, rcode, window->rcodes[rcode]);
        separator = ", ";
    }
    printf("}}\n");
}

static bool save_records(const struct window *window, const char *path)
{
    FILE *file = fopen(path, "wb");
    bool whole = file && fwrite(window->records, WINDOW_RECORD_OCTETS, window->queries.count,
                                file) == window->queries.count;
    if (file && fclose(file) != 0)
        whole = false;
    if (!whole)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return whole;
}

/* Asks the first query until it is answered with records. */
static bool wait_first(const struct load *load)
{
    const struct iovec *query = &load->window.queries.each[0];
    uint8_t answer[ANSWER_OCTETS];
    int64_t asked_ns = 0;

    int fd = net_connect(load->place.address, load->place.port, SOCK_DGRAM);
    if (fd < 0)
        return false;
    bool answered = false;
    for (int64_t now = net_now_ns(); !answered && now < load->window.end_ns; now = net_now_ns()) {
        if (now - asked_ns >= FIRST_EVERY_NS) {
            ssize_t sent = send(fd, query->iov_base, query->iov_len, 0);
            (void)sent; /* refused until the server listens */
            asked_ns = now;
        }
        ssize_t length = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
        if (length < 0)
            continue;
        struct reader r = reader_of(answer, (size_t)length);
        struct header header = header_read(&r);
        answered = !r.failed && (header.flags & 0xf) == RCODE_NOERROR && header.ancount > 0;
    }
    if (answered)
        printf("{\"at_ns\": %lld}\n", (long long)net_now_ns());
    close(fd);
    return answered;
}

struct choice {
    long window;
    long lanes;
    double rate;
    double seconds;
    const char *once; /* or NULL */
    bool first;
    bool wait;
    enum transport transport;
    char **place; /* ADDRESS PORT QUERIES */
};

static bool take_option(struct choice *choice, int option)
{
    switch (option) {
    case 'w':
        choice->window = strtol(optarg, NULL, 10);
        return true;
    case 'l':
        choice->lanes = strtol(optarg, NULL, 10);
        return true;
    case 'r':
        choice->rate = strtod(optarg, NULL);
        return choice->rate > 0;
    case 'f':
        choice->first = true;
        /* fall through */
    case 's':
        choice->seconds = strtod(optarg, NULL);
        return true;
    case 'W':
        choice->wait = true;
        return true;
    case 'o':
        choice->once = optarg;
        return true;
    case 't':
        choice->transport = TRANSPORT_TCP;
        return true;
    case 'x':
        choice->transport = TRANSPORT_TLS;
        return true;
    default:
        return false;
    }
}

static bool read_arguments(int argc, char **argv, struct choice *choice)
{
    static const struct option options[] = {
        {"window", required_argument, NULL, 'w'}, {"lanes", required_argument, NULL, 'l'},
        {"rate", required_argument, NULL, 'r'},   {"seconds", required_argument, NULL, 's'},
        {"once", required_argument, NULL, 'o'},   {"first", required_argument, NULL, 'f'},
        {"wait", no_argument, NULL, 'W'},         {"tcp", no_argument, NULL, 't'},
        {"tls", no_argument, NULL, 'x'},          {NULL, 0, NULL, 0},
    };
    int option;

    *choice = (struct choice){.window = 128, .lanes = 1, .seconds = 1};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_option(choice, option))
            return false;
    }
    choice->place = argv + optind;
    return argc - optind == 3 && choice->lanes >= 1 && choice->lanes <= WINDOW_LANES_MAX &&
           choice->window >= choice->lanes && choice->window <= WINDOW_MAX && choice->seconds > 0;
}

static bool open_lanes(struct load *load)
{
    if (load->place.transport == TRANSPORT_TLS) {
        load->place.tls = SSL_CTX_new(TLS_client_method());
        if (!load->place.tls)
            return false;
        SSL_CTX_set_mode(load->place.tls,
                         SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    for (size_t i = 0; i < load->window.lanes; i++) {
        load->lanes[i] = lane_open(&load->place);
        if (!load->lanes[i])
            return false;
    }
    return true;
}

static void close_lanes(struct load *load)
{
    for (size_t i = 0; i < load->window.lanes; i++)
        lane_close(load->lanes[i]);
    SSL_CTX_free(load->place.tls);
}

static bool measure(struct load *load, const struct choice *choice)
{
    struct window *window = &load->window;

    bool done = open_lanes(load);
    window->start_ns = net_now_ns();
    window->end_ns = window->start_ns + (int64_t)(choice->seconds * 1e9);
    done = done && window_set_up(window) && run(load);
    if (done) {
        print(load);
        done = window->answered > 0 && (!choice->once || save_records(window, choice->once));
    }
    window_free(window);
    close_lanes(load);
    return done;
}

int main(int argc, char **argv)
{
    struct choice choice;

    if (!read_arguments(argc, argv, &choice)) {
        fprintf(stderr, "usage: load [--window N] [--lanes N] [--tcp | --tls] [--rate R] [--wait]\n"
                        "            [--seconds S | --once FILE | --first SECONDS]\n"
                        "            ADDRESS PORT QUERIES\n");
        return 64;
    }
    struct load *load = calloc(1, sizeof *load);
    if (!load || net_read_queries(choice.place[2], WINDOW_QUERY_OCTETS, &load->window.queries) !=
                     STATUS_OK) {
        free(load);
        return 1;
    }
    load->place = (struct place){choice.place[0], choice.place[1], choice.transport, NULL};
    load->window.size = (size_t)choice.window;
    load->window.lanes = (size_t)choice.lanes;
    load->window.rate = choice.rate;
    load->wait = choice.wait;
    load->window.once = choice.once != NULL;
    load->window.end_ns = net_now_ns() + (int64_t)(choice.seconds * 1e9);
    bool done = choice.first ? wait_first(load) : measure(load, &choice);
    net_free_queries(&load->window.queries);
    free(load);
    return done ? 0 : 1;
}
