/*
 * A zone transfer on its way to a client: some messages at a time, made in a room that all of a
 * worker's transfers share and written as the socket takes them, signed where its request was
 * (RFC 8945 §5.3.1). Of its own it keeps what the socket did not take. Bounded in number
 * (tcp_limits.h) and in time; logs its start and its end. Knows no events: who owns the connection
 * calls it when the socket is writable. What becomes of it is told to transfers.h.
 */
#ifndef SERVER_STREAM_H
#define SERVER_STREAM_H

#include "server/channel.h"
#include "server/log.h"
#include "server/statistics.h"
#include "server/tcp_limits.h"
#include "server/transfer.h"
#include "server/transfers.h"

/*
 * A transfer pins the database pages of its snapshot: a publish cannot reuse them and the file
 * grows. Ten minutes carry 1 GB at 14 Mbit/s, far beyond a zone of a million entries; a secondary
 * that takes longer asks again.
 */
#define STREAM_LIMIT_MS 600000

/*
 * Messages are joined into as few sends as this allows, since a send wakes the client, which costs
 * the sender. Measured, CPU time of a transfer: 64 KiB 1.08, 128 KiB 1, 256 KiB 0.94; making so
 * many is a fifth of a millisecond in which nobody else is served. Holds messages of any length.
 */
#define STREAM_MESSAGE_OCTETS (2 + TRANSFER_MESSAGE_OCTETS)
#define STREAM_ROOM_OCTETS    (16 * STREAM_MESSAGE_OCTETS)

struct stream_parts {
    struct store *store;
    struct log *log;
    struct statistics *statistics;
    struct tcp_limits *limits;
    int64_t (*clock)(void);      /* seconds since 1970, for signatures */
    struct transfers *transfers; /* or NULL */
};

struct stream;

/*
 * Starts the transfer that `reply` grants.
 *
 *   parts    outlive the stream; copied
 *   client   for the log; copied
 *
 * STATUS_OK; STATUS_DENIED (too many transfers), STATUS_NOT_FOUND (the zone has gone) or
 * STATUS_SYSTEM: answer SERVFAIL. Failures are logged and counted here.
 */
MUST_CHECK enum status stream_create(const struct stream_parts *parts, const struct reply *reply,
                                     const struct endpoint *client, struct stream **out);

/* Ends it; when it was not done, logs that with `reason`. NULL is fine. */
void stream_destroy(struct stream *stream, const char *reason);

enum stream_step {
    STREAM_GOES_ON,
    STREAM_DONE,   /* all written */
    STREAM_FAILED, /* close the connection; stream_reason() says why */
};

/*
 * Writes what was left of the last messages, or makes the next and writes those.
 *
 *   room      STREAM_ROOM_OCTETS; holds nothing between two calls
 *   written   out: octets that the channel took
 */
enum stream_step stream_step(struct stream *stream, struct channel *channel, int64_t now_ms,
                             uint8_t *room, size_t *written);

/* Why it failed: "the zone is damaged". */
const char *stream_reason(const struct stream *stream);

#endif
