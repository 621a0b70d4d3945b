/*
 * A worker: a thread with its own event loop, sockets, snapshot and memory, sharing nothing with
 * the others but the database and the counts of tcp_limits.h. The main thread talks to it through
 * three posts (a configuration, a request to stop, one to stop at once) and hears of it through one
 * descriptor that becomes readable; neither ever waits for the other.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "server/bundle.h"
#include "server/listen.h"
#include "server/log.h"
#include "server/rrl.h"
#include "server/statistics.h"
#include "server/tcp_limits.h"
#include "server/transfers.h"
#include "store/store.h"

#include <stdbool.h>

/* How long answers and transfers in flight may take after a stop. Service managers wait longer. */
#define WORKER_STOP_MS 5000

enum worker_state {
    WORKER_STARTING,
    WORKER_RUNNING,
    WORKER_FAILED, /* could not start for want of memory. Its thread has ended */
    WORKER_ENDED,
};

struct worker_parts {
    unsigned number; /* 0, 1, … */
    struct store *store;
    const struct bundle *bundle;
    struct log *log;
    struct tcp_limits *limits;
    struct transfers *transfers;
    struct rrl *rrl;
    struct listen_pair *sockets; /* the worker closes them when it stops and sets them to -1 */
    size_t socket_count;
    int notice; /* eventfd: raised when the state or the configuration in use has changed */
};

struct worker;

/*
 * Makes a worker and starts its thread, with all signals blocked.
 *
 *   parts   copied; what it points to outlives the worker
 *
 * STATUS_OK, or STATUS_SYSTEM; logged.
 */
MUST_CHECK enum status worker_start(const struct worker_parts *parts, struct worker **out);

enum worker_state worker_state(const struct worker *worker);

/* Asks it to answer from `bundle` from its next batch on. */
void worker_post_bundle(struct worker *worker, const struct bundle *bundle);

/* The bundle that it answers from; it does not touch an earlier one any more. */
const struct bundle *worker_bundle(const struct worker *worker);

/* Asks for a sign of life; worker_has_answered() is true once its loop has come round to it. */
void worker_post_ping(struct worker *worker);
bool worker_has_answered(const struct worker *worker);

/* Asks it to accept no more, to finish what runs within WORKER_STOP_MS, and to end. */
void worker_post_stop(struct worker *worker, bool at_once);

/* Waits for its thread, which ends soon after a post to stop, and frees it. NULL is fine. */
void worker_join(struct worker *worker);

/* Counted so far; any thread may read it until worker_join. */
const struct statistics *worker_statistics(const struct worker *worker);

#endif
