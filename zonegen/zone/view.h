/*
 * One label of one entry, as the audience of one zone sees it: what the card and the records below
 * the label are made from. Knows nothing of records.
 */
#ifndef ZONE_VIEW_H
#define ZONE_VIEW_H

#include "contacts/contacts.h"
#include "wire/name.h"
#include "wire/status.h"
#include "wire/writer.h"
#include "zone/build.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `order` is one digit and unique within an entry. */
#define VIEW_MAX_CONTACTS ENTRY_MAX_ORDER

struct view {
    const struct build_rules *rules;
    const struct entry *entry;
    const struct entry_label *label;
    enum freshness freshness;
    char verified[16]; /* YYYY-MM-DD */
    char expires[16];  /* the last day before EXPIRED */
    struct name owner; /* label.ZONE */
    size_t contact_count;
    const struct contact *contacts[VIEW_MAX_CONTACTS]; /* in escalation order */
};

/*
 * How many contacts of an entry the audience sees: all public ones, and those for members in a
 * zone for members. 0: the entry has no names in the zone. May exceed VIEW_MAX_CONTACTS.
 */
size_t view_count(const struct entry *entry, enum audience audience);

/*
 * STATUS_OK, or STATUS_NO_SPACE when the label cannot stand before the zone's name, with room for
 * the longest `_id` or `_role` below it (RFC 1035 §2.3.4). Contacts beyond VIEW_MAX_CONTACTS are
 * left out: the reader of contacts files refuses them.
 */
MUST_CHECK enum status view_make(const struct build_rules *rules, const struct entry *entry,
                                 size_t label, struct view *out);

/* The name `_WORD` below the label, WORD an id or a role. STATUS_OK, or STATUS_NO_SPACE when it is
 * longer than the id of a contact may be. */
MUST_CHECK enum status view_below(const struct view *view, const char *word, struct name *out);

/* True when `contact` has the id `word`, or the role that it names. */
bool view_matches(const struct contact *contact, const char *word);

/*
 * True when the contact's mailbox lies under none of the entry's labels, or there is no mailbox:
 * it can be reached while the TLD is down.
 */
bool view_is_out_of_band(const struct entry *entry, const struct contact *contact);

/* "security,dns": the names of roles in their fixed order. Fails the writer where it is full. */
void view_roles(unsigned roles, struct writer *w);

/*
 * The telephone numbers, in the order of the file, joined by commas.
 *
 *   prefix   what stands before a text-only number ("sms:"), or NULL to leave those out
 *   voice    whether the others are listed
 */
void view_phones(const struct contact *contact, bool voice, const char *prefix, struct writer *w);

#endif
