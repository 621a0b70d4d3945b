#include "server/connections.h"

#include "server/connection.h"
#include "server/ticks.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

/* Closed in one sweep: each costs some ten microseconds, and whoever asks waits meanwhile. */
#define EXPIRES_AT_ONCE 32

struct connections *connections_create(struct event_base *base, struct basis *basis,
                                       struct statistics *statistics, struct tcp_limits *limits,
                                       const struct connections_pause *pause)
{
    struct connections *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->base = base;
    all->basis = basis;
    all->statistics = statistics;
    all->limits = limits;
    all->pause = *pause;
    TAILQ_INIT(&all->list);
    TAILQ_INIT(&all->handshakes);
    all->turns = turns_create(base);
    if (!all->turns) {
        free(all);
        return NULL;
    }
    return all;
}

void connections_observe(struct connections *all, struct transfers *transfers)
{
    all->transfers = transfers;
}

/* Nobody hears of it but who counts, or looks for it: anybody can make such lines. */
static void note_failed_handshake(const struct connection *c, const char *reason)
{
    struct log *log = basis_log(c->all->basis);
    const char *why = c->begun ? tls_session_reason(c->channel.tls) : "";
    char peer[ENDPOINT_TEXT_OCTETS];

    statistics_add(c->all->statistics, COUNT_TLS_FAILED, 1);
    if (!log_wants(log, LOG_LEVEL_DEBUG))
        return;
    endpoint_to_text(&c->client, peer);
    log_write(log, LOG_LEVEL_DEBUG, "no TLS with %s: %s", peer, why[0] != '\0' ? why : reason);
}

/* Why it has come to its end: counted once. */
static void count_end(const struct connection *c)
{
    struct statistics *statistics = c->all->statistics;
    if (atomic_load(&c->place.ended))
        statistics_add(statistics, COUNT_TCP_EVICTED, 1);
    else if (c->cut)
        statistics_add(statistics, COUNT_TCP_CUT, 1);
}

static void destroy(struct connection *c, const char *reason)
{
    struct connections *all = c->all;
    bool left_behind = c->late || c->output || c->stream;
    count_end(c);
    stream_destroy(c->stream, reason);
    turns_remove(all->turns, &c->turn);
    connection_end_handshake(c);
    event_del(&c->event);
    if (!c->ready)
        note_failed_handshake(c, reason);
    tcp_limits_leave(all->limits, &c->place);
    if (left_behind && channel_has_unsent(&c->channel))
        channel_abort(&c->channel);
    channel_close(&c->channel);
    tcp_kept_clear(&c->kept);
    free(c->output);
    TAILQ_REMOVE(&all->list, c, link);
    all->count--;
    free(c);
}

void connections_destroy(struct connections *all)
{
    if (!all)
        return;
    while (!TAILQ_EMPTY(&all->list))
        destroy(TAILQ_FIRST(&all->list), "the server stops");
    turns_destroy(all->turns);
    free(all);
}

static void on_event(evutil_socket_t fd, short what, void *arg);

/* True while something is to be done without waiting for the client. */
static bool is_busy(const struct connection *c)
{
    return connection_has_answers(c) || (!c->closing && channel_has_more(&c->channel));
}

/* What is to be waited for next. A client that goes before its handshake has begun gives up its
 * turn; later, and as long as it waits for one, nothing that it does is looked at. */
static short next_event(const struct connection *c, bool pending)
{
    if (c->turn.waits)
        return c->begun ? 0 : EV_CLOSED;
    return channel_waits_to_write(&c->channel, pending) ? EV_WRITE : EV_READ;
}

/* Says what it is at to who counts, where that has changed; false when there is no room for it. */
static bool is_held(struct connection *c)
{
    size_t octets = 0;
    enum tcp_stage stage = connection_stage(c, &octets);
    return (stage == c->place.stage && octets == c->place.held) ||
           tcp_limits_hold(c->all->limits, &c->place, stage, octets);
}

/* Waits for what comes next, or closes when nothing does. The connection may be gone afterwards. */
static void settle(struct connection *c)
{
    bool pending = is_busy(c);
    if (c->failed || (!pending && (c->closing || c->all->draining))) {
        destroy(c, "the client closed");
        return;
    }
    if (!is_held(c)) {
        c->cut = true;
        destroy(c, "it holds more than there is room for");
        return;
    }
    short await = next_event(c, pending);
    if (await == c->awaited)
        return;
    if (c->awaited != 0)
        event_del(&c->event);
    c->awaited = await;
    event_assign(&c->event, c->all->base, c->channel.fd, (short)(await | EV_PERSIST), on_event, c);
    if (await != 0 && event_add(&c->event, NULL) != 0)
        destroy(c, "out of memory");
}

