#include "zone/zonefile_word.h"

#include <string.h>
#include <strings.h>

bool zonefile_word_is(const struct zonefile_word *word, const char *text)
{
    return !word->quoted && word->length == strlen(text) &&
           strncasecmp(word->text, text, word->length) == 0;
}

enum status zonefile_word_error(const struct zonefile_scope *scope,
                                const struct zonefile_word *word, const char *rule,
                                const char *message)
{
    diag_error(scope->diag, zonefile_lex_place(scope->lex, word), rule, "'%.*s' %s",
               ZONEFILE_WORD(word), message);
    return STATUS_INVALID;
}

/* True when the last dot is none that a backslash escapes. */
static bool is_absolute(const struct zonefile_word *word)
{
    size_t backslashes = 0;
    if (word->text[word->length - 1] != '.')
        return false;
    while (backslashes + 1 < word->length && word->text[word->length - 2 - backslashes] == '\\')
        backslashes++;
    return backslashes % 2 == 0;
}

static enum status append_origin(struct name *name, const struct name *origin)
{
    size_t below = name->length - 1u;
    if (below + origin->length > NAME_MAX_OCTETS)
        return STATUS_NO_SPACE;
    memcpy(name->octets + below, origin->octets, origin->length);
    name->length = (uint8_t)(below + origin->length);
    return STATUS_OK;
}

enum status zonefile_word_name(const struct zonefile_scope *scope, const struct zonefile_word *word,
                               struct name *out)
{
    bool is_origin = zonefile_word_is(word, "@");

    if (word->quoted)
        return zonefile_word_error(scope, word, "zonefile-name",
                                   "is in quotes, a name is not; remove them");
    if (!is_origin && name_from_text(out, word->text, word->length) != STATUS_OK)
        return zonefile_word_error(scope, word, "zonefile-name",
                                   "is not a domain name: labels have 1 to 63 octets, the whole at "
                                   "most 255, and an escape is \\ and three digits up to 255");
    if (!is_origin && is_absolute(word))
        return STATUS_OK;
    if (!scope->has_origin)
        return zonefile_word_error(scope, word, "zonefile-origin",
                                   "is relative and no $ORIGIN stands above it; end it in a dot, "
                                   "or name the zone");
    if (is_origin) {
        *out = scope->origin;
        return STATUS_OK;
    }
    if (append_origin(out, &scope->origin) != STATUS_OK)
        return zonefile_word_error(scope, word, "zonefile-name",
                                   "exceeds 255 octets with the origin behind it");
    return STATUS_OK;
}

/* Reads digits at `*at`. False when there are none or the number exceeds 2^32-1. */
static bool take_digits(const struct zonefile_word *word, size_t *at, uint64_t *out)
{
    size_t start = *at;
    uint64_t number = 0;

    for (; *at < word->length && word->text[*at] >= '0' && word->text[*at] <= '9'; (*at)++) {
        number = number * 10 + (unsigned)(word->text[*at] - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *out = number;
    return *at > start;
}

enum status zonefile_word_number(const struct zonefile_scope *scope,
                                 const struct zonefile_word *word, uint32_t limit, uint32_t *out)
{
    size_t at = 0;
    uint64_t number = 0;
    bool digits = take_digits(word, &at, &number);

    if (word->quoted)
        return zonefile_word_error(scope, word, "zonefile-number",
                                   "is in quotes, a number is not; remove them");
    if (!digits || at < word->length || number > limit) {
        diag_error(scope->diag, zonefile_lex_place(scope->lex, word), "zonefile-number",
                   "'%.*s' is not a whole number from 0 to %lu", ZONEFILE_WORD(word),
                   (unsigned long)limit);
        return STATUS_INVALID;
    }
    *out = (uint32_t)number;
    return STATUS_OK;
}

bool zonefile_word_is_period(const struct zonefile_word *word)
{
    return !word->quoted && word->length > 0 && word->text[0] >= '0' && word->text[0] <= '9';
}

static uint32_t unit_seconds(char unit)
{
    switch (unit | 0x20) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    case 'w':
        return 604800;
    default:
        return 0;
    }
}

/* Seconds of the whole word. False when it is no such text. */
static bool read_period(const struct zonefile_word *word, uint64_t *out)
{
    uint64_t seconds = 0;
    size_t at = 0;

    do {
        uint64_t number;
        if (!take_digits(word, &at, &number))
            return false;
        uint32_t unit = 1;
        if (at < word->length) {
            unit = unit_seconds(word->text[at++]);
        } else if (seconds > 0) {
            return false; /* 1h30: of what */
        }
        if (unit == 0)
            return false;
        seconds += number * unit;
        if (seconds > UINT32_MAX)
            return false;
    } while (at < word->length);
    *out = seconds;
    return true;
}

enum status zonefile_word_period(const struct zonefile_scope *scope,
                                 const struct zonefile_word *word, uint32_t limit, uint32_t *out)
{
    uint64_t seconds = 0;

    if (word->quoted || !read_period(word, &seconds) || seconds > limit) {
        diag_error(scope->diag, zonefile_lex_place(scope->lex, word), "zonefile-ttl",
                   "'%.*s' is not a time from 0 to %lu seconds", ZONEFILE_WORD(word),
                   (unsigned long)limit);
        return STATUS_INVALID;
    }
    *out = (uint32_t)seconds;
    return STATUS_OK;
}

/* Resolves the escape whose backslash stands before `*at`. False when it is none. */
static bool take_escape(const struct zonefile_word *word, size_t *at, uint8_t *octet)
{
    unsigned value = 0;

    if (*at >= word->length)
        return false;
    *octet = (uint8_t)word->text[*at];
    if (*octet < '0' || *octet > '9') {
        (*at)++;
        return true;
    }
    for (int digit = 0; digit < 3; digit++, (*at)++) {
        if (*at >= word->length || word->text[*at] < '0' || word->text[*at] > '9')
            return false;
        value = value * 10 + (unsigned)(word->text[*at] - '0');
    }
    *octet = (uint8_t)value;
    return value <= UINT8_MAX;
}

enum status zonefile_word_text(const struct zonefile_scope *scope, const struct zonefile_word *word,
                               size_t limit, struct writer *w)
{
    size_t octets = 0;

    for (size_t at = 0; at < word->length; octets++) {
        uint8_t octet = (uint8_t)word->text[at++];
        if (octet == '"' && !word->quoted)
            return zonefile_word_error(
                scope, word, "zonefile-quote",
                "has a quote within; put the whole text in quotes, and write "
                "a quote that is part of it as \\\"");
        if (octet == '\\' && !take_escape(word, &at, &octet))
            return zonefile_word_error(scope, word, "zonefile-escape",
                                       "has an escape that is not \\ and three digits up to 255");
        writer_u8(w, octet);
    }
    if (octets > limit) {
        diag_error(scope->diag, zonefile_lex_place(scope->lex, word), "zonefile-text",
                   "'%.*s' ... has %zu octets; at most %zu fit one string, split it",
                   ZONEFILE_WORD(word), octets, limit);
        return STATUS_INVALID;
    }
    return STATUS_OK;
}
