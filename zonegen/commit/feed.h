/*
 * What a merge takes: the nodes of a source in their order, each with what it compiles to. Of a
 * source that can be read by several threads, all cores make nodes and compile them while the merge
 * writes; of any other each is made when it is asked for. Knows nothing of what is stored.
 */
#ifndef COMMIT_FEED_H
#define COMMIT_FEED_H

#include "zone/node.h"

#include <stddef.h>
#include <stdint.h>

struct feed_item {
    struct node node;
    /* Of a node without RRsets, and of an NSEC3 record, which are not compiled, all 0. */
    const uint8_t *key;
    size_t key_octets;
    const uint8_t *value;
    size_t value_octets;
    enum status status; /* of compiling: STATUS_OK, else as of compile_node() */
};

struct feed;

/* For the nodes of a source that go to zone number `zone`. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status feed_open(const struct node_source *source, uint16_t zone,
                                 struct feed **out);
void feed_close(struct feed *feed); /* NULL is fine */

/* Begins with the first node; to be called once. STATUS_OK, or what the source reported. */
MUST_CHECK enum status feed_begin(struct feed *feed);

/* The next node; valid until the next call. STATUS_OK, whatever compiling came to;
 * STATUS_NOT_FOUND after the last; else what the source reported. */
MUST_CHECK enum status feed_next(struct feed *feed, const struct feed_item **out);

/* Compiles a node that is not taken from the source; valid until the next call. */
const struct feed_item *feed_compile(struct feed *feed, const struct node *node);

#endif
