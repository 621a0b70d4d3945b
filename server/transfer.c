#include "server/transfer.h"

#include "store/key.h"
#include "store/nsec3.h"
#include "store/stored.h"
#include "store/zones.h"
#include "wire/writer.h"

#include <stdlib.h>
#include <string.h>

#define POINTER_LIMIT 0x4000 /* a compression pointer has 14 bits (RFC 1035 §4.1.4) */

enum stage { STAGE_FIRST_SOA, STAGE_NODES, STAGE_NSEC3, STAGE_LAST_SOA, STAGE_DONE };

/* Where a transfer stands within a node: its records are taken part by part. */
struct place_in_node {
    struct stored node;
    struct name owner;     /* full */
    size_t answer;         /* next line of the table */
    struct reader records; /* what is left of the part in work */
    uint8_t part;          /* of the line in work: answer, its signatures, then the proof */
    bool is_nsec3;         /* no node: `records` is all there is */
};

struct transfer {
    struct snapshot *snapshot;
    uint16_t zone;
    uint32_t serial;
    struct name apex;
    enum stage stage;
    struct place_in_node place;
    struct stored_answer soa;
    uint8_t head[REPLY_HEAD_OCTETS];
    size_t head_octets;
    uint8_t opt[REPLY_TAIL_OCTETS];
    size_t opt_octets;
    size_t reserve;
    bool apex_as_asked; /* the question spells the apex as the zone does, letter case too */
    uint64_t octets;
    uint64_t records;
};

/* One message being filled. */
struct message {
    struct writer w;
    uint16_t records;
    size_t apex_at;  /* where the apex stands for pointers; 0: not yet */
    size_t owner_at; /* where the node in work stands; 0: not in this message */
};

/* Sets the place to the start of a node. */
static enum status open_node(struct transfer *transfer, const struct item *item)
{
    struct place_in_node *place = &transfer->place;

    enum status status =
        stored_open(item->key, item->key_octets, item->value, item->value_octets, &place->node);
    if (status == STATUS_OK)
        status = key_to_name(&place->owner, item->key, item->key_octets, transfer->apex.octets);
    if (status != STATUS_OK)
        return status;
    if (place->node.owner) /* the same labels with their capitals */
        memcpy(place->owner.octets, place->node.owner, place->node.owner_octets);
    place->answer = 0;
    place->part = 0;
    place->is_nsec3 = false;
    place->records = (struct reader){NULL, NULL, false};
    return STATUS_OK;
}

static bool is_node_of(const struct transfer *transfer, const struct item *item)
{
    return item->key_octets >= KEY_PREFIX_OCTETS && item->key[0] == STORE_TABLE_NODES &&
           item->key[1] == transfer->zone >> 8 && item->key[2] == (transfer->zone & 0xff);
}

static enum status open_apex(struct transfer *transfer)
{
    static const uint8_t root[] = {0};
    struct item item;
    struct key key;

    key_of_name(&key, transfer->zone, root, 0);
    enum status status = snapshot_walk(transfer->snapshot, WALK_AT, key.octets, key.length, &item);
    if (status == STATUS_OK)
        status = open_node(transfer, &item);
    if (status == STATUS_OK)
        status = stored_find(&transfer->place.node, TYPE_SOA, &transfer->soa);
    return status;
}

/* Sets the place to an NSEC3 record and its signatures; their owner is that of the first. */
static enum status open_nsec3(struct transfer *transfer, const struct item *item)
{
    struct place_in_node *place = &transfer->place;
    struct nsec3_value value;
    size_t length;

    enum status status = nsec3_value_read(item, &value);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_of(value.octets, value.length);
    const uint8_t *owner = name_take(&r, &length);
    if (!owner || !name_is_within(owner, transfer->apex.octets))
        return STATUS_MALFORMED;
    name_set(&place->owner, owner);
    place->is_nsec3 = true;
    place->records = reader_of(value.octets, value.length);
    return STATUS_OK;
}

/* Opens the next of the zone's NSEC3 records, or the first. STATUS_NOT_FOUND after the last. */
static enum status next_nsec3(struct transfer *transfer, bool first)
{
    const uint8_t lowest[NSEC3_HASH_OCTETS] = {0};
    uint8_t key[NSEC3_KEY_OCTETS];
    struct item item;

    nsec3_key(key, transfer->zone, lowest);
    enum status status = snapshot_walk(transfer->snapshot, first ? WALK_AT_OR_AFTER : WALK_NEXT,
                                       key, sizeof key, &item);
    if (status != STATUS_OK)
        return status;
    bool in_zone =
        item.key_octets >= KEY_PREFIX_OCTETS && memcmp(item.key, key, KEY_PREFIX_OCTETS) == 0;
    return in_zone ? open_nsec3(transfer, &item) : STATUS_NOT_FOUND;
}

