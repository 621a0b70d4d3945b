/*
 * Free text: names, notes, comments. What records cannot carry is refused here, and what readers
 * would not notice on a screen (DESIGN §3: ASCII carries the message, `;` ends a pair).
 */
#ifndef CONTACTS_TEXT_H
#define CONTACTS_TEXT_H

#include "contacts/reading.h"

/* A value as a message shows it: cut, with "...", where it would fill the screen. */
struct quoted {
    char text[128];
};
struct quoted text_quote(const char *text);

/* What a message ends in: "; did you mean 'best'", or `otherwise` ("; …" or "") without a best. */
struct hint {
    char text[256];
};
struct hint text_hint(const char *best, const char *otherwise);

bool text_is_ascii(const char *text);

struct text_rule {
    const char *key;
    size_t ascii_limit; /* octets, of text that is all ASCII */
    size_t limit;       /* octets, of other text; 0: ASCII is required */
    bool published;     /* `;` is refused */
};

/*
 * Checks a scalar: no control or reordering characters, no space at an end or after another, no
 * `;`, not too long, ASCII where that is required, something to see.
 * The node's text, or NULL with diagnostics. Not a copy.
 */
const char *text_check(struct reading *reading, const struct yaml_node *node,
                       const struct text_rule *rule);

/* A text that may be written in the native script, and then needs a form in ASCII beside it. */
struct text_pair {
    const char *key;       /* "name" */
    const char *ascii_key; /* "name-ascii", also the rule's id */
    size_t ascii_limit;    /* octets */
};

/*
 * Reads both forms into the arena: the ASCII form, or NULL after a mistake.
 *
 *   native   the scalar under `key`, or NULL when it is missing
 *   ascii    the scalar under `ascii_key`, or NULL
 *   l10n     the native form where it is not ASCII, else untouched; may be NULL if not wanted
 */
const char *text_read_pair(struct reading *reading, const struct text_pair *pair,
                           const struct yaml_node *native, const struct yaml_node *ascii,
                           const char **l10n);

/* An ASCII text, checked and copied into the arena; NULL for a NULL node or after a mistake. */
const char *text_read_ascii(struct reading *reading, const struct yaml_node *node, const char *key,
                            size_t limit);

#endif
