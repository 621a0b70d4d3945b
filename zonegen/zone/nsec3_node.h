/*
 * NSEC3 records on their way into the store: nodes of a source, but not of the zone
 * (store/nsec3.h).
 */
#ifndef ZONE_NSEC3_NODE_H
#define ZONE_NSEC3_NODE_H

#include "store/nsec3.h"
#include "store/stored.h"
#include "wire/writer.h"
#include "zone/node.h"

#include <stdbool.h>

/* Of one NSEC3 with its signatures; larger ones are refused. */
#define NSEC3_VALUE_OCTETS 65535

/* True for a node that holds an NSEC3 record: it goes into the table of those. */
bool nsec3_node_is(const struct node *node);

/*
 * Makes the key and value of an NSEC3 with its RRSIGs.
 *
 *   zone    its number
 *   node    an NSEC3 RRset of one record; its owner is a hash and one label below the apex
 *   key     out
 *   value   receives the value
 *
 * STATUS_OK; STATUS_INVALID when the owner is no hash or there is not one NSEC3; STATUS_NO_SPACE.
 */
MUST_CHECK enum status nsec3_node_compile(uint16_t zone, const struct node *node,
                                          uint8_t key[NSEC3_KEY_OCTETS], struct writer *value);

/*
 * Sets ZONE_NSEC3 and the parameters of a zone's record by the NSEC3PARAM of its apex: the one
 * whose flags are zero (RFC 5155 §4.1.2). Nothing without one. `record` points into the apex.
 */
void nsec3_node_parameters(const struct node *apex, struct zone_record *record);

#endif
