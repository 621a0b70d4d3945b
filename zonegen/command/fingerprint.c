#include "command/fingerprint.h"

#include "conf/file.h"
#include "conf/yaml.h"
#include "contacts/paths.h"
#include "store/checksum.h"
#include "wire/reader.h"
#include "wire/writer.h"

#include <openssl/evp.h>
#include <string.h>

#define CHECKSUM_OCTETS 4
#define VERSION         1

static const uint8_t key[] = {0x04, 'c'};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Adds one file: lengths before octets, so that nothing can pass from one into the next. */
static enum status add_file(EVP_MD_CTX *digest, const char *path, struct arena *arena,
                            struct diag *diag)
{
    const char *name = base_name(path);
    uint8_t lengths[12];
    char *octets = NULL;
    size_t length = 0;

    enum status status = file_read(path, YAML_MAX_OCTETS, arena, diag, &octets, &length);
    if (status != STATUS_OK)
        return status;
    struct writer before_name = writer_of(lengths, 4);
    struct writer before_contents = writer_of(lengths + 4, 8);
    writer_u32(&before_name, (uint32_t)strlen(name));
    writer_u64(&before_contents, length);
    bool added = EVP_DigestUpdate(digest, lengths, 4) == 1 &&
                 EVP_DigestUpdate(digest, name, strlen(name)) == 1 &&
                 EVP_DigestUpdate(digest, lengths + 4, 8) == 1 &&
                 EVP_DigestUpdate(digest, octets, length) == 1;
    return added ? STATUS_OK : STATUS_SYSTEM;
}

static enum status add_files(EVP_MD_CTX *digest, const char *path, struct arena *names,
                             struct diag *diag)
{
    struct arena *contents = arena_create();
    struct paths files = {.count = 0};

    enum status status = STATUS_SYSTEM;
    if (contents != NULL)
        status = paths_collect(&path, 1, names, diag, &files);
    for (size_t i = 0; i < files.count && status == STATUS_OK; i++) {
        arena_reset(contents);
        status = add_file(digest, files.items[i], contents, diag);
    }
    arena_destroy(contents);
    return status;
}

enum status fingerprint_make(const char *path, struct diag *diag, struct fingerprint *out)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    struct arena *names = arena_create();
    enum status status = STATUS_SYSTEM;

    if (digest != NULL && names != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1)
        status = add_files(digest, path, names, diag);
    if (status == STATUS_OK && EVP_DigestFinal_ex(digest, out->octets, NULL) != 1)
        status = STATUS_SYSTEM;
    arena_destroy(names);
    EVP_MD_CTX_free(digest);
    return status;
}

enum status fingerprint_stored(struct snapshot *snapshot, struct fingerprint *out)
{
    struct item item;

    enum status status = snapshot_walk(snapshot, WALK_AT, key, sizeof key, &item);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_of(item.value, item.value_octets);
    uint32_t checksum = reader_u32(&r);
    if (item.value_octets != FINGERPRINT_VALUE_OCTETS ||
        checksum != checksum_of(key, sizeof key, item.value + CHECKSUM_OCTETS,
                                item.value_octets - CHECKSUM_OCTETS) ||
        reader_u32(&r) != (uint32_t)VERSION << 24)
        return STATUS_MALFORMED;
    memcpy(out->octets, r.next, FINGERPRINT_OCTETS);
    return STATUS_OK;
}

enum status fingerprint_store(struct edit *edit, const struct fingerprint *fingerprint)
{
    uint8_t value[FINGERPRINT_VALUE_OCTETS];
    struct writer w = writer_of(value + CHECKSUM_OCTETS, sizeof value - CHECKSUM_OCTETS);

    writer_u32(&w, (uint32_t)VERSION << 24);
    writer_octets(&w, fingerprint->octets, FINGERPRINT_OCTETS);
    struct writer start = writer_of(value, CHECKSUM_OCTETS);
    writer_u32(&start, checksum_of(key, sizeof key, value + CHECKSUM_OCTETS,
                                   sizeof value - CHECKSUM_OCTETS));
    return edit_put(edit, key, sizeof key, value, sizeof value);
}

bool fingerprint_equals(const struct fingerprint *a, const struct fingerprint *b)
{
    return memcmp(a->octets, b->octets, FINGERPRINT_OCTETS) == 0;
}
