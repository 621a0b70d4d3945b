#include "zone/zonefile_ldns.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#define MNEMONIC_OCTETS 32

enum status zonefile_ldns_mnemonic(enum zonefile_ldns_table table, const char *text, size_t length,
                                   uint16_t *out)
{
    ldns_lookup_table *items =
        table == ZONEFILE_LDNS_ALGORITHMS ? ldns_algorithms : ldns_cert_algorithms;
    char name[MNEMONIC_OCTETS];

    if (length >= sizeof name)
        return STATUS_NOT_FOUND;
    memcpy(name, text, length);
    name[length] = '\0';
    const ldns_lookup_table *item = ldns_lookup_by_name(items, name);
    if (item == NULL)
        return STATUS_NOT_FOUND;
    *out = (uint16_t)item->id;
    return STATUS_OK;
}

/* An origin that no name has: where it turns up, a name was relative and no $ORIGIN given. */
static const uint8_t no_origin[] = "\x1e\x01relative name without origin!";

static ldns_rdf *origin_of(const struct zonefile_scope *scope)
{
    if (scope->has_origin)
        return ldns_dname_new_frm_data(scope->origin.length, scope->origin.octets);
    return ldns_dname_new_frm_data(sizeof no_origin, no_origin);
}

static void put_text(struct writer *w, const char *text)
{
    writer_octets(w, (const uint8_t *)text, strlen(text));
}

/* A text in quotes, each octet as \DDD: nothing is left for ldns to see an end in. */
static enum status put_quoted(const struct zonefile_scope *scope, const struct zonefile_word *word,
                              struct writer *w)
{
    uint8_t octets[1024];
    struct writer text = writer_of(octets, sizeof octets);

    enum status status = zonefile_word_text(scope, word, sizeof octets, &text);
    if (status != STATUS_OK)
        return status;
    put_text(w, "\"");
    for (size_t i = 0; i < writer_length(&text); i++) {
        char escape[] = {'\\', (char)('0' + octets[i] / 100), (char)('0' + octets[i] / 10 % 10),
                         (char)('0' + octets[i] % 10), '\0'};
        put_text(w, escape);
    }
    put_text(w, "\"");
    return STATUS_OK;
}

/* The record on one line, its owner the root: ldns has its own ideas of owners. */
static enum status put_line(const struct zonefile_scope *scope, const struct zonefile_entry *entry,
                            size_t first, uint16_t type, struct writer *w)
{
    char number[16];
    enum status status = STATUS_OK;

    snprintf(number, sizeof number, "TYPE%u", (unsigned)type);
    put_text(w, ". 0 IN ");
    put_text(w, number);
    for (size_t i = first; i < entry->count && status == STATUS_OK; i++) {
        const struct zonefile_word *word = &entry->words[i];
        put_text(w, " ");
        if (word->quoted)
            status = put_quoted(scope, word, w);
        else
            writer_octets(w, (const uint8_t *)word->text, word->length);
    }
    writer_u8(w, '\0');
    return status;
}

/* Copies the RDATA out. STATUS_OK, STATUS_MALFORMED (a relative name), STATUS_SYSTEM. */
static enum status take_rdata(const ldns_rr *rr, struct writer *w)
{
    ldns_buffer *buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN);
    if (buffer == NULL)
        return STATUS_SYSTEM;
    enum status status = STATUS_OK;
    if (ldns_rr_rdata2buffer_wire(buffer, rr) != LDNS_STATUS_OK)
        status = STATUS_MALFORMED;
    size_t octets = ldns_buffer_position(buffer);
    if (memmem(ldns_buffer_begin(buffer), octets, no_origin, sizeof no_origin) != NULL)
        status = STATUS_MALFORMED;
    if (status == STATUS_OK)
        writer_octets(w, ldns_buffer_begin(buffer), octets);
    ldns_buffer_free(buffer);
    return status;
}

#define TYPE_LOC 29

/* ldns takes what stands behind the altitude of a LOC for zero when it is no number. */
static bool is_loc_word(const struct zonefile_word *word)
{
    size_t digits = 0;

    if (word->quoted)
        return false;
    if (word->length == 1 && memchr("NSEWnsew", word->text[0], 8) != NULL)
        return true;
    while (digits < word->length && memchr("-.0123456789", word->text[digits], 12) != NULL)
        digits++;
    return digits > 0 && (digits == word->length ||
                          (digits + 1 == word->length && (word->text[digits] | 0x20) == 'm'));
}

static enum status check_words(const struct zonefile_scope *scope,
                               const struct zonefile_entry *entry, size_t first, uint16_t type)
{
    for (size_t i = first; type == TYPE_LOC && i < entry->count; i++)
        if (!is_loc_word(&entry->words[i]))
            return zonefile_word_error(scope, &entry->words[i], "zonefile-rdata",
                                       "is no part of a LOC record: degrees, minutes, seconds, "
                                       "N, S, E or W, metres");
    return STATUS_OK;
}

/* Has ldns read the line. */
static enum status parse(const struct zonefile_scope *scope, const struct zonefile_word *name,
                         const char *line, struct writer *w)
{
    ldns_rr *rr = NULL;
    ldns_rdf *origin = origin_of(scope);
    if (origin == NULL)
        return STATUS_SYSTEM;

    ldns_status read = ldns_rr_new_frm_str(&rr, line, 0, origin, NULL);
    enum status status = STATUS_INVALID;
    if (read == LDNS_STATUS_MEM_ERR)
        status = STATUS_SYSTEM;
    else if (read != LDNS_STATUS_OK)
        diag_error(scope->diag, zonefile_lex_place(scope->lex, name), "zonefile-rdata",
                   "the record is not one of type %.*s: %s", ZONEFILE_WORD(name),
                   ldns_get_errorstr_by_id(read));
    else
        status = take_rdata(rr, w);
    if (status == STATUS_MALFORMED)
        status = zonefile_word_error(scope, name, "zonefile-origin",
                                     "record has a relative name and no $ORIGIN stands above it");
    ldns_rr_free(rr);
    ldns_rdf_deep_free(origin);
    return status;
}

enum status zonefile_ldns_rdata(const struct zonefile_scope *scope,
                                const struct zonefile_entry *entry, size_t first, uint16_t type,
                                struct writer *w)
{
    const struct zonefile_word *name = &entry->words[first - 1];

    enum status status = check_words(scope, entry, first, type);
    if (status != STATUS_OK)
        return status;
    uint8_t *text = malloc(ZONEFILE_LEX_MAX_OCTETS);
    if (text == NULL)
        return STATUS_SYSTEM;

    struct writer line = writer_of(text, ZONEFILE_LEX_MAX_OCTETS);
    status = put_line(scope, entry, first, type, &line);
    if (status == STATUS_OK && line.failed)
        status = zonefile_word_error(scope, name, "zonefile-rdata", "record is too long");
    if (status == STATUS_OK)
        status = parse(scope, name, (const char *)text, w);
    free(text);
    return status;
}
