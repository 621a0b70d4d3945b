#include "commit/merge_nsec3.h"

#include "zone/nsec3_node.h"

#include <stdlib.h>
#include <string.h>

/* Where the walk through the table stands. It is sought again each time, so that writes in between
 * do no harm. */
struct position {
    struct merge *merge;
    uint8_t key[NSEC3_KEY_OCTETS + 1]; /* what comes next is not before it */
    size_t key_octets;
    struct writer value; /* NSEC3_VALUE_OCTETS */
};

static void begin(struct position *position)
{
    uint8_t none[NSEC3_HASH_OCTETS] = {0};

    nsec3_key(position->key, position->merge->zone, none);
    position->key_octets = NSEC3_KEY_OCTETS;
}

/* Goes on behind a key. */
static void pass(struct position *position, const uint8_t key[NSEC3_KEY_OCTETS])
{
    memmove(position->key, key, NSEC3_KEY_OCTETS);
    position->key[NSEC3_KEY_OCTETS] = 0;
    position->key_octets = NSEC3_KEY_OCTETS + 1;
}

/* The next record of the zone. STATUS_NOT_FOUND after the last. */
static enum status look(const struct position *position, struct item *out)
{
    enum status status = snapshot_walk(edit_snapshot(position->merge->edit), WALK_AT_OR_AFTER,
                                       position->key, position->key_octets, out);
    if (status == STATUS_OK && (out->key_octets != NSEC3_KEY_OCTETS ||
                                memcmp(out->key, position->key, KEY_PREFIX_OCTETS) != 0))
        return STATUS_NOT_FOUND;
    return status;
}

/* Deletes what is stored before `key`, or all that is left where it is NULL. */
static enum status drop_before(struct position *position, const uint8_t *key)
{
    struct item item;
    uint8_t stored[NSEC3_KEY_OCTETS];

    for (;;) {
        enum status status = look(position, &item);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        if (key && memcmp(item.key, key, NSEC3_KEY_OCTETS) >= 0)
            return STATUS_OK;
        memcpy(stored, item.key, sizeof stored);
        status = edit_delete(position->merge->edit, stored, sizeof stored);
        if (status != STATUS_OK)
            return status;
        pass(position, stored);
    }
}

static enum status merge_one(struct position *position, const struct node *node)
{
    uint8_t key[NSEC3_KEY_OCTETS];
    struct item item;

    position->value = writer_of(position->value.start, NSEC3_VALUE_OCTETS);
    enum status status = nsec3_node_compile(position->merge->zone, node, key, &position->value);
    if (status == STATUS_OK)
        status = drop_before(position, key);
    if (status != STATUS_OK)
        return status == STATUS_INVALID ? STATUS_MALFORMED : status;
    status = look(position, &item);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    size_t octets = writer_length(&position->value);
    bool equal = status == STATUS_OK && memcmp(item.key, key, sizeof key) == 0 &&
                 item.value_octets == octets &&
                 memcmp(item.value, position->value.start, octets) == 0;
    pass(position, key);
    return equal ? STATUS_OK
                 : edit_put(position->merge->edit, key, sizeof key, position->value.start, octets);
}

static enum status merge_all(struct position *position)
{
    const struct node_source *source = position->merge->source;
    struct node node;

    enum status status = source->rewind(source->state);
    while (status == STATUS_OK) {
        status = source->next(source->state, &node);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status == STATUS_OK && nsec3_node_is(&node))
            status = merge_one(position, &node);
    }
    return status;
}

enum status merge_nsec3(struct merge *merge, bool any)
{
    uint8_t *buffer = malloc(NSEC3_VALUE_OCTETS);
    struct position position = {.merge = merge};

    if (!buffer)
        return STATUS_SYSTEM;
    position.value = writer_of(buffer, NSEC3_VALUE_OCTETS);
    begin(&position);
    enum status status = any ? merge_all(&position) : STATUS_OK;
    if (status == STATUS_OK)
        status = drop_before(&position, NULL);
    free(buffer);
    return status;
}
