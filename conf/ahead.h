/*
 * Work in numbered pieces that several threads do ahead of the one who takes them, in order. Who
 * takes a piece that is not ready does what else there is to do meanwhile, so that no core waits,
 * whichever of both sides is the slower. Knows nothing of the work.
 */
#ifndef CONF_AHEAD_H
#define CONF_AHEAD_H

#include "wire/status.h"

#include <stddef.h>

#define AHEAD_MAX_THREADS 63

struct ahead;

struct ahead_rules {
    size_t pieces;
    unsigned threads; /* beside the caller; 0: each piece is done when it is taken */
    /*
     * Does a piece; called by any thread, of several pieces at a time, but never of two that have
     * the same place: there it may keep what it works with, and what comes of it.
     *
     *   place   below ahead_places()
     */
    enum status (*work)(void *state, size_t place, size_t piece);
    void *state; /* outlives it */
};

/* How many threads are worth it beside the caller, of whom each is to have `least` items at least:
 * so many as there are other cores. */
unsigned ahead_threads(size_t items, size_t least);

/* How many pieces may be done and not be done with: what bounds the memory that they take. */
size_t ahead_places(unsigned threads);

/* Begins. Threads that cannot be had are done without. STATUS_OK, or STATUS_SYSTEM. */
MUST_CHECK enum status ahead_open(const struct ahead_rules *rules, struct ahead **out);

/*
 * Takes the next piece. What came of it is where it is until the next call.
 *
 *   place   out: where it was done
 *
 * STATUS_OK; STATUS_NOT_FOUND after the last one; else what the work came to, errno with it.
 */
MUST_CHECK enum status ahead_take(struct ahead *ahead, size_t *place);

/* Waits for what is being done, and ends; the rest stays undone. NULL is fine. */
void ahead_close(struct ahead *ahead);

#endif
