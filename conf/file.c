#include "conf/file.h"

#include "conf/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status refuse(struct diag *diag, const char *path, int error)
{
    struct place place = {.file = path};

    if (error == ENOMEM)
        memory_lacks();
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
        diag_error(diag, place, "file-read", "cannot be read: %s", opener_error(error));
    return STATUS_INVALID;
}

static enum status refuse_odd(struct diag *diag, const char *path)
{
    if (path == NULL)
        return refuse(diag, "", ENOMEM);
    diag_error(diag, (struct place){.file = path}, "file-kind",
               "it is a pipe, a socket or a device, not a file; remove it");
    return STATUS_INVALID;
}

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static struct file_stamp stamp_of(const struct stat *info)
{
    if (!S_ISREG(info->st_mode))
        return (struct file_stamp){.octets = 0};
    return (struct file_stamp){
        .octets = (uint64_t)info->st_size,
        .inode = (uint64_t)info->st_ino,
        .modified_ns = nanoseconds(&info->st_mtim),
        .changed_ns = nanoseconds(&info->st_ctim),
    };
}

bool file_stamp_equals(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->octets == b->octets && a->inode == b->inode && a->modified_ns == b->modified_ns &&
           a->changed_ns == b->changed_ns;
}

/* What has been read so far; grows, since a pipe does not tell its size. */
struct content {
    char *octets;
    size_t length;
    size_t capacity;
    struct file_stamp stamp;
};

/* Reads to the end, or until more than `limit` octets are there: of a regular file a read ends
 * short at its end only. Zero or an errno. */
static int read_all(int file, bool is_regular, size_t limit, struct content *content)
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
        size_t room = content->capacity - content->length;
        ssize_t got = read(file, content->octets + content->length, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        content->length += (size_t)got;
        if (got == 0 || content->length > limit || (is_regular && (size_t)got < room))
            return 0;
    }
}

/* Opens and reads. Zero or an errno; the content is the caller's to free either way. */
static int load(const struct opener *opener, const char *path, size_t limit,
                struct content *content)
{
    struct stat info;
    int file = opener_open(opener, path, 0);
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
        content->stamp = stamp_of(&info);
        content->octets = malloc(content->capacity);
        error = content->octets != NULL ? read_all(file, sized, limit, content) : ENOMEM;
    }
    close(file);
    return error;
}

static enum status read_by(const struct opener *opener, const char *path, size_t limit,
                           struct arena *arena, struct diag *diag, struct file_content *out)
{
    struct content content = {.octets = NULL};
    enum status status = STATUS_OK;

    int error = load(opener, path, limit, &content);
    if (error == 0 && content.length > limit) {
        diag_error(diag, ((struct place){.file = path}), "file-size", "larger than %zu octets",
                   limit);
        status = STATUS_INVALID;
    } else if (error == 0) {
        *out = (struct file_content){arena_copy(arena, content.octets, content.length),
                                     content.length, content.stamp};
        if (out->octets == NULL)
            error = ENOMEM;
    }
    if (error != 0)
        status = refuse(diag, path, error);
    free(content.octets);
    return status;
}

enum status file_read_stamped(const char *path, size_t limit, struct arena *arena,
                              struct diag *diag, struct file_content *out)
{
    return read_by(NULL, path, limit, arena, diag, out);
}

enum status file_read(const char *path, size_t limit, struct arena *arena, struct diag *diag,
                      char **octets, size_t *length)
{
    struct file_content content = {.octets = NULL};

    enum status status = read_by(NULL, path, limit, arena, diag, &content);
    if (status == STATUS_OK) {
        *octets = content.octets;
        *length = content.length;
    }
    return status;
}

enum status file_read_by(const struct opener *opener, const char *path, struct arena *arena,
                         struct diag *diag, struct file_content *out)
{
    return read_by(opener, path, FILE_OPENED_OCTETS, arena, diag, out);
}

/* Files of a folder, growing. */
struct listing {
    struct file_item *items;
    size_t count;
    size_t capacity;
    const char *odd; /* what is neither file nor folder: nobody knows how long reading it takes */
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

bool file_is_listed(const char *name, const char *const *endings)
{
    return name[0] != '.' && ends_in(name, endings);
}

/* S_IFDIR and so on. A link that leads nowhere counts as a file: reading it says what is wrong. */
static mode_t kind_of(DIR *folder, const struct dirent *item)
{
    struct stat info;
    if (item->d_type != DT_UNKNOWN && item->d_type != DT_LNK)
        return DTTOIF(item->d_type);
    return fstatat(dirfd(folder), item->d_name, &info, 0) == 0 ? info.st_mode & S_IFMT : S_IFREG;
}

static int list_add(struct listing *listing, const char *name, struct arena *arena)
{
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 64 : listing->capacity * 2;
        struct file_item *larger = reallocarray(listing->items, capacity, sizeof *larger);
        if (larger == NULL)
            return ENOMEM;
        listing->items = larger;
        listing->capacity = capacity;
    }
    struct file_item item = {.name = arena_copy(arena, name, strlen(name))};
    if (item.name == NULL)
        return ENOMEM;
    listing->items[listing->count++] = item;
    return 0;
}

