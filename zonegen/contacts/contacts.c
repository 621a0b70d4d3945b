#include "contacts/contacts.h"

#include "conf/ahead.h"
#include "conf/ordered.h"
#include "contacts/part.h"
#include "contacts/paths.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Files that a thread is worth: starting it takes as long as reading one or two. */
#define LEAST_FILES 256
/* Of a part, about, where there are many: who is done with one takes another, so that all end
 * together, whatever else their cores do. There are as many parts as places at least. */
#define PART_FILES 256

/* A reading, shared out. One part has the arena and the list of the caller. Of several each has its
 * own list, so that what they say stays in the order of the files, and the arena of the place where
 * it is read, so that nothing is locked. */
struct run {
    struct arena *arena;
    struct diag *diag;
    const struct contacts_rules *rules;
    struct contacts *out;
    pthread_mutex_t lock;
    unsigned threads; /* beside this one */
    size_t part_count;
    struct part *parts;
    size_t place_count;
    struct arena **arenas; /* of places */
    size_t use_count;
    struct part_use *uses;
    bool invalid;
};

static int compare_uses(const void *left, const void *right)
{
    const struct part_use *a = left;
    const struct part_use *b = right;
    int order = strcmp(a->a_label, b->a_label);
    return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

/* Complains of labels that two files hold; the entry that comes later loses its file. */
static void check_duplicates(struct run *run)
{
    size_t first = 0;

    if (run->use_count == 0)
        return;
    ordered_sort(run->uses, run->use_count, sizeof run->uses[0], compare_uses);
    for (size_t i = 1; i < run->use_count; i++) {
        const struct part_use *use = &run->uses[i];
        const struct part_use *other = &run->uses[first];
        if (strcmp(use->a_label, other->a_label) != 0) {
            first = i;
            continue;
        }
        diag_error(run->diag, use->place, "duplicate-label",
                   "'%s' stands in %s:%u:%u too; a label belongs to one entry, remove it from one",
                   use->a_label, other->place.file, other->place.line, other->place.column);
        if (use->entry != PART_NO_ENTRY)
            run->out->entries[use->entry].file = NULL;
    }
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    return strcmp(a->labels[0].a_label, b->labels[0].a_label);
}

static void finish(struct contacts *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < out->entry_count; i++) {
        if (out->entries[i].file == NULL)
            continue;
        out->contact_count += out->entries[i].contact_count;
        out->entries[kept++] = out->entries[i];
    }
    out->entry_count = kept;
    if (kept > 1)
        ordered_sort(out->entries, kept, sizeof out->entries[0], compare_entries);
}

/* ---- parts ---- */

/* Gives a part its share of the files, of the room for entries, and its list. */
static enum status open_part(struct run *run, const struct paths *files, size_t n)
{
    struct part *part = &run->parts[n];
    size_t first = files->count * n / run->part_count;
    size_t end = files->count * (n + 1) / run->part_count;

    *part = (struct part){
        .reading = {.diag = run->part_count == 1 ? run->diag : diag_create(), .rules = run->rules},
        .lock = &run->lock,
        .path_count = end - first,
        .paths = files->items + first,
        .entries = run->out->entries + first,
    };
    return part->reading.diag != NULL ? STATUS_OK : STATUS_SYSTEM;
}

static enum status open_place(struct run *run, size_t at)
{
    run->arenas[at] = run->part_count == 1 ? run->arena : arena_create();
    return run->arenas[at] != NULL ? STATUS_OK : STATUS_SYSTEM;
}

static enum status open_parts(struct run *run, const struct paths *files)
{
    enum status status = STATUS_OK;

    run->parts = calloc(run->part_count, sizeof *run->parts);
    run->arenas = calloc(run->place_count, sizeof *run->arenas);
    if (run->parts == NULL || run->arenas == NULL)
        return STATUS_SYSTEM;
    for (size_t n = 0; n < run->part_count && status == STATUS_OK; n++)
        status = open_part(run, files, n);
    for (size_t at = 0; at < run->place_count && status == STATUS_OK; at++)
        status = open_place(run, at);
    return status;
}

static enum status read_one(void *state, size_t place, size_t piece)
{
    struct run *run = state;

