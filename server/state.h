/*
 * The server as those see it who show it (control.h): pointers to its parts, as they are at this
 * moment. Good until the event loop goes on. Main thread.
 */
#ifndef SERVER_STATE_H
#define SERVER_STATE_H

#include "server/bundle.h"
#include "server/changeover.h"
#include "server/log.h"
#include "server/moment.h"
#include "server/notify.h"
#include "server/transfers.h"
#include "server/watch.h"
#include "server/worker.h"

struct state {
    struct clocks now;
    const char *phase;  /* "starting", "serving", "stopping" */
    int64_t started_ms; /* ticks */
    int64_t loaded_ms;  /* ticks: when the configuration in use was read */
    const struct bundle *bundle;
    const struct reload_outcome *reload;  /* the last one */
    const struct reload_outcome *refusal; /* the last refused one since the last that was not;
                                             its number is 0 where there is none */
    struct log *log;
    struct notify *notify;
    const struct watch *watch;
    struct transfers *transfers;
    size_t worker_count;
    struct worker *const *workers;
};

#endif
