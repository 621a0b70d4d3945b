/*
 * The zone that the store holds, read back as nodes: what a node's answers have of the zone's own
 * RRsets, names in full. Export, ZONEMD, plan and the comparison of a publish read this.
 */
#ifndef ZONE_STORED_SOURCE_H
#define ZONE_STORED_SOURCE_H

#include "conf/arena.h"
#include "store/store.h"
#include "store/stored.h"
#include "zone/node.h"

struct stored_source;

/*
 * Opens zone `zone` of a snapshot, which must stay as it is while the source is used.
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status stored_source_open(struct snapshot *snapshot, const struct zone_record *zone,
                                          struct stored_source **out);
void stored_source_close(struct stored_source *source);

/* Its nodes: all RRsets of the zone, RRSIG and NSEC too. next() yields STATUS_MALFORMED for a
 * damaged record. */
struct node_source stored_source_nodes(struct stored_source *source);

/*
 * Turns one item of the nodes table into a node in `scratch`.
 * STATUS_OK, STATUS_MALFORMED, or STATUS_SYSTEM.
 */
MUST_CHECK enum status stored_source_decode(const struct item *item, const uint8_t *apex,
                                            struct arena *scratch, struct node *out);

#endif
