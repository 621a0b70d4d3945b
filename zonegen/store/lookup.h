/*
 * What the zone has to say about a name (RFC 1034 §4.3.2 step 3, RFC 4592 §2.2): one descent of the
 * tree for a name that exists, a look at both neighbours for one that does not.
 */
#ifndef STORE_LOOKUP_H
#define STORE_LOOKUP_H

#include "store/key.h"
#include "store/store.h"
#include "store/stored.h"

enum lookup_outcome {
    LOOKUP_NODE,     /* the name exists: `node` */
    LOOKUP_EMPTY,    /* it or its source of synthesis is an empty non-terminal (RFC 4592 §2.2.2,
                        §4.9): no data */
    LOOKUP_WILDCARD, /* does not exist, its source of synthesis does: `node` is the wildcard's */
    LOOKUP_CUT,      /* at or below a zone cut: `node` is the cut's, its line 0 the referral */
    LOOKUP_NOTHING,  /* no such name */
};

struct found {
    enum lookup_outcome outcome;
    struct stored node;
    size_t encloser; /* labels below the apex of the closest encloser (RFC 4592 §3.3.1) */
};

/*
 *   key    of the name asked for, see key_of_name()
 *
 * At a cut itself the outcome is LOOKUP_NODE: its lines know what is answered and what referred.
 * STATUS_OK, or STATUS_MALFORMED when a record is damaged (answer SERVFAIL).
 */
MUST_CHECK enum status lookup(struct snapshot *snapshot, const struct key *key, struct found *out);

/*
 * The answer to a question for `type` at a zone's apex, by itself: in the map.
 *
 * STATUS_OK, STATUS_NOT_FOUND (no apex, or no data), STATUS_MALFORMED, STATUS_SYSTEM.
 */
MUST_CHECK enum status lookup_apex(struct snapshot *snapshot, uint16_t zone, uint16_t type,
                                   struct stored_answer *out);

#endif
