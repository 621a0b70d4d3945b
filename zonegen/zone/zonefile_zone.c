#include "zone/zonefile_zone.h"

#include "store/key.h"
#include "zone/zonefile_check.h"

#include <stdlib.h>
#include <string.h>

/* A node as it is kept: struct node has room for the longest name. */
struct kept {
    const struct zonefile_owner *owner;
    struct rrset *rrsets;
    size_t rrset_count;
};

struct zone {
    struct kept *nodes;
    size_t count;
    size_t next;
};

const struct zonefile_owner *zonefile_owner_make(const uint8_t *name, struct arena *arena)
{
    struct key key;
    size_t name_length = name_octets(name);

    key_of_name(&key, 0, name, name_labels(name));
    size_t key_octets = key.length - KEY_PREFIX_OCTETS;
    struct zonefile_owner *owner = arena_alloc(arena, sizeof *owner + name_length + key_octets);
    if (owner == NULL)
        return NULL;
    uint8_t *octets = (uint8_t *)(owner + 1);
    memcpy(octets, name, name_length);
    if (key_octets > 0)
        memcpy(octets + name_length, key.octets + KEY_PREFIX_OCTETS, key_octets);
    *owner = (struct zonefile_owner){octets, octets + name_length, key_octets};
    return owner;
}

static int compare_keys(const struct zonefile_owner *a, const uint8_t *key, size_t key_octets)
{
    size_t shorter = a->key_octets < key_octets ? a->key_octets : key_octets;
    int order = shorter > 0 ? memcmp(a->key, key, shorter) : 0;
    return order != 0 ? order : (a->key_octets > key_octets) - (a->key_octets < key_octets);
}

static int compare_owners(const struct zonefile_owner *a, const struct zonefile_owner *b)
{
    return a == b ? 0 : compare_keys(a, b->key, b->key_octets);
}

