#include "store/nsec3.h"

#include "store/checksum.h"

#include <string.h>

#define CHECKSUM_OCTETS    4
#define ZONE_PREFIX_OCTETS 3 /* table and zone */

void nsec3_key(uint8_t key[NSEC3_KEY_OCTETS], uint16_t zone, const uint8_t hash[NSEC3_HASH_OCTETS])
{
    key[0] = STORE_TABLE_NSEC3;
    key[1] = (uint8_t)(zone >> 8);
    key[2] = (uint8_t)zone;
    memcpy(key + ZONE_PREFIX_OCTETS, hash, NSEC3_HASH_OCTETS);
}

/* The value of a digit of base32hex (RFC 4648 §7), or 32. */
static unsigned digit_of(uint8_t octet)
{
    if (octet >= '0' && octet <= '9')
        return octet - '0';
    octet |= 0x20;
    return octet >= 'a' && octet <= 'v' ? octet - 'a' + 10u : 32;
}

bool nsec3_hash_of_label(const uint8_t *label, uint8_t hash[NSEC3_HASH_OCTETS])
{
    unsigned bits = 0; /* not written yet, in the low end of `held` */
    unsigned held = 0;

    if (label[0] != NSEC3_LABEL_OCTETS)
        return false;
    for (size_t i = 1; i <= NSEC3_LABEL_OCTETS; i++) {
        unsigned digit = digit_of(label[i]);
        if (digit > 31)
            return false;
        held = held << 5 | digit;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            *hash++ = (uint8_t)(held >> bits);
        }
    }
    return true;
}

void nsec3_label_of_hash(const uint8_t hash[NSEC3_HASH_OCTETS], uint8_t label[NSEC3_LABEL_OCTETS])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    unsigned bits = 0;
    unsigned held = 0;

    for (size_t i = 0; i < NSEC3_LABEL_OCTETS; i++) {
        if (bits < 5) {
            held = held << 8 | *hash++;
            bits += 8;
        }
        bits -= 5;
        label[i] = (uint8_t)digits[held >> bits & 31];
    }
}

void nsec3_value_write(struct writer *w, const uint8_t key[NSEC3_KEY_OCTETS],
                       const struct nsec3_value *value)
{
    size_t start = writer_length(w);

    writer_u32(w, 0);
    writer_u8(w, value->records);
    writer_u8(w, value->flags);
    writer_octets(w, value->octets, value->length);
    if (w->failed)
        return;
    const uint8_t *rest = w->start + start + CHECKSUM_OCTETS;
    uint32_t sum = checksum_of(key, NSEC3_KEY_OCTETS, rest, (size_t)(w->next - rest));
    writer_patch_u16(w, start, (uint16_t)(sum >> 16));
    writer_patch_u16(w, start + 2, (uint16_t)sum);
}

enum status nsec3_value_read(const struct item *item, struct nsec3_value *out)
{
    struct reader r = reader_of(item->value, item->value_octets);

    uint32_t sum = reader_u32(&r);
    if (r.failed || item->key_octets != NSEC3_KEY_OCTETS || item->key[0] != STORE_TABLE_NSEC3 ||
        checksum_of(item->key, item->key_octets, r.next, reader_left(&r)) != sum)
        return STATUS_MALFORMED;
    out->records = reader_u8(&r);
    out->flags = reader_u8(&r);
    out->length = reader_left(&r);
    out->octets = reader_octets(&r, out->length);
    return r.failed ? STATUS_MALFORMED : STATUS_OK;
}

static bool is_of_zone(const struct item *item, const uint8_t *key)
{
    return item->key_octets >= ZONE_PREFIX_OCTETS &&
           memcmp(item->key, key, ZONE_PREFIX_OCTETS) == 0;
}

/* The last NSEC3 of the zone that a key is of. */
static enum status find_last(struct snapshot *snapshot, const uint8_t *key, struct item *out)
{
    uint8_t beyond[NSEC3_KEY_OCTETS + 1];

    memset(beyond, 0xff, sizeof beyond);
    memcpy(beyond, key, ZONE_PREFIX_OCTETS);
    if (snapshot_doubts(snapshot, beyond, sizeof beyond))
        return STATUS_MALFORMED;
    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, beyond, sizeof beyond, out);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = snapshot_walk(snapshot, WALK_PREVIOUS, NULL, 0, out);
    return status;
}

enum status nsec3_find(struct snapshot *snapshot, uint16_t zone,
                       const uint8_t hash[NSEC3_HASH_OCTETS], struct nsec3_value *out,
                       bool *matches)
{
    uint8_t key[NSEC3_KEY_OCTETS];
    struct item item;

    nsec3_key(key, zone, hash);
    if (snapshot_doubts(snapshot, key, sizeof key))
        return STATUS_MALFORMED;
    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, key, sizeof key, &item);
    *matches = status == STATUS_OK && item.key_octets == sizeof key &&
               memcmp(item.key, key, sizeof key) == 0;
    if (!*matches && (status == STATUS_OK || status == STATUS_NOT_FOUND)) {
        status = snapshot_walk(snapshot, WALK_PREVIOUS, NULL, 0, &item);
        if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !is_of_zone(&item, key)))
            status = find_last(snapshot, key, &item);
        if (status == STATUS_OK && !is_of_zone(&item, key))
            status = STATUS_NOT_FOUND;
    }
    return status == STATUS_OK ? nsec3_value_read(&item, out) : status;
}

enum status nsec3_hash(const struct nsec3_hashing *hashing, const uint8_t *name,
                       uint8_t hash[NSEC3_HASH_OCTETS])
{
    uint8_t octets[NAME_MAX_OCTETS + UINT8_MAX];
    struct writer w = writer_of(octets, sizeof octets);

    writer_octets(&w, name, name_octets(name));
    name_lower(octets);
    writer_octets(&w, hashing->salt, hashing->salt_octets);
    if (!hashing->sha1(hashing->state, octets, writer_length(&w), hash))
        return STATUS_SYSTEM;
    for (unsigned i = 0; i < hashing->iterations; i++) {
        w = writer_of(octets, sizeof octets);
        writer_octets(&w, hash, NSEC3_HASH_OCTETS);
        writer_octets(&w, hashing->salt, hashing->salt_octets);
        if (!hashing->sha1(hashing->state, octets, writer_length(&w), hash))
            return STATUS_SYSTEM;
    }
    return STATUS_OK;
}
