/* UTF-8 (RFC 3629) one character at a time. Knows no scripts and no normalisation. */
#ifndef CONF_UTF8_H
#define CONF_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX_OCTETS 4

/*
 * The character that starts at `octets`.
 *
 *   length   octets that may be read, at least 1
 *   out      its code point, when the result is not 0
 *
 * Its octets, 1..4, or 0 when they are not UTF-8: a stray or missing continuation, an overlong
 * form, a surrogate, or beyond U+10FFFF.
 */
size_t utf8_decode(const char *octets, size_t length, uint32_t *out);

/* Writes the character of a valid code point and returns its octets, 1..4. */
size_t utf8_encode(uint32_t character, char out[UTF8_MAX_OCTETS]);

/*
 * True for characters that do something instead of showing something, and so have no place in a
 * line of text: C0 and C1 controls, DEL, line and paragraph separators, a byte order mark,
 * U+FFFE and U+FFFF. Line feed, carriage return and tab are among them. None takes four octets.
 */
bool utf8_is_control(uint32_t character);

/* True for characters that reorder what a terminal shows (the embeddings, overrides, isolates). */
bool utf8_is_bidi_control(uint32_t character);

#endif
