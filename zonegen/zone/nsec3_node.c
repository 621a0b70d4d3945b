#include "zone/nsec3_node.h"

#include "wire/record.h"

bool nsec3_node_is(const struct node *node)
{
    return node_rrset(node, TYPE_NSEC3) != NULL;
}

static void put_record(struct writer *w, const struct name *owner, uint16_t type, uint32_t ttl,
                       const struct rdata *rdata)
{
    writer_octets(w, owner->octets, owner->length);
    record_write_fixed(w, type, CLASS_IN, ttl, rdata->length);
    writer_octets(w, rdata->octets, rdata->length);
}

/* Writes the NSEC3 and its signatures. Returns how many records. */
static size_t put_records(struct writer *w, const struct node *node, const struct rrset *nsec3)
{
    const struct rrset *signatures = node_rrset(node, TYPE_RRSIG);
    size_t records = 1;

    put_record(w, &node->owner, TYPE_NSEC3, nsec3->ttl, &nsec3->items[0]);
    for (size_t i = 0; signatures && i < signatures->count; i++) {
        if (rrsig_type_covered(&signatures->items[i]) != TYPE_NSEC3)
            continue;
        put_record(w, &node->owner, TYPE_RRSIG, nsec3->ttl, &signatures->items[i]);
        records++;
    }
    return records;
}

enum status nsec3_node_compile(uint16_t zone, const struct node *node,
                               uint8_t key[NSEC3_KEY_OCTETS], struct writer *value)
{
    const struct rrset *nsec3 = node_rrset(node, TYPE_NSEC3);
    uint8_t octets[NSEC3_VALUE_OCTETS];
    struct writer w = writer_of(octets, sizeof octets);
    uint8_t hash[NSEC3_HASH_OCTETS];

    if (!nsec3 || nsec3->count != 1 || nsec3->items[0].length < 2 ||
        !nsec3_hash_of_label(node->owner.octets, hash))
        return STATUS_INVALID;
    nsec3_key(key, zone, hash);
    size_t records = put_records(&w, node, nsec3);
    const struct nsec3_value made = {.records = (uint8_t)records,
                                     .flags = nsec3->items[0].octets[1],
                                     .octets = octets,
                                     .length = writer_length(&w)};
    nsec3_value_write(value, key, &made);
    return w.failed || value->failed || records > UINT8_MAX ? STATUS_NO_SPACE : STATUS_OK;
}

void nsec3_node_parameters(const struct node *apex, struct zone_record *record)
{
    const struct rrset *parameters = node_rrset(apex, TYPE_NSEC3PARAM);

    for (size_t i = 0; parameters && i < parameters->count; i++) {
        struct reader r = reader_of(parameters->items[i].octets, parameters->items[i].length);
        uint8_t algorithm = reader_u8(&r);
        uint8_t flags = reader_u8(&r);
        uint16_t iterations = reader_u16(&r);
        uint8_t salt_octets = reader_u8(&r);
        const uint8_t *salt = reader_octets(&r, salt_octets);
        if (r.failed || algorithm != NSEC3_SHA1 || flags != 0)
            continue;
        record->flags |= ZONE_NSEC3;
        record->iterations = iterations;
        record->salt_octets = salt_octets;
        record->salt = salt;
        return;
    }
}
