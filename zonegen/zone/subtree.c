#include "zone/subtree.h"

#include "conf/ordered.h"
#include "zone/view.h"

#include <stdlib.h>
#include <string.h>

static const char *const list_labels[LIST_COUNT] = {"_index", "_meta", "_missing", "_schema",
                                                    "_stale"};

const char *list_label(enum list_name list)
{
    return list_labels[list];
}

static int lower(char octet)
{
    unsigned char value = (unsigned char)octet;
    return value >= 'A' && value <= 'Z' ? value + ('a' - 'A') : value;
}

/* Labels as RFC 4034 §6.1 orders them. */
static int compare_labels(const char *a, size_t octets_a, const char *b, size_t octets_b)
{
    for (size_t i = 0; i < octets_a && i < octets_b; i++) {
        int difference = lower(a[i]) - lower(b[i]);
        if (difference != 0)
            return difference;
    }
    return (octets_a > octets_b) - (octets_a < octets_b);
}

static bool same_label(const struct subtree *a, const struct subtree *b)
{
    return compare_labels(a->label, a->label_octets, b->label, b->label_octets) == 0;
}

static int compare_subtrees(const void *left, const void *right)
{
    const struct subtree *a = left;
    const struct subtree *b = right;
    int difference = compare_labels(a->label, a->label_octets, b->label, b->label_octets);
    if (difference != 0)
        return difference;
    if (a->kind != b->kind)
        return a->kind - b->kind;
    if (a->entry != b->entry)
        return a->entry < b->entry ? -1 : 1;
    return a->which - b->which;
}

/* Adds a label; one that is missing or longer than a label may be adds nothing. */
static void add(struct subtrees *list, const char *label, enum subtree_kind kind, size_t entry,
                size_t which)
{
    size_t octets = label == NULL ? 0 : strlen(label);
    if (octets < 1 || octets > NAME_MAX_LABEL)
        return;
    list->items[list->count++] = (struct subtree){
        .label = label,
        .label_octets = (uint8_t)octets,
        .kind = (uint8_t)kind,
        .entry = (uint32_t)entry,
        .which = (uint16_t)which,
    };
}

static const struct entry *entry_of(const struct build_rules *rules, const struct subtree *subtree)
{
    return &rules->contacts->entries[subtree->entry];
}

static bool has_entry(const struct subtree *subtree)
{
    return subtree->kind != SUBTREE_LIST && subtree->kind != SUBTREE_HOSTS;
}

static void add_entry(struct subtrees *list, const struct entry *entry, size_t index)
{
    for (size_t i = 0; i < entry->label_count; i++) {
        add(list, entry->labels[i].a_label, SUBTREE_ENTRY, index, i);
        add(list, entry->labels[i].u_label, SUBTREE_ALIAS, index, i);
        add(list, entry->labels[i].upper, SUBTREE_UPPER, index, i);
    }
}

/* The label of a host right below the zone's name, or NULL when it is not below it. */
static const uint8_t *host_label(const struct name *host, const struct name *zone)
{
    if (!name_is_within(host->octets, zone->octets))
        return NULL;
    size_t below = name_labels(host->octets) - name_labels(zone->octets);
    return below == 0 ? NULL : name_parent(host->octets, below - 1);
}

static void add_hosts(struct subtrees *list, const struct config_zone *zone)
{
    for (size_t i = 0; i < zone->nameserver_count; i++) {
        const struct config_nameserver *server = &zone->nameservers[i];
        const uint8_t *label = host_label(&server->name, &zone->domain);
        if (label == NULL || server->address_count == 0)
            continue;
        list->items[list->count++] = (struct subtree){
            .label = (const char *)label + 1,
            .label_octets = label[0],
            .kind = SUBTREE_HOSTS,
            .has_hosts = true,
        };
    }
}

static const struct entry_label *label_of(const struct build_rules *rules,
                                          const struct subtree *subtree)
{
    return &entry_of(rules, subtree)->labels[subtree->which];
}

