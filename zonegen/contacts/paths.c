#include "contacts/paths.h"

#include "conf/file.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file as it was found; the folder it lies in tells whether it is the same as another. */
struct found {
    const char *path;
    const char *name; /* the last part of the path */
    dev_t device;
    ino_t folder;
    size_t position;
};

struct finds {
    struct found *items;
    size_t count;
    size_t capacity;
    bool out_of_memory;
    bool invalid;
};

static void add(struct finds *finds, const char *path, const struct stat *folder)
{
    if (finds->count == finds->capacity) {
        size_t capacity = finds->capacity == 0 ? 64 : finds->capacity * 2;
        struct found *items = reallocarray(finds->items, capacity, sizeof *items);
        if (items == NULL) {
            finds->out_of_memory = true;
            return;
        }
        finds->items = items;
        finds->capacity = capacity;
    }
    const char *slash = strrchr(path, '/');
    finds->items[finds->count] = (struct found){
        .path = path,
        .name = slash != NULL ? slash + 1 : path,
        .device = folder->st_dev,
        .folder = folder->st_ino,
        .position = finds->count,
    };
    finds->count++;
}

static const char *const endings[] = {".yaml", ".yml", ".json", NULL};

static void add_folder(struct finds *finds, const char *path, const struct stat *folder,
                       struct arena *arena, struct diag *diag)
{
    char **files;
    size_t count;

    if (file_list(path, endings, arena, diag, &files, &count) != STATUS_OK) {
        finds->invalid = true;
        return;
    }
    if (count == 0) {
        diag_error(diag, ((struct place){.file = path}), "folder-empty",
                   "no contacts in this folder; name one with *.yaml, *.yml or *.json files");
        finds->invalid = true;
    }
    for (size_t i = 0; i < count; i++)
        add(finds, files[i], folder);
}

/* A file named alone; one that does not exist is listed too, and missed when it is read. */
static void add_file(struct finds *finds, const char *path, struct arena *arena)
{
    struct stat folder = {.st_ino = 0};
    const char *slash = strrchr(path, '/');
    const char *parent = "";

    if (slash != NULL)
        parent = arena_copy(arena, path, (size_t)(slash + 1 - path));
    if (parent != NULL && stat(parent[0] != '\0' ? parent : ".", &folder) != 0)
        folder.st_ino = 0;
    add(finds, path, &folder);
}

static int compare_numbers(uintmax_t a, uintmax_t b)
{
    return (a > b) - (a < b);
}

static int compare_finds(const struct found *a, const struct found *b)
{
    int order = strcmp(a->name, b->name);
    if (order == 0)
        order = compare_numbers(a->device, b->device);
    return order != 0 ? order : compare_numbers(a->folder, b->folder);
}

static int by_file(const void *left, const void *right)
{
    const struct found *a = left;
    const struct found *b = right;
    int order = compare_finds(a, b);
    return order != 0 ? order : compare_numbers(a->position, b->position);
}

static int by_position(const void *left, const void *right)
{
    const struct found *a = left;
    const struct found *b = right;
    return compare_numbers(a->position, b->position);
}

static void drop_repeated(struct finds *finds)
{
    size_t kept = 0;

    if (finds->count < 2)
        return;
    qsort(finds->items, finds->count, sizeof finds->items[0], by_file);
    for (size_t i = 0; i < finds->count; i++) {
        if (kept == 0 || compare_finds(&finds->items[kept - 1], &finds->items[i]) != 0)
            finds->items[kept++] = finds->items[i];
    }
    finds->count = kept;
    qsort(finds->items, finds->count, sizeof finds->items[0], by_position);
}

static const char *without_slash(struct arena *arena, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return arena_copy(arena, path, length);
}

enum status paths_collect(const char *const *paths, size_t path_count, struct arena *arena,
                          struct diag *diag, struct paths *out)
{
    struct finds finds = {.items = NULL};

    for (size_t i = 0; i < path_count && !finds.out_of_memory; i++) {
        struct stat info;
        const char *path = without_slash(arena, paths[i]);
        if (path == NULL)
            break;
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
            add_folder(&finds, path, &info, arena, diag);
        else
            add_file(&finds, path, arena);
    }
    if (path_count > 1) /* one folder lists nothing twice */
        drop_repeated(&finds);
    const char **list = arena_alloc(arena, finds.count * sizeof *list);
    for (size_t i = 0; i < finds.count && list != NULL; i++)
        list[i] = finds.items[i].path;
    *out = (struct paths){list != NULL ? finds.count : 0, list};
    free(finds.items);
    if (finds.out_of_memory || arena_failed(arena))
        return STATUS_SYSTEM;
    return finds.invalid ? STATUS_INVALID : STATUS_OK;
}

bool paths_is_contacts(const char *name)
{
    return file_is_listed(name, endings);
}

enum status paths_survey(const char *path, struct arena *arena, struct diag *diag,
                         struct file_survey *out)
{
    struct stat info;

    if (stat(path, &info) != 0 || S_ISDIR(info.st_mode))
        return file_survey(path, endings, arena, diag, out);
    return file_survey_one(path, arena, diag, out);
}
