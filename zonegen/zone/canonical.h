/* RRsets in canonical form (RFC 4034 §6): what ZONEMD digests and what signatures are made over. */
#ifndef ZONE_CANONICAL_H
#define ZONE_CANONICAL_H

#include "wire/writer.h"
#include "zone/node.h"

/* Octets of a record in canonical form beside its owner and RDATA. */
#define CANONICAL_FIXED_OCTETS 10

/* Room to sort in, reused from RRset to RRset. Starts as {0}. */
struct canonical {
    struct rdata *sorted;
    size_t size;
};

void canonical_close(struct canonical *canonical);

/* The items of an RRset in canonical order (RFC 4034 §6.3): rrset_order() has another one for TXT.
 * Valid until the next call; NULL when memory is out. */
const struct rdata *canonical_items(struct canonical *canonical, const struct rrset *rrset);

/*
 * Writes one record in canonical form (RFC 4034 §6.2).
 *
 *   owner   in lower case
 */
void canonical_write(struct writer *w, const struct name *owner, uint16_t type, uint32_t ttl,
                     const struct rdata *rdata);

#endif
