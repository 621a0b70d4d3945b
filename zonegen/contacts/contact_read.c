#include "contacts/contact_read.h"

#include "conf/units.h"
#include "contacts/choice.h"
#include "contacts/fingerprint.h"
#include "contacts/hours.h"
#include "contacts/keys.h"
#include "contacts/language.h"
#include "contacts/mail.h"
#include "contacts/phone.h"
#include "contacts/text.h"
#include "contacts/timezone.h"

#include <ctype.h>
#include <string.h>

static void read_roles(struct reading *reading, const struct yaml_node *node, struct contact *out)
{
    const char *names[ROLE_COUNT];

    for (unsigned i = 0; i < ROLE_COUNT; i++)
        names[i] = role_name(1u << i);
    for (size_t i = 0; i < form_text_count(node); i++) {
        const struct yaml_node *item = form_text(node, i);
        int index = choice_read(reading, item, "role", names, ROLE_COUNT);
        if (index < 0)
            continue;
        if (out->roles & 1u << index)
            reading_error(reading, item->place, "duplicate-role",
                          "role '%s' stands in the list twice; remove one", names[index]);
        if (out->id == NULL)
            out->id = names[index]; /* the default */
        out->roles |= 1u << index;
    }
}

static bool is_id(const char *text)
{
    size_t length = strlen(text);
    return length >= 1 && length <= ENTRY_MAX_ID_OCTETS &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* After the roles: an id that names a role promises `_ROLE`, which lists those that have it. */
static void read_id(struct reading *reading, const struct yaml_node *node, struct contact *out)
{
    if (node == NULL)
        return;
    out->id = NULL;
    if (!is_id(node->text)) {
        reading_error(reading, node->place, "id-syntax",
                      "id '%s' is not a label; write 1 to %d of a-z, 0-9 and '-'%s",
                      text_quote(node->text).text, ENTRY_MAX_ID_OCTETS,
                      node->text[0] == '_' ? ", the '_' is put before it" : "");
        return;
    }
    unsigned role = role_from_name(node->text);
    if (role != 0 && out->roles != 0 && (out->roles & role) == 0) {
        reading_error(
            reading, node->place, "id-role",
            "id '%s' names a role that this contact lacks; add the role, or write another "
            "id",
            node->text);
        return;
    }
    out->id = arena_copy(reading->arena, node->text, strlen(node->text));
}

static void read_order(struct reading *reading, const struct yaml_node *node, struct contact *out)
{
    uint64_t order = 0;

    if (node == NULL)
        return;
    if (units_number(node->text, ENTRY_MAX_ORDER, &order) == STATUS_OK && order >= 1)
        out->order = (unsigned)order;
    else
        reading_error(reading, node->place, "order",
                      "order '%s' is not a number from 1 to %d; write 1 for whom to call first",
                      text_quote(node->text).text, ENTRY_MAX_ORDER);
}

static void check_phone_is_new(struct reading *reading, const struct yaml_node *node,
                               const struct contact *contact)
{
    const char *number = contact->phones[contact->phone_count].number;

    for (size_t i = 0; i < contact->phone_count; i++) {
        const char *other = contact->phones[i].number;
        if (number != NULL && other != NULL && strcmp(number, other) == 0)
            reading_error(reading, node->place, "duplicate-phone",
                          "phone %s stands in the list twice; remove one", number);
    }
}

static void read_phones(struct reading *reading, const struct yaml_node *node, struct contact *out)
{
    size_t count = form_text_count(node);

    if (count > ENTRY_MAX_PHONES) {
        reading_error(reading, node->place, "phone-many",
                      "%zu phones; at most %d fit a contact, make another contact", count,
                      ENTRY_MAX_PHONES);
        return;
    }
    out->phones = count > 0 ? arena_alloc(reading->arena, count * sizeof *out->phones) : NULL;
    for (size_t i = 0; i < count && out->phones != NULL; i++) {
        const struct yaml_node *item = form_text(node, i);
        if (!phone_read(reading, item, &out->phones[out->phone_count]))
            continue;
        check_phone_is_new(reading, item, out);
        out->phone_count++;
    }
}

static void read_visibility(struct reading *reading, const struct yaml_node *node,
                            struct contact *out)
{
    static const char *const words[] = {
        [VISIBILITY_PUBLIC] = "public",
        [VISIBILITY_MEMBERS] = "members",
        [VISIBILITY_INTERNAL] = "internal",
    };
    int index = node != NULL ? choice_read(reading, node, "visibility", words, 3) : 0;
    out->visibility = index > 0 ? (enum visibility)index : VISIBILITY_PUBLIC;
}

static void read_times(struct reading *reading, const struct yaml_node *const *values,
                       const struct contact_defaults *defaults, struct contact *out)
{
    const struct yaml_node *hours = values[CONTACT_HOURS];
    const struct yaml_node *timezone = values[CONTACT_TIMEZONE];

    out->hours = hours != NULL ? hours_read(reading, hours) : NULL;
    out->wait =
        values[CONTACT_WAIT] != NULL ? hours_read_wait(reading, values[CONTACT_WAIT]) : NULL;
    out->timezone = timezone != NULL ? timezone_read(reading, timezone) : defaults->timezone;
    bool unknown = timezone == NULL && !defaults->timezone_given;
    if (hours != NULL && out->hours != NULL && !hours_are_always(out->hours) && unknown)
        reading_error(reading, hours->place, "hours-timezone",
                      "hours '%s' are of no known place; add timezone to the contact or the entry",
                      out->hours);
}

static void read_texts(struct reading *reading, const struct yaml_node *const *values,
                       struct contact *out)
{
    static const struct text_pair name = {"name", "name-ascii", ENTRY_MAX_NAME_OCTETS};
    static const struct text_rule comment = {"comment", ENTRY_MAX_COMMENT_OCTETS,
                                             ENTRY_MAX_COMMENT_OCTETS, false};

    out->name = text_read_pair(reading, &name, values[CONTACT_NAME], values[CONTACT_NAME_ASCII],
                               &out->name_l10n);
    out->note = text_read_ascii(reading, values[CONTACT_NOTE], "note", ENTRY_MAX_NOTE_OCTETS);
    if (values[CONTACT_COMMENT] != NULL)
        (void)text_check(reading, values[CONTACT_COMMENT], &comment);
}

void contact_read(struct reading *reading, const struct yaml_node *mapping,
                  const struct contact_defaults *defaults, struct contact *out)
{
    const struct yaml_node *values[CONTACT_KEY_COUNT];

    form_read(reading, mapping, &keys_of_contact, values);
    out->place = mapping->place;
    read_roles(reading, values[CONTACT_ROLE], out);
    read_id(reading, values[CONTACT_ID], out);
    read_order(reading, values[CONTACT_ORDER], out);
    read_texts(reading, values, out);
    read_phones(reading, values[CONTACT_PHONE], out);
    read_times(reading, values, defaults, out);
    read_visibility(reading, values[CONTACT_VISIBILITY], out);
    if (values[CONTACT_EMAIL] != NULL)
        out->email = mail_read(reading, values[CONTACT_EMAIL]);
    if (values[CONTACT_PGP] != NULL)
        out->pgp = fingerprint_read(reading, values[CONTACT_PGP]);
    out->languages = values[CONTACT_LANGUAGES] != NULL
                         ? language_read(reading, values[CONTACT_LANGUAGES])
                         : defaults->languages;
    if (yaml_get(mapping, "phone") == NULL && yaml_get(mapping, "email") == NULL)
        reading_error(reading, mapping->place, "contact-unreachable",
                      "a contact has neither phone nor email; add one");
}
