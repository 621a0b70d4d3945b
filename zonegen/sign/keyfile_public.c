#include "sign/keyfile_parts.h"

#include "conf/file.h"
#include "wire/constants.h"
#include "wire/reader.h"
#include "wire/writer.h"
#include "zone/zonefile_lex.h"
#include "zone/zonefile_rdata.h"
#include "zone/zonefile_word.h"

#include <stdio.h>
#include <string.h>

#define DNSKEY_PROTOCOL  3 /* RFC 4034 §2.1.2 */
#define FIXED_OCTETS     4 /* flags, protocol, algorithm */
#define MAX_RDATA_OCTETS 2048

/* The RDATA that was read, of whatever algorithm. */
struct public_half {
    size_t records;
    size_t octets;
    uint8_t rdata[MAX_RDATA_OCTETS];
};

/* The index of the type's word, after an owner, a TTL and a class, of which the last two may be
 * missing. */
static size_t find_type(const struct zonefile_entry *entry)
{
    size_t at = 1;

    while (at < entry->count && (zonefile_word_is_period(&entry->words[at]) ||
                                 zonefile_word_is(&entry->words[at], "IN")))
        at++;
    return at;
}

static enum status read_entry(const struct zonefile_scope *scope,
                              const struct zonefile_entry *entry, const struct name *zone,
                              struct public_half *out)
{
    struct writer w = writer_of(out->rdata, sizeof out->rdata);
    struct name owner;
    size_t type = find_type(entry);

    if (entry->starts_blank || type > 3 || type >= entry->count ||
        !zonefile_word_is(&entry->words[type], "DNSKEY"))
        return zonefile_word_error(scope, &entry->words[0], "key-syntax",
                                   "does not begin a DNSKEY record of class IN; the file holds "
                                   "one, as dnssec-keygen writes it, and nothing else");
    enum status status = zonefile_word_name(scope, &entry->words[0], &owner);
    if (status == STATUS_OK && !name_equals(owner.octets, zone->octets))
        status = zonefile_word_error(scope, &entry->words[0], "key-zone",
                                     "is another zone than the one whose key this should be");
    if (status == STATUS_OK)
        status = zonefile_rdata_read(scope, entry, type + 1, TYPE_DNSKEY, &w);
    out->octets = writer_length(&w);
    return status;
}

/* Reads every entry; only the last one's RDATA stays. */
static enum status read_entries(struct zonefile_lex *lex, const struct name *zone,
                                struct diag *diag, struct public_half *out)
{
    const struct zonefile_scope scope = {.lex = lex, .diag = diag};
    struct zonefile_entry entry;
    enum status outcome = STATUS_OK;

    for (;;) {
        enum status status = zonefile_lex_next(lex, &entry);
        if (status == STATUS_NOT_FOUND)
            return outcome;
        if (status == STATUS_OK) {
            out->records++;
            status = read_entry(&scope, &entry, zone, out);
        }
        if (status == STATUS_SYSTEM)
            return status;
        if (status != STATUS_OK)
            outcome = status;
    }
}

static enum status read_octets(const char *path, char *text, size_t length, const struct name *zone,
                               struct diag *diag, struct public_half *out)
{
    FILE *in = fmemopen(text, length, "r");
    struct zonefile_lex *lex = in != NULL ? zonefile_lex_create(in, path, diag) : NULL;
    enum status status = STATUS_SYSTEM;

    if (lex != NULL)
        status = read_entries(lex, zone, diag, out);
    zonefile_lex_destroy(lex);
    if (in != NULL)
        fclose(in);
    if (status == STATUS_OK && out->records != 1)
        return keyfile_complain(diag, path, "key-syntax",
                                "%zu DNSKEY records in it; a key file holds exactly one",
                                out->records);
    return status;
}

static size_t key_octets(uint8_t algorithm)
{
    /* RFC 6605, RFC 8080. */
    return algorithm == ALGORITHM_ECDSAP256SHA256 ? 64 : algorithm == ALGORITHM_ED25519 ? 32 : 0;
}

/* What the fields of a DNSKEY of ours must be. */
static enum status check_fields(const char *path, const struct public_half *half, struct diag *diag,
                                struct keyfile *out)
{
    struct reader r = reader_of(half->rdata, half->octets);

    out->flags = reader_u16(&r);
    unsigned protocol = reader_u8(&r);
    out->algorithm = reader_u8(&r);
    size_t octets = key_octets(out->algorithm);
    if (protocol != DNSKEY_PROTOCOL)
        return keyfile_complain(diag, path, "key-protocol", "protocol %u; a DNSKEY has 3",
                                protocol);
    if (octets == 0)
        return keyfile_complain(diag, path, "key-algorithm",
                                "algorithm %u (%s) is not supported; use 13 (ECDSAP256SHA256) or "
                                "15 (ED25519)",
                                out->algorithm, keyfile_algorithm_name(out->algorithm));
    if ((out->flags & ~DNSKEY_SEP) != DNSKEY_ZONE)
        return keyfile_complain(diag, path, "key-flags",
                                "flags %u; a key of a zone that is in use has 256 (ZSK) or 257 "
                                "(KSK, CSK)",
                                out->flags);
    if (reader_left(&r) != octets)
        return keyfile_complain(diag, path, "key-length",
                                "a public key of %zu octets; one of algorithm %u has %zu",
                                reader_left(&r), out->algorithm, octets);
    return STATUS_OK;
}

enum status keyfile_read_public(const char *path, const struct name *zone, struct arena *arena,
                                struct diag *diag, struct keyfile *out)
{
    struct public_half half = {.records = 0};
    char *text;
    size_t length;

    enum status status = file_read(path, KEYFILE_MAX_OCTETS, arena, diag, &text, &length);
    if (status != STATUS_OK)
        return status;
    if (length == 0)
        return keyfile_complain(diag, path, "key-syntax",
                                "it is empty; a key file holds exactly one DNSKEY record");
    status = read_octets(path, text, length, zone, diag, &half);
    if (status == STATUS_OK)
        status = check_fields(path, &half, diag, out);
    if (status != STATUS_OK)
        return status;
    memcpy(out->dnskey, half.rdata, half.octets);
    out->dnskey_octets = (uint8_t)half.octets;
    out->tag = keyfile_tag(half.rdata, half.octets);
    return STATUS_OK;
}
