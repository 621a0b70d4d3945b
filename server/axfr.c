#include "server/axfr.h"

#include "store/key.h"
#include "store/nsec3.h"
#include "store/stored.h"

#include <string.h>

/* Of the database, and of the processor's memory. */
#define PAGE_OCTETS 4096
#define LINE_OCTETS 64

/* How many nodes the zone has. */
static enum status count_names(struct axfr *axfr)
{
    uint8_t key[KEY_PREFIX_OCTETS];
    struct zone_record zone;
    struct item item;

    key_of_zone(key, axfr->zone);
    enum status status = snapshot_walk(axfr->snapshot, WALK_AT, key, sizeof key, &item);
    if (status == STATUS_OK)
        status = zone_record_read(item.key, item.key_octets, item.value, item.value_octets, &zone);
    axfr->names = status == STATUS_OK ? zone.names : 0;
    return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
}

/* Goes to the apex, the zone's first node. */
static enum status open_apex(struct axfr *axfr)
{
    uint8_t key[KEY_PREFIX_OCTETS] = {STORE_TABLE_NODES, (uint8_t)(axfr->zone >> 8),
                                      (uint8_t)axfr->zone};
    struct item item;

    enum status status = snapshot_walk(axfr->snapshot, WALK_AT, key, sizeof key, &item);
    return status == STATUS_OK ? zone_name_open(&axfr->name, &item, axfr->apex) : status;
}

enum status axfr_open(struct axfr *axfr, struct snapshot *snapshot, uint16_t zone,
                      const struct name *apex)
{
    axfr->snapshot = snapshot;
    axfr->zone = zone;
    axfr->apex = apex;
    axfr->stage = AXFR_FIRST_SOA;
    axfr->records = reader_of(NULL, 0);
    axfr->last_key = NULL;
    axfr->last_octets = 0;
    enum status status = zone_name_soa(snapshot, zone, &axfr->soa, &axfr->soa_octets);
    if (status == STATUS_OK)
        status = count_names(axfr);
    if (status == STATUS_OK)
        status = open_apex(axfr);
    return status;
}

/* True while an item is in the table that is being walked, and of this zone. */
static bool is_ours(const struct axfr *axfr, enum store_table table, const struct item *item)
{
    return item->key_octets >= KEY_PREFIX_OCTETS && item->key[0] == table &&
           item->key[1] == axfr->zone >> 8 && item->key[2] == (axfr->zone & 0xff);
}

/* Opens the first of the zone's NSEC3 records. STATUS_NOT_FOUND when it has none. */
static enum status first_nsec3(struct axfr *axfr)
{
    const uint8_t lowest[NSEC3_HASH_OCTETS] = {0};
    uint8_t key[NSEC3_KEY_OCTETS];
    struct item item;

    nsec3_key(key, axfr->zone, lowest);
    enum status status = snapshot_walk(axfr->snapshot, WALK_AT_OR_AFTER, key, sizeof key, &item);
    if (status != STATUS_OK)
        return status;
    if (!is_ours(axfr, STORE_TABLE_NSEC3, &item))
        return STATUS_NOT_FOUND;
    return zone_name_open(&axfr->name, &item, axfr->apex);
}

/*
 * Asks the processor for what stands a page further on than a name and its value do: what was
 * published at once stands page behind page, and LMDB fills each from its end, which no processor
 * foresees. Piece by piece, since it takes only so many requests at a time. Measured: a third off
 * the time that making messages takes. Nothing is read: a page past the end of the file does no
 * harm.
 */
static void fetch_ahead(const struct item *item)
{
    const uint8_t *next = item->value + PAGE_OCTETS;
    uintptr_t page = (uintptr_t)item->key / PAGE_OCTETS;

    __builtin_prefetch((const void *)((page + 1) * PAGE_OCTETS));
    for (size_t at = 0; at < item->value_octets && at < PAGE_OCTETS; at += LINE_OCTETS)
        __builtin_prefetch(next + at);
}

