#include "server/transfer.h"

#include "server/axfr.h"
#include "server/ixfr.h"
#include "store/zones.h"

#include <stdlib.h>
#include <string.h>

struct transfer {
    struct snapshot *snapshot;
    uint16_t zone;
    uint32_t serial;
    uint32_t old_serial;
    enum transfer_kind kind;
    bool weighed; /* TRANSFER_IXFR: it is one */
    struct transfer_form form;
    union {
        struct axfr axfr;
        struct ixfr ixfr;
    };
    uint64_t octets;
    uint64_t records;
};

static enum status begin_whole(struct transfer *transfer, enum transfer_kind kind)
{
    transfer->kind = kind;
    return axfr_open(&transfer->axfr, transfer->snapshot, transfer->zone, &transfer->form.apex);
}

static void set_form(struct transfer_form *form, const struct reply *reply, const uint8_t *apex,
                     size_t reserve)
{
    transfer_form_set(form, apex, reply->head, reply->head_octets);
    form->reserve = reserve;
    form->padded = reply->padded;
    form->opt_octets = reply->tail_octets;
    memcpy(form->opt, reply->parts[reply->part_count - 1].iov_base, reply->tail_octets);
}

/* True when some of the zone's records in a table may be missing. */
static bool is_doubted(const struct transfer *transfer, enum store_table table)
{
    const uint8_t start[] = {(uint8_t)table, (uint8_t)(transfer->zone >> 8),
                             (uint8_t)transfer->zone};
    return snapshot_doubts_any(transfer->snapshot, start, sizeof start);
}

static enum status begin(struct transfer *transfer, const struct reply *reply, size_t reserve)
{
    struct zone_record zone;

    enum status status = zones_find(transfer->snapshot, reply->zone->apex.octets, &zone);
    if (status != STATUS_OK)
        return status;
    transfer->zone = zone.number;
    transfer->serial = zone.serial;
    transfer->old_serial = reply->serial;
    set_form(&transfer->form, reply, zone.apex, reserve);
    if (is_doubted(transfer, STORE_TABLE_NODES) || is_doubted(transfer, STORE_TABLE_NSEC3))
        return STATUS_MALFORMED; /* what is missing would be taken for deleted */
    if (reply->transfer_type != TYPE_IXFR)
        return begin_whole(transfer, TRANSFER_AXFR);
    if (is_doubted(transfer, STORE_TABLE_HISTORY))
        return begin_whole(transfer, TRANSFER_WHOLE);
    status = ixfr_open(&transfer->ixfr, transfer->snapshot, zone.number, &transfer->form.apex,
                       reply->serial);
    if (status != STATUS_OK)
        return begin_whole(transfer, TRANSFER_WHOLE);
    transfer->kind = TRANSFER_IXFR;
    return STATUS_OK;
}

enum status transfer_create(struct store *store, const struct reply *reply, size_t reserve,
                            struct transfer **out)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);

    if (!transfer)
        return STATUS_SYSTEM;
    enum status status = snapshot_create(store, &transfer->snapshot);
    if (status == STATUS_OK)
        status = begin(transfer, reply, reserve);
    if (status != STATUS_OK) {
        transfer_destroy(transfer);
        return status;
    }
    *out = transfer;
    return STATUS_OK;
}

void transfer_destroy(struct transfer *transfer)
{
    if (!transfer)
        return;
    if (transfer->kind == TRANSFER_IXFR)
        ixfr_close(&transfer->ixfr);
    snapshot_destroy(transfer->snapshot);
    free(transfer);
}

/* Fills one message of up to `room` octets; STATUS_NO_SPACE when that is too short for a record. */
static enum status fill(struct transfer *transfer, uint8_t *octets, size_t room, size_t *length)
{
    bool incremental = transfer->kind == TRANSFER_IXFR;
    struct transfer_message message;

    transfer_message_start(&message, &transfer->form, octets, room);
    enum status status =
        incremental ? ixfr_write(&transfer->ixfr, &message) : axfr_write(&transfer->axfr, &message);
    if (status != STATUS_OK && status != STATUS_NO_SPACE)
        return status;
    *length = 0;
    if (message.records == 0)
        return incremental && ixfr_paused(&transfer->ixfr) ? STATUS_OK : status;
    *length = transfer_message_finish(&message);
    transfer->octets += *length;
    transfer->records += message.records;
    return STATUS_OK;
}

static enum status fill_usual(struct transfer *transfer, uint8_t *message, size_t room,
                              size_t *length)
{
    const size_t usual = TRANSFER_MESSAGE_OCTETS;

    enum status status = fill(transfer, message, room < usual ? room : usual, length);
    if (status == STATUS_NO_SPACE && room > usual)
        status =
            fill(transfer, message, room < DNS_MESSAGE_OCTETS ? room : DNS_MESSAGE_OCTETS, length);
    return status;
}

static bool is_done(const struct transfer *transfer)
{
    return transfer->kind == TRANSFER_IXFR ? transfer->ixfr.stage == IXFR_DONE
                                           : transfer->axfr.stage == AXFR_DONE;
}

/* Goes on finding out whether the difference is worth it; sends the whole zone where it is not, or
 * where the history is damaged. STATUS_NO_SPACE: not known yet. */
static enum status weigh(struct transfer *transfer)
{
    enum status status = ixfr_weigh(&transfer->ixfr);

    transfer->weighed = status == STATUS_OK;
    if (status == STATUS_OK || status == STATUS_NO_SPACE)
        return status;
    ixfr_close(&transfer->ixfr);
    return begin_whole(transfer, TRANSFER_WHOLE);
}

enum status transfer_next(struct transfer *transfer, uint8_t *message, size_t room, size_t *length)
{
    enum status status = STATUS_OK;

    *length = 0;
    if (is_done(transfer))
        return STATUS_NOT_FOUND;
    if (transfer->kind == TRANSFER_IXFR && !transfer->weighed)
        status = weigh(transfer);
    if (status == STATUS_NO_SPACE)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = fill_usual(transfer, message, room, length);
    if (status == STATUS_OK || (status == STATUS_NO_SPACE && room < DNS_MESSAGE_OCTETS))
        return status;
    return STATUS_MALFORMED;
}

bool transfer_is_slow(const struct transfer *transfer)
{
    return transfer->kind == TRANSFER_IXFR;
}

enum transfer_kind transfer_kind(const struct transfer *transfer)
{
    return transfer->kind;
}

uint32_t transfer_old_serial(const struct transfer *transfer)
{
    return transfer->old_serial;
}

uint32_t transfer_serial(const struct transfer *transfer)
{
    return transfer->serial;
}

uint64_t transfer_octets(const struct transfer *transfer)
{
    return transfer->octets;
}

uint64_t transfer_records(const struct transfer *transfer)
{
    return transfer->records;
}

const uint8_t *transfer_apex(const struct transfer *transfer)
{
    return transfer->form.apex.octets;
}
