#include "command/command.h"
#include "command/contents.h"
#include "command/wanted.h"
#include "commit/recorder.h"
#include "conf/file.h"
#include "conf/yaml.h"
#include "contacts/paths.h"
#include "store/edit.h"
#include "store/zones.h"
#include "zone/stored_source.h"

#include <errno.h>
#include <string.h>

#define MOST_PLACES 20 /* that are named; the rest is counted */

/* A search for what must be gone. */
struct purge {
    struct context *context;
    struct arena *arena;
    struct wanted *wanted;
    size_t wanted_count;
    size_t places; /* that still hold something */
    const char *report;
};

static void say_place(struct purge *purge, const struct wanted *wanted, const char *place)
{
    if (purge->places++ < MOST_PLACES)
        context_say(purge->context, "%s: still has '%s'", place, wanted->text);
}

/* ---- the contacts files ---- */

static void say_octet(struct purge *purge, const struct wanted *wanted, const char *path,
                      const char *octets, size_t at)
{
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < at; i++) {
        bool continues = ((unsigned char)octets[i] & 0xc0) == 0x80; /* of a character, UTF-8 */
        column += !continues;
        if (octets[i] == '\n') {
            line++;
            column = 1;
        }
    }
    const char *place = arena_format(purge->arena, "%s:%zu:%zu", path, line, column);
    say_place(purge, wanted, place != NULL ? place : path);
}

static void say_written(struct purge *purge, const struct wanted *wanted, const struct place *place)
{
    const char *text =
        arena_format(purge->arena, "%s:%d:%d", place->file, (int)place->line, (int)place->column);
    say_place(purge, wanted, text != NULL ? text : place->file);
}

/* Looks at a file as text: comments and all. False where nothing was found. */
static bool search_text(struct purge *purge, const struct wanted *wanted, const char *path,
                        const char *octets, size_t length)
{
    size_t from = 0;
    size_t at;

    while (wanted_in_text(wanted, octets + from, length - from, &at)) {
        say_octet(purge, wanted, path, octets, from + at);
        from += at + 1;
    }
    return from > 0;
}

/* Looks at what a file means, under whatever key, published or not: quotes and escapes can hide
 * text from who looks at its octets. */
static void search_tree(struct purge *purge, const struct wanted *wanted,
                        const struct yaml_node *node)
{
    size_t at;

    if (node->kind == YAML_SCALAR && wanted_in_text(wanted, node->text, node->length, &at))
        say_written(purge, wanted, &node->place);
    for (size_t i = 0; node->kind != YAML_SCALAR && i < node->count; i++) {
        if (node->kind == YAML_MAPPING)
            search_tree(purge, wanted, node->keys[i]);
        search_tree(purge, wanted, node->items[i]);
    }
}

/* A file that is no YAML is refused: what it holds cannot be told. */
static enum status search_file(struct purge *purge, const char *path, struct arena *scratch)
{
    struct diag *diag = purge->context->diag;
    struct yaml_node *root = NULL;
    char *octets;
    size_t length;

    arena_reset(scratch);
    enum status status = file_read(path, YAML_MAX_OCTETS, scratch, diag, &octets, &length);
    if (status == STATUS_OK)
        status = yaml_parse(path, octets, length, scratch, diag, &root);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < purge->wanted_count; i++)
        if (!search_text(purge, &purge->wanted[i], path, octets, length) && root != NULL)
            search_tree(purge, &purge->wanted[i], root);
    return STATUS_OK;
}

static enum status search_files(struct purge *purge, const struct paths *paths)
{
    struct arena *scratch = arena_create();
    enum status status = scratch != NULL ? STATUS_OK : STATUS_SYSTEM;

    for (size_t i = 0; i < paths->count && status == STATUS_OK; i++)
        status = search_file(purge, paths->items[i], scratch);
    arena_destroy(scratch);
    return status;
}

static bool is_contact(const struct wanted *wanted, const struct entry *entry,
                       const struct contact *contact)
{
    for (size_t i = 0; i < entry->label_count; i++)
        if (wanted_is_contact(wanted, entry->labels[i].a_label, contact->id))
            return true;
    return false;
}

