/*
 * What a zone was before each change of its serial: for each name that a change touched, the
 * records that it had. From the present zone and these a reader finds what any earlier serial held,
 * and the difference to it, condensed over any number of changes (RFC 1995 §5). This half reads;
 * commit/recorder.h writes.
 *
 * Keys. Integers in network byte order:
 *
 *   OFFSET SIZE  FIELD
 *   0      1     0x03
 *   1      2     zone number
 *   nothing more: the summary of the zone's history; else:
 *   3      4     4 × step (1 for the first change, then 2, …) + enum history_kind: together, so
 *                that the longest name fits a key
 *   7      n     HISTORY_STEP: nothing
 *                HISTORY_NODE: the node's key behind its first three octets (key.h)
 *                HISTORY_NSEC3: the hash, 20 octets
 *
 * Values, each with 4 octets of checksum (checksum.h) of the key and of all that follows in front:
 *
 *   summary
 *   4      4     steps made so far: the number of the newest
 *   8      4     the oldest step that is kept; newest + 1: none
 *   12     4     the newest step that did not bring a newer serial (RFC 1982): a restore; 0: none
 *   16     8     octets that the kept steps take, keys included
 *   24     8     octets of the zone's records, see history_record_octets()
 *
 *   step
 *   4      4     serial before
 *   8      4     serial after
 *   12     8     published, seconds since 1970: the contents before
 *   20     8     published: the contents after
 *   28     8     when the step was made
 *   36     1     enum history_cause
 *   37     1     flags of the zone before (enum zone_flag)
 *   38     2     reserved, 0
 *   40     4     names touched, NSEC3 records among them
 *   44     8     octets that the step takes, keys included, this record too
 *   52     8     octets of the records removed and added, see history_record_octets()
 *
 *   node, NSEC3
 *   4      1     o: octets of the owner's labels below the apex, where they have capital letters;
 *                0: the key says it all
 *   5      3     reserved, 0
 *   8      o     owner labels
 *   8 + o  …     its records as the zone had them, the SOA, signatures and NSEC among them: type,
 *                class, TTL, RDLENGTH, RDATA each, owners left out, types ascending, each with its
 *                signatures behind it, NSEC last; nothing: the name is new
 *
 * Every step touches the apex, whose SOA has the serial.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/key.h"
#include "store/store.h"
#include "wire/name.h"
#include "wire/reader.h"
#include "wire/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_PREFIX_OCTETS  7
#define HISTORY_KEY_OCTETS     511
#define HISTORY_MAX_STEP       0x3fffffffu
#define HISTORY_SUMMARY_OCTETS 32
#define HISTORY_STEP_OCTETS    60
#define HISTORY_IMAGE_OCTETS   8 /* in front of owner labels and records */

enum history_kind { HISTORY_STEP, HISTORY_NODE, HISTORY_NSEC3 };

enum history_cause {
    HISTORY_PUBLISH,  /* contents or signatures changed */
    HISTORY_RESTORE,  /* a zone file was put in place */
    HISTORY_ROLLBACK, /* earlier contents came back */
};

struct history_summary {
    uint32_t newest; /* 0: none was ever made */
    uint32_t oldest;
    uint32_t setback; /* the newest step that did not bring a newer serial, kept or not; 0: none */
    uint64_t octets;
    uint64_t zone_octets;
};

struct history_step {
    uint32_t step;
    uint32_t old_serial;
    uint32_t new_serial;
    int64_t old_published;
    int64_t published;
    int64_t made; /* a restore's contents were published before */
    uint8_t cause;
    uint8_t old_flags;
    uint32_t names;
    uint64_t octets;
    uint64_t difference;
};

/* What one name had. Points into the map. */
struct history_image {
    enum history_kind kind;
    const uint8_t *key; /* HISTORY_NODE: below the prefix; HISTORY_NSEC3: the hash */
    size_t key_octets;
    const uint8_t *owner; /* labels below the apex with their capitals, no root; or NULL */
    size_t owner_octets;
    struct reader records; /* for history_take_record() */
};

/* How much one record counts in comparing a difference with a zone: owner uncompressed, type to
 * RDATA. */
static inline uint64_t history_record_octets(size_t owner_octets, size_t rest_octets)
{
    return owner_octets + rest_octets;
}

/* Writes the key of a step's record; of the summary where `step` is 0; of an image where what the
 * kind asks for is put behind it. Returns its octets. */
size_t history_key(uint8_t key[HISTORY_PREFIX_OCTETS], uint16_t zone, uint32_t step,
                   enum history_kind kind);

/* STATUS_OK; STATUS_NOT_FOUND (none was ever written), STATUS_MALFORMED, STATUS_SYSTEM. */
MUST_CHECK enum status history_summary_read(struct snapshot *snapshot, uint16_t zone,
                                            struct history_summary *out);

