#include "conf/ahead.h"

#include "conf/cores.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* Pieces that wait for each who works: enough that nobody stands still while one piece takes
 * longer, few enough that what comes of them stays in the cache. */
#define PLACES_EACH 4

struct place {
    bool is_done;
    enum status status;
    int error; /* errno */
};

struct ahead {
    struct ahead_rules rules;
    size_t thread_count;
    pthread_t threads[AHEAD_MAX_THREADS];

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t freed; /* a place was */
    pthread_cond_t done;  /* a piece was */
    bool is_closing;
    size_t begun;       /* pieces that somebody has taken on: those below this number */
    size_t freed_count; /* pieces whose places are free again: those below this number */
    size_t taken;
    size_t place_count;
    struct place places[];
};

unsigned ahead_threads(size_t items, size_t least)
{
    size_t worth = items / least;
    size_t cores = worth > 1 ? cores_count() : 1;
    size_t count = worth < cores ? worth : cores;
    return count < 1 ? 0
                     : (unsigned)(count - 1 < AHEAD_MAX_THREADS ? count - 1 : AHEAD_MAX_THREADS);
}

size_t ahead_places(unsigned threads)
{
    return threads == 0 ? 1 : ((size_t)threads + 1) * PLACES_EACH;
}

static bool may_begin(const struct ahead *ahead)
{
    return ahead->begun < ahead->rules.pieces &&
           ahead->begun - ahead->freed_count < ahead->place_count;
}

/* Does the next piece; the lock is held before and after. */
static void do_piece(struct ahead *ahead)
{
    size_t piece = ahead->begun++;
    size_t at = piece % ahead->place_count;
    struct place *place = &ahead->places[at];

    place->is_done = false;
    pthread_mutex_unlock(&ahead->lock);
    errno = 0;
    enum status status = ahead->rules.work(ahead->rules.state, at, piece);
    int error = errno;
    pthread_mutex_lock(&ahead->lock);
    *place = (struct place){true, status, error};
    pthread_cond_signal(&ahead->done); /* only one waits for that: the caller */
}

static void *run(void *argument)
{
    struct ahead *ahead = argument;

    pthread_mutex_lock(&ahead->lock);
    while (!ahead->is_closing) {
        if (may_begin(ahead))
            do_piece(ahead);
        else
            pthread_cond_wait(&ahead->freed, &ahead->lock);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

enum status ahead_open(const struct ahead_rules *rules, struct ahead **out)
{
    size_t count = ahead_places(rules->threads);
    struct ahead *ahead = calloc(1, sizeof *ahead + count * sizeof ahead->places[0]);

    if (ahead == NULL)
        return STATUS_SYSTEM;
    ahead->rules = *rules;
    ahead->place_count = count;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->freed, NULL);
    pthread_cond_init(&ahead->done, NULL);
    while (ahead->thread_count < rules->threads && ahead->thread_count < AHEAD_MAX_THREADS &&
           pthread_create(&ahead->threads[ahead->thread_count], NULL, run, ahead) == 0)
        ahead->thread_count++;
    *out = ahead;
    return STATUS_OK;
}

enum status ahead_take(struct ahead *ahead, size_t *place)
{
    size_t piece = ahead->taken;

    if (piece == ahead->rules.pieces)
        return STATUS_NOT_FOUND;
    pthread_mutex_lock(&ahead->lock);
    ahead->freed_count = piece;
    pthread_cond_broadcast(&ahead->freed);
    while (ahead->begun <= piece || !ahead->places[piece % ahead->place_count].is_done) {
        if (may_begin(ahead))
            do_piece(ahead);
        else
            pthread_cond_wait(&ahead->done, &ahead->lock);
    }
    ahead->taken++;
    *place = piece % ahead->place_count;
    const struct place outcome = ahead->places[*place];
    pthread_mutex_unlock(&ahead->lock);
    errno = outcome.error;
    return outcome.status;
}

void ahead_close(struct ahead *ahead)
{
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->is_closing = true;
    pthread_cond_broadcast(&ahead->freed);
    pthread_mutex_unlock(&ahead->lock);
    for (size_t i = 0; i < ahead->thread_count; i++)
        pthread_join(ahead->threads[i], NULL);
    pthread_cond_destroy(&ahead->done);
    pthread_cond_destroy(&ahead->freed);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}
