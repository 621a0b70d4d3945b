/* The zones of a snapshot. */
#ifndef STORE_ZONES_H
#define STORE_ZONES_H

#include "store/store.h"
#include "store/stored.h"

/*
 * Reads the record of the zone that comes after number `after` (-1: the first).
 * STATUS_OK, STATUS_NOT_FOUND after the last, STATUS_MALFORMED when its record is damaged.
 */
MUST_CHECK enum status zones_next(struct snapshot *snapshot, int32_t after,
                                  struct zone_record *out);

/* The zone with this apex, letter case aside. Outcomes as above. */
MUST_CHECK enum status zones_find(struct snapshot *snapshot, const uint8_t *apex,
                                  struct zone_record *out);

#endif
