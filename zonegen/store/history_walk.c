#include "store/history.h"

#include <stdlib.h>
#include <string.h>

/* Where the walk stands within one step: at an image that it has not yielded yet. */
struct place {
    const uint8_t *key; /* in the map, which stays while the snapshot does */
    uint32_t step;
    uint16_t key_octets;
};

/* The steps as a heap: the least place, by kind, key and step, is the first. */
struct history_walk {
    struct snapshot *snapshot;
    uint16_t zone;
    uint32_t first;
    uint32_t last;
    size_t passed; /* places that the last history_walk_next() moved */
    size_t count;
    struct place places[];
};

/* What comes first is what a transfer sends first: the kind, then the name. */
static int compare_names(const struct place *a, const struct place *b)
{
    const size_t at = HISTORY_PREFIX_OCTETS - 1;
    int kinds = (a->key[at] & 3) - (b->key[at] & 3);
    size_t shorter = a->key_octets < b->key_octets ? a->key_octets : b->key_octets;

    if (kinds != 0)
        return kinds;
    int order = memcmp(a->key + at + 1, b->key + at + 1, shorter - at - 1);
    return order != 0 ? order : a->key_octets - b->key_octets;
}

static bool is_before(const struct place *a, const struct place *b)
{
    int order = compare_names(a, b);
    return order != 0 ? order < 0 : a->step < b->step;
}

/* Puts the place into the heap of those after `at`, where `at` is free. */
static void sift_down(struct history_walk *walk, size_t at, struct place place)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < walk->count && is_before(&walk->places[child + 1], &walk->places[child]))
            child++;
        if (child >= walk->count || is_before(&place, &walk->places[child]))
            break;
        walk->places[at] = walk->places[child];
        at = child;
    }
    walk->places[at] = place;
}

/* True while an item is of the step that the place is in. */
static bool is_of_step(const struct history_walk *walk, uint32_t step, const struct item *item)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    uint8_t kinds = 3;

    history_key(key, walk->zone, step, HISTORY_STEP);
    return item->key_octets >= HISTORY_PREFIX_OCTETS &&
           memcmp(item->key, key, HISTORY_PREFIX_OCTETS - 1) == 0 &&
           ((item->key[HISTORY_PREFIX_OCTETS - 1] ^ key[HISTORY_PREFIX_OCTETS - 1]) &
            (uint8_t)~kinds) == 0;
}

/* Moves a place to the item behind its key. STATUS_NOT_FOUND after the step's last. */
static enum status advance(struct history_walk *walk, struct place *place)
{
    struct item item;

    enum status status =
        snapshot_walk(walk->snapshot, WALK_AT, place->key, place->key_octets, &item);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    status = snapshot_walk(walk->snapshot, WALK_NEXT, NULL, 0, &item);
    if (status != STATUS_OK)
        return status;
    if (!is_of_step(walk, place->step, &item))
        return STATUS_NOT_FOUND;
    if (item.key_octets > HISTORY_KEY_OCTETS)
        return STATUS_MALFORMED;
    place->key = item.key;
    place->key_octets = (uint16_t)item.key_octets;
    return STATUS_OK;
}

/* Moves the first of the heap on, or takes it out behind its step's last image. */
static enum status advance_first(struct history_walk *walk)
{
    struct place place = walk->places[0];

    enum status status = advance(walk, &place);
    if (status == STATUS_OK) {
        sift_down(walk, 0, place);
    } else if (status == STATUS_NOT_FOUND) {
        walk->count--;
        if (walk->count > 0)
            sift_down(walk, 0, walk->places[walk->count]);
        status = STATUS_OK;
    }
    return status;
}

enum status history_walk_rewind(struct history_walk *walk)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];

    walk->count = 0;
    for (uint32_t step = walk->first; step <= walk->last; step++) {
        struct place place = {key, step, HISTORY_PREFIX_OCTETS};
        history_key(key, walk->zone, step, HISTORY_STEP);
        enum status status = advance(walk, &place);
        if (status == STATUS_OK)
            walk->places[walk->count++] = place;
        else if (status != STATUS_NOT_FOUND)
            return status;
    }
    for (size_t at = walk->count / 2; at-- > 0;)
        sift_down(walk, at, walk->places[at]);
    return STATUS_OK;
}

enum status history_walk_open(struct snapshot *snapshot, uint16_t zone, uint32_t first,
                              uint32_t last, struct history_walk **out)
{
    struct history_summary summary;

    *out = NULL;
    enum status status = history_summary_read(snapshot, zone, &summary);
    if (status != STATUS_OK)
        return status;
    if (last == 0)
        last = summary.newest;
    if (first < summary.oldest || last > summary.newest || first > last ||
        last - first >= HISTORY_WALK_STEPS)
        return STATUS_NOT_FOUND;
    size_t steps = (size_t)(last - first) + 1;
    struct history_walk *walk = malloc(sizeof *walk + steps * sizeof walk->places[0]);
    if (!walk)
        return STATUS_SYSTEM;
    *walk = (struct history_walk){snapshot, zone, first, last, 0, 0};
    status = history_walk_rewind(walk);
    if (status != STATUS_OK) {
        history_walk_close(walk);
        return status;
    }
    *out = walk;
    return STATUS_OK;
}

void history_walk_close(struct history_walk *walk)
{
    free(walk);
}

enum status history_walk_next(struct history_walk *walk, struct history_image *out)
{
    struct item item;

    walk->passed = 0;
    if (walk->count == 0)
        return STATUS_NOT_FOUND;
    const struct place oldest = walk->places[0];
    enum status status =
        snapshot_walk(walk->snapshot, WALK_AT, oldest.key, oldest.key_octets, &item);
    if (status == STATUS_OK)
        status = history_image_read(&item, out);
    else if (status == STATUS_NOT_FOUND)
        status = STATUS_MALFORMED;
    /* What later steps have of the same name is not needed. */
    while (status == STATUS_OK && walk->count > 0 &&
           compare_names(&walk->places[0], &oldest) == 0) {
        status = advance_first(walk);
        walk->passed++;
    }
    return status;
}

size_t history_walk_passed(const struct history_walk *walk)
{
    return walk->passed;
}
