#include "zone/zonefile_rdata.h"

#include "conf/encoding.h"
#include "wire/constants.h"
#include "zone/rrtype.h"
#include "zone/zonefile_ldns.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

/* The words of one record that are not read yet. */
struct words {
    const struct zonefile_scope *scope;
    const struct zonefile_word *next;
    const struct zonefile_word *end;
    const char *type; /* for messages */
};

static enum status read_integer(const struct words *words, const struct zonefile_word *word,
                                size_t octets, struct writer *w)
{
    static const uint32_t limits[] = {0, UINT8_MAX, UINT16_MAX, 0, UINT32_MAX};
    uint32_t number;

    enum status status = zonefile_word_number(words->scope, word, limits[octets], &number);
    if (status != STATUS_OK)
        return status;
    if (octets == 1)
        writer_u8(w, (uint8_t)number);
    else if (octets == 2)
        writer_u16(w, (uint16_t)number);
    else
        writer_u32(w, number);
    return STATUS_OK;
}

static enum status read_period(const struct words *words, const struct zonefile_word *word,
                               struct writer *w)
{
    uint32_t seconds;
    enum status status = zonefile_word_period(words->scope, word, UINT32_MAX, &seconds);
    if (status == STATUS_OK)
        writer_u32(w, seconds);
    return status;
}

/* The two digits at `text`, or -1. */
static int two_digits(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* YYYYMMDDHHmmSS between 1970 and 2106. */
static bool read_date(const char *text, uint32_t *out)
{
    int parts[7];
    for (size_t i = 0; i < 7; i++) {
        parts[i] = two_digits(text + 2 * i);
        if (parts[i] < 0)
            return false;
    }
    struct tm utc = {.tm_year = parts[0] * 100 + parts[1] - 1900,
                     .tm_mon = parts[2] - 1,
                     .tm_mday = parts[3],
                     .tm_hour = parts[4],
                     .tm_min = parts[5],
                     .tm_sec = parts[6]};
    struct tm written = utc;
    time_t seconds = timegm(&utc);
    *out = (uint32_t)seconds;
    /* timegm turns 31 April into 1 May; so what it has not touched is a date. */
    return seconds >= 0 && seconds <= (time_t)UINT32_MAX && utc.tm_mon == written.tm_mon &&
           utc.tm_mday == written.tm_mday && utc.tm_hour == written.tm_hour &&
           utc.tm_min == written.tm_min && utc.tm_sec == written.tm_sec;
}

/* RFC 4034 §3.2: fourteen digits are a date, up to ten are seconds. */
static enum status read_time(const struct words *words, const struct zonefile_word *word,
                             struct writer *w)
{
    uint32_t seconds;
    if (word->length <= 10)
        return read_integer(words, word, 4, w);
    if (word->quoted || word->length != 14 || !read_date(word->text, &seconds))
        return zonefile_word_error(words->scope, word, "zonefile-time",
                                   "is not a time; write YYYYMMDDHHmmSS");
    writer_u32(w, seconds);
    return STATUS_OK;
}

static enum status read_type(const struct words *words, const struct zonefile_word *word,
                             uint16_t *type)
{
    if (word->quoted || rrtype_from_text(word->text, word->length, type) != STATUS_OK)
        return zonefile_word_error(words->scope, word, "zonefile-type",
                                   "is not a type; write TYPEnnn for one without a name");
    return STATUS_OK;
}

/* A number, or a mnemonic that ldns knows. */
static enum status read_mnemonic(const struct words *words, const struct zonefile_word *word,
                                 enum zonefile_ldns_table table, size_t octets, struct writer *w)
{
    uint16_t number;

    if (word->quoted || zonefile_word_is_period(word) ||
        zonefile_ldns_mnemonic(table, word->text, word->length, &number) != STATUS_OK)
        return read_integer(words, word, octets, w);
    if (octets == 1)
        writer_u8(w, (uint8_t)number);
    else
        writer_u16(w, number);
    return STATUS_OK;
}

static enum status read_address(const struct words *words, const struct zonefile_word *word,
                                int family, struct writer *w)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t octets[16];
    bool fits = !word->quoted && word->length < sizeof text;

    if (fits) {
        memcpy(text, word->text, word->length);
        text[word->length] = '\0';
    }
    if (!fits || inet_pton(family, text, octets) != 1)
        return zonefile_word_error(words->scope, word, "zonefile-address",
                                   family == AF_INET ? "is not an IPv4 address"
                                                     : "is not an IPv6 address");
    writer_octets(w, octets, family == AF_INET ? 4 : 16);
    return STATUS_OK;
}

