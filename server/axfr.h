/* The whole zone, record by record, between its SOA (AXFR, RFC 5936 §2.2). */
#ifndef SERVER_AXFR_H
#define SERVER_AXFR_H

#include "server/transfer_message.h"
#include "server/zone_name.h"

enum axfr_stage { AXFR_FIRST_SOA, AXFR_NODES, AXFR_NSEC3, AXFR_LAST_SOA, AXFR_DONE };

struct axfr {
    struct snapshot *snapshot;
    uint16_t zone;
    const struct name *apex;
    enum axfr_stage stage;
    const uint8_t *soa; /* from type to RDATA */
    size_t soa_octets;
    struct zone_name name;
    struct reader records;   /* what is left of the part in work */
    const uint8_t *last_key; /* of the name before the one in work, in the map; or NULL */
    size_t last_octets;
    uint32_t names; /* nodes from the one in work on, as the zone's record counts */
};

/*
 * Begins at the zone's apex.
 *
 *   snapshot   used by nobody else until the end: its place is where the walk stands
 *   apex       outlives it
 *
 * STATUS_OK, STATUS_MALFORMED (the apex is damaged) or STATUS_SYSTEM.
 */
MUST_CHECK enum status axfr_open(struct axfr *axfr, struct snapshot *snapshot, uint16_t zone,
                                 const struct name *apex);

/*
 * Adds to a message, which begins with the first record that the one before it had no room for.
 * STATUS_OK when all is written, STATUS_NO_SPACE when the message is full; STATUS_MALFORMED or
 * STATUS_SYSTEM when the zone is damaged, names missing from it too: the last SOA, which makes what
 * was sent a zone, is then never written.
 */
MUST_CHECK enum status axfr_write(struct axfr *axfr, struct transfer_message *message);

#endif
