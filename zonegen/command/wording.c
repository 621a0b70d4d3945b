#include "command/wording.h"

#include "command/pairs.h"
#include "zone/card.h"
#include "zone/catalog.h"
#include "zone/rrtype.h"

#include <stdio.h>
#include <string.h>

/* In line 0 of a card: between the registry and the date, between its name and what it is for, and
 * behind a name that was shortened. */
#define VERIFIED " - verified "
#define LABEL    "(."
#define MARK     ".."

enum status wording_open(struct wording *wording, const struct name *apex,
                         void (*line)(void *state, const char *text), void *state)
{
    memset(wording, 0, sizeof *wording);
    wording->apex = apex;
    wording->line = line;
    wording->state = state;
    wording->scratch = arena_create();
    wording->kept = arena_create();
    return wording->scratch != NULL && wording->kept != NULL ? STATUS_OK : STATUS_SYSTEM;
}

void wording_close(struct wording *wording)
{
    arena_destroy(wording->scratch);
    arena_destroy(wording->kept);
}

void wording_label(const struct name *owner, char text[NAME_TEXT_OCTETS])
{
    struct name label = {.length = 1};
    const uint8_t root[] = {0};

    if (name_prepend(&label, owner->octets + 1, owner->octets[0], root) != STATUS_OK)
        name_set(&label, root);
    size_t length = name_to_text(label.octets, text);
    if (length > 1)
        text[length - 1] = '\0';
}

static size_t depth_of(const struct name *apex, const struct name *owner)
{
    return name_labels(owner->octets) - name_labels(apex->octets);
}

bool wording_is_card(const struct name *apex, const struct node *node)
{
    return node != NULL && card_is_at(apex, node);
}

static void say(struct wording *w, const char *text)
{
    if (text != NULL)
        w->line(w->state, text);
}

/* Says what concerns the entry as a whole, once, though each of its contacts shows it. */
static void say_once(struct wording *w, const char *text)
{
    if (text == NULL)
        return;
    for (size_t i = 0; i < w->said_count; i++) {
        if (strcmp(w->said[i], text) == 0)
            return;
    }
    if (w->said_count < WORDING_MAX_SAID) {
        const char *copy = arena_copy(w->kept, text, strlen(text));
        if (copy != NULL)
            w->said[w->said_count++] = copy;
    }
    say(w, text);
}

/* Line 0 of a card, taken apart. */
struct heading {
    const char *registry; /* "Xanadu NIC (.xa, Xanadu)" */
    const char *verified; /* "2026-11-01", or "" */
    const char *state;    /* "STALE", "EXPIRED", or "" */
};

/* The last of them: a name may have it too. NULL where there is none. */
static const char *find_last(const char *text, const char *what)
{
    const char *last = NULL;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        last = at;
    return last;
}

static struct heading read_heading(struct wording *w, const struct node *node)
{
    const struct rrset *txt = node_rrset(node, TYPE_TXT);
    struct heading heading = {"", "", ""};

    for (size_t i = 0; txt != NULL && i < txt->count; i++) {
        const char *text = pairs_text(&txt->items[i], w->scratch);
        if (strncmp(text, "0 ", 2) != 0)
            continue;
        const char *dash = find_last(text, VERIFIED);
        size_t length = dash != NULL ? (size_t)(dash - text) - 2 : strlen(text) - 2;
        const char *registry = arena_copy(w->scratch, text + 2, length);
        heading.registry = registry != NULL ? registry : "";
        if (dash == NULL)
            break;
        const char *date = dash + strlen(VERIFIED);
        size_t date_length = strcspn(date, " ");
        const char *verified = arena_copy(w->scratch, date, date_length);
        heading.verified = verified != NULL ? verified : "";
        heading.state = date[date_length] == ' ' ? date + date_length + 1 : "";
        break;
    }
    return heading;
}

/* A registry's name as a card shows it: whole, or its beginning and the mark, or not at all. */
struct shown {
    const char *name;
    size_t length; /* without the mark */
    bool is_cut;
    const char *rest; /* "(.xa, Xanadu)" */
};

static struct shown read_shown(const char *registry)
{
    const size_t mark = sizeof MARK - 1;
    const char *rest = find_last(registry, LABEL);
    struct shown shown = {registry, rest != NULL ? (size_t)(rest - registry) : strlen(registry),
                          false, rest != NULL ? rest : ""};

