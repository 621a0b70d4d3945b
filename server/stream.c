#include "server/stream.h"

#include "server/tcp_frame.h"
#include "server/ticks.h"
#include "server/zone_text.h"
#include "wire/constants.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    struct stream_parts parts;
    struct transfer *transfer;
    struct endpoint client;
    struct transfers_who who;
    bool done;
    enum status outcome; /* of making messages: once it is not STATUS_OK no more are made */
    const char *reason;
    int64_t started_ms;
    struct tsig_key key;         /* of its own: a reload may take the server's away */
    struct tsig_session session; /* its `key` is NULL where nothing is signed */
    char zone[NAME_TEXT_OCTETS];
    uint8_t *rest; /* what the socket did not take of the last messages, or NULL */
    size_t rest_octets;
    size_t rest_at;
};

#define WHAT_OCTETS 96

/* "IXFR of", "AXFR-style IXFR of", with the zone and the serials. */
static void describe(const struct stream *stream, char what[WHAT_OCTETS + NAME_TEXT_OCTETS])
{
    const size_t room = WHAT_OCTETS + NAME_TEXT_OCTETS;
    uint32_t serial = transfer_serial(stream->transfer);

    switch (transfer_kind(stream->transfer)) {
    case TRANSFER_IXFR:
        snprintf(what, room, "IXFR of %s from serial %" PRIu32 " to %" PRIu32, stream->zone,
                 transfer_old_serial(stream->transfer), serial);
        return;
    case TRANSFER_WHOLE:
        snprintf(what, room, "AXFR-style IXFR of %s serial %" PRIu32, stream->zone, serial);
        return;
    case TRANSFER_AXFR:
        snprintf(what, room, "AXFR of %s serial %" PRIu32, stream->zone, serial);
        return;
    }
}

/* One line of log about a stream, with the fields that a machine asks for. */
static void log_stream(const struct stream *stream, enum log_level level, const char *end)
{
    char peer[ENDPOINT_TEXT_OCTETS];
    char what[WHAT_OCTETS + NAME_TEXT_OCTETS];
    char serial[16], from[16], records[24], octets[24], milliseconds[24];
    bool incremental = transfer_kind(stream->transfer) == TRANSFER_IXFR;

    endpoint_to_text(&stream->client, peer);
    describe(stream, what);
    snprintf(serial, sizeof serial, "%" PRIu32, transfer_serial(stream->transfer));
    snprintf(from, sizeof from, "%" PRIu32, transfer_old_serial(stream->transfer));
    snprintf(records, sizeof records, "%" PRIu64, transfer_records(stream->transfer));
    snprintf(octets, sizeof octets, "%" PRIu64, transfer_octets(stream->transfer));
    snprintf(milliseconds, sizeof milliseconds, "%" PRId64, ticks_now() - stream->started_ms);
    const struct log_field fields[] = {
        {"zone", stream->zone},
        {"serial", serial},
        {"peer", peer},
        {"records", records},
        {"octets", octets},
        {"ms", milliseconds},
        {incremental ? "from" : NULL, from},
        {NULL, NULL},
    };
    if (!end)
        log_write_fields(stream->parts.log, level, fields, "%s to %s starts", what, peer);
    else
        log_write_fields(stream->parts.log, level, fields,
                         "%s to %s %s: %s records, %s octets, %s ms", what, peer, end, records,
                         octets, milliseconds);
}

static void tell(const struct stream *stream, enum transfers_event event, const char *reason)
{
    int64_t now_ms = ticks_now();
    struct transfer_seen seen = {.when_ms = now_ms,
                                 .client = stream->client,
                                 .incremental = transfer_kind(stream->transfer) == TRANSFER_IXFR,
                                 .has_from = transfer_kind(stream->transfer) != TRANSFER_AXFR,
                                 .from = transfer_old_serial(stream->transfer),
                                 .serial = transfer_serial(stream->transfer),
                                 .records = transfer_records(stream->transfer),
                                 .octets = transfer_octets(stream->transfer),
                                 .took_ms = now_ms - stream->started_ms};
    if (event == TRANSFERS_ENDED_EARLY)
        snprintf(seen.reason, sizeof seen.reason, "transfer ended early: %s", reason);
    transfers_note(stream->parts.transfers, &stream->who, event, &seen);
}

