/*
 * The way down to many keys at once, in LMDB's pages as they stand in the map (page.h has their
 * layout). One key alone waits for memory at each look at a page that is in none of the processor's
 * caches, dozens of times in a large database; here each look only asks for what the next one
 * needs, and while it is on its way the other keys have theirs.
 *
 * Believes no page: whatever a damaged one says, it reads within the bounds that it is given, ends,
 * and then has found nothing, or what its caller must judge as it judges what LMDB finds.
 */
#ifndef STORE_DESCENT_H
#define STORE_DESCENT_H

#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the pages are. */
struct descent_pages {
    const uint8_t *start; /* page 0 */
    size_t octets;        /* of all pages */
    size_t page_octets;
    uint64_t root;
    unsigned depth; /* of pages from the root to a leaf, both counted; at least 1 */
};

enum descent_state { DESCENT_OPENS, DESCENT_LOOKS, DESCENT_ARRIVED, DESCENT_LOST };

/* One key on its way. Set `key` and `key_octets`; the key stays the caller's. */
struct descent {
    const uint8_t *key;
    size_t key_octets;
    enum descent_state state; /* out: DESCENT_ARRIVED; DESCENT_LOST: a page is damaged, ask LMDB */
    unsigned level;
    const uint8_t *page; /* out: the leaf */
    unsigned count;      /* out: of its entries */
    unsigned first;      /* out: the first of them that is not before the key; `count`: none */
    unsigned end;
};

/* Goes down for all of them. */
void descent_go(const struct descent_pages *pages, struct descent *descents, size_t count);

/* The n-th entry of the leaf where one has arrived, n < `count`. False where it is damaged. */
bool descent_item(const struct descent_pages *pages, const struct descent *descent, size_t n,
                  struct item *out);

#endif