    if (shown.length > 0 && rest != NULL)
        shown.length--; /* the blank */
    shown.is_cut = shown.length == 0;
    if (shown.length >= mark && memcmp(registry + shown.length - mark, MARK, mark) == 0) {
        shown.length -= mark;
        shown.is_cut = true;
    }
    return shown;
}

/* False where a name only has another length, since the rest of the card has: that is no change. */
static bool registries_differ(const char *before, const char *after)
{
    struct shown old = read_shown(before);
    struct shown new = read_shown(after);
    size_t shorter = old.length < new.length ? old.length : new.length;

    if (strcmp(old.rest, new.rest) != 0 || memcmp(old.name, new.name, shorter) != 0)
        return true;
    return (old.length > shorter && !new.is_cut) || (new.length > shorter && !old.is_cut);
}

static void compare_headings(struct wording *w, const char *label, const struct heading *before,
                             const struct heading *after)
{
    struct arena *arena = w->scratch;

    if (registries_differ(before->registry, after->registry))
        say(w, arena_format(arena, "%s: registry changed from '%s' to '%s'", label,
                            before->registry, after->registry));
    if (strcmp(before->verified, after->verified) != 0)
        say_once(w, arena_format(arena, "%s: verified %s -> %s", label, before->verified,
                                 after->verified));
    if (strcmp(before->state, after->state) == 0)
        return;
    if (after->state[0] != '\0')
        say(w,
            arena_format(arena, "%s: now %s, verified %s", label, after->state, after->verified));
    else
        say(w, arena_format(arena, "%s: no longer %s", label, before->state));
}

/* An entry's own name: the entry came, went, or its heading changed. */
static void word_card(struct wording *w, const struct node *before, const struct node *after)
{
    bool was = wording_is_card(w->apex, before);
    bool is = wording_is_card(w->apex, after);
    char label[NAME_TEXT_OCTETS];

    w->entry = (after != NULL ? after : before)->owner;
    w->whole = was != is;
    w->said_count = 0;
    arena_reset(w->kept);
    wording_label(&w->entry, label);
    if (was && is) {
        struct heading old = read_heading(w, before);
        struct heading new = read_heading(w, after);
        compare_headings(w, label, &old, &new);
    } else if (is) {
        struct heading heading = read_heading(w, after);
        unsigned contacts = node_rrset(after, TYPE_TXT)->count - 1u;
        say(w, arena_format(w->scratch, "%s: entry added (%s, %u contact%s)", label,
                            heading.registry, contacts, contacts == 1 ? "" : "s"));
    } else {
        say(w, arena_format(w->scratch, "%s: entry deleted", label));
    }
}

/* How the keys of a contact are called in a sentence; others by their own name. */
static const char *key_words(const char *key)
{
    static const struct pair words[] = {
        {"tel", "phone"},
        {"sms", "text number"},
        {"mail", "mail address"},
        {"tz", "time zone"},
        {"lang", "languages"},
        {"oob", "out of band"},
        {"name-l10n", "native name"},
        {"pgp", "PGP fingerprint"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].key, key) == 0)
            return words[i].value;
    }
    return key;
}

/* The pairs of the contact that a `_id` name belongs to; false where it only unites a role. */
static bool read_contact(struct wording *w, const struct node *node, const char *id,
                         struct pairs *out)
{
    const struct rrset *txt = node != NULL ? node_rrset(node, TYPE_TXT) : NULL;

    for (size_t i = 0; txt != NULL && i < txt->count; i++) {
        pairs_read(&txt->items[i], w->scratch, out);
        const char *own = pairs_get(out, "id");
        if (own != NULL && strcmp(own, id) == 0)
            return true;
    }
    out->count = 0;
    return false;
}

/* "order 2, 24x7, +44…, a@b, Name": what tells a contact from another. */
static const char *describe(struct wording *w, const struct pairs *contact)
{
    static const char *const keys[] = {"order", "hours", "tel", "sms", "mail", "name"};
    const char *text = "";

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = pairs_get(contact, keys[i]);
        if (value == NULL || text == NULL)
            continue;
        text = arena_format(w->scratch, "%s%s%s%s", text, text[0] != '\0' ? ", " : "",
                            i == 0 ? "order " : "", value);
    }
    return text != NULL ? text : "";
}

