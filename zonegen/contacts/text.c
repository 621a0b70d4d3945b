#include "contacts/text.h"

#include "conf/utf8.h"
#include "contacts/entry.h"

#include <stdio.h>
#include <string.h>

#define QUOTED_MAX_OCTETS 100

struct quoted text_quote(const char *text)
{
    struct quoted out;
    size_t length = strlen(text);

    if (length <= QUOTED_MAX_OCTETS) {
        memcpy(out.text, text, length + 1);
        return out;
    }
    length = QUOTED_MAX_OCTETS;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--; /* not in the middle of a character */
    memcpy(out.text, text, length);
    memcpy(out.text + length, "...", sizeof "...");
    return out;
}

struct hint text_hint(const char *best, const char *otherwise)
{
    struct hint out;

    if (best != NULL)
        snprintf(out.text, sizeof out.text, "; did you mean '%s'", best);
    else
        snprintf(out.text, sizeof out.text, "%s", otherwise);
    return out;
}

bool text_is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

/* The first character that is not UTF-8, or that `refused` refuses, which it never does printable
 * ASCII; 0 if there is none. */
static uint32_t find_character(const char *text, bool (*refused)(uint32_t))
{
    size_t left = strlen(text);

    while (left > 0) {
        uint32_t character = 0;
        if (*text >= ' ' && *text <= '~') {
            text++;
            left--;
            continue;
        }
        size_t octets = utf8_decode(text, left, &character);
        if (octets == 0 || refused(character))
            return octets == 0 ? 0xfffd : character;
        text += octets;
        left -= octets;
    }
    return 0;
}

/* A line break, or what reorders the text around it. Other control characters do not get here:
 * the YAML reader has refused them, with the same consequence for the file. */
static bool is_refused(uint32_t character)
{
    bool is_mark = character == 0x200e || character == 0x200f || /* left-to-right, right-to-left */
                   character == 0x061c;                          /* Arabic letter */
    return character == '\n' || utf8_is_bidi_control(character) || is_mark;
}

static bool is_not_ascii(uint32_t character)
{
    return character >= 0x80;
}

/* True for spaces and characters without a shape of their own (Unicode's default ignorables), some
 * of which scripts need between others: a ZWNJ in Persian, a zero width space in Khmer. */
static bool is_invisible(uint32_t character)
{
    static const uint32_t ranges[][2] = {
        {0x20, 0x20},     {0xa0, 0xa0},       {0xad, 0xad},       {0x34f, 0x34f},
        {0x115f, 0x1160}, {0x1680, 0x1680},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
        {0x2000, 0x200f}, {0x202f, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800},
        {0x3000, 0x3000}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xffa0, 0xffa0},
        {0xfff0, 0xfff8}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    }
    return false;
}

/* False for a text of UTF-8 that is not empty and shows nothing. */
static bool shows_something(const char *text)
{
    size_t left = strlen(text);
    uint32_t character = 0;

    while (left > 0) {
        size_t octets = utf8_decode(text, left, &character);
        if (octets == 0 || !is_invisible(character))
            return true;
        text += octets;
        left -= octets;
    }
    return false;
}

static bool check_characters(struct reading *reading, const struct yaml_node *node,
                             const struct text_rule *rule)
{
    const char *text = node->text;
    uint32_t found = find_character(text, is_refused);

    if (found == '\n') {
        reading_error(reading, node->place, "text-control",
                      "%s '%s' holds a line break; write it on one line", rule->key,
                      text_quote(text).text);
        return false;
    }
    if (found != 0) {
        reading_error(reading, node->place, "text-control",
                      "%s '%s' holds the control character U+%04X; remove it", rule->key,
                      text_quote(text).text, (unsigned)found);
        return false;
    }
    found = find_character(text, is_not_ascii);
    if (found != 0 && !shows_something(text)) {
        reading_error(
            reading, node->place, "value-empty",
            "%s shows nothing: it holds spaces and characters such as U+%04X alone; write "
            "a text, or remove the key",
            rule->key, (unsigned)found);
        return false;
    }
    if (found == 0 || rule->limit > 0)
        return true;
    char shown[UTF8_MAX_OCTETS + 1] = "";
    utf8_encode(found, shown);
    reading_error(reading, node->place, "text-ascii",
                  "%s '%s' is not ASCII: it has '%s' (U+%04X); write it in ASCII", rule->key,
                  text_quote(text).text, shown, (unsigned)found);
    return false;
}

