/*
 * A zone as it was, read as nodes: the present one with what the steps of its past have of the
 * names that were touched since (store/history.h). NSEC3 records are not part of it: they are made
 * of the rest, and made anew where it comes back.
 */
#ifndef ZONE_PAST_SOURCE_H
#define ZONE_PAST_SOURCE_H

#include "conf/arena.h"
#include "store/history.h"
#include "store/store.h"
#include "store/stored.h"
#include "zone/node.h"

struct past_source;

/*
 * Opens a zone as it was before step `first`. Memory grows with the names that were touched since.
 *
 *   snapshot   must stay as it is while the source is used: not of an edit
 *   zone       its present record
 *
 * STATUS_OK, STATUS_NOT_FOUND (the step is not kept), STATUS_MALFORMED, STATUS_SYSTEM. `*out` is
 * NULL on failure.
 */
MUST_CHECK enum status past_source_open(struct snapshot *snapshot, const struct zone_record *zone,
                                        uint32_t first, struct past_source **out);

/* NULL is fine. */
void past_source_close(struct past_source *past);

/* Its nodes, signatures and NSEC too. */
struct node_source past_source_nodes(struct past_source *past);

/*
 * Turns an image into a node in `scratch`; without RRsets where the name was not there.
 * STATUS_OK, STATUS_MALFORMED or STATUS_SYSTEM.
 */
MUST_CHECK enum status past_image_decode(const struct history_image *image, const uint8_t *apex,
                                         struct arena *scratch, struct node *out);

#endif