/* What costs much and yields no query goes in turns: handshakes, and records that hold nothing. */
static bool goes_in_turns(const struct connection *c)
{
    return c->tls && (!c->ready || c->barren) && !connection_has_answers(c);
}

static void make_room_for_handshake(struct connections *all)
{
    if (all->handshake_count < CONNECTION_HANDSHAKES_MAX)
        return;
    struct connection *oldest = TAILQ_FIRST(&all->handshakes);
    oldest->cut = true;
    destroy(oldest, "others shake hands");
}

static void on_turn(struct turn *turn)
{
    struct connection *c = (struct connection *)turn; /* its first member */
    if (!c->begun)
        make_room_for_handshake(c->all);
    connection_read(c);
    settle(c);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;
    struct connections *all = c->all;
    (void)fd;
    (void)what; /* TLS may write before it reads, and the other way round */
    if (c->turn.waits)
        c->failed = true; /* it has gone, or has to */
    else if (goes_in_turns(c))
        turns_add(all->turns, &c->turn, c->begun && !c->ready);
    else if (connection_has_answers(c))
        connection_write(c);
    else
        connection_read(c);
    settle(c);
    all->pause.pause(all->pause.context);
}

static struct connection *create(struct connections *all, int fd, const struct endpoint *client)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    if (channel_open(&c->channel, fd, NULL) != STATUS_OK) {
        free(c);
        return NULL;
    }
    c->all = all;
    c->client = *client;
    c->turn.run = on_turn;
    atomic_store(&c->place.age.since_ms, ticks_now());
    event_assign(&c->event, all->base, fd, EV_READ | EV_PERSIST, on_event, c);
    return c;
}

/* Counts the connection in, making room where that helps. */
static bool is_admitted(struct connections *all, struct connection *c)
{
    const struct config_server *server = &basis_config(all->basis)->server;
    const struct tcp_ceilings ceilings = {server->tcp_max, server->tcp_per_client};
    const struct tcp_client client = tcp_client_of(&c->client.address.any);
    return tcp_limits_enter(all->limits, &ceilings, &client, c->channel.fd, &c->place) ==
           TCP_GRANTED;
}

void connections_add(struct connections *all, int fd, const struct endpoint *client,
                     enum connection_kind kind)
{
    /* `tls-listen` is the same in all bundles */
    assert(kind == CONNECTION_PLAIN || basis_bundle(all->basis)->tls);
    struct connection *c = create(all, fd, client);
    if (!c || !is_admitted(all, c)) {
        statistics_add(all->statistics, COUNT_TCP_REFUSED, 1);
        close(fd);
        free(c);
        return;
    }
    c->tls = kind == CONNECTION_TLS;
    c->ready = !c->tls;
    TAILQ_INSERT_TAIL(&all->list, c, link);
    all->count++;
    statistics_add(all->statistics, COUNT_TCP_ACCEPTED, 1);
    statistics_add(all->statistics, COUNT_TLS_ACCEPTED, c->tls);
    settle(c);
}

/* Whether the time has passed for something that was under way, rather than for nothing. */
static bool was_under_way(const struct connection *c)
{
    return !c->ready || c->kept.length > 0 || connection_has_answers(c) ||
           channel_has_unsent(&c->channel);
}

bool connections_expire(struct connections *all, int64_t now_ms)
{
    /* As configured now: a reload changes it for connections that are open, too. */
    int64_t limit = basis_config(all->basis)->server.tcp_idle_ms;
    for (int i = 0; i < EXPIRES_AT_ONCE; i++) {
        struct connection *c = TAILQ_FIRST(&all->list);
        if (!c || now_ms - atomic_load(&c->place.age.since_ms) < limit)
            return false;
        c->cut = c->late = was_under_way(c);
        statistics_add(all->statistics, COUNT_TCP_EXPIRED, !c->cut);
        destroy(c, "the client took too long");
    }
    return true;
}

bool connections_evict(struct connections *all)
{
    return tcp_limits_evict(all->limits, ticks_now());
}

void connections_drain(struct connections *all)
{
    struct connection *next = NULL;
    all->draining = true;
    /* Each is read once more, for what came before the end was known. One that was answered moves
     * to the end of the list and is met again, then with its answers pending or not at all. */
    for (struct connection *c = TAILQ_FIRST(&all->list); c; c = next) {
        next = TAILQ_NEXT(c, link);
        if (c->awaited != EV_READ)
            continue;
        if (c->ready)
            connection_read(c);
        settle(c);
    }
}

size_t connections_count(const struct connections *all)
{
    return all->count;
}
