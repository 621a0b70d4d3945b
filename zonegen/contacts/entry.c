#include "contacts/entry.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum role role;
} roles[ROLE_COUNT] = {
    {"security", ROLE_SECURITY},     {"dns", ROLE_DNS},     {"registration", ROLE_REGISTRATION},
    {"management", ROLE_MANAGEMENT}, {"csirt", ROLE_CSIRT},
};

const char *role_name(unsigned role)
{
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if (roles[i].role == role)
            return roles[i].name;
    }
    return NULL;
}

unsigned role_from_name(const char *name)
{
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if (roles[i].name[0] == name[0] && strcmp(roles[i].name, name) == 0)
            return roles[i].role;
    }
    return 0;
}

bool contact_is_published(const struct contact *contact)
{
    return contact->visibility != VISIBILITY_INTERNAL;
}

bool mailbox_is_under(const char *email, const char *a_label)
{
    const char *at = email != NULL ? strrchr(email, '@') : NULL;
    if (at == NULL)
        return false;
    const char *dot = strrchr(at, '.');
    return strcasecmp(dot != NULL ? dot + 1 : at + 1, a_label) == 0;
}
