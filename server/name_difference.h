/*
 * What became of one owner name since a serial: the records that it had then and has no more, and
 * those that it has now and had not then. A record is the same when its type, class, TTL and RDATA
 * are, and the owner's letter case is.
 */
#ifndef SERVER_NAME_DIFFERENCE_H
#define SERVER_NAME_DIFFERENCE_H

#include "server/zone_name.h"
#include "store/history.h"

enum difference_side { DIFFERENCE_REMOVED, DIFFERENCE_ADDED };

/* Must not move. Points into the map. */
struct name_difference {
    struct history_image image;
    struct name past;         /* the owner as it was */
    struct zone_name present; /* where it exists */
    bool exists;
    bool is_apex;
    bool whole; /* nothing is compared: all that was is removed, all that is is added */
    struct transfer_owner owners[2];
    size_t counts[2];
    struct reader records[2]; /* where each side stands */
};

/*
 * Names where comparing could take more pairs of records than this are removed and added as a
 * whole, which says the same in more octets: a millisecond would keep others waiting. 256 records
 * of a name then and now are within it.
 */
#define DIFFERENCE_MAX_PAIRS 65536

/*
 * Opens a name.
 *
 *   snapshot   its place moves
 *   image      what it had then
 *
 * STATUS_OK, STATUS_MALFORMED (then or now damaged), STATUS_SYSTEM.
 */
MUST_CHECK enum status name_difference_open(struct name_difference *difference,
                                            struct snapshot *snapshot, uint16_t zone,
                                            const struct name *apex,
                                            const struct history_image *image);

/* Back to the first record of both sides; due before another side is taken. */
void name_difference_rewind(struct name_difference *difference);

/*
 * Takes the next record that was removed, or added. The SOA is neither: it frames the transfer.
 *
 *   rest, rest_octets   out: from type to RDATA
 *
 * STATUS_OK, STATUS_NOT_FOUND after the last, or STATUS_MALFORMED.
 */
MUST_CHECK enum status name_difference_next(struct name_difference *difference,
                                            enum difference_side side, const uint8_t **rest,
                                            size_t *rest_octets);

#endif
