/* What is written last of a zone, since it is about all the rest: its record and its digest. */
#ifndef COMMIT_SEAL_H
#define COMMIT_SEAL_H

#include "commit/merge.h"
#include "conf/arena.h"
#include "zone/node.h"

#include <stdint.h>

/* The ZONEMD RRset (RFC 8976) of the zone as the edit has it now, under the serial of the merge's
 * result; its RDATA in `arena`. STATUS_OK, STATUS_MALFORMED or STATUS_SYSTEM. */
MUST_CHECK enum status seal_zonemd(struct merge *merge, uint32_t ttl, struct arena *arena,
                                   struct rrset *out);

/*
 * Writes the zone's record (store/zones.h), with the counts and the serials of the merge's result.
 *
 *   apex        with its SOA, and its signatures where it is signed
 *   published   seconds since 1970
 *   flags       ZONE_RESTORED and ZONE_ROLLED_BACK; the others are seen at the apex
 *
 * STATUS_OK, STATUS_NO_SPACE (names and signatures beyond what any zone has) or STATUS_SYSTEM.
 */
MUST_CHECK enum status seal_record(struct merge *merge, const struct node *apex, int64_t published,
                                   uint8_t flags);

/*
 * Writes the zone's record with other flags, and nothing else changed.
 *
 *   apex    the zone's
 *   mask    of the flags that are to be as in `flags`
 *
 * STATUS_OK, STATUS_MALFORMED (there is no sound record) or STATUS_SYSTEM.
 */
MUST_CHECK enum status seal_flags(struct edit *edit, const uint8_t *apex, uint8_t mask,
                                  uint8_t flags);

#endif
