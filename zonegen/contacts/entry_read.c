#include "contacts/entry_read.h"

#include "contacts/choice.h"
#include "contacts/contact_read.h"
#include "contacts/entry_rules.h"
#include "contacts/keys.h"
#include "contacts/label.h"
#include "contacts/language.h"
#include "contacts/text.h"
#include "contacts/timezone.h"
#include "contacts/verified.h"

#include <stdlib.h>
#include <string.h>

static void add_label(struct reading *reading, const struct yaml_node *node, const char *key,
                      struct entry *out)
{
    struct entry_label label;

    if (!label_read(reading, node, key, &label) || label.a_label == NULL)
        return;
    for (size_t i = 0; i < out->label_count; i++) {
        const struct entry_label *other = &out->labels[i];
        if (strcmp(other->a_label, label.a_label) != 0)
            continue;
        reading_error(reading, label.place, "duplicate-label",
                      "'%s' stands in line %u already; remove one", text_quote(node->text).text,
                      other->place.line);
        return;
    }
    out->labels[out->label_count++] = label;
}

static void read_labels(struct reading *reading, const struct yaml_node *const *values,
                        struct entry *out)
{
    const struct yaml_node *tld = values[ENTRY_TLD];
    const struct yaml_node *also = values[ENTRY_ALSO];
    size_t count = form_text_count(also);

    if (count >= ENTRY_MAX_LABELS) {
        reading_error(reading, also->place, "label-many", "%zu labels in also; at most %d fit",
                      count, ENTRY_MAX_LABELS - 1);
        count = 0;
    }
    out->labels = arena_alloc(reading->arena, (count + 1) * sizeof *out->labels);
    if (out->labels == NULL)
        return;
    if (tld != NULL) {
        add_label(reading, tld, "tld", out);
        out->place = tld->place;
    }
    if (out->label_count > 0)
        label_check_file(reading, out->file, &out->labels[0]);
    for (size_t i = 0; i < count; i++)
        add_label(reading, form_text(also, i), "also", out);
}

/* What the file states holds for every label; else each keeps what the delegated list knows. */
static void read_territory(struct reading *reading, const struct yaml_node *const *values,
                           struct entry *out)
{
    static const struct text_pair pair = {"territory", "territory-ascii",
                                          ENTRY_MAX_TERRITORY_OCTETS};
    const char *territory = text_read_pair(reading, &pair, values[ENTRY_TERRITORY],
                                           values[ENTRY_TERRITORY_ASCII], NULL);

    for (size_t i = 0; i < out->label_count && territory != NULL; i++)
        out->labels[i].territory = territory;
}

static void read_verified(struct reading *reading, const struct yaml_node *const *values,
                          struct entry *out)
{
    static const char *const words[] = {"callback", "mail", "meeting", "import"};
    static const struct text_rule authorised = {"authorised", ENTRY_MAX_COMMENT_OCTETS,
                                                ENTRY_MAX_COMMENT_OCTETS, false};

    if (values[ENTRY_VERIFIED] != NULL)
        verified_read(reading, values[ENTRY_VERIFIED], out);
    if (values[ENTRY_VERIFIED_BY] != NULL) {
        int index = choice_read(reading, values[ENTRY_VERIFIED_BY], "verified-by", words, 4);
        out->verified_by = index >= 0 ? words[index] : NULL;
    }
    if (values[ENTRY_AUTHORISED] != NULL)
        (void)text_check(reading, values[ENTRY_AUTHORISED], &authorised);
}

static void read_contacts(struct reading *reading, const struct yaml_node *const *values,
                          struct entry *out)
{
    const struct yaml_node *timezone = values[ENTRY_TIMEZONE];
    const struct yaml_node *list = values[ENTRY_CONTACTS];
    const struct contact_defaults defaults = {
        .timezone = timezone != NULL ? timezone_read(reading, timezone) : NULL,
        .languages = language_read(reading, values[ENTRY_LANGUAGES]),
        .timezone_given = timezone != NULL,
    };

    if (list == NULL)
        return;
    if (list->count > ENTRY_MAX_CONTACTS) {
        reading_error(reading, list->place, "contacts-many", "%zu contacts; at most %d fit",
                      list->count, ENTRY_MAX_CONTACTS);
        return;
    }
    out->contacts = arena_alloc(reading->arena, list->count * sizeof *out->contacts);
    for (size_t i = 0; i < list->count && out->contacts != NULL; i++)
        contact_read(reading, list->items[i], &defaults, &out->contacts[out->contact_count++]);
    entry_check_contacts(reading, list, out);
}

static int compare_contacts(const void *left, const void *right)
{
    const struct contact *a = left;
    const struct contact *b = right;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return a->place.line < b->place.line ? -1 : a->place.line > b->place.line;
}

void entry_read(struct reading *reading, const struct yaml_node *root, const char *file,
                struct entry *out)
{
    static const struct text_pair registry = {"registry", "registry-ascii",
                                              ENTRY_MAX_REGISTRY_OCTETS};
    const struct yaml_node *values[ENTRY_KEY_COUNT];
    size_t errors = diag_count(reading->diag, SEVERITY_ERROR);

    *out = (struct entry){.file = file};
    form_read(reading, root, &keys_of_entry, values);
    read_labels(reading, values, out);
    out->registry = text_read_pair(reading, &registry, values[ENTRY_REGISTRY],
                                   values[ENTRY_REGISTRY_ASCII], &out->registry_l10n);
    read_territory(reading, values, out);
    read_verified(reading, values, out);
    read_contacts(reading, values, out);
    if (diag_count(reading->diag, SEVERITY_ERROR) > errors || arena_failed(reading->arena))
        return;
    entry_warn(reading, values[ENTRY_CONTACTS], out);
    qsort(out->contacts, out->contact_count, sizeof out->contacts[0], compare_contacts);
}
