#include "command/changed.h"
#include "command/command.h"
#include "command/fingerprint.h"
#include "command/past.h"
#include "command/signing.h"
#include "commit/commit.h"
#include "store/zones.h"
#include "zone/past_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LISTED_SERIALS 12

/* What is rolled back, and to what. */
struct rollback {
    struct context *context;
    const struct config_zone *zone;
    char name[NAME_TEXT_OCTETS];
    uint32_t serial;
    struct past past;
    struct arena *arena;
    struct signing signing;
};

static void see_change(void *state, const struct node *before, const struct node *after)
{
    struct context *context = state;
    (void)before;
    (void)after;
    progress_step(&context->progress);
}

/* Digits only, and no more than a serial can be. */
static enum status read_serial(struct context *context, const char *text, uint32_t *out)
{
    char *end = NULL;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > UINT32_MAX) {
        context_say(context, "'%s' is not a serial; 'zonegen log' lists those that are kept", text);
        return STATUS_INVALID;
    }
    *out = (uint32_t)value;
    return STATUS_OK;
}

/* The serials that one can go back to, newest first. */
static void list_serials(struct rollback *rollback, char text[], size_t size)
{
    const struct history_summary *summary = &rollback->past.summary;
    size_t at = 0;

    text[0] = '\0';
    for (uint32_t n = 0; n < LISTED_SERIALS && summary->newest - n >= summary->oldest; n++) {
        struct history_step step;
        if (past_step(rollback->context, &rollback->past, summary->newest - n, &step) != STATUS_OK)
            return;
        at += (size_t)snprintf(text + at, size - at, "%s%lu", n > 0 ? ", " : "",
                               (unsigned long)step.old_serial);
    }
    if (summary->newest + 1 - summary->oldest > LISTED_SERIALS)
        snprintf(text + at, size - at, " and older ones, see 'zonegen log'");
}

static void refuse_serial(struct rollback *rollback)
{
    const struct history_summary *summary = &rollback->past.summary;
    char serials[LISTED_SERIALS * 12 + 64];

    if (summary->oldest > summary->newest) {
        context_say(rollback->context,
                    "zone %s has serial %lu, and nothing is kept of what it was before",
                    rollback->name, (unsigned long)rollback->past.zone.serial);
        return;
    }
    list_serials(rollback, serials, sizeof serials);
    context_say(rollback->context,
                "zone %s had no serial %lu, or it is no longer kept; kept are %s", rollback->name,
                (unsigned long)rollback->serial, serials);
}

static void explain(struct rollback *rollback, enum status status)
{
    struct context *context = rollback->context;
    int code = errno;

    if (diag_total(context->diag) > 0 && (status == STATUS_INVALID || status == STATUS_NO_SPACE))
        context_say_diagnostics(context);
    else if (status == STATUS_MALFORMED)
        context_say(context,
                    "%s: what is stored of zone %s is damaged; 'zonegen verify' says where, "
                    "nothing is rolled back",
                    context->config->database, rollback->name);
    else
        context_say(context, "%s: cannot change zone %s: %s; nothing is rolled back",
                    context->config->database, rollback->name,
                    code != 0 ? strerror(code) : "out of memory");
}

/* Brings the contents of before `step` into the edit. */
static enum status apply(struct rollback *rollback, struct edit *edit, uint32_t step,
                         struct commit_result *result)
{
    struct context *context = rollback->context;
    const struct commit_observer observer = {context, see_change};
    struct past_source *source;

    errno = 0;
    enum status status =
        past_source_open(rollback->past.snapshot, &rollback->past.zone, step, &source);
    if (status == STATUS_OK) {
        const struct node_source nodes = past_source_nodes(source);
        const struct commit_request request = {
            .edit = edit,
            .zone = rollback->zone,
            .keys = rollback->signing.is_on ? &rollback->signing.keys : NULL,
            .now = context->now,
            .observer = &observer,
            .diag = context->diag,
        };
        status = commit_rollback(&request, &nodes, result);
    }
    past_source_close(source);
    if (status != STATUS_OK) {
        explain(rollback, status);
        return status;
    }
    return signing_remember(context, edit, rollback->zone, &rollback->signing);
}

static void say_done(struct rollback *rollback, const struct commit_result *result)
{
    if (!result->changed)
        context_say(rollback->context, "zone %s has the contents of serial %lu already",
                    rollback->name, (unsigned long)rollback->serial);
    context_say(rollback->context,
                "zone %s stays as it is until a contacts file changes or publish is run with "
                "--force",
                rollback->name);
    fprintf(rollback->context->out, "%s %lu\n", rollback->name, (unsigned long)result->serial);
}

