/*
 * The TCP connections of one worker, plain (RFC 7766, RFC 9210) or with TLS (RFC 7858): each reads
 * whole messages, answers them in order, joins the answers into one write, and streams transfers.
 *
 * Time. One rule bounds them all: a connection is closed when `tcp-idle` has passed since a whole
 * message came, since all answers were taken, or since the client took the last 16 KiB of a longer
 * one. Parts of messages do not count (RFC 7766 §6.2.3), so a message sent octet by octet has
 * tcp-idle to become whole, and a client that reads drop by drop is cut. A TLS handshake has
 * tcp-idle too, however it comes; its end is the only other thing that restarts the time.
 *
 * Memory. While a client does not take its answers nothing more is read from it: a connection holds
 * up to two messages of answers and one read of questions then, and a few hundred octets when idle;
 * TLS adds what tls_session.h says.
 */
#ifndef SERVER_CONNECTIONS_H
#define SERVER_CONNECTIONS_H

#include "server/basis.h"
#include "server/statistics.h"
#include "server/tcp_limits.h"
#include "server/transfers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct connections;

enum connection_kind { CONNECTION_PLAIN, CONNECTION_TLS };

/*
 * Called between two pieces of work, so that a thousand busy connections or a hundred transfers, a
 * turn of the event loop that lasts, do not keep UDP waiting.
 */
struct connections_pause {
    void (*pause)(void *context);
    void *context;
};

/* All arguments outlive it, `pause` is copied. NULL when memory is out. */
struct connections *connections_create(struct event_base *base, struct basis *basis,
                                       struct statistics *statistics, struct tcp_limits *limits,
                                       const struct connections_pause *pause);

/* Tells `transfers`, which outlives it, of the transfers that it sends or refuses from now on. */
void connections_observe(struct connections *all, struct transfers *transfers);

/* Closes them all at once; transfers are logged as ended early. NULL is fine. */
void connections_destroy(struct connections *all);

/*
 * Takes over an accepted socket, nonblocking. Where the limits leave no room the oldest idle
 * connection of this worker makes it, or, when there is none, the new one is closed; other workers'
 * connections are theirs alone to touch.
 */
void connections_add(struct connections *all, int fd, const struct endpoint *client,
                     enum connection_kind kind);

/* Closes those that were idle or slow for too long. */
void connections_expire(struct connections *all, int64_t now_ms);

/* Closes the connection that has been idle for longest, no whole message waiting in it; false when
 * all are busy. */
bool connections_evict(struct connections *all);

/* From now on: answers what has come, reads no more, closes each connection when that is done. */
void connections_drain(struct connections *all);

size_t connections_count(const struct connections *all);

#endif
