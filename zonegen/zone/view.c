#include "zone/view.h"

#include "conf/units.h"
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
    units_date_text(entry->verified_days, out->verified);
    units_date_text(entry->verified_days + (int32_t)rules->freshness.expired_days, out->expires);
    out->contact_count = 0;
    for (size_t i = 0; i < entry->contact_count; i++)
        if (sees(rules->zone->audience, &entry->contacts[i]) &&
            out->contact_count < VIEW_MAX_CONTACTS)
            out->contacts[out->contact_count++] = &entry->contacts[i];

    const char *text = out->label->a_label;
    enum status status =
        name_prepend(&out->owner, (const uint8_t *)text, strlen(text), rules->zone->domain.octets);
    if (status == STATUS_OK && out->owner.length + BELOW_LABEL_OCTETS > NAME_MAX_OCTETS)
        return STATUS_NO_SPACE;
    return status;
}

enum status view_below(const struct view *view, const char *word, struct name *out)
{
    char label[NAME_MAX_LABEL] = "_";
    size_t octets = strlen(word);
    if (octets > sizeof label - 1)
        return STATUS_NO_SPACE;
    memcpy(label + 1, word, octets);
    return name_prepend(out, (const uint8_t *)label, octets + 1, view->owner.octets);
}

bool view_matches(const struct contact *contact, const char *word)
{
    return (contact->roles & role_from_name(word)) != 0 || strcasecmp(contact->id, word) == 0;
}

bool view_is_out_of_band(const struct entry *entry, const struct contact *contact)
{
    for (size_t i = 0; i < entry->label_count; i++) {
        const struct entry_label *label = &entry->labels[i];
        if (mailbox_is_under(contact->email, label->a_label) ||
            (label->u_label != NULL && mailbox_is_under(contact->email, label->u_label)))
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
