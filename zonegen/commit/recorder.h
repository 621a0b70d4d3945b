/*
 * Writes a zone's past (store/history.h) while a commit changes the zone: before a name is put or
 * deleted, what it had. Keeps count of the zone's octets, and the past within its limits. Knows
 * nothing of why something changes.
 *
 * A damaged past is forgotten, and begins anew: it must not be in the way of a publish. So is one
 * that does not lead to the present serial: someone who keeps none has written in between.
 */
#ifndef COMMIT_RECORDER_H
#define COMMIT_RECORDER_H

#include "conf/settings.h"
#include "store/edit.h"
#include "store/history.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a recorder is told. */
struct recorder_rules {
    struct edit *edit;
    uint16_t zone;
    bool is_new;         /* it has no past */
    uint32_t old_serial; /* of what is there */
    uint8_t apex_octets; /* length of its apex */
    struct config_history limits;
    int64_t now; /* seconds since 1970 */
};

/* The records of one name, each without its owner. */
struct recorder_image {
    uint8_t *octets; /* owned: the value of an image, its first HISTORY_IMAGE_OCTETS still free */
    size_t length;
    uint8_t owner_octets;
};

struct recorder {
    struct recorder_rules rules;
    struct snapshot *view; /* of the edit, with a place of its own */
    bool is_open;          /* the summary below is that of before the first change */
    bool is_recording;
    uint32_t step;
    uint64_t octets; /* that the step takes by now */
    struct history_summary summary;
    struct recorder_image before, after;
};

/* STATUS_OK or STATUS_SYSTEM. recorder_close() is fine after both, and after neither where the
 * recorder is zeroed. To be closed before the edit ends. */
MUST_CHECK enum status recorder_open(struct recorder *recorder, const struct recorder_rules *rules);
void recorder_close(struct recorder *recorder);

/*
 * To be told before a key of the zone's nodes or NSEC3 records is put or deleted; writes to the
 * edit. Nothing is kept of a name whose own records stay the same.
 *
 *   recorder   NULL: nothing is recorded
 *   before     its item, in the map; NULL: it is new
 *   after      its value; NULL: it goes
 *
 * STATUS_OK, STATUS_MALFORMED (what is stored is damaged), STATUS_SYSTEM.
 */
MUST_CHECK enum status recorder_note(struct recorder *recorder, const uint8_t *key,
                                     size_t key_octets, const struct item *before,
                                     const uint8_t *after, size_t after_octets);

/*
 * Makes a step of what was noted, and drops what exceeds the limits. Of a new zone: writes the
 * summary. Without a note: writes nothing.
 *
 *   step   serials, times, cause and flags; the rest is filled in
 */
MUST_CHECK enum status recorder_finish(struct recorder *recorder, struct history_step *step);

/* Instead of recorder_finish: in the end nothing differs. */
MUST_CHECK enum status recorder_abandon(struct recorder *recorder);

/* Deletes all that there is of a zone's past, its summary too. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status recorder_forget(struct edit *edit, uint16_t zone);

/*
 * Deletes a zone's past but for the count of its present octets, so that no serial before the
 * present one is known any more.
 *
 *   steps   out: how many were kept
 *
 * STATUS_OK, STATUS_NOT_FOUND (it has no summary, or a damaged one: all of its past is deleted), or
 * STATUS_SYSTEM.
 */
MUST_CHECK enum status recorder_forget_steps(struct edit *edit, uint16_t zone, uint32_t *steps);

#endif
