/* The `_` names at the apex: what the zone holds, what it lacks, what its keys mean. */
#include "zone/build_parts.h"

#include "zone/txt.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* One RR per key, in the order of a contact's TXT, then _meta's; DESIGN §3. */
static const char *const schema[] = {
    "v  version of this format: cc1; a pair ends in \"; \", values hold no semicolon",
    "tld  the ccTLD, an A-label",
    "id  of the contact within its ccTLD; it stands in full at _ID.TLD",
    "order  escalation, 1 is called first",
    "role  security, dns, registration, management, csirt; comma-separated",
    "hours  24x7, or days and local time as Mo-Fr 08:00-18:00",
    "tel  telephone numbers in E.164 form, comma-separated, call in this order",
    "sms  numbers for text messages only, E.164, comma-separated",
    "mail  mail address",
    "tz  IANA time zone of hours",
    "lang  languages spoken, BCP 47, best first",
    "oob  out of band: no when the mail address lies under the very ccTLD, else yes",
    "name  of the team or person, ASCII",
    "name-l10n  the name in its own script, UTF-8",
    "wait  how long to wait before the next contact is called",
    "note  advice for the caller",
    "pgp  OpenPGP fingerprint, hex; also as CERT",
    "verified  the day on which the registry confirmed the entry",
    "by  how it was confirmed: callback, mail, meeting, import",
    "expires  the day after which the entry counts as expired",
    "status  stale or expired: not confirmed for too long; absent while fresh",
    "serial  in _meta: serial number of the zone",
    "published  in _meta: when that was published, UTC",
    "tlds  in _meta: ccTLD labels that have an entry; _index lists them",
    "contacts  in _meta: contacts, each counted once",
    "stale  in _meta: ccTLD labels whose entry is stale or expired; _stale lists them",
};

/* A list of labels being written. */
struct label_list {
    uint8_t *buffer; /* RRSET_MAX_OCTETS */
    struct writer writer;
    struct txt txt;
    size_t count;
};

static void list_begin(struct label_list *list, uint8_t *buffer)
{
    list->buffer = buffer;
    list->writer = writer_of(buffer, RRSET_MAX_OCTETS);
    list->txt = txt_begin(&list->writer);
    list->count = 0;
}

static void list_add(struct label_list *list, const char *label)
{
    list->count++;
    txt_word(&list->txt, label);
}

/* The RDATA; a list that is too long for one record says how to get it. */
static struct rdata list_end(struct label_list *list, const struct config_zone *zone,
                             struct arena *arena)
{
    if (list->writer.failed) {
        char domain[NAME_TEXT_OCTETS];
        char text[NAME_TEXT_OCTETS + 80];
        name_to_text(zone->domain.octets, domain);
        snprintf(text, sizeof text, "%zu labels, too many for one record: dig AXFR %s", list->count,
                 domain);
        list->writer = writer_of(list->buffer, RRSET_MAX_OCTETS);
        list->txt = txt_begin(&list->writer);
        txt_text(&list->txt, text);
    }
    txt_end(&list->txt);
    return rdata_keep(&list->writer, arena);
}

static bool is_stale(const struct build_rules *rules, const struct entry *entry)
{
    int32_t day = entry->is_summary ? entry->as_of_days : rules->today; /* as its card says */
    enum freshness freshness = entry_freshness(entry->verified_days, day, &rules->freshness);
    return freshness == FRESHNESS_STALE || freshness == FRESHNESS_EXPIRED;
}

