/*
 * The records of a catalog zone (RFC 9432): which zones there are, so that secondaries which read
 * it take them up and drop them by themselves.
 *
 *   CATALOG                   SOA, NS invalid. (§4)
 *   version.CATALOG           TXT "2" (§4.2.1)
 *   UNIQUE.zones.CATALOG      PTR the zone (§4.1)
 *   group.UNIQUE.zones.CATALOG  TXT "contactd-public" or "contactd-members": its audience
 *                             (§4.3.2)
 *
 * UNIQUE is 16 hex digits of SHA-256 over the zone's name and its audience: the same whenever it is
 * made, and another where the audience is another, which has secondaries forget what they have of
 * the zone (§5.6) rather than show to one audience what was meant for the other.
 *
 * Knows nothing of contacts, of the store, nor of what is in the zones.
 */
#ifndef ZONE_CATALOG_H
#define ZONE_CATALOG_H

#include "conf/arena.h"
#include "conf/config.h"
#include "zone/node.h"

#include <stdbool.h>
#include <stdint.h>

struct catalog; /* one catalog being made; in the arena it was opened with */

/* Whether a catalog lists a zone: no catalog is listed, and in one for the public no zone for
 * members. */
bool catalog_lists(const struct config_zone *catalog, const struct config_zone *zone);

/*
 * Makes the records of a catalog of the configured zones.
 *
 *   zone    the catalog; it and `zones` outlive what is made of them
 *   zones   `count` of them, the catalog itself among them or not
 *
 * STATUS_OK, STATUS_NO_SPACE where the catalog's name leaves no room for those below it, or
 * STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status catalog_open(const struct config_zone *zone, const struct config_zone *zones,
                                    size_t count, struct arena *arena, struct catalog **out);

/* What the SOA says; zero until called. */
void catalog_stamp(struct catalog *catalog, uint32_t serial);

/* The nodes; valid as long as the arena. */
struct node_source catalog_source(struct catalog *catalog);

/* The zone that a node of a catalog lists, an uncompressed name in it; NULL for a node that lists
 * none. `apex` is that of the catalog. */
const uint8_t *catalog_listed(const struct name *apex, const struct node *node);

#endif
