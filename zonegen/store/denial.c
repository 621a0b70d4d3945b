#include "store/denial.h"

#include "store/denial_nsec3.h"

#include <string.h>

/* How many names without an NSEC are stepped over in search of one. In a zone signed in full there
 * is none but what lies below a cut, and that is jumped over. */
#define MAX_STEPS 16

void denial_put(struct denial *denial, const uint8_t *octets, size_t length, uint8_t records)
{
    for (size_t i = 0; i < denial->count; i++)
        if (denial->proofs[i].octets == octets)
            return;
    if (length > 0 && denial->count < DENIAL_MAX_PROOFS)
        denial->proofs[denial->count++] = (struct proof){octets, length, records};
}

/* Adds the NSEC that a node has. */
static void add_of_node(struct denial *denial, const struct stored *node)
{
    denial_put(denial, node->proof, node->proof_octets, node->proof_records);
}

/* How long the key of the ancestor at a depth is; `key` is one of a node. */
static size_t ancestor_octets(const struct item *item, uint8_t depth)
{
    size_t at = KEY_PREFIX_OCTETS;

    for (size_t labels = 0; labels < depth && at < item->key_octets; at++)
        labels += item->key[at] == 0; /* each label ends in 0x00, which no label holds (key.h) */
    return at;
}

/*
 * Goes back from an item to the last node with an NSEC at or before it. What lies below a cut has
 * none (RFC 4035 §2.3), however much it is: from there it goes to the cut at once.
 */
static enum status find_nsec(struct snapshot *snapshot, const uint8_t *zone, struct item *item,
                             struct stored *node)
{
    for (int step = 0; step < MAX_STEPS; step++) {
        if (item->key_octets < KEY_PREFIX_OCTETS || memcmp(item->key, zone, KEY_PREFIX_OCTETS) != 0)
            return STATUS_NOT_FOUND;
        enum status status =
            stored_open(item->key, item->key_octets, item->value, item->value_octets, node);
        if (status != STATUS_OK || node->proof_octets > 0)
            return status;
        size_t cut = ancestor_octets(item, node->cut);
        if (node->cut > 0 && cut < item->key_octets)
            status = snapshot_walk(snapshot, WALK_AT, item->key, cut, item);
        else
            status = snapshot_walk(snapshot, WALK_PREVIOUS, NULL, 0, item);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_NOT_FOUND;
}

/* Adds the NSEC that covers a key: that of the name before its place (RFC 4035 §3.1.3.5). */
static enum status add_covering(struct snapshot *snapshot, const struct key *key,
                                struct denial *denial)
{
    struct stored node;
    struct item item;

    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, key->octets, key->length, &item);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = snapshot_walk(snapshot, WALK_PREVIOUS, NULL, 0, &item);
    if (status == STATUS_OK)
        status = find_nsec(snapshot, key->octets, &item, &node);
    if (status == STATUS_OK)
        add_of_node(denial, &node);
    return status;
}

/* Adds the NSEC that covers the wildcard at the closest encloser. */
static enum status add_covering_wildcard(struct snapshot *snapshot, const struct denial_name *name,
                                         struct denial *denial)
{
    struct key wildcard;

    key_of_wildcard(&wildcard, name->key, name->found->encloser);
    return add_covering(snapshot, &wildcard, denial);
}

static enum status deny_data(struct snapshot *snapshot, const struct denial_name *name,
                             struct denial *denial)
{
    const struct found *found = name->found;
    enum status status;

    switch (found->outcome) {
    case LOOKUP_NODE: /* RFC 4035 §3.1.3.1 */
    case LOOKUP_CUT:
        add_of_node(denial, &found->node);
        return STATUS_OK;
    case LOOKUP_WILDCARD: /* RFC 4035 §3.1.3.4 */
        add_of_node(denial, &found->node);
        return add_covering(snapshot, name->key, denial);
    case LOOKUP_EMPTY: /* RFC 4035 §3.1.3.2, its last paragraph */
        status = add_covering(snapshot, name->key, denial);
        if (status == STATUS_OK && found->encloser < name->key->depth) /* "*" is what is empty */
            status = add_covering_wildcard(snapshot, name, denial);
        return status;
    case LOOKUP_NOTHING: /* RFC 4035 §3.1.3.2 */
        status = add_covering(snapshot, name->key, denial);
        return status == STATUS_OK ? add_covering_wildcard(snapshot, name, denial) : status;
    }
    return STATUS_OK;
}

static enum status nsec_add(struct snapshot *snapshot, const struct denial_name *name,
                            enum denial_claim claim, struct denial *denial)
{
    switch (claim) {
    case DENIAL_OF_DATA:
        return deny_data(snapshot, name, denial);
    case DENIAL_OF_CLOSER:
        return add_covering(snapshot, name->key, denial);
    case DENIAL_OF_DS:
        add_of_node(denial, &name->found->node);
        break;
    }
    return STATUS_OK;
}

enum status denial_add(const struct denial_zone *zone, const struct denial_name *name,
                       enum denial_claim claim, struct denial *denial)
{
    enum status status = zone->nsec3 ? denial_nsec3_add(zone, name, claim, denial)
                                     : nsec_add(zone->snapshot, name, claim, denial);
    /* What is missing is left out, see above. */
    return status == STATUS_OK || status == STATUS_NOT_FOUND ? STATUS_OK : STATUS_MALFORMED;
}
