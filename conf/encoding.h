/*
 * Octets as digits: hexadecimal, base32hex without padding (RFC 5155 §3.3) and base64. Decoding
 * takes the text in pieces, since zone files put blanks between digits.
 */
#ifndef CONF_ENCODING_H
#define CONF_ENCODING_H

#include "wire/status.h"
#include "wire/writer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum encoding { ENCODING_HEX, ENCODING_BASE32HEX, ENCODING_BASE64 };

/* Prints octets as digits, letters in lower case where case does not matter; base64 is padded. */
void encoding_print(enum encoding encoding, const uint8_t *octets, size_t length, FILE *out);

/* Octets of `length` octets in base64, padded, with a NUL. */
#define ENCODING_BASE64_OCTETS(length) (((length) + 2) / 3 * 4 + 1)

/* Writes base64 with a NUL: ENCODING_BASE64_OCTETS(length) octets. */
void encoding_base64(const uint8_t *octets, size_t length, char *text);

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
