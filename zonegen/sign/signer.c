#include "sign/signer.h"

#include "sign/batch.h"
#include "sign/chain.h"
#include "store/key.h"
#include "zone/rdata.h"
#include "zone/stored_source.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_NODES 512

struct signer {
    const struct node_source *plain;
    uint16_t number;
    struct batch_tools tools;
    struct snapshot *view; /* of the edit */
    struct stored_source *stored;
    struct node_source stored_nodes;
    struct arena *old_arena;
    struct batch batches[2];
    struct batch *ready; /* next() yields from it; the other one is being signed */
    size_t at;           /* next node of `ready` */
    /* Two streams make one: the plain nodes, and the NSEC3 chain where there is one. */
    bool plain_has_ended, has_plain;
    struct node plain_node;
    struct chain *chain; /* or NULL */
    size_t chain_next;
    bool has_link;
    struct node link;
    bool has_ended; /* both have */
    bool has_carry; /* a node was taken from it that is in no batch yet */
    struct node carry;
    enum authority carry_authority;
    struct authority_track track;
    struct batch apart; /* nodes signed one by one: apex, early ones, those signed again */
    struct node apex;   /* as yielded; rrset_count 0: not yet */
    size_t early_count; /* nodes that were looked for before their turn */
    struct node *early;
};

static bool is_apex(const struct signer *signer, const struct name *owner)
{
    return name_equals(owner->octets, signer->plain->apex.octets);
}

/* What the store has of a name. Valid until the next call. */
static enum status find_old(struct signer *signer, const struct name *owner, struct node *out)
{
    struct key key;
    struct item item;

    *out = (struct node){.rrset_count = 0};
    arena_reset(signer->old_arena);
    key_of_name(&key, signer->number, owner->octets,
                name_labels(owner->octets) - name_labels(signer->plain->apex.octets));
    enum status status = snapshot_walk(signer->view, WALK_AT, key.octets, key.length, &item);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    return stored_source_decode(&item, signer->plain->apex.octets, signer->old_arena, out);
}

/* ---- batches ---- */

/* Looks at what comes next of both streams. */
static enum status look_ahead(struct signer *signer)
{
    enum status status = STATUS_OK;

