#include "store/lookup.h"

#include <string.h>

/* Opens the node stored under exactly this key. */
static enum status open_exact(struct snapshot *snapshot, const uint8_t *key, size_t key_octets,
                              struct stored *out)
{
    struct item item;

    if (snapshot_doubts(snapshot, key, key_octets))
        return STATUS_MALFORMED;
    enum status status = snapshot_walk(snapshot, WALK_AT, key, key_octets, &item);
    if (status != STATUS_OK)
        return status;
    return stored_open(item.key, item.key_octets, item.value, item.value_octets, out);
}

/* What a neighbour in key order tells of the name asked for. */
struct neighbour {
    size_t common; /* labels below the apex in common with it */
    uint8_t cut;   /* depth of the topmost cut at or above it */
};

/* Takes in one neighbour: the one with more labels in common is at or below the closest encloser.
 * A damaged one may have had another key. */
static enum status consider(const struct key *key, const struct item *item,
                            struct neighbour *closest)
{
    struct stored stored;

    size_t common = key_common_depth(key, item->key, item->key_octets);
    bool same_zone = item->key_octets >= KEY_PREFIX_OCTETS && key->octets[0] == item->key[0] &&
                     key->octets[1] == item->key[1] && key->octets[2] == item->key[2];
    if (!same_zone)
        return STATUS_OK;
    enum status status =
        stored_open(item->key, item->key_octets, item->value, item->value_octets, &stored);
    if (status == STATUS_OK && common > closest->common)
        *closest = (struct neighbour){common, stored.cut};
    return status;
}

/* How an item's key stands to another: negative, 0 or positive. */
static int compare_key(const struct item *item, const struct key *key)
{
    size_t octets = item->key_octets < key->length ? item->key_octets : key->length;
    int order = memcmp(item->key, key->octets, octets);
    return order != 0 ? order : (item->key_octets > key->length) - (item->key_octets < key->length);
}

/*
 * That nothing stands at a key is to be believed only where its neighbours stand on both sides of
 * it, and are whole, which consider() looks at: damage of what leads to records leads elsewhere,
 * mostly.
 *
 *   next       NULL: there is none
 *   previous   the apex comes before every name, so that there always is one
 */
static bool is_between(const struct key *key, const struct item *next, const struct item *previous)
{
    return (!next || compare_key(next, key) > 0) && compare_key(previous, key) < 0 &&
           previous->key_octets >= KEY_PREFIX_OCTETS &&
           memcmp(previous->key, key->octets, KEY_PREFIX_OCTETS) == 0;
}

static bool is_below(const struct item *item, const struct key *key)
{
    return key_common_depth(key, item->key, item->key_octets) == key->depth &&
           item->key_octets > key->length;
}

/* No wildcard where `next` was found just now: as sure as that there is no such name. */
static enum status check_no_wildcard(struct snapshot *snapshot, const struct key *wildcard,
                                     const struct item *next)
{
    struct neighbour ignored = {0, 0};
    struct item previous;

    enum status status = snapshot_walk(snapshot, WALK_PREVIOUS, NULL, 0, &previous);
    if (status == STATUS_OK && !is_between(wildcard, next, &previous))
        status = STATUS_MALFORMED;
    if (status == STATUS_OK && next)
        status = consider(wildcard, next, &ignored);
    return status == STATUS_OK ? consider(wildcard, &previous, &ignored) : status;
}

static enum status find_source(struct snapshot *snapshot, const struct key *key, struct found *out)
{
    struct key wildcard;
    struct item item;

    key_of_wildcard(&wildcard, key, out->encloser);
    out->outcome = LOOKUP_NOTHING;
    if (snapshot_doubts(snapshot, wildcard.octets, wildcard.length))
        return STATUS_MALFORMED;
    enum status status =
        snapshot_walk(snapshot, WALK_AT_OR_AFTER, wildcard.octets, wildcard.length, &item);
    if (status == STATUS_NOT_FOUND)
        return check_no_wildcard(snapshot, &wildcard, NULL);
    if (status != STATUS_OK)
        return status;
    if (item.key_octets < wildcard.length ||
        memcmp(item.key, wildcard.octets, wildcard.length) != 0)
        return check_no_wildcard(snapshot, &wildcard, &item);
    if (item.key_octets > wildcard.length) { /* only names below it: no data (RFC 4592 §4.9) */
        out->outcome = LOOKUP_EMPTY;
        return STATUS_OK;
    }
    out->outcome = LOOKUP_WILDCARD;
    return stored_open(item.key, item.key_octets, item.value, item.value_octets, &out->node);
}

/* The name does not exist as a node; `next` is the item after its place, where there is one. */
static enum status find_absent(struct snapshot *snapshot, const struct key *key,
                               const struct item *next, struct found *out)
{
    struct neighbour closest = {0, 0};
    struct item previous;

    out->outcome = LOOKUP_EMPTY;
    bool empty = next && is_below(next, key);
    enum status status = next ? consider(key, next, &closest) : STATUS_OK;
    if (status == STATUS_OK && !empty) {
        status = snapshot_walk(snapshot, WALK_PREVIOUS, NULL, 0, &previous);
        if (status == STATUS_OK)
            status = is_between(key, next, &previous) ? consider(key, &previous, &closest)
                                                      : STATUS_MALFORMED;
    }
    if (status != STATUS_OK)
        return status;
    out->encloser = closest.common;
    if (closest.cut > 0 && closest.cut <= closest.common) {
        out->outcome = LOOKUP_CUT;
        return open_exact(snapshot, key->octets, key->ends[closest.cut], &out->node);
    }
    return empty ? STATUS_OK : find_source(snapshot, key, out);
}

enum status lookup(struct snapshot *snapshot, const struct key *key, struct found *out)
{
    struct item item;

    /* What is missing may be what is damaged, and what is found may be of another page's past. */
    if (snapshot_doubts(snapshot, key->octets, key->length))
        return STATUS_MALFORMED;
    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, key->octets, key->length, &item);
    if (status == STATUS_NOT_FOUND)
        status = find_absent(snapshot, key, NULL, out);
    else if (status == STATUS_OK && item.key_octets == key->length &&
             memcmp(item.key, key->octets, key->length) == 0) {
        out->outcome = LOOKUP_NODE;
        out->encloser = key->depth;
        status = stored_open(item.key, item.key_octets, item.value, item.value_octets, &out->node);
        if (status == STATUS_OK && out->node.cut > 0 && out->node.cut < key->depth) {
            out->outcome = LOOKUP_CUT;
            status = open_exact(snapshot, key->octets, key->ends[out->node.cut], &out->node);
        }
    } else if (status == STATUS_OK)
        status = find_absent(snapshot, key, &item, out);
    /* A cut or node that must be there and is not is damage like any other. */
    return status == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

enum status lookup_apex(struct snapshot *snapshot, uint16_t zone, uint16_t type,
                        struct stored_answer *out)
{
    static const uint8_t root[] = {0};
    struct stored node;
    struct key key;

    key_of_name(&key, zone, root, 0);
    enum status status = open_exact(snapshot, key.octets, key.length, &node);
    return status == STATUS_OK ? stored_find(&node, type, out) : status;
}