/* _index and _stale, in one pass over the labels that have an entry. */
static void make_present(struct build *build, uint8_t *buffers, struct arena *arena)
{
    const struct build_rules *rules = build->rules;
    struct label_list index;
    struct label_list stale;

    list_begin(&index, buffers);
    list_begin(&stale, buffers + RRSET_MAX_OCTETS);
    for (size_t i = 0; i < build->subtrees.count; i++) {
        const struct subtree *subtree = &build->subtrees.items[i];
        if (subtree->kind != SUBTREE_ENTRY)
            continue;
        const struct entry *entry = &rules->contacts->entries[subtree->entry];
        list_add(&index, subtree->label);
        if (is_stale(rules, entry))
            list_add(&stale, subtree->label);
        /* Contacts are counted where the first label comes by, so each once. */
        if (subtree->which == 0)
            build->contact_count += view_count(entry, rules->zone->audience);
    }
    build->label_count = index.count;
    build->stale_count = stale.count;
    build->lists[LIST_INDEX] = list_end(&index, rules->zone, arena);
    build->lists[LIST_STALE] = list_end(&stale, rules->zone, arena);
}

/* _missing: empty where any label is welcome, since the delegated ones are then no measure. */
static void make_missing(struct build *build, uint8_t *buffer, struct arena *arena)
{
    const struct delegated_list *delegated = build->rules->delegated;
    struct label_list missing;

    list_begin(&missing, buffer);
    for (size_t i = 0; i < delegated->count && !delegated->any; i++) {
        const char *label = delegated->items[i].a_label;
        const struct subtree *subtree = subtrees_find(&build->subtrees, label, strlen(label));
        if (subtree == NULL || subtree->kind != SUBTREE_ENTRY)
            list_add(&missing, label);
    }
    build->lists[LIST_MISSING] = list_end(&missing, build->rules->zone, arena);
}

enum status lists_make(struct build *build, struct arena *arena)
{
    uint8_t buffers[2 * RRSET_MAX_OCTETS];

    make_present(build, buffers, arena);
    make_missing(build, buffers, arena);
    return arena_failed(arena) ? STATUS_SYSTEM : STATUS_OK;
}

static void pair_number(struct txt *txt, const char *key, size_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", number);
    txt_pair(txt, key, text);
}

static struct rdata meta_rdata(const struct build *build, struct arena *arena)
{
    uint8_t buffer[1 + TXT_STRING_OCTETS];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct txt txt = txt_begin(&w);
    time_t published = (time_t)build->published;
    char text[64];
    struct tm tm;

    txt_pair(&txt, "v", "cc1");
    pair_number(&txt, "serial", build->serial);
    if (gmtime_r(&published, &tm) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        w.failed = true;
    txt_pair(&txt, "published", text);
    pair_number(&txt, "tlds", build->label_count);
    pair_number(&txt, "contacts", build->contact_count);
    pair_number(&txt, "stale", build->stale_count);
    txt_end(&txt);
    return rdata_keep(&w, arena);
}

static enum status add_schema(struct node_list *list, struct node *node)
{
    const size_t count = sizeof schema / sizeof *schema;
    struct rrset *rrset = nodes_add_rrset(list, node, TYPE_TXT, count);
    if (rrset == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < count; i++) {
        uint8_t buffer[1 + TXT_STRING_OCTETS];
        struct writer w = writer_of(buffer, sizeof buffer);
        struct txt txt = txt_begin(&w);
        txt_text(&txt, schema[i]);
        txt_end(&txt);
        rrset->items[rrset->count++] = rdata_keep(&w, list->arena);
    }
    rrset_sort(rrset);
    return STATUS_OK;
}

enum status list_nodes(const struct build *build, enum list_name name, struct node_list *list)
{
    const char *label = list_label(name);
    struct name owner;
    enum status status = name_prepend(&owner, (const uint8_t *)label, strlen(label),
                                      build->rules->zone->domain.octets);
    if (status != STATUS_OK)
        return status;
    struct node *node = nodes_add(list, &owner, 1);
    if (node == NULL)
        return STATUS_SYSTEM;
    if (name == LIST_SCHEMA)
        status = add_schema(list, node);
    else if (name == LIST_META)
        status = nodes_add_record(list, node, TYPE_TXT, meta_rdata(build, list->arena));
    else
        status = nodes_add_record(list, node, TYPE_TXT, build->lists[name]);
    return status == STATUS_OK && arena_failed(list->arena) ? STATUS_SYSTEM : status;
}
