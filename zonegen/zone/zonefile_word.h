/*
 * What single words of a zone file mean: names, numbers, times to live, texts. Every complaint
 * has the word's place. Knows nothing of entries and types.
 */
#ifndef ZONE_ZONEFILE_WORD_H
#define ZONE_ZONEFILE_WORD_H

#include "wire/name.h"
#include "wire/status.h"
#include "wire/writer.h"
#include "zone/zonefile_lex.h"

#include <stdint.h>

/* How much of a word a message shows, as the arguments of "%.*s". */
#define ZONEFILE_WORD_SHOWN 60
#define ZONEFILE_WORD(word)                                                                        \
    (int)((word)->length < ZONEFILE_WORD_SHOWN ? (word)->length : ZONEFILE_WORD_SHOWN), (word)->text

/* What words are read against. */
struct zonefile_scope {
    const struct zonefile_lex *lex;
    struct diag *diag;
    struct name origin;
    bool has_origin; /* false: no $ORIGIN yet, and the caller does not know the zone */
};

/* True when the word is bare and is `text`, letter case aside. */
bool zonefile_word_is(const struct zonefile_word *word, const char *text);

/* Complains of a word: `message` is what follows "'WORD' ". STATUS_INVALID. */
enum status zonefile_word_error(const struct zonefile_scope *scope,
                                const struct zonefile_word *word, const char *rule,
                                const char *message);

/* A name, absolute or below the origin; "@" is the origin. STATUS_OK or STATUS_INVALID. */
MUST_CHECK enum status zonefile_word_name(const struct zonefile_scope *scope,
                                          const struct zonefile_word *word, struct name *out);

/* A whole number, decimal, 0..limit. STATUS_OK or STATUS_INVALID. */
MUST_CHECK enum status zonefile_word_number(const struct zonefile_scope *scope,
                                            const struct zonefile_word *word, uint32_t limit,
                                            uint32_t *out);

/* True when the word has the form of seconds: digits first. A type or a class never has. */
bool zonefile_word_is_period(const struct zonefile_word *word);

/* Seconds, 0..limit: a number, or numbers with units as BIND reads them (1h30m). STATUS_OK or
 * STATUS_INVALID. */
MUST_CHECK enum status zonefile_word_period(const struct zonefile_scope *scope,
                                            const struct zonefile_word *word, uint32_t limit,
                                            uint32_t *out);

/*
 * A text with its escapes resolved (RFC 1035 §5.1), appended to `w`.
 *
 *   limit   octets it may have
 *
 * STATUS_OK or STATUS_INVALID.
 */
MUST_CHECK enum status zonefile_word_text(const struct zonefile_scope *scope,
                                          const struct zonefile_word *word, size_t limit,
                                          struct writer *w);

#endif
