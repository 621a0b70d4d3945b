#include "contacts/contacts.h"

#include "conf/file.h"
#include "conf/yaml.h"
#include "contacts/entry_read.h"
#include "contacts/paths.h"
#include "contacts/reading.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NO_ENTRY SIZE_MAX

/* A label where it stands, whether its file is right or not. */
struct use {
    const char *a_label;
    struct place place;
    size_t position; /* in order of reading */
    size_t entry;    /* index, or NO_ENTRY if its file has errors */
};

struct run {
    struct reading reading;
    struct arena *scratch; /* one file's octets and tree */
    struct contacts *out;
    struct use *uses;
    size_t use_count;
    size_t use_capacity;
    bool invalid;
};

static bool make_room(struct run *run, size_t more)
{
    if (run->use_count + more <= run->use_capacity)
        return true;
    size_t capacity = run->use_capacity * 2 + more + 64;
    struct use *uses = reallocarray(run->uses, capacity, sizeof *uses);
    if (uses == NULL)
        return false;
    run->uses = uses;
    run->use_capacity = capacity;
    return true;
}

/* Keeps the entry if its file is right, and its labels in any case. */
static bool keep_entry(struct run *run, const struct entry *entry, bool right)
{
    if (!make_room(run, entry->label_count))
        return false;
    for (size_t i = 0; i < entry->label_count; i++) {
        run->uses[run->use_count] = (struct use){
            .a_label = entry->labels[i].a_label,
            .place = entry->labels[i].place,
            .position = run->use_count,
            .entry = right ? run->out->entry_count : NO_ENTRY,
        };
        run->use_count++;
    }
    if (right)
        run->out->entries[run->out->entry_count++] = *entry;
    return true;
}

static enum status read_file(struct run *run, const char *path)
{
    struct diag *diag = run->reading.diag;
    size_t errors = diag_count(diag, SEVERITY_ERROR);
    struct yaml_node *root = NULL;
    struct entry entry;
    const struct contacts_witness *witness = run->reading.rules->witness;
    struct file_content content;

    arena_reset(run->scratch);
    enum status status = file_read_stamped(path, YAML_MAX_OCTETS, run->scratch, diag, &content);
    if (status != STATUS_OK) {
        run->invalid = true;
        return status == STATUS_SYSTEM ? status : STATUS_OK;
    }
    run->out->file_count++;
    if (witness != NULL)
        witness->see(witness->state, path, &content);
    status = yaml_parse(path, content.octets, content.length, run->scratch, diag, &root);
    if (status == STATUS_SYSTEM)
        return status;
    if (root == NULL) {
        if (status == STATUS_OK)
            diag_error(diag, ((struct place){.file = path}), "file-empty",
                       "no entry in this file; write one, or remove the file");
        return STATUS_OK;
    }
    entry_read(&run->reading, root, path, &entry);
    if (arena_failed(run->reading.arena))
        return STATUS_SYSTEM;
    bool right = diag_count(diag, SEVERITY_ERROR) == errors;
    return keep_entry(run, &entry, right) ? STATUS_OK : STATUS_SYSTEM;
}

static int compare_uses(const void *left, const void *right)
{
    const struct use *a = left;
    const struct use *b = right;
    int order = strcmp(a->a_label, b->a_label);
    return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

/* Complains of labels that two files hold; the entry that comes later loses its file. */
static void check_duplicates(struct run *run)
{
    size_t first = 0;

    if (run->use_count == 0)
        return;
    qsort(run->uses, run->use_count, sizeof run->uses[0], compare_uses);
    for (size_t i = 1; i < run->use_count; i++) {
        const struct use *use = &run->uses[i];
        const struct use *other = &run->uses[first];
        if (strcmp(use->a_label, other->a_label) != 0) {
            first = i;
            continue;
        }
        diag_error(run->reading.diag, use->place, "duplicate-label",
                   "'%s' stands in %s:%u:%u too; a label belongs to one entry, remove it from one",
                   use->a_label, other->place.file, other->place.line, other->place.column);
        if (use->entry != NO_ENTRY)
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
        qsort(out->entries, kept, sizeof out->entries[0], compare_entries);
}

static enum status read_files(struct run *run, const struct paths *files)
{
    enum status status = STATUS_OK;

    run->out->entries = arena_alloc(run->reading.arena, files->count * sizeof(struct entry));
    if (run->out->entries == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < files->count && status == STATUS_OK; i++)
        status = read_file(run, files->items[i]);
    if (status != STATUS_OK)
        return status;
    check_duplicates(run);
    finish(run->out);
    return STATUS_OK;
}

enum status contacts_read(const char *const *paths, size_t path_count,
                          const struct contacts_rules *rules, struct arena *arena,
                          struct diag *diag, struct contacts *out)
{
    struct run run = {
        .reading = {.arena = arena, .diag = diag, .rules = rules},
        .scratch = arena_create(),
        .out = out,
    };
    struct paths files = {.count = 0};

    *out = (struct contacts){.file_count = 0};
    enum status status = run.scratch != NULL ? STATUS_OK : STATUS_SYSTEM;
    if (status == STATUS_OK)
        status = paths_collect(paths, path_count, arena, diag, &files);
    run.invalid = status == STATUS_INVALID;
    if (status != STATUS_SYSTEM)
        status = read_files(&run, &files);
    if (status == STATUS_OK && run.invalid)
        status = STATUS_INVALID;
    free(run.uses);
    arena_destroy(run.scratch);
    return status;
}
