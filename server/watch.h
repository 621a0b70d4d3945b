/*
 * Watches the database: a publish is seen within 50 ms, logged per zone, and passed on to the
 * secondaries. Workers do not depend on it, they follow by themselves. Main thread.
 */
#ifndef SERVER_WATCH_H
#define SERVER_WATCH_H

#include "conf/config.h"
#include "server/log.h"
#include "server/notify.h"
#include "store/store.h"

#include <stddef.h>

#define WATCH_INTERVAL_MS 50 /* one load of the database's transaction number */

/* What is known of a configured zone. */
struct watched {
    struct name apex; /* lower case */
    bool looked;      /* else nothing is known of it yet */
    bool loaded;      /* the database holds it */
    bool is_signed;
    uint32_t serial;
    int64_t since_ms; /* ticks: when it was first seen with this serial */
    bool published;   /* that was after the start: a publish was seen then */
};

struct event_base;
struct watch;

/*
 * Begins to watch; the zones of `config` are logged and notified at the first look, which
 * watch_start takes.
 *
 *   config   outlives the watch, or is replaced by watch_configure
 *
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status watch_create(struct event_base *base, struct store *store,
                                    const struct config *config, struct log *log,
                                    struct notify *notify, struct watch **out);
void watch_destroy(struct watch *watch);

/* Looks for the first time, and from then on every WATCH_INTERVAL_MS. STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status watch_start(struct watch *watch);

/* Watches the zones of `config` from now on. STATUS_OK, or STATUS_SYSTEM: it goes on as before. */
MUST_CHECK enum status watch_configure(struct watch *watch, const struct config *config);

/* Zones that the database holds, of those configured. */
size_t watch_loaded(const struct watch *watch);

/* All zones that are configured, in that order; valid until the event loop goes on. */
size_t watch_count(const struct watch *watch);
const struct watched *watch_at(const struct watch *watch, size_t n);

#endif
