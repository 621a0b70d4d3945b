#include "server/worker.h"

#include "server/basis.h"
#include "server/errno_text.h"
#include "server/tcp.h"
#include "server/ticks.h"
#include "server/turns.h"
#include "server/udp.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* How often a stopping worker looks whether its connections are done. */
#define STOP_POLL_MS 20
/* When a configuration could not be taken for want of memory, it is tried again after this. */
#define ADOPT_RETRY_MS 200
/* What still waits in a UDP socket at the end is answered: as much as a full receive buffer holds,
 * 11 000 datagrams of 768 octets with what the kernel adds. A flood does not keep us longer. */
#define LAST_TURNS 88

/* How long UDP waits at most while TCP is busy, give or take one piece of its work. */
#define UDP_WAIT_US 500
#define CACHE_LINE  64

enum stop { STOP_NOT, STOP_SOON, STOP_NOW };

struct udp_listener {
    struct worker *worker;
    struct listen_pair *sockets;
    struct event *event; /* datagrams have come; not while it is flooded */
    struct event *again; /* while it is: in each turn of the loop */
    bool flooded;
};

struct worker {
    struct worker_parts parts;
    pthread_t thread;
    int wake; /* eventfd: something was posted */

    /* Between threads. */
    _Atomic(const struct bundle *) posted;
    _Atomic(const struct bundle *) adopted;
    atomic_int stop;             /* enum stop */
    atomic_uint asked, answered; /* worker_post_ping */
    atomic_int state;            /* enum worker_state */

    /* The worker's own. */
    struct basis *basis;
    struct udp *udp;
    struct event_base *base;
    struct tcp *tcp;
    struct event *wake_event;
    struct event *stop_event; /* set while stopping */
    int64_t stop_since_ms;
    int64_t looked_us; /* when TCP work was last interrupted for UDP */
    struct udp_listener *listeners;
    struct statistics *statistics;
};

static void raise_flag(int eventfd)
{
    uint64_t one = 1;
    /* Fails only when the flag is up and was not looked at 2^64 times. */
    ssize_t written = write(eventfd, &one, sizeof one);
    (void)written;
}

static void set_state(struct worker *worker, enum worker_state state)
{
    atomic_store(&worker->state, (int)state);
    raise_flag(worker->parts.notice);
}

/* What is left over comes up again after TCP, timers and posts. False: nothing is. */
static bool serve(struct udp_listener *listener)
{
    const struct listen_pair *sockets = listener->sockets;
    return udp_serve(listener->worker->udp, sockets->udp, sockets->wildcard, sockets->v6);
}

static void come_again(struct udp_listener *listener)
{
    const struct timeval at_once = {0, 0};
    event_add(listener->again, &at_once);
}

/* A socket that epoll watches tells it of each datagram that has come, and of each that has left:
 * a thirtieth of what a query costs. As long as there is always more nobody has to be told. */
static void on_datagrams(evutil_socket_t fd, short what, void *arg)
{
    struct udp_listener *listener = arg;
    (void)fd;
    (void)what;
    if (!serve(listener))
        return;
    listener->flooded = event_del(listener->event) == 0;
    if (listener->flooded)
        come_again(listener);
}

static void on_flood(evutil_socket_t fd, short what, void *arg)
{
    struct udp_listener *listener = arg;
    (void)fd;
    (void)what;
    listener->flooded = serve(listener) || event_add(listener->event, NULL) != 0;
    if (listener->flooded)
        come_again(listener);
}

static void on_stop_poll(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;
    (void)fd;
    (void)what;
    if (tcp_is_done(worker->tcp) || atomic_load(&worker->stop) == STOP_NOW ||
        ticks_now() - worker->stop_since_ms >= WORKER_STOP_MS)
        event_base_loopbreak(worker->base);
}

