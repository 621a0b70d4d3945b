#include "contacts/part.h"

#include "conf/file.h"
#include "conf/yaml.h"
#include "contacts/entry_read.h"

#include <stdlib.h>

static bool make_room(struct part *part, size_t more)
{
    if (part->use_count + more <= part->use_room)
        return true;
    size_t room = part->use_room * 2 + more + 64;
    struct part_use *uses = reallocarray(part->uses, room, sizeof *uses);
    if (uses == NULL)
        return false;
    part->uses = uses;
    part->use_room = room;
    return true;
}

/* Keeps the entry if its file is right, and its labels in any case. */
static bool keep_entry(struct part *part, const struct entry *entry, bool right)
{
    if (!make_room(part, entry->label_count))
        return false;
    for (size_t i = 0; i < entry->label_count; i++) {
        part->uses[part->use_count] = (struct part_use){
            .a_label = entry->labels[i].a_label,
            .place = entry->labels[i].place,
            .position = part->use_count,
            .entry = right ? part->entry_count : PART_NO_ENTRY,
        };
        part->use_count++;
    }
    if (right)
        part->entries[part->entry_count++] = *entry;
    return true;
}

static void tell_witness(const struct part *part, const char *path,
                         const struct file_content *content)
{
    const struct contacts_witness *witness = part->reading.rules->witness;

    if (witness == NULL)
        return;
    pthread_mutex_lock(part->lock);
    witness->see(witness->state, path, content);
    pthread_mutex_unlock(part->lock);
}

/* `scratch` has the file's octets and tree. */
static enum status read_file(struct part *part, const char *path, struct arena *scratch)
{
    struct diag *diag = part->reading.diag;
    size_t errors = diag_count(diag, SEVERITY_ERROR);
    struct yaml_node *root = NULL;
    struct entry entry;
    struct file_content content;

    arena_reset(scratch);
    enum status status = file_read_stamped(path, YAML_MAX_OCTETS, scratch, diag, &content);
    if (status != STATUS_OK) {
        part->is_invalid = true;
        return status == STATUS_SYSTEM ? status : STATUS_OK;
    }
    part->file_count++;
    tell_witness(part, path, &content);
    status = yaml_parse(path, content.octets, content.length, scratch, diag, &root);
    if (status == STATUS_SYSTEM)
        return status;
    if (root == NULL) {
        if (status == STATUS_OK)
            diag_error(diag, ((struct place){.file = path}), "file-empty",
                       "no entry in this file; write one, or remove the file");
        return STATUS_OK;
    }
    entry_read(&part->reading, root, path, &entry);
    if (arena_failed(part->reading.arena))
        return STATUS_SYSTEM;
    bool right = diag_count(diag, SEVERITY_ERROR) == errors;
    return keep_entry(part, &entry, right) ? STATUS_OK : STATUS_SYSTEM;
}

void part_read(struct part *part)
{
    struct arena *scratch = arena_create();

    part->status = scratch != NULL ? STATUS_OK : STATUS_SYSTEM;
    for (size_t i = 0; i < part->path_count && part->status == STATUS_OK; i++)
        part->status = read_file(part, part->paths[i], scratch);
    arena_destroy(scratch);
}
