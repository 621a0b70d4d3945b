#include "conf/yaml_explain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX_CHARACTERS 1024 /* YAML 1.1 §7.4.2, and libyaml */

/* The problem is shown where it was noticed, or where the thing it is in began. */
enum where { AT_PROBLEM, AT_CONTEXT };

struct explanation {
    const char *problem; /* how libyaml's text begins */
    const char *rule;
    enum where where;
    const char *message;
};

static const struct explanation explanations[] = {
    {"block sequence entries are not allowed", "yaml-syntax", AT_PROBLEM,
     "'- ' cannot stand here; put each item of a list on a line of its own, or quote the value"},
    {"mapping keys are not allowed", "yaml-syntax", AT_PROBLEM,
     "'? ' cannot stand here; quote a value that begins with it"},
    {"did not find expected '-' indicator", "yaml-indent", AT_PROBLEM,
     "this line is not part of the list above; check its indentation"},
    {"did not find expected key", "yaml-indent", AT_PROBLEM,
     "this does not fit the items above; check the indentation, and that no text follows a "
     "closing quote or bracket"},
    {"did not find expected ',' or ']'", "yaml-syntax", AT_CONTEXT,
     "the list that begins here lacks a ',' or its ']'"},
    {"did not find expected ',' or '}'", "yaml-syntax", AT_CONTEXT,
     "the mapping that begins here lacks a ',' or its '}'"},
    {"found unexpected end of stream", "yaml-quote", AT_CONTEXT,
     "the quote that begins here never ends"},
    {"found unexpected document indicator", "yaml-quote", AT_CONTEXT,
     "the quote that begins here never ends"},
    {"found unexpected ':'", "yaml-syntax", AT_PROBLEM,
     "inside [ ] or { } a value cannot end in ':'; quote it"},
    {"found unknown escape character", "yaml-quote", AT_PROBLEM,
     "this escape is unknown; in single quotes '\\' stands for itself"},
    {"did not find expected hexdecimal number", "yaml-quote", AT_PROBLEM,
     "this escape lacks hexadecimal digits; in single quotes '\\' stands for itself"},
    {"found a tab character", "yaml-tab", AT_PROBLEM, "a tab indents this line; use spaces"},
    {"found unknown directive name", "yaml-directive", AT_CONTEXT,
     "directives are not used here; remove the line"},
    {"found incompatible YAML document", "yaml-directive", AT_PROBLEM,
     "directives are not used here; remove the line"},
    {"found undefined tag handle", "yaml-tag", AT_PROBLEM,
     "tags are not used here; quote a value that begins with '!'"},
    {"did not find expected alphabetic or numeric character", "yaml-anchor", AT_PROBLEM,
     "anchors and aliases are not used here; quote a value that begins with '&' or '*'"},
    {"did not find expected <document start>", "yaml-syntax", AT_PROBLEM,
     "text after the end of the document; a file is one mapping of 'item: value' lines"},
    {"did not find expected whitespace or line break", "yaml-tag", AT_PROBLEM,
     "tags are not used here; quote a value that begins with '!'"},
};

static struct place place_of(const struct source *source, size_t line, size_t column)
{
    return (struct place){source->file, (unsigned)line + 1, (unsigned)column + 1};
}

static size_t indentation(const struct source *source, size_t line_start)
{
    size_t octet = line_start;
    while (octet < source->length && source->octets[octet] == ' ')
        octet++;
    return octet - line_start;
}

/* "mapping values are not allowed": ': ' in a value, or in a line that libyaml took for the
 * continuation of the value above it. */
static void explain_colon(struct place place, const struct source *source, size_t octet,
                          struct diag *diag)
{
    size_t start = source_line_start(source, octet);
    size_t above = start > 0 ? source_line_start(source, start - 1) : 0;

    if (memmem(source->octets + start, octet - start, ": ", 2) != NULL) {
        diag_error(diag, place, "yaml-colon", "': ' inside a value; quote a value that holds ': '");
    } else if (octet - start > KEY_MAX_CHARACTERS) {
        diag_error(diag, place, "yaml-key", "more than %d characters stand before this ':'",
                   KEY_MAX_CHARACTERS);
    } else if (start > 0 && indentation(source, start) <= indentation(source, above)) {
        struct place line_above = {place.file, place.line - 1,
                                   (unsigned)indentation(source, above) + 1};
        diag_error(diag, line_above, "yaml-syntax",
                   "no ': ' on this line; write 'item: value', with a space after the ':'");
    } else {
        diag_error(diag, place, "yaml-indent",
                   "this line is indented too far to be an item of its own; align it with the "
                   "items that it belongs to");
    }
}

