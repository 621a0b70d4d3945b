/*
 * Work that can wait: one piece after another, each when the event loop has nothing else to do.
 * Where it always has, one piece every TURNS_FLOOR_MS all the same: so the work has a part of a
 * worker's time that is bounded, and one that nobody can take away.
 *
 * TLS handshakes are such work: a piece of a millisecond that anybody can ask for.
 */
#ifndef SERVER_TURNS_H
#define SERVER_TURNS_H

#include "wire/status.h"

#include <stdbool.h>
#include <sys/queue.h>

/* A handshake takes up to a millisecond of CPU time (ECDSA, P-256): a quarter of a busy worker. */
#define TURNS_FLOOR_MS 4

struct event_base;
struct turns;

/* All zero but for `run` is one that does not wait. */
struct turn {
    TAILQ_ENTRY(turn) link;
    bool waits;
    bool in_front;
    void (*run)(struct turn *turn); /* does one piece; may add its own or any other turn again */
};

/* `base` outlives it; without the priorities of turns_prepare() turns are events like all others.
 * NULL when memory is out. */
struct turns *turns_create(struct event_base *base);
void turns_destroy(struct turns *turns);

/* Gives a fresh base its priorities: what is added to it goes before turns. */
MUST_CHECK enum status turns_prepare(struct event_base *base);

/* Has it wait, behind the others, or in front of those that do not: where both wait, they take
 * turns. */
void turns_add(struct turns *turns, struct turn *turn, bool in_front);

/* It waits no more, if it did. */
void turns_remove(struct turns *turns, struct turn *turn);

#endif
