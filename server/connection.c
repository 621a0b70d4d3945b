/* One connection: how it reads, writes, and keeps what cannot be sent or answered yet. */
#include "server/connection.h"

#include "server/ticks.h"

#include <stdlib.h>
#include <string.h>

/* So many octets of a zone that the client takes restart its time: at 10 s that is 13 kbit/s. */
#define PROGRESS_OCTETS 16384

void connection_restart_time(struct connection *c)
{
    struct connection_list *list = &c->all->list;
    atomic_store_explicit(&c->place.age.since_ms, ticks_now(), memory_order_relaxed);
    c->progress = 0;
    TAILQ_REMOVE(list, c, link);
    TAILQ_INSERT_TAIL(list, c, link);
}

bool connection_has_answers(const struct connection *c)
{
    return c->output || c->stream || c->more;
}

enum tcp_stage connection_stage(const struct connection *c, size_t *octets)
{
    *octets = c->kept.room > TCP_LIMITS_FREE_OCTETS ? c->kept.room : 0;
    if (c->stream)
        return TCP_TRANSFERS;
    if (!c->output)
        return c->more ? TCP_SENDS : TCP_WAITS;
    *octets += c->output_octets;
    return TCP_SENDS;
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

/* Goes on with what was kept. That has to be taken whole before the time is restarted: who takes an
 * octet now and then holds it no longer than who takes none. */
static void transmit_kept(struct connection *c)
{
    size_t taken = 0;
    enum io io = channel_write(&c->channel, c->output + c->output_at,
                               c->output_octets - c->output_at, &taken);
    c->failed = io == IO_FAILED;
    statistics_add(c->all->statistics, COUNT_TCP_OCTETS_SENT, taken);
    c->output_at += taken;
    if (c->output_at < c->output_octets)
        return;
    free(c->output);
    c->output = NULL;
    connection_restart_time(c);
}

static void answer(struct connection *c, size_t length)
{
    size_t octets = connection_answer(c, length);
    if (octets > 0)
        transmit(c, c->all->output, octets);
}

void connection_end_handshake(struct connection *c)
{
    if (!c->begun || c->ready)
        return;
    TAILQ_REMOVE(&c->all->handshakes, c, handshake);
    c->all->handshake_count--;
}

/* The handshake is done: the time of the first message starts. A client whose certificate is worth
 * nothing here is none the wiser; the operator is. */
static void greet(struct connection *c)
{
    const char *distrust = tls_session_distrust(c->channel.tls);
    char peer[ENDPOINT_TEXT_OCTETS];

    connection_end_handshake(c);
    c->ready = true;
    connection_restart_time(c);
    if (!distrust || !log_pace_allows(&c->all->pace, ticks_now()))
        return;
    endpoint_to_text(&c->client, peer);
    log_write(basis_log(c->all->basis), LOG_LEVEL_INFO,
              "the certificate of %s is not taken: %s; it counts as none", peer, distrust);
}

/* The handshake begins with the first turn: who only connects costs no more than by TCP. */
static bool begin_handshake(struct connection *c)
{
    struct connections *all = c->all;
    c->begun = true;
    TAILQ_INSERT_TAIL(&all->handshakes, c, handshake);
    all->handshake_count++;
    return channel_secure(&c->channel, basis_bundle(c->all->basis)->tls) == STATUS_OK;
}

static void take(struct connection *c, enum io io, size_t there, size_t received)
{
    if (io == IO_DONE) {
        answer(c, there + received);
    } else if (io == IO_ENDED) {
        /* All that came before was answered; half a message is dropped. */
        c->closing = true;
    } else {
        c->failed = io == IO_FAILED || tcp_kept_set(&c->kept, c->all->input, there) != STATUS_OK;
    }
}

void connection_read(struct connection *c)
{
    struct connections *all = c->all;
    if (c->tls && !c->begun && !begin_handshake(c)) {
        c->failed = true;
        return;
    }
    size_t there = tcp_kept_take(&c->kept, all->input);
    struct reader window = reader_of(all->input, there);
    size_t wanted = tcp_frame_lacks(&window);
    wanted = wanted > CONNECTION_READ_OCTETS ? wanted : CONNECTION_READ_OCTETS;

    size_t received = 0;
    enum io io = channel_read(&c->channel, all->input + there, wanted, &received);
    c->emptied = io != IO_DONE;
    c->barren = c->tls && c->ready && io == IO_WAITS_TO_READ;
    if (!c->ready && tls_session_is_ready(c->channel.tls))
        greet(c);
    take(c, io, there, received);
    c->cut = c->cut || channel_is_abused(&c->channel);
    /* Ended to make room: what had come is answered, and no more is read, however much comes. */
    c->closing = c->closing || atomic_load_explicit(&c->place.ended, memory_order_relaxed);
}

static void go_on_with_transfer(struct connection *c)
{
    size_t written = 0;
    enum stream_step step =
        stream_step(c->stream, &c->channel, ticks_now(), c->all->bulk, &written);
    c->progress += written;
    if (c->progress >= PROGRESS_OCTETS)
        connection_restart_time(c);
    if (step == STREAM_GOES_ON)
        return;
    c->failed = step == STREAM_FAILED;
    stream_destroy(c->stream, stream_reason(c->stream));
    c->stream = NULL;
    channel_set_bulk(&c->channel, false);
    connection_restart_time(c);
}

void connection_write(struct connection *c)
{
    if (c->output)
        transmit_kept(c);
    if (c->output || c->failed)
        return;
    if (c->stream) {
        go_on_with_transfer(c);
    } else if (c->more) {
        c->more = false;
        answer(c, tcp_kept_take(&c->kept, c->all->input));
    }
}