/* That the request was signed with, or NULL. */
static const struct config_key *key_of(const struct reply *reply)
{
    return reply->tsig && reply->tsig->key ? reply->tsig->key->config : NULL;
}

static void log_refusal(const struct stream_parts *parts, const struct reply *reply,
                        const struct endpoint *client, const char *why)
{
    char peer[ENDPOINT_TEXT_OCTETS];
    char zone[NAME_TEXT_OCTETS];
    endpoint_to_text(client, peer);
    log_write(parts->log, LOG_LEVEL_WARNING, "transfer of %s to %s refused: %s",
              zone_text(reply->zone->apex.octets, zone), peer, why);
    statistics_add(parts->statistics, COUNT_TRANSFERS_REFUSED, 1);
    struct transfers_who who = transfers_identify(reply->zone->config, client, key_of(reply));
    struct transfer_seen seen = {.when_ms = ticks_now(), .client = *client};
    snprintf(seen.reason, sizeof seen.reason, "transfer refused: %s", why);
    transfers_note(parts->transfers, &who, TRANSFERS_REFUSED, &seen);
}

/* Takes what the messages are to be signed with. */
static enum status take_key(struct stream *stream, const struct tsig_session *session)
{
    stream->session.key = NULL;
    if (!session)
        return STATUS_OK;
    stream->session = *session;
    stream->session.request = NULL;
    stream->session.key = NULL;
    enum status status = tsig_key_copy(session->key, &stream->key);
    if (status == STATUS_OK)
        stream->session.key = &stream->key;
    return status;
}

static void free_stream(struct stream *stream)
{
    if (stream && stream->session.key)
        tsig_key_clear(&stream->key);
    free(stream);
}

enum status stream_create(const struct stream_parts *parts, const struct reply *reply,
                          const struct endpoint *client, struct stream **out)
{
    if (!tcp_limits_enter_transfer(parts->limits)) {
        log_refusal(parts, reply, client, "too many transfers at once");
        return STATUS_DENIED;
    }
    struct stream *stream = malloc(sizeof *stream);
    size_t reserve = reply->tsig ? tsig_octets(reply->tsig) : 0;
    enum status status = stream ? take_key(stream, reply->tsig) : STATUS_SYSTEM;
    if (status == STATUS_OK)
        status = transfer_create(parts->store, reply, reserve, &stream->transfer);
    if (status != STATUS_OK) {
        log_refusal(parts, reply, client,
                    status == STATUS_NOT_FOUND   ? "the zone has gone"
                    : status == STATUS_MALFORMED ? "the zone is damaged (run zonegen verify)"
                                                 : "out of memory or of readers");
        tcp_limits_leave_transfer(parts->limits);
        free_stream(stream);
        return status;
    }
    stream->parts = *parts;
    stream->client = *client;
    stream->who = transfers_identify(reply->zone->config, client, key_of(reply));
    stream->done = false;
    stream->outcome = STATUS_OK;
    stream->reason = NULL;
    stream->started_ms = ticks_now();
    stream->rest = NULL;
    zone_text(transfer_apex(stream->transfer), stream->zone);
    statistics_add(parts->statistics, COUNT_TRANSFERS_STARTED, 1);
    log_stream(stream, LOG_LEVEL_INFO, NULL);
    tell(stream, TRANSFERS_STARTS, "");
    *out = stream;
    return STATUS_OK;
}

void stream_destroy(struct stream *stream, const char *reason)
{
    if (!stream)
        return;
    if (stream->done) {
        statistics_add(stream->parts.statistics, COUNT_TRANSFERS_FINISHED, 1);
        if (transfer_kind(stream->transfer) == TRANSFER_IXFR)
            statistics_add(stream->parts.statistics, COUNT_TRANSFERS_INCREMENTAL, 1);
        log_stream(stream, LOG_LEVEL_INFO, "done");
        tell(stream, TRANSFERS_DONE, "");
    } else {
        char end[128];
        snprintf(end, sizeof end, "ended early, %s", reason);
        log_stream(stream, LOG_LEVEL_WARNING, end);
        tell(stream, TRANSFERS_ENDED_EARLY, reason);
    }
    transfer_destroy(stream->transfer);
    free(stream->rest);
    tcp_limits_leave_transfer(stream->parts.limits);
    free_stream(stream);
}

/* Adds the next message behind `*filled` octets of others. STATUS_OK; STATUS_NOT_FOUND at the end,
 * STATUS_NO_SPACE when these go out first, STATUS_SYSTEM where it cannot be signed, else the zone
 * is damaged. */
