#include "zone/zonefile_zone.h"

#include "zone/zonefile_check.h"
#include "zone/zonefile_group.h"

#include <stdlib.h>
#include <string.h>

struct zonefile_zone {
    const struct zonefile_records *records;
    const struct zonefile_owner *apex;
    struct zonefile_cursor all; /* of what lies in the zone */
    struct zonefile_cursor next;
    struct zonefile_group next_group;  /* of the node that next() yielded last */
    struct zonefile_group found_group; /* of the node that find() yielded last */
};

/* ---- the source ---- */

static enum status zone_next(void *state, struct node *out)
{
    struct zonefile_zone *zone = state;

    enum status status = zonefile_group_take(&zone->next_group, &zone->next);
    return status == STATUS_OK ? zonefile_group_node(&zone->next_group, NULL, out) : status;
}

static enum status zone_rewind(void *state)
{
    struct zonefile_zone *zone = state;

    zone->next = zone->all;
    return STATUS_OK;
}

/* The key of an empty non-terminal is the beginning of its descendants' keys. */
static enum status zone_find(void *state, const uint8_t *owner, struct node *out)
{
    struct zonefile_zone *zone = state;
    struct zonefile_record record;
    struct key key;

    if (!name_is_within(owner, zone->apex->name))
        return STATUS_NOT_FOUND;
    key_of_name(&key, 0, owner, name_labels(owner));
    const uint8_t *octets = key.octets + KEY_PREFIX_OCTETS;
    size_t length = key.length - KEY_PREFIX_OCTETS;
    struct zonefile_cursor cursor = zonefile_spool_seek(zone->records->spool, octets, length);
    struct zonefile_cursor first = cursor;
    if (!zonefile_cursor_next(&first, &record) || record.owner->key_octets < length ||
        (length > 0 && memcmp(record.owner->key, octets, length) != 0))
        return STATUS_NOT_FOUND;
    if (record.owner->key_octets > length) {
        name_set(&out->owner, owner);
        out->rrset_count = 0;
        out->rrsets = NULL;
        return STATUS_OK;
    }
    enum status status = zonefile_group_take(&zone->found_group, &cursor);
    return status == STATUS_OK ? zonefile_group_node(&zone->found_group, NULL, out) : status;
}

struct node_source zonefile_zone_nodes(struct zonefile_zone *zone)
{
    struct node_source source = {
        .state = zone, .next = zone_next, .rewind = zone_rewind, .find = zone_find};
    name_set(&source.apex, zone->apex->name);
    return source;
}

/* ---- what a zone may be ---- */

/* Finds what the zone is. */
static enum status find_apex(const struct zonefile_records *records, const struct name *apex,
                             struct diag *diag)
{
    char want[NAME_TEXT_OCTETS];
    char have[NAME_TEXT_OCTETS];

    if (!records->has_soa) {
        if (records->complete)
            diag_error(diag, (struct place){.file = records->file}, "zonefile-soa",
                       "no SOA record; this is no zone, or only a part of one");
        return STATUS_INVALID;
    }
    const uint8_t *owner = records->soa.owner.name;
    if (apex == NULL || name_equals(owner, apex->octets))
        return STATUS_OK;
    name_to_text(apex->octets, want);
    name_to_text(owner, have);
    const struct place place = {.file = records->file, .line = records->soa_line};
    diag_error(diag, place, "zonefile-zone", "the file holds the zone %s, not %s", have, want);
    return STATUS_INVALID;
}

/* The place behind all that lies at or below an owner. Where its key ends there is a zero, the
 * smallest octet that a label's key goes on or ends with. */
static struct zonefile_cursor seek_behind(const struct zonefile_spool *spool,
                                          const struct zonefile_owner *owner)
{
    uint8_t key[KEY_MAX_OCTETS];
    struct zonefile_cursor all = zonefile_spool_begin(spool);

    if (owner->key_octets == 0) /* the root: nothing is behind it */
        return (struct zonefile_cursor){.next = all.end, .end = all.end};
    memcpy(key, owner->key, owner->key_octets);
    key[owner->key_octets - 1]++;
    return zonefile_spool_seek(spool, key, owner->key_octets);
}

