#include "server/connections.h"

#include "server/channel.h"
#include "server/refusal.h"
#include "server/stream.h"
#include "server/tcp_frame.h"
#include "server/ticks.h"
#include "wire/writer.h"

#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

/* A read takes this many, or what the message at hand lacks where that is more: some 100 queries,
 * enough to make the system calls cheap, and a tenth of a millisecond of work. */
#define READ_OCTETS 4096
/* So many octets taken by the client restart its time: at 10 s that is 13 kbit/s. */
#define PROGRESS_OCTETS 16384

struct connection {
    TAILQ_ENTRY(connection) link;
    struct connections *all;
    struct event event;
    short awaited; /* EV_READ, EV_WRITE, or 0 */
    bool more;     /* `kept` starts with a whole message, or with what is none */
    bool closing;  /* nothing more is read: the framing is broken, or the client sent its last */
    bool failed;   /* close at once */
    bool ready;    /* plain, or its handshake is done */
    struct channel channel;
    struct endpoint client;
    int64_t since_ms;
    size_t progress; /* octets taken since the time was last restarted */
    struct tcp_kept kept;
    uint8_t *output; /* what the socket did not take, or NULL */
    size_t output_octets;
    size_t output_at;
    struct stream *stream; /* or NULL */
};

TAILQ_HEAD(connection_list, connection);

struct connections {
    struct event_base *base;
    struct basis *basis;
    struct statistics *statistics;
    struct tcp_limits *limits;
    struct transfers *transfers; /* or NULL */
    struct connections_pause pause;
    struct log_pace pace;
    bool draining;
    size_t count;
    struct log_pace denied;
    struct connection_list list; /* by since_ms: the first expires first */
    struct reply reply;
    uint8_t input[TCP_FRAME_OCTETS + READ_OCTETS];
    uint8_t output[2 * TCP_FRAME_OCTETS];
};

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
    const char *why = tls_session_reason(c->channel.tls);
    char peer[ENDPOINT_TEXT_OCTETS];

    statistics_add(c->all->statistics, COUNT_TLS_FAILED, 1);
    if (!log_wants(log, LOG_LEVEL_DEBUG))
        return;
    endpoint_to_text(&c->client, peer);
    log_write(log, LOG_LEVEL_DEBUG, "no TLS with %s: %s", peer, why[0] != '\0' ? why : reason);
}

static void destroy(struct connection *c, const char *reason)
{
    struct connections *all = c->all;
    struct tcp_client client = tcp_client_of(&c->client.address.any);
    stream_destroy(c->stream, reason);
    event_del(&c->event);
    if (!c->ready)
        note_failed_handshake(c, reason);
    channel_close(&c->channel);
    tcp_kept_clear(&c->kept);
    free(c->output);
    TAILQ_REMOVE(&all->list, c, link);
    all->count--;
    tcp_limits_leave(all->limits, &client);
    free(c);
}

void connections_destroy(struct connections *all)
{
    if (!all)
        return;
    while (!TAILQ_EMPTY(&all->list))
        destroy(TAILQ_FIRST(&all->list), "the server stops");
    free(all);
}

static void restart_time(struct connection *c)
{
    struct connection_list *list = &c->all->list;
    c->since_ms = ticks_now();
    c->progress = 0;
    TAILQ_REMOVE(list, c, link);
    TAILQ_INSERT_TAIL(list, c, link);
}

static void note_progress(struct connection *c, size_t octets)
{
    c->progress += octets;
    if (c->progress >= PROGRESS_OCTETS)
        restart_time(c);
}

static void on_event(evutil_socket_t fd, short what, void *arg);

/* True while something is to be sent, or to be answered before more is read. */
static bool has_answers(const struct connection *c)
{
    return c->output || c->stream || c->more;
}

/* True while something is to be done without waiting for the client. */
static bool is_busy(const struct connection *c)
{
    return has_answers(c) || (!c->closing && channel_has_more(&c->channel));
}

/* Waits for what comes next, or closes when nothing does. The connection may be gone afterwards. */
static void settle(struct connection *c)
{
    bool pending = is_busy(c);
    if (c->failed || (!pending && (c->closing || c->all->draining))) {
        destroy(c, "the client closed");
        return;
    }
    short await = channel_waits_to_write(&c->channel, pending) ? EV_WRITE : EV_READ;
    if (await == c->awaited)
        return;
    if (c->awaited != 0)
        event_del(&c->event);
    c->awaited = await;
    event_assign(&c->event, c->all->base, c->channel.fd, (short)(await | EV_PERSIST), on_event, c);
    if (event_add(&c->event, NULL) != 0)
        destroy(c, "out of memory");
}

