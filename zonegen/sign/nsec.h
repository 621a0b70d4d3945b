/* RDATA of NSEC and the type bitmap that it shares with NSEC3 (RFC 4034 §4.1). */
#ifndef SIGN_NSEC_H
#define SIGN_NSEC_H

#include "wire/writer.h"
#include "zone/node.h"

#include <stdbool.h>

/* What stands at a name: all of it, the parent's side of a cut, or nothing of ours. */
enum authority {
    AUTHORITY_FULL,
    AUTHORITY_CUT,  /* a delegation: NS is not signed (RFC 4035 §2.2), DS and NSEC are */
    AUTHORITY_NONE, /* below a cut: glue and what is hidden; no signature and no NSEC at all */
};

/* Follows cuts through nodes in canonical order. Starts as {0}. */
struct authority_track {
    struct name cut; /* length 0: none */
};

enum authority authority_next(struct authority_track *track, const struct node_source *source,
                              const struct node *node);

/* True for RRsets that are signed at such a name. */
bool authority_signs(enum authority authority, uint16_t type);

/*
 * Writes the type bitmap of a name (RFC 4034 §4.1.2).
 *
 *   types   ascending, without doubles
 */
void nsec_write_bitmap(struct writer *w, const uint16_t *types, size_t count);

/*
 * The types that a name's bitmap has: what stands there and is ours to deny, and `more` (NSEC,
 * RRSIG …), ascending. At a cut only NS and DS of what stands there (RFC 4035 §2.3).
 *
 *   out   room for the node's RRsets and `more_count`
 *
 * Returns how many.
 */
size_t nsec_types(const struct node *node, enum authority authority, const uint16_t *more,
                  size_t more_count, uint16_t *out);

#endif
