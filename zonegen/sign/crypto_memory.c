#include "sign/crypto_memory.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* A global, since OpenSSL gives the functions nothing: of several threads the first tells. */
static atomic_flag told = ATOMIC_FLAG_INIT;

/* No stdio: its buffers may hold what was not to be told yet, its locks may be taken. */
_Noreturn void crypto_memory_end(void)
{
    while (atomic_flag_test_and_set(&told))
        pause(); /* until the first has ended the process */
    static const char line[] = "zonegen: out of memory\n";
    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(1);
}

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    void *octets = malloc(size);
    if (octets == NULL && size > 0)
        crypto_memory_end();
    return octets;
}

static void *resize(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    void *octets = realloc(old, size);
    if (octets == NULL && size > 0)
        crypto_memory_end();
    return octets;
}

static void give_back(void *octets, const char *file, int line)
{
    (void)file;
    (void)line;
    free(octets);
}

void crypto_memory_end_without(void)
{
    (void)!CRYPTO_set_mem_functions(take, resize, give_back);
    /* What OpenSSL would free at the exit takes memory first, after everything has been said. */
    (void)!OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
