/*
 * Memory that runs out in a whole program, its libraries included; loaded by LD_PRELOAD.
 *
 *   FAULTS_AT=7      the 7th allocation from the begin of main() on fails
 *   FAULTS_AT=7+     and every one after it
 *   FAULTS_REPORT=F  how many there were is written to file F at the exit, as text
 *   FAULTS_TRACE=1   the callers of the one that fails are written to standard error
 *   FAULTS_SHARED=F  the first 24 octets of file F, mapped, are three numbers of 64 bits instead:
 *                    counted so far, which one fails (0: none), whether all after it do. Whoever
 *                    maps the file too may read and set them while the program runs
 *
 * With libevery.so after it in LD_PRELOAD: FAULTS_EVERY and what else every.c says.
 *
 * What the loader and libc do before main() is not ours to survive and is not counted.
 */
#include "tests/fault_parts/allocations.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* Globals: the functions replaced are given nothing. */
struct numbers {
    atomic_ulong counted;
    atomic_ulong at;
    atomic_ulong from;
};

static atomic_bool counting;
static struct numbers own;
static struct numbers *numbers = &own;
static bool traced;
static bool every; /* is tried, by every.c */
static const char *report;

void allocations_count(bool on)
{
    atomic_store(&counting, on);
}

void allocations_fail(unsigned long number, bool from)
{
    atomic_store(&numbers->at, number);
    atomic_store(&numbers->from, from);
}

static void trace(void)
{
    void *callers[24];
    static const char title[] = "allocation that failed:\n";

    atomic_store(&counting, false);
    (void)!write(STDERR_FILENO, title, sizeof title - 1);
    backtrace_symbols_fd(callers, backtrace(callers, 24), STDERR_FILENO);
    atomic_store(&counting, true);
}

static bool fails(void)
{
    if (!atomic_load_explicit(&counting, memory_order_relaxed))
        return false;
    unsigned long number = atomic_fetch_add(&numbers->counted, 1) + 1;
    if (every && every_try(number)) {
        errno = ENOMEM;
        return true;
    }
    unsigned long at = atomic_load(&numbers->at);
    if (at == 0 || number < at || (number > at && atomic_load(&numbers->from) == 0))
        return false;
    if (traced && number == at)
        trace();
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
    size_t octets;

    if (__builtin_mul_overflow(count, size, &octets)) {
        errno = ENOMEM;
        return NULL;
    }
    return fails() ? NULL : __libc_realloc(old, octets);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *octets = fails() ? NULL : __libc_memalign(alignment, size);

    if (octets == NULL)
        return ENOMEM;
    *out = octets;
    return 0;
}

static void tell(void)
{
    char line[32];

    atomic_store(&counting, false);
    if (every)
        every_end(atomic_load(&numbers->counted));
    int length = snprintf(line, sizeof line, "%lu\n", atomic_load(&numbers->counted));
    int file = report != NULL ? open(report, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
    if (file < 0)
        return;
    (void)!write(file, line, (size_t)length);
    close(file);
}

typedef int program_main(int argc, char **argv, char **environment);
typedef int program_start(program_main *start, int argc, char **argv, void (*init)(void),
                          void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

static program_main *real_main;

static void share(const char *path)
{
    int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        numbers = mapped;
}

static int counted_main(int argc, char **argv, char **environment)
{
    const char *which = getenv("FAULTS_AT");
    void *none[1];

    atomic_store(&own.at, which != NULL ? strtoul(which, NULL, 10) : 0);
    atomic_store(&own.from, which != NULL && which[0] != '\0' && which[strlen(which) - 1] == '+');
    share(getenv("FAULTS_SHARED"));
    report = getenv("FAULTS_REPORT");
    traced = getenv("FAULTS_TRACE") != NULL;
    if (traced)
        backtrace(none, 1); /* loads what it needs now */
    every = every_begin != NULL && every_begin();
    atexit(tell);
    atomic_store(&counting, true);
    return real_main(argc, argv, environment);
}

int __libc_start_main(program_main *start, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

int __libc_start_main(program_main *start, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    void *found = dlsym(RTLD_NEXT, "__libc_start_main");
    program_start *next;

    memcpy(&next, &found, sizeof next);
    real_main = start;
    return next(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}
