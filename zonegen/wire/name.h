/*
 * Domain names: uncompressed octets of wire format (RFC 1035 §3.1), letter case kept. Comparison
 * is ASCII case-insensitive (RFC 4343 §3); every other octet stands for itself (RFC 2181 §11).
 * Knows nothing of zones, keys or IDN.
 */
#ifndef WIRE_NAME_H
#define WIRE_NAME_H

#include "wire/reader.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_MAX_OCTETS  255 /* RFC 1035 §2.3.4, the root's octet counted */
#define NAME_MAX_LABELS  127 /* of one octet each, the root not counted */
#define NAME_MAX_LABEL   63
#define NAME_TEXT_OCTETS 1010 /* every octet as \DDD, the dots and the final NUL fit */

struct name {
    uint8_t octets[NAME_MAX_OCTETS];
    uint8_t length; /* 1..255, the root's octet counted */
};

/*
 * Reads the domain name that starts `*at` octets into `message`.
 *
 *   message   the whole message: a pointer may lead to anything before it
 *   length    octets of the message
 *   at        in: first octet of the name; out: first octet after it
 *   out       uncompressed, letter case kept
 *
 * STATUS_OK, or STATUS_MALFORMED if the name runs past the message, exceeds 255 octets
 * (RFC 1035 §2.3.4), or holds a pointer that does not lead strictly backwards (RFC 1035 §4.1.4),
 * which also bounds the work. On failure `*at` and `*out` hold nothing of use.
 */
MUST_CHECK enum status name_parse(const uint8_t *message, size_t length, size_t *at,
                                  struct name *out);

/*
 * Steps over the name that starts `*at` octets into `message`. A pointer in it must lead before the
 * name, but is not followed: what a record costs does not depend on what stands before it.
 *
 * STATUS_OK, or STATUS_MALFORMED as far as that can be seen; `*at` is untouched then.
 */
MUST_CHECK enum status name_skip(const uint8_t *message, size_t length, size_t *at);

/*
 * Takes an uncompressed name from a reader: its first octet, or NULL (and `r->failed`) if it is
 * compressed, cut, or over 255 octets. `*length` gets its octets. Points into the reader's window.
 */
const uint8_t *name_take(struct reader *r, size_t *length);

/* Octets of an uncompressed name known to be well-formed, the root's octet counted. */
size_t name_octets(const uint8_t *name);

/* Labels of a well-formed name, the root not counted. */
size_t name_labels(const uint8_t *name);

/* The name without its first `labels` labels, which it has. Points into `name`. */
const uint8_t *name_parent(const uint8_t *name, size_t labels);

/* True when both names are the same, letter case aside. */
bool name_equals(const uint8_t *a, const uint8_t *b);

/* True when `name` is `ancestor` or lies below it. */
bool name_is_within(const uint8_t *name, const uint8_t *ancestor);

/* Negative, zero or positive: DNSSEC canonical order (RFC 4034 §6.1). */
int name_compare(const uint8_t *a, const uint8_t *b);

/* Lower-cases the ASCII letters of a well-formed name in place (RFC 4034 §6.2). */
void name_lower(uint8_t *name);

/* Copies the well-formed name at `octets`. */
void name_set(struct name *out, const uint8_t *octets);

/*
 * Puts the label before a name: `out` becomes LABEL.PARENT.
 *
 *   label    1..63 octets, any value
 *   parent   may be out->octets itself
 *
 * STATUS_OK, or STATUS_NO_SPACE if the label or the result would be too long; `*out` is then
 * untouched.
 */
MUST_CHECK enum status name_prepend(struct name *out, const uint8_t *label, size_t label_octets,
                                    const uint8_t *parent);

/*
 * Reads presentation format (RFC 1035 §5.1): labels between dots, \DDD and \X escapes, a final dot
 * or none, "." for the root. Relative names are not known here: "a.b" and "a.b." are the same.
 *
 * STATUS_OK, or STATUS_MALFORMED for an empty label, a label over 63 or a name over 255 octets, or
 * a bad escape. `*out` is untouched on failure.
 */
MUST_CHECK enum status name_from_text(struct name *out, const char *text, size_t length);

/*
 * Writes presentation format with a final dot and a NUL, and returns its characters without the
 * NUL. Every octet outside A-Z a-z 0-9 - _ is written \c when printable and \DDD otherwise, except
 * a label that is just "*": all servers read that form.
 */
size_t name_to_text(const uint8_t *name, char text[NAME_TEXT_OCTETS]);

#endif
