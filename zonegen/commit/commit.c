#include "commit/commit.h"

#include "commit/merge.h"
#include "commit/next_serial.h"
#include "commit/partial.h"
#include "commit/present.h"
#include "commit/recorder.h"
#include "commit/seal.h"
#include "sign/plain.h"
#include "sign/signer.h"
#include "zone/stored_source.h"

static const uint8_t meta_label[] = {'_', 'm', 'e', 't', 'a'};

/* A copy of a node that outlives the source's next find(); NULL when memory is out. */
static struct node *copy_node(struct arena *arena, const struct node *node)
{
    struct node *copy = arena_alloc(arena, sizeof *copy);
    /* Room for one RRset more: the ZONEMD. */
    struct rrset *rrsets = arena_alloc(arena, (node->rrset_count + 1) * sizeof *rrsets);

    if (!copy || !rrsets)
        return NULL;
    *copy = (struct node){node->owner, node->rrset_count, rrsets};
    for (size_t i = 0; i < node->rrset_count; i++)
        if (rrset_copy(arena, &node->rrsets[i], &rrsets[i]) != STATUS_OK)
            return NULL;
    return copy;
}

static enum status find_copy(const struct node_source *source, const uint8_t *owner,
                             struct arena *arena, struct node **out)
{
    struct node node;

    enum status status = source->find(source->state, owner, &node);
    if (status != STATUS_OK)
        return status;
    *out = copy_node(arena, &node);
    return *out ? STATUS_OK : STATUS_SYSTEM;
}

/* Where the contents of a zone come from; they say the serial and time that they are told. */
struct contents {
    struct node_source source; /* without DNSSEC */
    void *state;
    void (*stamp)(void *state, uint32_t serial, int64_t published);
    bool is_partial; /* the source is a partial one */
    enum origin { ORIGIN_BUILD, ORIGIN_STORE, ORIGIN_PAST } origin;
};

/* A publish of one zone under way. */
struct passage {
    const struct commit_request *request;
    const struct contents *contents;
    struct signer *signer; /* or NULL */
    struct merge merge;
    struct arena *arena;
};

/* Puts a node whose records say the serial, `extra` among them where it is not NULL. */
static enum status put_sealed(struct passage *passage, struct node *node, const struct rrset *extra,
                              struct node *out)
{
    enum status status = STATUS_OK;

    *out = *node;
    if (passage->signer != NULL)
        status = signer_again(passage->signer, node, extra, out);
    else if (extra != NULL)
        node_add_rrset(out, extra);
    return status == STATUS_OK ? merge_put_node(&passage->merge, out) : status;
}

static enum status seal_meta(struct passage *passage)
{
    const struct node_source *source = &passage->contents->source;
    struct name name;
    struct node *meta = NULL;
    struct node sealed;

    enum status status = name_prepend(&name, meta_label, sizeof meta_label, source->apex.octets);
    if (status == STATUS_OK)
        status = find_copy(source, name.octets, passage->arena, &meta);
    if (status == STATUS_NOT_FOUND) /* a restored zone need not have one */
        return STATUS_OK;
    return status == STATUS_OK ? put_sealed(passage, meta, NULL, &sealed) : status;
}

static enum status seal_apex(struct passage *passage, int64_t published, uint8_t flags)
{
    const struct node_source *source = &passage->contents->source;
    struct node *apex = NULL;
    struct node sealed;
    struct rrset zonemd;

    enum status status = find_copy(source, source->apex.octets, passage->arena, &apex);
    if (status == STATUS_OK)
        status = put_sealed(passage, apex, NULL, &sealed);
    if (status == STATUS_OK)
        status = seal_record(&passage->merge, &sealed, published, flags);
    if (status != STATUS_OK || !passage->request->zone->zonemd)
        return status;
    status = seal_zonemd(&passage->merge, node_rrset(apex, TYPE_SOA)->ttl, passage->arena, &zonemd);
    return status == STATUS_OK ? put_sealed(passage, apex, &zonemd, &sealed) : status;
}

/* Writes what says the serial: _meta, the apex with SOA and ZONEMD, the zone's record. */
static enum status seal(struct passage *passage, int64_t published, uint8_t flags)
{
    enum status status = seal_meta(passage);
    return status == STATUS_OK ? seal_apex(passage, published, flags) : status;
}

bool commit_has_changes(const struct commit_result *result)
{
    return result->created || result->names_added > 0 || result->names_changed > 0 ||
           result->names_deleted > 0 || result->names_renewed > 0;
}

/* Makes the counts of the names that were looked at those of the whole zone. */
static void count_kept(const struct present *present, struct commit_result *result)
{
    result->entries_after += present->entries - result->entries_before;
    result->entries_before = present->entries;
    result->names_after = present->names + result->names_added - result->names_deleted;
}

