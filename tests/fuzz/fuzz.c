#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FLUSH_OCTETS (128u << 10)
#define PAGE_OCTETS  4096u

void fuzz_broken(const char *claim, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
    abort();
}

const uint8_t *fuzz_flush(const uint8_t *octets, size_t length)
{
    static uint8_t *pages;

    RULE(length <= FLUSH_OCTETS);
    if (!pages) {
        pages = mmap(NULL, FLUSH_OCTETS + PAGE_OCTETS, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        RULE(pages != MAP_FAILED && mprotect(pages + FLUSH_OCTETS, PAGE_OCTETS, PROT_NONE) == 0);
    }
    uint8_t *start = pages + FLUSH_OCTETS - length;
    if (length > 0)
        memcpy(start, octets, length);
    return start;
}

const char *fuzz_file(const uint8_t *octets, size_t length)
{
    static char path[64];
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        RULE(fd >= 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    RULE(ftruncate(fd, 0) == 0);
    RULE(pwrite(fd, octets, length, 0) == (ssize_t)length);
    return path;
}