/* Complains of records that lie outside the zone: those between two places. */
static void refuse_outside(struct zonefile_check *check, struct zonefile_cursor cursor,
                           const uint8_t *end)
{
    struct zonefile_record record;
    char owner[NAME_TEXT_OCTETS];
    char zone[NAME_TEXT_OCTETS];

    name_to_text(check->apex->name, zone);
    cursor.end = end;
    while (zonefile_cursor_next(&cursor, &record)) {
        if (!zonefile_check_counts(check))
            continue;
        name_to_text(record.owner->name, owner);
        diag_error(check->diag, zonefile_check_place(check, &record), "zonefile-outside",
                   "%s lies outside the zone %s; remove it", owner, zone);
    }
}

/* Checks all nodes of the zone. */
static enum status check_nodes(struct zonefile_zone *zone, struct zonefile_check *check)
{
    struct node node;
    enum status status = STATUS_OK;

    zone->next = zone->all;
    while (status == STATUS_OK) {
        status = zonefile_group_take(&zone->next_group, &zone->next);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status == STATUS_OK)
            status = zonefile_group_node(&zone->next_group, check, &node);
    }
    return status;
}

static enum status check_zone(struct zonefile_zone *zone, struct zonefile_check *check)
{
    const struct zonefile_spool *spool = zone->records->spool;
    struct zonefile_cursor all = zonefile_spool_begin(spool);
    struct zonefile_cursor behind = seek_behind(spool, zone->apex);

    zone->all = zonefile_spool_seek(spool, zone->apex->key, zone->apex->key_octets);
    zone->all.end = behind.next;
    refuse_outside(check, all, zone->all.next);
    refuse_outside(check, behind, all.end);
    return check_nodes(zone, check);
}

/* Says how much more was found than is shown. */
static enum status conclude(const struct zonefile_check *check)
{
    const struct place place = {.file = check->file};

    if (check->errors > check->limit)
        diag_error(check->diag, place, "zonefile-errors",
                   "%zu more errors of records that do not go together",
                   check->errors - check->limit);
    if (check->remarks > ZONEFILE_CHECK_REMARKS)
        diag_warning(check->diag, place, "zonefile-remarks",
                     "%zu more RRsets that are large or hold equal records",
                     check->remarks - ZONEFILE_CHECK_REMARKS);
    return check->errors > 0 ? STATUS_INVALID : STATUS_OK;
}

enum status zonefile_zone_open(const struct zonefile_records *records, const struct name *apex,
                               size_t limit, struct diag *diag, struct zonefile_zone **out)
{
    struct zonefile_check check = {.file = records->file,
                                   .diag = diag,
                                   .apex = &records->soa.owner,
                                   .complete = records->complete,
                                   .limit = limit};

    enum status status = find_apex(records, apex, diag);
    if (status != STATUS_OK)
        return status;
    struct zonefile_zone *zone = calloc(1, sizeof *zone);
    if (zone == NULL)
        return STATUS_SYSTEM;
    zone->records = records;
    zone->apex = &records->soa.owner;
    status = zonefile_group_open(&zone->next_group);
    if (status == STATUS_OK)
        status = zonefile_group_open(&zone->found_group);
    if (status == STATUS_OK)
        status = check_zone(zone, &check);
    if (status == STATUS_OK)
        status = conclude(&check);
    if (status != STATUS_OK) {
        zonefile_zone_close(zone);
        return status;
    }
    zone->next = zone->all;
    *out = zone;
    return STATUS_OK;
}

void zonefile_zone_close(struct zonefile_zone *zone)
{
    if (zone == NULL)
        return;
    zonefile_group_close(&zone->next_group);
    zonefile_group_close(&zone->found_group);
    free(zone);
}
