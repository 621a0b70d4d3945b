#include "command/key.h"

#include "store/zones.h"
#include "zone/stored_source.h"

#include <string.h>

enum status key_view_open(struct context *context, const char *operand, struct key_view *view)
{
    *view = (struct key_view){.context = context};
    enum status status = context_configure(context);
    if (status == STATUS_OK)
        status = context_zone(context, operand, &view->zone);
    if (status != STATUS_OK)
        return status;
    context_name_text(&view->zone->domain, view->name);
    view->arena = arena_create();
    if (view->arena != NULL)
        return STATUS_OK;
    context_say_memory(context);
    return STATUS_SYSTEM;
}

void key_view_close(struct key_view *view)
{
    arena_destroy(view->arena);
}

/* Says what keeps the keys from being read, unless diagnostics do. */
static enum status explain(struct key_view *view, enum status status)
{
    struct context *context = view->context;

    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    else if (status == STATUS_MALFORMED)
        context_say(context,
                    "%s: what is stored of zone %s is damaged; restore it from an export or a "
                    "secondary",
                    context->config->database, view->name);
    return status;
}

/* Brings the keys together with what a snapshot holds; NULL: there is no database yet. */
static enum status open_keyset(struct key_view *view, struct snapshot *snapshot,
                               const struct rrset *stored)
{
    struct signing_state state;

    view->remembered =
        snapshot != NULL && state_read(snapshot, &view->zone->domain, &state) == STATUS_OK;
    view->known = true;
    const struct keyset_sources sources = {&view->files, snapshot, stored};
    return keyset_open(view->zone, &sources, view->arena, view->context->diag, &view->keyset);
}

/* With the DNSKEY RRset of the stored zone. */
static enum status open_with_zone(struct key_view *view, struct snapshot *snapshot,
                                  const struct zone_record *zone)
{
    struct stored_source *stored = NULL;
    struct node apex;

    enum status status = stored_source_open(snapshot, zone, &stored);
    if (status != STATUS_OK)
        return status;
    const struct node_source source = stored_source_nodes(stored);
    status = source.find(source.state, view->zone->domain.octets, &apex);
    if (status == STATUS_OK)
        status = open_keyset(view, snapshot, node_rrset(&apex, TYPE_DNSKEY));
    else if (status == STATUS_NOT_FOUND)
        status = STATUS_MALFORMED; /* a zone without its apex */
    stored_source_close(stored);
    return status;
}

static enum status read_snapshot(struct key_view *view, struct snapshot *snapshot)
{
    struct zone_record zone;

    enum status status = zones_find(snapshot, view->zone->domain.octets, &zone);
    if (status == STATUS_OK)
        return open_with_zone(view, snapshot, &zone);
    return status == STATUS_NOT_FOUND ? open_keyset(view, snapshot, NULL) : status;
}

static enum status read_store(struct key_view *view, struct store *store)
{
    struct snapshot *snapshot = NULL;

    if (snapshot_create(store, &snapshot) != STATUS_OK) {
        context_say(view->context, "%s: too many readers at once, or out of memory",
                    view->context->config->database);
        return STATUS_DENIED;
    }
    enum status status = explain(view, read_snapshot(view, snapshot));
    snapshot_destroy(snapshot);
    return status;
}

static enum status read_keyset(struct key_view *view)
{
    struct context *context = view->context;
    char message[STORE_MESSAGE_OCTETS] = "";
    struct store *store = NULL;

    enum status status = store_open(context->config->database, &store, message);
    if (status == STATUS_NOT_FOUND)
        return explain(view, open_keyset(view, NULL, NULL));
    if (status != STATUS_OK) {
        context_say(context, "%s", message);
        return STATUS_DENIED;
    }
    status = read_store(view, store);
    store_close(store);
    return status;
}

/* Puts the key that is not in the folder yet where it will stand among the others. */
static enum status add_incoming(struct key_view *view)
{
    const struct keyfile *incoming = view->incoming;
    struct keyfiles *files = &view->files;
    size_t before = 0;

    struct keyfile *items = arena_alloc(view->arena, (files->count + 1) * sizeof *items);
    if (items == NULL)
        return STATUS_SYSTEM;
    while (before < files->count && (files->items[before].algorithm < incoming->algorithm ||
                                     (files->items[before].algorithm == incoming->algorithm &&
                                      files->items[before].tag < incoming->tag)))
        before++;
    memcpy(items, files->items, before * sizeof *items);
    items[before] = *incoming;
    memcpy(items + before + 1, files->items + before, (files->count - before) * sizeof *items);
    *files = (struct keyfiles){files->count + 1, items};
    return STATUS_OK;
}

static enum status read_files(struct key_view *view)
{
    enum status status = keyfiles_read(view->zone->policy->key_dir, &view->zone->domain,
                                       view->arena, view->context->diag, &view->files);
    return status == STATUS_OK && view->incoming != NULL ? add_incoming(view) : status;
}

enum status key_view_read(struct key_view *view)
{
    enum status status = explain(view, read_files(view));
    return status == STATUS_OK ? read_keyset(view) : status;
}

unsigned key_view_use(const struct key_view *view, const struct keyfile *key)
{
    for (size_t i = 0; i < view->keyset.count; i++) {
        const struct keyset_key *other = &view->keyset.keys[i];
        if (other->file->algorithm == key->algorithm && other->file->tag == key->tag)
            return other->use;
    }
    return 0;
}

enum key_part key_view_part(const struct key_view *view, const struct keyfile *key)
{
    const struct signing_state *state = &view->keyset.state;

    for (size_t i = 0; i < state->key_count; i++)
        if (state->keys[i].algorithm == key->algorithm && state->keys[i].tag == key->tag)
            return (enum key_part)state->keys[i].part;
    return KEY_STAYS;
}

/* True when the zone has a key of the algorithm that signs data only. */
static bool has_zsk(const struct key_view *view, uint8_t algorithm)
{
    for (size_t i = 0; i < view->files.count; i++)
        if (view->files.items[i].algorithm == algorithm &&
            (view->files.items[i].flags & DNSKEY_SEP) == 0)
            return true;
    return false;
}

enum key_role key_view_role(const struct key_view *view, const struct keyfile *key)
{
    unsigned use = key_view_use(view, key);

    if ((key->flags & DNSKEY_SEP) == 0)
        return KEY_ROLE_ZSK;
    if ((use & KEY_SIGNS_DATA) != 0)
        return KEY_ROLE_CSK;
    if (use == 0 && view->zone->policy->keys == DNSSEC_KEYS_KSK_ZSK)
        return KEY_ROLE_KSK;
    return has_zsk(view, key->algorithm) ? KEY_ROLE_KSK : KEY_ROLE_CSK;
}

const char *key_role_name(enum key_role role)
{
    static const char *const names[] = {"CSK", "KSK", "ZSK"};
    return names[role];
}