#define KEPT_FLAGS (ZONE_RESTORED | ZONE_ROLLED_BACK)

/* Whether the zone counts as restored from now on: a publish ends it, a rollback begins it. */
static uint8_t flags_after(const struct contents *contents, const struct present *present)
{
    switch (contents->origin) {
    case ORIGIN_STORE:
        return present->flags & KEPT_FLAGS;
    case ORIGIN_PAST:
        return ZONE_RESTORED | ZONE_ROLLED_BACK;
    case ORIGIN_BUILD:
        break;
    }
    return 0;
}

/* Whether the same contents need a serial all the same: a restore has set it back, secondaries hold
 * what came before, and now the contacts say that it stays so. Renewed signatures alone do not. */
static bool is_left_behind(const struct contents *contents, const struct present *present)
{
    return contents->origin != ORIGIN_STORE && present->exists &&
           present->serial != present->newest_serial;
}

/* Merges the contents under the old serial, so that only contents can differ; moves the serial and
 * writes what says it where something did. */
static enum status pass(struct passage *passage, const struct present *present)
{
    const struct commit_request *request = passage->request;
    const struct contents *contents = passage->contents;
    struct commit_result *out = passage->merge.result;
    enum serial_policy rule = request->zone->serial;
    const uint8_t flags = flags_after(contents, present);

    contents->stamp(contents->state, present->serial, present->published);
    enum status status = merge_zone(&passage->merge);
    if (status != STATUS_OK)
        return status;
    if (contents->is_partial)
        count_kept(present, out);
    out->created = !present->exists;
    out->old_serial = out->serial = present->serial;
    out->newest_serial = present->newest_serial;
    out->changed = commit_has_changes(out) || present->has_zonemd != request->zone->zonemd ||
                   is_left_behind(contents, present);
    if (!out->changed) {
        if ((present->flags & KEPT_FLAGS) != flags)
            status = seal_flags(request->edit, contents->source.apex.octets, KEPT_FLAGS, flags);
        return status == STATUS_OK ? recorder_abandon(passage->merge.recorder) : status;
    }
    out->serial = out->created ? next_serial_first(rule, request->now)
                               : next_serial_after(rule, present->serial, present->newest_serial,
                                                   request->now);
    contents->stamp(contents->state, out->serial, request->now);
    status = seal(passage, request->now, flags);
    return status == STATUS_OK ? present_record(present, passage->merge.recorder, out, request->now,
                                                contents->origin == ORIGIN_PAST ? HISTORY_ROLLBACK
                                                                                : HISTORY_PUBLISH)
                               : status;
}

static enum status pass_signed(struct passage *passage, const struct present *present)
{
    const struct commit_request *request = passage->request;
    const struct signer_rules rules = {request->zone, request->keys, request->now, request->threads,
                                       (present->flags & ZONE_RESTORED) != 0};

    enum status status = signer_open(&rules, &passage->contents->source, request->edit,
                                     present->number, request->diag, &passage->signer);
    if (status != STATUS_OK)
        return status;
    struct node_source source = signer_source(passage->signer);
    passage->merge.source = &source;
    status = pass(passage, present);
    passage->merge.result->signatures_made = signer_counts(passage->signer).made;
    signer_close(passage->signer);
    return status;
}

static enum status commit_contents(const struct commit_request *request,
                                   const struct contents *contents, const struct present *present,
                                   struct commit_result *out)
{
    struct recorder recorder;
    struct passage passage = {
        .request = request,
        .contents = contents,
        .merge = {request->edit, &contents->source, present->number, request->observer,
                  request->diag, out, true, &recorder},
        .arena = arena_create(),
    };

    enum status status = present_open_recorder(present, request, &contents->source.apex, &recorder);
    if (status == STATUS_OK && passage.arena == NULL)
        status = STATUS_SYSTEM;
    if (status == STATUS_OK)
        status = request->keys != NULL ? pass_signed(&passage, present) : pass(&passage, present);
    recorder_close(&recorder);
    arena_destroy(passage.arena);
    return status;
}

static void stamp_build(void *state, uint32_t serial, int64_t published)
{
    build_stamp(state, serial, published);
}

static enum status commit_partial(const struct commit_request *request, struct build *build,
                                  const struct present *present, struct commit_result *out)
{
    struct partial partial;

    if (!present->exists)
        return STATUS_MALFORMED;
    enum status status = partial_open(build, request->edit, present->number, &partial);
    if (status == STATUS_OK) {
        const struct contents contents = {partial_source(&partial), build, stamp_build, true,
                                          ORIGIN_BUILD};
        status = commit_contents(request, &contents, present, out);
    }
    partial_close(&partial);
    return status;
}

