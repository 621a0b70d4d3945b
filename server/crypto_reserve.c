#include "server/crypto_reserve.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Blocks are powers of two, from 2^5 on; what is given back is for the next of its size. */
#define LEAST_BITS 5
#define SIZES      18

struct block {
    size_t size;        /* which of the sizes */
    struct block *next; /* while it is free */
    _Alignas(max_align_t) unsigned char octets[];
};

/* Globals, since OpenSSL gives the functions nothing. */
static struct {
    unsigned char *octets; /* CRYPTO_RESERVE_OCTETS */
    size_t used;
    struct block *free[SIZES];
    pthread_mutex_t lock;
    atomic_bool open;
    atomic_flag told;
    atomic_uint_fast64_t taken;
} reserve = {.lock = PTHREAD_MUTEX_INITIALIZER, .told = ATOMIC_FLAG_INIT};

/* No stdio: its locks may be taken. Of several threads the first tells. */
static _Noreturn void end(void)
{
    static const char line[] = "contactd: out of memory\n";
    while (atomic_flag_test_and_set(&reserve.told))
        pause(); /* until the first has ended the process */
    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(EXIT_FAILURE);
}

static bool is_reserved(const void *octets)
{
    uintptr_t at = (uintptr_t)octets, begin = (uintptr_t)reserve.octets;
    return at >= begin && at - begin < CRYPTO_RESERVE_OCTETS;
}

static struct block *block_of(void *octets)
{
    return (struct block *)(void *)((unsigned char *)octets - offsetof(struct block, octets));
}

static size_t room_in(size_t size)
{
    return ((size_t)1 << (LEAST_BITS + size)) - offsetof(struct block, octets);
}

/* The lock is held. */
static struct block *find_block(size_t size)
{
    const size_t octets = (size_t)1 << (LEAST_BITS + size);
    struct block *block = reserve.free[size];

    if (block) {
        reserve.free[size] = block->next;
        return block;
    }
    if (octets > CRYPTO_RESERVE_OCTETS - reserve.used)
        return NULL;
    block = (struct block *)(void *)(reserve.octets + reserve.used);
    reserve.used += octets;
    block->size = size;
    return block;
}

static void *take_reserved(size_t octets)
{
    size_t size = 0;

    if (!atomic_load(&reserve.open))
        end();
    atomic_fetch_add(&reserve.taken, 1);
    while (size < SIZES && room_in(size) < octets)
        size++;
    if (size == SIZES)
        return NULL;
    pthread_mutex_lock(&reserve.lock);
    struct block *block = find_block(size);
    pthread_mutex_unlock(&reserve.lock);
    return block ? block->octets : NULL;
}

static void give_back_reserved(void *octets)
{
    struct block *block = block_of(octets);

    pthread_mutex_lock(&reserve.lock);
    block->next = reserve.free[block->size];
    reserve.free[block->size] = block;
    pthread_mutex_unlock(&reserve.lock);
}

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    void *octets = malloc(size);
    if (!octets && size > 0)
        octets = take_reserved(size);
    return octets;
}

static void give_back(void *octets, const char *file, int line)
{
    (void)file;
    (void)line;
    if (is_reserved(octets))
        give_back_reserved(octets);
    else
        free(octets);
}

static void *resize(void *old, size_t size, const char *file, int line)
{
    if (!is_reserved(old)) {
        void *octets = realloc(old, size);
        if (octets || size == 0)
            return octets;
    }
    void *octets = take(size, file, line);
    if (!octets)
        return NULL;
    size_t had = !old               ? 0
                 : is_reserved(old) ? room_in(block_of(old)->size)
                                    : malloc_usable_size(old);
    if (had > 0)
        memcpy(octets, old, had < size ? had : size);
    give_back(old, file, line);
    return octets;
}

enum status crypto_reserve_begin(void)
{
    void *octets = mmap(NULL, CRYPTO_RESERVE_OCTETS, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (octets == MAP_FAILED)
        return STATUS_SYSTEM;
    reserve.octets = octets;
    (void)!CRYPTO_set_mem_functions(take, resize, give_back);
    return STATUS_OK;
}

void crypto_reserve_open(void)
{
    atomic_store(&reserve.open, true);
}

uint64_t crypto_reserve_taken(void)
{
    return atomic_load(&reserve.taken);
}