/* Reads the record of a step. Outcomes as above; STATUS_NOT_FOUND when it is not kept. */
MUST_CHECK enum status history_step_read(struct snapshot *snapshot, uint16_t zone, uint32_t step,
                                         struct history_step *out);

/*
 * Reads an image from its item, checksum and all.
 * STATUS_OK, or STATUS_MALFORMED where it is none, or damaged.
 */
MUST_CHECK enum status history_image_read(const struct item *item, struct history_image *out);

/* The value of the summary's key. */
void history_summary_write(struct writer *w, uint16_t zone, const struct history_summary *summary);

/* The value of a step's key. */
void history_step_write(struct writer *w, uint16_t zone, const struct history_step *step);

/*
 * Writes an image around records that are in place: `value` has HISTORY_IMAGE_OCTETS of room, the
 * owner's labels and the records, of which `owner_octets` are the labels.
 *
 *   key   whole, as it will be put
 */
void history_image_seal(uint8_t *value, size_t value_octets, uint8_t owner_octets,
                        const uint8_t *key, size_t key_octets);

/*
 * Finds the newest kept step that leads away from `serial`: it and all later ones lead to the
 * present contents. For differences: where a restore has set the serial back, the same serial can
 * have had two contents, and who says that it has one of them is not answered by the other. The
 * cost grows with the number of steps since; after a setback, with those that are kept, and where
 * these are more than HISTORY_SETBACK_STEPS no serial since is found until they are gone.
 *
 *   difference   out: octets of all records removed and added since, before condensing
 *
 * STATUS_OK; STATUS_NOT_FOUND (the history is too short, or never had this serial, or had it
 * twice), STATUS_MALFORMED, STATUS_SYSTEM.
 */
MUST_CHECK enum status history_find(struct snapshot *snapshot, uint16_t zone, uint32_t serial,
                                    struct history_step *out, uint64_t *difference);

/*
 * The newest serial that a zone with `serial` is known to have had: that, or one that a kept step
 * set back, the last HISTORY_SETBACK_STEPS of them. For zones whose record does not keep it; what
 * cannot be read of the past is no failure.
 */
uint32_t history_newest_serial(struct snapshot *snapshot, uint16_t zone, uint32_t serial);

/* What `name` had when step `first` was made, if that or a later step touched it: the image of the
 * first that did. STATUS_OK, STATUS_NOT_FOUND (untouched: it is as it was), STATUS_MALFORMED,
 * STATUS_SYSTEM. The cost grows with the number of steps since.
 *
 *   key   as in struct history_image, of that kind */
MUST_CHECK enum status history_image_since(struct snapshot *snapshot, uint16_t zone, uint32_t first,
                                           enum history_kind kind, const uint8_t *key,
                                           size_t key_octets, struct history_image *out);

/*
 * Takes the next record of an image, from type to RDATA, `*rest_octets` long. NULL after the last;
 * `r->failed` tells damage from the end. stored_take_record() without an owner in front.
 */
const uint8_t *history_take_record(struct reader *r, size_t *rest_octets);

/* The owner's full name, with the capitals that it had. STATUS_OK or STATUS_MALFORMED. */
MUST_CHECK enum status history_image_owner(const struct history_image *image, const uint8_t *apex,
                                           struct name *out);

/* The key that the name has among the zone's present nodes or NSEC3 records. Returns its octets. */
size_t history_present_key(const struct history_image *image, uint16_t zone,
                           uint8_t key[KEY_MAX_OCTETS]);

/* A walk over all that the steps `first` to `last` touched: nodes in the order of their keys, then
 * NSEC3 records by their hashes; each once, as it was before the first of these steps that touched
 * it. */
struct history_walk;

#define HISTORY_SETBACK_STEPS 4096  /* a look at each takes some milliseconds in all */
#define HISTORY_WALK_STEPS    16384 /* more are not walked: 16 octets of memory for each */

/*
 *   snapshot   its place moves with the walk, images stay valid until it is reset
 *   last       0: the newest
 *
 * STATUS_OK; STATUS_NOT_FOUND (one of the steps is not kept, or there are more than
 * HISTORY_WALK_STEPS), STATUS_MALFORMED, STATUS_SYSTEM (memory). `*out` is NULL on failure.
 */
MUST_CHECK enum status history_walk_open(struct snapshot *snapshot, uint16_t zone, uint32_t first,
                                         uint32_t last, struct history_walk **out);

/* NULL is fine. */
void history_walk_close(struct history_walk *walk);

/* Back to the start. Outcomes of history_walk_open. */
MUST_CHECK enum status history_walk_rewind(struct history_walk *walk);

/* Does not depend on where the snapshot's place is. STATUS_OK, STATUS_NOT_FOUND after the last,
 * STATUS_MALFORMED, STATUS_SYSTEM. */
MUST_CHECK enum status history_walk_next(struct history_walk *walk, struct history_image *out);

/* How many steps have the name that history_walk_next() came to last: what it took to pass it. */
size_t history_walk_passed(const struct history_walk *walk);

#endif
