#include "commit/recorder.h"

#include "commit/image.h"
#include "wire/serial.h"
#include "zone/compile.h"

#include <stdlib.h>
#include <string.h>

/* The longest value, and an owner's labels once more. */
#define BUFFER_OCTETS (COMPILE_VALUE_OCTETS + HISTORY_IMAGE_OCTETS + NAME_MAX_OCTETS)

enum status recorder_open(struct recorder *recorder, const struct recorder_rules *rules)
{
    *recorder = (struct recorder){.rules = *rules};
    recorder->before.octets = malloc(BUFFER_OCTETS);
    recorder->after.octets = malloc(BUFFER_OCTETS);
    if (recorder->before.octets == NULL || recorder->after.octets == NULL)
        return STATUS_SYSTEM;
    return edit_open_view(rules->edit, &recorder->view);
}

void recorder_close(struct recorder *recorder)
{
    edit_close_view(recorder->view);
    free(recorder->before.octets);
    free(recorder->after.octets);
    *recorder = (struct recorder){.is_open = false};
}

/* ---- forgetting ---- */

/* Deletes all keys that begin with the first `prefix` octets of `key`. */
static enum status delete_range(struct edit *edit, const uint8_t *key, size_t prefix)
{
    uint8_t found[HISTORY_KEY_OCTETS];
    struct item item;

    for (;;) {
        enum status status =
            snapshot_walk(edit_snapshot(edit), WALK_AT_OR_AFTER, key, prefix, &item);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status != STATUS_OK)
            return status;
        if (item.key_octets < prefix || item.key_octets > sizeof found ||
            memcmp(item.key, key, prefix) != 0)
            return STATUS_OK;
        size_t octets = item.key_octets;
        memcpy(found, item.key, octets); /* in the map, which a delete moves */
        status = edit_delete(edit, found, octets);
        if (status != STATUS_OK)
            return status;
    }
}

enum status recorder_forget(struct edit *edit, uint16_t zone)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    return delete_range(edit, key, history_key(key, zone, 0, HISTORY_STEP));
}

/* Deletes a step, all that was written of it. */
static enum status forget_step(struct edit *edit, uint16_t zone, uint32_t step)
{
    static const enum history_kind kinds[] = {HISTORY_STEP, HISTORY_NODE, HISTORY_NSEC3};
    uint8_t key[HISTORY_PREFIX_OCTETS];
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && status == STATUS_OK; i++)
        status = delete_range(edit, key, history_key(key, zone, step, kinds[i]));
    return status;
}

static enum status put_summary(struct edit *edit, uint16_t zone,
                               const struct history_summary *summary)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    uint8_t value[HISTORY_SUMMARY_OCTETS];
    struct writer w = writer_of(value, sizeof value);

    history_summary_write(&w, zone, summary);
    return edit_put(edit, key, history_key(key, zone, 0, HISTORY_STEP), value, writer_length(&w));
}

enum status recorder_forget_steps(struct edit *edit, uint16_t zone, uint32_t *steps)
{
    struct history_summary summary;

    *steps = 0;
    enum status found = history_summary_read(edit_snapshot(edit), zone, &summary);
    enum status status = found == STATUS_SYSTEM ? found : recorder_forget(edit, zone);
    if (status != STATUS_OK || found != STATUS_OK)
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    *steps = summary.newest + 1 - summary.oldest;
    summary.oldest = summary.newest + 1;
    summary.octets = 0;
    return put_summary(edit, zone, &summary);
}

/* The past begins anew behind what is there. */
static enum status forget_all(struct recorder *recorder)
{
    struct history_summary *summary = &recorder->summary;

    summary->oldest = summary->newest + 1;
    summary->octets = 0;
    return recorder_forget(recorder->rules.edit, recorder->rules.zone);
}

/* ---- the state before the first change ---- */

