/*
 * The witness asks a server while things are done to it, and judges every answer. A lane is one
 * socket with so many questions outstanding: each answer makes room for the next question, so that
 * whatever gets lost is the server's loss and no receive buffer's.
 */
#ifndef BENCH_WITNESS_H
#define BENCH_WITNESS_H

#include "tests/bench/expected.h"

#include <netinet/in.h>

#define WITNESS_LANES   64
#define WITNESS_WINDOW  256 /* outstanding in a lane at most: the low octet of an ID */
#define WITNESS_PERIODS 16

/* What became of the questions that were sent in one period. */
struct tally {
    unsigned long sent, answered;
    unsigned long lost;  /* not answered within the patience */
    unsigned long again; /* asked once more by TCP: the server had closed the connection */
    unsigned long verdicts[VERDICTS];
    int64_t slowest_ns;
};

struct witness {
    struct expected expected;
    struct sockaddr_storage server;
    socklen_t server_length;
    size_t window;
    int64_t patience_ns;

    size_t next;                       /* question */
    size_t period;                     /* what is sent now is counted there */
    int64_t least;                     /* published, or seen in an answer */
    int64_t most;                      /* begun to be published */
    void (*look)(struct witness *all); /* takes what is newly known of `least` and `most` */
    struct tally tallies[WITNESS_PERIODS];
    unsigned long strange; /* answers to nothing that is outstanding */
    unsigned long opened;  /* TCP connections */
    unsigned shown;        /* wrong answers */
};

/* A question that is outstanding. Its ID is the slot's number and, above it, how often the slot
 * was used. */
struct slot {
    bool busy;
    uint16_t id;
    size_t question;
    size_t period;
    int64_t sent_ns;
    int64_t least; /* when it was sent */
};

struct lane;

/* STATUS_OK, or STATUS_SYSTEM: out of memory, or descriptors. */
MUST_CHECK enum status lane_create(struct witness *all, bool by_tcp, struct lane **out);
void lane_destroy(struct lane *lane);

/* To be polled; -1 while there is no connection. */
int lane_descriptor(const struct lane *lane);
short lane_awaits(const struct lane *lane);

/* Sends at most `budget` questions, as many as there is room for; returns how many. */
size_t lane_send(struct lane *lane, size_t budget, int64_t now);

/* Takes what has come. */
void lane_receive(struct lane *lane);

/* Gives up what has waited for too long. */
void lane_expire(struct lane *lane, int64_t now);

bool lane_is_idle(const struct lane *lane);

#endif
