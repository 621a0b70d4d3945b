/*
 * What the records of a label cannot exceed, reckoned from the lengths of what goes into them:
 * nearly all entries lie so far below every limit that nobody has to make their records to know.
 * Each bound stands for what build_contact.c writes; where in doubt it is larger.
 */
#include "zone/build_parts.h"

#include "wire/constants.h"
#include "zone/card.h"

#include <string.h>

/* Octets of a value that fits its pair, and its pair a string, in any case. */
#define VALUE_MOST 200

/* Octets of RDATA of one contact, fixed parts of records included. */
struct bound {
    size_t txt, rp, cert, uri;
};

/* Of a contact's TXT beside what may be missing: `v`, `order`, `role`, `oob`, both dates, the
 * status, and the lengths of strings, of which 512 octets never have more than six. */
#define TXT_FIXED 110

/* Adds a pair, where there is one. False where it may be too long. */
static bool add_pair(const char *key, const char *value, size_t *octets)
{
    if (value == NULL)
        return true;
    size_t length = strlen(value);
    *octets += strlen(key) + sizeof "=; " + length;
    return length <= VALUE_MOST;
}

/* True for a mailbox that is a domain name in any case: short, of labels of letters, digits and
 * hyphens. */
static bool is_plain_mailbox(const char *email)
{
    const char *at = strrchr(email, '@');

    if (at == NULL || at == email || strlen(email) > NAME_MAX_LABEL)
        return false;
    for (const char *c = at + 1; *c != '\0'; c++) {
        bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-';
        if (!is_plain && (*c != '.' || c[-1] == '.' || c[-1] == '@' || c[1] == '\0'))
            return false;
    }
    return at[1] != '\0';
}

static size_t role_octets(unsigned roles)
{
    size_t octets = 0;
    for (unsigned bit = 0; bit < ROLE_COUNT; bit++)
        if ((roles & 1u << bit) != 0)
            octets += strlen(role_name(1u << bit)) + 1;
    return octets;
}

static bool bound_txt(const struct view *view, const struct contact *contact, size_t *octets)
{
    size_t phones = 0;

    *octets += CARD_RECORD_OCTETS + TXT_FIXED + role_octets(contact->roles);
    for (size_t i = 0; i < contact->phone_count; i++)
        phones += strlen(contact->phones[i].number) + 1;
    *octets += phones + (phones > 0 ? sizeof "tel=; sms=; " : 0);
    return phones <= VALUE_MOST && add_pair("tld", view->label->a_label, octets) &&
           add_pair("id", contact->id, octets) && add_pair("hours", contact->hours, octets) &&
           add_pair("mail", contact->email, octets) && add_pair("tz", contact->timezone, octets) &&
           add_pair("lang", contact->languages, octets) &&
           add_pair("name", contact->name, octets) &&
           add_pair("name-l10n", contact->name_l10n, octets) &&
           add_pair("wait", contact->wait, octets) && add_pair("note", contact->note, octets) &&
           add_pair("pgp", contact->pgp, octets) &&
           add_pair("by", view->entry->verified_by, octets);
}

/* False where something about the contact must be looked at. */
static bool bound_contact(const struct view *view, const struct contact *contact, struct bound *out)
{
    size_t email = contact->email != NULL ? strlen(contact->email) : 0;

    *out = (struct bound){.txt = 0};
    if (strlen(contact->id) > ENTRY_MAX_ID_OCTETS || !bound_txt(view, contact, &out->txt) ||
        (contact->email != NULL && !is_plain_mailbox(contact->email)))
        return false;
    out->rp = CARD_RECORD_OCTETS + email + 2 + view->owner.length + strlen(contact->id) + 2;
    if (contact->pgp != NULL)
        out->cert = CARD_RECORD_OCTETS + 6 + strlen(contact->pgp);
    /* Priority, weight and scheme; a mailbox's octets may be three each. */
    for (size_t i = 0; i < contact->phone_count; i++)
        out->uri += CARD_RECORD_OCTETS + 4 + 4 + strlen(contact->phones[i].number);
    if (email > 0)
        out->uri += CARD_RECORD_OCTETS + 4 + 7 + 3 * email;
    return true;
}

/* True when the answers at `_WORD` fit. */
static bool word_is_small(const struct view *view, const struct bound *bounds, const char *word)
{
    size_t fixed = DNS_HEADER_OCTETS + view->owner.length + 2u + strlen(word) + 4u;
    struct bound sum = {.txt = 0};

    for (size_t i = 0; i < view->contact_count; i++) {
        if (!view_matches(view->contacts[i], word))
            continue;
        sum.txt += bounds[i].txt;
        sum.rp += bounds[i].rp;
        sum.cert += bounds[i].cert;
        sum.uri += bounds[i].uri;
    }
    size_t most = sum.txt > sum.uri ? sum.txt : sum.uri;
    most = sum.rp > most ? sum.rp : most;
    most = sum.cert > most ? sum.cert : most;
    return fixed + most <= DNS_UDP_OCTETS;
}

bool bound_is_small(const struct view *view)
{
    struct bound bounds[VIEW_MAX_CONTACTS];
    size_t rp = 0;

    for (size_t i = 0; i < view->contact_count; i++) {
        if (!bound_contact(view, view->contacts[i], &bounds[i]))
            return false;
        rp += bounds[i].rp;
    }
    if (card_fixed_octets(view) + rp > DNS_UDP_OCTETS)
        return false;
    for (size_t i = 0; i < view->contact_count; i++)
        if (!word_is_small(view, bounds, view->contacts[i]->id))
            return false;
    for (unsigned bit = 0; bit < ROLE_COUNT; bit++)
        if (!word_is_small(view, bounds, role_name(1u << bit)))
            return false;
    return true;
}
