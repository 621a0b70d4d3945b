/*
 * A client that sends datagrams whether they are answered or not, in bursts that end with a query:
 * its answer tells that the server is done with the burst.
 *
 *     flood [--seconds S] ADDRESS PORT MESSAGES
 *         sends MESSAGES over and over for S seconds; the first is the query that ends each burst
 *
 * MESSAGES: each after its length in two octets; of the first the ID is replaced. Prints one line
 * of JSON. The exit status is 0 when a burst was answered.
 */
#include "tests/bench/net.h"
#include "wire/record.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST          32 /* with the query at its end */
#define OUTSTANDING    4  /* bursts: the server is never short of work, and no buffer overflows */
#define MESSAGE_OCTETS 4096
#define PATIENCE_MS    500 /* then the burst counts as lost */

struct flood {
    int fd;
    struct queries messages;
    size_t next;             /* message of the file */
    uint16_t sent, answered; /* bursts, modulo 2^16 */
    unsigned long packets, lost;
    uint8_t last[OUTSTANDING][MESSAGE_OCTETS];
};

/* Sends a burst whose query has the burst's number for its ID. */
static void send_burst(struct flood *flood)
{
    const struct queries *messages = &flood->messages;
    struct mmsghdr out[BURST];
    struct iovec parts[BURST];
    uint8_t *last = flood->last[flood->sent % OUTSTANDING];

    memset(out, 0, sizeof out);

    for (size_t i = 0; i < BURST; i++) {
        parts[i] =
            messages->each[messages->count > 1 ? 1 + flood->next++ % (messages->count - 1) : 0];
        out[i].msg_hdr.msg_iov = &parts[i];
        out[i].msg_hdr.msg_iovlen = 1;
    }
    memcpy(last, messages->each[0].iov_base, messages->each[0].iov_len);
    last[0] = (uint8_t)(flood->sent >> 8);
    last[1] = (uint8_t)flood->sent;
    parts[BURST - 1] = (struct iovec){last, messages->each[0].iov_len};
    for (int done = 0; done < BURST;) {
        int n = sendmmsg(flood->fd, out + done, (unsigned)(BURST - done), 0);
        done += n > 0 ? n : 1;
    }
    flood->sent++;
    flood->packets += BURST;
}

/* Takes one datagram; what is no answer to the query of an outstanding burst does not count. */
static void take_answer(struct flood *flood)
{
    uint8_t octets[MESSAGE_OCTETS];
    ssize_t length = recv(flood->fd, octets, sizeof octets, MSG_DONTWAIT);
    struct reader r = reader_of(octets, length > 0 ? (size_t)length : 0);
    struct header header = header_read(&r);

    if (!r.failed && header.ancount > 0 &&
        (uint16_t)(header.id - flood->answered) < (uint16_t)(flood->sent - flood->answered))
        flood->answered = (uint16_t)(header.id + 1);
}

static void run(struct flood *flood, int64_t end_ns)
{
    struct pollfd ready = {.fd = flood->fd, .events = POLLIN};

    while (net_now_ns() < end_ns || flood->answered != flood->sent) {
        while (net_now_ns() < end_ns && (uint16_t)(flood->sent - flood->answered) < OUTSTANDING)
            send_burst(flood);
        if (poll(&ready, 1, PATIENCE_MS) > 0) {
            take_answer(flood);
            continue;
        }
        flood->lost += (uint16_t)(flood->sent - flood->answered);
        flood->answered = flood->sent;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seconds", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    struct flood *flood = calloc(1, sizeof *flood);
    double seconds = 1;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) == 's')
        seconds = strtod(optarg, NULL);
    if (!flood || option != -1 || argc - optind != 3 ||
        net_read_queries(argv[optind + 2], MESSAGE_OCTETS, &flood->messages) != STATUS_OK) {
        fprintf(stderr, "usage: flood [--seconds S] ADDRESS PORT MESSAGES\n");
        free(flood);
        return 64;
    }
    flood->fd = net_connect(argv[optind], argv[optind + 1], SOCK_DGRAM);
    bool done = flood->fd >= 0;
    if (done) {
        int64_t start = net_now_ns();
        net_enlarge(flood->fd);
        run(flood, start + (int64_t)(seconds * 1e9));
        printf("{\"seconds\": %.6f, \"packets\": %lu, \"lost\": %lu}\n",
               (double)(net_now_ns() - start) / 1e9, flood->packets, flood->lost * BURST);
        done = flood->packets > flood->lost * BURST;
        close(flood->fd);
    }
    net_free_queries(&flood->messages);
    free(flood);
    return done ? 0 : 1;
}