/* True when the walk goes forward. As many names as there are, each one later than the one before,
 * are all the names. */
static bool goes_forward(struct axfr *axfr, const struct item *item)
{
    size_t shorter = item->key_octets < axfr->last_octets ? item->key_octets : axfr->last_octets;
    int order = axfr->last_key ? memcmp(axfr->last_key, item->key, shorter) : -1;
    bool forward = order < 0 || (order == 0 && axfr->last_octets < item->key_octets);

    axfr->last_key = item->key;
    axfr->last_octets = item->key_octets;
    return forward;
}

/* Opens the next name of the table. STATUS_NOT_FOUND after the zone's last. */
static enum status next_name(struct axfr *axfr, enum store_table table)
{
    struct item item;

    enum status status = snapshot_walk(axfr->snapshot, WALK_NEXT, NULL, 0, &item);
    if (status != STATUS_OK)
        return status;
    if (!is_ours(axfr, table, &item))
        return STATUS_NOT_FOUND;
    if (!goes_forward(axfr, &item))
        return STATUS_MALFORMED;
    axfr->names -= table == STORE_TABLE_NODES;
    fetch_ahead(&item);
    return zone_name_open(&axfr->name, &item, axfr->apex);
}

/* Writes what is left of the name. STATUS_OK when all is written, STATUS_NO_SPACE when the message
 * is full. */
static enum status write_name(struct axfr *axfr, struct transfer_message *message)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK) {
        if (reader_left(&axfr->records) > 0 &&
            !transfer_message_add_all(message, &axfr->name.owner, &axfr->records))
            return axfr->records.failed ? STATUS_MALFORMED : STATUS_NO_SPACE;
        status = zone_name_next(&axfr->name, &axfr->records);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Writes the name in work and all that follow it in the table. STATUS_OK after the last. */
static enum status write_names(struct axfr *axfr, struct transfer_message *message,
                               enum store_table table)
{
    enum status status = write_name(axfr, message);

    while (status == STATUS_OK) {
        status = next_name(axfr, table);
        transfer_message_turn(message);
        if (status == STATUS_OK)
            status = write_name(axfr, message);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status write_soa(struct axfr *axfr, struct transfer_message *message)
{
    const struct transfer_owner apex = {NULL, 0};

    return transfer_message_add(message, &apex, axfr->soa, axfr->soa_octets) ? STATUS_OK
                                                                             : STATUS_NO_SPACE;
}

/* Writes what is left of one stage. STATUS_OK when the next one is due. */
static enum status write_stage(struct axfr *axfr, struct transfer_message *message)
{
    enum status status;

    switch (axfr->stage) {
    case AXFR_FIRST_SOA:
    case AXFR_LAST_SOA:
        return write_soa(axfr, message);
    case AXFR_NODES:
        status = write_names(axfr, message, STORE_TABLE_NODES);
        return status == STATUS_OK && axfr->names != 1 ? STATUS_MALFORMED : status;
    case AXFR_NSEC3:
        return write_names(axfr, message, STORE_TABLE_NSEC3);
    case AXFR_DONE:
        break;
    }
    return STATUS_OK;
}

/* Goes on to the next stage; past the NSEC3 records where there are none. */
static enum status next_stage(struct axfr *axfr)
{
    enum status status = STATUS_OK;

    axfr->stage++;
    if (axfr->stage == AXFR_NSEC3) {
        status = first_nsec3(axfr);
        if (status == STATUS_NOT_FOUND) {
            axfr->stage = AXFR_LAST_SOA;
            status = STATUS_OK;
        }
    }
    return status;
}

enum status axfr_write(struct axfr *axfr, struct transfer_message *message)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && axfr->stage != AXFR_DONE) {
        status = write_stage(axfr, message);
        if (status == STATUS_OK) {
            transfer_message_turn(message);
            status = next_stage(axfr);
        }
    }
    return status;
}
