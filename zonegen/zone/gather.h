/*
 * The records of one node, taken one by one out of what the store has of it, put together to
 * RRsets.
 */
#ifndef ZONE_GATHER_H
#define ZONE_GATHER_H

#include "conf/arena.h"
#include "wire/reader.h"
#include "zone/node.h"

#include <stdbool.h>

/* A record as it is found. */
struct found_record {
    uint16_t type;
    uint32_t ttl;
    struct rdata rdata;
};

/* The records of one node while its RRsets are put together. */
struct gathered {
    struct found_record *records; /* room for `size` */
    size_t count;
    size_t size;
};

/* Takes a record whose owner has been taken; its RDATA stays where it is. False when it runs past
 * the reader's end, or there is no room. */
bool gather_record(struct gathered *gathered, struct reader *r);

/*
 * Makes the node's RRsets in `scratch`. Signatures have the TTL of what they cover; the RRset gets
 * the smallest, as from a zone file. STATUS_OK, STATUS_MALFORMED or STATUS_SYSTEM.
 */
MUST_CHECK enum status gather_rrsets(struct gathered *gathered, struct arena *scratch,
                                     struct node *out);

#endif