    if (!signer->has_plain && !signer->plain_has_ended) {
        status = signer->plain->next(signer->plain->state, &signer->plain_node);
        signer->has_plain = status == STATUS_OK;
        signer->plain_has_ended = status == STATUS_NOT_FOUND;
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    if (signer->has_link || signer->chain == NULL)
        return STATUS_OK;
    status = chain_at(signer->chain, signer->chain_next, &signer->link);
    signer->has_link = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Takes the next node; it stays valid until the one after it is taken. */
static enum status take(struct signer *signer)
{
    enum status status = look_ahead(signer);

    signer->has_carry = signer->has_plain || signer->has_link;
    signer->has_ended = !signer->has_carry;
    if (status != STATUS_OK || signer->has_ended)
        return status;
    bool is_link = signer->has_link &&
                   (!signer->has_plain ||
                    name_compare(signer->link.owner.octets, signer->plain_node.owner.octets) < 0);
    signer->carry = is_link ? signer->link : signer->plain_node;
    if (is_link) {
        signer->carry_authority = AUTHORITY_FULL;
        signer->has_link = false;
        signer->chain_next++;
    } else {
        signer->carry_authority = authority_next(&signer->track, signer->plain, &signer->carry);
        signer->has_plain = false;
    }
    return STATUS_OK;
}

static enum status append(struct signer *signer, struct batch *batch)
{
    if (is_apex(signer, &signer->carry.owner))
        signer->tools.denial_ttl = rdata_negative_ttl(node_rrset(&signer->carry, TYPE_SOA));
    signer->has_carry = false;
    return batch_append(batch, &signer->carry, signer->carry_authority);
}

static const struct node *find_early(const struct signer *signer, const struct name *owner)
{
    for (size_t i = 0; i < signer->early_count; i++)
        if (name_equals(signer->early[i].owner.octets, owner->octets))
            return &signer->early[i];
    return NULL;
}

/* What the store has of an NSEC3 owner. */
static enum status find_link(struct signer *signer, const struct node *node, struct node *out)
{
    *out = (struct node){.rrset_count = 0};
    enum status status =
        signer->stored_nodes.find(signer->stored_nodes.state, node->owner.octets, out);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Completes a node of the batch; `next` is NULL for a name that has no NSEC. */
static enum status complete_at(struct signer *signer, struct batch *batch, size_t n,
                               const struct name *next)
{
    bool has_nsec = signer->tools.rules->zone->policy->denial == DNSSEC_DENIAL_NSEC;
    struct node *node = &batch->nodes[n];
    struct node old;

    enum status status = node_rrset(node, TYPE_NSEC3) != NULL
                             ? find_link(signer, node, &old)
                             : find_old(signer, &node->owner, &old);
    if (status != STATUS_OK)
        return status;
    const struct completion completion = {
        .authority = batch->authorities[n],
        .next = has_nsec ? next : NULL,
        .old = {&old, find_early(signer, &node->owner)},
    };
    return batch_complete(batch, &signer->tools, node, &completion);
}

/* Fills a batch with nodes up to the first that is not to be in it: that one's owner is what the
 * last NSEC names. */
static enum status fill(struct signer *signer, struct batch *batch)
{
    size_t open = SIZE_MAX; /* the node whose NSEC waits for the next name */
    enum status status = STATUS_OK;

    batch_reset(batch);
    while (status == STATUS_OK) {
        if (!signer->has_carry && !signer->has_ended)
            status = take(signer);
        if (status != STATUS_OK || !signer->has_carry)
            break;
        bool is_ours = signer->carry_authority != AUTHORITY_NONE;
        if (is_ours && open != SIZE_MAX)
            status = complete_at(signer, batch, open, &signer->carry.owner);
        if (is_ours)
            open = SIZE_MAX;
        if (status != STATUS_OK || (batch->count >= BATCH_NODES && open == SIZE_MAX))
            return status;
        if (is_ours && signer->carry.rrset_count > 0) /* else it only ends a run of names */
            open = batch->count;
        status = append(signer, batch);
    }
    if (status == STATUS_OK && open != SIZE_MAX)
        status = complete_at(signer, batch, open, &signer->plain->apex);
    return status;
}

static struct batch *other(struct signer *signer)
{
    return signer->ready == &signer->batches[0] ? &signer->batches[1] : &signer->batches[0];
}

/* Goes on to the next batch: the one that was being signed; what was yielded makes room for the one
 * after it, which is filled while the threads are at work. */
static enum status advance(struct signer *signer)
{
    struct batch *coming = other(signer);
    struct batch *after = signer->ready;

    enum status status = fill(signer, after);
    if (status == STATUS_OK)
        status = batch_finish(coming, &signer->tools);
    if (status != STATUS_OK)
        return status;
    batch_start(after, &signer->tools);
    signer->ready = coming;
    signer->at = 0;
    return STATUS_OK;
}

static enum status remember_apex(struct signer *signer, const struct node *node)
{
    return batch_copy(&signer->apart, node, &signer->apex);
}

static enum status source_next(void *state, struct node *out)
{
    struct signer *signer = state;

    while (signer->at == signer->ready->count) {
        if (signer->has_ended && !signer->has_carry && other(signer)->count == 0)
            return STATUS_NOT_FOUND;
        enum status status = advance(signer);
        if (status != STATUS_OK)
            return status;
    }
    *out = signer->ready->nodes[signer->at++];
    return is_apex(signer, &out->owner) ? remember_apex(signer, out) : STATUS_OK;
}

/* The types that signing adds to the apex. */
static enum status list_apex_types(struct signer *signer, struct chain_apex *out)
{
    const struct config_zone *zone = signer->tools.rules->zone;
    struct rrset rrsets[3];
    size_t count = 0;

    enum status status =
        keyset_rrsets(signer->tools.rules->keys, zone, 0, signer->apart.arena, rrsets, &count);
    *out = (struct chain_apex){1, {TYPE_NSEC3PARAM}};
    for (size_t i = 0; i < count; i++)
        out->types[out->count++] = rrsets[i].type;
    if (zone->zonemd)
        out->types[out->count++] = TYPE_ZONEMD;
    return status;
}

/* Makes the NSEC3 chain of the zone as it is now. */
static enum status open_chain(struct signer *signer)
{
    const struct node_source *plain = signer->plain;
    struct chain_apex apex;
    struct node node;

    chain_close(signer->chain);
    signer->chain = NULL;
    if (signer->tools.rules->zone->policy->denial != DNSSEC_DENIAL_NSEC3)
        return STATUS_OK;
    enum status status = list_apex_types(signer, &apex);
    if (status == STATUS_OK)
        status = plain->find(plain->state, plain->apex.octets, &node);
    return status == STATUS_OK
               ? chain_open(plain, &apex, rdata_negative_ttl(node_rrset(&node, TYPE_SOA)),
                            &signer->chain)
               : status;
}

static enum status source_rewind(void *state)
{
    struct signer *signer = state;

    enum status status = batch_finish(&signer->batches[0], &signer->tools);
    if (status == STATUS_OK)
        status = batch_finish(&signer->batches[1], &signer->tools);
    batch_reset(&signer->batches[0]);
    batch_reset(&signer->batches[1]);
    signer->ready = &signer->batches[0];
    signer->at = 0;
    signer->has_ended = signer->has_carry = false;
    signer->plain_has_ended = signer->has_plain = signer->has_link = false;
    signer->chain_next = 0;
    signer->track = (struct authority_track){.cut = {.length = 0}};
    signer->apex.rrset_count = 0;
    if (status == STATUS_OK)
        status = open_chain(signer);
    return status == STATUS_OK ? signer->plain->rewind(signer->plain->state) : status;
}

/* ---- names out of turn ---- */

/* True when a name comes before what next() yielded last: the edit has it. */
static bool is_behind(struct signer *signer, const uint8_t *owner)
{
    if (signer->at == 0)
        return signer->has_ended && signer->ready->count == 0 && other(signer)->count == 0;
    const struct node *last = &signer->ready->nodes[signer->at - 1];
    bool is_over = signer->has_ended && !signer->has_carry && other(signer)->count == 0 &&
                   signer->at == signer->ready->count;
    return is_over || name_compare(owner, last->owner.octets) < 0;
}

static const struct node *find_in(const struct batch *batch, const uint8_t *owner)
{
    for (size_t i = 0; i < batch->count; i++)
        /* A count means that there are some. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        if (batch->nodes[i].rrset_count > 0 && name_equals(batch->nodes[i].owner.octets, owner))
            return &batch->nodes[i];
    return NULL;
}

/* What is ours at a name that is looked for out of turn: whether a cut is at or above it. */
static enum status find_authority(struct signer *signer, const struct name *owner,
                                  enum authority *out)
{
    const struct node_source *plain = signer->plain;
    struct authority_track track = {.cut = {.length = 0}};
    size_t below = name_labels(owner->octets) - name_labels(plain->apex.octets);

    *out = AUTHORITY_FULL;
    for (size_t labels = below; labels-- > 0;) {
        struct node node;
        enum status status = plain->find(plain->state, name_parent(owner->octets, labels), &node);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        if (status == STATUS_OK)
            *out = authority_next(&track, plain, &node);
    }
    return STATUS_OK;
}

/* Signs one node by itself; `out` lasts as long as the signer. */
static enum status sign_apart(struct signer *signer, const struct node *plain,
                              const struct completion *completion, struct node *out)
{
    enum status status = batch_finish(other(signer), &signer->tools);
    if (status == STATUS_OK)
        status = batch_copy(&signer->apart, plain, out);
    if (status == STATUS_OK)
        status = batch_complete(&signer->apart, &signer->tools, out, completion);
    if (status != STATUS_OK)
        return status;
    batch_start(&signer->apart, &signer->tools);
    return batch_finish(&signer->apart, &signer->tools);
}

/* A name whose turn has not come: signed now, and the signatures kept for when it comes. */
static enum status find_ahead(struct signer *signer, const struct node *plain, struct node *out)
{
    struct completion completion = {.authority = AUTHORITY_FULL};
    struct node copy;
    struct node old;

    const struct node *early = find_early(signer, &plain->owner);
    if (early != NULL) {
        *out = *early;
        return STATUS_OK;
    }
    struct node *grown =
        reallocarray(signer->early, signer->early_count + 1, sizeof *signer->early);
    if (grown == NULL)
        return STATUS_SYSTEM;
    signer->early = grown;
    /* A copy: the plain source's find() is used for the authority. */
    enum status status = batch_copy(&signer->apart, plain, &copy);
    if (status == STATUS_OK)
        status = find_authority(signer, &copy.owner, &completion.authority);
    if (status == STATUS_OK)
        status = find_old(signer, &copy.owner, &old);
    completion.old[0] = &old;
    if (status == STATUS_OK)
        status = sign_apart(signer, &copy, &completion, out);
    if (status == STATUS_OK)
        signer->early[signer->early_count++] = *out;
    return status;
}

static enum status source_find(void *state, const uint8_t *owner, struct node *out)
{
    struct signer *signer = state;

    if (!name_is_within(owner, signer->plain->apex.octets))
        return STATUS_NOT_FOUND;
    if (name_equals(owner, signer->plain->apex.octets) && signer->apex.rrset_count > 0) {
        *out = signer->apex;
        return STATUS_OK;
    }
    const struct node *last = signer->at > 0 ? &signer->ready->nodes[signer->at - 1] : NULL;
    if (last != NULL && last->rrset_count > 0 && name_equals(last->owner.octets, owner)) {
        *out = *last;
        return STATUS_OK;
    }
    if (is_behind(signer, owner))
        return signer->stored_nodes.find(signer->stored_nodes.state, owner, out);
    enum status status = signer->plain->find(signer->plain->state, owner, out);
    if (status != STATUS_OK || out->rrset_count == 0)
        return status;
    const struct node *found = find_in(signer->ready, owner);
    if (found == NULL) {
        found = find_in(other(signer), owner);
        status = found != NULL ? batch_finish(other(signer), &signer->tools) : STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    if (found == NULL)
        return find_ahead(signer, out, out);
    *out = *found;
    return STATUS_OK;
}

struct node_source signer_source(struct signer *signer)
{
    return (struct node_source){.state = signer,
                                .apex = signer->plain->apex,
                                .next = source_next,
                                .rewind = source_rewind,
                                .find = source_find};
}

enum status signer_again(struct signer *signer, const struct node *plain, const struct rrset *extra,
                         struct node *out)
{
    struct completion completion = {.authority = AUTHORITY_FULL};
    struct rrset extras[2];
    struct node old = signer->apex;

    enum status status = STATUS_OK;
    if (!is_apex(signer, &plain->owner))
        status = find_old(signer, &plain->owner, &old);
    if (status != STATUS_OK)
        return status;
    const struct rrset *nsec = node_rrset(&old, TYPE_NSEC);
    if (nsec != NULL)
        extras[completion.extra_count++] = *nsec;
    if (extra != NULL)
        extras[completion.extra_count++] = *extra;
    completion.extras = extras;
    completion.old[0] = &old;
    status = sign_apart(signer, plain, &completion, out);
    return status == STATUS_OK && is_apex(signer, &plain->owner) ? remember_apex(signer, out)
                                                                 : status;
}

struct signer_counts signer_counts(const struct signer *signer)
{
    return signer->tools.counts;
}

/* ---- beginning and end ---- */

static enum status open_parts(struct signer *signer, struct edit *edit, struct diag *diag)
{
    struct zone_record zone = {.number = signer->number, .apex = signer->plain->apex.octets};
    struct batch_tools *tools = &signer->tools;

    signer->old_arena = arena_create();
    enum status status = signer->old_arena != NULL ? STATUS_OK : STATUS_SYSTEM;
    if (status == STATUS_OK)
        status = batch_open(&signer->batches[0]);
    if (status == STATUS_OK)
        status = batch_open(&signer->batches[1]);
    if (status == STATUS_OK)
        status = batch_open(&signer->apart);
    if (status == STATUS_OK)
        status = edit_open_view(edit, &signer->view);
    if (status == STATUS_OK)
        status = stored_source_open(signer->view, &zone, &signer->stored);
    if (status != STATUS_OK)
        return status;
    signer->stored_nodes = stored_source_nodes(signer->stored);
    return pool_open(tools->keys, tools->key_count, tools->rules->threads, diag, &tools->pool);
}

enum status signer_open(const struct signer_rules *rules, const struct node_source *plain,
                        struct edit *edit, uint16_t number, struct diag *diag, struct signer **out)
{
    struct signer *signer = calloc(1, sizeof *signer);

    if (signer == NULL)
        return STATUS_SYSTEM;
    signer->plain = plain;
    signer->number = number;
    signer->ready = &signer->batches[0];
    batch_tools_start(&signer->tools, rules, &plain->apex);
    enum status status = open_parts(signer, edit, diag);
    if (status == STATUS_OK)
        *out = signer;
    else
        signer_close(signer);
    return status;
}

void signer_close(struct signer *signer)
{
    if (signer == NULL)
        return;
    pool_close(signer->tools.pool); /* first: it may be reading the batches */
    stored_source_close(signer->stored);
    edit_close_view(signer->view);
    batch_close(&signer->batches[0]);
    batch_close(&signer->batches[1]);
    batch_close(&signer->apart);
    arena_destroy(signer->old_arena);
    canonical_close(&signer->tools.canonical);
    chain_close(signer->chain);
    free(signer->early);
    free(signer);
}
