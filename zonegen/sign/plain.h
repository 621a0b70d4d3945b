/*
 * A zone without its DNSSEC: a source over another that leaves out signatures, denial, keys and
 * ZONEMD, for others to sign or to be signed anew. Under a new serial where one is given.
 */
#ifndef SIGN_PLAIN_H
#define SIGN_PLAIN_H

#include "conf/arena.h"
#include "zone/node.h"

#include <stdbool.h>

struct plain {
    const struct node_source *inner;
    struct arena *arena; /* of what was changed in the node that next() yielded last */
    struct arena *find_arena;
    bool stamped; /* SOA, and _meta where it says so, get these */
    uint32_t serial;
    int64_t published;
};

/* STATUS_OK or STATUS_SYSTEM. plain_close() is fine after both. */
MUST_CHECK enum status plain_open(const struct node_source *inner, struct plain *out);
void plain_close(struct plain *plain);

/* From now on nodes say this serial and time. */
void plain_stamp(struct plain *plain, uint32_t serial, int64_t published);

/* Its nodes; names that have nothing else are left out. */
struct node_source plain_source(struct plain *plain);

#endif