/* Sends the octets; keeps a copy of those that the socket does not take now. */
static void transmit(struct connection *c, const uint8_t *octets, size_t length)
{
    size_t taken = 0;
    if (channel_write(&c->channel, octets, length, &taken) == IO_FAILED) {
        c->failed = true;
        return;
    }
    statistics_add(c->all->statistics, COUNT_TCP_OCTETS_SENT, taken);
    if (taken == length)
        return;
    c->output_octets = length - taken;
    c->output_at = 0;
    c->output = malloc(c->output_octets);
    if (c->output)
        memcpy(c->output, octets + taken, c->output_octets);
    else
        c->failed = true;
}

/* Goes on with what was kept. */
static void transmit_kept(struct connection *c)
{
    size_t taken = 0;
    enum io io = channel_write(&c->channel, c->output + c->output_at,
                               c->output_octets - c->output_at, &taken);
    c->failed = io == IO_FAILED;
    statistics_add(c->all->statistics, COUNT_TCP_OCTETS_SENT, taken);
    c->output_at += taken;
    note_progress(c, taken);
    if (c->output_at < c->output_octets)
        return;
    free(c->output);
    c->output = NULL;
    restart_time(c);
}

static void put_reply(const struct reply *reply, struct writer *output)
{
    writer_u16(output, (uint16_t)reply->octets);
    for (size_t i = 0; i < reply->part_count; i++)
        writer_octets(output, reply->parts[i].iov_base, reply->parts[i].iov_len);
}

/* A transfer that cannot start now: SERVFAIL, since later it may (RFC 9103 §6.3.3). Its question,
 * its OPT and the key of its TSIG are those that the transfer would have had. */
static void put_servfail(const uint8_t *request, struct reply *reply, int64_t now,
                         struct writer *output)
{
    struct reader r = reader_of(request, DNS_HEADER_OCTETS);
    struct header header = header_read(&r);
    header.flags =
        (uint16_t)(HEADER_QR | (header.flags & (HEADER_RD | HEADER_CD)) | RCODE_SERVFAIL);
    header.qdcount = 1;
    header.ancount = header.nscount = 0;
    header.arcount = reply->tail_octets > 0;
    size_t length = reply->head_octets + reply->tail_octets;
    size_t at = writer_length(output);
    writer_u16(output, 0);
    uint8_t *message = output->next;
    header_write(output, &header);
    writer_octets(output, reply->head + DNS_HEADER_OCTETS, reply->head_octets - DNS_HEADER_OCTETS);
    writer_octets(output, reply->tail, reply->tail_octets);
    size_t unsigned_octets = length;
    if (reply->tsig && writer_left(output) >= tsig_octets(reply->tsig) &&
        tsig_append(reply->tsig, message, &length, now))
        writer_room(output, length - unsigned_octets);
    writer_patch_u16(output, at, (uint16_t)length);
}

static void start_transfer(struct connection *c, const struct view *view, const uint8_t *request,
                           struct writer *output)
{
    struct connections *all = c->all;
    const struct stream_parts parts = {
        basis_store(all->basis), basis_log(all->basis), all->statistics, all->limits, view->clock,
        all->transfers};
    bool started =
        !all->draining && stream_create(&parts, &all->reply, &c->client, &c->stream) == STATUS_OK;
    if (!started)
        put_servfail(request, &all->reply, view->clock(), output);
    all->reply.rcode = started ? RCODE_NOERROR : RCODE_SERVFAIL;
    reply_count(&all->reply, all->statistics);
}

/* Operators look for this line when a secondary gets no zone. Anybody can cause it: one a minute.
 */
static void log_denied(struct connection *c, const struct reply *reply)
{
    struct connections *all = c->all;
    char peer[ENDPOINT_TEXT_OCTETS];
    uint16_t error = reply->tsig ? reply->tsig->error : 0;

    statistics_add(all->statistics, COUNT_TRANSFERS_REFUSED, 1);
    if (!log_pace_allows(&all->denied, ticks_now()))
        return;
    endpoint_to_text(&c->client, peer);
    if (error != 0)
        log_write(basis_log(all->basis), LOG_LEVEL_WARNING,
                  "transfer to %s refused: its signature is not good (%s)", peer,
                  tsig_error_name(error));
    else
        log_write(basis_log(all->basis), LOG_LEVEL_WARNING, "transfer to %s refused: %s", peer,
                  reply->rcode == RCODE_REFUSED ? "no acl grants it" : "no zone of that name");
}