static bool check_spaces(struct reading *reading, const struct yaml_node *node,
                         const struct text_rule *rule)
{
    const char *text = node->text;
    size_t length = strlen(text);

    if (length > 0 && (text[0] == ' ' || text[length - 1] == ' ')) {
        reading_error(reading, node->place, "text-spaces",
                      "%s '%s' has a space at its %s; remove it", rule->key, text_quote(text).text,
                      text[0] == ' ' ? "beginning" : "end");
        return false;
    }
    if (strstr(text, "  ") != NULL) {
        reading_error(reading, node->place, "text-spaces",
                      "%s '%s' has two spaces in a row; write one", rule->key,
                      text_quote(text).text);
        return false;
    }
    return true;
}

static bool check_length(struct reading *reading, const struct yaml_node *node,
                         const struct text_rule *rule)
{
    size_t length = strlen(node->text);
    bool ascii = text_is_ascii(node->text);
    size_t limit = ascii ? rule->ascii_limit : rule->limit;

    if (length <= limit)
        return true;
    reading_error(reading, node->place, "text-length", "%s '%s' is %zu %s long; at most %zu fit",
                  rule->key, text_quote(node->text).text, length,
                  ascii ? "characters" : "octets of UTF-8", limit);
    return false;
}

const char *text_check(struct reading *reading, const struct yaml_node *node,
                       const struct text_rule *rule)
{
    bool right = true;

    if (!check_characters(reading, node, rule))
        return NULL;
    if (rule->published && strchr(node->text, ';') != NULL) {
        reading_error(reading, node->place, "text-semicolon",
                      "%s '%s' holds ';', which ends a pair in DNS; write ',' or another text",
                      rule->key, text_quote(node->text).text);
        right = false;
    }
    right = check_spaces(reading, node, rule) && right;
    right = check_length(reading, node, rule) && right;
    return right ? node->text : NULL;
}

const char *text_read_ascii(struct reading *reading, const struct yaml_node *node, const char *key,
                            size_t limit)
{
    const struct text_rule rule = {key, limit, 0, true};
    const char *text = node != NULL ? text_check(reading, node, &rule) : NULL;
    return text != NULL ? arena_copy(reading->arena, text, strlen(text)) : NULL;
}

/* Complains when one form lacks the other, or makes it pointless. */
static void check_pair(struct reading *reading, const struct text_pair *pair,
                       const struct yaml_node *native, const struct yaml_node *ascii)
{
    bool is_native = native != NULL && !text_is_ascii(native->text);

    if (is_native && ascii == NULL)
        reading_error(reading, native->place, pair->ascii_key,
                      "%s '%s' is not ASCII; add %s, the same in ASCII", pair->key,
                      text_quote(native->text).text, pair->ascii_key);
    if (native != NULL && !is_native && ascii != NULL)
        reading_warning(reading, ascii->place, "ascii-unneeded",
                        "%s '%s' is ASCII already; remove %s", pair->key,
                        text_quote(native->text).text, pair->ascii_key);
    if (native == NULL && ascii != NULL)
        reading_error(reading, ascii->place, "key-alone", "%s stands without %s; add %s",
                      pair->ascii_key, pair->key, pair->key);
}

const char *text_read_pair(struct reading *reading, const struct text_pair *pair,
                           const struct yaml_node *native, const struct yaml_node *ascii,
                           const char **l10n)
{
    const struct text_rule rule = {pair->key, pair->ascii_limit, ENTRY_MAX_NATIVE_OCTETS, true};
    const char *text = native != NULL ? text_check(reading, native, &rule) : NULL;
    const char *form = text_read_ascii(reading, ascii, pair->ascii_key, pair->ascii_limit);

    check_pair(reading, pair, native, ascii);
    if (text == NULL)
        return form;
    const char *copy = arena_copy(reading->arena, text, strlen(text));
    if (text_is_ascii(text))
        return copy;
    if (l10n != NULL)
        *l10n = copy;
    return form;
}
