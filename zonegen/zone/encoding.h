/*
 * Octets as digits: hexadecimal, base32hex without padding (RFC 5155 §3.3) and base64. Decoding
 * takes the text in pieces, since zone files put blanks between digits.
 */
#ifndef ZONE_ENCODING_H
#define ZONE_ENCODING_H

#include "wire/status.h"
#include "wire/writer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum encoding { ENCODING_HEX, ENCODING_BASE32HEX, ENCODING_BASE64 };

/* Prints octets as digits, letters in lower case where case does not matter; base64 is padded. */
void encoding_print(enum encoding encoding, const uint8_t *octets, size_t length, FILE *out);

/* Text on its way to octets. */
struct decoding {
    enum encoding encoding;
    uint32_t bits; /* not written yet */
    unsigned bit_count;
    unsigned digits;  /* so far */
    unsigned padding; /* '=' so far */
};

struct decoding decoding_begin(enum encoding encoding);

/* Decodes a piece into `w`. STATUS_OK, or STATUS_MALFORMED for a character that is no digit. */
MUST_CHECK enum status decoding_text(struct decoding *decoding, const char *text, size_t length,
                                     struct writer *w);

/* STATUS_OK, or STATUS_MALFORMED when the digits do not end where an octet does. */
MUST_CHECK enum status decoding_end(const struct decoding *decoding);

#endif
