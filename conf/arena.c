#include "conf/arena.h"

#include "conf/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Chunks double from the first size to the last: a small file costs one malloc, a large one few. */
#define CHUNK_FIRST_OCTETS ((size_t)4 << 10)
#define CHUNK_LAST_OCTETS  ((size_t)4 << 20)

/* From here on chunks are made of huge pages where the machine has some: of the time to read a
 * million contacts files, page faults take a sixth. */
#define HUGE_OCTETS ((size_t)2 << 20)

/* No request may be larger: sizes are added without a check for overflow below this. */
#define REQUEST_MAX_OCTETS (SIZE_MAX / 4)

struct chunk {
    struct chunk *next;
    size_t size; /* octets of `octets` */
    size_t used;
    _Alignas(max_align_t) unsigned char octets[];
};

struct arena {
    struct chunk *first;
    struct chunk *current; /* those before it are full, those after it empty (after a reset) */
    size_t chunk_size;     /* of the next chunk */
    size_t used;
    bool failed;
};

struct arena *arena_create(void)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL)
        arena->chunk_size = CHUNK_FIRST_OCTETS;
    else
        memory_lacks();
    return arena;
}

void arena_destroy(struct arena *arena)
{
    if (arena == NULL)
        return;
    for (struct chunk *chunk = arena->first; chunk != NULL;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

void arena_reset(struct arena *arena)
{
    for (struct chunk *chunk = arena->first; chunk != NULL; chunk = chunk->next)
        chunk->used = 0;
    arena->current = arena->first;
    arena->used = 0;
    arena->failed = false;
}

void arena_adopt(struct arena *arena, struct arena *other)
{
    struct chunk **end = &other->first;

    while (*end != NULL)
        end = &(*end)->next;
    *end = arena->first; /* in front: what comes before the current one counts as full */
    arena->first = other->first;
    if (arena->current == NULL)
        arena->current = other->current;
    arena->used += other->used;
    arena->failed = arena->failed || other->failed;
    free(other);
}

/* `octets` is a multiple of HUGE_OCTETS, or less than that. */
static struct chunk *allocate(size_t octets)
{
    if (octets < HUGE_OCTETS)
        return malloc(octets);
    struct chunk *chunk = aligned_alloc(HUGE_OCTETS, octets);
    if (chunk != NULL)
        (void)madvise(chunk, octets, MADV_HUGEPAGE); /* no less right without */
    return chunk;
}

/* Puts a new chunk that holds `size` octets after the current one and makes it current. */
static struct chunk *add_chunk(struct arena *arena, size_t size)
{
    size_t octets = size > arena->chunk_size ? size : arena->chunk_size;
    if (octets >= HUGE_OCTETS - sizeof(struct chunk)) /* what is rounded up is used */
        octets = (sizeof(struct chunk) + octets + HUGE_OCTETS - 1) / HUGE_OCTETS * HUGE_OCTETS -
                 sizeof(struct chunk);
    struct chunk *chunk = allocate(sizeof *chunk + octets);
    if (chunk == NULL)
        return NULL;
    chunk->size = octets;
    chunk->used = 0;
    if (arena->current == NULL) {
        chunk->next = arena->first;
        arena->first = chunk;
    } else {
        chunk->next = arena->current->next;
        arena->current->next = chunk;
    }
    arena->current = chunk;
    if (arena->chunk_size < CHUNK_LAST_OCTETS)
        arena->chunk_size *= 2;
    return chunk;
}

/* The chunk that the next `size` octets come from, or NULL when memory is out. */
static struct chunk *chunk_for(struct arena *arena, size_t size)
{
    struct chunk *chunk = arena->current;
    if (chunk != NULL && size <= chunk->size - chunk->used)
        return chunk;
    if (chunk != NULL && chunk->next != NULL && size <= chunk->next->size) {
        arena->current = chunk->next;
        return chunk->next;
    }
    return add_chunk(arena, size);
}

void *arena_room(struct arena *arena, size_t size)
{
    const size_t unit = _Alignof(max_align_t);
    struct chunk *chunk = NULL;

    if (size <= REQUEST_MAX_OCTETS) {
        size = size == 0 ? unit : (size + unit - 1) / unit * unit;
        chunk = chunk_for(arena, size);
    }
    if (chunk == NULL) {
        memory_lacks();
        arena->failed = true;
        return NULL;
    }
    void *octets = chunk->octets + chunk->used;
    chunk->used += size;
    arena->used += size;
    return octets;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *octets = arena_room(arena, size);
    return octets != NULL ? memset(octets, 0, size) : NULL;
}

char *arena_copy(struct arena *arena, const void *octets, size_t length)
{
    char *copy = arena_room(arena, length < SIZE_MAX ? length + 1 : SIZE_MAX);
    if (copy == NULL)
        return NULL;
    if (length > 0)
        memcpy(copy, octets, length);
    copy[length] = '\0';
    return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (length < 0) {
        memory_lacks();
        arena->failed = true;
        return NULL;
    }
    char *text = arena_alloc(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(list, format);
    vsnprintf(text, (size_t)length + 1, format, list);
    va_end(list);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

bool arena_failed(const struct arena *arena)
{
    return arena->failed;
}
