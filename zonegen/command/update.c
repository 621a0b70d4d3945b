#include "command/update.h"

#include "command/fingerprint.h"
#include "command/signing.h"
#include "command/wording.h"
#include "store/zones.h"

#include <errno.h>
#include <string.h>

/* One zone on its way into the edit. */
struct pass {
    struct context *context;
    const struct update_observer *observer; /* or NULL */
    struct zone_update *zone;
    struct update *update;
};

static void observe(void *state, const struct node *before, const struct node *after)
{
    struct pass *pass = state;
    const struct name *apex = &pass->zone->apex;

    progress_step(&pass->context->progress);
    if (wording_is_card(apex, before) && !wording_is_card(apex, after))
        deletion_add(&pass->zone->deletion, &before->owner);
    if (pass->observer != NULL)
        pass->observer->changed(pass->observer->state, before, after);
}

/* Says why a zone could not be brought into the edit. */
static void explain(struct context *context, const struct zone_update *zone, enum status status)
{
    char name[NAME_TEXT_OCTETS];
    const char *database = context->config->database;
    int code = errno;

    context_name_text(&zone->apex, name);
    if (status == STATUS_MALFORMED)
        context_say(context,
                    "%s: what is stored of zone %s is damaged; move the database away and publish "
                    "again, or restore an export",
                    database, name);
    else if (status == STATUS_NO_SPACE && diag_total(context->diag) > 0)
        context_say(context, "zone %s: %s", name,
                    diag_at(context->diag, diag_total(context->diag) - 1)->message);
    else
        context_say(context, "%s: cannot change zone %s: %s; nothing is published", database, name,
                    code != 0 ? strerror(code) : "out of memory");
}

/* What the store has of a zone, before anything is changed; points into the map. */
struct zone_found {
    bool is_new;
    bool is_restored;
    bool is_rolled_back;
    struct zone_record record;
};

static enum status find_zone(struct context *context, struct edit *edit, struct zone_update *zone,
                             struct zone_found *out)
{
    enum status status = zones_find(edit_snapshot(edit), zone->apex.octets, &out->record);
    out->is_new = status == STATUS_NOT_FOUND;
    out->is_restored = status == STATUS_OK && (out->record.flags & ZONE_RESTORED) != 0;
    out->is_rolled_back = out->is_restored && (out->record.flags & ZONE_ROLLED_BACK) != 0;
    if (status == STATUS_OK)
        zone->result.serial = zone->result.old_serial = out->record.serial;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        return STATUS_OK;
    explain(context, zone, status);
    return status;
}

/* Brings the contents of one zone into the edit: those of its build, or as they were restored. */
static enum status commit_zone(struct pass *pass, const struct commit_request *request,
                               const struct zone_build *build)
{
    struct zone_update *zone = pass->zone;

    errno = 0;
    enum status status;
    if (zone->left_alone)
        status = commit_renew(request, &zone->result);
    else if (build->catalog != NULL)
        status = commit_catalog(request, build->catalog, &zone->result);
    else
        status = commit_build(request, build->build, &zone->result);
    if (status != STATUS_OK)
        explain(pass->context, zone, status);
    else if (pass->observer != NULL)
        pass->observer->end(pass->observer->state, &zone->result);
    return status;
}

static enum status apply_signed(struct pass *pass, const struct zone_build *build,
                                struct edit *edit, const struct zone_found *found)
{
    struct context *context = pass->context;
    const struct commit_observer observer = {pass, observe};
    struct signing signing;

    if (pass->zone->left_alone && !build->zone->dnssec)
        return STATUS_OK; /* signed or not, as it was restored */
    enum status status =
        signing_prepare(context, edit, build->zone, found->is_new ? NULL : &found->record,
                        pass->update->arena, &signing);
    if (status == STATUS_OK)
        signing_digest(&signing, pass->update->keys);
    if (status != STATUS_OK)
        return status;
    const struct commit_request request = {
        .edit = edit,
        .zone = build->zone,
        .keys = signing.is_on ? &signing.keys : NULL,
        .now = context->now,
        .observer = &observer,
        .diag = context->diag,
    };
    status = commit_zone(pass, &request, build);
    return status == STATUS_OK ? signing_remember(context, edit, build->zone, &signing) : status;
}

static enum status apply_build(struct context *context, const struct zone_build *build,
                               struct edit *edit, const struct update_observer *observer,
                               struct update *update, size_t n)
{
    struct zone_update *zone = &update->zones[n];
    struct pass pass = {context, observer, zone, update};
    char name[NAME_TEXT_OCTETS];
    struct zone_found found;

    zone->apex = build->zone->domain;
    zone->zone = build->zone;
    enum status status = find_zone(context, edit, zone, &found);
    if (status != STATUS_OK)
        return status;
    bool contacts_moved = update->fingerprint_known && update->fingerprint_changed;
    zone->left_alone = found.is_restored && !contacts_moved && !context->options->force;
    zone->is_rolled_back = found.is_rolled_back;
    if (observer != NULL && !zone->left_alone)
        observer->begin(observer->state, n, &zone->apex, found.is_new ? FATE_NEW : FATE_KEPT);
    progress_begin(&context->progress, context_name_text(&zone->apex, name));
    return apply_signed(&pass, build, edit, &found);
}

