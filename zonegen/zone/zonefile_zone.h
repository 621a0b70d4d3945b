/*
 * A zone of the records of a file, which a spool has brought into canonical order: checked for what
 * a zone may be, and a source of nodes that are made as they are asked for. Knows nothing of how
 * the records were written.
 */
#ifndef ZONE_ZONEFILE_ZONE_H
#define ZONE_ZONEFILE_ZONE_H

#include "conf/diag.h"
#include "zone/node.h"
#include "zone/zonefile_record.h"
#include "zone/zonefile_spool.h"

#include <stdbool.h>
#include <stddef.h>

/* Records as read. */
struct zonefile_records {
    const char *file;
    const struct zonefile_spool *spool; /* finished */
    bool has_soa;
    struct zonefile_owner_copy
        soa; /* the owner of the first SOA, of the zone's where there is one */
    unsigned soa_line;
    bool complete; /* false: some could not be read, so that none is called missing */
};

struct zonefile_zone;

/*
 * Checks records and makes a zone of them.
 *
 *   records   they and their spool outlive the zone
 *   apex      what the zone must be, or NULL: the owner of its SOA
 *   out       set on STATUS_OK
 *
 * STATUS_OK; STATUS_INVALID with diagnostics, at most `limit` of them; STATUS_SYSTEM: memory is
 * out.
 */
MUST_CHECK enum status zonefile_zone_open(const struct zonefile_records *records,
                                          const struct name *apex, size_t limit, struct diag *diag,
                                          struct zonefile_zone **out);
void zonefile_zone_close(struct zonefile_zone *zone);

/* Its nodes; valid as long as the zone. */
struct node_source zonefile_zone_nodes(struct zonefile_zone *zone);

#endif
