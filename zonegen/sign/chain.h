/*
 * The NSEC3 chain of a zone that is being signed (RFC 5155 §7.1): a record for each name that is
 * ours, empty non-terminals too, in the order of their hashes; no iterations, no salt (RFC 9276
 * §3.1), no opt-out. Takes 64 octets of memory for each name.
 */
#ifndef SIGN_CHAIN_H
#define SIGN_CHAIN_H

#include "conf/arena.h"
#include "zone/node.h"

struct chain;

/* What is not among the records of the plain zone but in its apex's bitmap. */
struct chain_apex {
    size_t count;
    uint16_t types[8];
};

/*
 * Walks a plain source and makes the chain.
 *
 *   ttl   of the records, seconds (RFC 9077 §3)
 *
 * STATUS_OK, what the source reported, or STATUS_SYSTEM.
 */
MUST_CHECK enum status chain_open(const struct node_source *plain, const struct chain_apex *apex,
                                  uint32_t ttl, struct chain **out);

/* NULL is fine. */
void chain_close(struct chain *chain);

/* The n-th record as a node, by its hash, which is canonical order. STATUS_OK; STATUS_NOT_FOUND
 * after the last. Valid until the next call. */
MUST_CHECK enum status chain_at(struct chain *chain, size_t n, struct node *out);

#endif
