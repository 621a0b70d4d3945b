#include "server/ixfr_datagram.h"

#include "server/ixfr.h"
#include "store/zones.h"

/* What a difference may hold at most, as the history counts it, to be tried: owners are compressed
 * in a message, and what was changed twice is sent once. */
#define ROOMS 4

/* Packs it behind the question, for pointers to fit. Returns its octets there, 0 for none. */
static size_t pack(struct draft *draft, const struct served_zone *zone, size_t room,
                   struct transfer_message *message)
{
    struct snapshot *snapshot = draft->view->snapshot;
    const struct iovec *head = &draft->out->parts[0];
    uint32_t serial = draft->request->serial;
    struct zone_record record;
    struct transfer_form form;
    struct ixfr ixfr;

    if (!ixfr_is_small(snapshot, zone->number, serial, ROOMS * room) ||
        zones_find(snapshot, zone->apex.octets, &record) != STATUS_OK)
        return 0;
    transfer_form_set(&form, record.apex, head->iov_base, head->iov_len);
    if (ixfr_open(&ixfr, snapshot, zone->number, &form.apex, serial) != STATUS_OK)
        return 0;
    transfer_message_start(message, &form, draft->out->spare, head->iov_len + room);
    bool whole = ixfr_write(&ixfr, message) == STATUS_OK;
    ixfr_close(&ixfr);
    return whole ? writer_length(&message->w) - head->iov_len : 0;
}

bool ixfr_datagram(struct draft *draft, const struct served_zone *zone)
{
    size_t head = draft->out->parts[0].iov_len;
    struct transfer_message message;

    static const uint8_t any[] = {0};

    if (!draft->out->spare || snapshot_doubts_any(draft->view->snapshot, any, 0))
        return false;
    size_t room = draft_room(draft);
    if (room > REPLY_SPARE_OCTETS - head)
        room = REPLY_SPARE_OCTETS - head;
    size_t octets = pack(draft, zone, room, &message);
    if (octets == 0)
        return false;
    draft_add(draft, SECTION_ANSWER, draft->out->spare + head, octets, message.records);
    draft->flags |= HEADER_AA;
    draft->out->spare_used = true;
    return true;
}