/* Opens the next node. STATUS_NOT_FOUND after the zone's last. */
static enum status next_node(struct transfer *transfer)
{
    struct item item;

    enum status status = snapshot_walk(transfer->snapshot, WALK_NEXT, NULL, 0, &item);
    if (status != STATUS_OK)
        return status;
    return is_node_of(transfer, &item) ? open_node(transfer, &item) : STATUS_NOT_FOUND;
}

static enum status begin(struct transfer *transfer, const struct reply *reply)
{
    struct zone_record zone;

    enum status status = zones_find(transfer->snapshot, reply->zone->apex.octets, &zone);
    if (status != STATUS_OK)
        return status;
    transfer->zone = zone.number;
    transfer->serial = zone.serial;
    name_set(&transfer->apex, zone.apex);
    memcpy(transfer->head, reply->head, reply->head_octets);
    transfer->head_octets = reply->head_octets;
    transfer->opt_octets = reply->tail_octets;
    memcpy(transfer->opt, reply->parts[reply->part_count - 1].iov_base, reply->tail_octets);
    transfer->apex_as_asked = memcmp(transfer->head + DNS_HEADER_OCTETS, transfer->apex.octets,
                                     transfer->apex.length) == 0;
    return open_apex(transfer);
}

enum status transfer_create(struct store *store, const struct reply *reply, size_t reserve,
                            struct transfer **out)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);

    if (!transfer)
        return STATUS_SYSTEM;
    transfer->reserve = reserve;
    enum status status = snapshot_create(store, &transfer->snapshot);
    if (status == STATUS_OK)
        status = begin(transfer, reply);
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

static void write_pointer(struct writer *w, size_t at)
{
    writer_u16(w, (uint16_t)(0xc000 | at));
}

/* Writes the owner: labels below the apex once, then pointers to them (RFC 5936 §3.4). */
static void write_owner(const struct transfer *transfer, struct message *message)
{
    const struct name *owner = &transfer->place.owner;
    size_t below = (size_t)owner->length - transfer->apex.length;
    size_t here = writer_length(&message->w);

    if (message->owner_at > 0) {
        write_pointer(&message->w, message->owner_at);
        return;
    }
    writer_octets(&message->w, owner->octets, below);
    if (message->apex_at > 0) {
        write_pointer(&message->w, message->apex_at);
    } else {
        message->apex_at = here + below;
        writer_octets(&message->w, transfer->apex.octets, transfer->apex.length);
    }
    if (below == 0)
        message->owner_at = message->apex_at;
    else if (here < POINTER_LIMIT)
        message->owner_at = here;
}

/* Writes one record whose type to RDATA are `rest`. False when the message is full. */
static bool write_record(const struct transfer *transfer, struct message *message,
                         const uint8_t *rest, size_t octets)
{
    const struct message before = *message;

    write_owner(transfer, message);
    writer_octets(&message->w, rest, octets);
    if (message->w.failed || message->records == UINT16_MAX) {
        *message = before;
        return false;
    }
    message->records++;
    return true;
}

/* Goes on to the next part of the node that belongs to the zone. STATUS_NOT_FOUND after the last.
 */
static enum status next_part(const struct transfer *transfer, struct place_in_node *place)
{
    struct stored_answer answer;

    if (place->is_nsec3)
        return STATUS_NOT_FOUND;
    while (place->answer < place->node.answer_count) {
        enum status status = stored_answer_at(&place->node, place->answer, &answer);
        if (status != STATUS_OK)
            return status;
        bool soa = answer.type == TYPE_SOA && place->owner.length == transfer->apex.length;
        uint8_t part = place->part++;
        if ((answer.flags & STORED_IN_ZONE) == 0 || part > PART_ANSWER_SIGNATURES) {
            place->answer++;
            place->part = 0;
        } else if (!soa || part == PART_ANSWER_SIGNATURES) { /* the SOA itself frames the rest */
            place->records = reader_of(answer.part[part], answer.octets[part]);
            return STATUS_OK;
        }
    }
    if (place->part++ > 0)
        return STATUS_NOT_FOUND;
    place->records = reader_of(place->node.proof, place->node.proof_octets);
    return STATUS_OK;
}

/* Writes what is left of the node. STATUS_OK when all is written, STATUS_NO_SPACE when the message
 * is full. */
static enum status write_node(struct transfer *transfer, struct message *message)
{
    struct place_in_node *place = &transfer->place;
    enum status status = STATUS_OK;

