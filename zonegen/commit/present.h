/*
 * A zone as a commit finds it, before anything is changed, and the step of its past that the change
 * becomes (recorder.h).
 */
#ifndef COMMIT_PRESENT_H
#define COMMIT_PRESENT_H

#include "commit/commit.h"
#include "commit/recorder.h"
#include "store/history.h"
#include "store/store.h"
#include "wire/name.h"

#include <stdbool.h>
#include <stdint.h>

/* Copied out of the map: a write moves that. */
struct present {
    bool exists;
    uint16_t number; /* of a new zone: the smallest that is free */
    uint32_t serial;
    uint32_t newest_serial; /* that it ever had */
    int64_t published;
    uint8_t flags;
    uint32_t names;
    uint32_t entries;
    bool has_zonemd;
};

/* Finds the zone with this apex; one that is not there is no failure. STATUS_OK, STATUS_MALFORMED
 * (damaged) or STATUS_SYSTEM. */
MUST_CHECK enum status present_find(struct snapshot *snapshot, const uint8_t *apex,
                                    struct present *out);

/* Opens what records the change of a zone that is there, or counts the octets of a new one. Close
 * `out` whatever comes back, that of recorder_open(). */
MUST_CHECK enum status present_open_recorder(const struct present *present,
                                             const struct commit_request *request,
                                             const struct name *apex, struct recorder *out);

/* Makes a step of what was recorded, where it has led to something, else drops it. `published` is
 * the zone's time from now on. Outcomes: those of recorder_finish(). */
MUST_CHECK enum status present_record(const struct present *present, struct recorder *recorder,
                                      const struct commit_result *result, int64_t published,
                                      enum history_cause cause);

#endif
