/*
 * One TCP connection and what all of a worker's share: for connections.c, connection.c and
 * connection_answer.c alone. What they are for is in connections.h.
 */
#ifndef SERVER_CONNECTION_H
#define SERVER_CONNECTION_H

#include "server/channel.h"
#include "server/connections.h"
#include "server/stream.h"
#include "server/tcp_frame.h"
#include "server/turns.h"

#include <event2/event_struct.h>

/* A read takes this many, or what the message at hand lacks where that is more: some 100 queries,
 * enough to make the system calls cheap, and a tenth of a millisecond of work. */
#define CONNECTION_READ_OCTETS 4096

/*
 * Handshakes under way at a time, of one worker; where one more begins, the oldest is cut. OpenSSL
 * takes three times the memory of an idle connection for each (42 KB), and a flood that makes as
 * many as the machine can do leaves each half a second to be done.
 */
#define CONNECTION_HANDSHAKES_MAX 512

struct connection {
    struct turn turn;       /* first: a turn is its connection's */
    struct tcp_place place; /* `place.age.since_ms` is what its deadline counts from */
    TAILQ_ENTRY(connection) link;
    TAILQ_ENTRY(connection) handshake; /* begun, not ready */
    struct connections *all;
    struct event event;
    short awaited; /* of libevent's events, or 0 */
    bool tls;
    bool begun;   /* its handshake */
    bool ready;   /* plain, or its handshake is done */
    bool barren;  /* its last octets held none of ours: key updates, half a record */
    bool more;    /* `kept` starts with a whole message, or with what is none */
    bool closing; /* nothing more is read: the framing is broken, or the client sent its last */
    bool failed;  /* close at once */
    bool cut;     /* the client is to blame */
    bool late;    /* its time has passed while something was under way */
    bool emptied; /* its last read found nothing, or not a whole record */
    unsigned last_reads; /* since the server stops */
    struct channel channel;
    struct endpoint client;
    size_t progress; /* octets of a transfer taken since the time was last restarted */
    struct tcp_kept kept;
    uint8_t *output; /* what the socket did not take, or NULL */
    size_t output_octets;
    size_t output_at;
    struct stream *stream; /* or NULL */
};

TAILQ_HEAD(connection_list, connection);

struct connections {
    struct event_base *base;
    struct basis *basis;
    struct statistics *statistics;
    struct tcp_limits *limits;
    struct transfers *transfers; /* or NULL */
    struct turns *turns;
    struct connections_pause pause;
    struct log_pace pace;
    bool draining;
    size_t count;
    struct log_pace denied;
    struct connection_list list; /* by since_ms: the first expires first */
    size_t handshake_count;
    struct connection_list handshakes; /* under way, by when they began */
    struct reply reply;
    uint8_t input[TCP_FRAME_OCTETS + CONNECTION_READ_OCTETS];
    uint8_t output[2 * TCP_FRAME_OCTETS];
    uint8_t bulk[STREAM_ROOM_OCTETS]; /* of the transfer whose turn it is */
};

/* Its deadline counts from now. */
void connection_restart_time(struct connection *c);

/* True while something is to be sent, or to be answered before more is read. */
bool connection_has_answers(const struct connection *c);

/* Reads what has come, and answers what is whole of it. */
void connection_read(struct connection *c);

/* It is not among the handshakes that are under way any more, if it was. */
void connection_end_handshake(struct connection *c);

/* Sends what is to be sent; where nothing is left, answers what has been read. */
void connection_write(struct connection *c);

/*
 * Answers what stands in the first `length` octets of `all->input`, as much of it as the output
 * holds, and keeps the rest. Returns the octets of `all->output` filled; 0 where it failed, too.
 */
size_t connection_answer(struct connection *c, size_t length);

/* What it is at, and the octets that it holds for that, as tcp_limits_hold() wants them. */
enum tcp_stage connection_stage(const struct connection *c, size_t *octets);

#endif
