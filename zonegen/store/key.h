/*
 * Keys of nodes: octet order is DNSSEC canonical order (RFC 4034 §6.1).
 *
 * A name below its zone's apex becomes its labels from the apex down, lower-cased, each followed
 * by 0x00; within a label 0x00 becomes 01 01 and 0x01 becomes 01 02. The key of an ancestor is so a
 * prefix of its descendants' keys, and the apex has the empty key. The longest name of 255 octets
 * takes 504, with table and zone 507: LMDB allows 511.
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "wire/name.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_MAX_OCTETS    512
#define KEY_PREFIX_OCTETS 3

/* The key of a node, and where each of its ancestors' keys ends. */
struct key {
    uint8_t octets[KEY_MAX_OCTETS];
    uint16_t length;
    uint8_t depth;                      /* labels below the apex */
    uint16_t ends[NAME_MAX_LABELS + 1]; /* ends[d]: length of the key of the ancestor at depth d */
};

/*
 * Makes the key of a name in a zone.
 *
 *   name     well-formed; its first `depth` labels lie below the apex
 *   depth    0 for the apex itself
 */
void key_of_name(struct key *key, uint16_t zone, const uint8_t *name, size_t depth);

/* Makes the key of the child "*" of the ancestor of `key` at `depth`. */
void key_of_wildcard(struct key *wildcard, const struct key *key, size_t depth);

/* The key of a zone's record, 3 octets. */
void key_of_zone(uint8_t octets[KEY_PREFIX_OCTETS], uint16_t zone);

/* How many labels below the apex two node keys of the same zone have in common from the apex. */
size_t key_common_depth(const struct key *key, const uint8_t *other, size_t other_octets);

/*
 * Turns a node's key back into the labels that its name has below the apex, lower case.
 *
 *   most     octets that they may take: what the apex leaves of a name's 255
 *   room     NAME_MAX_OCTETS
 *   labels   out: where in `room` they stand, `*octets` of them, no root behind
 *
 * STATUS_OK, or STATUS_MALFORMED if it is no key of a node, or more than `most`.
 */
MUST_CHECK enum status key_to_labels(const uint8_t *key, size_t key_octets, size_t most,
                                     uint8_t room[NAME_MAX_OCTETS], const uint8_t **labels,
                                     size_t *octets);

/*
 * Turns a node's key back into its name, lower case.
 *
 *   apex   the zone's apex
 *
 * STATUS_OK, or STATUS_MALFORMED if it is no key of a node.
 */
MUST_CHECK enum status key_to_name(struct name *out, const uint8_t *key, size_t key_octets,
                                   const uint8_t *apex);

#endif
