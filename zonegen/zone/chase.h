/* Following CNAMEs within a zone, as the compiler does once so that no server does it per query. */
#ifndef ZONE_CHASE_H
#define ZONE_CHASE_H

#include "wire/writer.h"
#include "zone/node.h"

#define CHASE_MAX_LINKS 8 /* longer chains are cut off here */

enum chase_outcome {
    CHASE_NODE,    /* a name that exists: `node`, without records for an empty non-terminal */
    CHASE_NOTHING, /* a name in the zone that does not exist */
    CHASE_CUT,     /* at or below a cut: `node` */
    CHASE_OUTSIDE, /* a name of another zone, or a chain that is too long or a loop */
};

/* One CNAME. Its signatures are in what chase_alias() wrote: their RDATA, each after two octets of
 * length. */
struct chase_link {
    struct name target;
    uint32_t ttl;
    size_t signatures_at;
    size_t signature_count;
};

struct chase {
    enum chase_outcome outcome;
    bool synthesised; /* it went through a wildcard, be it at its end */
    struct node node; /* valid until the source's next find() */
    size_t link_count;
    struct chase_link links[CHASE_MAX_LINKS];
};

/*
 * Follows the CNAME at a node, through wildcards too (RFC 4592 §3.3.3).
 *
 *   signatures   receives the signatures of the CNAMEs; fails where they do not fit
 *
 * STATUS_OK, or what the source reported.
 */
MUST_CHECK enum status chase_alias(const struct node_source *source, const struct node *alias,
                                   struct writer *signatures, struct chase *out);

#endif
