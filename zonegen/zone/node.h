/*
 * A zone as data on its way between people and the store: owner names with their RRsets, in
 * canonical order. Producers (records built from contacts, a zone file, the store) and consumers
 * (compiler, printer, ZONEMD, plan) meet here and do not know each other.
 */
#ifndef ZONE_NODE_H
#define ZONE_NODE_H

#include "conf/arena.h"
#include "wire/constants.h"
#include "wire/name.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What other servers accept of one RRset: BIND 9.18 as a secondary refuses a zone with more records
 * in one, NSD before 4.7 fails the transfer of longer RDATA. The second limit is 16 kB less 384
 * octets, since NSD's message of 16 kB also holds a header, an owner and the record's fixed part.
 */
#define RRSET_MAX_RECORDS 100
#define RRSET_MAX_OCTETS  16000 /* of all RDATA together */

/* RDATA in wire format; names in it are uncompressed, letter case kept. */
struct rdata {
    const uint8_t *octets;
    uint16_t length;
};

struct rrset {
    uint16_t type;
    uint16_t count; /* at least 1 */
    uint32_t ttl;
    struct rdata *items; /* ordered by rrset_order(), no two equal */
};

/* One owner name and all its RRsets. */
struct node {
    struct name owner; /* full, letter case kept */
    /* 0: an empty non-terminal, which sources never yield from next(); from the next() of a partial
     * source (commit/partial.h): the names of the store from here on stay as they are. */
    size_t rrset_count;
    struct rrset *rrsets; /* by type, ascending */
};

/*
 * Where nodes come from. Canonical order of owners (RFC 4034 §6.1), the apex first, each owner
 * once.
 */
struct node_source {
    void *state;
    struct name apex;
    /* The next node: STATUS_OK, STATUS_NOT_FOUND after the last, or STATUS_SYSTEM. `*out` stays
     * valid until the next call of next() or rewind(). */
    enum status (*next)(void *state, struct node *out);
    /* Starts again at the apex. */
    enum status (*rewind)(void *state);
    /* The node of one name: STATUS_OK, also with rrset_count 0 for an empty non-terminal;
     * STATUS_NOT_FOUND; STATUS_SYSTEM. Does not disturb next(); valid until the next find(). */
    enum status (*find)(void *state, const uint8_t *owner, struct node *out);
    const struct node_views *views; /* of a source that several threads can read at once; or NULL */
};

/*
 * Readings of the same contents by several threads: each has views of its own, which are sources
 * that know no more than one run of nodes at a time.
 */
struct node_views {
    /* How many runs there are, in order: the first begins with the apex. */
    size_t (*count)(void *state);
    /* How many threads are worth it beside the caller. */
    unsigned (*threads)(void *state);
    /* A view, to be closed before the source. STATUS_OK or STATUS_SYSTEM. */
    enum status (*open)(void *state, struct node_source *out);
    void (*close)(struct node_source *view);
    /* Goes to a run of a view: next() ends with it, and all that it yields stays valid until
     * another is gone to. find() has all names. */
    void (*go_to)(struct node_source *view, size_t run);
};

/*
 * The order of records within an RRset, the same from every producer: contact TXT by the number of
 * the pair `order=` in their first string, then TXT without that pair by their text (the contents
 * of all strings joined), everything else, and what is equal until then, by canonical RDATA
 * (RFC 4034 §6.3). Negative, zero or positive; zero only where the canonical RDATA is the same.
 */
int rrset_order(uint16_t type, const struct rdata *a, const struct rdata *b);

/* Sorts the items and drops equal ones (RFC 2181 §5); `count` shrinks. */
void rrset_sort(struct rrset *rrset);

/* Octets of all RDATA of an RRset. */
size_t rrset_octets(const struct rrset *rrset);

/* True when type, TTL and all RDATA are the same, octet for octet. */
bool rrset_equals(const struct rrset *a, const struct rrset *b);

/* A copy in the arena, RDATA too, that outlives what it was made from. STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status rrset_copy(struct arena *arena, const struct rrset *from, struct rrset *out);

/* The type that an RRSIG covers (RFC 4034 §3.1.1). */
uint16_t rrsig_type_covered(const struct rdata *rdata);

/* Puts an RRset in its place by type; `rrsets` has room for one more. */
void node_add_rrset(struct node *node, const struct rrset *rrset);

/* The RRset of a type, or NULL. */
const struct rrset *node_rrset(const struct node *node, uint16_t type);

#endif