static int compare_records(const void *left, const void *right)
{
    const struct zonefile_record *a = left;
    const struct zonefile_record *b = right;
    int order = compare_owners(a->owner, b->owner);
    if (order == 0)
        order = a->type - b->type;
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Most files come sorted. */
static void sort_records(struct zonefile_records *records)
{
    size_t i = 1;
    while (i < records->count && compare_records(&records->items[i - 1], &records->items[i]) <= 0)
        i++;
    if (i < records->count)
        qsort(records->items, records->count, sizeof *records->items, compare_records);
}

static enum status zone_next(void *state, struct node *out)
{
    struct zone *zone = state;
    if (zone->next == zone->count)
        return STATUS_NOT_FOUND;
    const struct kept *kept = &zone->nodes[zone->next++];
    name_set(&out->owner, kept->owner->name);
    out->rrset_count = kept->rrset_count;
    out->rrsets = kept->rrsets;
    return STATUS_OK;
}

static enum status zone_rewind(void *state)
{
    struct zone *zone = state;
    zone->next = 0;
    return STATUS_OK;
}

/* The first node whose key is not before `key`. */
static size_t lower_bound(const struct zone *zone, const uint8_t *key, size_t key_octets)
{
    size_t low = 0;
    size_t high = zone->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(zone->nodes[middle].owner, key, key_octets) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum status zone_find(void *state, const uint8_t *owner, struct node *out)
{
    const struct zone *zone = state;
    struct key key;

    key_of_name(&key, 0, owner, name_labels(owner));
    const uint8_t *octets = key.octets + KEY_PREFIX_OCTETS;
    size_t length = key.length - KEY_PREFIX_OCTETS;
    size_t at = lower_bound(zone, octets, length);
    /* A key is a prefix of the keys of all names below its own. */
    if (at == zone->count || !name_is_within(owner, zone->nodes[0].owner->name) ||
        !name_is_within(zone->nodes[at].owner->name, owner))
        return STATUS_NOT_FOUND;
    const struct kept *kept = &zone->nodes[at];
    bool empty = kept->owner->key_octets != length;
    name_set(&out->owner, empty ? owner : kept->owner->name);
    out->rrset_count = empty ? 0 : kept->rrset_count;
    out->rrsets = empty ? NULL : kept->rrsets;
    return STATUS_OK;
}

/* Makes the RRset of the `count` records at `records`, which share owner and type. */
static enum status make_rrset(const struct zonefile_record *records, size_t count,
                              struct arena *arena, struct rrset *out)
{
    if (count > UINT16_MAX) /* zonefile_check_rrset complains */
        count = UINT16_MAX;
    struct rdata *items = arena_alloc(arena, count * sizeof *items);
    if (items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < count; i++)
        items[i] = (struct rdata){records[i].rdata, records[i].rdata_octets};
    *out = (struct rrset){records->type, (uint16_t)count, records->ttl, items};
    for (size_t i = 1; i < count && out->ttl > records[i].ttl; i++)
        out->ttl = records[i].ttl;
    rrset_sort(out);
    return STATUS_OK;
}

/* How many records from `at` on share the owner, and the type where `same_type`. */
static size_t run_length(const struct zonefile_records *records, size_t at, bool same_type)
{
    const struct zonefile_record *first = &records->items[at];
    size_t count = 1;

    while (at + count < records->count && compare_owners(first->owner, first[count].owner) == 0 &&
           (!same_type || first->type == first[count].type))
        count++;
    return count;
}

/* Makes the node of the `count` records from `at` on, which share an owner. */
static enum status make_node(const struct zonefile_records *records, size_t at, size_t count,
                             struct zonefile_check *check, struct arena *arena, struct kept *out)
{
    const struct zonefile_record *first = &records->items[at];
    size_t types = 0;

    for (size_t i = 0; i < count; i += run_length(records, at + i, true))
        types++;
    struct rrset *rrsets = arena_alloc(arena, types * sizeof *rrsets);
    if (rrsets == NULL)
        return STATUS_SYSTEM;
    *out = (struct kept){first->owner, rrsets, types};
    for (size_t i = 0, n = 0; i < count; n++) {
        size_t run = run_length(records, at + i, true);
        enum status status = make_rrset(first + i, run, arena, &rrsets[n]);
        if (status != STATUS_OK)
            return status;
        zonefile_check_rrset(check, first + i, run, &rrsets[n]);
        i += run;
    }
    zonefile_check_node(check, first, count, rrsets, types);
    return STATUS_OK;
}

static enum status make_nodes(const struct zonefile_records *records, struct zonefile_check *check,
                              struct arena *arena, struct zone *zone)
{
    size_t nodes = 0;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < records->count; i += run_length(records, i, false))
        nodes++;
    zone->nodes = arena_alloc(arena, nodes * sizeof *zone->nodes);
    if (zone->nodes == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < records->count && status == STATUS_OK;) {
        size_t count = run_length(records, i, false);
        status = make_node(records, i, count, check, arena, &zone->nodes[zone->count++]);
        i += count;
    }
    return status;
}

/* The owner of the SOA: of `apex` where there is one, else of the first in the file; NULL without
 * any. */
static const struct zonefile_record *find_soa(const struct zonefile_records *records,
                                              const struct name *apex)
{
    const struct zonefile_record *found = NULL;

    for (size_t i = 0; i < records->count; i++) {
        const struct zonefile_record *record = &records->items[i];
        if (record->type != TYPE_SOA)
            continue;
        if (apex != NULL && name_equals(record->owner->name, apex->octets))
            return record;
        if (found == NULL || record->line < found->line)
            found = record;
    }
    return found;
}

/* Finds what the zone is. */
static enum status find_apex(const struct zonefile_records *records, const struct name *apex,
                             struct zonefile_check *check)
{
    const struct zonefile_record *soa = find_soa(records, apex);
    char want[NAME_TEXT_OCTETS];
    char have[NAME_TEXT_OCTETS];

    if (soa == NULL) {
        if (records->complete)
            diag_error(check->diag, (struct place){.file = records->file}, "zonefile-soa",
                       "no SOA record; this is no zone, or only a part of one");
        return STATUS_INVALID;
    }
    check->apex = soa->owner;
    if (apex == NULL || name_equals(soa->owner->name, apex->octets))
        return STATUS_OK;
    name_to_text(apex->octets, want);
    name_to_text(soa->owner->name, have);
    diag_error(check->diag, zonefile_check_place(check, soa), "zonefile-zone",
               "the file holds the zone %s, not %s", have, want);
    return STATUS_INVALID;
}

/* Complains of records that lie outside the zone, and drops them. */
static void drop_outside(struct zonefile_records *records, struct zonefile_check *check)
{
    const struct zonefile_owner *apex = check->apex;
    char owner[NAME_TEXT_OCTETS];
    char zone[NAME_TEXT_OCTETS];
    size_t kept = 0;

    name_to_text(apex->name, zone);
    for (size_t i = 0; i < records->count; i++) {
        const struct zonefile_record *record = &records->items[i];
        if (record->owner->key_octets >= apex->key_octets &&
            memcmp(record->owner->key, apex->key, apex->key_octets) == 0) {
            records->items[kept++] = *record;
            continue;
        }
        name_to_text(record->owner->name, owner);
        if (zonefile_check_counts(check))
            diag_error(check->diag, zonefile_check_place(check, record), "zonefile-outside",
                       "%s lies outside the zone %s; remove it", owner, zone);
    }
    records->count = kept;
}

enum status zonefile_zone_make(struct zonefile_records *records, const struct name *apex,
                               size_t limit, struct arena *arena, struct diag *diag,
                               struct node_source *out)
{
    struct zonefile_check check = {
        .file = records->file, .diag = diag, .complete = records->complete, .limit = limit};
    struct zone *zone = arena_alloc(arena, sizeof *zone);

    if (zone == NULL)
        return STATUS_SYSTEM;
    sort_records(records);
    enum status status = find_apex(records, apex, &check);
    if (status != STATUS_OK)
        return status;
    drop_outside(records, &check);
    status = make_nodes(records, &check, arena, zone);
    if (status != STATUS_OK)
        return status;
    if (check.errors > limit)
        diag_error(diag, (struct place){.file = records->file}, "zonefile-errors",
                   "%zu more errors of records that do not go together", check.errors - limit);
    if (check.errors > 0)
        return STATUS_INVALID;
    *out = (struct node_source){
        .state = zone, .next = zone_next, .rewind = zone_rewind, .find = zone_find};
    name_set(&out->apex, check.apex->name);
    return STATUS_OK;
}
