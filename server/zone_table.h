/*
 * The zones that a worker answers for: those of the configuration, each with what the store holds
 * of it. Made anew whenever either changes, never in between; nothing in it points into the map.
 */
#ifndef SERVER_ZONE_TABLE_H
#define SERVER_ZONE_TABLE_H

#include "conf/config.h"
#include "store/nsec3.h"
#include "store/store.h"
#include "wire/name.h"

#define SERVED_SOA_OCTETS  4096 /* an SOA with three names of 255 octets, and its signatures */
#define SERVED_HINT_OCTETS 200  /* a zone name longer than that goes unsaid */

struct served_zone {
    const struct config_zone *config;
    bool is_open; /* whoever asks may */
    bool loaded;  /* the store holds it */
    uint16_t number;
    uint32_t serial;
    struct name apex; /* lower case */
    uint8_t apex_labels;
    bool is_signed;      /* answers are proved to who asks for it */
    uint16_t soa_octets; /* negative SOA, owner in full */
    uint16_t signature_octets;
    uint8_t signature_records;
    uint8_t soa[SERVED_SOA_OCTETS]; /* its signatures behind it */
    bool has_nsec3;                 /* proved by NSEC3, with these: */
    uint16_t iterations;
    uint8_t salt_octets;
    uint8_t salt[UINT8_MAX];
    char miss_hint[SERVED_HINT_OCTETS]; /* what an NXDOMAIN tells people (RFC 8914) */
};

struct zone_table;

/*
 * Makes a table of all zones of `config`, which outlives it, as `snapshot` shows them.
 * STATUS_OK or STATUS_SYSTEM. A zone whose record is damaged counts as not loaded.
 */
MUST_CHECK enum status zone_table_create(const struct config *config, struct snapshot *snapshot,
                                         struct zone_table **out);
void zone_table_destroy(struct zone_table *table);

size_t zone_table_count(const struct zone_table *table);
const struct served_zone *zone_table_at(const struct zone_table *table, size_t n);

/* The deepest zone that `name` lies in, or NULL. */
const struct served_zone *zone_table_find(const struct zone_table *table, const struct name *name);

#endif
