/*
 * What purge makes sure is gone: a mail address, a phone number, a name or any other text, or a
 * contact as LABEL/ID; and whether something holds it, in whatever form records and contacts files
 * write such things.
 */
#ifndef COMMAND_WANTED_H
#define COMMAND_WANTED_H

#include "wire/status.h"
#include "zone/node.h"

#include <stdbool.h>
#include <stddef.h>

#define WANTED_LEAST_OCTETS 4   /* shorter text is in everything */
#define WANTED_LEAST_DIGITS 6   /* of a phone number */
#define WANTED_MOST_OCTETS  255 /* of a string in a TXT record */

enum wanted_kind {
    WANTED_TEXT,    /* letter case of ASCII aside, and how long its blanks are; also an address */
    WANTED_PHONE,   /* its digits, however they are grouped */
    WANTED_CONTACT, /* xa/security */
};

struct wanted {
    enum wanted_kind kind;
    const char *text; /* as given */
    char digits[WANTED_MOST_OCTETS + 1];
    size_t digit_count;
    const char *id; /* of WANTED_CONTACT: behind the slash */
    size_t label_length;
};

/* Takes an operand apart; it must stay. STATUS_OK, or STATUS_INVALID: too short or too long. */
MUST_CHECK enum status wanted_parse(const char *text, struct wanted *out);

/* True when octets hold a text or phone number; `*at` is where. */
bool wanted_in_text(const struct wanted *wanted, const char *octets, size_t length, size_t *at);

/* True when a contact of that label and id is what is wanted. */
bool wanted_is_contact(const struct wanted *wanted, const char *label, const char *id);

/*
 * True when records of a node hold it.
 *
 *   apex      of the zone
 *   scratch   for texts that are put together; the caller resets it
 */
bool wanted_in_node(const struct wanted *wanted, const struct name *apex, const struct node *node,
                    struct arena *scratch);

#endif
