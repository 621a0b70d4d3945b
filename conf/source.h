/*
 * The text of a file before YAML reads it: are its octets UTF-8, and where in it is a character?
 * Knows nothing of YAML's grammar.
 */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

struct source {
    const char *file;   /* for places */
    const char *octets; /* UTF-8 without controls other than tab, LF, and CR before LF */
    size_t length;
    bool is_ascii; /* each character is one octet */
    /* the last character that was looked up: look-ups that move forward cost what lies between */
    size_t cursor_character;
    size_t cursor_octet;
};

/*
 * Checks the octets of a file: `file`, `octets` and `length` of the source are filled in,
 * the rest is 0. A byte
 * order mark before the text is skipped. Each bad character is one error (rules yaml-utf8,
 * yaml-control; one per line, at most SOURCE_MAX_ERRORS) and reads as '_', U+00BF or U+FFFD from
 * then on, in a copy of the octets, so that the rest of the file is checked all the same.
 *
 * STATUS_OK, STATUS_INVALID with diagnostics, or STATUS_SYSTEM when memory is out.
 */
#define SOURCE_MAX_ERRORS 20
MUST_CHECK enum status source_check(struct source *source, struct arena *arena, struct diag *diag);

/* The octet at which the n-th character of the text starts (n from 0); its end for any beyond. */
size_t source_octet(struct source *source, size_t character);

/* The octet at which the line begins that holds `octet`. */
size_t source_line_start(const struct source *source, size_t octet);

#endif
