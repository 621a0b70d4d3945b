#include "conf/secret_load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some 64 keys with room for comments. */
#define SECRET_LOAD_OCTETS 32768

static enum status refuse_file(const char *path, const char *rule, const char *why,
                               struct diag *diag)
{
    struct place place = {.file = path};

    diag_error(diag, place, rule, "%s", why);
    return STATUS_INVALID;
}

static enum status refuse_missing(const char *path, const char *advice, struct diag *diag)
{
    struct place place = {.file = path};

    if (advice == NULL)
        return refuse_file(path, "file-missing", "no such file", diag);
    diag_error(diag, place, "file-missing", "no such file; a new secret is made by '%s'", advice);
    return STATUS_INVALID;
}

static enum status refuse_errno(const char *path, const char *advice, int error, struct diag *diag)
{
    if (error == ENOENT)
        return refuse_missing(path, advice, diag);
    if (error == EACCES || error == EPERM)
        return refuse_file(path, "file-permission",
                           "this account may not read it; check the permissions of it and its "
                           "folder",
                           diag);
    if (error == EISDIR)
        return refuse_file(path, "file-kind", "it is a folder, not a file", diag);
    return refuse_file(path, "file-read", opener_error(error), diag);
}

/* Not what ssh does: a secret that its group may read is how a server without rights reads it. */
static void check_mode(const char *path, const struct stat *info, struct diag *diag)
{
    unsigned mode = info->st_mode & 07777;
    struct place place = {.file = path};

    if (S_ISREG(info->st_mode) && (mode & 027) != 0)
        diag_warning(diag, place, "secret-mode",
                     "a secret of mode %04o, open to others; run: chmod 640 %s, and consider a new "
                     "key",
                     mode, path);
}

/* Reads up to SECRET_LOAD_OCTETS + 1 octets, so that a longer file is seen. Zero or an errno. */
static int read_all(int file, char *octets, size_t *length)
{
    *length = 0;
    while (*length <= SECRET_LOAD_OCTETS) {
        ssize_t got = read(file, octets + *length, SECRET_LOAD_OCTETS + 1 - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : 0;
        *length += (size_t)got;
    }
    return 0;
}

/* Nonblocking: a pipe that nobody writes to must not stop a server. */
static int load(const struct secret_source *source, char *octets, size_t *length, struct stat *info)
{
    int file = opener_open(source->opener, source->path, O_NONBLOCK);

    if (file < 0)
        return errno;
    int error = fstat(file, info) == 0 ? 0 : errno;
    if (error == 0)
        error = read_all(file, octets, length);
    close(file);
    return error;
}

/* `octets` has room for SECRET_LOAD_OCTETS + 1. */
static enum status read_whole(const struct secret_source *source, struct diag *diag, char *octets,
                              size_t *length)
{
    const char *path = source->path;
    struct stat info = {.st_mode = 0};

    int error = load(source, octets, length, &info);
    if (error != 0)
        return refuse_errno(path, source->advice, error, diag);
    if (*length > SECRET_LOAD_OCTETS)
        return refuse_file(path, "file-size", "larger than 32 KiB; not the file of a key", diag);
    check_mode(path, &info, diag);
    return STATUS_OK;
}

enum status secret_load(const struct secret_source *source, struct diag *diag,
                        const struct secret_taker *taker)
{
    char octets[SECRET_LOAD_OCTETS + 1]; /* on the stack: it can be overwritten, whatever happens */
    size_t length = 0;

    enum status status = read_whole(source, diag, octets, &length);
    if (status == STATUS_OK)
        status = taker->take(taker->state, octets, length, diag);
    explicit_bzero(octets, sizeof octets);
    return status;
}
