/*
 * The NSEC3 records of a zone in the store and those of a source side by side, as merge.h does it
 * for its nodes. They count as renewed names: what they are made of is what people and plans see.
 */
#ifndef COMMIT_MERGE_NSEC3_H
#define COMMIT_MERGE_NSEC3_H

#include "commit/merge.h"
#include "store/nsec3.h"

struct merge_nsec3 {
    struct merge *merge;
    struct snapshot *view;             /* of the edit, with a place of its own */
    uint8_t key[NSEC3_KEY_OCTETS + 1]; /* what comes next is not before it */
    size_t key_octets;
    struct writer value; /* owned: NSEC3_VALUE_OCTETS */
};

/* STATUS_OK or STATUS_SYSTEM. merge_nsec3_close() is fine after both. */
MUST_CHECK enum status merge_nsec3_open(struct merge *merge, struct merge_nsec3 *out);
void merge_nsec3_close(struct merge_nsec3 *position);

/* Puts one record, where it differs; they come in the order of their hashes. Outcomes as
 * merge_zone(). */
MUST_CHECK enum status merge_nsec3_put(struct merge_nsec3 *position, const struct node *node);

/* Deletes what is stored behind the last one that was put. */
MUST_CHECK enum status merge_nsec3_finish(struct merge_nsec3 *position);

#endif