/* What each contact repeats of its entry. True when the key is of that kind, and dealt with. */
static bool word_of_entry(struct wording *w, const char *label, const char *key, const char *old,
                          const char *new, bool reverified)
{
    struct arena *arena = w->scratch;

    if (strcmp(key, "verified") == 0)
        say_once(w, arena_format(arena, "%s: verified %s -> %s", label, old, new));
    else if (strcmp(key, "by") == 0)
        say_once(w, arena_format(arena, "%s: verified by %s instead of %s", label, new, old));
    else if (strcmp(key, "expires") == 0 && !reverified)
        say_once(w, arena_format(arena, "%s: expires %s instead of %s", label, new, old));
    else
        return strcmp(key, "expires") == 0 || strcmp(key, "status") == 0 || strcmp(key, "tld") == 0;
    return true;
}

static void word_pair(struct wording *w, const char *label, const char *id, const char *key,
                      const char *old, const char *new, bool reverified)
{
    const char *words = key_words(key);
    struct arena *arena = w->scratch;

    if (old != NULL && new != NULL && strcmp(old, new) == 0)
        return;
    if (word_of_entry(w, label, key, old != NULL ? old : "none", new != NULL ? new : "none",
                      reverified))
        return;
    if (old == NULL)
        say(w, arena_format(arena, "%s: %s of %s added: %s", label, words, id, new));
    else if (new == NULL)
        say(w, arena_format(arena, "%s: %s of %s removed, was %s", label, words, id, old));
    else
        say(w,
            arena_format(arena, "%s: %s of %s changed from %s to %s", label, words, id, old, new));
}

static void compare_contacts(struct wording *w, const char *label, const char *id,
                             const struct pairs *before, const struct pairs *after)
{
    const char *old_date = pairs_get(before, "verified");
    const char *new_date = pairs_get(after, "verified");
    bool reverified = old_date != NULL && new_date != NULL && strcmp(old_date, new_date) != 0;

    for (size_t i = 0; i < before->count; i++) {
        const char *key = before->items[i].key;
        word_pair(w, label, id, key, before->items[i].value, pairs_get(after, key), reverified);
    }
    for (size_t i = 0; i < after->count; i++) {
        const char *key = after->items[i].key;
        if (pairs_get(before, key) == NULL)
            word_pair(w, label, id, key, NULL, after->items[i].value, reverified);
    }
}

/* `_word.LABEL`: a contact, or a role. */
static void word_contact(struct wording *w, const struct node *before, const struct node *after)
{
    const struct name *owner = &(after != NULL ? after : before)->owner;
    struct name entry;
    struct pairs old;
    struct pairs new;
    char word[NAME_TEXT_OCTETS];
    char label[NAME_TEXT_OCTETS];

    name_set(&entry, name_parent(owner->octets, 1));
    if (!name_equals(entry.octets, w->entry.octets)) { /* its card did not change */
        w->entry = entry;
        w->whole = false;
        w->said_count = 0;
        arena_reset(w->kept);
    }
    if (w->whole)
        return;
    wording_label(owner, word);
    wording_label(&entry, label);
    const char *id = word + 1;
    bool was = read_contact(w, before, id, &old);
    bool is = read_contact(w, after, id, &new);
    if (was && is)
        compare_contacts(w, label, id, &old, &new);
    else if (is)
        say(w, arena_format(w->scratch, "%s: contact %s added (%s)", label, id, describe(w, &new)));
    else if (was)
        say(w,
            arena_format(w->scratch, "%s: contact %s removed (%s)", label, id, describe(w, &old)));
}

/* TTLs aside. */
static bool rrsets_equal(const struct rrset *a, const struct rrset *b)
{
    if (a == NULL || b == NULL || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i].length != b->items[i].length ||
            memcmp(a->items[i].octets, b->items[i].octets, a->items[i].length) != 0)
            return false;
    }
    return true;
}

/* True for types that follow from the rest. */
static bool is_made(uint16_t type)
{
    return type == TYPE_SOA || type == TYPE_ZONEMD || type == TYPE_RRSIG || type == TYPE_NSEC;
}

