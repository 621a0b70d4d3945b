#include "sign/signature.h"

#include "store/checksum.h"
#include "wire/serial.h"

#include <string.h>

enum status signature_read(const struct rdata *rdata, struct signature *out)
{
    struct reader r = reader_of(rdata->octets, rdata->length);
    size_t signer_octets;

    out->covered = reader_u16(&r);
    out->algorithm = reader_u8(&r);
    out->labels = reader_u8(&r);
    out->ttl = reader_u32(&r);
    out->expiration = reader_u32(&r);
    out->inception = reader_u32(&r);
    out->tag = reader_u16(&r);
    out->signer = name_take(&r, &signer_octets);
    out->length = reader_left(&r);
    out->octets = reader_octets(&r, out->length);
    return r.failed || out->signer == NULL ? STATUS_MALFORMED : STATUS_OK;
}

void signature_write(struct writer *w, const struct signature *signature)
{
    struct name signer;

    name_set(&signer, signature->signer);
    name_lower(signer.octets);
    writer_u16(w, signature->covered);
    writer_u8(w, signature->algorithm);
    writer_u8(w, signature->labels);
    writer_u32(w, signature->ttl);
    writer_u32(w, signature->expiration);
    writer_u32(w, signature->inception);
    writer_u16(w, signature->tag);
    writer_octets(w, signer.octets, signer.length);
}

enum status signature_write_data(struct writer *w, const struct signature *signature,
                                 const struct name *owner, const struct rrset *rrset,
                                 struct canonical *canonical)
{
    const struct rdata *items = canonical_items(canonical, rrset);
    struct name lower = *owner;

    if (items == NULL)
        return STATUS_SYSTEM;
    name_lower(lower.octets);
    signature_write(w, signature);
    for (size_t i = 0; i < rrset->count; i++)
        canonical_write(w, &lower, rrset->type, signature->ttl, &items[i]);
    return STATUS_OK;
}

size_t signature_data_octets(const struct name *signer, const struct name *owner,
                             const struct rrset *rrset)
{
    return SIGNATURE_FIXED_OCTETS + signer->length +
           rrset->count * ((size_t)owner->length + CANONICAL_FIXED_OCTETS) + rrset_octets(rrset);
}

uint8_t signature_labels(const uint8_t *owner)
{
    bool is_wildcard = owner[0] == 1 && owner[1] == '*';
    return (uint8_t)(name_labels(owner) - is_wildcard);
}

void signature_schedule(const struct config_policy *policy, const struct name *owner, uint16_t type,
                        int64_t now, struct signature *out)
{
    const uint32_t spread = (policy->rrsig_lifetime - policy->rrsig_refresh) / 4;
    /* SOA and ZONEMD change together: their signatures are due together. */
    const uint64_t drawn[2] = {type == TYPE_ZONEMD ? TYPE_SOA : type, (uint64_t)now};
    uint32_t draw = checksum_of(owner->octets, owner->length, (const uint8_t *)drawn, sizeof drawn);

    out->inception = (uint32_t)(now - SIGNATURE_SKEW_SECONDS);
    out->expiration = (uint32_t)now + policy->rrsig_lifetime - (spread > 0 ? draw % spread : 0);
}

bool signature_is_fresh(const struct signature *signature, const struct config_policy *policy,
                        int64_t now)
{
    uint32_t time = (uint32_t)now;
    return !serial_is_newer(signature->inception, time) &&
           !serial_is_newer(time + policy->rrsig_refresh, signature->expiration);
}