    while (status == STATUS_OK) {
        const struct reader before = place->records;
        size_t octets;
        const uint8_t *rest = stored_take_record(&place->records, &octets);
        if (place->records.failed)
            return STATUS_MALFORMED;
        if (!rest) {
            status = next_part(transfer, place);
        } else if (!write_record(transfer, message, rest, octets)) {
            place->records = before;
            return STATUS_NO_SPACE;
        }
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status write_nodes(struct transfer *transfer, struct message *message)
{
    enum status status = write_node(transfer, message);

    while (status == STATUS_OK) {
        status = next_node(transfer);
        message->owner_at = 0;
        if (status == STATUS_OK)
            status = write_node(transfer, message);
    }
    return status;
}

static enum status write_nsec3(struct transfer *transfer, struct message *message)
{
    enum status status = write_node(transfer, message);

    while (status == STATUS_OK) {
        status = next_nsec3(transfer, false);
        message->owner_at = 0;
        if (status == STATUS_OK)
            status = write_node(transfer, message);
    }
    return status;
}

/* Writes the SOA that opens and closes the zone (RFC 5936 §2.2). */
static enum status write_soa(struct transfer *transfer, struct message *message)
{
    struct reader r = reader_of(transfer->soa.part[PART_ANSWER], transfer->soa.octets[PART_ANSWER]);
    size_t octets;

    const uint8_t *rest = stored_take_record(&r, &octets);
    if (!rest)
        return STATUS_MALFORMED;
    if (transfer->stage == STAGE_LAST_SOA) { /* the walk has left the apex */
        transfer->place.owner = transfer->apex;
        message->owner_at = message->apex_at;
    }
    return write_record(transfer, message, rest, octets) ? STATUS_OK : STATUS_NO_SPACE;
}

static enum status fill(struct transfer *transfer, struct message *message)
{
    enum status status = STATUS_OK;

    if (transfer->stage == STAGE_FIRST_SOA) {
        status = write_soa(transfer, message);
        transfer->stage = STAGE_NODES;
    }
    if (status == STATUS_OK && transfer->stage == STAGE_NODES) {
        status = write_nodes(transfer, message);
        if (status == STATUS_NOT_FOUND) {
            status = next_nsec3(transfer, true);
            transfer->stage = STAGE_NSEC3;
            message->owner_at = 0;
        }
    }
    if (status == STATUS_OK && transfer->stage == STAGE_NSEC3)
        status = write_nsec3(transfer, message);
    if (status == STATUS_NOT_FOUND) {
        transfer->stage = STAGE_LAST_SOA;
        status = STATUS_OK;
    }
    if (status == STATUS_OK && transfer->stage == STAGE_LAST_SOA) {
        status = write_soa(transfer, message);
        if (status == STATUS_OK)
            transfer->stage = STAGE_DONE;
    }
    return status == STATUS_NO_SPACE && message->records > 0 ? STATUS_OK : status;
}

/* Sets counts and flags; every message of a transfer has AA (RFC 5936 §2.2.1). */
static void write_header(const struct transfer *transfer, uint8_t *octets, uint16_t records)
{
    struct reader r = reader_of(transfer->head, DNS_HEADER_OCTETS);
    struct writer w = writer_of(octets, DNS_HEADER_OCTETS);
    struct header header = header_read(&r);

    header.flags |= HEADER_AA;
    header.qdcount = 1;
    header.ancount = records;
    header.nscount = 0;
    header.arcount = transfer->opt_octets > 0;
    header_write(&w, &header);
}

enum status transfer_next(struct transfer *transfer, uint8_t *octets, size_t *length)
{
    struct message message = {
        .w = writer_of(octets, TRANSFER_MESSAGE_OCTETS - transfer->opt_octets - transfer->reserve),
        /* The question is repeated in each message (RFC 5936 §2.2.2), which makes its name the
         * cheapest place to point to. */
        .apex_at = transfer->apex_as_asked ? DNS_HEADER_OCTETS : 0,
    };

    if (transfer->stage == STAGE_DONE)
        return STATUS_NOT_FOUND;
    writer_octets(&message.w, transfer->head, transfer->head_octets);
    enum status status = fill(transfer, &message);
    if (status != STATUS_OK)
        return STATUS_MALFORMED;
    write_header(transfer, octets, message.records);
    message.w.end += transfer->opt_octets; /* kept free for this (RFC 9103 §6.3.4) */
    message.w.failed = false;
    writer_octets(&message.w, transfer->opt, transfer->opt_octets);
    *length = writer_length(&message.w);
    transfer->octets += *length;
    transfer->records += message.records;
    return STATUS_OK;
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
    return transfer->apex.octets;
}