enum status commit_build(const struct commit_request *request, struct build *build,
                         struct commit_result *out)
{
    const struct contents contents = {build_source(build), build, stamp_build, false, ORIGIN_BUILD};
    struct present present;

    *out = (struct commit_result){.created = false};
    enum status status =
        present_find(edit_snapshot(request->edit), contents.source.apex.octets, &present);
    if (status != STATUS_OK)
        return status;
    if (build_is_partial(build))
        return commit_partial(request, build, &present, out);
    return commit_contents(request, &contents, &present, out);
}

static void stamp_catalog(void *state, uint32_t serial, int64_t published)
{
    (void)published; /* nothing in a catalog says it */
    catalog_stamp(state, serial);
}

enum status commit_catalog(const struct commit_request *request, struct catalog *catalog,
                           struct commit_result *out)
{
    const struct contents contents = {catalog_source(catalog), catalog, stamp_catalog, false,
                                      ORIGIN_BUILD};
    struct present present;

    *out = (struct commit_result){.created = false};
    enum status status =
        present_find(edit_snapshot(request->edit), contents.source.apex.octets, &present);
    return status == STATUS_OK ? commit_contents(request, &contents, &present, out) : status;
}

static void stamp_plain(void *state, uint32_t serial, int64_t published)
{
    plain_stamp(state, serial, published);
}

/* Commits what a source has without its DNSSEC. */
static enum status commit_plain(const struct commit_request *request, const struct present *present,
                                const struct node_source *nodes, enum origin origin,
                                struct commit_result *out)
{
    struct plain plain;

    enum status status = plain_open(nodes, &plain);
    if (status == STATUS_OK) {
        const struct contents contents = {plain_source(&plain), &plain, stamp_plain, false, origin};
        status = commit_contents(request, &contents, present, out);
    }
    plain_close(&plain);
    return status;
}

/* Signs what a view of the edit shows of the zone. */
static enum status renew(const struct commit_request *request, const struct present *present,
                         struct snapshot *view, struct commit_result *out)
{
    struct zone_record zone = {.number = present->number, .apex = request->zone->domain.octets};
    struct stored_source *stored;

    enum status status = stored_source_open(view, &zone, &stored);
    if (status != STATUS_OK)
        return status;
    struct node_source nodes = stored_source_nodes(stored);
    status = commit_plain(request, present, &nodes, ORIGIN_STORE, out);
    stored_source_close(stored);
    return status;
}

/* What there is of a zone that must be there. */
static enum status find_existing(const struct commit_request *request, struct present *present)
{
    enum status status =
        present_find(edit_snapshot(request->edit), request->zone->domain.octets, present);
    return status == STATUS_OK && !present->exists ? STATUS_NOT_FOUND : status;
}

enum status commit_renew(const struct commit_request *request, struct commit_result *out)
{
    struct snapshot *view;
    struct present present;

    *out = (struct commit_result){.created = false};
    enum status status = find_existing(request, &present);
    if (status == STATUS_OK)
        status = edit_open_view(request->edit, &view);
    if (status != STATUS_OK)
        return status;
    status = renew(request, &present, view, out);
    edit_close_view(view);
    return status;
}

enum status commit_rollback(const struct commit_request *request, const struct node_source *source,
                            struct commit_result *out)
{
    struct present present;

    *out = (struct commit_result){.created = false};
    enum status status = find_existing(request, &present);
    return status == STATUS_OK ? commit_plain(request, &present, source, ORIGIN_PAST, out) : status;
}

static enum status nothing(void *state, struct node *out)
{
    (void)state;
    (void)out;
    return STATUS_NOT_FOUND;
}

static enum status rewind_nothing(void *state)
{
    (void)state;
    return STATUS_OK;
}

static enum status find_nothing(void *state, const uint8_t *owner, struct node *out)
{
    (void)owner;
    return nothing(state, out);
}

enum status commit_remove(struct edit *edit, const struct zone_record *zone,
                          const struct commit_observer *observer, struct commit_result *out)
{
    struct node_source source = {NULL, {.length = 0}, nothing, rewind_nothing, find_nothing, NULL};
    uint8_t key[KEY_PREFIX_OCTETS];

    /* Copied first: the record is in the map, and the first write moves it. */
    name_set(&source.apex, zone->apex);
    key_of_zone(key, zone->number);
    *out = (struct commit_result){.changed = true, .old_serial = zone->serial};
    struct merge merge = {edit, &source, zone->number, observer, NULL, out, false, NULL};
    enum status status = merge_nothing(&merge);
    if (status == STATUS_OK)
        status = recorder_forget(edit, merge.zone);
    return status == STATUS_OK ? edit_delete(edit, key, sizeof key) : status;
}
