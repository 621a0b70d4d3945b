#include "command/fingerprint.h"

#include "store/checksum.h"
#include "wire/reader.h"
#include "wire/writer.h"

#include <openssl/evp.h>
#include <string.h>

#define CHECKSUM_OCTETS 4
#define VERSION         2

static const uint8_t key[] = {0x04, 'c'};

/* Adds one file: the length before the name, so that nothing can pass from one into the next. */
static bool add_file(EVP_MD_CTX *digest, const struct source *source)
{
    uint8_t length[4];
    struct writer w = writer_of(length, sizeof length);

    writer_u32(&w, (uint32_t)strlen(source->name));
    return EVP_DigestUpdate(digest, length, sizeof length) == 1 &&
           EVP_DigestUpdate(digest, source->name, strlen(source->name)) == 1 &&
           EVP_DigestUpdate(digest, source->digest, sizeof source->digest) == 1;
}

enum status fingerprint_make(const struct sources *sources, struct fingerprint *out)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool made = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;

    for (size_t i = 0; i < sources->count && made; i++)
        if (sources->items[i].fate != SOURCE_GONE)
            made = add_file(digest, &sources->items[i]);
    made = made && EVP_DigestFinal_ex(digest, out->octets, NULL) == 1;
    EVP_MD_CTX_free(digest);
    return made ? STATUS_OK : STATUS_SYSTEM;
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
