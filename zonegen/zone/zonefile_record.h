/*
 * One record of a zone file, and many of them packed one behind the other, as a spool
 * (zonefile_spool.h) holds them. Knows nothing of how records were written, nor of what a zone may
 * be.
 *
 *   OFFSET SIZE FIELD
 *        0    4 line
 *        4    4 TTL
 *        8    2 type
 *       10    2 octets of RDATA
 *       12    1 octets of the owner; 0: the owner is that of the record before
 *       13    2 octets of the owner's key
 *       15    … owner, its key, RDATA
 */
#ifndef ZONE_ZONEFILE_RECORD_H
#define ZONE_ZONEFILE_RECORD_H

#include "store/key.h"
#include "wire/name.h"
#include "wire/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONEFILE_RECORD_MAX_OCTETS (15 + NAME_MAX_OCTETS + KEY_MAX_OCTETS + UINT16_MAX)

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

/* An owner that outlives what it was read from. Not to be copied: it points into itself. */
struct zonefile_owner_copy {
    struct zonefile_owner owner;
    struct name name;
    uint8_t key[KEY_MAX_OCTETS];
};

/* Makes an owner of a name, or of another owner. */
void zonefile_owner_make(struct zonefile_owner_copy *out, const struct name *name);
void zonefile_owner_copy(struct zonefile_owner_copy *out, const struct zonefile_owner *from);

/* Negative, zero or positive as an owner's key comes before another key, is it, or comes after. */
int zonefile_owner_compare(const struct zonefile_owner *owner, const uint8_t *key,
                           size_t key_octets);

/* True when two owners are written the same, letter case too. */
bool zonefile_owner_is(const struct zonefile_owner *owner, const uint8_t *name);

/* Packs a record; the owner only where it is not that of the record before. */
void zonefile_record_write(struct writer *w, const struct zonefile_record *record, bool same_owner);

/* A walk over packed records. What it yields points into them; the owner into the cursor, valid
 * until it moves. The first record has its owner. */
struct zonefile_cursor {
    const uint8_t *next;
    const uint8_t *end;
    struct zonefile_owner owner; /* of the record that was read last */
};

/* The next record. False at the end. */
bool zonefile_cursor_next(struct zonefile_cursor *cursor, struct zonefile_record *out);

#endif