static struct asker asker_of(const struct connection *c)
{
    const struct tls_session *tls = c->channel.tls;
    struct asker asker = {.address = &c->client.address.any, .transport = TRANSPORT_TCP};

    if (tls) {
        asker.transport = TRANSPORT_TLS;
        asker.may_transfer = tls_session_is_for_transfers(tls);
        asker.names = tls_session_names(tls, time(NULL), &asker.name_count);
    }
    return asker;
}

static void answer_message(struct connection *c, const struct view *view, const uint8_t *message,
                           size_t length, struct writer *output)
{
    struct connections *all = c->all;
    struct reply *reply = &all->reply;
    statistics_add(all->statistics, c->channel.tls ? COUNT_TLS_QUERIES : COUNT_TCP_QUERIES, 1);
    const struct asker asker = asker_of(c);
    respond(view, message, length, &asker, reply);
    switch (reply->action) {
    case REPLY_SEND:
        put_reply(reply, output);
        reply_count(reply, all->statistics);
        if (reply->transfer_denied) {
            log_denied(c, reply);
            refusal_note(all->transfers, view, &c->client, reader_of(message, length), reply);
        }
        break;
    case REPLY_TRANSFER:
        start_transfer(c, view, message, output);
        break;
    case REPLY_DROP:
        statistics_add(all->statistics, COUNT_DROPPED, 1);
        break;
    }
}

/*
 * Answers whole messages until there is none, the output is full, or a transfer starts: queries
 * after it are answered after it. Returns the octets of `output` filled.
 */
static size_t answer_messages(struct connection *c, const struct view *view, struct reader *input)
{
    struct connections *all = c->all;
    struct writer output = writer_of(all->output, sizeof all->output);
    const uint8_t *message = NULL;
    size_t length = 0;
    bool any = false;

    while (!c->stream && writer_left(&output) >= TCP_FRAME_OCTETS) {
        enum tcp_frame frame = tcp_frame_take(input, &message, &length);
        c->closing = c->closing || frame == TCP_FRAME_BROKEN;
        if (frame != TCP_FRAME_WHOLE)
            break;
        answer_message(c, view, message, length, &output);
        any = true;
    }
    if (any)
        restart_time(c);
    return writer_length(&output);
}

/* Answers what stands in the first `length` octets of the input, and keeps the rest of them. */
static void answer(struct connection *c, size_t length)
{
    struct connections *all = c->all;
    struct reader input = reader_of(all->input, length);
    const struct view *view = basis_begin(all->basis);
    if (!view) {
        /* The client asks elsewhere, sooner than it would if it heard nothing. */
        c->failed = true;
        return;
    }
    size_t octets = answer_messages(c, view, &input);
    basis_end(all->basis);

    /* What comes after a broken length is not read as messages. */
    if (!c->closing) {
        struct reader ahead = input;
        const uint8_t *message = NULL;
        size_t message_octets = 0;
        c->more = tcp_frame_take(&ahead, &message, &message_octets) != TCP_FRAME_PARTIAL;
        if (tcp_kept_set(&c->kept, input.next, reader_left(&input)) != STATUS_OK)
            c->failed = true;
    }
    if (octets > 0)
        transmit(c, all->output, octets);
}

/* The handshake is done: the time of the first message starts. A client whose certificate is worth
 * nothing here is none the wiser; the operator is. */
static void greet(struct connection *c)
{
    const char *distrust = tls_session_distrust(c->channel.tls);
    char peer[ENDPOINT_TEXT_OCTETS];

    c->ready = true;
    restart_time(c);
    if (!distrust || !log_pace_allows(&c->all->pace, ticks_now()))
        return;
    endpoint_to_text(&c->client, peer);
    log_write(basis_log(c->all->basis), LOG_LEVEL_INFO,
              "the certificate of %s is not taken: %s; it counts as none", peer, distrust);
}

