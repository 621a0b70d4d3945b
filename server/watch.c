#include "server/watch.h"

#include "server/ticks.h"
#include "server/zone_table.h"
#include "server/zone_text.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct watch {
    struct store *store;
    struct log *log;
    struct notify *notify;
    const struct config *config;
    struct snapshot *snapshot; /* reset between two looks */
    struct event *timer;
    bool stale; /* look again though nothing has changed */
    uint64_t change;
    size_t seen_count;
    struct watched *seen;
    struct log_pace pace;
};

static void on_timer(evutil_socket_t fd, short what, void *arg);

enum status watch_create(struct event_base *base, struct store *store, const struct config *config,
                         struct log *log, struct notify *notify, struct watch **out)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return STATUS_SYSTEM;
    watch->store = store;
    watch->log = log;
    watch->notify = notify;
    watch->timer = event_new(base, -1, EV_PERSIST, on_timer, watch);
    if (!watch->timer || snapshot_create(store, &watch->snapshot) != STATUS_OK ||
        watch_configure(watch, config) != STATUS_OK) {
        watch_destroy(watch);
        return STATUS_SYSTEM;
    }
    snapshot_reset(watch->snapshot);
    *out = watch;
    return STATUS_OK;
}

void watch_destroy(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->timer)
        event_free(watch->timer);
    if (watch->snapshot)
        snapshot_destroy(watch->snapshot);
    free(watch->seen);
    free(watch);
}

static struct watched *find(const struct watch *watch, const struct name *apex)
{
    for (size_t i = 0; i < watch->seen_count; i++) {
        if (name_equals(watch->seen[i].apex.octets, apex->octets))
            return &watch->seen[i];
    }
    return NULL;
}

enum status watch_configure(struct watch *watch, const struct config *config)
{
    struct watched *seen = calloc(config->zone_count + 1, sizeof *seen);
    if (!seen)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < config->zone_count; i++) {
        const struct watched *before = find(watch, &config->zones[i].domain);
        if (before)
            seen[i] = *before;
        seen[i].apex = config->zones[i].domain;
    }
    free(watch->seen);
    watch->seen = seen;
    watch->seen_count = config->zone_count;
    watch->config = config;
    watch->stale = true;
    return STATUS_OK;
}

/* Says what has become of a zone since the last look. */
static void report(struct watch *watch, const struct watched *seen, const struct served_zone *zone)
{
    char name[NAME_TEXT_OCTETS];
    char serial[16];
    zone_text(zone->apex.octets, name);
    snprintf(serial, sizeof serial, "%" PRIu32, zone->serial);
    const struct log_field fields[] = {{"zone", name}, {"serial", serial}, {NULL, NULL}};

    if (!zone->loaded && (!seen->looked || seen->loaded))
        log_write(watch->log, LOG_LEVEL_WARNING,
                  "zone %s is %s in the database; publish it with zonegen", name,
                  seen->loaded ? "no longer" : "not");
    else if (zone->loaded && !seen->loaded)
        log_write_fields(watch->log, LOG_LEVEL_INFO, fields, "zone %s: serial %s", name, serial);
    else if (zone->loaded && zone->serial != seen->serial)
        log_write_fields(watch->log, LOG_LEVEL_INFO, fields, "zone %s: serial %" PRIu32 " -> %s",
                         name, seen->serial, serial);
}

static void look_at(struct watch *watch, const struct served_zone *zone)
{
    struct watched *seen = find(watch, &zone->apex);
    if (!seen)
        return;
    report(watch, seen, zone);
    if (!seen->looked || seen->loaded != zone->loaded || seen->serial != zone->serial) {
        seen->since_ms = ticks_now();
        seen->published = seen->looked && zone->loaded;
    }
    seen->looked = true;
    seen->loaded = zone->loaded;
    seen->is_signed = zone->is_signed;
    seen->serial = zone->serial;
    notify_zone(watch->notify, zone, (size_t)(seen - watch->seen));
}

/* STATUS_SYSTEM: to be tried again at the next tick. */
static enum status look(struct watch *watch)
{
    struct zone_table *zones = NULL;
    enum status status = snapshot_renew(watch->snapshot);
    if (status != STATUS_OK)
        return status;
    uint64_t change = snapshot_change(watch->snapshot);
    status = zone_table_create(watch->config, watch->snapshot, &zones);
    snapshot_reset(watch->snapshot);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < zone_table_count(zones); i++)
        look_at(watch, zone_table_at(zones, i));
    zone_table_destroy(zones);
    watch->change = change;
    watch->stale = false;
    return STATUS_OK;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;
    (void)fd;
    (void)what;
    if (!watch->stale && store_last_change(watch->store) == watch->change)
        return;
    if (look(watch) != STATUS_OK && log_pace_allows(&watch->pace, ticks_now()))
        log_write(watch->log, LOG_LEVEL_ERROR, "cannot read the zones of %s",
                  watch->config->database);
}

enum status watch_start(struct watch *watch)
{
    struct timeval interval = {0, WATCH_INTERVAL_MS * 1000};
    if (event_add(watch->timer, &interval) != 0)
        return STATUS_SYSTEM;
    return look(watch);
}

size_t watch_loaded(const struct watch *watch)
{
    size_t loaded = 0;
    for (size_t i = 0; i < watch->seen_count; i++)
        loaded += watch->seen[i].loaded;
    return loaded;
}

size_t watch_count(const struct watch *watch)
{
    return watch->seen_count;
}

const struct watched *watch_at(const struct watch *watch, size_t n)
{
    return &watch->seen[n];
}
