/* Memory whose last octet is followed by a page that faults: a read past the end is a crash. */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARD_OCTETS 4096u

/* A place for up to GUARD_OCTETS octets; NULL when the machine refuses. */
static inline uint8_t *guard_create(void)
{
    uint8_t *pages =
        mmap(NULL, 2 * GUARD_OCTETS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + GUARD_OCTETS, GUARD_OCTETS, PROT_NONE) != 0)
        return NULL;
    return pages;
}

/* Copies octets so that they end where the guard page starts. */
static inline const uint8_t *guard_put(uint8_t *guard, const void *octets, size_t length)
{
    uint8_t *start = guard + GUARD_OCTETS - length;
    memcpy(start, octets, length);
    return start;
}

#endif
