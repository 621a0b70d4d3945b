#include "zone/past_source.h"

#include "store/key.h"
#include "zone/gather.h"
#include "zone/stored_source.h"

#include <stdlib.h>
#include <string.h>

struct past_source {
    struct snapshot *snapshot;
    uint16_t zone;
    struct name apex;
    struct arena *next_scratch;   /* of the node that next() yielded last */
    struct arena *find_scratch;   /* of the node that find() yielded last */
    struct history_image *images; /* in the order of their keys; owned */
    size_t count;
    size_t room;
    struct place {
        size_t image; /* the next one */
        /* The next present node is the first that is not before this key; one octet more than a
         * key, for what follows it. */
        uint8_t key[KEY_MAX_OCTETS + 1];
        size_t key_octets;
    } next;
};

enum status past_image_decode(const struct history_image *image, const uint8_t *apex,
                              struct arena *scratch, struct node *out)
{
    struct gathered gathered = {.count = 0};
    struct reader r = image->records;
    size_t octets;

    while (history_take_record(&r, &octets) != NULL)
        gathered.size++;
    if (r.failed || history_image_owner(image, apex, &out->owner) != STATUS_OK)
        return STATUS_MALFORMED;
    out->rrset_count = 0;
    if (gathered.size == 0)
        return STATUS_OK;
    gathered.records = arena_alloc(scratch, gathered.size * sizeof *gathered.records);
    if (gathered.records == NULL)
        return STATUS_SYSTEM;
    r = image->records;
    while (gathered.count < gathered.size)
        if (!gather_record(&gathered, &r))
            return STATUS_MALFORMED;
    return gather_rrsets(&gathered, scratch, out);
}

static bool make_room(struct past_source *past)
{
    if (past->count < past->room)
        return true;
    size_t room = past->room > 0 ? past->room * 2 : 256;
    struct history_image *images = reallocarray(past->images, room, sizeof *images);
    if (images == NULL)
        return false;
    past->images = images;
    past->room = room;
    return true;
}

/* Collects the oldest image of each node; they stay in the map. */
static enum status collect(struct past_source *past, uint32_t first)
{
    struct history_walk *walk;

    enum status status = history_walk_open(past->snapshot, past->zone, first, 0, &walk);
    while (status == STATUS_OK) {
        if (!make_room(past)) {
            status = STATUS_SYSTEM;
            break;
        }
        status = history_walk_next(walk, &past->images[past->count]);
        if (status != STATUS_OK || past->images[past->count].kind != HISTORY_NODE)
            break;
        past->count++;
    }
    bool opened = walk != NULL;
    history_walk_close(walk);
    return status == STATUS_NOT_FOUND && opened ? STATUS_OK : status;
}

static enum status source_rewind(void *state)
{
    struct past_source *past = state;
    struct key apex;

    key_of_name(&apex, past->zone, past->apex.octets, 0);
    memcpy(past->next.key, apex.octets, apex.length);
    past->next.key_octets = apex.length;
    past->next.image = 0;
    return STATUS_OK;
}

enum status past_source_open(struct snapshot *snapshot, const struct zone_record *zone,
                             uint32_t first, struct past_source **out)
{
    *out = NULL;
    struct past_source *past = calloc(1, sizeof *past);
    if (past == NULL)
        return STATUS_SYSTEM;
    past->snapshot = snapshot;
    past->zone = zone->number;
    name_set(&past->apex, zone->apex);
    past->next_scratch = arena_create();
    past->find_scratch = arena_create();
    enum status status = past->next_scratch != NULL && past->find_scratch != NULL
                             ? collect(past, first)
                             : STATUS_SYSTEM;
    if (status != STATUS_OK) {
        past_source_close(past);
        return status;
    }
    *out = past;
    return source_rewind(past);
}

void past_source_close(struct past_source *past)
{
    if (past == NULL)
        return;
    arena_destroy(past->next_scratch);
    arena_destroy(past->find_scratch);
    free(past->images);
    free(past);
}

/* Compares the key of an image with one of the nodes table. */
static int compare(const struct history_image *image, const uint8_t *key, size_t key_octets)
{
    size_t octets = key_octets - KEY_PREFIX_OCTETS;
    size_t shorter = image->key_octets < octets ? image->key_octets : octets;

    int order = shorter > 0 ? memcmp(image->key, key + KEY_PREFIX_OCTETS, shorter) : 0;
    return order != 0 ? order : (image->key_octets > octets) - (image->key_octets < octets);
}

