#include "contacts/keys.h"

static const struct form_key entry_keys[ENTRY_KEY_COUNT] = {
    [ENTRY_TLD] = {"tld", FORM_TEXT, true},
    [ENTRY_ALSO] = {"also", FORM_TEXTS, false},
    [ENTRY_REGISTRY] = {"registry", FORM_TEXT, true},
    [ENTRY_REGISTRY_ASCII] = {"registry-ascii", FORM_TEXT, false},
    [ENTRY_TERRITORY] = {"territory", FORM_TEXT, false},
    [ENTRY_TERRITORY_ASCII] = {"territory-ascii", FORM_TEXT, false},
    [ENTRY_TIMEZONE] = {"timezone", FORM_TEXT, false},
    [ENTRY_LANGUAGES] = {"languages", FORM_TEXTS, false},
    [ENTRY_VERIFIED] = {"verified", FORM_TEXT, true},
    [ENTRY_VERIFIED_BY] = {"verified-by", FORM_TEXT, true},
    [ENTRY_AUTHORISED] = {"authorised", FORM_TEXT, false},
    [ENTRY_CONTACTS] = {"contacts", FORM_MAPPINGS, true},
};

static const struct form_key contact_keys[CONTACT_KEY_COUNT] = {
    [CONTACT_ID] = {"id", FORM_TEXT, false},
    [CONTACT_ROLE] = {"role", FORM_TEXTS, true},
    [CONTACT_ORDER] = {"order", FORM_TEXT, false},
    [CONTACT_NAME] = {"name", FORM_TEXT, true},
    [CONTACT_NAME_ASCII] = {"name-ascii", FORM_TEXT, false},
    [CONTACT_PHONE] = {"phone", FORM_TEXTS, false},
    [CONTACT_EMAIL] = {"email", FORM_TEXT, false},
    [CONTACT_HOURS] = {"hours", FORM_TEXT, true},
    [CONTACT_WAIT] = {"wait", FORM_TEXT, false},
    [CONTACT_TIMEZONE] = {"timezone", FORM_TEXT, false},
    [CONTACT_LANGUAGES] = {"languages", FORM_TEXTS, false},
    [CONTACT_PGP] = {"pgp", FORM_TEXT, false},
    [CONTACT_NOTE] = {"note", FORM_TEXT, false},
    [CONTACT_VISIBILITY] = {"visibility", FORM_TEXT, false},
    [CONTACT_COMMENT] = {"comment", FORM_TEXT, false},
};

const struct form keys_of_entry = {
    .where = "the entry",
    .count = ENTRY_KEY_COUNT,
    .keys = entry_keys,
    .other = &keys_of_contact,
};

const struct form keys_of_contact = {
    .where = "a contact",
    .count = CONTACT_KEY_COUNT,
    .keys = contact_keys,
    .other = &keys_of_entry,
};
