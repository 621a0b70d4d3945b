/* What a connection answers: messages in their order, into one write; transfers begin here. */
#include "server/connection.h"
#include "server/refusal.h"
#include "server/ticks.h"
#include "wire/writer.h"

#include <time.h>

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
    if (started)
        channel_set_bulk(&c->channel, true);
    else
        put_servfail(request, &all->reply, view->clock(), output);
    all->reply.rcode = started ? RCODE_NOERROR : RCODE_SERVFAIL;
    reply_count(&all->reply, all->statistics);
}

static const char *why_denied(const struct reply *reply)
{
    if (reply->rcode != RCODE_REFUSED)
        return "no zone of that name";
    return reply->transfer_unsafe ? "over TLS it needs TLS 1.3 and ALPN dot" : "no acl grants it";
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
                  why_denied(reply));
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
        c->cut = frame == TCP_FRAME_BROKEN;
        c->closing = c->closing || c->cut;
        if (frame != TCP_FRAME_WHOLE)
            break;
        answer_message(c, view, message, length, &output);
        any = true;
    }
    if (any)
        connection_restart_time(c);
    return writer_length(&output);
}

size_t connection_answer(struct connection *c, size_t length)
{
    struct connections *all = c->all;
    struct reader input = reader_of(all->input, length);
    const struct view *view = basis_begin(all->basis);
    if (!view) {
        /* The client asks elsewhere, sooner than it would if it heard nothing. */
        c->failed = true;
        return 0;
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
    return octets;
}