static void close_socket(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void free_listener(struct udp_listener *listener)
{
    if (listener->event)
        event_free(listener->event);
    if (listener->again)
        event_free(listener->again);
    listener->event = listener->again = NULL;
}

static void begin_stop(struct worker *worker)
{
    struct timeval interval = {0, STOP_POLL_MS * 1000};
    worker->stop_since_ms = ticks_now();
    for (size_t i = 0; i < worker->parts.socket_count; i++) {
        struct listen_pair *pair = &worker->parts.sockets[i];
        for (int turn = 0; turn < LAST_TURNS && pair->udp >= 0; turn++) {
            if (!udp_serve(worker->udp, pair->udp, pair->wildcard, pair->v6))
                break;
        }
        free_listener(&worker->listeners[i]);
        close_socket(&pair->udp);
    }
    tcp_stop(worker->tcp);
    for (size_t i = 0; i < worker->parts.socket_count; i++)
        close_socket(&worker->parts.sockets[i].tcp);
    worker->stop_event = event_new(worker->base, -1, EV_PERSIST, on_stop_poll, worker);
    if (!worker->stop_event || event_add(worker->stop_event, &interval) != 0)
        event_base_loopbreak(worker->base);
}

static void adopt(struct worker *worker)
{
    const struct bundle *posted = atomic_load(&worker->posted);
    event_remove_timer(worker->wake_event);
    if (posted == atomic_load(&worker->adopted))
        return;
    if (basis_adopt(worker->basis, posted) != STATUS_OK) {
        struct timeval delay = {0, ADOPT_RETRY_MS * 1000};
        event_add(worker->wake_event, &delay);
        return;
    }
    atomic_store(&worker->adopted, posted);
    raise_flag(worker->parts.notice);
}

/* A batch is never under way here: the loop runs one callback at a time. */
static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;
    uint64_t count;
    if (what & EV_READ) {
        ssize_t taken = read(fd, &count, sizeof count);
        (void)taken;
    }
    atomic_store(&worker->answered, atomic_load(&worker->asked));
    adopt(worker);
    if (atomic_load(&worker->stop) == STOP_NOT)
        return;
    if (!worker->stop_event)
        begin_stop(worker);
    on_stop_poll(-1, 0, worker);
}

static bool listen_udp(struct worker *worker)
{
    for (size_t i = 0; i < worker->parts.socket_count; i++) {
        struct udp_listener *listener = &worker->listeners[i];
        listener->worker = worker;
        listener->sockets = &worker->parts.sockets[i];
        if (listener->sockets->udp < 0)
            continue;
        listener->event = event_new(worker->base, listener->sockets->udp, EV_READ | EV_PERSIST,
                                    on_datagrams, listener);
        listener->again = event_new(worker->base, -1, 0, on_flood, listener);
        if (!listener->event || !listener->again || event_add(listener->event, NULL) != 0)
            return false;
    }
    return true;
}