/* Takes the stamps in the order in which the folder lists its files: where it lies on a disk, that
 * is nearer to how they lie there than the order of names. */
static void list_stamp(struct listing *listing, int folder)
{
    for (size_t i = 0; i < listing->count; i++) {
        struct stat info;
        if (fstatat(folder, listing->items[i].name, &info, 0) == 0)
            listing->items[i].stamp = stamp_of(&info);
    }
}

/* What is looked for. */
struct query {
    const char *folder;
    const char *const *endings;
    bool wants_stamps;
};

/* Zero or an errno. */
static int list_item(struct listing *listing, DIR *folder, const struct dirent *item,
                     struct arena *arena)
{
    switch (kind_of(folder, item)) {
    case S_IFDIR:
        return 0;
    case S_IFREG:
        return list_add(listing, item->d_name, arena);
    default:
        listing->odd = arena_copy(arena, item->d_name, strlen(item->d_name));
        return listing->odd != NULL ? 0 : ENOMEM;
    }
}

/* Zero or an errno. */
static int list_folder(const struct query *query, struct arena *arena, struct listing *listing)
{
    DIR *folder = opendir(query->folder);
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
        if (file_is_listed(item->d_name, query->endings))
            error = list_item(listing, folder, item, arena);
    }
    if (query->wants_stamps)
        list_stamp(listing, dirfd(folder));
    closedir(folder);
    return error;
}

static int compare_items(const void *left, const void *right)
{
    const struct file_item *a = left;
    const struct file_item *b = right;
    return strcmp(a->name, b->name);
}

static enum status survey(const struct query *query, struct arena *arena, struct diag *diag,
                          struct file_survey *out)
{
    struct listing listing = {.items = NULL};

    *out = (struct file_survey){.count = 0};
    int error = list_folder(query, arena, &listing);
    if (error == 0) {
        out->items = arena_alloc(arena, listing.count * sizeof *out->items);
        error = out->items == NULL ? ENOMEM : 0;
    }
    if (error == 0 && listing.count > 0) {
        out->count = listing.count;
        memcpy(out->items, listing.items, listing.count * sizeof *out->items);
        qsort(out->items, out->count, sizeof *out->items, compare_items);
    }
    free(listing.items);
    if (error == 0 && listing.odd != NULL)
        return refuse_odd(diag, arena_format(arena, "%s/%s", query->folder, listing.odd));
    return error == 0 ? STATUS_OK : refuse(diag, query->folder, error);
}

enum status file_survey(const char *folder, const char *const *endings, struct arena *arena,
                        struct diag *diag, struct file_survey *out)
{
    return survey(&(struct query){folder, endings, true}, arena, diag, out);
}

enum status file_survey_one(const char *path, struct arena *arena, struct diag *diag,
                            struct file_survey *out)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    struct stat info;

    *out = (struct file_survey){.count = 0};
    if (stat(path, &info) != 0)
        return refuse(diag, path, errno);
    out->items = arena_alloc(arena, sizeof *out->items);
    if (out->items == NULL)
        return refuse(diag, path, ENOMEM);
    *out->items = (struct file_item){name, stamp_of(&info)};
    out->count = 1;
    return STATUS_OK;
}

char *file_join(struct arena *arena, const char *folder, const char *name)
{
    size_t before = strlen(folder);
    size_t after = strlen(name);
    bool has_slash = before > 0 && folder[before - 1] == '/';
    char *path = arena_alloc(arena, before + 1 + after + 1);

    if (path == NULL)
        return NULL;
    memcpy(path, folder, before);
    if (!has_slash)
        path[before++] = '/';
    memcpy(path + before, name, after);
    return path;
}

enum status file_list(const char *folder, const char *const *endings, struct arena *arena,
                      struct diag *diag, char ***paths, size_t *count)
{
    struct file_survey found;

    enum status status = survey(&(struct query){folder, endings, false}, arena, diag, &found);
    if (status != STATUS_OK)
        return status;
    *count = found.count;
    *paths = arena_alloc(arena, found.count * sizeof **paths);
    for (size_t i = 0; i < found.count && *paths != NULL; i++)
        (*paths)[i] = file_join(arena, folder, found.items[i].name);
    return arena_failed(arena) ? refuse(diag, folder, ENOMEM) : STATUS_OK;
}

char *file_beside(struct arena *arena, const char *file, const char *path)
{
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    if (path[0] == '/' || slash == NULL)
        return arena_copy(arena, path, strlen(path));
    return arena_format(arena, "%.*s/%s", (int)(slash - file), file, path);
}
