#include "contacts/language.h"

#include "contacts/entry.h"
#include "contacts/form.h"
#include "contacts/tables.h"
#include "contacts/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_MAX_OCTETS    35 /* what RFC 5646 §4.4.1 asks implementations to hold */
#define SUBTAG_MAX_OCTETS 8

struct tag {
    char text[TAG_MAX_OCTETS + 1];
};

static int compare_line(const void *wanted, const void *line)
{
    const char *text = *(const char *const *)line;
    size_t length = strcspn(text, "\t");
    int order = strncmp(wanted, text, length);
    return order != 0 ? order : (int)(unsigned char)((const char *)wanted)[length];
}

/* The line of a subtag or of a known mistake, or NULL. */
static const char *find_line(const char *word)
{
    const char *const *line = bsearch(word, tables_languages, tables_languages_count,
                                      sizeof tables_languages[0], compare_line);
    return line != NULL ? *line : NULL;
}

/* What to write instead of a known mistake, or NULL. */
static const char *find_remedy(const char *word)
{
    const char *line = find_line(word);
    const char *tab = line != NULL ? strchr(line, '\t') : NULL;
    return tab != NULL ? tab + 1 : NULL;
}

static bool is_subtag(const char *word)
{
    const char *line = find_line(word);
    return line != NULL && strchr(line, '\t') == NULL;
}

/* Where in a tag the reading is: each kind of subtag may follow only those before it. */
enum stage { STAGE_LANGUAGE, STAGE_SCRIPT, STAGE_REGION, STAGE_VARIANT, STAGE_WRONG };

static enum stage kind_of(const char *subtag, size_t length, bool first)
{
    bool digit = isdigit((unsigned char)subtag[0]);
    if (first)
        return length == 2 || length == 3 ? STAGE_LANGUAGE : STAGE_WRONG;
    if (length == 4 && !digit)
        return STAGE_SCRIPT;
    if ((length == 2 && !digit) || (length == 3 && digit))
        return STAGE_REGION;
    return length >= 5 || (length == 4 && digit) ? STAGE_VARIANT : STAGE_WRONG;
}

static void set_case(char *subtag, enum stage kind)
{
    for (size_t i = 0; subtag[i] != '\0'; i++) {
        bool upper = kind == STAGE_REGION || (kind == STAGE_SCRIPT && i == 0);
        int c = (unsigned char)subtag[i];
        subtag[i] = (char)(upper ? toupper(c) : tolower(c));
    }
}

/* Appends the subtags of `text` to the tag in the right letter case; false if it is not one. */
static bool normalise(const char *text, struct tag *out)
{
    enum stage stage = STAGE_LANGUAGE;
    size_t written = 0;

    if (strlen(text) > TAG_MAX_OCTETS)
        return false;
    for (bool first = true;; first = false) {
        size_t length = strcspn(text, "-");
        char *subtag = out->text + written;
        enum stage kind = kind_of(text, length, first);
        if (length == 0 || length > SUBTAG_MAX_OCTETS || kind == STAGE_WRONG || kind < stage)
            return false;
        for (size_t i = 0; i < length; i++) {
            if (!isalnum((unsigned char)text[i]))
                return false;
            subtag[i] = text[i];
        }
        subtag[length] = '\0';
        set_case(subtag, kind);
        if (kind != STAGE_VARIANT && !is_subtag(subtag))
            return false;
        stage = kind == STAGE_VARIANT ? STAGE_VARIANT : kind + 1;
        written += length;
        if (text[length] == '\0')
            return true;
        out->text[written++] = '-';
        text += length + 1;
    }
}

/* A right tag that was likely meant: "en_GB", "eng", "English", "jp", "zh-yue"; false if none. */
static bool guess(const char *text, struct tag *out)
{
    char word[TAG_MAX_OCTETS + 1] = "";
    size_t length = strlen(text);

    if (length > TAG_MAX_OCTETS)
        return false;
    for (size_t i = 0; i <= length; i++)
        word[i] = (char)(text[i] == '_' ? '-' : tolower((unsigned char)text[i]));
    if (normalise(word, out))
        return true;
    const char *remedy = find_remedy(word);
    if (remedy != NULL)
        return normalise(remedy, out);
    const char *hyphen = strrchr(word, '-');
    return hyphen != NULL && strlen(hyphen) == 4 && normalise(hyphen + 1, out);
}

static bool read_tag(struct reading *reading, const struct yaml_node *node, struct tag *out)
{
    if (normalise(node->text, out))
        return true;
    if (guess(node->text, out))
        reading_error(reading, node->place, "language",
                      "language '%s' is not a known BCP 47 tag; did you mean '%s'",
                      text_quote(node->text).text, out->text);
    else
        reading_error(reading, node->place, "language",
                      "language '%s' is not a known BCP 47 tag; write one such as en or pt-BR",
                      text_quote(node->text).text);
    return false;
}

static bool check_new(struct reading *reading, const struct yaml_node *node, const struct tag *tags,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tags[i].text, tags[count].text) == 0) {
            reading_error(reading, node->place, "duplicate-language",
                          "language '%s' stands in the list twice; remove one", tags[i].text);
            return false;
        }
    }
    return true;
}

static void refuse_many(struct reading *reading, const struct yaml_node *node, size_t count)
{
    reading_error(reading, node->place, "language-many",
                  "%zu languages; at most %d of %d octets in all fit, the best first", count,
                  ENTRY_MAX_LANGUAGES, ENTRY_MAX_LANGUAGES_OCTETS);
}

const char *language_read(struct reading *reading, const struct yaml_node *node)
{
    struct tag tags[ENTRY_MAX_LANGUAGES];
    char joined[ENTRY_MAX_LANGUAGES * (TAG_MAX_OCTETS + 1)] = "";
    size_t length = 0;
    size_t good = 0;
    size_t count = form_text_count(node);

    if (count > ENTRY_MAX_LANGUAGES) {
        refuse_many(reading, node, count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *item = form_text(node, i);
        if (!read_tag(reading, item, &tags[good]) || !check_new(reading, item, tags, good))
            continue;
        length += (size_t)snprintf(joined + length, sizeof joined - length, "%s%s",
                                   good > 0 ? "," : "", tags[good].text);
        good++;
    }
    if (length > ENTRY_MAX_LANGUAGES_OCTETS)
        refuse_many(reading, node, count);
    return count > 0 && good == count ? arena_copy(reading->arena, joined, length) : NULL;
}