static enum status read_name(const struct words *words, const struct zonefile_word *word,
                             struct writer *w)
{
    struct name name;
    enum status status = zonefile_word_name(words->scope, word, &name);
    if (status == STATUS_OK)
        writer_octets(w, name.octets, name.length);
    return status;
}

/* Sets the length octet at `start` to what was written after it. */
static enum status end_string(const struct words *words, const struct zonefile_word *word,
                              size_t start, struct writer *w)
{
    if (w->failed)
        return STATUS_OK; /* too long in all: the caller says so */
    size_t octets = writer_length(w) - start - 1;
    if (octets > UINT8_MAX)
        return zonefile_word_error(words->scope, word, "zonefile-text",
                                   "... has more than 255 octets");
    w->start[start] = (uint8_t)octets;
    return STATUS_OK;
}

static enum status read_string(const struct words *words, const struct zonefile_word *word,
                               struct writer *w)
{
    size_t start = writer_length(w);
    writer_u8(w, 0);
    enum status status = zonefile_word_text(words->scope, word, UINT8_MAX, w);
    return status == STATUS_OK ? end_string(words, word, start, w) : status;
}

/* Digits of one word, behind a length octet. */
static enum status read_counted(const struct words *words, const struct zonefile_word *word,
                                enum encoding encoding, struct writer *w)
{
    struct decoding decoding = decoding_begin(encoding);
    size_t start = writer_length(w);
    bool none = encoding == ENCODING_HEX && zonefile_word_is(word, "-");

    writer_u8(w, 0);
    if (!none &&
        (word->quoted || decoding_text(&decoding, word->text, word->length, w) != STATUS_OK ||
         decoding_end(&decoding) != STATUS_OK))
        return zonefile_word_error(words->scope, word, "zonefile-digits",
                                   encoding == ENCODING_HEX ? "is not hexadecimal, nor '-' for none"
                                                            : "is not base32hex");
    return end_string(words, word, start, w);
}

/* All words left, as digits of one value. */
static enum status read_digits(struct words *words, enum encoding encoding, struct writer *w)
{
    const char *message = encoding == ENCODING_HEX ? "is not hexadecimal" : "is not base64";
    struct decoding decoding = decoding_begin(encoding);
    const struct zonefile_word *word = words->next;

    for (; words->next < words->end; words->next++) {
        word = words->next;
        if (word->quoted)
            message = "is in quotes, digits are not; remove them";
        if (word->quoted || decoding_text(&decoding, word->text, word->length, w) != STATUS_OK)
            return zonefile_word_error(words->scope, word, "zonefile-digits", message);
    }
    if (decoding_end(&decoding) != STATUS_OK)
        return zonefile_word_error(words->scope, word, "zonefile-digits",
                                   "ends within an octet; digits are missing");
    return STATUS_OK;
}

#define TYPES_OCTETS (UINT16_MAX / 8 + 1)

/* All words left, as a set of types (RFC 4034 §4.1.2). */
static enum status read_bitmap(struct words *words, struct writer *w)
{
    uint8_t types[TYPES_OCTETS] = {0};

    for (; words->next < words->end; words->next++) {
        uint16_t type = 0;
        enum status status = read_type(words, words->next, &type);
        if (status != STATUS_OK)
            return status;
        types[type / 8] |= (uint8_t)(0x80 >> type % 8);
    }
    for (unsigned window = 0; window < 256; window++) {
        size_t octets = 32;
        while (octets > 0 && types[window * 32 + octets - 1] == 0)
            octets--;
        if (octets == 0)
            continue;
        writer_u8(w, (uint8_t)window);
        writer_u8(w, (uint8_t)octets);
        writer_octets(w, types + window * 32, octets);
    }
    return STATUS_OK;
}

