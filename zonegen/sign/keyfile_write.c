#include "sign/keyfile_parts.h"

#include "conf/encoding.h"
#include "conf/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_OCTETS   (KEYFILE_STEM_OCTETS + 32) /* of the name of a file, temporary or not */
#define PUBLIC_OCTETS 2048
#define REMOVED       "removed"
#define DNSKEY_REVOKE 0x0080
#define MAX_TRIES     1000 /* to find a tag that is free: a folder has few of 65536 */

/* A folder that pairs are written into. */
struct target {
    const char *path;
    int folder;
    struct arena *arena;
    struct diag *diag;
};

/* What goes into one file. */
struct half {
    const char *suffix;
    mode_t mode;
    const void *octets;
    size_t length;
};

static enum status complain_errno(const struct target *target, const char *file, const char *what)
{
    const char *reason = strerror(errno);
    const char *path = arena_format(target->arena, "%s/%s", target->path, file);
    return keyfile_complain(target->diag, path != NULL ? path : target->path, "key-write",
                            "%s: %s; nothing is changed", what, reason);
}

/* Makes the change of a folder's entries last. */
static enum status sync_folder(const char *path, int folder, struct diag *diag)
{
    if (fsync(folder) == 0)
        return STATUS_OK;
    return keyfile_complain(diag, path, "key-write", "cannot be written out: %s", strerror(errno));
}

