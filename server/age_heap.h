/*
 * The oldest of many things, each with a time that only ever moves on, and that its owner moves
 * without telling anybody: a binary heap by the times that were last seen, put right as they are
 * looked at. So a thing that is busy pays nothing for being in it, and each time that has moved on
 * costs whoever asks for the oldest the logarithm of their number, once. Not locked: see
 * tcp_limits.h, which does that.
 */
#ifndef SERVER_AGE_HEAP_H
#define SERVER_AGE_HEAP_H

#include "wire/status.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct aged {
    _Atomic int64_t since_ms; /* its owner's, from any thread; never moves back */
    int64_t seen_ms;
    size_t at; /* in the heap */
};

/* All zero is an empty heap. */
struct age_heap {
    size_t count;
    size_t room;
    struct aged **things;
};

void age_heap_clear(struct age_heap *heap);

/* Makes room for `count` things in all. STATUS_OK, or STATUS_SYSTEM: memory is out. */
MUST_CHECK enum status age_heap_reserve(struct age_heap *heap, size_t count);

/* There is room for one more; it is in no heap. */
void age_heap_add(struct age_heap *heap, struct aged *thing);

/* It is in this heap. */
void age_heap_remove(struct age_heap *heap, struct aged *thing);

/* The one whose time is the earliest, NULL of none. */
struct aged *age_heap_oldest(struct age_heap *heap);

#endif
