#include "store/history.h"

#include "store/checksum.h"
#include "store/nsec3.h"
#include "store/zones.h"
#include "wire/serial.h"

#include <stdlib.h>
#include <string.h>

#define CHECKSUM_OCTETS 4
#define KIND_BITS       2

size_t history_key(uint8_t key[HISTORY_PREFIX_OCTETS], uint16_t zone, uint32_t step,
                   enum history_kind kind)
{
    uint32_t number = step << KIND_BITS | (uint32_t)kind;

    key[0] = STORE_TABLE_HISTORY;
    key[1] = (uint8_t)(zone >> 8);
    key[2] = (uint8_t)zone;
    if (step == 0)
        return KEY_PREFIX_OCTETS;
    for (unsigned i = 0; i < 4; i++)
        key[KEY_PREFIX_OCTETS + i] = (uint8_t)(number >> (24 - 8 * i));
    return HISTORY_PREFIX_OCTETS;
}

/* Opens a value behind its checksum. False where that does not fit. */
static bool open_value(const struct item *item, struct reader *r)
{
    *r = reader_of(item->value, item->value_octets);
    uint32_t sum = reader_u32(r);
    return !r->failed && checksum_of(item->key, item->key_octets, r->next, reader_left(r)) == sum;
}

/* Puts the checksum in front of `octets` of value. */
static void seal_value(uint8_t *value, size_t octets, const uint8_t *key, size_t key_octets)
{
    struct writer w = writer_of(value, CHECKSUM_OCTETS);
    writer_u32(&w, checksum_of(key, key_octets, value + CHECKSUM_OCTETS, octets - CHECKSUM_OCTETS));
}

/* Finds the item of a key that has nothing behind its prefix. */
static enum status find_value(struct snapshot *snapshot, uint16_t zone, uint32_t step,
                              struct reader *r)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    struct item item;

    size_t octets = history_key(key, zone, step, HISTORY_STEP);
    enum status status = snapshot_walk(snapshot, WALK_AT, key, octets, &item);
    if (status == STATUS_OK && !open_value(&item, r))
        status = STATUS_MALFORMED;
    return status;
}

enum status history_summary_read(struct snapshot *snapshot, uint16_t zone,
                                 struct history_summary *out)
{
    struct reader r;

    enum status status = find_value(snapshot, zone, 0, &r);
    if (status != STATUS_OK)
        return status;
    out->newest = reader_u32(&r);
    out->oldest = reader_u32(&r);
    out->setback = reader_u32(&r);
    out->octets = reader_u64(&r);
    out->zone_octets = reader_u64(&r);
    bool sane = out->newest <= HISTORY_MAX_STEP && out->oldest > 0 &&
                out->oldest <= out->newest + 1 && out->setback <= out->newest;
    return r.failed || reader_left(&r) > 0 || !sane ? STATUS_MALFORMED : STATUS_OK;
}

void history_summary_write(struct writer *w, uint16_t zone, const struct history_summary *summary)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    uint8_t *start = w->next;

    writer_u32(w, 0);
    writer_u32(w, summary->newest);
    writer_u32(w, summary->oldest);
    writer_u32(w, summary->setback);
    writer_u64(w, summary->octets);
    writer_u64(w, summary->zone_octets);
    if (!w->failed)
        seal_value(start, HISTORY_SUMMARY_OCTETS, key, history_key(key, zone, 0, HISTORY_STEP));
}

enum status history_step_read(struct snapshot *snapshot, uint16_t zone, uint32_t step,
                              struct history_step *out)
{
    struct reader r;

    if (step == 0 || step > HISTORY_MAX_STEP)
        return STATUS_NOT_FOUND;
    enum status status = find_value(snapshot, zone, step, &r);
    if (status != STATUS_OK)
        return status;
    out->step = step;
    out->old_serial = reader_u32(&r);
    out->new_serial = reader_u32(&r);
    out->old_published = (int64_t)reader_u64(&r);
    out->published = (int64_t)reader_u64(&r);
    out->made = (int64_t)reader_u64(&r);
    out->cause = reader_u8(&r);
    out->old_flags = reader_u8(&r);
    reader_u16(&r);
    out->names = reader_u32(&r);
    out->octets = reader_u64(&r);
    out->difference = reader_u64(&r);
    bool sane = out->cause <= HISTORY_ROLLBACK;
    return r.failed || reader_left(&r) > 0 || !sane ? STATUS_MALFORMED : STATUS_OK;
}

