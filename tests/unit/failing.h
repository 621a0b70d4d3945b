/*
 * Memory that runs out when a test says so. The executable is linked with --wrap for malloc,
 * calloc, realloc and reallocarray, so that allocations of our code come here; those of libraries
 * do not.
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *octets, size_t size);
void *__real_reallocarray(void *octets, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *octets, size_t size);
void *__wrap_reallocarray(void *octets, size_t count, size_t size);

/* A global, since the wrappers are given nothing: allocations until the one that fails; 0: none. */
static size_t failing_left;

static bool failing_now(void)
{
    return failing_left > 0 && --failing_left == 0;
}

void *__wrap_malloc(size_t size)
{
    return failing_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return failing_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *octets, size_t size)
{
    return failing_now() ? NULL : __real_realloc(octets, size);
}

void *__wrap_reallocarray(void *octets, size_t count, size_t size)
{
    return failing_now() ? NULL : __real_reallocarray(octets, count, size);
}

#endif
