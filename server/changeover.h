/*
 * The configuration in use, and how another one takes its place: it is read and judged, the parts
 * of the main thread take it, then each worker does, between two batches; the old one goes when
 * nobody answers from it any more. Main thread. Knows no signals: who wants a reload begins one.
 */
#ifndef SERVER_CHANGEOVER_H
#define SERVER_CHANGEOVER_H

#include "server/bundle.h"
#include "server/control_socket.h"
#include "server/keeper.h"
#include "server/log.h"
#include "server/notify.h"
#include "server/transfers.h"
#include "server/watch.h"
#include "server/worker.h"

/* How the last reload went. */
struct reload_outcome {
    uint64_t number; /* of reloads that have ended, this one too; 0: there was none */
    bool refused;
    int64_t when_ms;   /* ticks */
    struct text heard; /* every error and warning, a line each */
};

struct changeover {
    struct bundle *bundle;
    struct bundle *retiring;       /* replaced, but some worker may still answer from it; or NULL */
    struct reload_outcome last;    /* the last one that has ended */
    struct reload_outcome refusal; /* the last one refused, as long as nothing newer is in use */
    int64_t loaded_ms;             /* ticks: when the configuration in use was read */
    int64_t loading_ms;            /* when that of the reload under way was */
    struct text heard;             /* of the reload under way */
};

/* Who takes a configuration; all of it stays the caller's. */
struct changeover_parts {
    struct log *log;
    struct keeper *keeper; /* or NULL */
    struct control_socket *control_socket;
    struct notify *notify;
    struct watch *watch;
    struct transfers *transfers;
    size_t worker_count;
    struct worker *const *workers;
};

/* With what is read at the start: changeover_clear() frees it. */
void changeover_start(struct changeover *change, struct bundle *bundle);
void changeover_clear(struct changeover *change);

/*
 * Begins a reload; none is under way. STATUS_OK: workers have been told, changeover_end() sees when
 * all have taken it. Else it has ended already, refused, and nothing has changed; logged.
 */
MUST_CHECK enum status changeover_begin(struct changeover *change,
                                        const struct changeover_parts *parts);

/* True when a reload has come to its end now: no worker answers from the old configuration. */
bool changeover_end(struct changeover *change, const struct changeover_parts *parts);

#endif