void history_step_write(struct writer *w, uint16_t zone, const struct history_step *step)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    uint8_t *start = w->next;

    writer_u32(w, 0);
    writer_u32(w, step->old_serial);
    writer_u32(w, step->new_serial);
    writer_u64(w, (uint64_t)step->old_published);
    writer_u64(w, (uint64_t)step->published);
    writer_u64(w, (uint64_t)step->made);
    writer_u8(w, step->cause);
    writer_u8(w, step->old_flags);
    writer_u16(w, 0);
    writer_u32(w, step->names);
    writer_u64(w, step->octets);
    writer_u64(w, step->difference);
    if (!w->failed)
        seal_value(start, HISTORY_STEP_OCTETS, key,
                   history_key(key, zone, step->step, HISTORY_STEP));
}

/* The kind in a key of a step. */
static enum history_kind kind_of(const uint8_t *key)
{
    return (enum history_kind)(key[HISTORY_PREFIX_OCTETS - 1] & ((1u << KIND_BITS) - 1));
}

/* True for the key of an image, as far as it goes. */
static bool is_image_key(const uint8_t *key, size_t key_octets)
{
    if (key_octets < HISTORY_PREFIX_OCTETS || key_octets > HISTORY_KEY_OCTETS ||
        key[0] != STORE_TABLE_HISTORY)
        return false;
    enum history_kind kind = kind_of(key);
    return kind == HISTORY_NODE ||
           (kind == HISTORY_NSEC3 && key_octets == HISTORY_PREFIX_OCTETS + NSEC3_HASH_OCTETS);
}

enum status history_image_read(const struct item *item, struct history_image *out)
{
    struct reader r;

    if (!is_image_key(item->key, item->key_octets) || !open_value(item, &r))
        return STATUS_MALFORMED;
    out->kind = kind_of(item->key);
    out->key = item->key + HISTORY_PREFIX_OCTETS;
    out->key_octets = item->key_octets - HISTORY_PREFIX_OCTETS;
    out->owner_octets = reader_u8(&r);
    reader_octets(&r, 3);
    const uint8_t *owner = reader_octets(&r, out->owner_octets);
    out->owner = out->owner_octets > 0 ? owner : NULL;
    out->records = r;
    return r.failed ? STATUS_MALFORMED : STATUS_OK;
}

void history_image_seal(uint8_t *value, size_t value_octets, uint8_t owner_octets,
                        const uint8_t *key, size_t key_octets)
{
    memset(value, 0, HISTORY_IMAGE_OCTETS);
    value[CHECKSUM_OCTETS] = owner_octets;
    seal_value(value, value_octets, key, key_octets);
}

/* True where `serial` can have had other contents before a step set the serial back. */
static bool was_used_before(const struct history_step *step, uint32_t serial)
{
    return !serial_is_newer(step->new_serial, step->old_serial) &&
           !serial_is_newer(step->new_serial, serial) && !serial_is_newer(serial, step->old_serial);
}

/* STATUS_NOT_FOUND where a step before `found` set the serial back over its old serial. */
static enum status check_setbacks(struct snapshot *snapshot, uint16_t zone,
                                  const struct history_summary *summary,
                                  const struct history_step *found)
{
    uint32_t newest = summary->setback < found->step ? summary->setback : found->step - 1;
    enum status status = STATUS_OK;

    if (newest >= summary->oldest && newest - summary->oldest >= HISTORY_SETBACK_STEPS)
        return STATUS_NOT_FOUND;
    for (uint32_t step = newest; status == STATUS_OK && step >= summary->oldest; step--) {
        struct history_step earlier;
        status = history_step_read(snapshot, zone, step, &earlier);
        if (status == STATUS_OK && was_used_before(&earlier, found->old_serial))
            return STATUS_NOT_FOUND;
    }
    return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
}

/* The serial of the zone's present contents. */
static enum status present_serial(struct snapshot *snapshot, uint16_t zone, uint32_t *serial)
{
    struct zone_record record;

    enum status status = zones_next(snapshot, (int32_t)zone - 1, &record);
    if (status == STATUS_OK && record.number != zone)
        status = STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        *serial = record.serial;
    return status;
}

enum status history_find(struct snapshot *snapshot, uint16_t zone, uint32_t serial,
                         struct history_step *out, uint64_t *difference)
{
    struct history_summary summary;
    uint32_t after;

