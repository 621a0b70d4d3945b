#include "server/server.h"

#include "server/changeover.h"
#include "server/control.h"
#include "server/crypto_reserve.h"
#include "server/notify.h"
#include "server/rrl.h"
#include "server/scrub.h"
#include "server/state.h"
#include "server/statistics.h"
#include "server/tcp_limits.h"
#include "server/ticks.h"
#include "server/transfers.h"
#include "server/watch.h"
#include "server/watchdog.h"
#include "server/worker.h"

#include <event2/event.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Each needs a reader's slot, and so do transfers and the watch: STORE_MAX_READERS is 1024. */
#define MAX_WORKERS 512

enum phase { PHASE_STARTING, PHASE_SERVING, PHASE_STOPPING };

struct server {
    enum phase phase;
    enum status outcome;
    struct changeover change; /* the configuration in use */
    bool reload_again;        /* asked for while one was under way */
    int64_t started_ms;
    struct log *log;
    struct store *store;
    struct listen_set *sockets;
    struct event_base *base;
    struct event *hangup;
    struct event *terminate;
    struct event *interrupt;
    struct event *reload_event; /* contactctl has asked for one */
    struct event *notice_event;
    struct event *daily;
    struct event *secondly;
    int notice; /* eventfd that workers raise */
    struct tcp_limits *limits;
    struct transfers *transfers;
    struct rrl *rrl;
    struct notify *notify;
    struct watch *watch;
    struct scrub *scrub;
    struct control_socket *control_socket;
    struct keeper *keeper;
    const struct supervisor *supervisor;
    struct watchdog *watchdog; /* NULL where no signs of life are asked for, or not yet */
    struct control *control;   /* NULL where no socket is configured */
    size_t worker_count;       /* started */
    struct worker **workers;
};

size_t server_workers(const struct config_server *config)
{
    cpu_set_t cores;
    if (config->workers > 0)
        return config->workers < MAX_WORKERS ? config->workers : MAX_WORKERS;
    CPU_ZERO(&cores);
    if (sched_getaffinity(0, sizeof cores, &cores) != 0)
        return 1;
    size_t count = (size_t)CPU_COUNT(&cores);
    return count < 1 ? 1 : count < MAX_WORKERS ? count : MAX_WORKERS;
}

static void begin_stop(struct server *server, bool at_once)
{
    server->phase = PHASE_STOPPING;
    supervisor_stopping(server->supervisor);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_post_stop(server->workers[i], at_once);
}

static void tell_ready(const struct server *server)
{
    char words[128];
    snprintf(words, sizeof words, "serving %zu of %zu zones with %zu workers",
             watch_loaded(server->watch), server->change.bundle->config->zone_count,
             server->worker_count);
    supervisor_ready(server->supervisor, words);
}

static void announce(const struct server *server)
{
    const struct config *config = server->change.bundle->config;
    char address[ENDPOINT_TEXT_OCTETS];
    for (size_t i = 0; i < config->server.listen_count; i++) {
        endpoint_to_text(&config->server.listen[i], address);
        log_write(server->log, LOG_LEVEL_INFO, "listening on %s", address);
    }
    for (size_t i = 0; i < config->server.tls_listen_count; i++) {
        endpoint_to_text(&config->server.tls_listen[i], address);
        log_write(server->log, LOG_LEVEL_INFO, "listening on %s (TLS)", address);
    }
    log_write(server->log, LOG_LEVEL_INFO,
              "contactd " CONTACTD_VERSION " is ready: %zu of %zu zone%s, %zu worker%s",
              watch_loaded(server->watch), config->zone_count, config->zone_count == 1 ? "" : "s",
              server->worker_count, server->worker_count == 1 ? "" : "s");
    bundle_warn(server->change.bundle, server->log);
}

static struct changeover_parts parts_of(const struct server *server)
{
    return (struct changeover_parts){
        .log = server->log,
        .keeper = server->keeper,
        .control_socket = server->control_socket,
        .notify = server->notify,
        .watch = server->watch,
        .transfers = server->transfers,
        .worker_count = server->worker_count,
        .workers = server->workers,
    };
}

static void begin_reload(struct server *server)
{
    const struct changeover_parts parts = parts_of(server);

    supervisor_reloading(server->supervisor);
    if (changeover_begin(&server->change, &parts) != STATUS_OK)
        tell_ready(server);
}

/* Ends a reload once no worker answers from the old configuration. */
static void end_reload(struct server *server)
{
    const struct changeover_parts parts = parts_of(server);

    if (!changeover_end(&server->change, &parts))
        return;
    tell_ready(server);
    if (server->reload_again && server->phase == PHASE_SERVING) {
        server->reload_again = false;
        begin_reload(server);
    }
}

static size_t count_state(const struct server *server, enum worker_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < server->worker_count; i++)
        count += worker_state(server->workers[i]) == state;
    return count;
}

