#include "server/transfer.h"

#include "server/axfr.h"
#include "store/zones.h"

#include <stdlib.h>

struct transfer {
    struct snapshot *snapshot;
    uint32_t serial;
    struct transfer_form form;
    struct axfr axfr;
    uint64_t octets;
    uint64_t records;
};

static enum status begin(struct transfer *transfer, const struct reply *reply, size_t reserve)
{
    struct zone_record zone;

    enum status status = zones_find(transfer->snapshot, reply->zone->apex.octets, &zone);
    if (status != STATUS_OK)
        return status;
    transfer->serial = zone.serial;
    transfer_form_set(&transfer->form, reply, zone.apex, reserve);
    return axfr_open(&transfer->axfr, transfer->snapshot, zone.number, &transfer->form.apex);
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
    if (transfer)
        snapshot_destroy(transfer->snapshot);
    free(transfer);
}

/* Fills one message of up to `room` octets; STATUS_NO_SPACE when that is too short for a record. */
static enum status fill(struct transfer *transfer, uint8_t *octets, size_t room, size_t *length)
{
    struct transfer_message message;

    transfer_message_start(&message, &transfer->form, octets, room);
    enum status status = axfr_write(&transfer->axfr, &message);
    if (status != STATUS_OK && (status != STATUS_NO_SPACE || message.records == 0))
        return status;
    *length = transfer_message_finish(&message);
    transfer->octets += *length;
    transfer->records += message.records;
    return STATUS_OK;
}

enum status transfer_next(struct transfer *transfer, uint8_t *message, size_t room, size_t *length)
{
    const size_t usual = TRANSFER_MESSAGE_OCTETS;

    if (transfer->axfr.stage == AXFR_DONE)
        return STATUS_NOT_FOUND;
    enum status status = fill(transfer, message, room < usual ? room : usual, length);
    if (status == STATUS_NO_SPACE && room > usual)
        status =
            fill(transfer, message, room < DNS_MESSAGE_OCTETS ? room : DNS_MESSAGE_OCTETS, length);
    if (status == STATUS_OK || (status == STATUS_NO_SPACE && room < DNS_MESSAGE_OCTETS))
        return status;
    return STATUS_MALFORMED;
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
