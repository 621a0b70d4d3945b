/*
 * One owner name of a zone as the database has it now: a node, or an NSEC3 record, and what the
 * zone holds there, for transfers.
 */
#ifndef SERVER_ZONE_NAME_H
#define SERVER_ZONE_NAME_H

#include "server/transfer_message.h"
#include "store/store.h"
#include "store/stored.h"

/* Must not move: it may point into itself. The rest points into the map. */
struct zone_name {
    struct transfer_owner owner;
    bool is_nsec3;
    bool is_last; /* of the parts */
    struct stored node;
    size_t line;
    struct reader nsec3;
    uint8_t labels[NAME_MAX_OCTETS]; /* what the key says */
};

/*
 * Opens the item of a name.
 *
 *   apex   of the zone that it belongs to
 *
 * STATUS_OK, or STATUS_MALFORMED (damaged, or neither a node nor an NSEC3 record).
 */
MUST_CHECK enum status zone_name_open(struct zone_name *name, const struct item *item,
                                      const struct name *apex);

/*
 * Gives what the zone has at the name, part by part: the RRsets, each with its signatures, as many
 * at once as stand together, then the NSEC; an NSEC3 with its signatures. The SOA is left out, its
 * signatures are not: it frames a transfer.
 *
 *   records   out: for stored_take_record(); may be empty
 *
 * STATUS_OK, STATUS_NOT_FOUND after the last, or STATUS_MALFORMED.
 */
MUST_CHECK enum status zone_name_next(struct zone_name *name, struct reader *records);

/* Back to the first part. */
void zone_name_rewind(struct zone_name *name);

/*
 * Finds the zone's SOA.
 *
 *   rest, rest_octets   out: from type to RDATA; in the map
 *
 * STATUS_OK, STATUS_MALFORMED (damaged, or none) or STATUS_SYSTEM.
 */
MUST_CHECK enum status zone_name_soa(struct snapshot *snapshot, uint16_t zone, const uint8_t **rest,
                                     size_t *rest_octets);

#endif
