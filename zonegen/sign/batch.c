#include "sign/batch.h"

#include "sign/signature.h"
#include "sign/verify.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE    512
#define MORE_RRSETS   8    /* that may come to a node: NSEC, RRSIG, at the apex five more */
#define BITMAP_OCTETS 8704 /* 256 windows of 34 octets (RFC 4034 §4.1.2) */

void batch_tools_start(struct batch_tools *tools, const struct signer_rules *rules,
                       const struct name *apex)
{
    const struct keyset *keys = rules->keys;

    *tools = (struct batch_tools){.rules = rules, .apex = apex};
    for (size_t i = 0; i < keys->count; i++) {
        unsigned use = keys->keys[i].use;
        if ((use & (KEY_SIGNS_KEYS | KEY_SIGNS_DATA)) == 0)
            continue;
        tools->keys[tools->key_count] = keys->keys[i].file;
        tools->uses[tools->key_count++] = use;
    }
}

enum status batch_open(struct batch *batch)
{
    *batch = (struct batch){.arena = arena_create()};
    return batch->arena != NULL ? STATUS_OK : STATUS_SYSTEM;
}

void batch_close(struct batch *batch)
{
    arena_destroy(batch->arena);
    free(batch->nodes);
    free(batch->authorities);
    free(batch->jobs);
    free(batch->signatures);
}

void batch_reset(struct batch *batch)
{
    arena_reset(batch->arena);
    batch->count = batch->job_count = 0;
}

/* Makes room for one more of two arrays that grow together. */
static bool make_room(size_t count, size_t *size, void **a, size_t a_octets, void **b,
                      size_t b_octets)
{
    if (count < *size)
        return true;
    size_t wanted = *size > 0 ? 2 * *size : FIRST_SIZE;
    void *grown = reallocarray(*a, wanted, a_octets);
    if (grown == NULL)
        return false;
    *a = grown;
    grown = reallocarray(*b, wanted, b_octets);
    if (grown == NULL)
        return false;
    *b = grown;
    *size = wanted;
    return true;
}

enum status batch_copy(struct batch *batch, const struct node *from, struct node *out)
{
    size_t room = from->rrset_count + MORE_RRSETS;
    struct rrset *rrsets = arena_alloc(batch->arena, room * sizeof *rrsets);
    enum status status = rrsets != NULL ? STATUS_OK : STATUS_SYSTEM;

    for (size_t i = 0; i < from->rrset_count && status == STATUS_OK; i++)
        status = rrset_copy(batch->arena, &from->rrsets[i], &rrsets[i]);
    *out = (struct node){from->owner, from->rrset_count, rrsets};
    return status;
}

enum status batch_append(struct batch *batch, const struct node *node, enum authority authority)
{
    if (!make_room(batch->count, &batch->size, (void **)&batch->nodes, sizeof *batch->nodes,
                   (void **)&batch->authorities, sizeof *batch->authorities))
        return STATUS_SYSTEM;
    batch->authorities[batch->count] = authority;
    return batch_copy(batch, node, &batch->nodes[batch->count++]);
}

static enum status add_keys(struct batch *batch, const struct batch_tools *tools, struct node *apex)
{
    struct rrset rrsets[3];
    size_t count = 0;

    const struct rrset *soa = node_rrset(apex, TYPE_SOA);
    enum status status = keyset_rrsets(tools->rules->keys, tools->rules->zone,
                                       soa != NULL ? soa->ttl : 0, batch->arena, rrsets, &count);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        node_add_rrset(apex, &rrsets[i]);
    return status;
}

/* How names are hashed: SHA-1, no flags, no iterations, no salt (RFC 5155 §4, RFC 9276 §3.1). */
static enum status add_parameters(struct batch *batch, const struct batch_tools *tools,
                                  struct node *apex)
{
    static const uint8_t octets[] = {1, 0, 0, 0, 0};
    struct rdata *rdata = arena_alloc(batch->arena, sizeof *rdata);

    if (rdata == NULL)
        return STATUS_SYSTEM;
    *rdata = (struct rdata){octets, sizeof octets};
    const struct rrset parameters = {TYPE_NSEC3PARAM, 1, tools->denial_ttl, rdata};
    node_add_rrset(apex, &parameters);
    return STATUS_OK;
}

static enum status add_apex(struct batch *batch, const struct batch_tools *tools, struct node *apex)
{
    enum status status = add_keys(batch, tools, apex);
    if (status == STATUS_OK && tools->rules->zone->policy->denial == DNSSEC_DENIAL_NSEC3)
        status = add_parameters(batch, tools, apex);
    return status;
}

