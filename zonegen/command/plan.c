#include "command/changes.h"
#include "command/command.h"
#include "command/contents.h"
#include "command/records.h"
#include "command/seal.h"
#include "command/update.h"
#include "command/wording.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* What is collected while the zones go by. */
struct plan {
    struct context *context;
    struct snapshot *before; /* the contents as they are */
    struct snapshot *after;  /* those of the edit */
    struct changes *changes; /* for people */
    FILE *records;           /* a file without a name: as long as the zones are */
    size_t zone;
    const struct name *apex;
    enum zone_fate fate;
    bool heading; /* the zone at hand has been named in `records` */
    bool worded;  /* `wording` is open */
    struct wording wording;
    enum status status; /* of what could not be opened on the way */
};

static void add_line(void *state, const char *text)
{
    struct plan *plan = state;
    changes_add(plan->changes, plan->zone, text);
}

static void close_wording(struct plan *plan)
{
    if (plan->worded)
        wording_close(&plan->wording);
    plan->worded = false;
}

static void begin_zone(void *state, size_t n, const struct name *apex, enum zone_fate fate)
{
    struct plan *plan = state;

    close_wording(plan);
    plan->zone = n;
    plan->apex = apex;
    plan->fate = fate;
    plan->heading = false;
    /* A zone that comes or goes as a whole needs one line, not one per entry. */
    if (fate != FATE_KEPT)
        return;
    plan->worded = true;
    if (wording_open(&plan->wording, apex, add_line, plan) != STATUS_OK)
        plan->status = STATUS_SYSTEM;
}

static void print_heading(struct plan *plan)
{
    char name[NAME_TEXT_OCTETS];

    if (!plan->heading)
        fprintf(plan->records, "records of %s:\n", context_name_text(plan->apex, name));
    plan->heading = true;
}

static void see_change(void *state, const struct node *before, const struct node *after)
{
    struct plan *plan = state;
    const struct name *owner = &(after != NULL ? after : before)->owner;
    bool leaves = plan->fate == FATE_LEFT;

    if (plan->status != STATUS_OK)
        return;
    if (plan->worded)
        wording_node(&plan->wording, before, after);
    print_heading(plan);
    if (leaves || !seal_is_meta(plan->apex, owner))
        records_print_difference(before, after, leaves ? RECORDS_ALL : RECORDS_CONTENTS,
                                 plan->records);
}

/* What the commit wrote last: serial, digest and _meta. */
static void end_zone(void *state, const struct commit_result *result)
{
    struct plan *plan = state;

    if (plan->status != STATUS_OK || plan->fate == FATE_LEFT || !result->changed)
        return;
    print_heading(plan);
    plan->status = seal_print(plan->before, plan->after, plan->apex, plan->records);
}

static void print_counts(const struct commit_result *result, FILE *out)
{
    fprintf(out, "serial %u -> %u; names: %u added, %u changed, %u deleted",
            (unsigned)result->old_serial, (unsigned)result->serial, (unsigned)result->names_added,
            (unsigned)result->names_changed, (unsigned)result->names_deleted);
    if (result->signatures_made > 0)
        fprintf(out, "; %u signatures made", (unsigned)result->signatures_made);
    fputc('\n', out);
}

/* One line per zone that changes: what happens to it as a whole. */
static void print_zones(struct context *context, const struct update *update)
{
    char name[NAME_TEXT_OCTETS];

    for (size_t i = 0; i < update->count; i++) {
        const struct zone_update *zone = &update->zones[i];
        const struct commit_result *result = &zone->result;
        if (!result->changed)
            continue;
        fprintf(context->out, "zone %s: ", context_name_text(&zone->apex, name));
        if (zone->zone == NULL)
            fprintf(context->out, "removed with %u entries, it left the configuration\n",
                    (unsigned)result->entries_before);
        else if (result->created && zone->zone->catalog)
            fputs("new, a catalog\n", context->out);
        else if (result->created)
            fprintf(context->out, "new, %u entries\n", (unsigned)result->entries_after);
        else
            print_counts(result, context->out);
    }
}