    *difference = 0;
    enum status status = history_summary_read(snapshot, zone, &summary);
    if (status == STATUS_OK)
        status = present_serial(snapshot, zone, &after);
    if (status != STATUS_OK)
        return status;
    for (uint32_t step = summary.newest; step >= summary.oldest; step--) {
        status = history_step_read(snapshot, zone, step, out);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
        if (out->new_serial != after) /* someone who keeps no history has written in between */
            return STATUS_NOT_FOUND;
        *difference += out->difference;
        if (out->old_serial == serial)
            return check_setbacks(snapshot, zone, &summary, out);
        after = out->old_serial;
    }
    return STATUS_NOT_FOUND;
}

uint32_t history_newest_serial(struct snapshot *snapshot, uint16_t zone, uint32_t serial)
{
    struct history_summary summary;
    struct history_step step;

    if (history_summary_read(snapshot, zone, &summary) != STATUS_OK)
        return serial;
    /* Behind the last setback every step brought a newer serial: none that `serial` is not. */
    for (uint32_t n = 0; n < HISTORY_SETBACK_STEPS && summary.setback - n >= summary.oldest; n++) {
        if (history_step_read(snapshot, zone, summary.setback - n, &step) != STATUS_OK)
            break;
        serial = serial_newer_of(step.old_serial, serial);
    }
    return serial;
}

enum status history_image_since(struct snapshot *snapshot, uint16_t zone, uint32_t first,
                                enum history_kind kind, const uint8_t *key, size_t key_octets,
                                struct history_image *out)
{
    uint8_t whole[HISTORY_KEY_OCTETS];
    struct history_summary summary;
    struct item item;

    if (key_octets > sizeof whole - HISTORY_PREFIX_OCTETS)
        return STATUS_NOT_FOUND;
    memcpy(whole + HISTORY_PREFIX_OCTETS, key, key_octets);
    enum status status = history_summary_read(snapshot, zone, &summary);
    if (status != STATUS_OK)
        return status;
    for (uint32_t step = first; step <= summary.newest; step++) {
        history_key(whole, zone, step, kind);
        status = snapshot_walk(snapshot, WALK_AT, whole, HISTORY_PREFIX_OCTETS + key_octets, &item);
        if (status == STATUS_OK)
            return history_image_read(&item, out);
        if (status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_NOT_FOUND;
}

const uint8_t *history_take_record(struct reader *r, size_t *rest_octets)
{
    if (reader_left(r) == 0)
        return NULL;
    const uint8_t *rest = r->next;
    reader_octets(r, 8); /* type, class, TTL */
    reader_octets(r, reader_u16(r));
    *rest_octets = (size_t)(r->next - rest);
    return r->failed ? NULL : rest;
}

/* Puts the labels that a step noted in place of those of the key, with their capitals. */
static enum status set_capitals(const struct history_image *image, size_t apex_octets,
                                struct name *name)
{
    if (image->owner_octets + apex_octets != name->length)
        return STATUS_MALFORMED;
    for (size_t i = 0; i < image->owner_octets; i++) {
        uint8_t octet = image->owner[i];
        if (octet >= 'A' && octet <= 'Z')
            octet |= 0x20;
        if (octet != name->octets[i])
            return STATUS_MALFORMED;
    }
    memcpy(name->octets, image->owner, image->owner_octets);
    return STATUS_OK;
}

enum status history_image_owner(const struct history_image *image, const uint8_t *apex,
                                struct name *out)
{
    uint8_t label[NSEC3_LABEL_OCTETS];
    uint8_t key[KEY_MAX_OCTETS];
    enum status status;

    if (image->kind == HISTORY_NSEC3) {
        nsec3_label_of_hash(image->key, label);
        status = name_prepend(out, label, sizeof label, apex);
    } else {
        status = key_to_name(out, key, history_present_key(image, 0, key), apex);
    }
    if (status != STATUS_OK)
        return STATUS_MALFORMED;
    return image->owner ? set_capitals(image, name_octets(apex), out) : STATUS_OK;
}

size_t history_present_key(const struct history_image *image, uint16_t zone,
                           uint8_t key[KEY_MAX_OCTETS])
{
    struct writer w = writer_of(key, KEY_MAX_OCTETS);

    writer_u8(&w, image->kind == HISTORY_NSEC3 ? STORE_TABLE_NSEC3 : STORE_TABLE_NODES);
    writer_u16(&w, zone);
    writer_octets(&w, image->key, image->key_octets);
    return writer_length(&w);
}
