#include "commit/partial.h"

#include "store/key.h"

#include <string.h>

static enum status open_reading(struct partial *partial, struct partial_reading *out)
{
    const struct zone_record zone = {.number = partial->zone, .apex = partial->built.apex.octets};

    enum status status = stored_source_open(partial->view, &zone, &out->stored);
    if (status != STATUS_OK)
        return status;
    out->nodes = stored_source_nodes(out->stored);
    return plain_open(&out->nodes, &out->plain);
}

static void close_reading(struct partial_reading *reading)
{
    plain_close(&reading->plain);
    stored_source_close(reading->stored);
}

enum status partial_open(struct build *build, struct edit *edit, uint16_t zone, struct partial *out)
{
    *out = (struct partial){.build = build, .built = build_source(build), .zone = zone};
    enum status status = edit_open_view(edit, &out->view);
    if (status == STATUS_OK)
        status = open_reading(out, &out->next);
    if (status == STATUS_OK)
        status = open_reading(out, &out->find);
    return status;
}

void partial_close(struct partial *partial)
{
    close_reading(&partial->next);
    close_reading(&partial->find);
    edit_close_view(partial->view);
}

/* The last name that the store has at or below a label. Its key is the last before that of the next
 * possible label: the octet that ends a label (key.h), plus 1. */
static enum status find_last(struct partial *partial, const struct name *label, struct node *out)
{
    const struct plain *plain = &partial->next.plain;
    struct node_source nodes = plain_source(&partial->next.plain);
    struct item item;
    struct key key;
    struct name owner;

    key_of_name(&key, partial->zone, label->octets, 1);
    key.octets[key.length - 1]++;
    enum status status =
        snapshot_walk(partial->view, WALK_AT_OR_AFTER, key.octets, key.length, &item);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = snapshot_walk(partial->view, WALK_PREVIOUS, NULL, 0, &item);
    key.octets[key.length - 1]--;
    if (status == STATUS_OK &&
        (item.key_octets < key.length || memcmp(item.key, key.octets, key.length) != 0))
        status = STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        status = key_to_name(&owner, item.key, item.key_octets, plain->inner->apex.octets);
    if (status == STATUS_OK)
        status = nodes.find(nodes.state, owner.octets, out);
    return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
}

static enum status source_next(void *state, struct node *out)
{
    struct partial *partial = state;

    enum status status = partial->built.next(partial->built.state, out);
    if (status != STATUS_OK || out->rrset_count > 0)
        return status;
    partial->is_open = !partial->is_open;
    if (!partial->is_open)
        return STATUS_OK;
    const struct name label = out->owner;
    return find_last(partial, &label, out);
}

static enum status source_rewind(void *state)
{
    struct partial *partial = state;
    partial->is_open = true;
    return partial->built.rewind(partial->built.state);
}

static enum status source_find(void *state, const uint8_t *owner, struct node *out)
{
    struct partial *partial = state;
    struct node_source nodes =
        build_has(partial->build, owner) ? partial->built : plain_source(&partial->find.plain);
    return nodes.find(nodes.state, owner, out);
}

struct node_source partial_source(struct partial *partial)
{
    return (struct node_source){.state = partial,
                                .apex = partial->built.apex,
                                .next = source_next,
                                .rewind = source_rewind,
                                .find = source_find};
}
