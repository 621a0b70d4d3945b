#include "command/command.h"
#include "sign/plain.h"
#include "store/zones.h"
#include "zone/export_forms.h"
#include "zone/stored_source.h"
#include "zone/zonefile.h"

#include <errno.h>
#include <string.h>

/* A source that shows how far it has come. */
struct watched {
    struct context *context;
    struct node_source inner;
};

static enum status watched_next(void *state, struct node *out)
{
    struct watched *watched = state;
    progress_step(&watched->context->progress);
    return watched->inner.next(watched->inner.state, out);
}

static enum status watched_rewind(void *state)
{
    struct watched *watched = state;
    return watched->inner.rewind(watched->inner.state);
}

static enum status watched_find(void *state, const uint8_t *owner, struct node *out)
{
    struct watched *watched = state;
    return watched->inner.find(watched->inner.state, owner, out);
}

static enum status print(struct context *context, const struct node_source *source)
{
    switch (context->options->format) {
    case FORMAT_TEXT:
        return export_text(source, context->out);
    case FORMAT_CSV:
        return export_csv(source, context->out);
    case FORMAT_JSON:
        return export_json(source, context->out);
    default:
        return zonefile_print(source, context->out);
    }
}

/* Without what signing made of it, for others to sign. */
static enum status print_unsigned(struct context *context, const struct node_source *source)
{
    struct plain plain;

    enum status status = plain_open(source, &plain);
    if (status == STATUS_OK) {
        struct node_source nodes = plain_source(&plain);
        status = print(context, &nodes);
    }
    plain_close(&plain);
    return status;
}

static enum status print_stored(struct context *context, struct stored_source *stored)
{
    struct watched watched = {context, stored_source_nodes(stored)};
    const struct node_source source = {&watched,       watched.inner.apex, watched_next,
                                       watched_rewind, watched_find,       NULL};

    return context->options->is_unsigned ? print_unsigned(context, &source)
                                         : print(context, &source);
}

static int print_zone(struct context *context, struct snapshot *snapshot,
                      const struct zone_record *zone, const char *name)
{
    struct stored_source *stored = NULL;

    if (stored_source_open(snapshot, zone, &stored) != STATUS_OK) {
        context_say_memory(context);
        return OUTCOME_REFUSED;
    }
    progress_begin(&context->progress, name);
    errno = 0;
    enum status status = print_stored(context, stored);
    int code = errno;
    stored_source_close(stored);
    progress_clear(&context->progress);
    if (status == STATUS_OK)
        return OUTCOME_DONE;
    if (status == STATUS_SYSTEM && !ferror(context->out))
        context_say_memory(context);
    else if (status == STATUS_SYSTEM) {
        context_say(context, "standard output: %s", strerror(code));
        context->output_told = true;
    } else
        context_say(context, "%s: zone %s is damaged, the export ends where it is",
                    context->config->database, name);
    return OUTCOME_REFUSED;
}

/* A zone may be exported that left the configuration and was not removed yet. */
static enum status choose_apex(struct context *context, const char *operand, struct name *apex)
{
    const struct config_zone *zone;

    if (operand == NULL) {
        enum status status = context_zone(context, NULL, &zone);
        if (status == STATUS_OK)
            *apex = zone->domain;
        return status;
    }
    return context_read_name(context, operand, apex);
}

static int find_zone(struct context *context, struct snapshot *snapshot, const struct name *apex)
{
    struct zone_record zone;
    const struct config_zone *configured;
    const char *database = context->config->database;
    char name[NAME_TEXT_OCTETS];

    context_name_text(apex, name);
    enum status status = zones_find(snapshot, apex->octets, &zone);
    if (status == STATUS_OK)
        return print_zone(context, snapshot, &zone, name);
    if (status != STATUS_NOT_FOUND)
        context_say(context, "%s: the record of a zone is damaged", database);
    else if (context_zone(context, name, &configured) == STATUS_OK) /* says it when it is not */
        context_say(context, "%s: zone %s is not published yet; 'zonegen publish' does", database,
                    name);
    return OUTCOME_REFUSED;
}

int command_export(struct context *context)
{
    const struct options *options = context->options;
    const char *operand = options->operand_count > 0 ? options->operands[0] : NULL;
    char message[STORE_MESSAGE_OCTETS] = "";
    struct store *store = NULL;
    struct snapshot *snapshot = NULL;
    struct name apex;
    int outcome = OUTCOME_REFUSED;

    if (context_configure(context) != STATUS_OK ||
        choose_apex(context, operand, &apex) != STATUS_OK)
        return outcome;
    if (store_open(context->config->database, &store, message) != STATUS_OK) {
        context_say(context, "%s", message);
        return outcome;
    }
    if (snapshot_create(store, &snapshot) == STATUS_OK)
        outcome = find_zone(context, snapshot, &apex);
    else
        context_say(context, "%s: too many readers at once, or out of memory",
                    context->config->database);
    snapshot_destroy(snapshot);
    store_close(store);
    return outcome;
}
