/*
 * Which contacts the database was last published from: after a restore, a publish leaves the zone
 * alone until the contacts differ from those (contacts that did not change must not undo it).
 *
 * Key: 0x04 'c', two octets. Value, integers in network byte order:
 *
 *   OFFSET SIZE  FIELD
 *   0      4     checksum of the key and of all that follows (store/checksum.h)
 *   4      1     2: what follows is as described here
 *   5      3     reserved, 0
 *   8      32    SHA-256 over every contacts file, in the order of their names, of:
 *                  4   octets of its name within its folder
 *                  n   that name
 *                  32  SHA-256 of its contents
 *
 * The folder's own name is not part of it: a folder that moved has not changed.
 */
#ifndef COMMAND_FINGERPRINT_H
#define COMMAND_FINGERPRINT_H

#include "command/sources.h"
#include "store/edit.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

#define FINGERPRINT_OCTETS       32
#define FINGERPRINT_VALUE_OCTETS (8 + FINGERPRINT_OCTETS)

struct fingerprint {
    uint8_t octets[FINGERPRINT_OCTETS];
};

/* Of all files but those that are gone. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status fingerprint_make(const struct sources *sources, struct fingerprint *out);

/* The stored one: STATUS_OK, STATUS_NOT_FOUND, STATUS_MALFORMED (damaged, or of a later version),
 * STATUS_SYSTEM. */
MUST_CHECK enum status fingerprint_stored(struct snapshot *snapshot, struct fingerprint *out);

/* Stores it. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status fingerprint_store(struct edit *edit, const struct fingerprint *fingerprint);

bool fingerprint_equals(const struct fingerprint *a, const struct fingerprint *b);

#endif
