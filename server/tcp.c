#include "server/tcp.h"

#include "server/errno_text.h"
#include "server/ticks.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections accepted in one turn. */
#define ACCEPTS_PER_TURN 64
/* Until more are closed, where many have to be at once. */
#define SWEEP_ON_MS 1
/* How exactly tcp-idle is kept. Not a timer for each connection: time moves on with each message,
 * and the list that they are in is in order anyway. */
#define SWEEP_MS 100
/* How long nothing is accepted when descriptors or memory are out: a listener that stays readable
 * would else take the whole core, and clients wait in the backlog meanwhile. Shorter where somebody
 * makes room: as long as a worker needs to notice. */
#define PAUSE_MS      100
#define ROOM_PAUSE_MS 5

struct tcp_listener {
    struct tcp *tcp;
    struct event *event;
    enum connection_kind kind;
};

struct tcp {
    struct event_base *base;
    struct basis *basis;
    struct connections *connections;
    struct connections_pause pause;
    struct event *sweep;
    struct event *resume;
    struct log_pace pace;
    size_t listener_count;
    struct tcp_listener **listeners;
};

static struct timeval milliseconds(int ms)
{
    return (struct timeval){ms / 1000, ms % 1000 * 1000};
}

static void pause_listeners(struct tcp *tcp, int error)
{
    /* What was idle for longest gives its descriptor to who wants to ask. */
    bool evicted = connections_evict(tcp->connections);
    struct timeval delay = milliseconds(evicted ? ROOM_PAUSE_MS : PAUSE_MS);
    for (size_t i = 0; i < tcp->listener_count; i++)
        event_del(tcp->listeners[i]->event);
    event_add(tcp->resume, &delay);
    if (log_pace_allows(&tcp->pace, ticks_now())) {
        char text[ERRNO_TEXT_OCTETS];
        log_write(basis_log(tcp->basis), LOG_LEVEL_WARNING,
                  "cannot accept TCP connections: %s%s; raise the limit or lower 'tcp-max'",
                  errno_text(error, text), evicted ? ", an idle one was closed" : "");
    }
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct tcp *tcp = arg;
    (void)fd;
    (void)what;
    for (size_t i = 0; i < tcp->listener_count; i++)
        event_add(tcp->listeners[i]->event, NULL);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct tcp *tcp = arg;
    (void)fd;
    (void)what;
    bool more = connections_expire(tcp->connections, ticks_now());
    struct timeval delay = milliseconds(more ? SWEEP_ON_MS : SWEEP_MS);
    /* A worker without connections sleeps. */
    if (connections_count(tcp->connections) > 0)
        event_add(tcp->sweep, &delay);
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
    const struct tcp_listener *listener = arg;
    struct tcp *tcp = listener->tcp;
    struct timeval interval = milliseconds(SWEEP_MS);
    (void)what;

    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct endpoint client = {.length = sizeof client.address};
        int accepted =
            accept4(fd, &client.address.any, &client.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            connections_add(tcp->connections, accepted, &client, listener->kind);
            tcp->pause.pause(tcp->pause.context);
            continue;
        }
        if (errno == EAGAIN)
            break;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_listeners(tcp, errno);
            break;
        }
        /* EINTR, and what Linux reports of the connection itself (ECONNABORTED, EPROTO,
         * ENETDOWN …, accept(2)): the next one is another. */
    }
    if (connections_count(tcp->connections) > 0 && !event_pending(tcp->sweep, EV_TIMEOUT, NULL))
        event_add(tcp->sweep, &interval);
}

enum status tcp_create(struct event_base *base, const struct tcp_parts *parts, struct tcp **out)
{
    struct tcp *tcp = calloc(1, sizeof *tcp);
    if (!tcp)
        return STATUS_SYSTEM;
    tcp->base = base;
    tcp->basis = parts->basis;
    tcp->connections =
        connections_create(base, parts->basis, parts->statistics, parts->limits, &parts->pause);
    if (tcp->connections)
        connections_observe(tcp->connections, parts->transfers);
    tcp->pause = parts->pause;
    tcp->sweep = event_new(base, -1, 0, on_sweep, tcp);
    tcp->resume = event_new(base, -1, 0, on_resume, tcp);
    if (!tcp->connections || !tcp->sweep || !tcp->resume) {
        tcp_destroy(tcp);
        return STATUS_SYSTEM;
    }
    *out = tcp;
    return STATUS_OK;
}

enum status tcp_listen(struct tcp *tcp, int fd, enum connection_kind kind)
{
    struct tcp_listener **grown =
        realloc(tcp->listeners, (tcp->listener_count + 1) * sizeof(struct tcp_listener *));
    if (!grown)
        return STATUS_SYSTEM;
    tcp->listeners = grown;
    struct tcp_listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return STATUS_SYSTEM;
    tcp->listeners[tcp->listener_count++] = listener;
    listener->tcp = tcp;
    listener->kind = kind;
    listener->event = event_new(tcp->base, fd, EV_READ | EV_PERSIST, on_connection, listener);
    return listener->event && event_add(listener->event, NULL) == 0 ? STATUS_OK : STATUS_SYSTEM;
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void free_listeners(struct tcp *tcp)
{
    for (size_t i = 0; i < tcp->listener_count; i++) {
        free_event(tcp->listeners[i]->event);
        free(tcp->listeners[i]);
    }
    tcp->listener_count = 0;
    free(tcp->listeners);
    tcp->listeners = NULL;
}

void tcp_destroy(struct tcp *tcp)
{
    if (!tcp)
        return;
    connections_destroy(tcp->connections);
    free_listeners(tcp);
    free_event(tcp->sweep);
    free_event(tcp->resume);
    free(tcp);
}

void tcp_stop(struct tcp *tcp)
{
    free_listeners(tcp);
    event_del(tcp->resume);
    connections_drain(tcp->connections);
}

bool tcp_is_done(const struct tcp *tcp)
{
    return connections_count(tcp->connections) == 0;
}
