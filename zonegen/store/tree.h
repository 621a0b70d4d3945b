/*
 * Whether the pages of a database fit together: reads LMDB's file itself, page after page, never
 * through the map, so that nothing in it can crash who looks. What passes here whole, LMDB reads
 * without harm, and nothing in it can be missed: every page is where its parent says, used once,
 * in the order of its keys, and as many as the meta page counts.
 *
 * Judges structure. What records hold is judged by whoever gets them, by their checksums.
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "store/meta.h"
#include "store/store.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stdint.h>

#define TREE_MESSAGE_OCTETS 160

/* What damage touches. */
enum tree_damage {
    TREE_DAMAGE_ROOT, /* what leads to records: any answer may be wrong, or of another serial */
    TREE_DAMAGE_LEAF, /* a page of records: some may be missed, those that are found are right */
    TREE_DAMAGE_FREE, /* what is free: nothing may be written */
};

struct tree_check {
    int file;
    bool leaves; /* also read the pages that hold records; else only how they are reached */
    /* Of these only every `share`-th by number, from `turn` on. Share 0 and 1: all. */
    uint64_t share, turn;
    /* Where more pages than that lead to records, only the upper levels of them are read: as many
     * as have about so many pages. 0: all. */
    uint64_t most_branches;
    void *state;
    /* Called with each piece of damage: `what` without the file's name. */
    void (*damaged)(void *state, enum tree_damage damage, const char *what);
    /* With `leaves`: each record, valid during the call, in the order of keys. NULL: not called. */
    void (*item)(void *state, const struct item *item);
    /* Called before each page is read; false ends the check. NULL: goes on. */
    bool (*goes_on)(void *state);
};

/*
 * Checks one change's contents.
 *
 *   meta   of contents that a snapshot holds meanwhile: else their pages may be used anew
 *
 * STATUS_OK: it went to its end, and `damaged` was told all. STATUS_NOT_FOUND: `goes_on` has ended
 * it. STATUS_SYSTEM: memory is out.
 */
MUST_CHECK enum status tree_check(const struct tree_check *check, const struct meta *meta);

#endif
