#include "conf/merge.h"

#include "conf/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* A file that is being read, and those that led to it. */
struct opened {
    const struct opened *includer; /* NULL: the first file */
    const char *path;
    dev_t device;
    ino_t inode;
    unsigned depth;
};

struct merging {
    const struct opener *opener;
    struct arena *arena;
    struct diag *diag;
    struct merge *out;
    bool out_of_memory;
};

static void read_file(struct merging *merging, const struct opened *opened);

static void add_mapping(struct merging *merging, enum option_section section,
                        struct yaml_node *mapping)
{
    struct merge_section *list = &merging->out->sections[section];

    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        struct yaml_node **larger = arena_alloc(merging->arena, capacity * sizeof *larger);
        if (larger == NULL) {
            merging->out_of_memory = true;
            return;
        }
        if (list->count > 0)
            memcpy(larger, list->mappings, list->count * sizeof *larger);
        list->mappings = larger;
        list->capacity = capacity;
    }
    list->mappings[list->count++] = mapping;
}

static void add_file(struct merging *merging, const char *path)
{
    struct merge *out = merging->out;
    const char **longer = arena_alloc(merging->arena, (out->file_count + 1) * sizeof *longer);

    if (longer == NULL) {
        merging->out_of_memory = true;
        return;
    }
    if (out->file_count > 0)
        memcpy(longer, out->files, out->file_count * sizeof *longer);
    longer[out->file_count++] = path;
    out->files = longer;
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->plain && node->length == 0;
}

/* "server:" with all of its items commented out is an empty section, not an error. */
static void take_section(struct merging *merging, const struct option *option,
                         struct yaml_node *value)
{
    if (is_empty(value))
        return;
    if (value->kind == YAML_MAPPING) {
        add_mapping(merging, option->opens, value);
        return;
    }
    if (option->kind != OPTION_LIST_SECTION || value->kind != YAML_SEQUENCE) {
        diag_error(merging->diag, value->place, "conf-kind",
                   "'%s' is a section; write its items on lines of their own, indented",
                   option->item);
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i]->kind == YAML_MAPPING)
            add_mapping(merging, option->opens, value->items[i]);
        else
            diag_error(merging->diag, value->items[i]->place, "conf-kind",
                       "each '- ' of '%s' holds 'item: value' lines", option->item);
    }
}

static const struct opened *find_opened(const struct opened *opened, const struct stat *info)
{
    while (opened != NULL && (opened->device != info->st_dev || opened->inode != info->st_ino))
        opened = opened->includer;
    return opened;
}

static void refuse_include(struct merging *merging, const struct yaml_node *node, const char *why)
{
    merging->out->complete = false;
    diag_error(merging->diag, node->place, "conf-include", "cannot include '%s': %s", node->text,
               why);
}

static void include_file(struct merging *merging, const struct opened *includer,
                         const struct yaml_node *node)
{
    struct stat info;
    struct opened opened = {.includer = includer, .depth = includer->depth + 1};

    if (node->kind != YAML_SCALAR || node->length == 0) {
        diag_error(merging->diag, node->place, "conf-kind", "'include' takes the path of a file");
        return;
    }
    if (node->text[0] == '~') {
        refuse_include(merging, node, "'~' is not expanded; write the whole path");
        return;
    }
    opened.path = file_beside(merging->arena, includer->path, node->text);
    if (opened.path == NULL)
        return;
    if (stat(opened.path, &info) != 0) {
        refuse_include(merging, node, errno == ENOENT ? "no such file" : strerror(errno));
        return;
    }
    opened.device = info.st_dev;
    opened.inode = info.st_ino;
    if (S_ISDIR(info.st_mode))
        refuse_include(merging, node, "it is a folder; name its files");
    else if (find_opened(includer, &info) != NULL)
        refuse_include(merging, node, "the file includes itself, at once or through others");
    else if (opened.depth > MERGE_MAX_DEPTH)
        refuse_include(merging, node, "more than 8 files include each other");
    else
        read_file(merging, &opened);
}

static void take_root(struct merging *merging, const struct opened *opened, struct yaml_node *root)
{
    add_mapping(merging, SECTION_TOP, root);
    for (size_t i = 0; i < root->count; i++) {
        const struct option *option = option_find(SECTION_TOP, root->keys[i]->text);
        struct yaml_node *value = root->items[i];
        if (option == NULL)
            continue;
        if (option->kind == OPTION_SECTION || option->kind == OPTION_LIST_SECTION)
            take_section(merging, option, value);
        else if (option->kind == OPTION_INCLUDE && value->kind != YAML_SEQUENCE)
            include_file(merging, opened, value);
        else if (option->kind == OPTION_INCLUDE)
            for (size_t j = 0; j < value->count; j++)
                include_file(merging, opened, value->items[j]);
    }
}

static void read_file(struct merging *merging, const struct opened *opened)
{
    struct file_content file;
    struct yaml_node *root = NULL;

    if (file_read_by(merging->opener, opened->path, merging->arena, merging->diag, &file) !=
        STATUS_OK) {
        merging->out->complete = false;
        return;
    }
    add_file(merging, opened->path);
    enum status status =
        yaml_parse(opened->path, file.octets, file.length, merging->arena, merging->diag, &root);
    if (status == STATUS_SYSTEM) {
        merging->out_of_memory = true;
        return;
    }
    if (status != STATUS_OK && root == NULL)
        merging->out->complete = false;
    if (root != NULL)
        take_root(merging, opened, root);
}

enum status merge_read(const char *path, const struct opener *opener, struct arena *arena,
                       struct diag *diag, struct merge *out)
{
    struct stat info;
    struct opened first = {.path = arena_copy(arena, path, strlen(path)), .depth = 1};
    struct merging merging = {.opener = opener, .arena = arena, .diag = diag, .out = out};

    *out = (struct merge){.complete = true};
    if (first.path == NULL)
        return STATUS_SYSTEM;
    if (stat(path, &info) == 0) { /* file_read says what is wrong if not */
        first.device = info.st_dev;
        first.inode = info.st_ino;
    }
    read_file(&merging, &first);
    return merging.out_of_memory || arena_failed(arena) ? STATUS_SYSTEM : STATUS_OK;
}
