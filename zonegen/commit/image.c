#include "commit/image.h"

#include "store/nsec3.h"
#include "store/stored.h"

#include <stdlib.h>
#include <string.h>

enum history_kind image_kind(const uint8_t *key)
{
    return key[0] == STORE_TABLE_NSEC3 ? HISTORY_NSEC3 : HISTORY_NODE;
}

/* Copies records without their owners. */
static bool write_records(struct writer *w, const uint8_t *octets, size_t length)
{
    struct reader r = reader_of(octets, length);
    const uint8_t *rest;
    size_t rest_octets;

    while ((rest = stored_take_record(&r, &rest_octets)) != NULL)
        writer_octets(w, rest, rest_octets);
    return !r.failed;
}

static enum status write_node(const struct item *item, struct writer *w, uint8_t *owner_octets)
{
    struct stored stored;
    struct stored_answer answer;

    if (stored_open(item->key, item->key_octets, item->value, item->value_octets, &stored) !=
        STATUS_OK)
        return STATUS_MALFORMED;
    *owner_octets = stored.owner_octets;
    writer_octets(w, stored.owner, stored.owner_octets);
    for (size_t n = 0; n < stored.answer_count; n++) {
        if (stored_answer_at(&stored, n, &answer) != STATUS_OK)
            return STATUS_MALFORMED;
        if ((answer.flags & STORED_IN_ZONE) == 0)
            continue;
        /* The answer and its signatures stand one after the other. */
        if (!write_records(w, answer.part[PART_ANSWER],
                           (size_t)answer.octets[PART_ANSWER] +
                               answer.octets[PART_ANSWER_SIGNATURES]))
            return STATUS_MALFORMED;
    }
    return write_records(w, stored.proof, stored.proof_octets) ? STATUS_OK : STATUS_MALFORMED;
}

static enum status write_nsec3(const struct item *item, struct writer *w, uint8_t *owner_octets)
{
    uint8_t plain[1 + NSEC3_LABEL_OCTETS] = {NSEC3_LABEL_OCTETS};
    struct nsec3_value value;

    if (nsec3_value_read(item, &value) != STATUS_OK || value.length < sizeof plain)
        return STATUS_MALFORMED;
    nsec3_label_of_hash(item->key + KEY_PREFIX_OCTETS, plain + 1);
    bool is_plain = memcmp(value.octets, plain, sizeof plain) == 0;
    *owner_octets = is_plain ? 0 : sizeof plain;
    writer_octets(w, value.octets, *owner_octets);
    return write_records(w, value.octets, value.length) ? STATUS_OK : STATUS_MALFORMED;
}

enum status image_write(const struct item *item, struct writer *w, uint8_t *owner_octets)
{
    enum status status = image_kind(item->key) == HISTORY_NSEC3 ? write_nsec3(item, w, owner_octets)
                                                                : write_node(item, w, owner_octets);
    return status == STATUS_OK && w->failed ? STATUS_NO_SPACE : status;
}

size_t image_owner_octets(const uint8_t *key, size_t key_octets, size_t apex_octets)
{
    const uint8_t escape = 0x01; /* see key.h: two octets of the key, one of the name */
    size_t octets = apex_octets;

    if (image_kind(key) == HISTORY_NSEC3)
        return 1 + NSEC3_LABEL_OCTETS + apex_octets;
    for (size_t i = KEY_PREFIX_OCTETS; i < key_octets; i++) {
        if (key[i] == escape)
            i++;
        octets++;
    }
    return octets;
}

enum status image_octets(const struct item *item, size_t apex_octets, uint64_t *out)
{
    struct stored stored;
    struct stored_answer answer;
    struct nsec3_value value;

    if (image_kind(item->key) == HISTORY_NSEC3) {
        if (nsec3_value_read(item, &value) != STATUS_OK)
            return STATUS_MALFORMED;
        *out = value.length;
        return STATUS_OK;
    }
    if (stored_open(item->key, item->key_octets, item->value, item->value_octets, &stored) !=
        STATUS_OK)
        return STATUS_MALFORMED;
    const size_t pointer = 2; /* what stands for the owner */
    size_t more = image_owner_octets(item->key, item->key_octets, apex_octets) - pointer;
    *out = stored.proof_octets; /* owners in full */
    for (size_t n = 0; n < stored.answer_count; n++) {
        if (stored_answer_at(&stored, n, &answer) != STATUS_OK)
            return STATUS_MALFORMED;
        if ((answer.flags & STORED_IN_ZONE) != 0)
            for (size_t part = PART_ANSWER; part <= PART_ANSWER_SIGNATURES; part++)
                *out += answer.octets[part] + answer.records[part] * more;
    }
    return STATUS_OK;
}

void image_difference_close(struct image_difference *difference)
{
    free(difference->slices);
    *difference = (struct image_difference){.slices = NULL};
}

static bool make_room(struct image_difference *difference, size_t count)
{
    if (count < difference->room)
        return true;
    size_t room = difference->room > 0 ? difference->room * 2 : 64;
    struct image_slice *slices = reallocarray(difference->slices, room, sizeof *slices);
    if (slices == NULL)
        return false;
    difference->slices = slices;
    difference->room = room;
    return true;
}

/* Adds the records to the slices from `*count` on. */
static enum status take_slices(struct image_difference *difference, struct reader records,
                               size_t *count)
{
    size_t octets;
    const uint8_t *rest;

    while ((rest = history_take_record(&records, &octets)) != NULL) {
        if (!make_room(difference, *count))
            return STATUS_SYSTEM;
        difference->slices[(*count)++] = (struct image_slice){rest, octets};
    }
    return records.failed ? STATUS_MALFORMED : STATUS_OK;
}

static int by_octets(const void *left, const void *right)
{
    const struct image_slice *a = left;
    const struct image_slice *b = right;
    int order = memcmp(a->octets, b->octets, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

enum status image_compare(struct image_difference *difference, struct reader before,
                          struct reader after, size_t owner_octets, uint64_t *out)
{
    size_t count = 0;

    *out = 0;
    enum status status = take_slices(difference, before, &count);
    size_t middle = count;
    if (status == STATUS_OK)
        status = take_slices(difference, after, &count);
    if (status != STATUS_OK)
        return status;
    struct image_slice *slices = difference->slices;
    if (middle > 1)
        qsort(slices, middle, sizeof *slices, by_octets);
    if (count - middle > 1)
        qsort(slices + middle, count - middle, sizeof *slices, by_octets);
    for (size_t a = 0, b = middle; a < middle || b < count;) {
        int order = a == middle ? 1 : b == count ? -1 : by_octets(&slices[a], &slices[b]);
        if (order != 0)
            *out += history_record_octets(owner_octets, slices[order < 0 ? a : b].length);
        a += order <= 0;
        b += order >= 0;
    }
    return STATUS_OK;
}
