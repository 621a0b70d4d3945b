/*
 * The records of a zone file on their way into canonical order (RFC 4034 §6.1), however many: a
 * bounded amount of them in memory, the others in a file without a name, which goes with the
 * process. What comes in order is written there as it comes; else pieces of that amount are sorted,
 * and merged in the end, for which the file is written once more. Reading it back is a map of it:
 * pages that the system takes away when it has a better use for them.
 *
 * Knows nothing of what a zone may be.
 */
#ifndef ZONE_ZONEFILE_SPOOL_H
#define ZONE_ZONEFILE_SPOOL_H

#include "wire/status.h"
#include "zone/zonefile_record.h"

struct zonefile_spool;

/*
 *   folder   where the file goes, kept by pointer
 *   octets   of packed records that are held in memory at once; a record more than that, where they
 *            come in order, else up to three times as many
 *
 * NULL when memory is out.
 */
struct zonefile_spool *zonefile_spool_create(const char *folder, size_t octets);
void zonefile_spool_destroy(struct zonefile_spool *spool);

/*
 * Takes a copy of a record; each stands in a later line than the one before.
 * STATUS_OK, or STATUS_SYSTEM (errno): memory is out, or zonefile_spool_blames() the file.
 */
MUST_CHECK enum status zonefile_spool_add(struct zonefile_spool *spool,
                                          const struct zonefile_record *record);

/* Puts all records in order, by owner, those of an owner by line; no more are added. Outcomes as
 * above. */
MUST_CHECK enum status zonefile_spool_finish(struct zonefile_spool *spool);

/* The folder, where the file could not be made, written or read; else NULL. */
const char *zonefile_spool_blames(const struct zonefile_spool *spool);

/* ---- once it is finished ---- */

/* A cursor before the first record, and one before the first whose owner's key is not before `key`.
 * Valid as long as the spool. */
struct zonefile_cursor zonefile_spool_begin(const struct zonefile_spool *spool);
struct zonefile_cursor zonefile_spool_seek(const struct zonefile_spool *spool, const uint8_t *key,
                                           size_t key_octets);

#endif
