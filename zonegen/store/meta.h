/*
 * The two meta pages of LMDB's file, read without trusting them: which contents are the present
 * ones, where their trees begin, how large they are. Meta pages take turns, so that the last
 * contents but one are whole, too; nothing in the file says which of two numbers is the damaged
 * one.
 *
 * Integers in the machine's order, LMDB 0.9, 64 bits. Page 0 holds the even changes, page 1 the odd
 * ones:
 *
 *   OFFSET SIZE  FIELD
 *   0      16    header as in page.h, kind 8; the page's number is not looked at by anybody
 *   16     4     0xBEEFC0DE
 *   20     4     1: version
 *   24     8     0: where it is mapped
 *   32     8     size of the map
 *   40     48    tree of the pages that are free
 *   88     48    tree of everything else
 *   136    8     the last page that was ever used
 *   144    8     number of the change
 *
 *   tree
 *   0      4     of the free pages' tree: octets of a page; else 0
 *   4      2     flags: of the free pages' tree 8 (keys are integers) and 0x4000 (the file is no
 *                folder); else 0
 *   6      2     depth
 *   8      8     branches
 *   16     8     leaves
 *   24     8     overflow pages
 *   32     8     entries
 *   40     8     root; all ones: the tree is empty
 */
#ifndef STORE_META_H
#define STORE_META_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define META_MESSAGE_OCTETS 160
#define META_FIRST_PAGE     2 /* the first that is no meta page */

/* Octets of a meta page that two contents never share: tree, last page and number. */
#define META_CONTENTS_AT     88
#define META_CONTENTS_OCTETS 64
#define META_ROOT_AT         128 /* the root of everything but free pages */

struct meta_tree {
    uint16_t depth;
    uint64_t branches;
    uint64_t leaves;
    uint64_t overflows;
    uint64_t entries;
    uint64_t root;
    bool is_empty;
};

struct meta {
    size_t page_octets;
    uint64_t last_page;
    uint64_t change;
    struct meta_tree free;
    struct meta_tree main;
};

/*
 * Reads the meta page of one change from an open file.
 *
 *   change   its number; META_NEWEST: the newest one's
 *   what     on failure: what is wrong, without the file's name
 *
 * STATUS_OK; STATUS_NOT_FOUND (another change has taken its place; there are no octets at all);
 * STATUS_INVALID (not a file of LMDB); STATUS_MALFORMED (one, but damaged).
 */
#define META_NEWEST UINT64_MAX
MUST_CHECK enum status meta_read(int file, uint64_t change, struct meta *out,
                                 char what[META_MESSAGE_OCTETS]);

#endif
