/*
 * The file of a spool (zonefile_spool.h): runs of packed records, each in order, merged to one in
 * the end, and mapped. The file has no name, so that nothing is left of it however the process
 * ends.
 */
#ifndef ZONE_ZONEFILE_RUNS_H
#define ZONE_ZONEFILE_RUNS_H

#include "wire/status.h"
#include "zone/zonefile_record.h"

#include <sys/types.h>

/* Packed records, one behind the other; the first has its owner. */
struct zonefile_batch {
    const uint8_t *octets;
    size_t length;
    size_t count;
    bool is_ordered;                   /* by owner; they always are by line */
    const struct zonefile_owner *last; /* the owner of the last one */
};

struct zonefile_runs {
    const char *folder; /* where the file goes */
    bool has_failed;    /* the file could not be made, written or mapped: errno */
    int fd;             /* -1: there is none yet */
    size_t count;
    size_t room;
    off_t *ends;                     /* of each run */
    struct zonefile_owner_copy tail; /* the owner of the last record of the last run */
    uint8_t *map;
    size_t map_octets;
    char line[512]; /* what a fault of the map says */
};

void zonefile_runs_open(struct zonefile_runs *runs, const char *folder);
void zonefile_runs_close(struct zonefile_runs *runs);

/* Writes records behind those of the batches before, all of which stand in earlier lines.
 * STATUS_OK or STATUS_SYSTEM (errno). */
MUST_CHECK enum status zonefile_runs_put(struct zonefile_runs *runs,
                                         const struct zonefile_batch *batch);

/*
 * Makes one run of all.
 *
 *   out   before the first record; valid until zonefile_runs_close
 *
 * STATUS_OK or STATUS_SYSTEM (errno).
 */
MUST_CHECK enum status zonefile_runs_finish(struct zonefile_runs *runs,
                                            struct zonefile_cursor *out);

#endif
