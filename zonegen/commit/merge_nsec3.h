/*
 * The NSEC3 records of a zone in the store and those of a source side by side, as merge.h does it
 * for its nodes. They are no differences that a serial or a person would follow: what they are made
 * of is.
 */
#ifndef COMMIT_MERGE_NSEC3_H
#define COMMIT_MERGE_NSEC3_H

#include "commit/merge.h"

/*
 * Makes the table of the zone's NSEC3 records that of the source.
 *
 *   any   the source has some; else what is stored is deleted and the source not asked again
 *
 * Outcomes as merge_zone().
 */
MUST_CHECK enum status merge_nsec3(struct merge *merge, bool any);

#endif
