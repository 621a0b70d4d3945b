#include "command/seal.h"

#include "command/records.h"
#include "store/zones.h"
#include "zone/stored_source.h"

static const uint8_t meta_label[] = {'_', 'm', 'e', 't', 'a'};

/* One side: the zone as a snapshot has it, or nothing. */
struct side {
    struct stored_source *stored; /* NULL: the zone is not there */
    struct node_source source;
};

static enum status meta_of(const struct name *apex, struct name *out)
{
    return name_prepend(out, meta_label, sizeof meta_label, apex->octets);
}

bool seal_is_meta(const struct name *apex, const struct name *owner)
{
    struct name meta;
    return meta_of(apex, &meta) == STATUS_OK && name_equals(meta.octets, owner->octets);
}

static enum status open_side(struct snapshot *snapshot, const struct name *apex, struct side *out)
{
    struct zone_record zone;

    out->stored = NULL;
    enum status status = zones_find(snapshot, apex->octets, &zone);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = stored_source_open(snapshot, &zone, &out->stored);
    if (status == STATUS_OK)
        out->source = stored_source_nodes(out->stored);
    return status;
}

/* `*found` gets the node, or NULL where this side does not have it. */
static enum status find(const struct side *side, const struct name *owner, struct node *node,
                        const struct node **found)
{
    *found = NULL;
    if (side->stored == NULL)
        return STATUS_OK;
    enum status status = side->source.find(side->source.state, owner->octets, node);
    if (status == STATUS_OK)
        *found = node;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status print_name(const struct side *before, const struct side *after,
                              const struct name *owner, enum records_which which, FILE *out)
{
    struct node nodes[2];
    const struct node *old;
    const struct node *new;

    enum status status = find(before, owner, &nodes[0], &old);
    if (status == STATUS_OK)
        status = find(after, owner, &nodes[1], &new);
    if (status == STATUS_OK)
        records_print_difference(old, new, which, out);
    return status;
}

enum status seal_print(struct snapshot *before, struct snapshot *after, const struct name *apex,
                       FILE *out)
{
    struct side old = {.stored = NULL};
    struct side new = {.stored = NULL};
    struct name meta;

    enum status status = meta_of(apex, &meta);
    if (status == STATUS_OK)
        status = open_side(before, apex, &old);
    if (status == STATUS_OK)
        status = open_side(after, apex, &new);
    if (status == STATUS_OK)
        status = print_name(&old, &new, apex, RECORDS_SEAL, out);
    if (status == STATUS_OK)
        status = print_name(&old, &new, &meta, RECORDS_ALL, out);
    stored_source_close(old.stored);
    stored_source_close(new.stored);
    return status;
}
