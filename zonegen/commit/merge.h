/*
 * Walks the nodes of a zone in the store and those of a source side by side, in key order, and
 * writes what differs: unchanged names cost a comparison and no write.
 */
#ifndef COMMIT_MERGE_H
#define COMMIT_MERGE_H

#include "commit/commit.h"
#include "commit/recorder.h"
#include "store/edit.h"
#include "zone/compile.h"

struct merge {
    struct edit *edit;
    const struct node_source *source;
    uint16_t zone;
    const struct commit_observer *observer; /* or NULL */
    struct diag *diag;
    struct commit_result *result; /* counts are added to */
    bool keep_apex;               /* compare the apex but leave it: the caller writes it */
    struct recorder *recorder;    /* is told what is put and deleted; or NULL */
};

/*
 * Merges the source into the zone's nodes, and its NSEC3 records into their table: what the store
 * has and the source does not goes. Of a partial source (partial.h, which has no NSEC3), only in
 * its runs: from each one's first node to the node without RRsets that closes it; what lies between
 * runs is not looked at, and not counted. STATUS_OK; STATUS_NO_SPACE with a diagnostic that names
 * the owner; STATUS_MALFORMED; STATUS_SYSTEM.
 */
MUST_CHECK enum status merge_zone(struct merge *merge);

/* Deletes all nodes and NSEC3 records of the zone. Outcomes as above. */
MUST_CHECK enum status merge_nothing(struct merge *merge);

/* Compiles one node and puts it, whatever was there. Outcomes as above. */
MUST_CHECK enum status merge_put_node(struct merge *merge, const struct node *node);

#endif
