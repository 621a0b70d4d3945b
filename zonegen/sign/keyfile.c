#include "sign/keyfile_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_OCTETS                                                                             \
    (4096 + 256) /* a path, in a command that puts it right, and what is wrong                     \
                  */

enum status keyfile_complain(struct diag *diag, const char *path, const char *rule,
                             const char *format, ...)
{
    char message[MESSAGE_OCTETS];
    va_list list;

    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    diag_error(diag, ((struct place){.file = path}), rule, "%s", message);
    return STATUS_INVALID;
}

const char *keyfile_algorithm_name(uint8_t algorithm)
{
    static const char *const names[] = {
        [5] = "RSASHA1",          [7] = "RSASHA1-NSEC3-SHA1", [8] = "RSASHA256",
        [10] = "RSASHA512",       [12] = "ECC-GOST",          [13] = "ECDSAP256SHA256",
        [14] = "ECDSAP384SHA384", [15] = "ED25519",           [16] = "ED448",
    };

    if (algorithm >= sizeof names / sizeof *names || names[algorithm] == NULL)
        return "unknown";
    return names[algorithm];
}

size_t keyfile_signature_octets(uint8_t algorithm)
{
    /* RFC 6605, RFC 8080. */
    return algorithm == ALGORITHM_ECDSAP256SHA256 || algorithm == ALGORITHM_ED25519 ? 64 : 0;
}

uint16_t keyfile_tag(const uint8_t *dnskey, size_t octets)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < octets; i++)
        sum += i % 2 == 0 ? (uint32_t)dnskey[i] << 8 : dnskey[i];
    return (uint16_t)(sum + (sum >> 16));
}

static bool stands_for_itself(uint8_t octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' ||
           octet == '_';
}

void keyfile_prefix(const struct name *zone, char prefix[KEYFILE_STEM_OCTETS])
{
    struct name lower = *zone;
    char *to = prefix;

    name_lower(lower.octets);
    *to++ = 'K';
    for (const uint8_t *label = lower.octets; *label != 0; label += 1 + *label) {
        for (size_t i = 1; i <= *label; i++) {
            if (stands_for_itself(label[i]))
                *to++ = (char)label[i];
            else
                to += sprintf(to, "%%%02X", label[i]);
        }
        *to++ = '.';
    }
    if (lower.length == 1)
        *to++ = '.';
    *to = '\0';
}

void keyfile_stem(const struct name *zone, uint8_t algorithm, uint16_t tag,
                  char stem[KEYFILE_STEM_OCTETS])
{
    keyfile_prefix(zone, stem);
    size_t length = strlen(stem);
    snprintf(stem + length, KEYFILE_STEM_OCTETS - length, "+%03u+%05u", algorithm, tag);
}

/* Takes '+' and exactly `digits` digits. NULL when something else stands there. */
static const char *take_number(const char *text, size_t digits, unsigned long limit,
                               unsigned long *out)
{
    if (*text++ != '+' || strspn(text, "0123456789") != digits)
        return NULL;
    *out = strtoul(text, NULL, 10);
    return *out <= limit ? text + digits : NULL;
}

bool keyfile_is_named(const char *file, const char *prefix, uint8_t *algorithm, uint16_t *tag,
                      bool *is_private)
{
    unsigned long number = 0;
    size_t length = strlen(prefix);

    if (strncmp(file, prefix, length) != 0)
        return false;
    const char *rest = take_number(file + length, 3, UINT8_MAX, &number);
    if (rest == NULL)
        return false;
    *algorithm = (uint8_t)number;
    rest = take_number(rest, 5, UINT16_MAX, &number);
    if (rest == NULL)
        return false;
    *tag = (uint16_t)number;
    *is_private = strcmp(rest, KEYFILE_PRIVATE) == 0;
    return *is_private || strcmp(rest, KEYFILE_PUBLIC) == 0;
}

static enum status check_folder(const char *folder, const struct stat *info, struct diag *diag)
{
    unsigned mode = info->st_mode & 07777;

    if (info->st_uid != geteuid() && info->st_uid != 0)
        return keyfile_complain(diag, folder, "key-owner",
                                "the folder of the keys belongs to user %lu, who could replace "
                                "them; run: chown %lu %s",
                                (unsigned long)info->st_uid, (unsigned long)geteuid(), folder);
    if ((mode & 077) != 0)
        return keyfile_complain(diag, folder, "key-mode",
                                "the folder of the keys has mode %04o, open to others; run: chmod "
                                "700 %s",
                                mode, folder);
    return STATUS_OK;
}

/* A file system without locks has to do without: then half a pair may be complained of. */
static void lock_folder(int folder, enum key_folder_use use)
{
    while (flock(folder, use == KEY_FOLDER_READ ? LOCK_SH : LOCK_EX) != 0 && errno == EINTR)
        continue;
}

enum status keyfile_open_folder(const char *folder, enum key_folder_use use, struct diag *diag,
                                int *out)
{
    struct stat info;

    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return STATUS_NOT_FOUND;
    if (file < 0 || fstat(file, &info) != 0) {
        int code = errno;
        if (file >= 0)
            close(file);
        return keyfile_complain(diag, folder, "key-folder", "the folder of the keys: %s",
                                strerror(code));
    }
    enum status status = check_folder(folder, &info, diag);
    if (status != STATUS_OK) {
        close(file);
        return status;
    }
    lock_folder(file, use);
    *out = file;
    return STATUS_OK;
}

/* What the names of files tell of one pair. */
struct found {
    uint8_t algorithm;
    uint16_t tag;
    bool has_public;
    bool has_private;
};

