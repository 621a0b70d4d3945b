#include "command/quick.h"

#include "command/shape.h"
#include "store/zones.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

static enum quick_outcome give_up(struct quick *quick, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum quick_outcome give_up(struct quick *quick, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(quick->reason, sizeof quick->reason, format, list);
    va_end(list);
    return QUICK_NOT;
}

/* Gives the context a list of its own for the time being: what is said in vain is forgotten, and
 * said again by a publish of everything. */
static bool open_diag(struct context *context, struct quick *quick)
{
    struct diag *diag = diag_create();

    if (diag == NULL)
        return false;
    for (size_t i = 0; i < diag_total(context->diag); i++) {
        const struct diagnostic *item = diag_at(context->diag, i);
        diag_add(diag, item->severity, item->place, item->rule, "%s", item->message);
    }
    quick->diag = context->diag;
    context->diag = diag;
    return true;
}

/* ---- whether it is possible ---- */

static enum quick_outcome check_zone(struct quick *quick, struct snapshot *snapshot,
                                     const struct config_zone *zone)
{
    struct zone_record record;
    char name[NAME_TEXT_OCTETS];

    context_name_text(&zone->domain, name);
    enum status status = zones_find(snapshot, zone->domain.octets, &record);
    if (status == STATUS_NOT_FOUND)
        return give_up(quick, "zone %s is new", name);
    if (status != STATUS_OK)
        return give_up(quick, "zone %s cannot be read", name);
    if ((record.flags & ZONE_RESTORED) != 0)
        return give_up(quick, "zone %s was %s", name,
                       (record.flags & ZONE_ROLLED_BACK) != 0 ? "rolled back" : "restored");
    if ((record.flags & ZONE_NSEC3) != 0 ||
        (zone->dnssec && zone->policy->denial != DNSSEC_DENIAL_NSEC))
        return give_up(quick, "zone %s has NSEC3", name);
    return QUICK_READY;
}

/* Where memory is out, there is none for everything either. */
static enum quick_outcome refuse_memory(struct context *context)
{
    context_say_memory(context);
    return QUICK_REFUSED;
}

static enum quick_outcome check_zones(struct context *context, struct quick *quick,
                                      struct snapshot *snapshot)
{
    enum quick_outcome outcome = QUICK_READY;

    for (size_t i = 0; i < context->config->zone_count && outcome == QUICK_READY; i++)
        outcome = check_zone(quick, snapshot, &context->config->zones[i]);
    return outcome;
}

static enum quick_outcome check_header(struct quick *quick, struct snapshot *snapshot)
{
    switch (sources_header_read(snapshot, &quick->header)) {
    case STATUS_OK:
        return QUICK_READY;
    case STATUS_NOT_FOUND:
        return give_up(quick, "nothing has been published from them yet");
    default:
        return give_up(quick, "what the database remembers of them is damaged");
    }
}

static enum quick_outcome check_shape(struct context *context, struct quick *quick)
{
    uint8_t shape[SOURCE_DIGEST_OCTETS];

    enum status status = contents_open(context, &quick->contents);
    if (status == STATUS_OK)
        status = shape_digest(context->config, &quick->contents.rules.delegated, shape);
    if (status == STATUS_SYSTEM)
        return refuse_memory(context);
    if (status != STATUS_OK)
        return give_up(quick, "the configuration cannot be used");
    if (memcmp(shape, quick->header.shape, sizeof shape) != 0)
        return give_up(quick, "the configuration, the list of ccTLDs or the version of zonegen "
                              "has changed since the last publish");
    return QUICK_READY;
}

static enum quick_outcome check_age(const struct context *context, struct quick *quick)
{
    int64_t age = context->now - quick->header.renewed;
    return age >= 0 && age <= QUICK_MAX_AGE_S ? QUICK_READY
                                              : give_up(quick, "the last one was long ago");
}

static enum quick_outcome check(struct context *context, struct quick *quick,
                                struct snapshot *snapshot, const struct quick_names *names)
{
    enum quick_outcome outcome = check_header(quick, snapshot);
    if (outcome == QUICK_READY)
        outcome = check_shape(context, quick);
    if (outcome == QUICK_READY)
        outcome = check_zones(context, quick, snapshot);
    if (outcome == QUICK_READY && names->count == 0)
        outcome = check_age(context, quick);
    return outcome;
}

/* ---- what changed ---- */

static enum quick_outcome find_changes(struct context *context, struct quick *quick,
                                       const struct quick_names *names)
{
    struct changed *changed = &quick->changed;

    enum status status = names->count > 0 ? changed_name(changed, names->items, names->count)
                                          : changed_find(changed, &quick->contents);
    if (status == STATUS_SYSTEM)
        return refuse_memory(context);
    return status == STATUS_OK ? QUICK_READY : give_up(quick, "they cannot be compared");
}

/* After errors in what was read: those of named files are said. */
static enum quick_outcome refuse(struct context *context, struct quick *quick,
                                 const struct quick_names *names)
{
    if (names->count == 0)
        return give_up(quick, "there are errors");
    contents_print_problems(context);
    contents_print_summary(&quick->contents, context->diag, "nothing published", context->err);
    return QUICK_REFUSED;
}

static enum quick_outcome read_changes(struct context *context, struct quick *quick,
                                       const struct quick_names *names)
{
    struct contents *contents = &quick->contents;
    struct changed *changed = &quick->changed;

    enum status status = contents_take(context, changed->paths, changed->path_count, contents);
    if (status == STATUS_SYSTEM)
        return refuse_memory(context);
    if (status != STATUS_OK || diag_count(context->diag, SEVERITY_ERROR) > 0)
        return refuse(context, quick, names);
    status = changed_complete(changed, contents);
    if (status == STATUS_SYSTEM)
        return refuse_memory(context);
    if (status != STATUS_OK)
        return give_up(quick, "a label that came or went is one of another file, too");
    if (contents->contacts.entry_count == 0)
        return give_up(quick, "no entry is left");
    if (contents_build(context, contents) != STATUS_OK)
        return refuse_memory(context);
    return diag_count(context->diag, SEVERITY_ERROR) == 0 ? QUICK_READY
                                                          : refuse(context, quick, names);
}

static enum status open_all(struct context *context, struct edit *edit, struct quick *out)
{
    memset(out, 0, sizeof *out);
    out->arena = arena_create();
    if (out->arena == NULL || !open_diag(context, out))
        return STATUS_SYSTEM;
    return changed_open(context->config, edit_snapshot(edit), out->arena, &out->changed);
}

enum quick_outcome quick_prepare(struct context *context, struct edit *edit,
                                 const struct quick_names *names, struct quick *out)
{
    enum status status = open_all(context, edit, out);
    if (status == STATUS_SYSTEM)
        return refuse_memory(context);
    if (status != STATUS_OK)
        return give_up(out, "what the database remembers of them cannot be read");
    enum quick_outcome outcome = check(context, out, edit_snapshot(edit), names);
    if (outcome == QUICK_READY && !quick_knows_names(context, out, names))
        outcome = QUICK_REFUSED;
    if (outcome == QUICK_READY)
        outcome = find_changes(context, out, names);
    if (outcome == QUICK_READY)
        outcome = read_changes(context, out, names);
    return outcome;
}

void quick_close(struct context *context, struct quick *quick)
{
    contents_close(&quick->contents);
    arena_destroy(quick->arena);
    if (quick->diag == NULL)
        return;
    diag_destroy(context->diag);
    context->diag = quick->diag;
}

bool quick_knows_names(struct context *context, const struct quick *quick,
                       const struct quick_names *names)
{
    const struct sources *before = &quick->changed.before;
    bool knows = true;

    for (size_t i = 0; i < names->count; i++) {
        const char *path = changed_path_of(&quick->changed, names->items[i]);
        struct stat info;
        if (path == NULL || lstat(path, &info) == 0 ||
            (before->count > 0 && sources_find(before, names->items[i]) != NULL))
            continue;
        context_say(context, "%s: no such file, and nothing was published from it", path);
        knows = false;
    }
    return knows;
}
