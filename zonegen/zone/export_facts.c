#include "zone/export_facts.h"

#include "wire/reader.h"
#include "zone/card.h"
#include "zone/rdata.h"

#include <stdlib.h>
#include <string.h>

/* A contact that was found, before there is an array of them. */
struct listed {
    struct export_contact contact;
    struct listed *next;
};

/* An entry being put together. */
struct draft {
    struct arena *arena; /* reset when it begins */
    bool begun;
    struct name owner;
    struct export_entry entry;
    struct listed *contacts;
};

struct export_walk {
    const struct node_source *source;
    uint32_t serial;
    /* An entry is complete when the next one has begun, so that there are two. */
    struct draft drafts[2];
    unsigned turn;
};

bool export_is(struct export_octets octets, const char *text)
{
    return octets.length == strlen(text) && memcmp(octets.octets, text, octets.length) == 0;
}

struct export_octets export_value(const struct export_contact *contact, const char *key)
{
    for (size_t i = 0; i < contact->pair_count; i++)
        if (export_is(contact->pairs[i].key, key))
            return contact->pairs[i].value;
    return (struct export_octets){"", 0};
}

/* The strings of a TXT as one text, in the arena. */
static enum status join_strings(const struct rdata *rdata, struct arena *arena,
                                struct export_octets *out)
{
    struct reader r = reader_of(rdata->octets, rdata->length);
    char *text = arena_alloc(arena, rdata->length);
    size_t length = 0;

    if (text == NULL)
        return STATUS_SYSTEM;
    while (reader_left(&r) > 0) {
        size_t string = reader_u8(&r);
        const uint8_t *octets = reader_octets(&r, string);
        if (octets != NULL && string > 0) {
            memcpy(text + length, octets, string);
            length += string;
        }
    }
    *out = (struct export_octets){text, length};
    return STATUS_OK;
}

static size_t find_octet(struct export_octets text, size_t from, char octet)
{
    const char *at = memchr(text.octets + from, octet, text.length - from);
    return at != NULL ? (size_t)(at - text.octets) : text.length;
}

/* Takes the next piece before a `;` from `*at` on, without the blank before it. */
static struct export_octets take_piece(struct export_octets text, size_t *at)
{
    while (*at < text.length && text.octets[*at] == ' ')
        (*at)++;
    size_t end = find_octet(text, *at, ';');
    struct export_octets piece = {text.octets + *at, end - *at};
    *at = end + 1;
    return piece;
}

static bool same_octets(struct export_octets a, struct export_octets b)
{
    return a.length == b.length && memcmp(a.octets, b.octets, a.length) == 0;
}

/* Adds a piece with a key that the contact does not have yet (RFC 6763 §6.4: the first counts). */
static void add_pair(struct export_contact *contact, struct export_octets piece)
{
    size_t equals = find_octet(piece, 0, '=');
    if (equals == 0 || equals == piece.length)
        return;
    struct export_pair pair = {{piece.octets, equals},
                               {piece.octets + equals + 1, piece.length - equals - 1}};
    for (size_t i = 0; i < contact->pair_count; i++)
        if (same_octets(contact->pairs[i].key, pair.key))
            return;
    contact->pairs[contact->pair_count++] = pair;
}

static unsigned small_number(struct export_octets digits)
{
    unsigned number = 0;
    if (digits.length > 4)
        return 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.octets[i] < '0' || digits.octets[i] > '9')
            return 0;
        number = number * 10 + (unsigned)(digits.octets[i] - '0');
    }
    return number;
}

static enum status read_contact(const struct rdata *rdata, struct arena *arena,
                                struct export_contact *out)
{
    struct export_octets text;
    size_t pieces = 1;

    enum status status = join_strings(rdata, arena, &text);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < text.length; i++)
        pieces += text.octets[i] == ';';
    *out = (struct export_contact){.pairs = arena_alloc(arena, pieces * sizeof *out->pairs)};
    if (out->pairs == NULL)
        return STATUS_SYSTEM;
    for (size_t at = 0; at < text.length;)
        add_pair(out, take_piece(text, &at));
    out->id = export_value(out, "id");
    out->order = small_number(export_value(out, "order"));
    return STATUS_OK;
}

static bool has_contact(const struct draft *draft, struct export_octets id)
{
    for (const struct listed *item = draft->contacts; item != NULL; item = item->next)
        if (same_octets(item->contact.id, id))
            return true;
    return false;
}

/* Adds the contacts of a name below the entry; roles repeat those of the ids. */
static enum status add_contacts(struct draft *draft, const struct node *node)
{
    const struct rrset *txt = node_rrset(node, TYPE_TXT);

    for (size_t i = 0; txt != NULL && i < txt->count; i++) {
        struct listed *item = arena_alloc(draft->arena, sizeof *item);
        if (item == NULL)
            return STATUS_SYSTEM;
        enum status status = read_contact(&txt->items[i], draft->arena, &item->contact);
        if (status != STATUS_OK)
            return status;
        if (item->contact.id.length == 0 || has_contact(draft, item->contact.id))
            continue;
        item->next = draft->contacts;
        draft->contacts = item;
        draft->entry.contact_count++;
    }
    return STATUS_OK;
}

static int compare_contacts(const void *left, const void *right)
{
    const struct export_contact *a = left;
    const struct export_contact *b = right;
    size_t shorter = a->id.length < b->id.length ? a->id.length : b->id.length;

    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    int order = memcmp(a->id.octets, b->id.octets, shorter);
    return order != 0 ? order : (a->id.length > b->id.length) - (a->id.length < b->id.length);
}