/* The folder that another lies in is written out too, else a new one could vanish again. */
static enum status sync_parent(const struct target *target)
{
    int parent = openat(target->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool written = parent >= 0 && fsync(parent) == 0;
    int code = errno;

    if (parent >= 0)
        close(parent);
    if (written)
        return STATUS_OK;
    return keyfile_complain(target->diag, target->path, "key-write",
                            "the folder it lies in cannot be written out: %s", strerror(code));
}

/* Makes the folders above the path that are missing, as those of a database are made. False, with
 * errno, when one cannot be made. */
static bool make_parents(const struct target *target)
{
    char *path = arena_copy(target->arena, target->path, strlen(target->path));
    if (path == NULL) {
        errno = ENOMEM;
        return false;
    }
    if (path[0] == '\0')
        return true;
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (access(path, F_OK) != 0 && mkdir(path, 0755) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return true;
}

/* Opens the folder; makes it where it is missing. */
static enum status open_target(struct target *target)
{
    enum status status =
        keyfile_open_folder(target->path, KEY_FOLDER_CHANGE, target->diag, &target->folder);
    if (status != STATUS_NOT_FOUND)
        return status;
    if (!make_parents(target) || mkdir(target->path, 0700) != 0)
        return keyfile_complain(target->diag, target->path, "key-folder",
                                "the folder of the keys cannot be made: %s", strerror(errno));
    status = keyfile_open_folder(target->path, KEY_FOLDER_CHANGE, target->diag, &target->folder);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_SYSTEM : status;
    status = sync_parent(target);
    if (status != STATUS_OK) {
        close(target->folder);
        rmdir(target->path);
    }
    return status;
}

static bool write_all(int file, const uint8_t *octets, size_t length)
{
    while (length > 0) {
        ssize_t done = write(file, octets, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        octets += done;
        length -= (size_t)done;
    }
    return true;
}

/* Writes a file whole under a temporary name: hidden, so that nobody takes it for a key. */
static enum status write_temporary(const struct target *target, const char *name,
                                   const struct half *half)
{
    int file = openat(target->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                      half->mode);
    if (file < 0)
        return complain_errno(target, name, "cannot be made");
    /* The mode that open() gives is less what the umask takes; of the public half it should not. */
    bool written = fchmod(file, half->mode) == 0 && write_all(file, half->octets, half->length) &&
                   fsync(file) == 0;
    enum status status = written ? STATUS_OK : complain_errno(target, name, "cannot be written");
    close(file);
    if (status != STATUS_OK)
        unlinkat(target->folder, name, 0);
    return status;
}

static void make_names(const char *stem, const struct half *half, char name[FILE_OCTETS],
                       char temporary[FILE_OCTETS])
{
    snprintf(name, FILE_OCTETS, "%s%s", stem, half->suffix);
    snprintf(temporary, FILE_OCTETS, ".%s%s.%ld", stem, half->suffix, (long)getpid());
}

/* A half appears whole or not at all. */
static enum status write_half(const struct target *target, const char *stem,
                              const struct half *half)
{
    char name[FILE_OCTETS];
    char temporary[FILE_OCTETS];

    make_names(stem, half, name, temporary);
    enum status status = write_temporary(target, temporary, half);
    if (status != STATUS_OK)
        return status;
    if (renameat(target->folder, temporary, target->folder, name) == 0)
        return STATUS_OK;
    status = complain_errno(target, name, "cannot be made");
    unlinkat(target->folder, temporary, 0);
    return status;
}

/* True when either half is there already. */
static bool is_taken(const struct target *target, const char *stem)
{
    static const char *const suffixes[] = {KEYFILE_PRIVATE, KEYFILE_PUBLIC};
    char name[FILE_OCTETS];

    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s%s", stem, suffixes[i]);
        if (faccessat(target->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    }
    return false;
}

/* The private half first: without it the other would be published and could not sign. */
static enum status write_pair(const struct target *target, const char *stem,
                              const struct half *private, const struct half *public)
{
    char name[FILE_OCTETS];

    enum status status = write_half(target, stem, private);
    if (status != STATUS_OK)
        return status;
    status = write_half(target, stem, public);
    if (status == STATUS_OK) {
        status = sync_folder(target->path, target->folder, target->diag);
        if (status == STATUS_OK)
            return status;
        snprintf(name, sizeof name, "%s%s", stem, public->suffix);
        unlinkat(target->folder, name, 0);
    }
    snprintf(name, sizeof name, "%s%s", stem, private->suffix);
    unlinkat(target->folder, name, 0);
    return status;
}

static enum status set_path(const struct target *target, const char *stem, struct keyfile *key)
{
    key->path = arena_format(target->arena, "%s/%s" KEYFILE_PRIVATE, target->path, stem);
    return key->path != NULL ? STATUS_OK : STATUS_SYSTEM;
}

/* The text of the public half. Its octets, or 0 when they do not fit. */
static size_t print_public(const struct keyfile *key, const struct name *zone,
                           char text[PUBLIC_OCTETS])
{
    char name[NAME_TEXT_OCTETS];

    FILE *out = fmemopen(text, PUBLIC_OCTETS, "w");
    if (out == NULL)
        return 0;
    name_to_text(zone->octets, name);
    fprintf(out, "; %s %u of %s\n%s IN DNSKEY %u 3 %u ",
            key->flags & DNSKEY_SEP ? "key-signing or combined key" : "zone-signing key", key->tag,
            name, name, key->flags, key->algorithm);
    encoding_print(ENCODING_BASE64, key->dnskey + 4, key->dnskey_octets - 4u, out);
    fputc('\n', out);
    bool failed = ferror(out) || fflush(out) != 0;
    long length = ftell(out);
    fclose(out);
    return failed || length < 0 ? 0 : (size_t)length;
}

/* The text of the private half. */
static bool print_private(const EVP_PKEY *made, const struct keyfile *key, struct key_secret *out)
{
    uint8_t secret[KEYFILE_SECRET_OCTETS];
    char digits[ENCODING_BASE64_OCTETS(KEYFILE_SECRET_OCTETS)];

    if (!keyfile_secret(made, key->algorithm, secret))
        return false;
    encoding_base64(secret, sizeof secret, digits);
    out->length = (size_t)snprintf(out->text, sizeof out->text,
                                   "Private-key-format: v1.2\nAlgorithm: %u (%s)\nPrivateKey: %s\n",
                                   key->algorithm, keyfile_algorithm_name(key->algorithm), digits);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(digits, sizeof digits);
    return true;
}

static enum status write_generated(const struct target *target, const struct name *zone,
                                   const EVP_PKEY *made, struct keyfile *key)
{
    struct key_secret secret = {.length = 0};
    char text[PUBLIC_OCTETS];
    char stem[KEYFILE_STEM_OCTETS];

    keyfile_stem(zone, key->algorithm, key->tag, stem);
    enum status status = set_path(target, stem, key);
    size_t length = print_public(key, zone, text);
    if (status == STATUS_OK && length > 0 && print_private(made, key, &secret)) {
        const struct half private = {KEYFILE_PRIVATE, 0600, secret.text, secret.length};
        const struct half public = {KEYFILE_PUBLIC, 0644, text, length};
        status = write_pair(target, stem, &private, &public);
    } else {
        status = STATUS_SYSTEM;
    }
    explicit_bzero(&secret, sizeof secret);
    return status;
}

/* Tags that no new key of the algorithm may have. */
struct tags {
    uint8_t taken[65536 / 8];
};

static bool tag_is_taken(const struct tags *tags, uint16_t tag)
{
    return (tags->taken[tag / 8] >> tag % 8 & 1) != 0;
}

/* Collects the tags of the zone's keys, whatever else is wrong with their files. */
static enum status collect_tags(const struct target *target, const struct name *zone,
                                uint8_t algorithm, struct tags *out)
{
    char prefix[KEYFILE_STEM_OCTETS];
    const struct dirent *item;

    memset(out, 0, sizeof *out);
    keyfile_prefix(zone, prefix);
    DIR *folder = opendir(target->path);
    if (folder == NULL)
        return keyfile_complain(target->diag, target->path, "key-folder",
                                "the folder of the keys: %s", strerror(errno));
    while ((item = readdir(folder)) != NULL) {
        uint8_t found;
        uint16_t tag;
        bool is_private;
        if (keyfile_is_named(item->d_name, prefix, &found, &tag, &is_private) && found == algorithm)
            out->taken[tag / 8] |= (uint8_t)(1u << tag % 8);
    }
    closedir(folder);
    return STATUS_OK;
}

/* The tag that a key would have with the REVOKE bit (RFC 5011) should be free as well. */
static bool is_free(const struct tags *tags, const struct keyfile *key)
{
    uint8_t revoked[KEYFILE_MAX_DNSKEY_OCTETS];

    memcpy(revoked, key->dnskey, key->dnskey_octets);
    revoked[1] |= DNSKEY_REVOKE;
    return !tag_is_taken(tags, key->tag) &&
           !tag_is_taken(tags, keyfile_tag(revoked, key->dnskey_octets));
}

static enum status make_key(const struct tags *tags, enum dnssec_algorithm algorithm,
                            struct keyfile *key, EVP_PKEY **out)
{
    for (unsigned i = 0; i < MAX_TRIES; i++) {
        EVP_PKEY *made = algorithm == ALGORITHM_ED25519
                             ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                             : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        if (made == NULL)
            return STATUS_SYSTEM;
        if (!keyfile_derive(made, (uint8_t)algorithm, key)) {
            EVP_PKEY_free(made);
            return STATUS_SYSTEM;
        }
        if (is_free(tags, key)) {
            *out = made;
            return STATUS_OK;
        }
        EVP_PKEY_free(made);
    }
    return STATUS_SYSTEM;
}

static enum status generate(const struct target *target, const struct name *zone,
                            enum dnssec_algorithm algorithm, struct keyfile *key)
{
    struct tags tags;
    EVP_PKEY *made = NULL;

    enum status status = collect_tags(target, zone, (uint8_t)algorithm, &tags);
    if (status == STATUS_OK)
        status = make_key(&tags, algorithm, key, &made);
    if (status == STATUS_OK)
        status = write_generated(target, zone, made, key);
    EVP_PKEY_free(made);
    return status;
}

enum status keyfile_generate(const char *folder, const struct name *zone,
                             enum dnssec_algorithm algorithm, uint16_t flags, struct arena *arena,
                             struct diag *diag, struct keyfile *out)
{
    struct target target = {.path = folder, .arena = arena, .diag = diag};

    *out = (struct keyfile){.flags = flags};
    enum status status = open_target(&target);
    if (status != STATUS_OK)
        return status;
    status = generate(&target, zone, algorithm, out);
    close(target.folder);
    return status;
}

/* The two files of a pair elsewhere, named by either of them, or by their stem. */
static bool find_halves(struct arena *arena, const char *path, const char **public,
                        const char **private)
{
    static const char *const suffixes[] = {KEYFILE_PRIVATE, KEYFILE_PUBLIC};
    size_t length = strlen(path);

    for (size_t i = 0; i < 2; i++) {
        size_t octets = strlen(suffixes[i]);
        if (length > octets && strcmp(path + length - octets, suffixes[i]) == 0) {
            length -= octets;
            break;
        }
    }
    *public = arena_format(arena, "%.*s" KEYFILE_PUBLIC, (int)length, path);
    *private = arena_format(arena, "%.*s" KEYFILE_PRIVATE, (int)length, path);
    return *public != NULL && *private != NULL;
}

/* Copies both files as they are: their comments and times are worth keeping. */
static enum status write_imported(const struct target *target, const struct name *zone,
                                  const char *public, const struct key_secret *secret,
                                  struct keyfile *key)
{
    char stem[KEYFILE_STEM_OCTETS];
    char *text;
    size_t length;

    keyfile_stem(zone, key->algorithm, key->tag, stem);
    enum status status = set_path(target, stem, key);
    if (status != STATUS_OK)
        return status;
    if (is_taken(target, stem))
        return keyfile_complain(target->diag, key->path, "key-exists",
                                "there already; a key is imported once");
    status = file_read(public, KEYFILE_MAX_OCTETS, target->arena, target->diag, &text, &length);
    if (status != STATUS_OK)
        return status;
    const struct half private_half = {KEYFILE_PRIVATE, 0600, secret->text, secret->length};
    const struct half public_half = {KEYFILE_PUBLIC, 0644, text, length};
    return write_pair(target, stem, &private_half, &public_half);
}

/* Reads and checks both halves. */
static enum status read_halves(const struct target *target, const struct name *zone,
                               const char *public, const char *private, struct key_secret *secret,
                               struct keyfile *key)
{
    EVP_PKEY *loaded = NULL;

    enum status status = keyfile_read_public(public, zone, target->arena, target->diag, key);
    if (status == STATUS_OK)
        status = keyfile_read_secret(private, KEY_PLACE_ELSEWHERE, target->diag, secret);
    if (status != STATUS_OK)
        return status;
    status = keyfile_parse_secret(private, secret, key, target->diag, &loaded);
    EVP_PKEY_free(loaded);
    return status;
}

enum status keyfile_examine(const struct name *zone, const char *path, struct arena *arena,
                            struct diag *diag, struct keyfile *out)
{
    const struct target nowhere = {.arena = arena, .diag = diag};
    struct key_secret secret = {.length = 0};
    const char *public;

    *out = (struct keyfile){.flags = 0};
    if (!find_halves(arena, path, &public, &out->path))
        return STATUS_SYSTEM;
    enum status status = read_halves(&nowhere, zone, public, out->path, &secret, out);
    explicit_bzero(&secret, sizeof secret);
    return status;
}

enum status keyfile_import(const char *folder, const struct name *zone, const char *path,
                           struct arena *arena, struct diag *diag, struct keyfile *out)
{
    struct target target = {.path = folder, .arena = arena, .diag = diag};
    struct key_secret secret = {.length = 0};
    const char *public;
    const char *private;

    *out = (struct keyfile){.flags = 0};
    if (!find_halves(arena, path, &public, &private))
        return STATUS_SYSTEM;
    enum status status = read_halves(&target, zone, public, private, &secret, out);
    if (status == STATUS_OK)
        status = open_target(&target);
    if (status == STATUS_OK) {
        status = write_imported(&target, zone, public, &secret, out);
        close(target.folder);
    }
    explicit_bzero(&secret, sizeof secret);
    return status;
}

/* Moves both halves, or none. */
static enum status move_pair(const struct target *target, int removed, const char *stem)
{
    char public[FILE_OCTETS];
    char private[FILE_OCTETS];

    snprintf(public, sizeof public, "%s" KEYFILE_PUBLIC, stem);
    snprintf(private, sizeof private, "%s" KEYFILE_PRIVATE, stem);
    if (renameat(target->folder, public, removed, public) != 0)
        return complain_errno(target, public, "cannot be moved to '" REMOVED "'");
    if (renameat(target->folder, private, removed, private) != 0) {
        enum status status = complain_errno(target, private, "cannot be moved to '" REMOVED "'");
        (void)!renameat(removed, public, target->folder, public);
        return status;
    }
    return STATUS_OK;
}

static enum status remove_pair(const struct target *target, const char *stem)
{
    if (mkdirat(target->folder, REMOVED, 0700) != 0 && errno != EEXIST)
        return complain_errno(target, REMOVED, "cannot be made");
    int removed = openat(target->folder, REMOVED, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (removed < 0)
        return complain_errno(target, REMOVED, "cannot be opened");
    enum status status = move_pair(target, removed, stem);
    if (status == STATUS_OK)
        status = sync_folder(target->path, removed, target->diag);
    if (status == STATUS_OK)
        status = sync_folder(target->path, target->folder, target->diag);
    close(removed);
    return status;
}

enum status keyfile_remove(const struct keyfile *key, struct arena *arena, struct diag *diag)
{
    const char *slash = strrchr(key->path, '/');
    size_t length = strlen(slash + 1) - strlen(KEYFILE_PRIVATE);
    struct target target = {.arena = arena, .diag = diag};

    target.path = arena_copy(arena, key->path, (size_t)(slash - key->path));
    char *stem = arena_copy(arena, slash + 1, length);
    if (target.path == NULL || stem == NULL)
        return STATUS_SYSTEM;
    enum status status = keyfile_open_folder(target.path, KEY_FOLDER_CHANGE, diag, &target.folder);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND
                   ? keyfile_complain(diag, target.path, "key-folder", "no such folder")
                   : status;
    status = remove_pair(&target, stem);
    close(target.folder);
    return status;
}
