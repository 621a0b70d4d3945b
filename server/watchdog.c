#include "server/watchdog.h"

#include <event2/event.h>
#include <stdlib.h>

/* Looks in one span of the manager's: a worker that answers within half of it is never late. */
#define LOOKS 4

struct watchdog {
    const struct supervisor *supervisor;
    struct worker *const *workers;
    size_t count;
    struct log *log;
    struct event *event;
    bool complained;
};

static bool have_all_answered(const struct watchdog *watchdog, size_t *silent)
{
    for (*silent = 0; *silent < watchdog->count; (*silent)++) {
        if (!worker_has_answered(watchdog->workers[*silent]))
            return false;
    }
    return true;
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct watchdog *watchdog = arg;
    size_t silent;
    (void)fd;
    (void)what;

    if (!have_all_answered(watchdog, &silent)) {
        if (!watchdog->complained)
            log_write(watchdog->log, LOG_LEVEL_ERROR,
                      "worker %zu does not turn; the service manager gets no sign of life until it "
                      "does",
                      silent);
        watchdog->complained = true;
        return;
    }
    if (watchdog->complained)
        log_write(watchdog->log, LOG_LEVEL_WARNING, "all workers turn again");
    watchdog->complained = false;
    supervisor_pet(watchdog->supervisor);
    for (size_t i = 0; i < watchdog->count; i++)
        worker_post_ping(watchdog->workers[i]);
}

enum status watchdog_create(struct event_base *base, const struct supervisor *supervisor,
                            struct worker *const *workers, size_t count, struct log *log,
                            struct watchdog **out)
{
    int64_t every_us = supervisor->watchdog_us / LOOKS + 1000;
    const struct timeval interval = {every_us / 1000000, every_us % 1000000};

    *out = NULL;
    if (supervisor->fd < 0 || supervisor->watchdog_us == 0)
        return STATUS_OK;
    struct watchdog *watchdog = calloc(1, sizeof *watchdog);
    if (!watchdog)
        return STATUS_SYSTEM;
    *watchdog =
        (struct watchdog){.supervisor = supervisor, .workers = workers, .count = count, .log = log};
    watchdog->event = event_new(base, -1, EV_PERSIST, on_look, watchdog);
    if (!watchdog->event || event_add(watchdog->event, &interval) != 0) {
        watchdog_destroy(watchdog);
        return STATUS_SYSTEM;
    }
    *out = watchdog;
    return STATUS_OK;
}

void watchdog_destroy(struct watchdog *watchdog)
{
    if (!watchdog)
        return;
    if (watchdog->event)
        event_free(watchdog->event);
    free(watchdog);
}