/* Puts the contacts into an array. */
static enum status finish(struct draft *draft, struct export_entry *out)
{
    struct export_entry *entry = &draft->entry;
    size_t n = 0;

    entry->contacts = arena_alloc(draft->arena, entry->contact_count * sizeof *entry->contacts);
    if (entry->contacts == NULL)
        return STATUS_SYSTEM;
    for (const struct listed *item = draft->contacts; item != NULL; item = item->next)
        entry->contacts[n++] = item->contact;
    if (n > 1)
        qsort(entry->contacts, n, sizeof *entry->contacts, compare_contacts);
    draft->begun = false;
    *out = *entry;
    return STATUS_OK;
}

/* `0 NAME (.label, …` gives NAME. */
static struct export_octets registry_of(const struct export_entry *entry)
{
    struct export_octets none = {"", 0};
    if (entry->line_count == 0)
        return none;
    struct export_octets line = entry->lines[0];
    if (line.length < 2 || memcmp(line.octets, "0 ", 2) != 0)
        return none;
    struct export_octets name = {line.octets + 2, line.length - 2};
    for (size_t at = name.length; at-- > 0;) {
        size_t left = name.length - at - 1;
        if (name.octets[at] == ' ' && left >= entry->label.length + 2 &&
            memcmp(name.octets + at + 1, "(.", 2) == 0 &&
            memcmp(name.octets + at + 3, entry->label.octets, entry->label.length) == 0)
            return (struct export_octets){name.octets, at};
    }
    return name;
}

static enum status read_label(const struct name *owner, struct arena *arena,
                              struct export_octets *out)
{
    char text[NAME_TEXT_OCTETS];
    struct name label = *owner;

    label.octets[1u + label.octets[0]] = 0;
    size_t length = name_to_text(label.octets, text);
    const char *copy = arena_copy(arena, text, length);
    *out = (struct export_octets){copy, length - 1};
    return copy != NULL ? STATUS_OK : STATUS_SYSTEM;
}

static enum status begin(struct draft *draft, const struct node *node)
{
    const struct rrset *txt = node_rrset(node, TYPE_TXT);
    struct export_entry *entry = &draft->entry;

    arena_reset(draft->arena);
    draft->begun = true;
    draft->owner = node->owner;
    draft->contacts = NULL;
    *entry = (struct export_entry){.line_count = txt->count};
    entry->lines = arena_alloc(draft->arena, txt->count * sizeof *entry->lines);
    enum status status = entry->lines != NULL ? STATUS_OK : STATUS_SYSTEM;
    for (size_t i = 0; i < txt->count && status == STATUS_OK; i++)
        status = join_strings(&txt->items[i], draft->arena, &entry->lines[i]);
    if (status == STATUS_OK)
        status = read_label(&node->owner, draft->arena, &entry->label);
    if (status == STATUS_OK)
        entry->registry = registry_of(entry);
    return status;
}

/* True for `_id` and `_role` names of an entry. */
static bool is_below(const struct draft *draft, const struct node *node)
{
    const uint8_t *owner = node->owner.octets;
    return draft->begun && owner[1] == '_' && name_is_within(owner, draft->owner.octets) &&
           name_labels(owner) == name_labels(draft->owner.octets) + 1;
}

enum status export_walk_next(struct export_walk *walk, struct export_entry *out)
{
    struct draft *draft = &walk->drafts[walk->turn];
    struct draft *other = &walk->drafts[1 - walk->turn];
    enum status status = STATUS_OK;

    while (status == STATUS_OK) {
        struct node node;
        status = walk->source->next(walk->source->state, &node);
        if (status != STATUS_OK)
            break;
        bool card = card_is_at(&walk->source->apex, &node);
        if (card && draft->begun) {
            walk->turn = 1 - walk->turn;
            status = begin(other, &node);
            return status == STATUS_OK ? finish(draft, out) : status;
        }
        if (card)
            status = begin(draft, &node);
        else if (is_below(draft, &node))
            status = add_contacts(draft, &node);
    }
    return status == STATUS_NOT_FOUND && draft->begun ? finish(draft, out) : status;
}

static uint32_t serial_of(const struct node *apex)
{
    struct soa_numbers soa;

    (void)rdata_read_soa(node_rrset(apex, TYPE_SOA), &soa); /* all zero where there is none */
    return soa.serial;
}

enum status export_walk_open(const struct node_source *source, struct arena *arena,
                             struct export_walk **out)
{
    struct export_walk *walk = arena_alloc(arena, sizeof *walk);
    struct node apex;

    if (walk == NULL)
        return STATUS_SYSTEM;
    walk->source = source;
    walk->drafts[0].arena = arena_create();
    walk->drafts[1].arena = arena_create();
    enum status status = walk->drafts[0].arena != NULL && walk->drafts[1].arena != NULL
                             ? source->find(source->state, source->apex.octets, &apex)
                             : STATUS_SYSTEM;
    if (status == STATUS_OK) {
        walk->serial = serial_of(&apex);
        status = source->rewind(source->state);
    }
    if (status != STATUS_OK) {
        export_walk_close(walk);
        return status;
    }
    *out = walk;
    return STATUS_OK;
}

void export_walk_close(struct export_walk *walk)
{
    if (walk == NULL)
        return;
    arena_destroy(walk->drafts[0].arena);
    arena_destroy(walk->drafts[1].arena);
}

uint32_t export_walk_serial(const struct export_walk *walk)
{
    return walk->serial;
}
