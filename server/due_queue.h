/*
 * Which of many things is due first: a binary heap over numbers, each with a time of its own or
 * none. Setting a time and taking the first cost the logarithm of their number. Pure.
 */
#ifndef SERVER_DUE_QUEUE_H
#define SERVER_DUE_QUEUE_H

#include "wire/status.h"

#include <stddef.h>
#include <stdint.h>

#define DUE_NEVER INT64_MAX

struct due_queue;

/* A queue for the things 0 … count-1, none of them due ever. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status due_queue_create(size_t count, struct due_queue **out);
void due_queue_destroy(struct due_queue *queue);

/* `thing` is due at `due_ms` from now on; DUE_NEVER takes it out. */
void due_queue_set(struct due_queue *queue, size_t thing, int64_t due_ms);

/* When the first one is due, DUE_NEVER when none is; `*thing` is set otherwise. */
int64_t due_queue_first(const struct due_queue *queue, size_t *thing);

#endif
