#include "store/key.h"

#include "store/store.h"

#include <string.h>

#define LABEL_END 0x00
#define ESCAPE    0x01

static uint8_t *put_prefix(uint8_t *next, enum store_table table, uint16_t zone)
{
    *next++ = (uint8_t)table;
    *next++ = (uint8_t)(zone >> 8);
    *next++ = (uint8_t)zone;
    return next;
}

/* Room is certain: 255 octets of name make at most 507 of key (see key.h). */
static uint8_t *put_label(uint8_t *next, const uint8_t *label)
{
    for (size_t i = 1; i <= *label; i++) {
        uint8_t octet = label[i];
        if (octet <= ESCAPE) {
            *next++ = ESCAPE;
            *next++ = (uint8_t)(octet + 1);
        } else {
            *next++ = octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
        }
    }
    *next++ = LABEL_END;
    return next;
}

void key_of_name(struct key *key, uint16_t zone, const uint8_t *name, size_t depth)
{
    const uint8_t *labels[NAME_MAX_LABELS];
    uint8_t *next = put_prefix(key->octets, STORE_TABLE_NODES, zone);

    for (size_t i = 0; i < depth; i++, name += *name + 1u)
        labels[i] = name;
    key->depth = (uint8_t)depth;
    key->ends[0] = KEY_PREFIX_OCTETS;
    for (size_t d = 1; d <= depth; d++) {
        next = put_label(next, labels[depth - d]);
        key->ends[d] = (uint16_t)(next - key->octets);
    }
    key->length = key->ends[depth];
}

void key_of_wildcard(struct key *wildcard, const struct key *key, size_t depth)
{
    size_t end = key->ends[depth];

    memcpy(wildcard->octets, key->octets, end);
    memcpy(wildcard->ends, key->ends, (depth + 1) * sizeof key->ends[0]);
    wildcard->octets[end] = '*';
    wildcard->octets[end + 1] = LABEL_END;
    wildcard->depth = (uint8_t)(depth + 1);
    wildcard->length = (uint16_t)(end + 2);
    wildcard->ends[depth + 1] = wildcard->length;
}

void key_of_zone(uint8_t octets[KEY_PREFIX_OCTETS], uint16_t zone)
{
    put_prefix(octets, STORE_TABLE_ZONES, zone);
}

size_t key_common_depth(const struct key *key, const uint8_t *other, size_t other_octets)
{
    size_t limit = key->length < other_octets ? key->length : other_octets;
    size_t same = 0;
    size_t depth = 0;

    while (same < limit && key->octets[same] == other[same])
        same++;
    while (depth < key->depth && key->ends[depth + 1] <= same)
        depth++;
    return depth;
}

/* The octets before the next label end or escape. */
static size_t plain_octets(const struct reader *r)
{
    const uint8_t *at = r->next;

    while (at<r->end && * at> ESCAPE)
        at++;
    return (size_t)(at - r->next);
}

/* The octets of a label up to and with its end, escapes undone: up to NAME_MAX_LABEL. False where
 * there are more, or the key ends before. */
static bool take_escaped(struct reader *r, uint8_t label[NAME_MAX_LABEL], size_t *length)
{
    for (*length = 0;; (*length)++) {
        uint8_t octet = reader_u8(r);
        if (r->failed)
            return false;
        if (octet == LABEL_END)
            return true;
        if (octet == ESCAPE)
            octet = (uint8_t)(reader_u8(r) - 1);
        if (r->failed || *length == NAME_MAX_LABEL)
            return false;
        label[*length] = octet;
    }
}

/* Takes one label of a key, up to and with its end; puts it, its length octet in front, before
 * `*at` of `room`, and moves `*at` there: no further than `limit`. */
static bool take_label(struct reader *r, uint8_t room[NAME_MAX_OCTETS], size_t limit, size_t *at)
{
    uint8_t escaped[NAME_MAX_LABEL];
    const uint8_t *label = r->next;
    size_t length = plain_octets(r);

    if (length < reader_left(r) && label[length] == LABEL_END) {
        reader_octets(r, length + 1);
    } else {
        label = escaped;
        if (!take_escaped(r, escaped, &length))
            return false;
    }
    if (length == 0 || length > NAME_MAX_LABEL || *at - limit < length + 1)
        return false;
    *at -= length + 1;
    room[*at] = (uint8_t)length;
    memcpy(room + *at + 1, label, length);
    return true;
}

enum status key_to_labels(const uint8_t *key, size_t key_octets, size_t most,
                          uint8_t room[NAME_MAX_OCTETS], const uint8_t **labels, size_t *octets)
{
    struct reader r = reader_of(key, key_octets);
    size_t at = NAME_MAX_OCTETS; /* from its end on: a key has the last label first */

    reader_octets(&r, KEY_PREFIX_OCTETS);
    if (r.failed || key[0] != STORE_TABLE_NODES)
        return STATUS_MALFORMED;
    while (reader_left(&r) > 0)
        if (!take_label(&r, room, NAME_MAX_OCTETS - most, &at))
            return STATUS_MALFORMED;
    *labels = room + at;
    *octets = NAME_MAX_OCTETS - at;
    return STATUS_OK;
}

enum status key_to_name(struct name *out, const uint8_t *key, size_t key_octets,
                        const uint8_t *apex)
{
    size_t apex_octets = name_octets(apex);
    uint8_t room[NAME_MAX_OCTETS];
    const uint8_t *labels;
    size_t octets;

    enum status status =
        key_to_labels(key, key_octets, NAME_MAX_OCTETS - apex_octets, room, &labels, &octets);
    if (status != STATUS_OK)
        return status;
    memcpy(out->octets, labels, octets);
    memcpy(out->octets + octets, apex, apex_octets);
    out->length = (uint8_t)(octets + apex_octets);
    return STATUS_OK;
}
