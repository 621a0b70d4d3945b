#include "store/denial_nsec3.h"

/* What looks for NSEC3 records of one zone. */
struct search {
    const struct denial_zone *zone;
    const struct denial_name *name;
    struct denial *denial;
};

/* An NSEC3 that was found by the hash of a name. */
struct hit {
    struct nsec3_value value;
    bool matches; /* the name's own; else it covers the name's hash */
};

static enum status find(const struct search *search, const uint8_t *name, struct hit *out)
{
    const uint8_t *key = search->name->key->octets; /* table, zone */
    uint8_t hash[NSEC3_HASH_OCTETS];

    enum status status = nsec3_hash(search->zone->nsec3, name, hash);
    if (status != STATUS_OK)
        return status;
    return nsec3_find(search->zone->snapshot, (uint16_t)(key[1] << 8 | key[2]), hash, &out->value,
                      &out->matches);
}

/* The name's ancestor, or the name itself, that is so many labels below the apex. */
static const uint8_t *at_depth(const struct search *search, size_t depth)
{
    return name_parent(search->name->name, search->name->key->depth - depth);
}

static void add(const struct search *search, const struct hit *hit)
{
    denial_put(search->denial, hit->value.octets, hit->value.length, hit->value.records);
}

static enum status find_wildcard(const struct search *search, size_t encloser, struct hit *out)
{
    struct name wildcard;

    /* One label more than the encloser, and no longer than the name, which has one more, too. */
    enum status status =
        name_prepend(&wildcard, (const uint8_t *)"*", 1, at_depth(search, encloser));
    return status == STATUS_OK ? find(search, wildcard.octets, out) : status;
}

/* Adds what covers the next closer name, one label longer than the encloser. The name does not
 * exist: where its hash does all the same, nothing can be proved (RFC 5155 §7.2.9). */
static enum status add_next_closer(const struct search *search, size_t encloser)
{
    struct hit hit;

    enum status status = find(search, at_depth(search, encloser + 1), &hit);
    if (status != STATUS_OK)
        return status;
    if (hit.matches)
        return STATUS_MALFORMED;
    add(search, &hit);
    return STATUS_OK;
}

/* Adds the proof that an ancestor of the name exists and nothing nearer to it (RFC 5155 §7.2.1). */
static enum status add_encloser(const struct search *search, size_t encloser)
{
    struct hit hit;

    enum status status = find(search, at_depth(search, encloser), &hit);
    if (status != STATUS_OK)
        return status;
    if (!hit.matches)
        return STATUS_NOT_FOUND;
    add(search, &hit);
    return add_next_closer(search, encloser);
}

/*
 * Adds the same for the closest encloser that can be proved: names that opted out have no NSEC3,
 * nor have empty non-terminals that are there for them only (RFC 5155 §7.1).
 *
 *   depth      of the name that has no NSEC3
 *   provable   out: depth of the encloser
 */
static enum status add_provable_encloser(const struct search *search, size_t depth,
                                         size_t *provable)
{
    struct hit next = {.matches = false};
    struct hit hit;

    for (size_t above = depth + 1; above-- > 0; next = hit) {
        enum status status = find(search, at_depth(search, above), &hit);
        if (status != STATUS_OK)
            return status;
        if (!hit.matches)
            continue;
        /* Without opt-out the chain would deny what exists (RFC 5155 §7.2.4, §7.2.7). */
        if (above == depth || (next.value.flags & NSEC3_OPT_OUT) == 0)
            return STATUS_NOT_FOUND;
        add(search, &hit);
        add(search, &next);
        *provable = above;
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

/* Adds what matches a name that exists: its types are in there, or it opted out. */
static enum status add_existing(const struct search *search, size_t depth)
{
    struct hit hit;
    size_t provable;

    enum status status = find(search, at_depth(search, depth), &hit);
    if (status != STATUS_OK)
        return status;
    if (!hit.matches)
        return add_provable_encloser(search, depth, &provable);
    add(search, &hit);
    return STATUS_OK;
}

/* There is no such name, nor a wildcard for it (RFC 5155 §7.2.2). */
static enum status deny_name(const struct search *search)
{
    size_t encloser = search->name->found->encloser;
    struct hit hit;

    enum status status = add_encloser(search, encloser);
    bool opted_out = status == STATUS_NOT_FOUND;
    if (opted_out)
        status = add_provable_encloser(search, encloser, &encloser);
    if (status == STATUS_OK)
        status = find_wildcard(search, encloser, &hit);
    if (status != STATUS_OK)
        return status;
    if (!hit.matches)
        add(search, &hit);
    else if (!opted_out) /* RFC 5155 §7.2.9 */
        return STATUS_MALFORMED;
    return STATUS_OK;
}

/* The name is answered by a wildcard, which has no such type (RFC 5155 §7.2.5). */
static enum status deny_type_of_wildcard(const struct search *search)
{
    size_t encloser = search->name->found->encloser;
    struct hit hit;

    enum status status = add_encloser(search, encloser);
    if (status == STATUS_OK)
        status = find_wildcard(search, encloser, &hit);
    if (status == STATUS_OK && hit.matches)
        add(search, &hit);
    return status;
}

static enum status deny_data(const struct search *search)
{
    const struct found *found = search->name->found;
    size_t depth = search->name->key->depth;

    switch (found->outcome) {
    case LOOKUP_NODE: /* RFC 5155 §7.2.3, §7.2.4 */
    case LOOKUP_CUT:
        return add_existing(search, depth);
    case LOOKUP_EMPTY: /* of the name, or of its wildcard */
        return found->encloser == depth ? add_existing(search, depth)
                                        : deny_type_of_wildcard(search);
    case LOOKUP_WILDCARD:
        return deny_type_of_wildcard(search);
    case LOOKUP_NOTHING:
        return deny_name(search);
    }
    return STATUS_OK;
}

enum status denial_nsec3_add(const struct denial_zone *zone, const struct denial_name *name,
                             enum denial_claim claim, struct denial *denial)
{
    const struct search search = {zone, name, denial};
    const struct found *found = name->found;
    size_t depth = name->key->depth;
    /* Only a database that lies has it otherwise; names are taken apart by these. */
    bool exists = found->outcome == LOOKUP_NODE || found->outcome == LOOKUP_EMPTY;
    size_t cut = claim == DENIAL_OF_DS ? found->node.cut : 0;

    if (found->encloser > depth || cut > depth || (!exists && cut == 0 && found->encloser == depth))
        return STATUS_MALFORMED;
    switch (claim) {
    case DENIAL_OF_DATA:
        return deny_data(&search);
    case DENIAL_OF_CLOSER: /* RFC 5155 §7.2.6 */
        return add_next_closer(&search, name->found->encloser);
    case DENIAL_OF_DS: /* RFC 5155 §7.2.7 */
        return add_existing(&search, name->found->node.cut);
    }
    return STATUS_OK;
}