static void word_rrset(struct wording *w, const char *label, uint16_t type, const char *what)
{
    char text[RRTYPE_TEXT_OCTETS];

    rrtype_to_text(type, text);
    if (!is_made(type))
        say(w, arena_format(w->scratch, "%s: %s records %s", label, text, what));
}

static void word_ttl(struct wording *w, const char *label, const struct rrset *before,
                     const struct rrset *after)
{
    char text[RRTYPE_TEXT_OCTETS];

    rrtype_to_text(before->type, text);
    if (!is_made(before->type) && before->ttl != after->ttl)
        say(w, arena_format(w->scratch, "%s: TTL of %s records changed from %lu to %lu", label,
                            text, (unsigned long)before->ttl, (unsigned long)after->ttl));
}

/* The apex, name servers' addresses, what came from elsewhere: which types changed. */
static void word_other(struct wording *w, const struct node *before, const struct node *after)
{
    const struct name *owner = &(after != NULL ? after : before)->owner;
    char label[NAME_TEXT_OCTETS];

    wording_label(owner, label);
    const char *named = depth_of(w->apex, owner) == 0 ? "zone" : label;
    for (size_t i = 0; before != NULL && i < before->rrset_count; i++) {
        const struct rrset *old = &before->rrsets[i];
        const struct rrset *new = after != NULL ? node_rrset(after, old->type) : NULL;
        if (!rrsets_equal(old, new))
            word_rrset(w, named, old->type, new != NULL ? "changed" : "removed");
        if (new != NULL)
            word_ttl(w, named, old, new);
    }
    for (size_t i = 0; after != NULL && i < after->rrset_count; i++) {
        const struct rrset *new = &after->rrsets[i];
        if (before == NULL || node_rrset(before, new->type) == NULL)
            word_rrset(w, named, new->type, "added");
    }
}

/* True for names that follow from entries: aliases and what is below a label without underscore. */
static bool follows(const struct name *owner, size_t depth, const struct node *node)
{
    return owner->octets[1] == '*' || (depth == 1 && owner->octets[1] == '_') ||
           node_rrset(node, TYPE_CNAME) != NULL;
}

/* The zone that a node of a catalog lists, or NULL. */
static const uint8_t *listed_by(const struct wording *w, const struct node *node)
{
    return node != NULL ? catalog_listed(w->apex, node) : NULL;
}

static void say_of_zone(struct wording *w, const uint8_t *name, const char *what)
{
    char zone[NAME_TEXT_OCTETS];
    size_t length = name_to_text(name, zone);

    if (length > 1)
        zone[length - 1] = '\0';
    say(w, arena_format(w->scratch, "zone %s %s", zone, what));
}

/* A member of a catalog; it has another name there where the zone is another. */
static void word_listed(struct wording *w, const uint8_t *was, const uint8_t *is)
{
    if (was != NULL && is != NULL && name_equals(was, is))
        return;
    if (was != NULL)
        say_of_zone(w, was, "is no longer listed");
    if (is != NULL)
        say_of_zone(w, is, "is listed");
}

/* True for what stands below the member of a catalog: it comes and goes with the member. */
static bool is_property(const struct wording *w, const struct name *owner)
{
    struct name zones;
    return name_prepend(&zones, (const uint8_t *)"zones", 5, w->apex->octets) == STATUS_OK &&
           depth_of(w->apex, owner) > 2 && name_is_within(owner->octets, zones.octets);
}

void wording_node(struct wording *w, const struct node *before, const struct node *after)
{
    const struct node *node = after != NULL ? after : before;
    size_t depth = depth_of(w->apex, &node->owner);

    arena_reset(w->scratch);
    if (wording_is_card(w->apex, before) || wording_is_card(w->apex, after))
        word_card(w, before, after);
    else if (depth == 2 && node->owner.octets[1] == '_')
        word_contact(w, before, after);
    else if (listed_by(w, before) != NULL || listed_by(w, after) != NULL)
        word_listed(w, listed_by(w, before), listed_by(w, after));
    else if (is_property(w, &node->owner))
        return;
    else if (depth == 0 || !follows(&node->owner, depth, node))
        word_other(w, before, after);
}
