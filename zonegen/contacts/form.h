/*
 * A mapping with known keys: finds the value of each, complains of unknown, misplaced, missing and
 * empty ones and of values of the wrong kind. Knows nothing of what the values mean.
 */
#ifndef CONTACTS_FORM_H
#define CONTACTS_FORM_H

#include "contacts/reading.h"

enum form_kind {
    FORM_TEXT,     /* one scalar */
    FORM_TEXTS,    /* one scalar, or a list of them */
    FORM_MAPPINGS, /* a list of mappings */
};

struct form_key {
    const char *name;
    enum form_kind kind;
    bool required;
};

struct form {
    const char *where; /* "the entry", for messages */
    size_t count;
    const struct form_key *keys;
    const struct form *other; /* where a misplaced key may belong, or NULL */
};

/*
 * Looks up the keys of `form` in a mapping.
 *
 *   values   form->count places; each gets its node, or NULL when it is absent or was refused:
 *            a FORM_TEXTS or FORM_MAPPINGS node that comes out has at least one item
 */
void form_read(struct reading *reading, const struct yaml_node *mapping, const struct form *form,
               const struct yaml_node **values);

/* How many scalars a FORM_TEXTS node holds, and the n-th of them. 0 for NULL. */
size_t form_text_count(const struct yaml_node *node);
const struct yaml_node *form_text(const struct yaml_node *node, size_t n);

/* Where the value of `key` stands, or the mapping itself when it is absent. */
struct place form_place(const struct yaml_node *mapping, const char *key);

#endif