    run->parts[piece].reading.arena = run->arenas[place];
    part_read(&run->parts[piece]);
    return run->parts[piece].status;
}

static enum status read_parts(struct run *run)
{
    const struct ahead_rules rules = {run->part_count, run->threads, read_one, run};
    struct ahead *ahead = NULL;
    size_t place;

    enum status status = ahead_open(&rules, &ahead);
    while (status == STATUS_OK)
        status = ahead_take(ahead, &place);
    ahead_close(ahead);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Puts the uses of labels of a part behind those that are there; there is room. */
static void take_uses(struct run *run, const struct part *part)
{
    for (size_t i = 0; i < part->use_count; i++) {
        struct part_use use = part->uses[i];
        use.position += run->use_count - i;
        if (use.entry != PART_NO_ENTRY)
            use.entry += run->out->entry_count;
        run->uses[run->use_count++] = use;
    }
}

static enum status join_parts(struct run *run)
{
    struct contacts *out = run->out;
    size_t uses = 0;

    for (size_t n = 0; n < run->part_count; n++)
        uses += run->parts[n].use_count;
    run->uses = reallocarray(NULL, uses + 1, sizeof *run->uses);
    if (run->uses == NULL)
        return STATUS_SYSTEM;
    for (size_t n = 0; n < run->part_count; n++) {
        const struct part *part = &run->parts[n];
        run->invalid = run->invalid || part->is_invalid;
        out->file_count += part->file_count;
        take_uses(run, part);
        memmove(out->entries + out->entry_count, part->entries,
                part->entry_count * sizeof *out->entries);
        out->entry_count += part->entry_count;
        if (part->reading.diag != run->diag)
            diag_join(run->diag, part->reading.diag);
    }
    return STATUS_OK;
}

/* What the parts made goes on living in the caller's arena. */
static void close_parts(struct run *run)
{
    for (size_t n = 0; n < run->part_count && run->parts != NULL; n++) {
        struct part *part = &run->parts[n];
        free(part->uses);
        if (part->reading.diag != run->diag)
            diag_destroy(part->reading.diag);
    }
    for (size_t at = 0; at < run->place_count && run->arenas != NULL; at++)
        if (run->arenas[at] != NULL && run->arenas[at] != run->arena)
            arena_adopt(run->arena, run->arenas[at]);
    free(run->parts);
    free(run->arenas);
    free(run->uses);
}

static void share_out(struct run *run, size_t files)
{
    unsigned threads = run->rules->threads;

    run->threads = threads > 0 ? threads - 1 : ahead_threads(files, LEAST_FILES);
    run->place_count = ahead_places(run->threads);
    run->part_count = run->threads == 0 ? 1 : files / PART_FILES;
    if (run->part_count < run->place_count)
        run->part_count = run->place_count;
}

static enum status read_files(struct run *run, const struct paths *files)
{
    run->out->entries = arena_alloc(run->arena, files->count * sizeof(struct entry));
    if (run->out->entries == NULL)
        return STATUS_SYSTEM;
    share_out(run, files->count);
    enum status status = open_parts(run, files);
    if (status == STATUS_OK)
        status = read_parts(run);
    if (status == STATUS_OK)
        status = join_parts(run);
    if (status == STATUS_OK)
        check_duplicates(run);
    close_parts(run);
    if (status == STATUS_OK)
        finish(run->out);
    return status;
}

enum status contacts_read(const char *const *paths, size_t path_count,
                          const struct contacts_rules *rules, struct arena *arena,
                          struct diag *diag, struct contacts *out)
{
    struct run run = {.arena = arena, .diag = diag, .rules = rules, .out = out};
    struct paths files = {.count = 0};

    *out = (struct contacts){.file_count = 0};
    pthread_mutex_init(&run.lock, NULL);
    enum status status = paths_collect(paths, path_count, arena, diag, &files);
    run.invalid = status == STATUS_INVALID;
    if (status != STATUS_SYSTEM)
        status = read_files(&run, &files);
    if (status == STATUS_OK && run.invalid)
        status = STATUS_INVALID;
    pthread_mutex_destroy(&run.lock);
    return status;
}