static enum status print_people(struct context *context, struct plan *plan,
                                const struct update *update)
{
    char name[NAME_TEXT_OCTETS];
    const char **names = arena_alloc(update->arena, update->count * sizeof *names);

    for (size_t i = 0; names != NULL && i < update->count; i++) {
        context_name_text(&update->zones[i].apex, name);
        names[i] = arena_copy(update->arena, name, strlen(name));
    }
    if (arena_failed(update->arena))
        return STATUS_SYSTEM;
    return changes_print(plan->changes, names, update->count, context->out);
}

static enum status copy_records(struct context *context, FILE *records)
{
    char buffer[65536];
    size_t length;

    errno = 0;
    if (fflush(records) != 0 || ferror(records) || fseek(records, 0, SEEK_SET) != 0) {
        context_say(context, "temporary file: %s",
                    errno != 0 ? strerror(errno) : "not everything could be written");
        return STATUS_SYSTEM;
    }
    while ((length = fread(buffer, 1, sizeof buffer, records)) > 0)
        fwrite(buffer, 1, length, context->out);
    return STATUS_OK;
}

static int print_plan(struct context *context, struct plan *plan, const struct update *update)
{
    update_say_left_alone(context, update);
    if (!update_has_changes(update)) {
        context_say(context, "nothing would change");
        return OUTCOME_DONE;
    }
    if (plan->status == STATUS_MALFORMED) {
        context_say(context, "%s: a record is damaged", context->config->database);
        return OUTCOME_REFUSED;
    }
    print_zones(context, update);
    if (plan->status != STATUS_OK || print_people(context, plan, update) != STATUS_OK) {
        context_say_memory(context);
        return OUTCOME_REFUSED;
    }
    if (copy_records(context, plan->records) != STATUS_OK)
        return OUTCOME_REFUSED;
    update_say_mass_deletions(context, update, "warning: publish will refuse this without --force");
    return OUTCOME_CHANGES;
}

static int look(struct context *context, struct contents *contents, struct edit *edit,
                struct snapshot *before)
{
    struct plan plan = {.context = context,
                        .before = before,
                        .after = edit_snapshot(edit),
                        .records = tmpfile(),
                        .status = STATUS_OK};
    const struct update_observer observer = {&plan, begin_zone, see_change, end_zone};
    struct update update = {.count = 0};
    int outcome = OUTCOME_REFUSED;

    if (plan.records == NULL)
        context_say(context, "temporary file: %s", strerror(errno));
    else if (changes_create(&plan.changes) != STATUS_OK)
        context_say_memory(context);
    else if (update_apply(context, contents, edit, &observer, &update) == STATUS_OK)
        outcome = print_plan(context, &plan, &update);
    close_wording(&plan);
    update_close(&update);
    changes_destroy(plan.changes);
    if (plan.records != NULL)
        fclose(plan.records);
    return outcome;
}

/* Nothing published yet: then everything is new, and the database is not made by looking. */
static enum status open_store(struct context *context, struct store **out)
{
    struct stat about;

    if (stat(context->config->database, &about) != 0 && errno == ENOENT)
        return context_open_empty_store(context, out);
    return context_open_store(context, out);
}

static int plan_contents(struct context *context, struct contents *contents)
{
    struct store *store = NULL;
    struct edit *edit = NULL;
    struct snapshot *before = NULL;
    int outcome = OUTCOME_REFUSED;

    if (open_store(context, &store) != STATUS_OK)
        return outcome;
    enum status status = context_begin_edit(context, store, &edit);
    if (status == STATUS_OK && snapshot_create(store, &before) != STATUS_OK)
        context_say(context, "%s: too many readers at once, or out of memory",
                    context->config->database);
    else if (status == STATUS_OK)
        outcome = look(context, contents, edit, before);
    snapshot_destroy(before);
    edit_abort(edit);
    store_close(store);
    return outcome;
}

int command_plan(struct context *context)
{
    struct contents contents = {.build_count = 0};
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK)
        return outcome;
    if (contents_prepare(context, "no plan", &contents) == STATUS_OK)
        outcome = plan_contents(context, &contents);
    contents_close(&contents);
    return outcome;
}
