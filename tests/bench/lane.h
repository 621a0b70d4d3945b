/*
 * One way to a server: a UDP socket, a TCP connection, or a TLS one, whose queries are gathered and
 * sent together and whose answers are taken as they come. Nothing here waits but lane_open(); what
 * the messages mean is the caller's.
 */
#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include "wire/status.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

/* Where lanes lead. */
struct place {
    const char *address; /* numeric */
    const char *port;
    enum transport transport;
    SSL_CTX *tls; /* for TRANSPORT_TLS */
};

struct lane;

/* Takes one message that came at `now` (net_now_ns). */
struct taker {
    void (*take)(void *context, const uint8_t *message, size_t octets, int64_t now);
    void *context;
};

/* A lane that is connected, its handshake done; NULL after a message on stderr. */
MUST_CHECK struct lane *lane_open(const struct place *place);
void lane_close(struct lane *lane);

/* Its descriptor, for poll(). */
int lane_descriptor(const struct lane *lane);

/* Puts a query, below 512 octets, with those to be sent. It stays where it is until lane_flush();
 * at most 1024 may be outstanding. */
void lane_queue(struct lane *lane, const uint8_t *message, size_t octets);

/* Sends what it can of what is queued; of datagrams all: one that is refused counts as lost. False
 * when the connection is gone. */
MUST_CHECK bool lane_flush(struct lane *lane);

/* Gives all whole messages that have come to the taker. False when the connection is gone. */
MUST_CHECK bool lane_receive(struct lane *lane, const struct taker *taker);

#endif