/* The first image whose key is not before `key`. */
static size_t find_image(const struct past_source *past, const uint8_t *key, size_t key_octets)
{
    size_t low = 0;
    size_t high = past->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&past->images[middle], key, key_octets) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The present node at or after a place. STATUS_NOT_FOUND after the zone's last. */
static enum status seek(const struct past_source *past, const struct place *place, struct item *out)
{
    enum status status =
        snapshot_walk(past->snapshot, WALK_AT_OR_AFTER, place->key, place->key_octets, out);
    if (status == STATUS_OK && (out->key_octets < KEY_PREFIX_OCTETS ||
                                memcmp(out->key, place->key, KEY_PREFIX_OCTETS) != 0))
        return STATUS_NOT_FOUND;
    return status == STATUS_OK && out->key_octets > KEY_MAX_OCTETS ? STATUS_MALFORMED : status;
}

static void pass(struct place *place, const struct item *item)
{
    memcpy(place->key, item->key, item->key_octets);
    place->key[item->key_octets] = 0; /* the first key that may come after */
    place->key_octets = item->key_octets + 1;
}

/* What a name had: as it is now, or as an image tells. */
struct found {
    const struct history_image *image; /* or NULL */
    struct item item;
};

/* The next name at a place, which moves behind it; names that were not there are passed over. */
static enum status take(const struct past_source *past, struct place *place, struct found *out)
{
    for (;;) {
        const struct history_image *image =
            place->image < past->count ? &past->images[place->image] : NULL;
        enum status status = seek(past, place, &out->item);
        if (status != STATUS_OK && (status != STATUS_NOT_FOUND || image == NULL))
            return status;
        int order = 1; /* the image comes after the present node */
        if (image != NULL)
            order = status == STATUS_OK ? compare(image, out->item.key, out->item.key_octets) : -1;
        if (order >= 0)
            pass(place, &out->item);
        out->image = order <= 0 ? image : NULL;
        place->image += order <= 0;
        if (order > 0 || reader_left(&image->records) > 0)
            return STATUS_OK;
    }
}

static enum status decode(const struct past_source *past, const struct found *found,
                          struct arena *scratch, struct node *out)
{
    arena_reset(scratch);
    return found->image != NULL
               ? past_image_decode(found->image, past->apex.octets, scratch, out)
               : stored_source_decode(&found->item, past->apex.octets, scratch, out);
}

static enum status source_next(void *state, struct node *out)
{
    struct past_source *past = state;
    struct found found;

    enum status status = take(past, &past->next, &found);
    return status == STATUS_OK ? decode(past, &found, past->next_scratch, out) : status;
}

/* True when the name found is `key`, or, where `below`, one below it too. */
static bool is_at(const struct found *found, const struct key *key, bool below)
{
    const struct history_image *image = found->image;
    size_t octets = image ? image->key_octets + KEY_PREFIX_OCTETS : found->item.key_octets;
    const uint8_t *rest = image ? image->key : found->item.key + KEY_PREFIX_OCTETS;

    return (octets == key->length || (below && octets > key->length)) &&
           memcmp(rest, key->octets + KEY_PREFIX_OCTETS, key->length - KEY_PREFIX_OCTETS) == 0;
}

static enum status source_find(void *state, const uint8_t *owner, struct node *out)
{
    struct past_source *past = state;
    struct place place;
    struct found found;
    struct key key;

    if (!name_is_within(owner, past->apex.octets))
        return STATUS_NOT_FOUND;
    key_of_name(&key, past->zone, owner, name_labels(owner) - name_labels(past->apex.octets));
    memcpy(place.key, key.octets, key.length);
    place.key_octets = key.length;
    place.image = find_image(past, key.octets, key.length);
    enum status status = take(past, &place, &found);
    if (status != STATUS_OK || !is_at(&found, &key, true))
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    if (is_at(&found, &key, false))
        return decode(past, &found, past->find_scratch, out);
    name_set(&out->owner, owner); /* an empty non-terminal */
    out->rrset_count = 0;
    out->rrsets = NULL;
    return STATUS_OK;
}

struct node_source past_source_nodes(struct past_source *past)
{
    return (struct node_source){.state = past,
                                .apex = past->apex,
                                .next = source_next,
                                .rewind = source_rewind,
                                .find = source_find};
}