static void begin_watchdog(struct server *server)
{
    if (watchdog_create(server->base, server->supervisor, server->workers, server->worker_count,
                        server->log, &server->watchdog) == STATUS_OK)
        return;
    log_write(server->log, LOG_LEVEL_ERROR, "out of memory");
    server->outcome = STATUS_SYSTEM;
    begin_stop(server, true);
}

/* A worker has changed its state or taken a configuration. */
static void on_notice(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;
    uint64_t ignored;
    (void)what;
    ssize_t taken = read(fd, &ignored, sizeof ignored);
    (void)taken;

    size_t failed = count_state(server, WORKER_FAILED);
    if (failed > 0 && server->phase != PHASE_STOPPING) {
        log_write(server->log, LOG_LEVEL_ERROR, "cannot start all workers: out of memory");
        server->outcome = STATUS_SYSTEM;
        crypto_reserve_open(); /* OpenSSL takes memory to free its own, and all has been said */
        begin_stop(server, true);
    }
    if (server->phase == PHASE_STARTING &&
        count_state(server, WORKER_RUNNING) == server->worker_count) {
        server->phase = PHASE_SERVING;
        crypto_reserve_open();
        announce(server);
        tell_ready(server);
        begin_watchdog(server);
        if (server->reload_again) {
            server->reload_again = false;
            begin_reload(server);
        }
    }
    end_reload(server);
    if (server->phase == PHASE_STOPPING &&
        failed + count_state(server, WORKER_ENDED) == server->worker_count)
        event_base_loopbreak(server->base);
}

static void on_hangup(evutil_socket_t signal, short what, void *arg)
{
    struct server *server = arg;
    (void)signal;
    (void)what;
    if (server->phase == PHASE_STOPPING)
        return;
    if (server->phase == PHASE_STARTING || server->change.retiring)
        server->reload_again = true;
    else
        begin_reload(server);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
    on_hangup(fd, what, arg);
}

static void look(void *context, struct state *out)
{
    static const char *const phases[] = {"starting", "serving", "stopping"};
    const struct server *server = context;
    *out = (struct state){
        .now = clocks_now(),
        .phase = phases[server->phase],
        .started_ms = server->started_ms,
        .loaded_ms = server->change.loaded_ms,
        .bundle = server->change.bundle,
        .reload = &server->change.last,
        .refusal = &server->change.refusal,
        .log = server->log,
        .notify = server->notify,
        .watch = server->watch,
        .transfers = server->transfers,
        .worker_count = server->worker_count,
        .workers = server->workers,
    };
}

/* One that is under way was read before it was asked for: the next one counts. */
static uint64_t ask_for_reload(void *context)
{
    struct server *server = context;
    if (server->phase == PHASE_STOPPING)
        return 0;
    event_active(server->reload_event, EV_TIMEOUT, 0);
    return server->change.last.number + (server->change.retiring ? 2 : 1);
}

static bool open_control(struct server *server)
{
    const struct control_hooks hooks = {server, look, ask_for_reload};
    return server->control_socket->fd < 0 ||
           control_create(server->base, server->control_socket, server->log, &hooks,
                          &server->control) == STATUS_OK;
}

/* A start and a reload speak of certificates that are about to end; in between, the day does.
 */
static void on_day(evutil_socket_t fd, short what, void *arg)
{
    const struct server *server = arg;
    (void)fd;
    (void)what;
    bundle_warn(server->change.bundle, server->log);
}

/* Which prefixes are limited now. */
static void on_second(evutil_socket_t fd, short what, void *arg)
{
    const struct server *server = arg;
    (void)fd;
    (void)what;
    rrl_report(server->rrl, server->log, ticks_now());
}

static void on_terminate(evutil_socket_t signal, short what, void *arg)
{
    struct server *server = arg;
    (void)what;
    bool again = server->phase == PHASE_STOPPING;
    log_write(server->log, LOG_LEVEL_INFO, "%s: stopping%s",
              signal == SIGINT ? "interrupted" : "terminated", again ? " at once" : "");
    begin_stop(server, again);
}

/* libevent is given nobody to tell. That memory is out is told by who asked it for something. */
static void hear_libevent(int severity, const char *text)
{
    (void)severity;
    if (strstr(text, "allocate memory") == NULL && strstr(text, "no event mechanism") == NULL)
        fprintf(stderr, "contactd: libevent: %s\n", text);
}

static bool prepare_events(struct server *server)
{
    const struct timeval day = {86400, 0};
    const struct timeval second = {1, 0};
    event_set_log_callback(hear_libevent);
    server->notice = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    server->base = event_base_new();
    if (server->notice < 0 || !server->base)
        return false;
    server->hangup = evsignal_new(server->base, SIGHUP, on_hangup, server);
    server->terminate = evsignal_new(server->base, SIGTERM, on_terminate, server);
    server->interrupt = evsignal_new(server->base, SIGINT, on_terminate, server);
    server->reload_event = event_new(server->base, -1, 0, on_reload, server);
    server->notice_event =
        event_new(server->base, server->notice, EV_READ | EV_PERSIST, on_notice, server);
    server->daily = event_new(server->base, -1, EV_PERSIST, on_day, server);
    server->secondly = event_new(server->base, -1, EV_PERSIST, on_second, server);
    return server->hangup && server->terminate && server->interrupt && server->reload_event &&
           server->notice_event && server->daily && event_add(server->daily, &day) == 0 &&
           server->secondly && event_add(server->secondly, &second) == 0 &&
           event_add(server->hangup, NULL) == 0 && event_add(server->terminate, NULL) == 0 &&
           event_add(server->interrupt, NULL) == 0 && event_add(server->notice_event, NULL) == 0;
}

