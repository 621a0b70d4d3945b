#include "command/command.h"
#include "commit/commit.h"
#include "store/edit.h"
#include "wire/serial.h"
#include "zone/zonefile.h"
#include "zone/zonemd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is restored, from where to where. */
struct restore {
    struct context *context;
    const char *file;
    const struct config_zone *zone;
    char name[NAME_TEXT_OCTETS];
    char *folder; /* where records go that are too many for memory */
    struct zonefile *zonefile;
    struct node_source source;
};

static void see_change(void *state, const struct node *before, const struct node *after)
{
    struct context *context = state;
    (void)before;
    (void)after;
    progress_step(&context->progress);
}

/* A restore never changes a serial; a secondary only follows one that is newer (RFC 1982), and may
 * have any that the zone ever had. */
static void say_serial(struct restore *restore, const struct commit_result *result)
{
    if (result->created || !result->changed ||
        serial_is_newer(result->serial, result->newest_serial))
        return;
    context_say(
        restore->context,
        "warning: zone %s went from serial %lu to %lu, which is not newer than %lu, that it has "
        "had: secondaries keep what they have until a publish makes a newer one",
        restore->name, (unsigned long)result->old_serial, (unsigned long)result->serial,
        (unsigned long)result->newest_serial);
}

static void explain(struct restore *restore, enum status status)
{
    struct context *context = restore->context;
    int code = errno;

    if (status == STATUS_NO_SPACE)
        context_say_diagnostics(context);
    else if (status == STATUS_MALFORMED)
        context_say(context,
                    "%s: what is stored of zone %s is damaged; move the database away and restore "
                    "again",
                    context->config->database, restore->name);
    else
        context_say(context, "%s: cannot change zone %s: %s; nothing is restored",
                    context->config->database, restore->name,
                    code != 0 ? strerror(code) : "out of memory");
}

static int commit(struct restore *restore, struct edit *edit)
{
    struct context *context = restore->context;
    const struct commit_observer observer = {context, see_change};
    struct commit_result result;

    const struct commit_request request = {.edit = edit,
                                           .zone = restore->zone,
                                           .now = context->now,
                                           .observer = &observer,
                                           .diag = context->diag};

    progress_begin(&context->progress, restore->name);
    errno = 0;
    enum status status = commit_restore(&request, &restore->source, &result);
    if (status != STATUS_OK) {
        explain(restore, status);
        edit_abort(edit);
        return OUTCOME_REFUSED;
    }
    if (context_commit(context, edit) != STATUS_OK)
        return OUTCOME_REFUSED;
    progress_clear(&context->progress);
    say_serial(restore, &result);
    fprintf(context->out, "%s %lu\n", restore->name, (unsigned long)result.serial);
    return OUTCOME_DONE;
}

static int store_zone(struct restore *restore)
{
    struct context *context = restore->context;
    struct store *store = NULL;
    struct edit *edit = NULL;
    int outcome = OUTCOME_REFUSED;

    if (context_open_store(context, &store) != STATUS_OK)
        return outcome;
    if (context_begin_edit(context, store, &edit) == STATUS_OK)
        outcome = commit(restore, edit);
    store_close(store);
    return outcome;
}

/* Cuts the last part off a path, which is longer than what then is left. */
static void cut_path(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL)
        memcpy(path, ".", sizeof ".");
    else
        slash[slash == path ? 1 : 0] = '\0';
}

/* Makes ready for reading. Where the database has room, so has what is read: its folder, or the
 * one above it that is there by now. */
static enum status open_zonefile(struct restore *restore)
{
    struct context *context = restore->context;
    char *folder = strdup(context->config->database);

    restore->folder = folder;
    if (folder != NULL) {
        do
            cut_path(folder);
        while (access(folder, F_OK) != 0 && strcmp(folder, ".") != 0 && strcmp(folder, "/") != 0);
        restore->zonefile = zonefile_create(folder, ZONEFILE_HELD_OCTETS);
    }
    if (restore->zonefile != NULL)
        return STATUS_OK;
    context_say_memory(context);
    return STATUS_SYSTEM;
}

/* Reads the file; everything wrong in it is said. */
static enum status read_file(struct restore *restore)
{
    struct context *context = restore->context;

    progress_begin(&context->progress, restore->file);
    enum status status = zonefile_read(restore->file, &restore->zone->domain, restore->zonefile,
                                       context->diag, &restore->source);
    progress_clear(&context->progress);
    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    else if (diag_total(context->diag) > 0)
        context_say_diagnostics(context);
    if (status == STATUS_INVALID && diag_total(context->diag) > 1)
        context_say(context, "%s: not restored", restore->file);
    return status;
}

/* A zone file that came damaged, cut or tampered with, has another digest (RFC 8976 §4). */
static enum status check_digest(struct restore *restore)
{
    struct context *context = restore->context;
    bool present = false;

    enum status status = zonemd_verify(&restore->source, &present);
    if (status == STATUS_OK)
        return status;
    if (status != STATUS_INVALID) {
        context_say_memory(context);
        return status;
    }
    if (context->options->force) {
        context_say(context, "warning: %s: its ZONEMD does not fit, restored all the same",
                    restore->file);
        return STATUS_OK;
    }
    context_say(context,
                "%s: its ZONEMD does not fit: the file is not what was published; --force restores "
                "it all the same",
                restore->file);
    return status;
}

int command_restore(struct context *context)
{
    const struct options *options = context->options;
    struct restore restore = {.context = context, .file = options->operands[0]};
    const char *zone = options->operand_count > 1 ? options->operands[1] : NULL;
    int outcome = OUTCOME_REFUSED;

    if (strcmp(restore.file, "-") == 0)
        restore.file = "/dev/stdin";
    if (context_configure(context) != STATUS_OK || !context_clock_is_set(context) ||
        context_zone(context, zone, &restore.zone) != STATUS_OK)
        return outcome;
    context_name_text(&restore.zone->domain, restore.name);
    if (open_zonefile(&restore) == STATUS_OK && read_file(&restore) == STATUS_OK &&
        check_digest(&restore) == STATUS_OK)
        outcome = store_zone(&restore);
    zonefile_destroy(restore.zonefile);
    free(restore.folder);
    return outcome;
}