/* Says what a label that has an owner already loses. The same entry's alias loses nothing. */
static void report_taken(const struct build_rules *rules, const struct subtree *owner,
                         const struct subtree *loser, struct diag *diag)
{
    if (!has_entry(loser) || entry_of(rules, loser)->is_summary) /* said when it was read */
        return;
    const struct entry_label *label = label_of(rules, loser);
    if (!has_entry(owner)) {
        diag_warning(diag, label->place, "alias-taken",
                     "label '%.*s' is a name of the zone itself, so .%s has no alias there",
                     loser->label_octets, loser->label, label->a_label);
        return;
    }
    const struct entry_label *other = label_of(rules, owner);
    if (owner->entry == loser->entry &&
        (owner->which == loser->which || loser->kind != SUBTREE_ENTRY))
        return;
    if (loser->kind == SUBTREE_ENTRY)
        diag_error(diag, label->place, "label-twice",
                   "label '%s' has an entry in %s already; keep one of the two", label->a_label,
                   other->place.file == NULL ? "another file" : other->place.file);
    else
        diag_warning(diag, label->place, "alias-taken",
                     "'%.*s' leads to .%s already, so .%s has no alias there", loser->label_octets,
                     loser->label, other->a_label, label->a_label);
}

/* Keeps each label once, with its first owner. */
static void drop_taken(const struct build_rules *rules, struct subtrees *list, struct diag *diag)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct subtree *item = &list->items[i];
        struct subtree *last = kept > 0 ? &list->items[kept - 1] : NULL;
        if (last == NULL || !same_label(last, item)) {
            list->items[kept++] = *item;
            continue;
        }
        last->has_hosts = last->has_hosts || item->has_hosts;
        report_taken(rules, last, item, diag);
    }
    list->count = kept;
}

/* Where a label has its place: the first item that does not come before it. */
static size_t seek(const struct subtrees *subtrees, const char *label, size_t label_octets)
{
    size_t low = 0;
    size_t high = subtrees->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct subtree *item = &subtrees->items[middle];
        if (compare_labels(label, label_octets, item->label, item->label_octets) <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Finds what stays as the store has it, and where names may have to go. */
static void mark_kept(const struct build_rules *rules, struct subtrees *list)
{
    const struct contacts *contacts = rules->contacts;

    for (size_t i = 0; i < list->count; i++) {
        struct subtree *item = &list->items[i];
        item->is_kept = has_entry(item) && entry_of(rules, item)->is_summary;
        list->kept_count += item->is_kept;
    }
    for (size_t i = 0; i < contacts->former_count; i++) {
        const char *label = contacts->former[i];
        size_t octets = strlen(label);
        size_t at = seek(list, label, octets);
        if (at == list->count)
            list->gap_at_end = true;
        else if (subtrees_find(list, label, octets) == NULL)
            list->items[at].gap_before = true;
    }
}

/* Labels there can be at most. */
static size_t count_labels(const struct build_rules *rules)
{
    const struct contacts *contacts = rules->contacts;
    size_t count = LIST_COUNT + rules->zone->nameserver_count;
    for (size_t i = 0; i < contacts->entry_count; i++) {
        if (view_count(&contacts->entries[i], rules->zone->audience) == 0)
            continue;
        for (size_t k = 0; k < contacts->entries[i].label_count; k++) {
            const struct entry_label *label = &contacts->entries[i].labels[k];
            count += 1u + (label->u_label != NULL) + (label->upper != NULL);
        }
    }
    return count;
}

enum status subtrees_collect(const struct build_rules *rules, struct arena *arena,
                             struct diag *diag, struct subtrees *out)
{
    const struct contacts *contacts = rules->contacts;
    *out = (struct subtrees){
        .items = arena_alloc(arena, count_labels(rules) * sizeof *out->items),
    };
    if (out->items == NULL)
        return STATUS_SYSTEM;

    for (size_t i = 0; i < contacts->entry_count; i++)
        if (view_count(&contacts->entries[i], rules->zone->audience) > 0)
            add_entry(out, &contacts->entries[i], i);
    for (size_t i = 0; i < LIST_COUNT; i++)
        add(out, list_labels[i], SUBTREE_LIST, 0, i);
    add_hosts(out, rules->zone);
    ordered_sort(out->items, out->count, sizeof *out->items, compare_subtrees);
    drop_taken(rules, out, diag);
    mark_kept(rules, out);
    return STATUS_OK;
}

const struct subtree *subtrees_find(const struct subtrees *subtrees, const char *label,
                                    size_t label_octets)
{
    size_t at = seek(subtrees, label, label_octets);
    if (at == subtrees->count)
        return NULL;
    const struct subtree *item = &subtrees->items[at];
    bool is_it = compare_labels(label, label_octets, item->label, item->label_octets) == 0;
    return is_it ? item : NULL;
}
