#include "server/name_difference.h"

#include <string.h>

static uint16_t type_of(const uint8_t *rest)
{
    struct reader r = reader_of(rest, 2);
    return reader_u16(&r);
}

static void rewind_side(struct name_difference *difference, enum difference_side side)
{
    if (side == DIFFERENCE_REMOVED) {
        difference->records[side] = difference->image.records;
    } else {
        zone_name_rewind(&difference->present);
        difference->records[side] = reader_of(NULL, 0);
    }
}

void name_difference_rewind(struct name_difference *difference)
{
    rewind_side(difference, DIFFERENCE_REMOVED);
    rewind_side(difference, DIFFERENCE_ADDED);
}

/* The next record that the name had. */
static enum status take_past(struct name_difference *difference, const uint8_t **rest,
                             size_t *octets)
{
    struct reader *records = &difference->records[DIFFERENCE_REMOVED];

    do {
        *rest = history_take_record(records, octets);
        if (!*rest)
            return records->failed ? STATUS_MALFORMED : STATUS_NOT_FOUND;
    } while (difference->is_apex && type_of(*rest) == TYPE_SOA);
    return STATUS_OK;
}

/* The next record that the name has. */
static enum status take_present(struct name_difference *difference, const uint8_t **rest,
                                size_t *octets)
{
    struct reader *records = &difference->records[DIFFERENCE_ADDED];

    for (;;) {
        *rest = stored_take_record(records, octets);
        if (*rest)
            return STATUS_OK;
        if (records->failed)
            return STATUS_MALFORMED;
        if (!difference->exists)
            return STATUS_NOT_FOUND;
        enum status status = zone_name_next(&difference->present, records);
        if (status != STATUS_OK)
            return status;
    }
}

static enum status take(struct name_difference *difference, enum difference_side side,
                        const uint8_t **rest, size_t *octets)
{
    return side == DIFFERENCE_REMOVED ? take_past(difference, rest, octets)
                                      : take_present(difference, rest, octets);
}

static enum status count(struct name_difference *difference, enum difference_side side)
{
    const uint8_t *rest;
    size_t octets;
    enum status status;

    difference->counts[side] = 0;
    while ((status = take(difference, side, &rest, &octets)) == STATUS_OK)
        difference->counts[side]++;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status open_present(struct name_difference *difference, struct snapshot *snapshot,
                                uint16_t zone, const struct name *apex)
{
    uint8_t key[KEY_MAX_OCTETS];
    struct item item;

    size_t octets = history_present_key(&difference->image, zone, key);
    enum status status = snapshot_walk(snapshot, WALK_AT, key, octets, &item);
    difference->exists = status == STATUS_OK;
    if (status == STATUS_OK)
        status = zone_name_open(&difference->present, &item, apex);
    difference->owners[DIFFERENCE_ADDED] = difference->present.owner;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static bool is_same_owner(const struct transfer_owner *a, const struct transfer_owner *b)
{
    return a->octets == b->octets && memcmp(a->labels, b->labels, a->octets) == 0;
}

enum status name_difference_open(struct name_difference *difference, struct snapshot *snapshot,
                                 uint16_t zone, const struct name *apex,
                                 const struct history_image *image)
{
    const struct transfer_owner *owners = difference->owners;
    size_t *counts = difference->counts;

    difference->image = *image;
    enum status status = history_image_owner(image, apex->octets, &difference->past);
    if (status != STATUS_OK)
        return status;
    difference->owners[DIFFERENCE_REMOVED] = (struct transfer_owner){
        difference->past.octets, (size_t)difference->past.length - apex->length};
    difference->is_apex = difference->past.length == apex->length;
    status = open_present(difference, snapshot, zone, apex);
    if (status != STATUS_OK)
        return status;
    name_difference_rewind(difference);
    status = count(difference, DIFFERENCE_REMOVED);
    if (status == STATUS_OK)
        status = count(difference, DIFFERENCE_ADDED);
    difference->whole =
        counts[DIFFERENCE_REMOVED] * counts[DIFFERENCE_ADDED] > DIFFERENCE_MAX_PAIRS ||
        !difference->exists ||
        !is_same_owner(&owners[DIFFERENCE_REMOVED], &owners[DIFFERENCE_ADDED]);
    name_difference_rewind(difference);
    return status;
}

/*
 * Looks for a record among those of the other side, once around from where the last one was found:
 * both sides have what they share in mostly the same order. STATUS_OK, or STATUS_NOT_FOUND.
 */
static enum status find(struct name_difference *difference, enum difference_side side,
                        const uint8_t *wanted, size_t wanted_octets)
{
    const uint8_t *rest;
    size_t octets;

    for (size_t i = 0; i < difference->counts[side]; i++) {
        enum status status = take(difference, side, &rest, &octets);
        if (status == STATUS_NOT_FOUND) {
            rewind_side(difference, side);
            status = take(difference, side, &rest, &octets);
        }
        if (status != STATUS_OK)
            return STATUS_MALFORMED;
        if (octets == wanted_octets && memcmp(rest, wanted, octets) == 0)
            return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

enum status name_difference_next(struct name_difference *difference, enum difference_side side,
                                 const uint8_t **rest, size_t *rest_octets)
{
    enum difference_side other = side == DIFFERENCE_REMOVED ? DIFFERENCE_ADDED : DIFFERENCE_REMOVED;
    enum status found = STATUS_OK;

    while (found == STATUS_OK) {
        enum status status = take(difference, side, rest, rest_octets);
        if (status != STATUS_OK)
            return status;
        found = difference->whole ? STATUS_NOT_FOUND : find(difference, other, *rest, *rest_octets);
    }
    return found == STATUS_NOT_FOUND ? STATUS_OK : found;
}
