#include "server/zone_name.h"

#include "store/key.h"
#include "store/lookup.h"
#include "store/nsec3.h"

#include <string.h>

void zone_name_rewind(struct zone_name *name)
{
    name->line = 0;
    name->is_last = false;
}

static enum status open_node(struct zone_name *name, const struct item *item,
                             const struct name *apex)
{
    enum status status =
        stored_open(item->key, item->key_octets, item->value, item->value_octets, &name->node);
    if (status != STATUS_OK)
        return status;
    if (name->node.owner) { /* the same labels with their capitals */
        name->owner = (struct transfer_owner){name->node.owner, name->node.owner_octets};
        return STATUS_OK;
    }
    return key_to_labels(item->key, item->key_octets, NAME_MAX_OCTETS - (size_t)apex->length,
                         name->labels, &name->owner.labels, &name->owner.octets);
}

/* An NSEC3 and its signatures; their owner is that of the first. */
static enum status open_nsec3(struct zone_name *name, const struct item *item,
                              const struct name *apex)
{
    struct nsec3_value value;
    size_t length;

    enum status status = nsec3_value_read(item, &value);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_of(value.octets, value.length);
    const uint8_t *owner = name_take(&r, &length);
    if (!owner || length < apex->length || !name_is_within(owner, apex->octets))
        return STATUS_MALFORMED;
    name->owner = (struct transfer_owner){owner, length - apex->length};
    name->nsec3 = reader_of(value.octets, value.length);
    return STATUS_OK;
}

enum status zone_name_open(struct zone_name *name, const struct item *item, const struct name *apex)
{
    if (item->key_octets < KEY_PREFIX_OCTETS)
        return STATUS_MALFORMED;
    name->is_nsec3 = item->key[0] == STORE_TABLE_NSEC3;
    zone_name_rewind(name);
    return name->is_nsec3 ? open_nsec3(name, item, apex) : open_node(name, item, apex);
}

enum status zone_name_next(struct zone_name *name, struct reader *records)
{
    struct stored_own own;

    if (name->is_last)
        return STATUS_NOT_FOUND;
    if (name->is_nsec3) {
        name->is_last = true;
        *records = name->nsec3;
        return STATUS_OK;
    }
    enum status status = stored_next_own(&name->node, &name->line, &own);
    if (status == STATUS_OK) {
        *records = own.records;
        if (own.type == TYPE_SOA && name->owner.octets == 0)
            reader_octets(records, own.answer_octets);
    } else if (status == STATUS_NOT_FOUND && name->node.proof_octets > 0) {
        name->is_last = true;
        *records = reader_of(name->node.proof, name->node.proof_octets);
        status = STATUS_OK;
    }
    return status;
}

enum status zone_name_soa(struct snapshot *snapshot, uint16_t zone, const uint8_t **rest,
                          size_t *rest_octets)
{
    struct stored_answer soa;

    enum status status = lookup_apex(snapshot, zone, TYPE_SOA, &soa);
    if (status != STATUS_OK)
        return status == STATUS_SYSTEM ? status : STATUS_MALFORMED;
    struct reader r = reader_of(soa.part[PART_ANSWER], soa.octets[PART_ANSWER]);
    *rest = stored_take_record(&r, rest_octets);
    return *rest ? STATUS_OK : STATUS_MALFORMED;
}