static bool is_configured(const struct config *config, const uint8_t *apex)
{
    for (size_t i = 0; i < config->zone_count; i++) {
        if (name_equals(config->zones[i].domain.octets, apex))
            return true;
    }
    return false;
}

/* Makes room for one zone more; NULL without memory. */
static struct zone_update *add_zone(struct update *update)
{
    struct zone_update *zones = arena_alloc(update->arena, (update->count + 1) * sizeof *zones);
    if (zones == NULL)
        return NULL;
    memcpy(zones, update->zones, update->count * sizeof *zones);
    update->zones = zones;
    return &zones[update->count++];
}

static enum status remove_zone(struct context *context, struct edit *edit,
                               const struct zone_record *record,
                               const struct update_observer *observer, struct update *update)
{
    struct zone_update *zone = add_zone(update);
    struct pass pass = {context, observer, zone, update};
    const struct commit_observer commit = {&pass, observe};

    if (zone == NULL) {
        context_say_memory(context);
        return STATUS_SYSTEM;
    }
    name_set(&zone->apex, record->apex);
    if (observer != NULL)
        observer->begin(observer->state, update->count - 1, &zone->apex, FATE_LEFT);
    errno = 0;
    enum status status = commit_remove(edit, record, &commit, &zone->result);
    if (status != STATUS_OK)
        explain(context, zone, status);
    else if (observer != NULL)
        observer->end(observer->state, &zone->result);
    return status;
}

static enum status remove_others(struct context *context, struct edit *edit,
                                 const struct update_observer *observer, struct update *update)
{
    struct zone_record record;
    int32_t after = -1;
    enum status status;

    while ((status = zones_next(edit_snapshot(edit), after, &record)) == STATUS_OK) {
        after = record.number;
        if (is_configured(context->config, record.apex))
            continue;
        status = remove_zone(context, edit, &record, observer, update);
        if (status != STATUS_OK)
            return status;
    }
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    context_say(context, "%s: the record of a zone is damaged", context->config->database);
    return status;
}

static enum status compare_fingerprints(struct context *context, struct edit *edit,
                                        const struct fingerprint *fingerprint,
                                        struct update *update)
{
    struct fingerprint stored;

    enum status status = fingerprint_stored(edit_snapshot(edit), &stored);
    update->fingerprint_known = status == STATUS_OK;
    update->fingerprint_changed =
        !update->fingerprint_known || !fingerprint_equals(fingerprint, &stored);
    if (status != STATUS_SYSTEM)
        return STATUS_OK; /* a damaged one counts as none: it is only written anew */
    context_say(context, "%s: cannot be read", context->config->database);
    return status;
}

enum status update_apply(struct context *context, struct contents *contents, struct edit *edit,
                         const struct update_observer *observer, struct update *out)
{
    struct fingerprint fingerprint;

    memset(out, 0, sizeof *out);
    out->arena = arena_create();
    if (out->arena != NULL)
        out->zones = arena_alloc(out->arena, contents->build_count * sizeof *out->zones);
    if (out->zones == NULL || fingerprint_make(&contents->sources, &fingerprint) != STATUS_OK) {
        context_say_memory(context);
        return STATUS_SYSTEM;
    }
    enum status status = compare_fingerprints(context, edit, &fingerprint, out);
    for (size_t i = 0; i < contents->build_count && status == STATUS_OK; i++) {
        out->count = i + 1;
        status = apply_build(context, &contents->builds[i], edit, observer, out, i);
    }
    if (status == STATUS_OK)
        status = remove_others(context, edit, observer, out);
    if (status == STATUS_OK && out->fingerprint_changed) {
        errno = 0;
        status = fingerprint_store(edit, &fingerprint);
        if (status != STATUS_OK)
            context_say(context, "%s: %s", context->config->database, strerror(errno));
    }
    progress_clear(&context->progress);
    return status;
}

void update_close(struct update *update)
{
    arena_destroy(update->arena);
}

bool update_has_changes(const struct update *update)
{
    for (size_t i = 0; i < update->count; i++) {
        if (update->zones[i].result.changed)
            return true;
    }
    return false;
}

void update_say_left_alone(struct context *context, const struct update *update)
{
    char name[NAME_TEXT_OCTETS];

    for (size_t i = 0; i < update->count; i++) {
        if (update->zones[i].left_alone)
            context_say(context,
                        "zone %s was %s and stays as it is until a contacts file changes or "
                        "publish is run with --force",
                        context_name_text(&update->zones[i].apex, name),
                        update->zones[i].is_rolled_back ? "rolled back" : "restored");
    }
}

bool update_say_mass_deletions(struct context *context, const struct update *update,
                               const char *what)
{
    bool found = false;

    for (size_t i = 0; i < update->count; i++) {
        const struct zone_update *zone = &update->zones[i];
        uint32_t before = zone->result.entries_before;
        char name[NAME_TEXT_OCTETS];
        char text[DELETION_TEXT_OCTETS];

        if (zone->zone != NULL && !deletion_is_mass((uint32_t)zone->deletion.count, before))
            continue;
        found = true;
        context_name_text(&zone->apex, name);
        deletion_text(&zone->deletion, before, text);
        if (zone->zone == NULL)
            context_say(context, "%s: zone %s left the configuration and would be removed with %s",
                        what, name, text);
        else
            context_say(context, "%s: zone %s would lose %s", what, name, text);
    }
    return found;
}
