#include "command/findings.h"

#include "contacts/hours.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Of one entry: its age, its hours, its mailboxes. */
#define MAX_PER_ENTRY 3

const char *finding_issue_name(enum issue issue)
{
    static const char *const names[ISSUE_COUNT] = {
        "due",        "stale",    "expired",    "missing",    "without-24x7",
        "inside-tld", "ds-wrong", "ds-missing", "ds-unknown", "signatures"};
    return names[issue];
}

static void add(struct findings *list, enum issue issue, const struct entry *entry, int32_t today)
{
    list->items[list->count++] = (struct finding){
        .issue = issue,
        .label = entry->labels[0].a_label,
        .entry = entry,
        .days = today > entry->verified_days ? today - entry->verified_days : 0,
        .detail = entry->registry != NULL ? entry->registry : "",
    };
}

static void find_age(struct findings *list, const struct entry *entry,
                     const struct contacts_rules *rules)
{
    switch (entry_freshness(entry->verified_days, rules->today, &rules->freshness)) {
    case FRESHNESS_FRESH:
        break;
    case FRESHNESS_DUE:
        add(list, ISSUE_DUE, entry, rules->today);
        break;
    case FRESHNESS_STALE:
        add(list, ISSUE_STALE, entry, rules->today);
        break;
    case FRESHNESS_EXPIRED:
        add(list, ISSUE_EXPIRED, entry, rules->today);
        break;
    }
}

/* True when the mailbox breaks together with one of the TLDs that the entry answers for. */
static bool is_inside(const struct entry *entry, const struct contact *contact)
{
    for (size_t i = 0; i < entry->label_count; i++) {
        if (mailbox_is_under(contact->email, entry->labels[i].a_label))
            return true;
    }
    return false;
}

/* The two rules of check (no-24x7, self-dependency), as worklist items. */
static void find_reach(struct findings *list, const struct entry *entry, int32_t today)
{
    bool security = false;
    bool always = false;
    bool outside = false;

    for (size_t i = 0; i < entry->contact_count; i++) {
        const struct contact *contact = &entry->contacts[i];
        if (!contact_is_published(contact) || !hours_are_always(contact->hours))
            continue;
        always = true;
        security = security || (contact->roles & ROLE_SECURITY) != 0;
        outside = outside || !is_inside(entry, contact);
    }
    if (!security)
        add(list, ISSUE_NOT_24X7, entry, today);
    if (always && !outside)
        add(list, ISSUE_INSIDE_TLD, entry, today);
}

static int compare_labels(const void *left, const void *right)
{
    const char *const *a = left;
    const char *const *b = right;
    return strcmp(*a, *b);
}

/* Every label that has an entry, sorted; NULL without memory. */
static const char **sorted_labels(const struct contacts *contacts, struct arena *arena,
                                  size_t *count)
{
    size_t total = 0;
    for (size_t i = 0; i < contacts->entry_count; i++)
        total += contacts->entries[i].label_count;
    const char **labels = arena_alloc(arena, (total + 1) * sizeof *labels);
    if (labels == NULL)
        return NULL;
    *count = 0;
    for (size_t i = 0; i < contacts->entry_count; i++) {
        for (size_t n = 0; n < contacts->entries[i].label_count; n++)
            labels[(*count)++] = contacts->entries[i].labels[n].a_label;
    }
    qsort(labels, total, sizeof *labels, compare_labels);
    return labels;
}

static enum status find_missing(struct findings *list, const struct contacts *contacts,
                                const struct delegated_list *delegated, struct arena *arena)
{
    size_t count = 0;
    const char **labels = sorted_labels(contacts, arena, &count);

    if (labels == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < delegated->count && !delegated->any; i++) {
        const struct delegated *item = &delegated->items[i];
        if (bsearch(&item->a_label, labels, count, sizeof *labels, compare_labels) != NULL)
            continue;
        list->items[list->count++] = (struct finding){
            .issue = ISSUE_MISSING,
            .label = item->a_label,
            .detail = item->territory != NULL ? item->territory : "",
        };
    }
    return STATUS_OK;
}

static int compare_findings(const void *left, const void *right)
{
    const struct finding *a = left;
    const struct finding *b = right;
    if (a->issue != b->issue)
        return a->issue < b->issue ? -1 : 1;
    if (a->days != b->days)
        return a->days > b->days ? -1 : 1;
    return strcmp(a->label, b->label);
}

enum status findings_make(const struct contacts *contacts, const struct contacts_rules *rules,
                          struct arena *arena, struct findings *out)
{
    size_t room = contacts->entry_count * MAX_PER_ENTRY + rules->delegated.count;

    out->count = 0;
    out->items = arena_alloc(arena, (room + 1) * sizeof *out->items);
    if (out->items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < contacts->entry_count; i++) {
        find_age(out, &contacts->entries[i], rules);
        find_reach(out, &contacts->entries[i], rules->today);
    }
    enum status status = find_missing(out, contacts, &rules->delegated, arena);
    qsort(out->items, out->count, sizeof out->items[0], compare_findings);
    return status;
}
