/*
 * TXT RDATA (RFC 1035 §3.3.14): strings of up to 255 octets that never cut a `key=value` pair or a
 * word of a list. Some clients join the strings without a separator, so each unit but the last
 * pair ends in one (`; ` or a space), and strings are split only after it. Knows nothing of what
 * the keys mean.
 */
#ifndef ZONE_TXT_H
#define ZONE_TXT_H

#include "wire/writer.h"

#include <stddef.h>

#define TXT_STRING_OCTETS 255

/* TXT RDATA being written. `writer.failed` is checked once, at its end. */
struct txt {
    struct writer *writer;
    size_t string;        /* where the length octet of the open string stands */
    const char *too_long; /* the key of the first pair that no string holds, or NULL */
};

/* Opens the first string. */
struct txt txt_begin(struct writer *w);

/*
 * Adds `key=value; ` to the open string, or to a new one where it does not fit. A pair longer than
 * a string fails the writer and is remembered in `too_long`. A NULL value adds nothing.
 */
void txt_pair(struct txt *txt, const char *key, const char *value);

/* The same with a value put together in a writer: nothing written adds nothing, and one that
 * failed is too long. */
void txt_pair_of(struct txt *txt, const char *key, const struct writer *value);

/* Adds a word and a space, in the same way. */
void txt_word(struct txt *txt, const char *word);

/* Adds text that may be split anywhere. */
void txt_text(struct txt *txt, const char *text);

/* What follows begins a new string; nothing changes while the open one is empty. */
void txt_break(struct txt *txt);

/* Ends the last string, without the `; ` of a last pair. The RDATA stands in the writer. */
void txt_end(struct txt *txt);

/* Adds the characters of a text to any writer: the values of pairs and lines are built with it. */
void txt_append(struct writer *w, const char *text);

#endif