static void search_entry(struct purge *purge, const struct entry *entry)
{
    for (size_t i = 0; i < purge->wanted_count; i++)
        for (size_t n = 0; n < entry->contact_count; n++)
            if (is_contact(&purge->wanted[i], entry, &entry->contacts[n]))
                say_written(purge, &purge->wanted[i], &entry->contacts[n].place);
}

/* Looks for contacts by their ids, which need not be written. */
static enum status search_entries(struct purge *purge)
{
    struct contents contents;

    enum status status = contents_read_configured(purge->context, &contents);
    for (size_t i = 0; status == STATUS_OK && i < contents.contacts.entry_count; i++)
        search_entry(purge, &contents.contacts.entries[i]);
    contents_close(&contents);
    return status;
}

static enum status search_contacts(struct purge *purge)
{
    struct context *context = purge->context;
    struct paths paths = {.count = 0};

    if (context->config->contacts == NULL)
        return STATUS_OK;
    enum status status =
        paths_collect(&context->config->contacts, 1, purge->arena, context->diag, &paths);
    if (status == STATUS_OK)
        status = search_files(purge, &paths);
    if (status == STATUS_OK)
        status = search_entries(purge);
    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    else if (status != STATUS_OK)
        context_say_diagnostics(context);
    return status;
}

/* ---- the database ---- */

static enum status search_node(struct purge *purge, const struct name *apex,
                               const struct node *node, struct arena *scratch)
{
    char zone[NAME_TEXT_OCTETS];
    char owner[NAME_TEXT_OCTETS];

    for (size_t i = 0; i < purge->wanted_count; i++) {
        arena_reset(scratch);
        if (!wanted_in_node(&purge->wanted[i], apex, node, scratch))
            continue;
        const char *place = arena_format(purge->arena, "zone %s, %s", context_name_text(apex, zone),
                                         context_name_text(&node->owner, owner));
        say_place(purge, &purge->wanted[i], place != NULL ? place : zone);
    }
    return STATUS_OK;
}

static enum status search_zone(struct purge *purge, struct snapshot *snapshot,
                               const struct zone_record *zone, struct arena *scratch)
{
    struct stored_source *stored;
    struct node node;

    enum status status = stored_source_open(snapshot, zone, &stored);
    if (status != STATUS_OK)
        return status;
    const struct node_source nodes = stored_source_nodes(stored);
    while (status == STATUS_OK) {
        progress_step(&purge->context->progress);
        status = nodes.next(nodes.state, &node);
        if (status == STATUS_OK)
            status = search_node(purge, &nodes.apex, &node, scratch);
    }
    stored_source_close(stored);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Looks at what is there of every zone, configured or not. */
static enum status search_zones(struct purge *purge, struct snapshot *snapshot)
{
    struct arena *scratch = arena_create();
    struct zone_record zone = {.number = 0};
    int32_t after = -1;
    enum status status = scratch != NULL ? STATUS_OK : STATUS_SYSTEM;

    progress_begin(&purge->context->progress, purge->context->config->database);
    while (status == STATUS_OK) {
        status = zones_next(snapshot, after, &zone);
        after = zone.number;
        if (status == STATUS_OK)
            status = search_zone(purge, snapshot, &zone, scratch);
    }
    progress_clear(&purge->context->progress);
    arena_destroy(scratch);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_MALFORMED)
        context_say(purge->context,
                    "%s: a record is damaged, what it holds cannot be told; 'zonegen verify' says "
                    "which",
                    purge->context->config->database);
    else
        context_say_memory(purge->context);
    return status;
}

static enum status read_operands(struct purge *purge)
{
    const struct options *options = purge->context->options;

    purge->wanted_count = options->operand_count;
    purge->wanted = arena_alloc(purge->arena, (purge->wanted_count + 1) * sizeof *purge->wanted);
    if (purge->wanted == NULL) {
        context_say_memory(purge->context);
        return STATUS_SYSTEM;
    }
    for (size_t i = 0; i < purge->wanted_count; i++)
        if (wanted_parse(options->operands[i], &purge->wanted[i]) != STATUS_OK) {
            context_say(purge->context,
                        "'%s' cannot be looked for; write a mail address, a phone number, a name "
                        "of %d to %d octets, or a contact as xa/security",
                        options->operands[i], WANTED_LEAST_OCTETS, WANTED_MOST_OCTETS);
            return STATUS_INVALID;
        }
    return STATUS_OK;
}