/* "could not find expected ':'": a line without one. `octet` is where the line's text begins. */
static void explain_no_colon(struct place place, const struct source *source, size_t octet,
                             struct diag *diag)
{
    size_t rest = source->length - octet;
    const char *text = source->octets + octet;
    const char *end = memchr(text, '\n', rest);
    if (memchr(text, ':', end != NULL ? (size_t)(end - text) : rest) != NULL)
        diag_error(diag, place, "yaml-syntax",
                   "no ': ' on this line; put a space after the ':' of 'item: value'");
    else
        diag_error(diag, place, "yaml-syntax", "no ': ' on this line; write 'item: value'");
}

/* "did not find expected node content". Most often ::1 in a list in brackets. */
static void explain_no_value(struct place place, const struct source *source, size_t octet,
                             struct diag *diag)
{
    if (octet < source->length && source->octets[octet] == ':')
        diag_error(diag, place, "yaml-syntax",
                   "inside [ ] or { } a value cannot begin with ':'; quote it");
    else
        diag_error(diag, place, "yaml-syntax",
                   "a value is missing here; quote one that begins with a special character");
}

/* "found character that cannot start any token". */
static void explain_character(struct place place, const struct source *source, size_t octet,
                              struct diag *diag)
{
    char found = octet < source->length ? source->octets[octet] : '?';
    if (found == '\t')
        diag_error(diag, place, "yaml-tab", "a tab indents this line; use spaces");
    else
        diag_error(diag, place, "yaml-syntax", "a value cannot begin with '%c'; quote it", found);
}

/* The four hexadecimal digits at `octet`, or 0. */
static unsigned hex_of(const struct source *source, size_t octet)
{
    char digits[5] = "";

    if (octet > source->length || source->length - octet < 4)
        return 0;
    memcpy(digits, source->octets + octet, 4);
    return strspn(digits, "0123456789abcdefABCDEF") == 4 ? (unsigned)strtoul(digits, NULL, 16) : 0;
}

/* "found invalid Unicode character", `octet` behind the \u. JSON writes a character beyond U+FFFF
 * as two escapes, its surrogates, which YAML has not. */
static void explain_escape(struct place place, const struct source *source, size_t octet,
                           struct diag *diag)
{
    unsigned high = hex_of(source, octet);
    unsigned low = hex_of(source, octet + 6);
    bool is_pair = high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000 &&
                   source->octets[octet + 4] == '\\' && source->octets[octet + 5] == 'u';

    if (is_pair)
        diag_error(diag, place, "yaml-quote",
                   "'\\u%04x\\u%04x' is one character in two halves; write the character itself, "
                   "or '\\U%08X'",
                   high, low, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    else
        diag_error(diag, place, "yaml-quote", "this escape names no character");
}

static bool begins(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

void yaml_explain(const struct yaml_problem *problem, struct source *source, struct diag *diag)
{
    struct place place = place_of(source, problem->line, problem->column);
    struct place context = place_of(source, problem->context_line, problem->context_column);
    size_t octet = source_octet(source, problem->character);

    if (begins(problem->text, "mapping values are not allowed")) {
        explain_colon(place, source, octet, diag);
        return;
    }
    if (begins(problem->text, "found character that cannot start any token")) {
        explain_character(place, source, octet, diag);
        return;
    }
    if (begins(problem->text, "did not find expected node content")) {
        explain_no_value(place, source, octet, diag);
        return;
    }
    if (begins(problem->text, "found invalid Unicode character")) {
        explain_escape(place, source, octet, diag);
        return;
    }
    if (begins(problem->text, "could not find expected ':'")) {
        /* noticed at the start of a later line: count back to the line of the context */
        for (size_t line = problem->line; line > problem->context_line && octet > 0; line--)
            octet = source_line_start(source, source_line_start(source, octet) - 1);
        explain_no_colon(context, source, octet, diag);
        return;
    }
    for (size_t i = 0; i < sizeof explanations / sizeof explanations[0]; i++) {
        const struct explanation *known = &explanations[i];
        if (!begins(problem->text, known->problem))
            continue;
        diag_error(diag, known->where == AT_CONTEXT ? context : place, known->rule, "%s",
                   known->message);
        return;
    }
    diag_error(diag, place, "yaml-syntax", "this is not YAML: %s", problem->text);
}
