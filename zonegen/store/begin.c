#include "store/store_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* A wait for LMDB's writer lock, which says nothing of itself and takes no deadline. */
struct waiting {
    const struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over;
    bool told;
};

static struct timespec deadline_of(unsigned after_ms)
{
    struct timespec at = {0};

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(after_ms / 1000);
    at.tv_nsec += (long)(after_ms % 1000) * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

static void tell(const struct store *store)
{
    char line[STORE_MESSAGE_OCTETS];

    snprintf(
        line, sizeof line,
        "database %s: another process has been changing it for %u seconds; this one waits until "
        "that has ended (Ctrl-C gives up)",
        store->path, store->patience.after_ms / 1000);
    store->patience.tell(store->patience.state, line);
}

static void *watch(void *arg)
{
    struct waiting *waiting = arg;
    const struct timespec deadline = deadline_of(waiting->store->patience.after_ms);
    int outcome = 0;

    pthread_mutex_lock(&waiting->lock);
    while (!waiting->over && outcome == 0)
        outcome = pthread_cond_timedwait(&waiting->changed, &waiting->lock, &deadline);
    waiting->told = !waiting->over;
    pthread_mutex_unlock(&waiting->lock);
    if (waiting->told)
        tell(waiting->store);
    return NULL;
}

static void end_watch(struct waiting *waiting, pthread_t thread)
{
    pthread_mutex_lock(&waiting->lock);
    waiting->over = true;
    pthread_cond_signal(&waiting->changed);
    pthread_mutex_unlock(&waiting->lock);
    pthread_join(thread, NULL);
}

int store_begin_change(struct store *store, MDB_txn **out)
{
    struct waiting waiting = {.store = store, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_condattr_t monotonic;
    pthread_t thread;

    if (!store->patience.tell)
        return mdb_txn_begin(store->env, NULL, 0, out);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&waiting.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    /* Where no thread can be made, it waits as well, and nobody is told. */
    bool watched = pthread_create(&thread, NULL, watch, &waiting) == 0;
    int code = mdb_txn_begin(store->env, NULL, 0, out);
    if (watched)
        end_watch(&waiting, thread);
    pthread_cond_destroy(&waiting.changed);
    if (waiting.told)
        store->patience.tell = NULL; /* once is enough */
    return code;
}