/* Adds the octets of all that the zone has in a table. */
static enum status count_table(struct recorder *recorder, enum store_table table)
{
    const uint8_t prefix[KEY_PREFIX_OCTETS] = {(uint8_t)table, (uint8_t)(recorder->rules.zone >> 8),
                                               (uint8_t)recorder->rules.zone};
    struct item item;
    uint64_t octets;

    enum status status =
        snapshot_walk(recorder->view, WALK_AT_OR_AFTER, prefix, sizeof prefix, &item);
    while (status == STATUS_OK && item.key_octets >= sizeof prefix &&
           memcmp(item.key, prefix, sizeof prefix) == 0) {
        status = image_octets(&item, recorder->rules.apex_octets, &octets);
        if (status != STATUS_OK)
            return status;
        recorder->summary.zone_octets += octets;
        status = snapshot_walk(recorder->view, WALK_NEXT, NULL, 0, &item);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* There is no past, or none that can be used: what is there is counted, once. */
static enum status begin_past(struct recorder *recorder, uint32_t newest)
{
    recorder->summary = (struct history_summary){.newest = newest};
    enum status status = forget_all(recorder);
    if (status != STATUS_OK || recorder->rules.is_new)
        return status;
    status = count_table(recorder, STORE_TABLE_NODES);
    return status == STATUS_OK ? count_table(recorder, STORE_TABLE_NSEC3) : status;
}

/* True where the newest step, if one is kept, leads to what is there. */
static bool leads_here(struct recorder *recorder)
{
    const struct history_summary *summary = &recorder->summary;
    struct history_step newest;

    if (summary->oldest > summary->newest)
        return true;
    return history_step_read(recorder->view, recorder->rules.zone, summary->newest, &newest) ==
               STATUS_OK &&
           newest.new_serial == recorder->rules.old_serial;
}

/* Finds out what there is, before the first change. */
static enum status begin(struct recorder *recorder)
{
    const struct recorder_rules *rules = &recorder->rules;
    enum status status = STATUS_NOT_FOUND;

    if (!rules->is_new)
        status = history_summary_read(recorder->view, rules->zone, &recorder->summary);
    if (status == STATUS_SYSTEM)
        return status;
    if (status != STATUS_OK)
        status = begin_past(recorder, 0);
    else if (!leads_here(recorder))
        status = begin_past(recorder, recorder->summary.newest);
    if (status == STATUS_OK && recorder->summary.newest >= HISTORY_MAX_STEP)
        status = begin_past(recorder, 0);
    recorder->is_recording = !rules->is_new && rules->limits.octets > 0;
    recorder->step = recorder->summary.newest + 1;
    recorder->octets = 0;
    recorder->is_open = true;
    if (status == STATUS_OK && !rules->is_new && !recorder->is_recording)
        status = forget_all(recorder); /* switched off since */
    return status;
}

/* ---- notes ---- */

static enum status make_image(const struct item *item, struct recorder_image *out)
{
    struct writer w = writer_of(out->octets, BUFFER_OCTETS);

    memset(writer_room(&w, HISTORY_IMAGE_OCTETS), 0, HISTORY_IMAGE_OCTETS);
    out->owner_octets = 0;
    enum status status =
        item->value != NULL ? image_write(item, &w, &out->owner_octets) : STATUS_OK;
    out->length = writer_length(&w);
    return status == STATUS_NO_SPACE ? STATUS_MALFORMED : status;
}

static bool images_equal(const struct recorder_image *a, const struct recorder_image *b)
{
    const size_t from = HISTORY_IMAGE_OCTETS;
    return a->length == b->length && a->owner_octets == b->owner_octets &&
           memcmp(a->octets + from, b->octets + from, a->length - from) == 0;
}

/* The key of a name's image in the step. */
static size_t image_key(const struct recorder *recorder, const uint8_t *key, size_t key_octets,
                        uint8_t out[HISTORY_KEY_OCTETS])
{
    size_t octets = history_key(out, recorder->rules.zone, recorder->step, image_kind(key));
    memcpy(out + octets, key + KEY_PREFIX_OCTETS, key_octets - KEY_PREFIX_OCTETS);
    return octets + key_octets - KEY_PREFIX_OCTETS;
}

/* A step larger than all that may be kept: what was written of it goes, and what was before. */
static enum status give_up(struct recorder *recorder)
{
    recorder->is_recording = false;
    return forget_all(recorder);
}

/* Keeps an image of what a name had, unless the step has one. */
static enum status keep_image(struct recorder *recorder, const uint8_t *key, size_t key_octets)
{
    struct recorder_image *image = &recorder->before;
    uint8_t whole[HISTORY_KEY_OCTETS];
    struct item item;

    size_t octets = image_key(recorder, key, key_octets, whole);
    enum status status = snapshot_walk(recorder->view, WALK_AT, whole, octets, &item);
    if (status != STATUS_NOT_FOUND)
        return status;
    recorder->octets += octets + image->length;
    if (recorder->octets + HISTORY_PREFIX_OCTETS + HISTORY_STEP_OCTETS >
        recorder->rules.limits.octets)
        return give_up(recorder);
    history_image_seal(image->octets, image->length, image->owner_octets, whole, octets);
    return edit_put(recorder->rules.edit, whole, octets, image->octets, image->length);
}

/* Adds the octets that a name will have to those of the zone, and takes away what it had. */
static enum status count_octets(struct recorder *recorder, const struct item *before,
                                const struct item *after)
{
    uint64_t added = 0;
    uint64_t removed = 0;
    enum status status = STATUS_OK;

    if (before->value != NULL)
        status = image_octets(before, recorder->rules.apex_octets, &removed);
    if (status == STATUS_OK && after->value != NULL)
        status = image_octets(after, recorder->rules.apex_octets, &added);
    recorder->summary.zone_octets += added - removed;
    return status;
}

enum status recorder_note(struct recorder *recorder, const uint8_t *key, size_t key_octets,
                          const struct item *before, const uint8_t *after, size_t after_octets)
{
    struct item old = {key, key_octets, NULL, 0};
    const struct item new = {key, key_octets, after, after_octets};
    enum status status = STATUS_OK;

    if (recorder == NULL)
        return STATUS_OK;
    if (before != NULL)
        old = *before;
    if (!recorder->is_open) {
        status = begin(recorder);
        if (status == STATUS_OK && before != NULL) /* that may have written, which moves it */
            status = snapshot_walk(recorder->view, WALK_AT, key, key_octets, &old);
    }
    if (status == STATUS_OK)
        status = count_octets(recorder, &old, &new);
    if (status != STATUS_OK || !recorder->is_recording)
        return status;
    status = make_image(&old, &recorder->before);
    if (status == STATUS_OK)
        status = make_image(&new, &recorder->after);
    if (status != STATUS_OK ||
        (before != NULL && after != NULL && images_equal(&recorder->before, &recorder->after)))
        return status;
    return keep_image(recorder, key, key_octets);
}

/* ---- the end ---- */

/* Counts what the step has of one name against what the name has now. */
static enum status settle_image(struct recorder *recorder, struct image_difference *difference,
                                const struct item *item, struct history_step *step)
{
    uint8_t key[KEY_MAX_OCTETS];
    struct history_image image;
    struct item now;
    uint64_t octets;

    enum status status = history_image_read(item, &image);
    if (status != STATUS_OK)
        return status;
    size_t key_octets = history_present_key(&image, recorder->rules.zone, key);
    status = snapshot_walk(edit_snapshot(recorder->rules.edit), WALK_AT, key, key_octets, &now);
    bool exists = status == STATUS_OK;
    if (!exists)
        now = (struct item){key, key_octets, NULL, 0};
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = make_image(&now, &recorder->after);
    if (status != STATUS_OK)
        return status;
    const uint8_t *records =
        recorder->after.octets + HISTORY_IMAGE_OCTETS + recorder->after.owner_octets;
    struct reader after =
        reader_of(records, (size_t)(recorder->after.octets + recorder->after.length - records));
    size_t owner_octets = image_owner_octets(key, key_octets, recorder->rules.apex_octets);
    status = image_compare(difference, image.records, after, owner_octets, &octets);
    step->difference += octets;
    step->names++;
    return status;
}

/* Counts all names of one kind that the step has. */
static enum status settle_kind(struct recorder *recorder, enum history_kind kind,
                               struct history_step *step)
{
    struct image_difference difference = {.slices = NULL};
    uint8_t prefix[HISTORY_PREFIX_OCTETS];
    struct item item;

    size_t octets = history_key(prefix, recorder->rules.zone, recorder->step, kind);
    enum status status = snapshot_walk(recorder->view, WALK_AT_OR_AFTER, prefix, octets, &item);
    while (status == STATUS_OK && item.key_octets >= octets &&
           memcmp(item.key, prefix, octets) == 0) {
        status = settle_image(recorder, &difference, &item, step);
        if (status == STATUS_OK)
            status = snapshot_walk(recorder->view, WALK_NEXT, NULL, 0, &item);
    }
    image_difference_close(&difference);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status put_step(struct recorder *recorder, struct history_step *step)
{
    struct history_summary *summary = &recorder->summary;
    uint8_t key[HISTORY_PREFIX_OCTETS];
    uint8_t value[HISTORY_STEP_OCTETS];
    struct writer w = writer_of(value, sizeof value);

    size_t octets = history_key(key, recorder->rules.zone, recorder->step, HISTORY_STEP);
    step->step = recorder->step;
    step->made = recorder->rules.now;
    step->octets = recorder->octets + octets + sizeof value;
    summary->newest = recorder->step;
    summary->octets += step->octets;
    if (!serial_is_newer(step->new_serial, step->old_serial))
        summary->setback = recorder->step;
    history_step_write(&w, recorder->rules.zone, step);
    return edit_put(recorder->rules.edit, key, octets, value, writer_length(&w));
}

/* True where the oldest step is beyond the limits; one that cannot be read is. */
static bool exceeds(struct recorder *recorder, struct history_step *oldest)
{
    const struct recorder_rules *rules = &recorder->rules;
    const struct history_summary *summary = &recorder->summary;

    if (history_step_read(recorder->view, rules->zone, summary->oldest, oldest) != STATUS_OK) {
        oldest->octets = summary->octets; /* so that nothing before it counts */
        return true;
    }
    return summary->octets > rules->limits.octets ||
           rules->now - oldest->made > (int64_t)rules->limits.seconds;
}

/* Drops the oldest steps; the newest is never one of them. */
static enum status drop_oldest(struct recorder *recorder)
{
    struct history_summary *summary = &recorder->summary;
    struct history_step oldest;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && summary->oldest < summary->newest && exceeds(recorder, &oldest)) {
        status = forget_step(recorder->rules.edit, recorder->rules.zone, summary->oldest);
        summary->octets -= oldest.octets < summary->octets ? oldest.octets : summary->octets;
        summary->oldest++;
    }
    return status;
}

enum status recorder_finish(struct recorder *recorder, struct history_step *step)
{
    enum status status = STATUS_OK;

    if (!recorder->is_open)
        return STATUS_OK;
    step->names = 0;
    step->difference = 0;
    if (recorder->is_recording) {
        status = settle_kind(recorder, HISTORY_NODE, step);
        if (status == STATUS_OK)
            status = settle_kind(recorder, HISTORY_NSEC3, step);
        if (status == STATUS_OK)
            status = put_step(recorder, step);
        if (status == STATUS_OK)
            status = drop_oldest(recorder);
    }
    if (status == STATUS_OK)
        status = put_summary(recorder->rules.edit, recorder->rules.zone, &recorder->summary);
    return status;
}

enum status recorder_abandon(struct recorder *recorder)
{
    if (!recorder->is_open || !recorder->is_recording)
        return STATUS_OK;
    recorder->is_open = false;
    return forget_step(recorder->rules.edit, recorder->rules.zone, recorder->step);
}
