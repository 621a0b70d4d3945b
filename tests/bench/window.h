/*
 * The queries that are outstanding, and what became of all of them: which is asked next and when,
 * how long its answer took, what was lost. Knows no sockets.
 *
 * A closed loop asks as soon as an answer has made room. An open one asks at a fixed rate, whether
 * answers come or not; what waits for room has waited since it was due.
 */
#ifndef BENCH_WINDOW_H
#define BENCH_WINDOW_H

#include "tests/bench/net.h"

#define WINDOW_MAX          1024
#define WINDOW_LANES_MAX    64
#define WINDOW_QUERY_OCTETS 320
#define WINDOW_RCODES       16

/* One outstanding query. Its ID is the slot's number and, above it, how often the slot was used. */
struct slot {
    bool busy;
    uint16_t id;
    size_t query; /* of the file */
    int64_t sent_ns;
    size_t octets;
    uint8_t message[WINDOW_QUERY_OCTETS];
    size_t next; /* that is idle too */
};

struct window {
    struct queries queries;
    size_t size;  /* slots, 1 to WINDOW_MAX */
    size_t lanes; /* 1 to WINDOW_LANES_MAX; slot n is the lane's n % lanes */
    bool once;    /* each query of the file once */
    double rate;  /* queries in a second, 0 for a closed loop */
    int64_t start_ns, end_ns;
    uint8_t *records; /* WINDOW_RECORD_OCTETS for each query, or NULL */

    unsigned long sent, answered, lost, strange;
    unsigned long rcodes[WINDOW_RCODES];
    uint32_t *bins;
    int64_t last_ns; /* of the last answer */
    int64_t slowest_ns;

    struct slot slots[WINDOW_MAX];
    size_t idle[WINDOW_LANES_MAX]; /* first idle slot of each lane, WINDOW_MAX for none */
    size_t outstanding;
};

/* For each query: RCODE, AA and TC, ANCOUNT; FF where there was no answer. */
#define WINDOW_RECORD_OCTETS 4

/* What the caller set aside from what is said above begins at zero. False when there is no memory.
 */
MUST_CHECK bool window_set_up(struct window *window);
void window_free(struct window *window);

/* Whether anything is outstanding or still to be asked. */
bool window_is_open(const struct window *window, int64_t now);

/* The next query for a lane to send, or NULL: none is due, or all the lane's slots are busy. */
struct slot *window_next(struct window *window, size_t lane, int64_t now);

/* An answer, or what claims to be one. */
void window_take(void *window, const uint8_t *message, size_t octets, int64_t now);

/* What a lane waits for is lost. */
void window_give_up(struct window *window, size_t lane);

/* Microseconds that `share` of all answers took at most. */
double window_percentile(const struct window *window, double share);

#endif
