/*
 * The TCP connections of one worker, plain (RFC 7766, RFC 9210) or with TLS (RFC 7858): each reads
 * whole messages, answers them in order, joins the answers into one write, and streams transfers.
 *
 * Time. Each has a deadline that nothing moves but work that is done: `tcp-idle` after it was
 * accepted, after its TLS handshake, after its last whole message, after all answers at hand were
 * taken. Parts of messages do not count (RFC 7766 §6.2.3), nor parts of answers: who sends or reads
 * octet by octet has tcp-idle for the whole. Only a transfer goes on with each 16 KiB that are
 * taken, for up to STREAM_LIMIT_MS.
 *
 * Memory. While a client does not take its answers nothing more is read from it: a connection holds
 * up to two messages of answers and one read of questions then, and some 700 octets when idle; what
 * all of them may hold, and who makes room for whom, is in tcp_limits.h. TLS adds what
 * tls_session.h says. What a client that is cut has not taken is not left to the kernel to deliver:
 * it is told so with a reset.
 *
 * CPU. What yields no query goes in turns (turns.h): handshakes, and TLS records that hold none of
 * our octets. So UDP and those who ask go before it, and a flood of either gets a quarter of a
 * worker's time where anybody else wants it.
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

/* Takes over an accepted socket, nonblocking. Where tcp_limits.h finds no room for it, it is
 * closed. */
void connections_add(struct connections *all, int fd, const struct endpoint *client,
                     enum connection_kind kind);

/* Closes those that were idle or slow for too long, so many at a time that nobody else waits for
 * more than a millisecond; true when more are left. */
bool connections_expire(struct connections *all, int64_t now_ms);

/* Ends one connection of whichever worker, as when there are too many; false when all are busy. */
bool connections_evict(struct connections *all);

/* From now on: answers what has come, reads no more, closes each connection when that is done. */
void connections_drain(struct connections *all);

size_t connections_count(const struct connections *all);

#endif
