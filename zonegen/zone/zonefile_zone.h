/*
 * A zone in memory: records in any order become nodes in canonical order, checked for what a zone
 * may be. Knows nothing of how the records were written.
 */
#ifndef ZONE_ZONEFILE_ZONE_H
#define ZONE_ZONEFILE_ZONE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "zone/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An owner name with its key (store/key.h) counted from the root, so that it needs no apex. */
struct zonefile_owner {
    const uint8_t *name;
    const uint8_t *key;
    size_t key_octets;
};

struct zonefile_record {
    const struct zonefile_owner *owner;
    const uint8_t *rdata;
    uint32_t ttl;
    unsigned line;
    uint16_t type;
    uint16_t rdata_octets;
};

/* Makes an owner in the arena. NULL when memory is out. */
const struct zonefile_owner *zonefile_owner_make(const uint8_t *name, struct arena *arena);

/* Records as read. */
struct zonefile_records {
    const char *file;
    struct zonefile_record *items; /* will be sorted */
    size_t count;
    bool complete; /* false: some could not be read, so that none is called missing */
};

/*
 * Sorts and checks records and makes a zone of them.
 *
 *   apex   what the zone must be, or NULL: the owner of its SOA
 *   out    a source over the zone, in the arena as the records' octets are
 *
 * STATUS_OK; STATUS_INVALID with diagnostics, at most `limit` of them; STATUS_SYSTEM.
 */
MUST_CHECK enum status zonefile_zone_make(struct zonefile_records *records, const struct name *apex,
                                          size_t limit, struct arena *arena, struct diag *diag,
                                          struct node_source *out);

#endif
