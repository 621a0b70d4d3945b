/* DNS over TCP and TLS for one worker: accepts, and keeps time for its connections (connections.h).
 */
#ifndef SERVER_TCP_H
#define SERVER_TCP_H

#include "server/basis.h"
#include "server/connections.h"
#include "server/statistics.h"
#include "server/tcp_limits.h"

#include <stdbool.h>

struct event_base;
struct tcp;

struct tcp_parts {
    struct basis *basis;
    struct statistics *statistics;
    struct tcp_limits *limits;
    struct connections_pause pause;
    struct transfers *transfers; /* or NULL */
};

/*
 *   base   prepared for turns (turns.h); its events are added and removed by the thread that runs
 * it
 *
 * All parts outlive it, `pause` is copied. STATUS_OK or STATUS_SYSTEM (memory).
 */
MUST_CHECK enum status tcp_create(struct event_base *base, const struct tcp_parts *parts,
                                  struct tcp **out);

/* Accepts from a socket of listen.h, which the caller closes after tcp_stop or tcp_destroy; its
 * connections are of that kind, TLS only where the bundle has an identity. STATUS_OK, or
 * STATUS_SYSTEM when memory is out. */
MUST_CHECK enum status tcp_listen(struct tcp *tcp, int fd, enum connection_kind kind);

/* Closes all connections at once. NULL is fine. */
void tcp_destroy(struct tcp *tcp);

/* Accepts no more, and lets what runs finish. */
void tcp_stop(struct tcp *tcp);

/* True when no connection is left. */
bool tcp_is_done(const struct tcp *tcp);

#endif
