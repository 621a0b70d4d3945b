/*
 * Zone files cut into entries and words (RFC 1035 §5.1): blanks, quotes, parentheses, comments,
 * line ends, each word with its place. Escapes are stepped over, not resolved. Knows nothing of
 * names, types and directives.
 *
 * Stricter than the RFC where a slip would be taken for data: a quoted text ends on its line, NUL
 * octets are refused, and what follows a closing quote without a blank is not a new word. A line
 * has at most 4 MiB.
 */
#ifndef ZONE_ZONEFILE_LEX_H
#define ZONE_ZONEFILE_LEX_H

#include "conf/diag.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A record of 65 535 octets takes at most four times as many characters, and some blanks. */
#define ZONEFILE_LEX_MAX_OCTETS ((size_t)1 << 20)
#define ZONEFILE_LEX_MAX_WORDS  ((size_t)1 << 18)

struct zonefile_word {
    const char *text; /* without its quotes, escapes as written, not NUL-terminated */
    size_t length;
    unsigned line;
    unsigned column;
    bool quoted;
};

/* An entry: one line, or several that parentheses join. */
struct zonefile_entry {
    size_t count; /* at least 1 */
    const struct zonefile_word *words;
    bool starts_blank; /* the owner is left out */
};

struct zonefile_lex;

/* Reads from `in`, which the caller closes afterwards. NULL when memory is out. */
struct zonefile_lex *zonefile_lex_create(FILE *in, const char *file, struct diag *diag);
void zonefile_lex_destroy(struct zonefile_lex *lex);

/*
 * The next entry, valid until the next call.
 * STATUS_OK; STATUS_NOT_FOUND at the end; STATUS_INVALID: an entry that cannot be read, a
 * diagnostic says why, the next call goes on after it; STATUS_SYSTEM (memory, or the file: errno).
 */
MUST_CHECK enum status zonefile_lex_next(struct zonefile_lex *lex, struct zonefile_entry *out);

/* The place of a word. */
struct place zonefile_lex_place(const struct zonefile_lex *lex, const struct zonefile_word *word);

#endif
