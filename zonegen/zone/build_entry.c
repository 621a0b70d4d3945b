/* The nodes of one label of an entry: the card, its wildcard, each `_id` and `_role`; and the
 * CNAMEs of its aliases. */
#include "zone/build_parts.h"

#include "zone/card.h"
#include "zone/txt.h"

#include <string.h>
#include <strings.h>

#define MAX_WORDS (VIEW_MAX_CONTACTS + ROLE_COUNT)

/* The contacts of a view with their RDATA, in escalation order. */
struct contact_set {
    size_t count;
    const struct contact *const *contacts;
    struct contact_rdata rdata[VIEW_MAX_CONTACTS];
};

static void put(struct rrset *rrset, struct rdata rdata)
{
    rrset->items[rrset->count++] = rdata;
}

/* A line that is none stays empty: build_check refuses the entry before that is seen. */
static enum status put_card(const struct view *view, struct node_list *list, struct rrset *rrset)
{
    struct card card;
    card_make(view, &card);
    (void)card_fit(&card);
    for (size_t i = 0; i < card.line_count; i++) {
        uint8_t buffer[1 + CARD_LINE_OCTETS];
        struct writer w = writer_of(buffer, sizeof buffer);
        writer_u8(&w, (uint8_t)card_line_octets(&card.lines[i]));
        card_line_write(&card.lines[i], &w);
        put(rrset, rdata_keep(&w, list->arena));
    }
    return arena_failed(list->arena) ? STATUS_SYSTEM : STATUS_OK;
}

/* The label's own name, and `*` below it with the same RRsets. */
static enum status card_nodes(const struct view *view, const struct contact_set *set,
                              struct node_list *list)
{
    struct node *node = nodes_add(list, &view->owner, 2);
    struct rrset *txt = node == NULL ? NULL : nodes_add_rrset(list, node, TYPE_TXT, 1 + set->count);
    struct rrset *rp = txt == NULL ? NULL : nodes_add_rrset(list, node, TYPE_RP, set->count);
    if (rp == NULL)
        return STATUS_SYSTEM;

    enum status status = put_card(view, list, txt);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < set->count; i++)
        put(rp, set->rdata[i].rp);
    rrset_sort(txt);
    rrset_sort(rp);

    struct name owner;
    status = name_prepend(&owner, (const uint8_t *)"*", 1, view->owner.octets);
    if (status != STATUS_OK)
        return status;
    struct node *wildcard = nodes_add(list, &owner, 0);
    if (wildcard == NULL)
        return STATUS_SYSTEM;
    wildcard->rrsets = node->rrsets;
    wildcard->rrset_count = node->rrset_count;
    return STATUS_OK;
}

/* Adds a word in its place in the order of labels, each once. */
static void add_word(const char *words[MAX_WORDS], size_t *count, const char *word)
{
    size_t at = *count;
    while (at > 0 && strcasecmp(words[at - 1], word) > 0)
        at--;
    if (at > 0 && strcasecmp(words[at - 1], word) == 0)
        return;
    memmove(&words[at + 1], &words[at], (*count - at) * sizeof *words);
    words[at] = word;
    ++*count;
}

/* The ids and roles that have a name below the label, in canonical order. */
static size_t collect_words(const struct contact_set *set, const char *words[MAX_WORDS])
{
    size_t count = 0;
    unsigned roles = 0;

    for (size_t i = 0; i < set->count; i++) {
        roles |= set->contacts[i]->roles;
        add_word(words, &count, set->contacts[i]->id);
    }
    for (unsigned bit = 0; bit < ROLE_COUNT; bit++)
        if ((roles & 1u << bit) != 0)
            add_word(words, &count, role_name(1u << bit));
    return count;
}

/* The records of one contact in the RRsets of a `_` node. */
static void put_contact(const struct contact_rdata *rdata, struct rrset *const rrsets[4])
{
    put(rrsets[0], rdata->txt);
    put(rrsets[1], rdata->rp);
    if (rdata->cert.length > 0)
        put(rrsets[2], rdata->cert);
    for (size_t i = 0; i < rdata->uri_count; i++)
        put(rrsets[3], rdata->uris[i]);
}

/* Sorts the RRsets of a node and drops those without a record. */
static void finish_node(struct node *node)
{
    size_t kept = 0;
    for (size_t i = 0; i < node->rrset_count; i++) {
        if (node->rrsets[i].count == 0)
            continue;
        rrset_sort(&node->rrsets[i]);
        node->rrsets[kept++] = node->rrsets[i];
    }
    node->rrset_count = kept;
}

/* `_WORD`: the union of the contacts that have the id or the role. */
static enum status word_node(const struct view *view, const struct contact_set *set,
                             const char *word, struct node_list *list)
{
    static const uint16_t types[] = {TYPE_TXT, TYPE_RP, TYPE_CERT, TYPE_URI};
    struct rrset *rrsets[4];
    struct name owner;
    size_t uris = 0;

    enum status status = view_below(view, word, &owner);
    if (status != STATUS_OK)
        return status;
    struct node *node = nodes_add(list, &owner, 4);
    if (node == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < set->count; i++)
        if (view_matches(set->contacts[i], word))
            uris += set->rdata[i].uri_count;
    for (size_t i = 0; i < 4; i++) {
        rrsets[i] = nodes_add_rrset(list, node, types[i], types[i] == TYPE_URI ? uris : set->count);
        if (rrsets[i] == NULL)
            return STATUS_SYSTEM;
    }
    for (size_t i = 0; i < set->count; i++)
        if (view_matches(set->contacts[i], word))
            put_contact(&set->rdata[i], rrsets);
    finish_node(node);
    return STATUS_OK;
}

enum status entry_nodes(const struct view *view, struct node_list *list)
{
    struct contact_set set = {.count = view->contact_count, .contacts = view->contacts};
    const char *words[MAX_WORDS];

    for (size_t i = 0; i < set.count; i++) {
        enum status status =
            contact_rdata_make(view, view->contacts[i], list->arena, &set.rdata[i]);
        if (status != STATUS_OK)
            return status;
    }
    size_t count = collect_words(&set, words);
    enum status status = card_nodes(view, &set, list);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = word_node(view, &set, words[i], list);
    return status;
}

enum status alias_nodes(const struct view *view, const char *alias, struct node_list *list)
{
    struct name owners[2]; /* the alias, and `*` below it */

    enum status status = name_prepend(&owners[0], (const uint8_t *)alias, strlen(alias),
                                      view->rules->zone->domain.octets);
    if (status == STATUS_OK)
        status = name_prepend(&owners[1], (const uint8_t *)"*", 1, owners[0].octets);
    if (status != STATUS_OK)
        return status;

    uint8_t buffer[NAME_MAX_OCTETS];
    struct writer w = writer_of(buffer, sizeof buffer);
    rdata_write_name(&w, &view->owner);
    struct rdata target = rdata_keep(&w, list->arena);
    for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
        struct node *node = nodes_add(list, &owners[i], 1);
        status = node == NULL ? STATUS_SYSTEM : nodes_add_record(list, node, TYPE_CNAME, target);
    }
    return status;
}
