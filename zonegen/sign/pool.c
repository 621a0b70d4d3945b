#include "sign/pool.h"

#include "conf/cores.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Jobs that a thread takes at a time: some 0.5 ms of work, so that the counter they share is not
 * fought for, and all threads end a batch at about the same time. */
#define CHUNK 16

#define MAX_THREADS   256
#define NUMBER_OCTETS 32 /* each of the two of an ECDSA P-256 signature */
#define DER_OCTETS    80 /* more than an ECDSA P-256 signature in ASN.1 takes */

/*
 * One private key of one thread. With ECDSA, setting up OpenSSL anew for each signature takes a
 * quarter of its time (37 µs against 28); so that is kept in `context`. Ed25519 gains nothing.
 */
struct signer {
    EVP_PKEY *key;
    EVP_PKEY_CTX *context; /* of ECDSA; NULL: Ed25519 */
    EVP_MD *sha256;        /* of ECDSA */
    EVP_MD_CTX *whole;     /* of Ed25519, which signs what it is given, no digest */
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    bool started;
    struct signer *signers; /* one for each key */
};

struct pool {
    size_t key_count;
    size_t worker_count;
    struct worker *workers;

    pthread_mutex_t lock; /* for what follows, up to `busy` */
    pthread_cond_t begun;
    pthread_cond_t done;
    uint64_t batch; /* counts batches, so that a thread sees a new one */
    bool closing;
    size_t busy; /* threads that have not finished the batch */

    /* Written before a batch begins, only read while it is under way. */
    struct pool_job *jobs;
    size_t job_count;
    atomic_size_t next;
    atomic_bool failed;
};

/* The two numbers of a signature in ASN.1 one after the other, as in an RRSIG (RFC 6605 §4). */
static bool flatten(const uint8_t *der, size_t octets, uint8_t *out)
{
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)octets);
    bool fits =
        both != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(both), out, NUMBER_OCTETS) == NUMBER_OCTETS &&
        BN_bn2binpad(ECDSA_SIG_get0_s(both), out + NUMBER_OCTETS, NUMBER_OCTETS) == NUMBER_OCTETS;
    ECDSA_SIG_free(both);
    return fits;
}

static bool sign_ecdsa(const struct signer *signer, struct pool_job *job)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    uint8_t der[DER_OCTETS];
    unsigned digest_octets = 0;
    size_t octets = sizeof der;

    return EVP_Digest(job->data, job->octets, digest, &digest_octets, signer->sha256, NULL) == 1 &&
           EVP_PKEY_sign(signer->context, der, &octets, digest, digest_octets) == 1 &&
           flatten(der, octets, job->signature);
}

static bool sign_ed25519(const struct signer *signer, struct pool_job *job)
{
    size_t octets = POOL_SIGNATURE_OCTETS;

    return EVP_MD_CTX_reset(signer->whole) == 1 &&
           EVP_DigestSignInit(signer->whole, NULL, NULL, NULL, signer->key) == 1 &&
           EVP_DigestSign(signer->whole, job->signature, &octets, job->data, job->octets) == 1 &&
           octets == POOL_SIGNATURE_OCTETS;
}

static bool sign(const struct worker *worker, struct pool_job *job)
{
    const struct signer *signer = &worker->signers[job->key];
    return signer->context != NULL ? sign_ecdsa(signer, job) : sign_ed25519(signer, job);
}

/* Takes chunks until none is left, or somebody failed. */
static void work(struct worker *worker)
{
    struct pool *pool = worker->pool;

    while (!atomic_load(&pool->failed)) {
        size_t first = atomic_fetch_add(&pool->next, CHUNK);
        if (first >= pool->job_count)
            break;
        size_t end = pool->job_count - first < CHUNK ? pool->job_count : first + CHUNK;
        for (size_t i = first; i < end; i++)
            if (!sign(worker, &pool->jobs[i]))
                atomic_store(&pool->failed, true);
    }
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    uint64_t seen = 0;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->batch == seen && !pool->closing)
            pthread_cond_wait(&pool->begun, &pool->lock);
        if (pool->batch == seen)
            break;
        seen = pool->batch;
        pthread_mutex_unlock(&pool->lock);
        work(worker);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static enum status set_up(struct signer *signer, uint8_t algorithm)
{
    if (algorithm != ALGORITHM_ECDSAP256SHA256) {
        signer->whole = EVP_MD_CTX_new();
        return signer->whole != NULL ? STATUS_OK : STATUS_SYSTEM;
    }
    signer->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    signer->context = EVP_PKEY_CTX_new(signer->key, NULL);
    if (signer->sha256 == NULL || signer->context == NULL ||
        EVP_PKEY_sign_init(signer->context) != 1)
        return STATUS_SYSTEM;
    return STATUS_OK;
}

static enum status load_signers(struct worker *worker, const struct keyfile *const *keys,
                                struct diag *diag)
{
    struct pool *pool = worker->pool;
    enum status status = STATUS_OK;

    worker->signers = calloc(pool->key_count + 1, sizeof *worker->signers);
    if (worker->signers == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < pool->key_count && status == STATUS_OK; i++) {
        void *loaded = NULL;
        status = keyfile_load(keys[i], diag, &loaded);
        worker->signers[i].key = loaded;
        if (status == STATUS_OK)
            status = set_up(&worker->signers[i], keys[i]->algorithm);
    }
    return status;
}

static enum status start_workers(struct pool *pool, const struct keyfile *const *keys,
                                 struct diag *diag)
{
    for (size_t i = 0; i < pool->worker_count; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        enum status status = load_signers(worker, keys, diag);
        if (status != STATUS_OK)
            return status;
        worker->started = pthread_create(&worker->thread, NULL, run, worker) == 0;
        if (!worker->started)
            return STATUS_SYSTEM;
    }
    return STATUS_OK;
}

enum status pool_open(const struct keyfile *const *keys, size_t key_count, unsigned threads,
                      struct diag *diag, struct pool **out)
{
    size_t count = threads > 0 ? threads : cores_count();

    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return STATUS_SYSTEM;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->begun, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->key_count = key_count;
    pool->worker_count = count < MAX_THREADS ? count : MAX_THREADS;
    pool->workers = calloc(pool->worker_count, sizeof *pool->workers);
    enum status status = pool->workers != NULL ? start_workers(pool, keys, diag) : STATUS_SYSTEM;
    if (status != STATUS_OK)
        pool_close(pool);
    else
        *out = pool;
    return status;
}

static void free_worker(const struct pool *pool, struct worker *worker)
{
    for (size_t i = 0; worker->signers != NULL && i < pool->key_count; i++) {
        EVP_PKEY_CTX_free(worker->signers[i].context);
        EVP_MD_free(worker->signers[i].sha256);
        EVP_MD_CTX_free(worker->signers[i].whole);
        keyfile_unload(worker->signers[i].key);
    }
    free(worker->signers);
}

void pool_close(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; pool->workers != NULL && i < pool->worker_count; i++) {
        if (pool->workers[i].started)
            pthread_join(pool->workers[i].thread, NULL);
        free_worker(pool, &pool->workers[i]);
    }
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->begun);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

void pool_start(struct pool *pool, struct pool_job *jobs, size_t count)
{
    pthread_mutex_lock(&pool->lock);
    pool->jobs = jobs;
    pool->job_count = count;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->failed, false);
    pool->busy = pool->worker_count;
    pool->batch++;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);
}

enum status pool_wait(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    return atomic_load(&pool->failed) ? STATUS_SYSTEM : STATUS_OK;
}