static enum status add_message(struct stream *stream, uint8_t *room, size_t *filled)
{
    uint8_t *frame = room + *filled;
    size_t left = STREAM_ROOM_OCTETS - *filled;
    size_t length = 0;

    if (left < STREAM_MESSAGE_OCTETS) /* a shorter message would be worse filled than need be */
        return STATUS_NO_SPACE;
    enum status status = transfer_next(stream->transfer, frame + TCP_LENGTH_OCTETS,
                                       left - TCP_LENGTH_OCTETS, &length);
    if (status != STATUS_OK || length == 0)
        return status;
    if (stream->session.key &&
        !tsig_append(&stream->session, frame + TCP_LENGTH_OCTETS, &length, stream->parts.clock()))
        return STATUS_SYSTEM;
    frame[0] = (uint8_t)(length >> 8);
    frame[1] = (uint8_t)length;
    *filled += TCP_LENGTH_OCTETS + length;
    return STATUS_OK;
}

/* Makes the next messages, as many as the room holds, or as others have time for; it may be none.
 * STATUS_OK, STATUS_NOT_FOUND at the end, else the zone is damaged. */
static enum status fill(struct stream *stream, uint8_t *room, size_t *filled)
{
    *filled = 0;
    while (stream->outcome == STATUS_OK) {
        stream->outcome = add_message(stream, room, filled);
        if (transfer_is_slow(stream->transfer))
            break;
    }
    if (stream->outcome == STATUS_NO_SPACE)
        stream->outcome = STATUS_OK;
    return *filled > 0 ? STATUS_OK : stream->outcome;
}

static enum stream_step fail(struct stream *stream, const char *reason)
{
    stream->reason = reason;
    return STREAM_FAILED;
}

static enum stream_step write_rest(struct stream *stream, struct channel *channel, size_t *written)
{
    if (channel_write(channel, stream->rest + stream->rest_at,
                      stream->rest_octets - stream->rest_at, written) == IO_FAILED)
        return fail(stream, "the client closed");
    stream->rest_at += *written;
    if (stream->rest_at == stream->rest_octets) {
        free(stream->rest);
        stream->rest = NULL;
    }
    return STREAM_GOES_ON;
}

/* Writes messages that were just made, and keeps what the socket does not take: of a client that
 * keeps up, nothing. */
static enum stream_step write_messages(struct stream *stream, struct channel *channel,
                                       const uint8_t *messages, size_t octets, size_t *written)
{
    if (channel_write(channel, messages, octets, written) == IO_FAILED)
        return fail(stream, "the client closed");
    if (*written == octets)
        return STREAM_GOES_ON;
    stream->rest_at = 0;
    stream->rest_octets = octets - *written;
    stream->rest = malloc(stream->rest_octets);
    if (!stream->rest)
        return fail(stream, "out of memory");
    memcpy(stream->rest, messages + *written, stream->rest_octets);
    return STREAM_GOES_ON;
}

static enum stream_step make_and_write(struct stream *stream, struct channel *channel,
                                       uint8_t *room, size_t *written)
{
    size_t filled;

    enum status status = fill(stream, room, &filled);
    if (status == STATUS_NOT_FOUND) {
        stream->done = true;
        return STREAM_DONE;
    }
    /* The secondary keeps its old zone when the connection ends before the second SOA. */
    if (status == STATUS_SYSTEM)
        return fail(stream, "it cannot be signed");
    if (status != STATUS_OK)
        return fail(stream, "the zone is damaged (run zonegen verify)");
    if (filled == 0)
        return STREAM_GOES_ON;
    return write_messages(stream, channel, room, filled, written);
}

enum stream_step stream_step(struct stream *stream, struct channel *channel, int64_t now_ms,
                             uint8_t *room, size_t *written)
{
    *written = 0;
    if (now_ms - stream->started_ms >= STREAM_LIMIT_MS)
        return fail(stream, "it took more than ten minutes");
    enum stream_step step = stream->rest ? write_rest(stream, channel, written)
                                         : make_and_write(stream, channel, room, written);
    statistics_add(stream->parts.statistics, COUNT_TCP_OCTETS_SENT, *written);
    return step;
}

const char *stream_reason(const struct stream *stream)
{
    return stream->reason;
}
