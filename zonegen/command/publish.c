#include "command/command.h"
#include "command/contents.h"
#include "command/quick.h"
#include "command/shape.h"
#include "command/update.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* "cc.example 1763817000", for every configured zone. */
static void print_serials(struct context *context, const struct update *update)
{
    char name[NAME_TEXT_OCTETS];

    for (size_t i = 0; i < update->count; i++) {
        const struct zone_update *zone = &update->zones[i];
        if (zone->zone != NULL)
            fprintf(context->out, "%s %lu\n", context_name_text(&zone->apex, name),
                    (unsigned long)zone->result.serial);
    }
}

/* What one edit is made from. */
struct publication {
    struct context *context;
    struct contents *contents;
    struct quick *quick; /* NULL: everything */
};

/* Has the database remember the files: all of them, or, after a quick publish, those that are not
 * as it has them. */
static enum status remember(const struct publication *publication, const struct update *update,
                            struct edit *edit)
{
    const struct context *context = publication->context;
    const struct contents *contents = publication->contents;
    struct sources_header header = {.renewed = context->now};

    if (publication->quick != NULL)
        return sources_write(edit, &contents->sources);
    memcpy(header.keys, update->keys, sizeof header.keys);
    enum status status = shape_digest(context->config, &contents->rules.delegated, header.shape);
    if (status == STATUS_OK)
        status = sources_header_write(edit, &header);
    return status == STATUS_OK ? sources_replace(edit, &contents->sources) : status;
}

/* Commits an update; the edit is gone afterwards either way. */
static int commit(const struct publication *publication, const struct update *update,
                  struct edit *edit)
{
    struct context *context = publication->context;

    if (!context->options->force &&
        update_say_mass_deletions(context, update, "nothing published without --force")) {
        edit_abort(edit);
        return OUTCOME_REFUSED;
    }
    errno = 0;
    if (remember(publication, update, edit) != STATUS_OK) {
        context_say_unchanged(context, "nothing is published");
        edit_abort(edit);
        return OUTCOME_REFUSED;
    }
    if (context_commit(context, edit) != STATUS_OK)
        return OUTCOME_REFUSED;
    update_say_left_alone(context, update);
    print_serials(context, update);
    return OUTCOME_DONE;
}

/*
 * Brings it into the edit and commits that; the edit is gone afterwards either way. `*is_done` is
 * set to false where what changed is not enough: `quick->reason`.
 */
static int apply(const struct publication *publication, struct edit *edit, bool *is_done)
{
    struct context *context = publication->context;
    struct quick *quick = publication->quick;
    struct update update;
    int outcome = OUTCOME_REFUSED;

    *is_done = true;
    enum status status = update_apply(context, publication->contents, edit, NULL, &update);
    if (status != STATUS_OK) {
        edit_abort(edit);
    } else if (quick != NULL && memcmp(update.keys, quick->header.keys, sizeof update.keys) != 0) {
        snprintf(quick->reason, sizeof quick->reason, "the keys of a zone have changed");
        *is_done = false;
        edit_abort(edit);
    } else {
        if (quick != NULL)
            contents_print_problems(context);
        outcome = commit(publication, &update, edit);
    }
    update_close(&update);
    return outcome;
}

/* A publish under way. */
struct run {
    struct context *context;
    struct quick_names names;
    struct store *store; /* NULL: not opened yet */
};

static enum status begin(struct run *run, struct edit **edit)
{
    enum status status = STATUS_OK;

    if (run->store == NULL)
        status = context_open_store(run->context, &run->store);
    return status == STATUS_OK ? context_begin_edit(run->context, run->store, edit) : status;
}

static int run_all(struct run *run)
{
    struct context *context = run->context;
    struct contents contents = {.build_count = 0};
    struct edit *edit = NULL;
    bool is_done = true;
    int outcome = OUTCOME_REFUSED;

    if (contents_prepare(context, "nothing published", &contents) == STATUS_OK &&
        begin(run, &edit) == STATUS_OK)
        outcome = apply(&(struct publication){context, &contents, NULL}, edit, &is_done);
    contents_close(&contents);
    return outcome;
}

static void say_reason(struct context *context, const char *reason)
{
    context_say(context, "all contacts are published, not only those that were named: %s", reason);
}

/* Tries to publish what changed. `*is_done` false: everything is to be published. */
static int run_quick(struct run *run, bool *is_done)
{
    struct context *context = run->context;
    struct edit *edit = NULL;
    struct quick quick;
    int outcome = OUTCOME_REFUSED;

    *is_done = true;
    if (begin(run, &edit) != STATUS_OK)
        return outcome;
    switch (quick_prepare(context, edit, &run->names, &quick)) {
    case QUICK_READY:
        outcome = apply(&(struct publication){context, &quick.contents, &quick}, edit, is_done);
        break;
    case QUICK_NOT:
        *is_done = !quick_knows_names(context, &quick, &run->names);
        edit_abort(edit);
        break;
    case QUICK_REFUSED:
        edit_abort(edit);
        break;
    }
    if (!*is_done && run->names.count > 0)
        say_reason(context, quick.reason);
    quick_close(context, &quick);
    return outcome;
}

/* Nothing was published yet: named files at least have to be there. */
static bool can_begin(struct run *run)
{
    for (size_t i = 0; i < run->context->options->operand_count; i++) {
        const char *path = run->context->options->operands[i];
        if (access(path, F_OK) == 0)
            continue;
        context_say(run->context, "%s: %s", path,
                    "no such file, and nothing was published from it");
        return false;
    }
    if (run->names.count > 0)
        say_reason(run->context, "nothing has been published yet");
    return true;
}

/* The names of the operands; none where one of them is all there is. */
static enum status take_names(struct context *context, struct arena *arena, struct quick_names *out)
{
    const struct options *options = context->options;
    const char **names = arena_alloc(arena, (options->operand_count + 1) * sizeof *names);
    bool is_all = false;

    if (names == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < options->operand_count && context->config->contacts != NULL; i++) {
        const char *path = options->operands[i];
        names[i] = changed_name_of(context->config, path);
        is_all = is_all || (names[i] == NULL && changed_is_all(context->config, path));
        if (names[i] == NULL && !is_all) {
            context_say(context, "'%s' is none of the configured contacts; name files of %s", path,
                        context->config->contacts);
            return STATUS_INVALID;
        }
    }
    *out = (struct quick_names){is_all ? 0 : options->operand_count, names};
    return STATUS_OK;
}

static int run_publish(struct run *run)
{
    const struct options *options = run->context->options;
    bool is_named = run->names.count > 0;
    bool is_done = false;
    int outcome = OUTCOME_REFUSED;

    if (run->context->config->contacts == NULL)
        return run_all(run); /* which says so */
    if (access(run->context->config->database, F_OK) != 0) {
        if (!can_begin(run))
            return outcome;
    } else if (is_named || !options->force) {
        outcome = run_quick(run, &is_done);
    }
    return is_done ? outcome : run_all(run);
}

int command_publish(struct context *context)
{
    struct run run = {.context = context};
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK || !context_clock_is_set(context))
        return outcome;
    struct arena *arena = arena_create();
    enum status status = arena != NULL ? take_names(context, arena, &run.names) : STATUS_SYSTEM;
    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    if (status == STATUS_OK)
        outcome = run_publish(&run);
    store_close(run.store);
    arena_destroy(arena);
    return outcome;
}