/* The edit is gone afterwards either way. */
/*
 * Has the database know the contacts as they are now: a publish leaves the zone alone until they
 * differ from these, so that what was being edited when the rollback had to be made does not undo
 * it. Without files to read, what was published last counts.
 */
static enum status remember_contacts(const struct rollback *rollback, struct edit *edit)
{
    struct fingerprint fingerprint;
    struct sources sources;
    struct changed changed;

    enum status status =
        changed_open(rollback->context->config, edit_snapshot(edit), rollback->arena, &changed);
    if (status == STATUS_OK)
        status = changed_digest_all(&changed, &sources);
    if (status == STATUS_OK)
        status = fingerprint_make(&sources, &fingerprint);
    if (status == STATUS_OK)
        return fingerprint_store(edit, &fingerprint);
    return status == STATUS_SYSTEM ? status : STATUS_OK;
}

static int commit(struct rollback *rollback, struct edit *edit, uint32_t step)
{
    struct context *context = rollback->context;
    struct commit_result result;

    progress_begin(&context->progress, rollback->name);
    enum status status = signing_prepare(context, edit, rollback->zone, &rollback->past.zone,
                                         rollback->arena, &rollback->signing);
    if (status == STATUS_OK)
        status = apply(rollback, edit, step, &result);
    if (status == STATUS_OK) {
        errno = 0;
        status = remember_contacts(rollback, edit);
        if (status != STATUS_OK)
            explain(rollback, status);
    }
    progress_clear(&context->progress);
    if (status != STATUS_OK) {
        edit_abort(edit);
        return OUTCOME_REFUSED;
    }
    if (context_commit(context, edit) != STATUS_OK)
        return OUTCOME_REFUSED;
    say_done(rollback, &result);
    return OUTCOME_DONE;
}

/* Looks at the past while nobody else can write. The edit is gone afterwards. */
static int roll_back(struct rollback *rollback, struct store *store, struct edit *edit)
{
    struct context *context = rollback->context;
    struct snapshot *snapshot = NULL;
    struct history_step step;
    int outcome = OUTCOME_REFUSED;

    enum status status = snapshot_create(store, &snapshot);
    if (status != STATUS_OK)
        context_say(context, "%s: too many readers at once, or out of memory",
                    context->config->database);
    else
        status = past_find(context, snapshot, rollback->zone, &rollback->past);
    if (status == STATUS_OK && rollback->past.zone.serial == rollback->serial) {
        context_say(context, "zone %s has serial %lu now: there is nothing to roll back",
                    rollback->name, (unsigned long)rollback->serial);
        fprintf(context->out, "%s %lu\n", rollback->name, (unsigned long)rollback->serial);
        outcome = OUTCOME_DONE;
        status = STATUS_DENIED;
    }
    if (status == STATUS_OK) {
        status = past_step_from(context, &rollback->past, rollback->serial, &step);
        if (status == STATUS_NOT_FOUND)
            refuse_serial(rollback);
    }
    if (status == STATUS_OK)
        outcome = commit(rollback, edit, step.step);
    else
        edit_abort(edit);
    snapshot_destroy(snapshot);
    return outcome;
}

static int run(struct rollback *rollback)
{
    struct store *store = NULL;
    struct edit *edit = NULL;
    int outcome = OUTCOME_REFUSED;

    if (context_open_edit(rollback->context, &store, &edit) == STATUS_OK)
        outcome = roll_back(rollback, store, edit);
    store_close(store);
    return outcome;
}

int command_rollback(struct context *context)
{
    const struct options *options = context->options;
    const char *zone = options->operand_count > 1 ? options->operands[1] : NULL;
    struct rollback rollback = {.context = context};
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK || !context_clock_is_set(context) ||
        read_serial(context, options->operands[0], &rollback.serial) != STATUS_OK ||
        context_zone(context, zone, &rollback.zone) != STATUS_OK)
        return outcome;
    context_name_text(&rollback.zone->domain, rollback.name);
    if (rollback.zone->catalog) {
        context_say(context, "zone %s is a catalog: what it lists follows from the configuration",
                    rollback.name);
        return outcome;
    }
    rollback.arena = arena_create();
    if (rollback.arena == NULL)
        context_say_memory(context);
    else
        outcome = run(&rollback);
    arena_destroy(rollback.arena);
    return outcome;
}
