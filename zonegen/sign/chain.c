#include "sign/chain.h"

#include "sign/nsec.h"
#include "store/nsec3.h"
#include "wire/writer.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define FIXED_OCTETS  6    /* hash, flags, iterations, salt's length, hash's length */
#define BITMAP_OCTETS 8704 /* 256 windows of 34 octets (RFC 4034 §4.1.2) */

/* One name. */
struct link {
    uint8_t hash[NSEC3_HASH_OCTETS];
    uint16_t bitmap_octets;
    const uint8_t *bitmap; /* in the arena */
};

struct chain {
    struct name apex;
    uint32_t ttl;
    struct arena *arena; /* bitmaps */
    EVP_MD_CTX *digest;
    size_t count, size;
    struct link *links;
    /* What chain_at() yields. */
    struct rrset rrset;
    struct rdata rdata;
    uint8_t octets[FIXED_OCTETS + NSEC3_HASH_OCTETS + BITMAP_OCTETS];
};

static bool sha1(void *state, const uint8_t *octets, size_t length, uint8_t hash[NSEC3_HASH_OCTETS])
{
    EVP_MD_CTX *digest = state;
    return EVP_DigestInit_ex(digest, EVP_sha1(), NULL) == 1 &&
           EVP_DigestUpdate(digest, octets, length) == 1 &&
           EVP_DigestFinal_ex(digest, hash, NULL) == 1;
}

/* Adds a name with the types that it has. */
static enum status add(struct chain *chain, const uint8_t *owner, const uint16_t *types,
                       size_t count)
{
    const struct nsec3_hashing hashing = {.sha1 = sha1, .state = chain->digest};
    struct writer w = writer_of(chain->octets, sizeof chain->octets);

    if (chain->count == chain->size) {
        size_t size = chain->size > 0 ? 2 * chain->size : 1024;
        struct link *links = reallocarray(chain->links, size, sizeof *links);
        if (links == NULL)
            return STATUS_SYSTEM;
        chain->links = links;
        chain->size = size;
    }
    struct link *link = &chain->links[chain->count++];
    nsec_write_bitmap(&w, types, count);
    link->bitmap_octets = (uint16_t)writer_length(&w);
    link->bitmap = (const uint8_t *)arena_copy(chain->arena, chain->octets, writer_length(&w));
    if (link->bitmap == NULL)
        return STATUS_SYSTEM;
    return nsec3_hash(&hashing, owner, link->hash);
}

/* The types of a name. RRSIG is among them where something is signed: not at a delegation without
 * a DS (RFC 4035 §2.3 as for NSEC, but the NSEC3 stands elsewhere). */
static enum status add_node(struct chain *chain, const struct node *node, enum authority authority,
                            const struct chain_apex *apex)
{
    bool is_apex = name_equals(node->owner.octets, chain->apex.octets);
    bool is_signed = authority == AUTHORITY_FULL || node_rrset(node, TYPE_DS) != NULL;
    uint16_t more[1 + sizeof apex->types / sizeof apex->types[0]];
    size_t more_count = 0;

    if (is_signed)
        more[more_count++] = TYPE_RRSIG;
    for (size_t i = 0; is_apex && i < apex->count; i++)
        more[more_count++] = apex->types[i];
    uint16_t *types = calloc(node->rrset_count + more_count, sizeof *types);
    if (types == NULL)
        return STATUS_SYSTEM;
    size_t count = nsec_types(node, authority, more, more_count, types);
    enum status status = add(chain, node->owner.octets, types, count);
    free(types);
    return status;
}

/* Adds the empty non-terminals between a name and the one before it (RFC 5155 §7.1 step 4): its
 * ancestors that are not also the other's. */
static enum status add_empty(struct chain *chain, const struct name *owner,
                             const struct name *before)
{
    size_t below = name_labels(owner->octets) - name_labels(chain->apex.octets);
    enum status status = STATUS_OK;

    for (size_t labels = 1; labels < below && status == STATUS_OK; labels++) {
        const uint8_t *ancestor = name_parent(owner->octets, labels);
        if (name_is_within(before->octets, ancestor))
            return STATUS_OK;
        status = add(chain, ancestor, NULL, 0);
    }
    return status;
}

static enum status add_all(struct chain *chain, const struct node_source *plain,
                           const struct chain_apex *apex)
{
    struct authority_track track = {.cut = {.length = 0}};
    struct name before = plain->apex;
    struct node node;

    enum status status = plain->rewind(plain->state);
    while (status == STATUS_OK) {
        status = plain->next(plain->state, &node);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status != STATUS_OK)
            return status;
        enum authority authority = authority_next(&track, plain, &node);
        if (authority == AUTHORITY_NONE)
            continue;
        status = add_empty(chain, &node.owner, &before);
        if (status == STATUS_OK)
            status = add_node(chain, &node, authority, apex);
        before = node.owner;
    }
    return status;
}

static int by_hash(const void *a, const void *b)
{
    const struct link *left = a;
    const struct link *right = b;
    return memcmp(left->hash, right->hash, NSEC3_HASH_OCTETS);
}

enum status chain_open(const struct node_source *plain, const struct chain_apex *apex, uint32_t ttl,
                       struct chain **out)
{
    struct chain *chain = calloc(1, sizeof *chain);

    if (chain == NULL)
        return STATUS_SYSTEM;
    chain->apex = plain->apex;
    chain->ttl = ttl;
    chain->arena = arena_create();
    chain->digest = EVP_MD_CTX_new();
    enum status status = STATUS_SYSTEM;
    if (chain->arena != NULL && chain->digest != NULL)
        status = add_all(chain, plain, apex);
    if (status != STATUS_OK) {
        chain_close(chain);
        return status;
    }
    assert(chain->links != NULL); /* the apex is there in any case */
    qsort(chain->links, chain->count, sizeof *chain->links, by_hash);
    *out = chain;
    return STATUS_OK;
}

void chain_close(struct chain *chain)
{
    if (chain == NULL)
        return;
    arena_destroy(chain->arena);
    EVP_MD_CTX_free(chain->digest);
    free(chain->links);
    free(chain);
}

/* The owner of a record: its hash in base32hex, in lower case as canonical form has it (RFC 5155
 * §3, RFC 4648 §7). */
static enum status make_owner(const struct chain *chain, const struct link *link, struct name *out)
{
    uint8_t label[NSEC3_LABEL_OCTETS];

    nsec3_label_of_hash(link->hash, label);
    return name_prepend(out, label, sizeof label, chain->apex.octets);
}

enum status chain_at(struct chain *chain, size_t n, struct node *out)
{
    struct writer w = writer_of(chain->octets, sizeof chain->octets);

    if (n >= chain->count)
        return STATUS_NOT_FOUND;
    const struct link *link = &chain->links[n];
    const struct link *next = &chain->links[(n + 1) % chain->count];
    writer_u8(&w, NSEC3_SHA1);
    writer_u8(&w, 0);  /* no opt-out */
    writer_u16(&w, 0); /* no iterations */
    writer_u8(&w, 0);  /* no salt */
    writer_u8(&w, NSEC3_HASH_OCTETS);
    writer_octets(&w, next->hash, NSEC3_HASH_OCTETS);
    writer_octets(&w, link->bitmap, link->bitmap_octets);
    chain->rdata = (struct rdata){chain->octets, (uint16_t)writer_length(&w)};
    chain->rrset = (struct rrset){TYPE_NSEC3, 1, chain->ttl, &chain->rdata};
    out->rrset_count = 1;
    out->rrsets = &chain->rrset;
    return w.failed ? STATUS_SYSTEM : make_owner(chain, link, &out->owner);
}