struct search {
    const char *folder;
    const struct name *zone;
    struct arena *arena;
    struct diag *diag;
    size_t count;
    size_t room;
    struct found *items;
    int lock; /* of the folder, until all pairs are read; or -1 */
};

/* The entry of a pair, a new one where there is none yet; NULL when memory is out. */
static struct found *find_pair(struct search *search, uint8_t algorithm, uint16_t tag)
{
    for (size_t i = 0; i < search->count; i++)
        if (search->items[i].algorithm == algorithm && search->items[i].tag == tag)
            return &search->items[i];
    if (search->count == search->room) {
        size_t room = search->room == 0 ? 16 : 2 * search->room;
        struct found *items = arena_alloc(search->arena, room * sizeof *items);
        if (items == NULL)
            return NULL;
        if (search->count > 0)
            memcpy(items, search->items, search->count * sizeof *items);
        search->items = items;
        search->room = room;
    }
    struct found *found = &search->items[search->count++];
    *found = (struct found){.algorithm = algorithm, .tag = tag};
    return found;
}

static int compare_found(const void *left, const void *right)
{
    const struct found *a = left;
    const struct found *b = right;
    if (a->algorithm != b->algorithm)
        return a->algorithm - b->algorithm;
    return a->tag - b->tag;
}

/* Looks through the names in the folder, and closes it. */
static enum status search_folder(struct search *search, DIR *folder)
{
    char prefix[KEYFILE_STEM_OCTETS];
    const struct dirent *item;
    enum status status = STATUS_OK;

    keyfile_prefix(search->zone, prefix);
    while (status == STATUS_OK && (item = readdir(folder)) != NULL) {
        uint8_t algorithm;
        uint16_t tag;
        bool is_private;
        if (!keyfile_is_named(item->d_name, prefix, &algorithm, &tag, &is_private))
            continue;
        struct found *found = find_pair(search, algorithm, tag);
        if (found == NULL)
            status = STATUS_SYSTEM;
        else if (is_private)
            found->has_private = true;
        else
            found->has_public = true;
    }
    closedir(folder);
    if (search->count > 0)
        qsort(search->items, search->count, sizeof *search->items, compare_found);
    return status;
}

static enum status open_search(struct search *search)
{
    int file = -1;

    enum status status = keyfile_open_folder(search->folder, KEY_FOLDER_READ, search->diag, &file);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    search->lock = dup(file);
    DIR *folder = fdopendir(file);
    if (folder == NULL) {
        close(file);
        return STATUS_SYSTEM;
    }
    return search_folder(search, folder);
}

/* Sees that the contents of a pair are what its file names say, and that its halves fit. */
static enum status check_pair(const struct search *search, const struct found *found,
                              const char *public, struct keyfile *key)
{
    struct key_secret secret = {.length = 0};
    EVP_PKEY *loaded = NULL;

    if (key->algorithm != found->algorithm || key->tag != found->tag)
        return keyfile_complain(search->diag, public, "key-name",
                                "the key in it has algorithm %u and tag %u; rename both files to "
                                "...+%03u+%05u",
                                key->algorithm, key->tag, key->algorithm, key->tag);
    enum status status = keyfile_read_secret(key->path, KEY_PLACE_OURS, search->diag, &secret);
    if (status == STATUS_OK)
        status = keyfile_parse_secret(key->path, &secret, key, search->diag, &loaded);
    explicit_bzero(&secret, sizeof secret);
    EVP_PKEY_free(loaded);
    return status;
}

static enum status complain_half(const struct search *search, const char *missing,
                                 const char *present)
{
    return keyfile_complain(search->diag, missing, "key-half",
                            "missing, half of a key pair; bring it back, or move %s away", present);
}

static enum status read_pair(const struct search *search, const struct found *found,
                             struct keyfile *out)
{
    char stem[KEYFILE_STEM_OCTETS];

    keyfile_stem(search->zone, found->algorithm, found->tag, stem);
    char *public = arena_format(search->arena, "%s/%s" KEYFILE_PUBLIC, search->folder, stem);
    char *private = arena_format(search->arena, "%s/%s" KEYFILE_PRIVATE, search->folder, stem);
    if (public == NULL || private == NULL)
        return STATUS_SYSTEM;
    if (!found->has_private)
        return complain_half(search, private, public);
    if (!found->has_public)
        return complain_half(search, public, private);
    out->path = private;
    enum status status =
        keyfile_read_public(public, search->zone, search->arena, search->diag, out);
    return status == STATUS_OK ? check_pair(search, found, public, out) : status;
}

static enum status read_pairs(const struct search *search, struct keyfiles *out)
{
    enum status outcome = STATUS_OK;

    out->items = arena_alloc(search->arena, (search->count + 1) * sizeof *out->items);
    if (out->items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < search->count; i++) {
        enum status status = read_pair(search, &search->items[i], &out->items[out->count]);
        if (status == STATUS_OK)
            out->count++;
        else if (outcome != STATUS_SYSTEM)
            outcome = status;
    }
    return outcome;
}

enum status keyfiles_read(const char *folder, const struct name *zone, struct arena *arena,
                          struct diag *diag, struct keyfiles *out)
{
    struct search search = {
        .folder = folder, .zone = zone, .arena = arena, .diag = diag, .lock = -1};

    *out = (struct keyfiles){.count = 0};
    enum status status = open_search(&search);
    if (status == STATUS_OK)
        status = read_pairs(&search, out);
    if (search.lock >= 0)
        close(search.lock);
    return status;
}
