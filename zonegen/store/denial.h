/*
 * Authenticated denial of existence: which NSEC or NSEC3 records prove what lookup() found
 * (RFC 4035 §3.1.3, §3.1.4; RFC 5155 §7.2). Yields records as they stand in the map, ready for the
 * authority section. Each is listed once (§3.1.3.2), whatever is asked to be proved one after the
 * other.
 *
 * A proof that the zone lacks is left out: who does not validate still gets an answer that is
 * right, and who does refuses it with or without the rest.
 */
#ifndef STORE_DENIAL_H
#define STORE_DENIAL_H

#include "store/key.h"
#include "store/lookup.h"
#include "store/nsec3.h"
#include "store/store.h"

/* One record that denies, with its signatures, owners in full. */
struct proof {
    const uint8_t *octets;
    size_t length;
    uint8_t records;
};

/* A chain of CNAMEs needs one proof for each wildcard on its way, and up to three for its end. */
#define DENIAL_MAX_PROOFS 16

struct denial {
    size_t count;
    struct proof proofs[DENIAL_MAX_PROOFS];
};

/* What is to be proved of a name. */
enum denial_claim {
    DENIAL_OF_DATA,   /* there is no RRset of the type, or no such name: as `found` has it */
    DENIAL_OF_CLOSER, /* the wildcard that answered is the closest match (RFC 4035 §3.1.3.3) */
    DENIAL_OF_DS,     /* the cut that was found has no DS (RFC 4035 §3.1.4) */
};

/* Where proofs come from. */
struct denial_zone {
    struct snapshot *snapshot;         /* its place is moved */
    const struct nsec3_hashing *nsec3; /* or NULL: the zone has NSEC */
};

/* A name, and what was found there. */
struct denial_name {
    const uint8_t *name; /* full */
    const struct key *key;
    const struct found *found; /* of lookup() in the same snapshot */
};

/*
 * Adds to `denial` what proves the claim, but for what is in there already.
 *
 *   denial   set `count` to 0 before the first call; what it gets is valid as long as the
 * snapshot
 *
 * STATUS_OK; or STATUS_MALFORMED when a record is damaged, or when the hash of a name that does not
 * exist is that of one that does (RFC 5155 §7.2.9): answer SERVFAIL.
 */
MUST_CHECK enum status denial_add(const struct denial_zone *zone, const struct denial_name *name,
                                  enum denial_claim claim, struct denial *denial);

/* Adds one proof, unless it is there already or has no octets. */
void denial_put(struct denial *denial, const uint8_t *octets, size_t length, uint8_t records);

#endif