static bool prepare_parts(struct server *server)
{
    const struct config *config = server->change.bundle->config;

    server->limits = tcp_limits_create();
    server->rrl = rrl_create();
    server->workers = calloc(server->sockets->workers, sizeof *server->workers);
    return server->limits && server->rrl && server->workers &&
           transfers_create(&server->transfers) == STATUS_OK &&
           transfers_configure(server->transfers, config) == STATUS_OK &&
           notify_create(server->base, config, server->log, &server->notify) == STATUS_OK &&
           notify_configure(server->notify, config, server->change.bundle->keyring) == STATUS_OK &&
           watch_create(server->base, server->store, config, server->log, server->notify,
                        &server->watch) == STATUS_OK &&
           scrub_start(server->store, server->log, &server->scrub) == STATUS_OK &&
           open_control(server);
}

static enum status start_workers(struct server *server)
{
    for (size_t i = 0; i < server->sockets->workers; i++) {
        const struct worker_parts parts = {
            .number = (unsigned)i,
            .store = server->store,
            .bundle = server->change.bundle,
            .log = server->log,
            .limits = server->limits,
            .transfers = server->transfers,
            .rrl = server->rrl,
            .sockets = &server->sockets->pairs[i * server->sockets->addresses],
            .socket_count = server->sockets->addresses,
            .notice = server->notice,
        };
        enum status status = worker_start(&parts, &server->workers[i]);
        if (status != STATUS_OK)
            return status;
        server->worker_count++;
    }
    return STATUS_OK;
}

static enum status start(struct server *server)
{
    if (!prepare_events(server) || !prepare_parts(server) ||
        watch_start(server->watch) != STATUS_OK) {
        log_write(server->log, LOG_LEVEL_ERROR, "cannot start: out of memory or descriptors");
        return STATUS_SYSTEM;
    }
    return start_workers(server);
}

static void log_totals(const struct server *server)
{
    struct statistics total = {0};
    for (size_t i = 0; i < server->worker_count; i++)
        statistics_sum(&total, worker_statistics(server->workers[i]));
    log_write(
        server->log, LOG_LEVEL_INFO,
        "stopped: %" PRIu64 " queries by UDP, %" PRIu64 " by TCP, %" PRIu64 " by TLS, %" PRIu64
        " dropped, %" PRIu64 " transfers",
        statistics_get(&total, COUNT_UDP4_QUERIES) + statistics_get(&total, COUNT_UDP6_QUERIES),
        statistics_get(&total, COUNT_TCP_QUERIES), statistics_get(&total, COUNT_TLS_QUERIES),
        statistics_get(&total, COUNT_DROPPED), statistics_get(&total, COUNT_TRANSFERS_FINISHED));
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void join_workers(struct server *server)
{
    for (size_t i = 0; i < server->worker_count; i++)
        worker_join(server->workers[i]);
    free(server->workers);
}

static void finish(struct server *server)
{
    watchdog_destroy(server->watchdog);
    control_destroy(server->control);
    scrub_stop(server->scrub);
    watch_destroy(server->watch);
    notify_destroy(server->notify);
    transfers_destroy(server->transfers);
    tcp_limits_destroy(server->limits);
    rrl_destroy(server->rrl);
    free_event(server->hangup);
    free_event(server->terminate);
    free_event(server->interrupt);
    free_event(server->reload_event);
    free_event(server->notice_event);
    free_event(server->daily);
    free_event(server->secondly);
    if (server->base)
        event_base_free(server->base);
    if (server->notice >= 0)
        close(server->notice);
    changeover_clear(&server->change);
}

enum status server_run(struct bundle *bundle, const struct server_parts *parts)
{
    struct server server = {
        .phase = PHASE_STARTING,
        .outcome = STATUS_OK,
        .log = parts->log,
        .store = parts->store,
        .sockets = parts->sockets,
        .control_socket = parts->control,
        .keeper = parts->keeper,
        .supervisor = parts->supervisor,
        .started_ms = ticks_now(),
        .notice = -1,
    };
    changeover_start(&server.change, bundle);
    enum status status = start(&server);
    if (status == STATUS_OK) {
        event_base_dispatch(server.base);
        log_totals(&server);
    } else {
        crypto_reserve_open(); /* as in on_notice() */
        begin_stop(&server, true);
    }
    join_workers(&server);
    finish(&server);
    return status == STATUS_OK ? server.outcome : status;
}
