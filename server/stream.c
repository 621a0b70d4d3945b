#include "server/stream.h"

#include "server/tcp_frame.h"
#include "server/ticks.h"
#include "server/zone_text.h"
#include "wire/constants.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct stream {
    struct stream_parts parts;
    struct transfer *transfer;
    struct endpoint client;
    struct transfers_who who;
    uint16_t type;
    bool done;
    const char *reason;
    int64_t started_ms;
    size_t length; /* of the message at hand, with its length octets */
    size_t at;     /* octets of it that were written */
    char zone[NAME_TEXT_OCTETS];
    uint8_t message[TCP_FRAME_OCTETS];
};

/* One line of log about a stream, with the fields that a machine asks for. */
static void log_stream(const struct stream *stream, enum log_level level, const char *end)
{
    char peer[ENDPOINT_TEXT_OCTETS];
    char serial[16], records[24], octets[24], milliseconds[24];
    endpoint_to_text(&stream->client, peer);
    snprintf(serial, sizeof serial, "%" PRIu32, transfer_serial(stream->transfer));
    snprintf(records, sizeof records, "%" PRIu64, transfer_records(stream->transfer));
    snprintf(octets, sizeof octets, "%" PRIu64, transfer_octets(stream->transfer));
    snprintf(milliseconds, sizeof milliseconds, "%" PRId64, ticks_now() - stream->started_ms);
    const struct log_field fields[] = {
        {"zone", stream->zone}, {"serial", serial},   {"peer", peer}, {"records", records},
        {"octets", octets},     {"ms", milliseconds}, {NULL, NULL},
    };
    const char *type = stream->type == TYPE_IXFR ? "IXFR" : "AXFR";
    if (!end)
        log_write_fields(stream->parts.log, level, fields, "%s of %s serial %s to %s starts", type,
                         stream->zone, serial, peer);
    else
        log_write_fields(stream->parts.log, level, fields,
                         "%s of %s serial %s to %s %s: %s records, %s octets, %s ms", type,
                         stream->zone, serial, peer, end, records, octets, milliseconds);
}

static void tell(const struct stream *stream, enum transfers_event event, const char *reason)
{
    int64_t now_ms = ticks_now();
    struct transfer_seen seen = {.when_ms = now_ms,
                                 .client = stream->client,
                                 .serial = transfer_serial(stream->transfer),
                                 .records = transfer_records(stream->transfer),
                                 .octets = transfer_octets(stream->transfer),
                                 .took_ms = now_ms - stream->started_ms};
    if (event == TRANSFERS_ENDED_EARLY)
        snprintf(seen.reason, sizeof seen.reason, "transfer ended early: %s", reason);
    transfers_note(stream->parts.transfers, &stream->who, event, &seen);
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
    struct transfers_who who = transfers_identify(reply->zone->config, client, NULL);
    struct transfer_seen seen = {.when_ms = ticks_now(), .client = *client};
    snprintf(seen.reason, sizeof seen.reason, "transfer refused: %s", why);
    transfers_note(parts->transfers, &who, TRANSFERS_REFUSED, &seen);
}

enum status stream_create(const struct stream_parts *parts, const struct reply *reply,
                          const struct endpoint *client, struct stream **out)
{
    if (!tcp_limits_enter_transfer(parts->limits)) {
        log_refusal(parts, reply, client, "too many transfers at once");
        return STATUS_DENIED;
    }
    struct stream *stream = malloc(sizeof *stream);
    enum status status =
        stream ? transfer_create(parts->store, reply, &stream->transfer) : STATUS_SYSTEM;
    if (status != STATUS_OK) {
        log_refusal(parts, reply, client,
                    status == STATUS_NOT_FOUND ? "the zone has gone"
                                               : "out of memory or of readers");
        tcp_limits_leave_transfer(parts->limits);
        free(stream);
        return status;
    }
    stream->parts = *parts;
    stream->client = *client;
    stream->who = transfers_identify(reply->zone->config, client, NULL);
    stream->type = reply->transfer_type;
    stream->done = false;
    stream->reason = NULL;
    stream->started_ms = ticks_now();
    stream->length = stream->at = 0;
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
        log_stream(stream, LOG_LEVEL_INFO, "done");
        tell(stream, TRANSFERS_DONE, "");
    } else {
        char end[128];
        snprintf(end, sizeof end, "ended early, %s", reason);
        log_stream(stream, LOG_LEVEL_WARNING, end);
        tell(stream, TRANSFERS_ENDED_EARLY, reason);
    }
    transfer_destroy(stream->transfer);
    tcp_limits_leave_transfer(stream->parts.limits);
    free(stream);
}

/* Makes the next message. STATUS_OK, STATUS_NOT_FOUND at the end, else the zone is damaged. */
static enum status fill(struct stream *stream)
{
    size_t length = 0;
    enum status status =
        transfer_next(stream->transfer, stream->message + TCP_LENGTH_OCTETS, &length);
    if (status != STATUS_OK)
        return status;
    stream->message[0] = (uint8_t)(length >> 8);
    stream->message[1] = (uint8_t)length;
    stream->length = length + TCP_LENGTH_OCTETS;
    stream->at = 0;
    return STATUS_OK;
}

static enum stream_step fail(struct stream *stream, const char *reason)
{
    stream->reason = reason;
    return STREAM_FAILED;
}

enum stream_step stream_step(struct stream *stream, int fd, int64_t now_ms, size_t *written)
{
    *written = 0;
    if (now_ms - stream->started_ms >= STREAM_LIMIT_MS)
        return fail(stream, "it took more than ten minutes");
    if (stream->at == stream->length) {
        enum status status = fill(stream);
        if (status == STATUS_NOT_FOUND) {
            stream->done = true;
            return STREAM_DONE;
        }
        /* The secondary keeps its old zone when the connection ends before the second SOA. */
        if (status != STATUS_OK)
            return fail(stream, "the zone is damaged (run zonegen verify)");
    }
    ssize_t n = send(fd, stream->message + stream->at, stream->length - stream->at,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? STREAM_GOES_ON
                                                 : fail(stream, "the client closed");
    stream->at += (size_t)n;
    *written = (size_t)n;
    statistics_add(stream->parts.statistics, COUNT_TCP_OCTETS_SENT, (uint64_t)n);
    return STREAM_GOES_ON;
}

const char *stream_reason(const struct stream *stream)
{
    return stream->reason;
}
