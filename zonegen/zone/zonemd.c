#include "zone/zonemd.h"

#include "wire/writer.h"
#include "zone/canonical.h"
#include "zone/rdata.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define HASH_SHA512       2 /* RFC 8976 §2.2.3: checked, never written */
#define DIGEST_MAX_OCTETS 64
#define FIXED_OCTETS      6 /* serial, scheme, hash (RFC 8976 §2.2) */
#define RECORD_OCTETS     (NAME_MAX_OCTETS + 10 + UINT16_MAX)

/* A digest in the making. */
struct hashing {
    EVP_MD_CTX *context;
    uint8_t *record; /* RECORD_OCTETS: one record in canonical form */
    struct canonical canonical;
};

static enum status hashing_open(struct hashing *hashing, const EVP_MD *hash)
{
    *hashing = (struct hashing){.context = EVP_MD_CTX_new(), .record = malloc(RECORD_OCTETS)};
    if (hashing->context == NULL || hashing->record == NULL ||
        EVP_DigestInit_ex(hashing->context, hash, NULL) != 1)
        return STATUS_SYSTEM;
    return STATUS_OK;
}

static void hashing_close(struct hashing *hashing)
{
    EVP_MD_CTX_free(hashing->context);
    free(hashing->record);
    canonical_close(&hashing->canonical);
}

/* RFC 8976 §3.3.1.1: the digest cannot cover itself. */
static bool is_left_out(bool is_apex, uint16_t type, const struct rdata *rdata)
{
    return is_apex && (type == TYPE_ZONEMD ||
                       (type == TYPE_RRSIG && rrsig_type_covered(rdata) == TYPE_ZONEMD));
}

/* A signature has the TTL of what it covers (RFC 4034 §3); its own RRset has one for all. */
static uint32_t record_ttl(const struct node *node, const struct rrset *rrset,
                           const struct rdata *rdata)
{
    const struct rrset *covered =
        rrset->type == TYPE_RRSIG ? node_rrset(node, rrsig_type_covered(rdata)) : NULL;
    return covered != NULL ? covered->ttl : rrset->ttl;
}

/* Adds one record in canonical form (RFC 4034 §6.2). */
static enum status add_record(struct hashing *hashing, const struct name *owner, uint16_t type,
                              uint32_t ttl, const struct rdata *rdata)
{
    struct writer w = writer_of(hashing->record, RECORD_OCTETS);

    canonical_write(&w, owner, type, ttl, rdata);
    if (w.failed || EVP_DigestUpdate(hashing->context, hashing->record, writer_length(&w)) != 1)
        return STATUS_SYSTEM;
    return STATUS_OK;
}

static enum status add_node(struct hashing *hashing, const struct node *node, bool is_apex)
{
    struct name owner = node->owner;