static enum status add_nsec(struct batch *batch, const struct batch_tools *tools, struct node *node,
                            const struct completion *completion)
{
    static const uint16_t more[] = {TYPE_RRSIG, TYPE_NSEC, TYPE_ZONEMD};
    bool is_apex = name_equals(node->owner.octets, tools->apex->octets);
    size_t more_count = is_apex && tools->rules->zone->zonemd ? 3 : 2;
    uint8_t octets[NAME_MAX_OCTETS + BITMAP_OCTETS];
    struct writer w = writer_of(octets, sizeof octets);
    uint16_t *types = arena_alloc(batch->arena, (node->rrset_count + 3) * sizeof *types);
    struct rdata *rdata = arena_alloc(batch->arena, sizeof *rdata);

    if (types == NULL || rdata == NULL)
        return STATUS_SYSTEM;
    size_t count = nsec_types(node, completion->authority, more, more_count, types);
    writer_octets(&w, completion->next->octets, completion->next->length);
    nsec_write_bitmap(&w, types, count);
    size_t length = writer_length(&w);
    rdata->octets = (const uint8_t *)arena_copy(batch->arena, octets, length);
    rdata->length = (uint16_t)length;
    struct rrset nsec = {TYPE_NSEC, 1, tools->denial_ttl, rdata};
    node_add_rrset(node, &nsec);
    return rdata->octets != NULL && !w.failed ? STATUS_OK : STATUS_SYSTEM;
}

/* True where signatures are kept as they are, or this one is right. */
static bool is_trusted(struct batch_tools *tools, const struct signature *signature,
                       const struct keyfile *key, const struct name *owner,
                       const struct rrset *rrset)
{
    return !tools->rules->verify ||
           signature_verifies(signature, key, owner, tools->apex, rrset, &tools->canonical);
}

/* The signature that an earlier form of the node has of the same records by the same key, not yet
 * to be renewed; or NULL. */
static const struct rdata *find_kept(struct batch_tools *tools, const struct node *old,
                                     const struct rrset *rrset, const struct keyfile *key)
{
    const struct rrset *kept = old != NULL ? node_rrset(old, TYPE_RRSIG) : NULL;

    const struct rrset *former = kept != NULL ? node_rrset(old, rrset->type) : NULL;

    if (former == NULL || !rrset_equals(former, rrset))
        return NULL;
    for (size_t i = 0; i < kept->count; i++) {
        struct signature signature;
        if (signature_read(&kept->items[i], &signature) == STATUS_OK &&
            signature.covered == rrset->type && signature.algorithm == key->algorithm &&
            signature.tag == key->tag && signature.ttl == rrset->ttl &&
            signature.length == keyfile_signature_octets(key->algorithm) &&
            signature_is_fresh(&signature, tools->rules->zone->policy, tools->rules->now) &&
            is_trusted(tools, &signature, key, &old->owner, rrset))
            return &kept->items[i];
    }
    return NULL;
}

/* RRSIG RDATA without the signature's octets, followed in memory by the records that it signs. */
static enum status write_data(struct batch *batch, struct batch_tools *tools,
                              const struct node *node, const struct rrset *rrset, size_t key,
                              struct writer *w)
{
    size_t octets = signature_data_octets(tools->apex, &node->owner, rrset);
    uint8_t *data = arena_alloc(batch->arena, octets);

    if (data == NULL)
        return STATUS_SYSTEM;
    *w = writer_of(data, octets);
    struct signature signature = {
        .covered = rrset->type,
        .algorithm = tools->keys[key]->algorithm,
        .labels = signature_labels(node->owner.octets),
        .ttl = rrset->ttl,
        .tag = tools->keys[key]->tag,
        .signer = tools->apex->octets,
    };
    signature_schedule(tools->rules->zone->policy, &node->owner, rrset->type, tools->rules->now,
                       &signature);
    enum status status =
        signature_write_data(w, &signature, &node->owner, rrset, &tools->canonical);
    return w->failed ? STATUS_SYSTEM : status;
}

/* Makes the job of one signature. `out` gets the RDATA, whose last octets come later. */
static enum status add_job(struct batch *batch, struct batch_tools *tools, const struct node *node,
                           const struct rrset *rrset, size_t key, struct rdata *out)
{
    size_t head = SIGNATURE_FIXED_OCTETS + tools->apex->length;
    size_t length = head + keyfile_signature_octets(tools->keys[key]->algorithm);
    uint8_t *rdata = arena_alloc(batch->arena, length);
    struct writer data;

    if (rdata == NULL ||
        !make_room(batch->job_count, &batch->job_size, (void **)&batch->jobs, sizeof *batch->jobs,
                   (void **)&batch->signatures, sizeof *batch->signatures))
        return STATUS_SYSTEM;
    enum status status = write_data(batch, tools, node, rrset, key, &data);
    if (status != STATUS_OK)
        return status;
    memcpy(rdata, data.start, head);
    *out = (struct rdata){rdata, (uint16_t)length};
    batch->jobs[batch->job_count] = (struct pool_job){
        .data = data.start, .octets = (uint32_t)writer_length(&data), .key = (uint16_t)key};
    batch->signatures[batch->job_count++] = rdata + head;
    tools->counts.made++;
    return STATUS_OK;
}

