#include "commit/seal.h"

#include "store/key.h"
#include "store/stored.h"
#include "store/zones.h"
#include "wire/serial.h"
#include "wire/writer.h"
#include "zone/compile.h"
#include "zone/nsec3_node.h"
#include "zone/stored_source.h"
#include "zone/zonemd.h"

#define SOA_BUFFER_OCTETS 1024 /* three names of 255 octets and the fixed fields fit */
#define SIGNATURES_OCTETS 3072 /* of it: three by RSA of 4096 bits, with the longest names */
#define RECORD_OCTETS                                                                              \
    (ZONE_RECORD_OCTETS + UINT8_MAX + NAME_MAX_OCTETS + SOA_BUFFER_OCTETS + SIGNATURES_OCTETS)

/* Digests the zone as the edit has it now. */
static enum status digest_zone(struct merge *merge, uint8_t digest[ZONEMD_DIGEST_OCTETS])
{
    struct zone_record zone = {.number = merge->zone, .apex = merge->source->apex.octets};
    struct stored_source *stored;

    enum status status = stored_source_open(edit_snapshot(merge->edit), &zone, &stored);
    if (status != STATUS_OK)
        return status;
    struct node_source nodes = stored_source_nodes(stored);
    status = zonemd_digest(&nodes, digest);
    stored_source_close(stored);
    return status;
}

enum status seal_zonemd(struct merge *merge, uint32_t ttl, struct arena *arena, struct rrset *out)
{
    uint8_t digest[ZONEMD_DIGEST_OCTETS];
    uint8_t *octets = arena_alloc(arena, ZONEMD_RDATA_OCTETS);
    struct rdata *rdata = arena_alloc(arena, sizeof *rdata);

    if (octets == NULL || rdata == NULL)
        return STATUS_SYSTEM;
    *rdata = (struct rdata){octets, ZONEMD_RDATA_OCTETS};
    *out = (struct rrset){TYPE_ZONEMD, 1, ttl, rdata};
    enum status status = digest_zone(merge, digest);
    if (status == STATUS_OK)
        zonemd_rdata(octets, merge->result->serial, digest);
    return status;
}

/* The newest serial that the zone had up to now, the one that it gets included. */
static uint32_t newest_serial(const struct commit_result *result)
{
    return result->created ? result->serial
                           : serial_newer_of(result->serial, result->newest_serial);
}

enum status seal_record(struct merge *merge, const struct node *apex, int64_t published,
                        uint8_t flags)
{
    uint8_t soa[SOA_BUFFER_OCTETS];
    uint8_t signatures[SIGNATURES_OCTETS];
    uint8_t value[RECORD_OCTETS];
    uint8_t key[KEY_PREFIX_OCTETS];
    struct writer soa_writer = writer_of(soa, sizeof soa);
    struct writer signature_writer = writer_of(signatures, sizeof signatures);
    struct writer w = writer_of(value, sizeof value);

    compile_negative_soa(&soa_writer, apex);
    size_t signature_records = compile_negative_signatures(&signature_writer, apex);
    if (node_rrset(apex, TYPE_DNSKEY) && node_rrset(apex, TYPE_RRSIG))
        flags |= ZONE_SIGNED;
    struct zone_record record = {
        .number = merge->zone,
        .serial = merge->result->serial,
        .published = published,
        .names = merge->result->names_after,
        .entries = merge->result->entries_after,
        .flags = flags,
        .apex = apex->owner.octets,
        .soa = soa,
        .soa_octets = (uint16_t)writer_length(&soa_writer),
        .signatures = signatures,
        .signature_octets = (uint16_t)writer_length(&signature_writer),
        .signature_records = (uint8_t)signature_records,
        .has_newest = true,
        .newest_serial = newest_serial(merge->result),
    };
    nsec3_node_parameters(apex, &record);
    zone_record_write(&w, &record);
    if (soa_writer.failed || signature_writer.failed || w.failed)
        return STATUS_NO_SPACE;
    key_of_zone(key, merge->zone);
    return edit_put(merge->edit, key, sizeof key, value, writer_length(&w));
}

enum status seal_flags(struct edit *edit, const uint8_t *apex, uint8_t mask, uint8_t flags)
{
    uint8_t value[RECORD_OCTETS];
    uint8_t key[KEY_PREFIX_OCTETS];
    struct writer w = writer_of(value, sizeof value);
    struct zone_record record;

    enum status status = zones_find(edit_snapshot(edit), apex, &record);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    record.flags = (uint8_t)((record.flags & ~mask) | flags);
    zone_record_write(&w, &record);
    key_of_zone(key, record.number);
    return w.failed ? STATUS_MALFORMED : edit_put(edit, key, sizeof key, value, writer_length(&w));
}
