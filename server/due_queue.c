#include "server/due_queue.h"

#include <stdlib.h>

#define NOWHERE SIZE_MAX

struct due {
    int64_t ms;
    size_t thing;
};

struct due_queue {
    size_t length;
    struct due *heap;  /* each is not due after the two at 2n+1 and 2n+2 */
    size_t *positions; /* of each thing in the heap, or NOWHERE */
};

enum status due_queue_create(size_t count, struct due_queue **out)
{
    struct due_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return STATUS_SYSTEM;
    queue->heap = calloc(count + 1, sizeof *queue->heap);
    queue->positions = calloc(count + 1, sizeof *queue->positions);
    if (!queue->heap || !queue->positions) {
        due_queue_destroy(queue);
        return STATUS_SYSTEM;
    }
    for (size_t i = 0; i < count; i++)
        queue->positions[i] = NOWHERE;
    *out = queue;
    return STATUS_OK;
}

void due_queue_destroy(struct due_queue *queue)
{
    if (!queue)
        return;
    free(queue->heap);
    free(queue->positions);
    free(queue);
}

static void put(struct due_queue *queue, size_t at, struct due due)
{
    queue->heap[at] = due;
    queue->positions[due.thing] = at;
}

/* Puts `due` at `at` or above it, moving down what is due later. */
static size_t rise(struct due_queue *queue, size_t at, struct due due)
{
    while (at > 0 && queue->heap[(at - 1) / 2].ms > due.ms) {
        put(queue, at, queue->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(queue, at, due);
    return at;
}

static void sink(struct due_queue *queue, size_t at, struct due due)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= queue->length)
            break;
        if (child + 1 < queue->length && queue->heap[child + 1].ms < queue->heap[child].ms)
            child++;
        if (queue->heap[child].ms >= due.ms)
            break;
        put(queue, at, queue->heap[child]);
        at = child;
    }
    put(queue, at, due);
}

static void settle(struct due_queue *queue, size_t at, struct due due)
{
    if (rise(queue, at, due) == at)
        sink(queue, at, due);
}

static void take_out(struct due_queue *queue, size_t at)
{
    queue->positions[queue->heap[at].thing] = NOWHERE;
    struct due last = queue->heap[--queue->length];
    if (at < queue->length)
        settle(queue, at, last);
}

void due_queue_set(struct due_queue *queue, size_t thing, int64_t due_ms)
{
    size_t at = queue->positions[thing];
    if (due_ms == DUE_NEVER) {
        if (at != NOWHERE)
            take_out(queue, at);
        return;
    }
    if (at == NOWHERE)
        at = queue->length++;
    settle(queue, at, (struct due){due_ms, thing});
}

int64_t due_queue_first(const struct due_queue *queue, size_t *thing)
{
    if (queue->length == 0)
        return DUE_NEVER;
    *thing = queue->heap[0].thing;
    return queue->heap[0].ms;
}
