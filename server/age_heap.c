#include "server/age_heap.h"

#include <stdlib.h>

#define LEAST_ROOM 64

void age_heap_clear(struct age_heap *heap)
{
    free(heap->things);
    *heap = (struct age_heap){0};
}

enum status age_heap_reserve(struct age_heap *heap, size_t count)
{
    if (count <= heap->room)
        return STATUS_OK;
    size_t room = heap->room < LEAST_ROOM ? LEAST_ROOM : heap->room;
    while (room < count)
        room *= 2;
    struct aged **grown = realloc(heap->things, room * sizeof(struct aged *));
    if (!grown)
        return STATUS_SYSTEM;
    heap->things = grown;
    heap->room = room;
    return STATUS_OK;
}

static void put(struct age_heap *heap, size_t at, struct aged *thing)
{
    heap->things[at] = thing;
    thing->at = at;
}

static void rise(struct age_heap *heap, size_t at)
{
    struct aged *thing = heap->things[at];
    while (at > 0 && heap->things[(at - 1) / 2]->seen_ms > thing->seen_ms) {
        put(heap, at, heap->things[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(heap, at, thing);
}

static void sink(struct age_heap *heap, size_t at)
{
    struct aged *thing = heap->things[at];
    for (size_t below = 2 * at + 1; below < heap->count; below = 2 * at + 1) {
        if (below + 1 < heap->count &&
            heap->things[below + 1]->seen_ms < heap->things[below]->seen_ms)
            below++;
        if (heap->things[below]->seen_ms >= thing->seen_ms)
            break;
        put(heap, at, heap->things[below]);
        at = below;
    }
    put(heap, at, thing);
}

void age_heap_add(struct age_heap *heap, struct aged *thing)
{
    thing->seen_ms = atomic_load_explicit(&thing->since_ms, memory_order_relaxed);
    put(heap, heap->count++, thing);
    rise(heap, thing->at);
}

void age_heap_remove(struct age_heap *heap, struct aged *thing)
{
    size_t at = thing->at;
    struct aged *last = heap->things[--heap->count];
    if (last == thing)
        return;
    put(heap, at, last);
    rise(heap, at);
    sink(heap, last->at);
}

struct aged *age_heap_oldest(struct age_heap *heap)
{
    while (heap->count > 0) {
        struct aged *first = heap->things[0];
        int64_t since_ms = atomic_load_explicit(&first->since_ms, memory_order_relaxed);
        /* Times never move back: all others are as old as they were seen, or younger. */
        if (since_ms == first->seen_ms)
            return first;
        first->seen_ms = since_ms;
        sink(heap, 0);
    }
    return NULL;
}
