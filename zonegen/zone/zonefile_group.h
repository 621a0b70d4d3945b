/* The records of a zone file that share an owner, put together to a node. */
#ifndef ZONE_ZONEFILE_GROUP_H
#define ZONE_ZONEFILE_GROUP_H

#include "conf/arena.h"
#include "zone/node.h"
#include "zone/zonefile_check.h"
#include "zone/zonefile_record.h"

/* One owner at a time. Zeroed, with an arena, it is ready. */
struct zonefile_group {
    struct arena *scratch;
    struct zonefile_record
        *records; /* by type, those of a type by line; they point into the spool */
    size_t count;
    size_t room;
    struct zonefile_owner *owners; /* of each record: letter case may differ */
};

/* STATUS_OK or STATUS_SYSTEM. zonefile_group_close() is fine after both, and for a zeroed one. */
MUST_CHECK enum status zonefile_group_open(struct zonefile_group *group);
void zonefile_group_close(struct zonefile_group *group);

/*
 * Takes all records of the next owner, and moves the cursor behind them.
 * STATUS_OK, STATUS_NOT_FOUND at the cursor's end, STATUS_SYSTEM.
 */
MUST_CHECK enum status zonefile_group_take(struct zonefile_group *group,
                                           struct zonefile_cursor *cursor);

/*
 * Makes their node; it is valid until the next zonefile_group_take. The owner is written as at the
 * first record.
 *
 *   check   is told of each RRset and of the node, or NULL
 *
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status zonefile_group_node(struct zonefile_group *group,
                                           struct zonefile_check *check, struct node *out);

#endif
