#include "sign/state.h"

#include "store/checksum.h"
#include "wire/writer.h"

#include <string.h>

#define TABLE            0x05
#define VERSION          1
#define CHECKSUM_OCTETS  4
#define FIXED_OCTETS     40
#define KEY_OCTETS       40
#define VALUE_MAX_OCTETS (FIXED_OCTETS + STATE_MAX_KEYS * KEY_OCTETS)
#define STATE_KEY_OCTETS (1 + NAME_MAX_OCTETS)

/* Writes the database key. Returns its octets. */
static size_t make_key(uint8_t octets[STATE_KEY_OCTETS], const struct name *apex)
{
    octets[0] = TABLE;
    memcpy(octets + 1, apex->octets, apex->length);
    name_lower(octets + 1);
    return 1u + apex->length;
}

static void read_roll(struct reader *r, struct roll *roll)
{
    roll->kind = reader_u8(r);
    roll->method = reader_u8(r);
    roll->step = reader_u8(r);
    reader_octets(r, 3);
    roll->begun = (int64_t)reader_u64(r);
    roll->published = (int64_t)reader_u64(r);
    roll->seen = (int64_t)reader_u64(r);
    roll->largest_ttl = reader_u32(r);
}

static void read_signing_key(struct reader *r, struct signing_key *key)
{
    key->tag = reader_u16(r);
    key->algorithm = reader_u8(r);
    key->use = reader_u8(r);
    key->flags = reader_u16(r);
    key->part = reader_u8(r);
    reader_u8(r);
    const uint8_t *digest = reader_octets(r, STATE_DIGEST_OCTETS);
    if (digest)
        memcpy(key->digest, digest, STATE_DIGEST_OCTETS);
}

enum status state_read(struct snapshot *snapshot, const struct name *apex,
                       struct signing_state *out)
{
    uint8_t key[STATE_KEY_OCTETS];
    struct item item;

    size_t key_octets = make_key(key, apex);
    enum status status = snapshot_walk(snapshot, WALK_AT, key, key_octets, &item);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_of(item.value, item.value_octets);
    uint32_t checksum = reader_u32(&r);
    if (r.failed || checksum != checksum_of(key, key_octets, item.value + CHECKSUM_OCTETS,
                                            item.value_octets - CHECKSUM_OCTETS))
        return STATUS_MALFORMED;
    *out = (struct signing_state){.key_count = 0};
    uint8_t version = reader_u8(&r);
    size_t count = reader_u8(&r);
    read_roll(&r, &out->roll);
    if (version != VERSION || count > STATE_MAX_KEYS)
        return STATUS_MALFORMED;
    for (; out->key_count < count; out->key_count++)
        read_signing_key(&r, &out->keys[out->key_count]);
    return r.failed || reader_left(&r) > 0 ? STATUS_MALFORMED : STATUS_OK;
}

static void write_roll(struct writer *w, const struct roll *roll)
{
    static const uint8_t reserved[3] = {0};

    writer_u8(w, roll->kind);
    writer_u8(w, roll->method);
    writer_u8(w, roll->step);
    writer_octets(w, reserved, sizeof reserved);
    writer_u64(w, (uint64_t)roll->begun);
    writer_u64(w, (uint64_t)roll->published);
    writer_u64(w, (uint64_t)roll->seen);
    writer_u32(w, roll->largest_ttl);
}

static void write_signing_key(struct writer *w, const struct signing_key *key)
{
    writer_u16(w, key->tag);
    writer_u8(w, key->algorithm);
    writer_u8(w, key->use);
    writer_u16(w, key->flags);
    writer_u8(w, key->part);
    writer_u8(w, 0);
    writer_octets(w, key->digest, STATE_DIGEST_OCTETS);
}

/* Writes what follows the checksum. */
static void write_state(struct writer *w, const struct signing_state *state)
{
    writer_u8(w, VERSION);
    writer_u8(w, (uint8_t)state->key_count);
    write_roll(w, &state->roll);
    for (size_t i = 0; i < state->key_count; i++)
        write_signing_key(w, &state->keys[i]);
}

bool state_equals(const struct signing_state *a, const struct signing_state *b)
{
    uint8_t left[VALUE_MAX_OCTETS];
    uint8_t right[VALUE_MAX_OCTETS];
    struct writer lw = writer_of(left, sizeof left);
    struct writer rw = writer_of(right, sizeof right);

    write_state(&lw, a);
    write_state(&rw, b);
    return writer_length(&lw) == writer_length(&rw) && memcmp(left, right, writer_length(&lw)) == 0;
}

enum status state_write(struct edit *edit, const struct name *apex,
                        const struct signing_state *state)
{
    uint8_t key[STATE_KEY_OCTETS];
    uint8_t value[VALUE_MAX_OCTETS];
    struct writer w = writer_of(value + CHECKSUM_OCTETS, sizeof value - CHECKSUM_OCTETS);

    size_t key_octets = make_key(key, apex);
    write_state(&w, state);
    if (w.failed)
        return STATUS_SYSTEM;
    struct writer start = writer_of(value, CHECKSUM_OCTETS);
    writer_u32(&start, checksum_of(key, key_octets, value + CHECKSUM_OCTETS, writer_length(&w)));
    return edit_put(edit, key, key_octets, value, CHECKSUM_OCTETS + writer_length(&w));
}

enum status state_delete(struct edit *edit, const struct name *apex)
{
    uint8_t key[STATE_KEY_OCTETS];

    enum status status = edit_delete(edit, key, make_key(key, apex));
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
