#include "server/zone_table.h"

#include "store/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct zone_table {
    size_t count;
    struct served_zone *zones;
    size_t bucket_mask; /* buckets are a power of two, at least twice the zones */
    const struct served_zone **buckets;
    size_t max_labels; /* of any apex: deeper suffixes need no look */
};

/* Hashes one label onto the hash of what follows it, letter case aside. */
static uint32_t hash_label(uint32_t hash, const uint8_t *label)
{
    for (size_t i = 0; i <= *label; i++) {
        uint8_t octet = label[i];
        if (octet >= 'A' && octet <= 'Z')
            octet |= 0x20;
        hash = (hash ^ octet) * 16777619u; /* FNV-1a */
    }
    return hash;
}

#define HASH_START 2166136261u

static uint32_t hash_name(const uint8_t *name)
{
    uint32_t hash = HASH_START;
    for (size_t labels = name_labels(name); labels > 0; labels--)
        hash = hash_label(hash, name_parent(name, labels - 1));
    return hash;
}

static void insert(struct zone_table *table, const struct served_zone *zone)
{
    size_t at = hash_name(zone->apex.octets) & table->bucket_mask;
    while (table->buckets[at])
        at = (at + 1) & table->bucket_mask;
    table->buckets[at] = zone;
}

/* True when the names are the same. Most are asked for in lower case, as apexes are kept: comparing
 * the octets first spares those a look at each. */
static bool is_apex(const struct name *apex, const uint8_t *name, size_t octets)
{
    return apex->length == octets &&
           (memcmp(apex->octets, name, octets) == 0 || name_equals(apex->octets, name));
}

static const struct served_zone *find_exact(const struct zone_table *table, uint32_t hash,
                                            const uint8_t *name, size_t octets)
{
    size_t at = hash & table->bucket_mask;
    for (; table->buckets[at]; at = (at + 1) & table->bucket_mask)
        if (is_apex(&table->buckets[at]->apex, name, octets))
            return table->buckets[at];
    return NULL;
}

const struct served_zone *zone_table_find(const struct zone_table *table, const struct name *name)
{
    const uint8_t *labels[NAME_MAX_LABELS];
    const struct served_zone *found = NULL;
    uint32_t hash = HASH_START;
    size_t count = 0;

    const uint8_t *next = name->octets;
    for (; *next != 0; next += *next + 1u)
        labels[count++] = next;
    found = find_exact(table, hash, next, 1); /* a server of the root zone */
    for (size_t depth = 1; depth <= count && depth <= table->max_labels; depth++) {
        const uint8_t *suffix = labels[count - depth];
        hash = hash_label(hash, suffix);
        size_t octets = (size_t)(name->octets + name->length - suffix);
        const struct served_zone *zone = find_exact(table, hash, suffix, octets);
        if (zone)
            found = zone;
    }
    return found;
}

static void write_hint(struct served_zone *zone)
{
    char text[NAME_TEXT_OCTETS];
    size_t length = name_to_text(zone->apex.octets, text);

    text[length - 1] = '\0'; /* without the final dot */
    int written = snprintf(zone->miss_hint, sizeof zone->miss_hint,
                           "no such entry; TXT _index.%s lists all", text);
    if (written >= (int)sizeof zone->miss_hint)
        snprintf(zone->miss_hint, sizeof zone->miss_hint, "no such entry; TXT _index lists all");
}

static void load(struct served_zone *zone, const struct zone_record *record)
{
    struct writer w = writer_of(zone->soa, sizeof zone->soa);

    writer_octets(&w, record->soa, record->soa_octets);
    writer_octets(&w, record->signatures, record->signature_octets);
    if (w.failed)
        return;
    zone->loaded = true;
    zone->number = record->number;
    zone->serial = record->serial;
    zone->is_signed = (record->flags & ZONE_SIGNED) != 0;
    zone->soa_octets = record->soa_octets;
    zone->signature_octets = record->signature_octets;
    zone->signature_records = record->signature_records;
    zone->has_nsec3 = (record->flags & ZONE_NSEC3) != 0;
    zone->iterations = record->iterations;
    zone->salt_octets = record->salt_octets;
    memcpy(zone->salt, record->salt, record->salt_octets);
}

static enum status load_all(struct zone_table *table, struct snapshot *snapshot)
{
    struct zone_record record;
    int32_t number = -1;

    for (;;) {
        enum status status = zones_next(snapshot, number, &record);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status == STATUS_SYSTEM)
            return status;
        number = record.number;
        if (status != STATUS_OK) /* damaged: whichever zone it is, it is not loaded */
            continue;
        for (size_t i = 0; i < table->count; i++)
            if (name_equals(table->zones[i].apex.octets, record.apex))
                load(&table->zones[i], &record);
    }
}

static bool allocate(struct zone_table *table, size_t count)
{
    size_t buckets = 4;
    while (buckets < 2 * count + 2)
        buckets *= 2;
    table->bucket_mask = buckets - 1;
    table->count = count;
    table->zones = calloc(count + 1, sizeof *table->zones);
    table->buckets = calloc(buckets, sizeof *table->buckets);
    return table->zones && table->buckets;
}

/* True when everybody may ask the zone: it is public (a catalog is not, RFC 9432 §7), and no acl
 * is about questions. */
static bool is_open(const struct config_zone *zone)
{
    for (size_t i = 0; i < zone->acl_count; i++)
        if ((zone->acl[i]->actions & ACL_QUERY) != 0)
            return false;
    return zone->audience == AUDIENCE_PUBLIC && !zone->catalog;
}

enum status zone_table_create(const struct config *config, struct snapshot *snapshot,
                              struct zone_table **out)
{
    struct zone_table *table = calloc(1, sizeof *table);

    if (!table || !allocate(table, config->zone_count)) {
        zone_table_destroy(table);
        return STATUS_SYSTEM;
    }
    for (size_t i = 0; i < table->count; i++) {
        struct served_zone *zone = &table->zones[i];
        zone->config = &config->zones[i];
        zone->is_open = is_open(zone->config);
        zone->apex = config->zones[i].domain;
        name_lower(zone->apex.octets);
        write_hint(zone);
        zone->apex_labels = (uint8_t)name_labels(zone->apex.octets);
        if (zone->apex_labels > table->max_labels)
            table->max_labels = zone->apex_labels;
        insert(table, zone);
    }
    enum status status = load_all(table, snapshot);
    if (status != STATUS_OK) {
        zone_table_destroy(table);
        return status;
    }
    *out = table;
    return STATUS_OK;
}

void zone_table_destroy(struct zone_table *table)
{
    if (!table)
        return;
    free(table->zones);
    free(table->buckets);
    free(table);
}

size_t zone_table_count(const struct zone_table *table)
{
    return table->count;
}

const struct served_zone *zone_table_at(const struct zone_table *table, size_t n)
{
    return &table->zones[n];
}
