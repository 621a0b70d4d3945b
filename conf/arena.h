/*
 * Memory that is freed whole: a parse, a build, a configuration. No destructor per object, no
 * free list. Allocation failure is reported as NULL and remembered, so that a long build may check
 * `arena_failed` once at its end where it never writes through an unchecked pointer.
 */
#ifndef CONF_ARENA_H
#define CONF_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* A new arena, or NULL when memory is out. The caller destroys it. */
struct arena *arena_create(void);

/* Frees the arena and all that came out of it. NULL is fine. */
void arena_destroy(struct arena *arena);

/* Frees nothing but forgets everything allocated: keeps the memory for the next round. */
void arena_reset(struct arena *arena);

/* Takes over all that another arena owns, which is gone afterwards. */
void arena_adopt(struct arena *arena, struct arena *other);

/* `size` zeroed octets aligned for any object, or NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, with whatever is in them: for what is written in full at once. */
void *arena_room(struct arena *arena, size_t size);

/* A copy of `length` octets followed by a NUL, or NULL. */
char *arena_copy(struct arena *arena, const void *octets, size_t length);

/* printf into the arena, or NULL. */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Octets handed out since creation or the last reset. */
size_t arena_used(const struct arena *arena);

/* True once an allocation has failed. */
bool arena_failed(const struct arena *arena);

#endif