    name_lower(owner.octets);
    for (size_t i = 0; i < node->rrset_count; i++) {
        const struct rrset *rrset = &node->rrsets[i];
        const struct rdata *items = canonical_items(&hashing->canonical, rrset);
        if (items == NULL)
            return STATUS_SYSTEM;
        for (size_t n = 0; n < rrset->count; n++) {
            if (is_left_out(is_apex, rrset->type, &items[n]))
                continue;
            enum status status = add_record(hashing, &owner, rrset->type,
                                            record_ttl(node, rrset, &items[n]), &items[n]);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

static enum status add_zone(struct hashing *hashing, const struct node_source *source)
{
    struct node node;

    enum status status = source->rewind(source->state);
    while (status == STATUS_OK) {
        status = source->next(source->state, &node);
        if (status == STATUS_OK)
            status = add_node(hashing, &node, name_equals(node.owner.octets, source->apex.octets));
        else if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
    }
    return status;
}

static enum status digest_zone(const struct node_source *source, const EVP_MD *hash,
                               uint8_t digest[DIGEST_MAX_OCTETS])
{
    struct hashing hashing;

    enum status status = hashing_open(&hashing, hash);
    if (status == STATUS_OK)
        status = add_zone(&hashing, source);
    if (status == STATUS_OK && EVP_DigestFinal_ex(hashing.context, digest, NULL) != 1)
        status = STATUS_SYSTEM;
    hashing_close(&hashing);
    return status;
}

enum status zonemd_digest(const struct node_source *source, uint8_t digest[ZONEMD_DIGEST_OCTETS])
{
    uint8_t octets[DIGEST_MAX_OCTETS];

    enum status status = digest_zone(source, EVP_sha384(), octets);
    if (status == STATUS_OK)
        memcpy(digest, octets, ZONEMD_DIGEST_OCTETS);
    return status;
}

void zonemd_rdata(uint8_t rdata[ZONEMD_RDATA_OCTETS], uint32_t serial,
                  const uint8_t digest[ZONEMD_DIGEST_OCTETS])
{
    /* No writer: gcc 12 takes its bounds check for a write past the array. */
    rdata[0] = (uint8_t)(serial >> 24);
    rdata[1] = (uint8_t)(serial >> 16);
    rdata[2] = (uint8_t)(serial >> 8);
    rdata[3] = (uint8_t)serial;
    rdata[4] = ZONEMD_SCHEME_SIMPLE;
    rdata[5] = ZONEMD_HASH_SHA384;
    memcpy(rdata + FIXED_OCTETS, digest, ZONEMD_DIGEST_OCTETS);
}

/* A ZONEMD record (RFC 8976 §2.2). */
struct zonemd {
    uint32_t serial;
    uint8_t scheme;
    uint8_t hash;
    const uint8_t *digest;
    size_t digest_octets;
};

static struct zonemd zonemd_of(const struct rdata *rdata)
{
    struct reader r = reader_of(rdata->octets, rdata->length);
    struct zonemd zonemd = {
        .serial = reader_u32(&r), .scheme = reader_u8(&r), .hash = reader_u8(&r)};
    zonemd.digest_octets = reader_left(&r);
    zonemd.digest = reader_octets(&r, zonemd.digest_octets);
    return zonemd;
}

/* The hash of a record that can be checked, or NULL. */
static const EVP_MD *known_hash(const struct zonemd *zonemd)
{
    if (zonemd->scheme != ZONEMD_SCHEME_SIMPLE)
        return NULL;
    if (zonemd->hash == ZONEMD_HASH_SHA384)
        return EVP_sha384();
    return zonemd->hash == HASH_SHA512 ? EVP_sha512() : NULL;
}

/* RFC 8976 §4 step 4: two records of one scheme and hash are worth nothing. */
static bool is_ambiguous(const struct rrset *rrset, size_t n)
{
    struct zonemd one = zonemd_of(&rrset->items[n]);

    for (size_t i = 0; i < rrset->count; i++) {
        struct zonemd other = zonemd_of(&rrset->items[i]);
        if (i != n && one.scheme == other.scheme && one.hash == other.hash)
            return true;
    }
    return false;
}

/* RFC 8976 §4 steps 5a to 5f: STATUS_OK, STATUS_INVALID, or what the source reported. */
static enum status check_record(const struct node_source *source, const struct zonemd *zonemd,
                                const EVP_MD *hash, uint32_t serial)
{
    uint8_t digest[DIGEST_MAX_OCTETS];

    if (zonemd->serial != serial || zonemd->digest_octets != (size_t)EVP_MD_get_size(hash))
        return STATUS_INVALID;
    enum status status = digest_zone(source, hash, digest);
    if (status == STATUS_OK && memcmp(digest, zonemd->digest, zonemd->digest_octets) != 0)
        return STATUS_INVALID;
    return status;
}

enum status zonemd_verify(const struct node_source *source, bool *present)
{
    struct node apex;
    struct soa_numbers soa;

    *present = false;
    enum status status = source->find(source->state, source->apex.octets, &apex);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    const struct rrset *rrset = node_rrset(&apex, TYPE_ZONEMD);
    if (rrset == NULL || !rdata_read_soa(node_rrset(&apex, TYPE_SOA), &soa))
        return STATUS_OK;
    for (size_t i = 0; i < rrset->count; i++) {
        struct zonemd zonemd = zonemd_of(&rrset->items[i]);
        const EVP_MD *hash = known_hash(&zonemd);
        if (hash == NULL)
            continue;
        *present = true;
        status = is_ambiguous(rrset, i) ? STATUS_INVALID
                                        : check_record(source, &zonemd, hash, soa.serial);
        if (status != STATUS_INVALID)
            return status;
    }
    return *present ? STATUS_INVALID : STATUS_OK;
}