static enum status read_strings(struct words *words, struct writer *w)
{
    for (; words->next < words->end; words->next++) {
        enum status status = read_string(words, words->next, w);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* A field that one word makes. */
static enum status read_word(const struct words *words, enum rrtype_field field,
                             const struct zonefile_word *word, struct writer *w)
{
    uint16_t type = 0;
    enum status status;

    switch (field) {
    case FIELD_U8:
        return read_integer(words, word, 1, w);
    case FIELD_U16:
        return read_integer(words, word, 2, w);
    case FIELD_U32:
        return read_integer(words, word, 4, w);
    case FIELD_PERIOD:
        return read_period(words, word, w);
    case FIELD_TIME:
        return read_time(words, word, w);
    case FIELD_TYPE:
        status = read_type(words, word, &type);
        writer_u16(w, type);
        return status;
    case FIELD_ALGORITHM:
        return read_mnemonic(words, word, ZONEFILE_LDNS_ALGORITHMS, 1, w);
    case FIELD_CERT:
        return read_mnemonic(words, word, ZONEFILE_LDNS_CERTIFICATES, 2, w);
    case FIELD_IPV4:
        return read_address(words, word, AF_INET, w);
    case FIELD_IPV6:
        return read_address(words, word, AF_INET6, w);
    case FIELD_NAME:
        return read_name(words, word, w);
    case FIELD_STRING:
    case FIELD_TAG:
        return read_string(words, word, w);
    case FIELD_QUOTED:
        return zonefile_word_text(words->scope, word, UINT16_MAX, w);
    case FIELD_SALT:
        return read_counted(words, word, ENCODING_HEX, w);
    case FIELD_HASH:
        return read_counted(words, word, ENCODING_BASE32HEX, w);
    default:
        return STATUS_SYSTEM; /* none of one word: read_field has them */
    }
}

/* Complains of a record that ends too early; the place is that of the last word there is. */
static enum status missing(const struct words *words)
{
    diag_error(words->scope->diag, zonefile_lex_place(words->scope->lex, words->next - 1),
               "zonefile-rdata", "the %s record is cut short: something is missing after '%.*s'",
               words->type, ZONEFILE_WORD(words->next - 1));
    return STATUS_INVALID;
}

static enum status read_field(struct words *words, enum rrtype_field field, struct writer *w)
{
    if (field == FIELD_BITMAP)
        return read_bitmap(words, w);
    if (words->next == words->end)
        return missing(words);
    switch (field) {
    case FIELD_STRINGS:
        return read_strings(words, w);
    case FIELD_BASE64:
        return read_digits(words, ENCODING_BASE64, w);
    case FIELD_HEX:
        return read_digits(words, ENCODING_HEX, w);
    default:
        return read_word(words, field, words->next++, w);
    }
}

static enum status read_fields(struct words *words, const struct rrtype *rrtype, struct writer *w)
{
    for (size_t i = 0; rrtype->fields[i] != FIELD_END; i++) {
        enum status status = read_field(words, rrtype->fields[i], w);
        if (status != STATUS_OK)
            return status;
    }
    if (words->next < words->end)
        return zonefile_word_error(words->scope, words->next, "zonefile-rdata",
                                   "stands behind the end of the record; remove it");
    return STATUS_OK;
}

/* \# LENGTH DIGITS… (RFC 3597 §5); `words` stands behind the \#. */
static enum status read_generic(struct words *words, struct writer *w)
{
    uint32_t octets;

    if (words->next == words->end)
        return missing(words);
    const struct zonefile_word *count = words->next++;
    enum status status = zonefile_word_number(words->scope, count, UINT16_MAX, &octets);
    if (status == STATUS_OK)
        status = read_digits(words, ENCODING_HEX, w);
    if (status == STATUS_OK && !w->failed && writer_length(w) != octets) {
        diag_error(words->scope->diag, zonefile_lex_place(words->scope->lex, count),
                   "zonefile-rdata", "'%.*s' octets are announced, %zu follow",
                   ZONEFILE_WORD(count), writer_length(w));
        return STATUS_INVALID;
    }
    return status;
}

enum status zonefile_rdata_read(const struct zonefile_scope *scope,
                                const struct zonefile_entry *entry, size_t first, uint16_t type,
                                struct writer *w)
{
    const struct rrtype *rrtype = rrtype_find(type);
    char name[RRTYPE_TEXT_OCTETS];
    struct words words = {scope, entry->words + first, entry->words + entry->count, name};
    const struct zonefile_word *start = words.next - 1;
    enum status status;

    rrtype_to_text(type, name);
    if (words.next < words.end && zonefile_word_is(words.next, "\\#")) {
        words.next++;
        status = read_generic(&words, w);
    } else if (rrtype != NULL) {
        status = read_fields(&words, rrtype, w);
    } else {
        status = zonefile_ldns_rdata(scope, entry, first, type, w);
    }
    if (status != STATUS_OK)
        return status;
    if (w->failed)
        return zonefile_word_error(scope, start, "zonefile-rdata",
                                   "record has more than 65535 octets of data");
    /* \# is bound to the rules of a known type as well (RFC 3597 §5). */
    if (rrtype != NULL && !rrtype_fits(rrtype, w->start, writer_length(w)))
        return zonefile_word_error(scope, start, "zonefile-rdata",
                                   "record does not have the form of its type");
    return STATUS_OK;
}