/* STATUS_DENIED, and said, while something still holds what must be gone. */
static enum status search(struct purge *purge, struct snapshot *snapshot)
{
    enum status status = search_contacts(purge);

    if (status == STATUS_OK)
        status = search_zones(purge, snapshot);
    if (status != STATUS_OK || purge->places == 0)
        return status;
    if (purge->places > MOST_PLACES)
        context_say(purge->context, "and %zu places more", purge->places - MOST_PLACES);
    context_say(purge->context,
                "nothing is forgotten: first take it out of the contacts files, and publish (with "
                "--force where a zone was restored or rolled back)");
    return STATUS_DENIED;
}

/* ---- forgetting ---- */

/* The past of a zone that is there; one that left has taken its past with it. */
static enum status forget_zone(struct purge *purge, struct edit *edit, const struct name *apex,
                               uint16_t number, uint32_t serial)
{
    char name[NAME_TEXT_OCTETS];
    uint32_t steps = 0;

    enum status status = recorder_forget_steps(edit, number, &steps);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    if (status == STATUS_OK)
        purge->report = arena_format(
            purge->arena, "%s%s: %lu change%s forgotten; serial %lu is the oldest known now\n",
            purge->report, context_name_text(apex, name), (unsigned long)steps,
            steps == 1 ? "" : "s", (unsigned long)serial);
    return status == STATUS_OK && purge->report == NULL ? STATUS_SYSTEM : status;
}

static enum status forget_all(struct purge *purge, struct edit *edit)
{
    struct zone_record zone;
    struct name apex;
    int32_t after = -1;
    enum status status;

    while ((status = zones_next(edit_snapshot(edit), after, &zone)) == STATUS_OK) {
        after = zone.number;
        name_set(&apex, zone.apex); /* in the map, which a write moves */
        status = forget_zone(purge, edit, &apex, zone.number, zone.serial);
        if (status != STATUS_OK)
            return status;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void print_rest(struct context *context)
{
    fprintf(
        context->out,
        "unused parts of %s can hold what was forgotten until they are written again; "
        "zonegen(1) says how to be rid of it at once\n"
        "secondaries and resolvers can hold copies until they transfer the zone again, or until "
        "the time to live ends; backups hold theirs\n",
        context->config->database);
}

/* The edit is gone afterwards either way. */
static int apply(struct purge *purge, struct edit *edit)
{
    struct context *context = purge->context;

    enum status status = purge->wanted_count > 0 ? search(purge, edit_snapshot(edit)) : STATUS_OK;
    if (status != STATUS_OK) {
        edit_abort(edit);
        return OUTCOME_REFUSED;
    }
    errno = 0;
    status = forget_all(purge, edit);
    if (status != STATUS_OK) {
        context_say_unchanged(context, "nothing is forgotten");
        edit_abort(edit);
        return OUTCOME_REFUSED;
    }
    if (context_commit(context, edit) != STATUS_OK)
        return OUTCOME_REFUSED;
    fputs(purge->report, context->out);
    print_rest(context);
    return OUTCOME_DONE;
}

static int run(struct purge *purge)
{
    struct store *store = NULL;
    struct edit *edit = NULL;
    int outcome = OUTCOME_REFUSED;

    if (context_open_edit(purge->context, &store, &edit) == STATUS_OK)
        outcome = apply(purge, edit);
    store_close(store);
    return outcome;
}

int command_purge(struct context *context)
{
    struct purge purge = {.context = context, .arena = arena_create(), .report = ""};
    int outcome = OUTCOME_REFUSED;

    if (purge.arena == NULL)
        context_say_memory(context);
    else if (context_configure(context) == STATUS_OK && read_operands(&purge) == STATUS_OK)
        outcome = run(&purge);
    arena_destroy(purge.arena);
    return outcome;
}
