#include "conf/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status refuse(struct diag *diag, const char *path, int error)
{
    struct place place = {.file = path};

    if (error == ENOENT)
        diag_error(diag, place, "file-missing", "no such file or folder");
    else if (error == EACCES || error == EPERM)
        diag_error(diag, place, "file-permission",
                   "this account may not read it; check the permissions of it and its folder");
    else if (error == EISDIR)
        diag_error(diag, place, "file-kind", "it is a folder, not a file");
    else if (error == ENOTDIR)
        diag_error(diag, place, "file-kind", "it is not a folder, or does not lie in one");
    else
        diag_error(diag, place, "file-read", "cannot be read: %s", strerror(error));
    return STATUS_INVALID;
}

/* What has been read so far; grows, since a pipe does not tell its size. */
struct content {
    char *octets;
    size_t length;
    size_t capacity;
};

/* Reads to the end, or until more than `limit` octets are there. Zero or an errno. */
static int read_all(int file, size_t limit, struct content *content)
{
    for (;;) {
        if (content->length == content->capacity) {
            size_t capacity = content->capacity * 2;
            char *larger = realloc(content->octets, capacity);
            if (larger == NULL)
                return ENOMEM;
            content->octets = larger;
            content->capacity = capacity;
        }
        ssize_t got =
            read(file, content->octets + content->length, content->capacity - content->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        content->length += (size_t)got;
        if (got == 0 || content->length > limit)
            return 0;
    }
}

/* Opens and reads. Zero or an errno; the content is the caller's to free either way. */
static int load(const char *path, size_t limit, struct content *content)
{
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return errno;
    int error = fstat(file, &info) == 0 ? 0 : errno;
    if (error == 0 && S_ISDIR(info.st_mode))
        error = EISDIR;
    if (error == 0) {
        /* One octet more than the size, so that the end is seen without growing. */
        bool sized = S_ISREG(info.st_mode) && info.st_size > 0;
        content->capacity = sized ? (size_t)info.st_size + 1 : 4096;
        if (content->capacity > limit + 1)
            content->capacity = limit + 1;
        content->octets = malloc(content->capacity);
        error = content->octets != NULL ? read_all(file, limit, content) : ENOMEM;
    }
    close(file);
    return error;
}

enum status file_read(const char *path, size_t limit, struct arena *arena, struct diag *diag,
                      char **octets, size_t *length)
{
    struct content content = {.octets = NULL};
    enum status status = STATUS_OK;

    int error = load(path, limit, &content);
    if (error == 0 && content.length > limit) {
        diag_error(diag, ((struct place){.file = path}), "file-size", "larger than %zu octets",
                   limit);
        status = STATUS_INVALID;
    } else if (error == 0) {
        char *copy = arena_copy(arena, content.octets, content.length);
        if (copy == NULL) {
            error = ENOMEM;
        } else {
            *octets = copy;
            *length = content.length;
        }
    }
    if (error != 0)
        status = refuse(diag, path, error);
    free(content.octets);
    return status;
}

/* Names of files, growing. */
struct listing {
    char **paths;
    size_t count;
    size_t capacity;
};

static bool ends_in(const char *name, const char *const *endings)
{
    size_t length = strlen(name);
    for (; *endings != NULL; endings++) {
        size_t octets = strlen(*endings);
        if (length > octets && strcmp(name + length - octets, *endings) == 0)
            return true;
    }
    return false;
}

/* A link that leads nowhere counts as a file: reading it says what is wrong. */
static bool is_folder(DIR *folder, const struct dirent *item)
{
    struct stat info;
    if (item->d_type != DT_UNKNOWN && item->d_type != DT_LNK)
        return item->d_type == DT_DIR;
    return fstatat(dirfd(folder), item->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

static int list_add(struct listing *listing, const char *folder, const char *name,
                    struct arena *arena)
{
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 64 : listing->capacity * 2;
        char **larger = reallocarray(listing->paths, capacity, sizeof *larger);
        if (larger == NULL)
            return ENOMEM;
        listing->paths = larger;
        listing->capacity = capacity;
    }
    size_t length = strlen(folder);
    const char *between = length > 0 && folder[length - 1] == '/' ? "" : "/";
    char *path = arena_format(arena, "%s%s%s", folder, between, name);
    if (path == NULL)
        return ENOMEM;
    listing->paths[listing->count++] = path;
    return 0;
}

/* Zero or an errno. */
static int list_folder(const char *path, const char *const *endings, struct arena *arena,
                       struct listing *listing)
{
    DIR *folder = opendir(path);
    int error = 0;

    if (folder == NULL)
        return errno;
    while (error == 0) {
        errno = 0;
        const struct dirent *item = readdir(folder);
        if (item == NULL) {
            error = errno;
            break;
        }
        if (item->d_name[0] != '.' && ends_in(item->d_name, endings) && !is_folder(folder, item))
            error = list_add(listing, path, item->d_name, arena);
    }
    closedir(folder);
    return error;
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

enum status file_list(const char *folder, const char *const *endings, struct arena *arena,
                      struct diag *diag, char ***paths, size_t *count)
{
    struct listing listing = {.paths = NULL};
    enum status status = STATUS_OK;

    int error = list_folder(folder, endings, arena, &listing);
    if (error == 0) {
        char **kept = arena_alloc(arena, listing.count * sizeof *kept);
        if (kept != NULL && listing.count > 0) {
            qsort(listing.paths, listing.count, sizeof(char *), compare_paths);
            memcpy(kept, listing.paths, listing.count * sizeof(char *));
        }
        if (kept == NULL)
            error = ENOMEM;
        *paths = kept;
        *count = kept != NULL ? listing.count : 0;
    }
    if (error != 0)
        status = refuse(diag, folder, error);
    free(listing.paths);
    return status;
}

char *file_beside(struct arena *arena, const char *file, const char *path)
{
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    if (path[0] == '/' || slash == NULL)
        return arena_copy(arena, path, strlen(path));
    return arena_format(arena, "%.*s/%s", (int)(slash - file), file, path);
}
