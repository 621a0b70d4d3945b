/*
 * Threads that sign. A batch of jobs is handed over, worked on while the caller prepares the next,
 * and waited for. Each thread has OpenSSL's keys of its own: they are never shared.
 */
#ifndef SIGN_POOL_H
#define SIGN_POOL_H

#include "sign/keyfile.h"
#include "wire/status.h"

#define POOL_SIGNATURE_OCTETS 64 /* ECDSA P-256 and Ed25519 alike */

/* One signature to be made. */
struct pool_job {
    const uint8_t *data; /* what RFC 4034 §3.1.8.1 signs; the caller's until pool_wait() */
    uint32_t octets;
    uint16_t key;                             /* index in the keys of pool_open() */
    uint8_t signature[POOL_SIGNATURE_OCTETS]; /* out */
};

struct pool;

/*
 *   threads   0: one for each core that this process may run on
 *
 * Private keys are loaded here, once for each thread. STATUS_OK; STATUS_INVALID with diagnostics
 * when a key cannot be loaded; STATUS_SYSTEM (memory, threads).
 */
MUST_CHECK enum status pool_open(const struct keyfile *const *keys, size_t key_count,
                                 unsigned threads, struct diag *diag, struct pool **out);

/* Waits for what is under way, and clears the keys. NULL is fine. */
void pool_close(struct pool *pool);

/* Hands over a batch; none may be under way. `jobs` belongs to the pool until pool_wait(). */
void pool_start(struct pool *pool, struct pool_job *jobs, size_t count);

/* Waits for the batch; at once where none is under way. STATUS_OK, or STATUS_SYSTEM when a
 * signature could not be made. */
MUST_CHECK enum status pool_wait(struct pool *pool);

#endif
