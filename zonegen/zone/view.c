#include "zone/view.h"

#include "zone/txt.h"

#include <string.h>
#include <strings.h>

/* "_" and an id of up to 15 characters, or the longest role, with their length octet. */
#define BELOW_LABEL_OCTETS 17

static bool sees(enum audience audience, const struct contact *contact)
{
    return contact->visibility == VISIBILITY_PUBLIC ||
           (contact->visibility == VISIBILITY_MEMBERS && audience == AUDIENCE_MEMBERS);
}

size_t view_count(const struct entry *entry, enum audience audience)
{
    size_t count = 0;
    for (size_t i = 0; i < entry->contact_count; i++)
        count += sees(audience, &entry->contacts[i]);
    return count;
}

enum status view_make(const struct build_rules *rules, const struct entry *entry, size_t label,
                      struct view *out)
{
    out->rules = rules;
    out->entry = entry;
    out->label = &entry->labels[label];
    out->freshness = entry_freshness(entry->verified_days, rules->today, &rules->freshness);
    out->contact_count = 0;
    for (size_t i = 0; i < entry->contact_count; i++)
        if (sees(rules->zone->audience, &entry->contacts[i]) &&
            out->contact_count < VIEW_MAX_CONTACTS)
            out->contacts[out->contact_count++] = &entry->contacts[i];

    const char *text = out->label->a_label;
    enum status status = name_prepend(&out->owner, (const uint8_t *)text, strlen(text),
                                      rules->zone->domain.octets);
    if (status == STATUS_OK && out->owner.length + BELOW_LABEL_OCTETS > NAME_MAX_OCTETS)
        return STATUS_NO_SPACE;
    return status;
}

bool view_matches(const struct contact *contact, const char *word)
{
    return strcasecmp(contact->id, word) == 0 || (contact->roles & role_from_name(word)) != 0;
}

bool view_is_out_of_band(const struct entry *entry, const struct contact *contact)
{
    const char *domain = contact->email == NULL ? NULL : strrchr(contact->email, '@');
    if (domain == NULL)
        return true;
    domain++;

    size_t length = strlen(domain);
    if (length > 0 && domain[length - 1] == '.')
        length--;
    const char *dot = memrchr(domain, '.', length);
    const char *tld = dot == NULL ? domain : dot + 1;
    length -= (size_t)(tld - domain);

    for (size_t i = 0; i < entry->label_count; i++) {
        const struct entry_label *label = &entry->labels[i];
        const char *forms[] = {label->a_label, label->u_label, label->upper};
        for (size_t k = 0; k < sizeof forms / sizeof *forms; k++)
            if (forms[k] != NULL && strlen(forms[k]) == length &&
                strncasecmp(forms[k], tld, length) == 0)
                return false;
    }
    return true;
}

void view_roles(unsigned roles, struct writer *w)
{
    const char *separator = "";
    for (unsigned bit = 0; bit < ROLE_COUNT; bit++) {
        if ((roles & 1u << bit) == 0)
            continue;
        txt_append(w, separator);
        txt_append(w, role_name(1u << bit));
        separator = ",";
    }
}

void view_phones(const struct contact *contact, bool voice, const char *prefix, struct writer *w)
{
    const char *separator = "";
    for (size_t i = 0; i < contact->phone_count; i++) {
        const struct phone *phone = &contact->phones[i];
        if (phone->text_only ? prefix == NULL : !voice)
            continue;
        txt_append(w, separator);
        if (phone->text_only)
            txt_append(w, prefix);
        txt_append(w, phone->number);
        separator = ",";
    }
}
