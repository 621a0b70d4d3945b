#include "commit/merge_nsec3.h"

#include "zone/nsec3_node.h"

#include <stdlib.h>
#include <string.h>

enum status merge_nsec3_open(struct merge *merge, struct merge_nsec3 *out)
{
    const uint8_t none[NSEC3_HASH_OCTETS] = {0};
    uint8_t *buffer = malloc(NSEC3_VALUE_OCTETS);

    *out = (struct merge_nsec3){.merge = merge, .key_octets = NSEC3_KEY_OCTETS};
    if (!buffer)
        return STATUS_SYSTEM;
    out->value = writer_of(buffer, NSEC3_VALUE_OCTETS);
    nsec3_key(out->key, merge->zone, none);
    return edit_open_view(merge->edit, &out->view);
}

void merge_nsec3_close(struct merge_nsec3 *position)
{
    edit_close_view(position->view);
    free(position->value.start);
}

/* Goes on behind a key. */
static void pass(struct merge_nsec3 *position, const uint8_t key[NSEC3_KEY_OCTETS])
{
    memmove(position->key, key, NSEC3_KEY_OCTETS);
    position->key[NSEC3_KEY_OCTETS] = 0;
    position->key_octets = NSEC3_KEY_OCTETS + 1;
}

/* The next record of the zone, sought again each time: writes in between do no harm.
 * STATUS_NOT_FOUND after the last. */
static enum status look(const struct merge_nsec3 *position, struct item *out)
{
    enum status status =
        snapshot_walk(position->view, WALK_AT_OR_AFTER, position->key, position->key_octets, out);
    if (status == STATUS_OK && (out->key_octets != NSEC3_KEY_OCTETS ||
                                memcmp(out->key, position->key, KEY_PREFIX_OCTETS) != 0))
        return STATUS_NOT_FOUND;
    return status;
}

/* Deletes what is stored before `key`, or all that is left where it is NULL. */
static enum status drop_before(struct merge_nsec3 *position, const uint8_t *key)
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
        status = recorder_note(position->merge->recorder, stored, sizeof stored, &item, NULL, 0);
        if (status == STATUS_OK)
            status = edit_delete(position->merge->edit, stored, sizeof stored);
        if (status != STATUS_OK)
            return status;
        position->merge->result->names_renewed++;
        pass(position, stored);
    }
}

enum status merge_nsec3_put(struct merge_nsec3 *position, const struct node *node)
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
    bool exists = status == STATUS_OK && memcmp(item.key, key, sizeof key) == 0;
    bool equal = exists && item.value_octets == octets &&
                 memcmp(item.value, position->value.start, octets) == 0;
    pass(position, key);
    if (equal)
        return STATUS_OK;
    position->merge->result->names_renewed++;
    status = recorder_note(position->merge->recorder, key, sizeof key, exists ? &item : NULL,
                           position->value.start, octets);
    return status != STATUS_OK
               ? status
               : edit_put(position->merge->edit, key, sizeof key, position->value.start, octets);
}

enum status merge_nsec3_finish(struct merge_nsec3 *position)
{
    return drop_before(position, NULL);
}
