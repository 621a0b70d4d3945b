/*
 * What DNSSEC adds to answers (RFC 4035 §3.1): proofs that something does not exist, and answers to
 * questions for RRSIG and NSEC themselves. Everything else that a signed zone says is a stored
 * answer like any other.
 */
#ifndef SERVER_DNSSEC_H
#define SERVER_DNSSEC_H

#include "server/draft.h"
#include "store/lookup.h"

/* A name that is asked for, and what its zone has of it. */
struct asked {
    const struct served_zone *zone;
    const uint8_t *name; /* full */
    struct key key;
    struct found found;
};

/*
 * Adds to the authority section what an answer needs to be believed, but for its signatures.
 *
 *   answer   what was added to the draft; NULL where the name or the type does not exist
 *
 * Nothing without DO, nor in an unsigned zone. STATUS_OK, or STATUS_MALFORMED when a record is
 * damaged.
 */
MUST_CHECK enum status dnssec_prove(struct draft *draft, const struct asked *asked,
                                    const struct stored_answer *answer);

/*
 * Adds the records of a node that have no line of their own: all its RRSIGs (type RRSIG), or its
 * NSEC, with signatures where DO is set.
 *
 * STATUS_OK, STATUS_NOT_FOUND when there are none, or STATUS_MALFORMED.
 */
MUST_CHECK enum status dnssec_add_own(struct draft *draft, const struct stored *node,
                                      uint16_t type);

#endif
