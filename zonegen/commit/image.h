/*
 * What a name of the store has of its zone, as a step of the past keeps it (store/history.h): its
 * records, owners left out, as a transfer would send them.
 */
#ifndef COMMIT_IMAGE_H
#define COMMIT_IMAGE_H

#include "store/history.h"
#include "store/store.h"
#include "wire/writer.h"

#include <stdint.h>

/* The kind of a key of the nodes table or the NSEC3 table. */
enum history_kind image_kind(const uint8_t *key);

/*
 * Writes the labels and records of an item of either table, as they follow the first octets of an
 * image.
 *
 *   owner_octets   out: of the labels
 *
 * STATUS_OK, STATUS_MALFORMED, or STATUS_NO_SPACE.
 */
MUST_CHECK enum status image_write(const struct item *item, struct writer *w,
                                   uint8_t *owner_octets);

/*
 * Octets of an item's records in the sense of history_record_octets(), without going through them.
 *
 *   apex_octets   length of the zone's apex
 *
 * STATUS_OK or STATUS_MALFORMED.
 */
MUST_CHECK enum status image_octets(const struct item *item, size_t apex_octets, uint64_t *out);

/* Octets of the owner of a key of either table. */
size_t image_owner_octets(const uint8_t *key, size_t key_octets, size_t apex_octets);

/* The records of two images compared. */
struct image_difference {
    struct image_slice {
        const uint8_t *octets;
        size_t length;
    } * slices; /* owned */
    size_t room;
};

void image_difference_close(struct image_difference *difference);

/*
 * Counts what is in one of two images but not in both, in the sense of history_record_octets().
 *
 *   before, after   records without owners, for history_take_record()
 *   owner_octets    of the name
 *
 * STATUS_OK, STATUS_MALFORMED, or STATUS_SYSTEM.
 */
MUST_CHECK enum status image_compare(struct image_difference *difference, struct reader before,
                                     struct reader after, size_t owner_octets, uint64_t *out);

#endif