static void on_readable(struct connection *c)
{
    struct connections *all = c->all;
    size_t there = tcp_kept_take(&c->kept, all->input);
    struct reader window = reader_of(all->input, there);
    size_t wanted = tcp_frame_lacks(&window);
    wanted = wanted > READ_OCTETS ? wanted : READ_OCTETS;

    size_t received = 0;
    enum io io = channel_read(&c->channel, all->input + there, wanted, &received);
    if (!c->ready && tls_session_is_ready(c->channel.tls))
        greet(c);
    if (io == IO_DONE) {
        answer(c, there + received);
    } else if (io == IO_ENDED) {
        /* All that came before was answered; half a message is dropped. */
        c->closing = true;
    } else if (io == IO_FAILED) {
        c->failed = true;
    } else if (tcp_kept_set(&c->kept, all->input, there) != STATUS_OK) {
        c->failed = true;
    }
}

static void on_writable(struct connection *c)
{
    if (c->output)
        transmit_kept(c);
    if (c->output || c->failed)
        return;
    if (c->stream) {
        size_t written = 0;
        enum stream_step step = stream_step(c->stream, &c->channel, ticks_now(), &written);
        note_progress(c, written);
        if (step == STREAM_GOES_ON)
            return;
        c->failed = step == STREAM_FAILED;
        stream_destroy(c->stream, stream_reason(c->stream));
        c->stream = NULL;
        restart_time(c);
        return;
    }
    if (c->more) {
        c->more = false;
        answer(c, tcp_kept_take(&c->kept, c->all->input));
    }
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;
    struct connections *all = c->all;
    (void)fd;
    (void)what; /* TLS may write before it reads, and the other way round */
    if (has_answers(c))
        on_writable(c);
    else
        on_readable(c);
    settle(c);
    all->pause.pause(all->pause.context);
}

/* Counts the connection in, making room where that helps. */
static bool is_admitted(struct connections *all, const struct tcp_client *client)
{
    const struct config_server *server = &basis_config(all->basis)->server;
    enum tcp_grant grant =
        tcp_limits_enter(all->limits, client, server->tcp_max, server->tcp_per_client);
    if (grant == TCP_FULL && connections_evict(all))
        grant = tcp_limits_enter(all->limits, client, server->tcp_max, server->tcp_per_client);
    return grant == TCP_GRANTED;
}

void connections_add(struct connections *all, int fd, const struct endpoint *client,
                     enum connection_kind kind)
{
    struct tls_identity *identity = kind == CONNECTION_TLS ? basis_bundle(all->basis)->tls : NULL;
    assert(identity || kind == CONNECTION_PLAIN); /* `tls-listen` is the same in all bundles */
    struct tcp_client counted = tcp_client_of(&client->address.any);
    if (!is_admitted(all, &counted)) {
        statistics_add(all->statistics, COUNT_TCP_REFUSED, 1);
        close(fd);
        return;
    }
    struct connection *c = calloc(1, sizeof *c);
    if (!c || channel_open(&c->channel, fd, identity) != STATUS_OK) {
        free(c);
        tcp_limits_leave(all->limits, &counted);
        close(fd);
        return;
    }
    c->all = all;
    c->ready = kind == CONNECTION_PLAIN;
    c->client = *client;
    c->since_ms = ticks_now();
    TAILQ_INSERT_TAIL(&all->list, c, link);
    all->count++;
    statistics_add(all->statistics, COUNT_TCP_ACCEPTED, 1);
    statistics_add(all->statistics, COUNT_TLS_ACCEPTED, kind == CONNECTION_TLS);
    event_assign(&c->event, all->base, fd, EV_READ | EV_PERSIST, on_event, c);
    settle(c);
}

void connections_expire(struct connections *all, int64_t now_ms)
{
    /* As configured now: a reload changes it for connections that are open, too. */
    int64_t limit = basis_config(all->basis)->server.tcp_idle_ms;
    struct connection *c;
    while ((c = TAILQ_FIRST(&all->list)) && now_ms - c->since_ms >= limit) {
        statistics_add(all->statistics, COUNT_TCP_EXPIRED, 1);
        destroy(c, "the client took too long");
    }
}

bool connections_evict(struct connections *all)
{
    struct connection *c;
    TAILQ_FOREACH(c, &all->list, link)
    {
        if (is_busy(c))
            continue;
        statistics_add(all->statistics, COUNT_TCP_EVICTED, 1);
        destroy(c, "");
        return true;
    }
    return false;
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
        on_readable(c);
        settle(c);
    }
}

size_t connections_count(const struct connections *all)
{
    return all->count;
}