static int64_t microseconds_now(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* TCP has done a piece of work: when it has been at it for a while, UDP has its turn in between. */
static void on_pause(void *context)
{
    struct worker *worker = context;
    int64_t now_us = microseconds_now();
    if (now_us - worker->looked_us < UDP_WAIT_US)
        return;
    for (size_t i = 0; i < worker->parts.socket_count; i++) {
        const struct listen_pair *pair = &worker->parts.sockets[i];
        if (pair->udp >= 0)
            udp_serve(worker->udp, pair->udp, pair->wildcard, pair->v6);
    }
    worker->looked_us = now_us;
}

static bool listen_tcp(struct worker *worker)
{
    const struct tcp_parts parts = {worker->basis,
                                    worker->statistics,
                                    worker->parts.limits,
                                    {on_pause, worker},
                                    worker->parts.transfers};
    if (tcp_create(worker->base, &parts, &worker->tcp) != STATUS_OK)
        return false;
    for (size_t i = 0; i < worker->parts.socket_count; i++) {
        const struct listen_pair *pair = &worker->parts.sockets[i];
        enum connection_kind kind = pair->tls ? CONNECTION_TLS : CONNECTION_PLAIN;
        if (pair->tcp < 0)
            continue;
        if (tcp_listen(worker->tcp, pair->tcp, kind) != STATUS_OK)
            return false;
    }
    return true;
}

static void free_loop(struct worker *worker)
{
    tcp_destroy(worker->tcp);
    for (size_t i = 0; i < worker->parts.socket_count; i++)
        free_listener(&worker->listeners[i]);
    if (worker->stop_event)
        event_free(worker->stop_event);
    if (worker->wake_event)
        event_free(worker->wake_event);
    if (worker->base)
        event_base_free(worker->base);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    char name[16];
    /* Here: of another thread it is a file of /proc, which the sandbox keeps closed. */
    snprintf(name, sizeof name, "worker/%u", worker->parts.number % 10000);
    pthread_setname_np(pthread_self(), name);
    /* Made here: a base belongs to one thread from its first to its last breath. */
    worker->base = event_base_new();
    if (worker->base && turns_prepare(worker->base) == STATUS_OK)
        worker->wake_event =
            event_new(worker->base, worker->wake, EV_READ | EV_PERSIST, on_wake, worker);
    bool ready = worker->wake_event && event_add(worker->wake_event, NULL) == 0 &&
                 listen_udp(worker) && listen_tcp(worker);
    if (ready) {
        set_state(worker, WORKER_RUNNING);
        event_base_dispatch(worker->base);
    }
    free_loop(worker);
    set_state(worker, ready ? WORKER_ENDED : WORKER_FAILED);
    return NULL;
}

static void free_worker(struct worker *worker)
{
    if (worker->wake >= 0)
        close(worker->wake);
    udp_destroy(worker->udp);
    basis_destroy(worker->basis);
    free(worker->statistics);
    free(worker->listeners);
    free(worker);
}

/* Cache lines of its own: two workers that count on the same one would slow each other down. */
static struct statistics *create_statistics(void)
{
    size_t octets = (sizeof(struct statistics) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    struct statistics *statistics = aligned_alloc(CACHE_LINE, octets);
    if (statistics)
        memset(statistics, 0, octets);
    return statistics;
}

static struct worker *create(const struct worker_parts *parts)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->parts = *parts;
    atomic_init(&worker->posted, parts->bundle);
    atomic_init(&worker->adopted, parts->bundle);
    atomic_init(&worker->stop, STOP_NOT);
    atomic_init(&worker->state, WORKER_STARTING);
    worker->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->listeners = calloc(parts->socket_count + 1, sizeof *worker->listeners);
    worker->statistics = create_statistics();
    if (worker->wake < 0 || !worker->listeners || !worker->statistics ||
        basis_create(parts->store, parts->bundle, parts->log, &worker->basis) != STATUS_OK) {
        free_worker(worker);
        return NULL;
    }
    basis_use_rrl(worker->basis, parts->rrl);
    worker->udp = udp_create(worker->basis, worker->statistics);
    if (!worker->udp) {
        free_worker(worker);
        return NULL;
    }
    return worker;
}

/* Signals are the main thread's: a thread inherits the mask of who starts it. All but those whose
 * handlers have a line to say in the thread that is at fault (syscall_filter.h, store/fault.h). */
static int start_thread(struct worker *worker)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSYS);
    sigdelset(&all, SIGBUS); /* of the database: store/fault.h */
    sigdelset(&all, SIGSEGV);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

enum status worker_start(const struct worker_parts *parts, struct worker **out)
{
    struct worker *worker = create(parts);
    int error = worker ? start_thread(worker) : ENOMEM;
    if (error != 0) {
        char text[ERRNO_TEXT_OCTETS];
        log_write(parts->log, LOG_LEVEL_ERROR, "cannot start worker %u: %s", parts->number,
                  errno_text(error, text));
        if (worker)
            free_worker(worker);
        return STATUS_SYSTEM;
    }
    *out = worker;
    return STATUS_OK;
}

enum worker_state worker_state(const struct worker *worker)
{
    return (enum worker_state)atomic_load(&worker->state);
}

void worker_post_bundle(struct worker *worker, const struct bundle *bundle)
{
    atomic_store(&worker->posted, bundle);
    raise_flag(worker->wake);
}

const struct bundle *worker_bundle(const struct worker *worker)
{
    return atomic_load(&worker->adopted);
}

void worker_post_ping(struct worker *worker)
{
    atomic_fetch_add(&worker->asked, 1);
    raise_flag(worker->wake);
}

bool worker_has_answered(const struct worker *worker)
{
    return atomic_load(&worker->answered) == atomic_load(&worker->asked);
}

void worker_post_stop(struct worker *worker, bool at_once)
{
    atomic_store(&worker->stop, at_once ? STOP_NOW : STOP_SOON);
    raise_flag(worker->wake);
}

void worker_join(struct worker *worker)
{
    if (!worker)
        return;
    pthread_join(worker->thread, NULL);
    free_worker(worker);
}

const struct statistics *worker_statistics(const struct worker *worker)
{
    return worker->statistics;
}
