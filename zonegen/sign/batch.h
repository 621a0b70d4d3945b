/*
 * Nodes that are completed and signed together: keys at the apex, NSEC, signatures kept or made.
 * Private to sign/: signer.h is what others use.
 */
#ifndef SIGN_BATCH_H
#define SIGN_BATCH_H

#include "conf/arena.h"
#include "sign/nsec.h"
#include "sign/pool.h"
#include "sign/signer.h"
#include "zone/canonical.h"

/* What a zone is signed with. */
struct batch_tools {
    const struct signer_rules *rules;
    const struct name *apex;
    struct pool *pool;
    size_t key_count; /* of the keys that sign */
    const struct keyfile *keys[STATE_MAX_KEYS];
    unsigned uses[STATE_MAX_KEYS];
    uint32_t denial_ttl; /* of NSEC, seconds (RFC 9077 §3) */
    struct canonical canonical;
    struct signer_counts counts;
};

/* Takes over the rules, and which of their keys sign. The pool is the caller's to open. */
void batch_tools_start(struct batch_tools *tools, const struct signer_rules *rules,
                       const struct name *apex);

struct batch {
    struct arena *arena; /* owns the nodes and what is signed */
    size_t count, size;
    struct node *nodes;
    enum authority *authorities;
    size_t job_count, job_size;
    struct pool_job *jobs;
    uint8_t **signatures; /* where the octets of each job's signature go */
    bool is_pending;      /* the jobs are not done yet */
};

/* STATUS_OK or STATUS_SYSTEM. batch_close() is fine after both. */
MUST_CHECK enum status batch_open(struct batch *batch);
void batch_close(struct batch *batch);

/* Empties it; no job may be under way. */
void batch_reset(struct batch *batch);

/* Adds a copy of a node. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status batch_append(struct batch *batch, const struct node *node,
                                    enum authority authority);

/* A copy of a node, in the batch but not one of it, with room for what signing adds. */
MUST_CHECK enum status batch_copy(struct batch *batch, const struct node *from, struct node *out);

/* What a name gets besides its plain records. */
struct completion {
    enum authority authority;
    const struct name *next;    /* owner that its NSEC names, or NULL: no new NSEC */
    const struct rrset *extras; /* more RRsets */
    size_t extra_count;
    const struct node *old[2]; /* earlier forms that signatures are kept from; or NULL */
};

/* Completes a node that batch_append() or batch_copy() made; signatures that have to be made become
 * jobs, and are not there before batch_finish(). STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status batch_complete(struct batch *batch, struct batch_tools *tools,
                                      struct node *node, const struct completion *completion);

/* Hands the jobs to the pool. No other batch may be under way. */
void batch_start(struct batch *batch, struct batch_tools *tools);

/* Waits for them and puts the signatures in their places; at once when none are under way.
 * STATUS_OK, or STATUS_SYSTEM when a signature could not be made. */
MUST_CHECK enum status batch_finish(struct batch *batch, struct batch_tools *tools);

#endif