/* DNSKEY, CDS and CDNSKEY are signed by the keys that the parent vouches for (RFC 7344 §4.1). */
static bool signs(unsigned use, uint16_t type)
{
    bool is_key = type == TYPE_DNSKEY || type == TYPE_CDS || type == TYPE_CDNSKEY;
    return (use & (is_key ? KEY_SIGNS_KEYS : KEY_SIGNS_DATA)) != 0;
}

/* Adds the signatures of one RRset to those of its node. */
static enum status keep_or_sign(struct batch *batch, struct batch_tools *tools,
                                const struct node *node, const struct rrset *rrset,
                                struct rrset *signatures, const struct completion *completion)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < tools->key_count && status == STATUS_OK; i++) {
        if (!signs(tools->uses[i], rrset->type))
            continue;
        struct rdata *out = &signatures->items[signatures->count++];
        const struct rdata *kept = find_kept(tools, completion->old[0], rrset, tools->keys[i]);
        if (kept == NULL)
            kept = find_kept(tools, completion->old[1], rrset, tools->keys[i]);
        if (kept == NULL) {
            status = add_job(batch, tools, node, rrset, i, out);
            continue;
        }
        tools->counts.kept++;
        out->length = kept->length;
        out->octets = (const uint8_t *)arena_copy(batch->arena, kept->octets, kept->length);
        status = out->octets != NULL ? STATUS_OK : STATUS_SYSTEM;
    }
    return status;
}

/* Adds the RRSIG RRset to a node. Its TTL is the smallest of those that it covers; each signature
 * is sent with that of its own. */
static enum status add_signatures(struct batch *batch, struct batch_tools *tools, struct node *node,
                                  const struct completion *completion)
{
    size_t most = node->rrset_count * tools->key_count;
    struct rrset signatures = {.type = TYPE_RRSIG, .ttl = UINT32_MAX};
    enum status status = STATUS_OK;

    signatures.items = arena_alloc(batch->arena, (most + 1) * sizeof *signatures.items);
    if (signatures.items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < node->rrset_count && status == STATUS_OK; i++) {
        const struct rrset *rrset = &node->rrsets[i];
        if (!authority_signs(completion->authority, rrset->type))
            continue;
        if (rrset->ttl < signatures.ttl)
            signatures.ttl = rrset->ttl;
        status = keep_or_sign(batch, tools, node, rrset, &signatures, completion);
    }
    if (status != STATUS_OK || signatures.count == 0)
        return status;
    rrset_sort(&signatures); /* by what comes before the signature's octets */
    node_add_rrset(node, &signatures);
    return STATUS_OK;
}

enum status batch_complete(struct batch *batch, struct batch_tools *tools, struct node *node,
                           const struct completion *completion)
{
    enum status status = STATUS_OK;

    if (name_equals(node->owner.octets, tools->apex->octets))
        status = add_apex(batch, tools, node);
    for (size_t i = 0; i < completion->extra_count && status == STATUS_OK; i++) {
        struct rrset extra;
        status = rrset_copy(batch->arena, &completion->extras[i], &extra);
        if (status == STATUS_OK)
            node_add_rrset(node, &extra);
    }
    if (status == STATUS_OK && completion->next != NULL)
        status = add_nsec(batch, tools, node, completion);
    return status == STATUS_OK ? add_signatures(batch, tools, node, completion) : status;
}

void batch_start(struct batch *batch, struct batch_tools *tools)
{
    batch->is_pending = true;
    pool_start(tools->pool, batch->jobs, batch->job_count);
}

enum status batch_finish(struct batch *batch, struct batch_tools *tools)
{
    if (!batch->is_pending)
        return STATUS_OK;
    enum status status = pool_wait(tools->pool);
    batch->is_pending = false;
    for (size_t i = 0; i < batch->job_count && status == STATUS_OK; i++) {
        const struct keyfile *key = tools->keys[batch->jobs[i].key];
        memcpy(batch->signatures[i], batch->jobs[i].signature,
               keyfile_signature_octets(key->algorithm));
    }
    batch->job_count = 0;
    return status;
}
