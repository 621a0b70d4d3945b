/*
 * A changed name in words: what people want to know of a publish before it happens. Told of each
 * owner name that differs, before and after, it finds entries, contacts and what of them changed
 * from the records alone (cards, and the `key=value; ` of `_id` TXT), so that it needs no contacts
 * file and works on what was restored from elsewhere too. In a catalog it finds the zones that it
 * lists.
 *
 * Aliases, wildcards, unions of roles and the lists below the apex follow from the entries and get
 * no words of their own.
 */
#ifndef COMMAND_WORDING_H
#define COMMAND_WORDING_H

#include "conf/arena.h"
#include "zone/node.h"

#include <stdbool.h>

/* Lines about an entry as a whole: registry, verified, freshness, verified by, expires. */
#define WORDING_MAX_SAID 8

struct wording {
    const struct name *apex;
    struct arena *scratch; /* reset at each name */
    /* Gets each line, without an end of line; valid during the call. */
    void (*line)(void *state, const char *text);
    void *state;

    /* The entry that the names at hand belong to. */
    struct name entry;
    bool whole;         /* it came or went as a whole: its contacts need no words */
    struct arena *kept; /* what `said` points to; reset at each entry */
    const char *said[WORDING_MAX_SAID];
    size_t said_count;
};

/* STATUS_OK, or STATUS_SYSTEM when memory is out. wording_close() is fine after both. */
MUST_CHECK enum status wording_open(struct wording *wording, const struct name *apex,
                                    void (*line)(void *state, const char *text), void *state);
void wording_close(struct wording *wording);

/*
 * Puts one name into words; call it in canonical order.
 *
 *   before, after   the same owner; NULL where it was not, or will not be
 */
void wording_node(struct wording *wording, const struct node *before, const struct node *after);

/* True when a node is an entry's own name: one label below the apex, no underscore, with a card. */
bool wording_is_card(const struct name *apex, const struct node *node);

/* The first label of a name, as people write it: "xa". */
void wording_label(const struct name *owner, char text[NAME_TEXT_OCTETS]);

#endif
