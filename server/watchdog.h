/*
 * Signs of life for the service manager (WatchdogSec=): one goes out only when every worker's loop
 * has come round since the last one, and this timer in the main thread's. So a server with one
 * worker stuck, which would answer its share of the clients with silence, is restarted.
 */
#ifndef SERVER_WATCHDOG_H
#define SERVER_WATCHDOG_H

#include "server/log.h"
#include "server/supervisor.h"
#include "server/worker.h"

struct event_base;
struct watchdog;

/*
 *   supervisor   outlives it; where it asks for no signs, *out is NULL
 *   workers      `count` that run; outlive it
 *
 * STATUS_OK or STATUS_SYSTEM (memory).
 */
MUST_CHECK enum status watchdog_create(struct event_base *base, const struct supervisor *supervisor,
                                       struct worker *const *workers, size_t count, struct log *log,
                                       struct watchdog **out);

/* NULL is fine. */
void watchdog_destroy(struct watchdog *watchdog);

#endif
