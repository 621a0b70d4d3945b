/* The keys of a contacts file, as forms. The readers of both levels index their values by these. */
#ifndef CONTACTS_KEYS_H
#define CONTACTS_KEYS_H

#include "contacts/form.h"

enum entry_key {
    ENTRY_TLD,
    ENTRY_ALSO,
    ENTRY_REGISTRY,
    ENTRY_REGISTRY_ASCII,
    ENTRY_TERRITORY,
    ENTRY_TERRITORY_ASCII,
    ENTRY_TIMEZONE,
    ENTRY_LANGUAGES,
    ENTRY_VERIFIED,
    ENTRY_VERIFIED_BY,
    ENTRY_AUTHORISED,
    ENTRY_CONTACTS,
    ENTRY_KEY_COUNT,
};

enum contact_key {
    CONTACT_ID,
    CONTACT_ROLE,
    CONTACT_ORDER,
    CONTACT_NAME,
    CONTACT_NAME_ASCII,
    CONTACT_PHONE,
    CONTACT_EMAIL,
    CONTACT_HOURS,
    CONTACT_WAIT,
    CONTACT_TIMEZONE,
    CONTACT_LANGUAGES,
    CONTACT_PGP,
    CONTACT_NOTE,
    CONTACT_VISIBILITY,
    CONTACT_COMMENT,
    CONTACT_KEY_COUNT,
};

extern const struct form keys_of_entry;
extern const struct form keys_of_contact;

#endif
