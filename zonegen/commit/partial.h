/*
 * The nodes of a partial build (zone/build.h) as merge.h takes them: runs of names that are new or
 * may be, each closed by the name that comes after it in the store, without RRsets. What lies
 * between two runs is neither read nor written.
 *
 * A run begins with the apex, or with the last name that stays before it, as the store has it: its
 * NSEC names what comes next, and what the store has after it may have to go.
 */
#ifndef COMMIT_PARTIAL_H
#define COMMIT_PARTIAL_H

#include "sign/plain.h"
#include "store/edit.h"
#include "zone/build.h"
#include "zone/stored_source.h"

/* One reading of the store, without DNSSEC. */
struct partial_reading {
    struct stored_source *stored;
    struct node_source nodes;
    struct plain plain;
};

struct partial {
    struct build *build;
    struct node_source built;
    uint16_t zone; /* its number */
    struct snapshot *view;
    struct partial_reading next; /* of the node that next() yielded last */
    struct partial_reading find;
    bool is_open; /* within a run */
};

/*
 * Opens it on what an edit has of the zone; `out` must stay where it is, and be closed before the
 * edit ends. STATUS_OK or STATUS_SYSTEM. partial_close() is fine after both.
 */
MUST_CHECK enum status partial_open(struct build *build, struct edit *edit, uint16_t zone,
                                    struct partial *out);
void partial_close(struct partial *partial);

/* find() has all names of the zone. Where the store lacks what a summary says that it has, next()
 * is STATUS_MALFORMED. */
struct node_source partial_source(struct partial *partial);

#endif
