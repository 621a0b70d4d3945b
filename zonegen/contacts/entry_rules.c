#include "contacts/entry_rules.h"

#include "contacts/form.h"
#include "contacts/hours.h"

#include <string.h>

static void check_ids(struct reading *reading, const struct yaml_node *list,
                      const struct entry *entry)
{
    for (size_t i = 1; i < entry->contact_count; i++) {
        const struct contact *contact = &entry->contacts[i];
        for (size_t j = 0; j < i && contact->id != NULL; j++) {
            const struct contact *other = &entry->contacts[j];
            if (other->id == NULL || strcmp(contact->id, other->id) != 0)
                continue;
            bool given = yaml_get(list->items[i], "id") != NULL;
            reading_error(reading, form_place(list->items[i], given ? "id" : "role"),
                          "duplicate-id",
                          "id '%s'%s belongs to the contact in line %u; give this one another id",
                          contact->id, given ? "" : " (the first role)", other->place.line);
            break;
        }
    }
}

static bool states_order(const struct yaml_node *item)
{
    return yaml_get(item, "order") != NULL;
}

/* The default is the position in the list. An internal contact may stand anywhere: the number is
 * for the card, where it never appears. */
static void set_default_order(struct reading *reading, const struct yaml_node *item,
                              size_t position, struct contact *contact)
{
    if (states_order(item))
        return;
    contact->order = position < ENTRY_MAX_ORDER ? (unsigned)position : ENTRY_MAX_ORDER;
    if (position > ENTRY_MAX_ORDER && contact_is_published(contact))
        reading_error(reading, contact->place, "order",
                      "the contact is number %zu of the list; give it an order from 1 to %d",
                      position, ENTRY_MAX_ORDER);
}

/* Orders that only internal contacts have by default cannot collide. */
static bool counts(const struct yaml_node *item, const struct contact *contact)
{
    return contact->order != 0 && (states_order(item) || contact_is_published(contact));
}

static void check_orders(struct reading *reading, const struct yaml_node *list,
                         const struct entry *entry)
{
    for (size_t i = 1; i < entry->contact_count; i++) {
        const struct contact *contact = &entry->contacts[i];
        for (size_t j = 0; j < i && counts(list->items[i], contact); j++) {
            const struct contact *other = &entry->contacts[j];
            if (contact->order != other->order || !counts(list->items[j], other))
                continue;
            bool given = states_order(list->items[i]);
            reading_error(reading, form_place(list->items[i], "order"), "duplicate-order",
                          "order %u%s belongs to the contact in line %u; give this one another "
                          "order",
                          contact->order, given ? "" : " (the position in the list)",
                          other->place.line);
            break;
        }
    }
}

void entry_check_contacts(struct reading *reading, const struct yaml_node *list,
                          struct entry *entry)
{
    size_t published = 0;

    check_ids(reading, list, entry);
    for (size_t i = 0; i < entry->contact_count; i++) {
        published += contact_is_published(&entry->contacts[i]) ? 1 : 0;
        if (published == ENTRY_MAX_PUBLISHED + 1 && contact_is_published(&entry->contacts[i])) {
            reading_error(reading, entry->contacts[i].place, "contacts-many",
                          "more than %d published contacts; remove some, or make them internal",
                          ENTRY_MAX_PUBLISHED);
            return; /* their orders cannot be right either */
        }
    }
    for (size_t i = 0; i < entry->contact_count; i++)
        set_default_order(reading, list->items[i], i + 1, &entry->contacts[i]);
    check_orders(reading, list, entry);
}

/* True when the contact's mailbox breaks together with one of the TLDs that it answers for. */
static bool is_inside(const struct entry *entry, const struct contact *contact)
{
    for (size_t i = 0; i < entry->label_count; i++) {
        if (mailbox_is_under(contact->email, entry->labels[i].a_label))
            return true;
    }
    return false;
}

static void warn_of_self_dependency(struct reading *reading, const struct yaml_node *list,
                                    const struct entry *entry)
{
    const struct contact *first = NULL;
    size_t first_index = 0;

    for (size_t i = entry->contact_count; i-- > 0;) {
        const struct contact *contact = &entry->contacts[i];
        if (!contact_is_published(contact) || !hours_are_always(contact->hours))
            continue;
        if (!is_inside(entry, contact))
            return;
        first = contact;
        first_index = i;
    }
    if (first == NULL)
        return;
    const char *dot = strrchr(first->email, '.');
    reading_warning(reading, form_place(list->items[first_index], "email"), "self-dependency",
                    "every 24x7 contact is inside %s itself; add one outside",
                    dot != NULL ? dot : first->email);
}

void entry_warn(struct reading *reading, const struct yaml_node *list, const struct entry *entry)
{
    bool has_published = false;
    bool has_24x7 = false;

    for (size_t i = 0; i < entry->contact_count; i++) {
        const struct contact *contact = &entry->contacts[i];
        bool published = contact_is_published(contact);
        has_published = has_published || published;
        has_24x7 = has_24x7 || (published && (contact->roles & ROLE_SECURITY) != 0 &&
                                hours_are_always(contact->hours));
    }
    if (!has_published) {
        reading_warning(reading, list->place, "internal-only",
                        "every contact is internal; make one public or members, or nobody finds "
                        "any");
        return;
    }
    if (!has_24x7)
        reading_warning(reading, list->place, "no-24x7",
                        "no security contact answers 24x7; add one, or agree on hours: 24x7");
    warn_of_self_dependency(reading, list, entry);
}
