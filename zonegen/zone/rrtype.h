/*
 * Types of records in presentation format: their names, and the fields of those types that this
 * project reads and prints itself. Both directions walk the same fields, so that what is printed
 * is read back as the same octets. Knows nothing of files and lines.
 */
#ifndef ZONE_RRTYPE_H
#define ZONE_RRTYPE_H

#include "wire/reader.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RRTYPE_MAX_FIELDS  9
#define RRTYPE_TEXT_OCTETS 16 /* "NSEC3PARAM", "TYPE65535" and a NUL */

/* What a field of RDATA is. Those that say "the rest" come last. */
enum rrtype_field {
    FIELD_END,
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_PERIOD,    /* 32 bits of seconds; units are read (1h30m), never printed */
    FIELD_TIME,      /* 32 bits, YYYYMMDDHHmmSS (RFC 4034 §3.2) */
    FIELD_TYPE,      /* 16 bits, a type's name */
    FIELD_ALGORITHM, /* 8 bits; mnemonics are read (RFC 4034 §A.1), numbers printed */
    FIELD_CERT,      /* 16 bits; mnemonics are read (RFC 4398 §2.1), numbers printed */
    FIELD_IPV4,
    FIELD_IPV6,
    FIELD_NAME,    /* uncompressed */
    FIELD_STRING,  /* a length octet and as many octets, in quotes */
    FIELD_STRINGS, /* the rest: one or more of those */
    FIELD_TAG,     /* a length octet and as many letters and digits, bare */
    FIELD_QUOTED,  /* the rest as one text in quotes, any length */
    FIELD_SALT,    /* a length octet and as many octets, hex; "-" for none (RFC 5155 §3.3) */
    FIELD_HASH,    /* a length octet and as many octets, base32hex (RFC 5155 §3.3) */
    FIELD_BASE64,  /* the rest */
    FIELD_HEX,     /* the rest */
    FIELD_BITMAP,  /* the rest: a set of types (RFC 4034 §4.1.2) */
};

struct rrtype {
    uint16_t number;
    const char *name;
    uint8_t fields[RRTYPE_MAX_FIELDS + 1]; /* enum rrtype_field, ends with FIELD_END */
};

/* What is known of a type, or NULL: its RDATA is then printed as \# (RFC 3597 §5). */
const struct rrtype *rrtype_find(uint16_t type);

/* Writes the name of a type with a NUL: its mnemonic, or TYPEnnn when it is not in the table. */
void rrtype_to_text(uint16_t type, char text[RRTYPE_TEXT_OCTETS]);

/*
 * Reads a type's mnemonic or TYPEnnn, letter case aside; types that only ldns knows included.
 * STATUS_OK, or STATUS_NOT_FOUND.
 */
MUST_CHECK enum status rrtype_from_text(const char *text, size_t length, uint16_t *out);

/* True when a zone may hold records of this type: not 0, not OPT, and none of 128 to 255, which are
 * for questions and messages. */
bool rrtype_is_data(uint16_t type);

/*
 * Takes one field from RDATA: its octets, without the length octet where it has one, and how many.
 * `r->failed` when it runs past the end or is nothing that could be printed and read back as the
 * same octets (an empty rest, a bitmap that is not canonical, a tag with other characters).
 */
const uint8_t *rrtype_take(enum rrtype_field field, struct reader *r, size_t *length);

/* True when RDATA is what the fields of its type ask for, to the last octet. */
bool rrtype_fits(const struct rrtype *rrtype, const uint8_t *octets, size_t length);

#endif
