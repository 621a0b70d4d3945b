/*
 * NSEC3 records (RFC 5155). Their owners are hashes and answer no question (§7.2.8), so that they
 * are no nodes: they have a table of their own, in the order of the hashes, which is the order of
 * the chain. Who computes hashes brings SHA-1: nothing here knows cryptography.
 *
 * Key: 0x06, zone number (2), hash (20). Value of a key:
 *
 *   OFFSET SIZE  FIELD
 *   0      4     checksum of the key and of all that follows (checksum.h)
 *   4      1     n: records
 *   5      1     flags of the NSEC3, as in its RDATA: NSEC3_OPT_OUT
 *   6      …     the NSEC3, then its RRSIGs: n records, owners in full, ready to be sent
 */
#ifndef STORE_NSEC3_H
#define STORE_NSEC3_H

#include "store/store.h"
#include "wire/name.h"
#include "wire/status.h"
#include "wire/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NSEC3_HASH_OCTETS    20 /* SHA-1, the only algorithm there is (RFC 5155 §11) */
#define NSEC3_LABEL_OCTETS   32 /* of the hash in base32hex, without padding (RFC 5155 §3) */
#define NSEC3_KEY_OCTETS     23
#define NSEC3_SHA1           1   /* its number (RFC 5155 §11) */
#define NSEC3_MAX_ITERATIONS 100 /* beyond it validators give up (RFC 9276 §3.2) */
#define NSEC3_OPT_OUT        1   /* RFC 5155 §3.1.2.1 */

void nsec3_key(uint8_t key[NSEC3_KEY_OCTETS], uint16_t zone, const uint8_t hash[NSEC3_HASH_OCTETS]);

/* The first label of an NSEC3's owner as a hash. False when it is none: not 32 characters of
 * base32hex, letter case aside (RFC 4648 §7). */
bool nsec3_hash_of_label(const uint8_t *label, uint8_t hash[NSEC3_HASH_OCTETS]);

/* A hash as base32hex, lower case (RFC 4648 §7): the first label of an NSEC3's owner, without its
 * length octet. */
void nsec3_label_of_hash(const uint8_t hash[NSEC3_HASH_OCTETS], uint8_t label[NSEC3_LABEL_OCTETS]);

/* What a value holds; `octets` are the records. When read: pointing into the map. */
struct nsec3_value {
    uint8_t records;
    uint8_t flags;
    const uint8_t *octets;
    size_t length;
};

/* Writes a value with its checksum; `w->failed` when it does not fit. */
void nsec3_value_write(struct writer *w, const uint8_t key[NSEC3_KEY_OCTETS],
                       const struct nsec3_value *value);

/* STATUS_OK, or STATUS_MALFORMED when the item is none of this table, or damaged. */
MUST_CHECK enum status nsec3_value_read(const struct item *item, struct nsec3_value *out);

/*
 * Finds the NSEC3 at, or the last one before, a hash; before the first comes the last (RFC 5155
 * §3.1.7).
 *
 *   matches   out: it is the hash's own; else it covers the hash
 *
 * STATUS_OK, STATUS_NOT_FOUND in a zone without NSEC3, STATUS_MALFORMED, or STATUS_SYSTEM.
 */
MUST_CHECK enum status nsec3_find(struct snapshot *snapshot, uint16_t zone,
                                  const uint8_t hash[NSEC3_HASH_OCTETS], struct nsec3_value *out,
                                  bool *matches);

/* How a zone's names are hashed. */
struct nsec3_hashing {
    uint16_t iterations; /* beyond the first */
    uint8_t salt_octets;
    const uint8_t *salt;
    /* SHA-1 of up to 510 octets. False when it cannot be had. */
    bool (*sha1)(void *state, const uint8_t *octets, size_t length,
                 uint8_t hash[NSEC3_HASH_OCTETS]);
    void *state;
};

/* The hash of a name, letter case aside (RFC 5155 §5). STATUS_OK, or STATUS_SYSTEM without SHA-1.
 */
MUST_CHECK enum status nsec3_hash(const struct nsec3_hashing *hashing, const uint8_t *name,
                                  uint8_t hash[NSEC3_HASH_OCTETS]);

#endif
