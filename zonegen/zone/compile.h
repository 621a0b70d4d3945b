/*
 * Turns nodes into stored answers (store/stored.h): what each name answers for each type, CNAMEs
 * followed within the zone, referrals with their glue. Nodes come in canonical order; the cut above
 * is remembered, CNAME targets and glue are found through the source.
 */
#ifndef ZONE_COMPILE_H
#define ZONE_COMPILE_H

#include "store/key.h"
#include "store/stored.h"
#include "wire/writer.h"
#include "zone/node.h"

/* Of one node's bodies, and of its value; larger nodes are refused. Sixteen full messages. */
#define COMPILE_VALUE_OCTETS (1u << 20)

struct compile {
    const struct node_source *source;
    uint16_t zone;
    uint8_t apex_labels;
    uint8_t cut_depth; /* labels below the apex of the last cut seen; 0: none */
    struct name cut;   /* its name */
    /* The node in work. */
    struct name owner;
    bool synthesised;     /* a wildcard: the question's length is not known */
    struct writer bodies; /* owned: COMPILE_VALUE_OCTETS */
    struct writer links; /* owned: DNS_MESSAGE_OCTETS; signatures of the CNAMEs that are followed */
    size_t answer_count;
    struct stored_answer answers[STORED_MAX_ANSWERS];
};

/* A compiler for the nodes of one source into zone number `zone`. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status compile_open(struct compile *compile, const struct node_source *source,
                                    uint16_t zone);
void compile_close(struct compile *compile);

/*
 * Compiles one node; call it in the order that next() yields them.
 *
 *   key     out: its key
 *   value   receives its value
 *
 * STATUS_OK, STATUS_NO_SPACE (an answer no message can carry, or the writer is full), or
 * what the source reported.
 */
MUST_CHECK enum status compile_node(struct compile *compile, const struct node *node,
                                    struct key *key, struct writer *value);

/*
 * Writes the SOA that negative answers carry: owner in full, TTL min(TTL, MINIMUM) (RFC 2308 §3).
 * `w->failed` when it does not fit or the apex has no SOA.
 */
void compile_negative_soa(struct writer *w, const struct node *apex);

/* Writes the signatures of that SOA: owner in full, the same TTL. Returns how many; 0 in an
 * unsigned zone. `w->failed` when they do not fit. */
size_t compile_negative_signatures(struct writer *w, const struct node *apex);

#endif
