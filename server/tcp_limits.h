/*
 * How many TCP connections and transfers the whole server holds, in all and for each client, and
 * how many octets of theirs; and who makes room when that is not enough. Shared by the workers: its
 * lock is taken when a connection is accepted or closed, when a transfer starts or ends, and when a
 * client leaves answers or half of a long message behind; never for a query that is read and
 * answered at once.
 *
 * Room. Where a limit is reached one connection is ended, whichever worker it belongs to, of the
 * same client where that one has its share, else of anyone: the one that has got on with nothing
 * for longest. That is one without a complete request, or one whose client has left its answers
 * where they are for TCP_LIMITS_STALLED_MS. Ending means that its socket is shut down, so that its
 * owner finds an end of octets there as if the client had closed, and frees it; what it counts for
 * is free at once.
 */
#ifndef SERVER_TCP_LIMITS_H
#define SERVER_TCP_LIMITS_H

#include "server/age_heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

/*
 * Transfers at a time. Each whose client has stopped holds 140 KiB and as much in the kernel (64
 * MiB in all; of a client that keeps up, nothing), and each a reader's slot of the database (there
 * are 1024, the workers and zonegen need a few dozen) and the old pages of one snapshot. A registry
 * has a dozen secondaries; two hundred, all told of a change at once, are served at once. The next
 * one gets SERVFAIL (RFC 9103 §6.3.3) and asks again after its retry time.
 */
#define TCP_LIMITS_TRANSFERS 256

/*
 * Octets of answers that clients have not taken, in all. Who is beyond makes room as above, at
 * once. A connection holds up to 128 KiB of them, so that 256 clients may be slow at a time, each
 * with the longest answers there are.
 */
#define TCP_LIMITS_OUTPUT_OCTETS ((size_t)32 << 20)
/*
 * Octets of messages that are not whole, in all. Those of a message of up to
 * TCP_LIMITS_FREE_OCTETS do not count: queries are no longer, with a TSIG of the longest name
 * neither. Who is beyond is cut: what nobody needs is not worth ending others for.
 */
#define TCP_LIMITS_INPUT_OCTETS ((size_t)8 << 20)
#define TCP_LIMITS_FREE_OCTETS  512
/* A client far away needs a few tenths of a second to say that it has taken something. */
#define TCP_LIMITS_STALLED_MS 1000

/* Whom connections are counted for: an IPv4 address, or an IPv6 network of 64 bits, since a client
 * there has all of its addresses for the asking. */
struct tcp_client {
    uint8_t octets[9]; /* 4 or 6, then the address's first 4 or 8 octets */
};

struct tcp_client tcp_client_of(const struct sockaddr *address);

struct tcp_limits;
struct tcp_share;

enum tcp_stage {
    TCP_WAITS,     /* for a complete request, or for a handshake to be done */
    TCP_SENDS,     /* answers that its client has not taken */
    TCP_TRANSFERS, /* a zone: an acl has granted it, its number and its time are bounded */
    TCP_STAGES
};

/* A connection among all. All zero but for `age.since_ms`, which the owner moves on as it goes. */
struct tcp_place {
    struct aged age; /* since when it has been where it is */
    TAILQ_ENTRY(tcp_place) link;
    struct tcp_share *share;
    int fd;
    enum tcp_stage stage;
    size_t held;       /* octets */
    atomic_bool ended; /* to make room: it counts for nothing any more */
};

enum tcp_grant { TCP_GRANTED, TCP_FULL, TCP_CLIENT_FULL };

/* As configured now. */
struct tcp_ceilings {
    unsigned in_all;
    unsigned per_client;
};

/* NULL when memory is out. */
struct tcp_limits *tcp_limits_create(void);
void tcp_limits_destroy(struct tcp_limits *limits);

/*
 * Counts one more connection, making room for it where that is needed.
 *
 *   place   of the connection, its `since_ms` now; on TCP_GRANTED it is the limits' until
 *           tcp_limits_leave, in stage TCP_WAITS
 *   fd      its socket, shut down when it has to make room for others
 *
 * Memory that is out counts as TCP_FULL.
 */
enum tcp_grant tcp_limits_enter(struct tcp_limits *limits, const struct tcp_ceilings *ceilings,
                                const struct tcp_client *client, int fd, struct tcp_place *place);

/* Gives back what tcp_limits_enter granted: before the socket is closed, since another may have its
 * number then. */
void tcp_limits_leave(struct tcp_limits *limits, struct tcp_place *place);

/*
 * Says what a connection is at, and how many octets it keeps for that.
 *
 *   octets   of output where it sends, else of a message that is not whole: 0 up to
 *            TCP_LIMITS_FREE_OCTETS
 *
 * False when the octets are beyond what all may hold: the connection is to be closed.
 */
MUST_CHECK bool tcp_limits_hold(struct tcp_limits *limits, struct tcp_place *place,
                                enum tcp_stage stage, size_t octets);

/* Ends one connection of whomever, as if it were needed for another; false when there is none. */
bool tcp_limits_evict(struct tcp_limits *limits, int64_t now_ms);

/* Connections at present. */
size_t tcp_limits_connections(struct tcp_limits *limits);

/* Counts one more transfer; false when there are TCP_LIMITS_TRANSFERS. */
bool tcp_limits_enter_transfer(struct tcp_limits *limits);
void tcp_limits_leave_transfer(struct tcp_limits *limits);

#endif
