#include "sign/verify.h"

#include <ldns/ldns.h>
#include <string.h>

#define MAX_SIGNATURE_OCTETS 64 /* of both algorithms (RFC 6605 §4, RFC 8080 §4) */
#define MAX_RAW_OCTETS       80 /* of ECDSA as ASN.1: two integers of up to 33 octets */
#define DNSKEY_FIXED_OCTETS  4  /* flags, protocol, algorithm */

/* What was signed, as ldns takes it; NULL without memory. */
static ldns_buffer *signed_data(const struct signature *signature, const struct name *owner,
                                const struct name *zone, const struct rrset *rrset,
                                struct canonical *canonical)
{
    size_t octets = signature_data_octets(zone, owner, rrset);
    ldns_buffer *buffer = ldns_buffer_new(octets);

    if (buffer == NULL)
        return NULL;
    struct writer w = writer_of(ldns_buffer_begin(buffer), octets);
    if (signature_write_data(&w, signature, owner, rrset, canonical) != STATUS_OK || w.failed) {
        ldns_buffer_free(buffer);
        return NULL;
    }
    ldns_buffer_set_position(buffer, writer_length(&w));
    return buffer;
}

/* The signature as OpenSSL takes it: that of ECDSA as ASN.1. NULL without memory. */
static ldns_buffer *raw_signature(const struct signature *signature)
{
    ldns_buffer *buffer = ldns_buffer_new(MAX_RAW_OCTETS);
    ldns_status status = buffer != NULL ? LDNS_STATUS_OK : LDNS_STATUS_MEM_ERR;

    if (status == LDNS_STATUS_OK && signature->algorithm == LDNS_ED25519) {
        ldns_buffer_write(buffer, signature->octets, signature->length);
    } else if (status == LDNS_STATUS_OK) {
        ldns_rdf *rdf =
            ldns_rdf_new_frm_data(LDNS_RDF_TYPE_B64, signature->length, signature->octets);
        status = rdf != NULL ? ldns_convert_ecdsa_rrsig_rdf2asn1(buffer, rdf) : LDNS_STATUS_MEM_ERR;
        ldns_rdf_deep_free(rdf);
    }
    if (status == LDNS_STATUS_OK)
        return buffer;
    ldns_buffer_free(buffer);
    return NULL;
}

static bool verifies(ldns_buffer *raw, ldns_buffer *data, const struct keyfile *key)
{
    unsigned char public[KEYFILE_MAX_DNSKEY_OCTETS]; /* a copy: ldns takes no const */

    memcpy(public, key->dnskey, key->dnskey_octets);
    return ldns_verify_rrsig_buffers_raw(ldns_buffer_begin(raw), ldns_buffer_position(raw), data,
                                         public + DNSKEY_FIXED_OCTETS,
                                         (size_t)key->dnskey_octets - DNSKEY_FIXED_OCTETS,
                                         key->algorithm) == LDNS_STATUS_OK;
}

bool signature_verifies(const struct signature *signature, const struct keyfile *key,
                        const struct name *owner, const struct name *zone,
                        const struct rrset *rrset, struct canonical *canonical)
{
    if (signature->length > MAX_SIGNATURE_OCTETS || !name_equals(signature->signer, zone->octets) ||
        signature->labels != signature_labels(owner->octets))
        return false;
    ldns_buffer *data = signed_data(signature, owner, zone, rrset, canonical);
    ldns_buffer *raw = raw_signature(signature);
    bool outcome = data != NULL && raw != NULL && verifies(raw, data, key);
    ldns_buffer_free(raw);
    ldns_buffer_free(data);
    return outcome;
}
