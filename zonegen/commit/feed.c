#include "commit/feed.h"

#include "conf/ahead.h"
#include "conf/arena.h"
#include "zone/compile.h"
#include "zone/nsec3_node.h"

#include <stdbool.h>
#include <stdlib.h>

/* What compiles: a compiler, and the value that it writes to. */
struct press {
    struct compile compile;
    struct key key;
    struct writer value;
};

/* Where one run is made: its nodes and what they compile to stay until the next one is. */
struct place {
    struct node_source view; /* no state: it is not open */
    struct press press;
    struct arena *arena; /* of keys and values */
    struct feed_item *items;
    size_t count, room;
};

struct feed {
    const struct node_source *source;
    uint16_t zone;
    /* Of the caller's nodes, and of a source without views: */
    struct press press;
    struct feed_item item;
    /* Of a source with views: */
    struct ahead *ahead;
    struct place *places;
    size_t place_count;
    const struct place *at; /* whose items are taken now; NULL: none yet */
    size_t taken;           /* of its items */
};

static enum status press_open(struct press *press, const struct node_source *source, uint16_t zone)
{
    uint8_t *buffer = malloc(COMPILE_VALUE_OCTETS);

    if (buffer == NULL)
        return STATUS_SYSTEM;
    press->value = writer_of(buffer, COMPILE_VALUE_OCTETS);
    return compile_open(&press->compile, source, zone);
}

static void press_close(struct press *press)
{
    compile_close(&press->compile);
    free(press->value.start);
}

static bool is_compiled(const struct node *node)
{
    return node->rrset_count > 0 && !nsec3_node_is(node);
}

static void press_node(struct press *press, struct feed_item *item)
{
    press->value = writer_of(press->value.start, COMPILE_VALUE_OCTETS);
    item->status = compile_node(&press->compile, &item->node, &press->key, &press->value);
    item->key = press->key.octets;
    item->key_octets = press->key.length;
    item->value = press->value.start;
    item->value_octets = writer_length(&press->value);
}

/* ---- runs ---- */

static bool make_room(struct place *place)
{
    if (place->count < place->room)
        return true;
    size_t room = place->room * 2 + 64;
    struct feed_item *items = reallocarray(place->items, room, sizeof *items);
    if (items == NULL)
        return false;
    place->items = items;
    place->room = room;
    return true;
}

/* Takes the next node of the view. */
static enum status take_node(struct place *place)
{
    if (!make_room(place))
        return STATUS_SYSTEM;
    struct feed_item *item = &place->items[place->count];
    *item = (struct feed_item){.status = STATUS_OK};
    enum status status = place->view.next(place->view.state, &item->node);
    if (status != STATUS_OK)
        return status;
    if (is_compiled(&item->node)) {
        press_node(&place->press, item);
        item->key = (uint8_t *)arena_copy(place->arena, item->key, item->key_octets);
        item->value = (uint8_t *)arena_copy(place->arena, item->value, item->value_octets);
        if (item->key == NULL || item->value == NULL)
            return STATUS_SYSTEM;
    }
    place->count++;
    return item->status;
}

static enum status make_run(void *state, size_t at, size_t run)
{
    const struct feed *feed = state;
    struct place *place = &feed->places[at];
    enum status status = STATUS_OK;

    arena_reset(place->arena);
    place->count = 0;
    feed->source->views->go_to(&place->view, run);
    while (status == STATUS_OK)
        status = take_node(place);
    /* A node that does not compile is the merge's to judge. */
    bool is_whole = status == STATUS_NOT_FOUND ||
                    (place->count > 0 && place->items[place->count - 1].status != STATUS_OK);
    return is_whole ? STATUS_OK : status;
}

static enum status open_place(const struct feed *feed, struct place *place)
{
    enum status status = feed->source->views->open(feed->source->state, &place->view);

    place->arena = arena_create();
    if (status == STATUS_OK)
        status = press_open(&place->press, &place->view, feed->zone);
    return status == STATUS_OK && place->arena == NULL ? STATUS_SYSTEM : status;
}

static void close_place(const struct feed *feed, struct place *place)
{
    press_close(&place->press);
    if (place->view.state != NULL)
        feed->source->views->close(&place->view);
    arena_destroy(place->arena);
    free(place->items);
}

static enum status open_ahead(struct feed *feed)
{
    const struct node_views *views = feed->source->views;
    const unsigned threads = views->threads(feed->source->state);
    const struct ahead_rules rules = {views->count(feed->source->state), threads, make_run, feed};
    enum status status = STATUS_OK;

    feed->place_count = ahead_places(threads);
    feed->places = calloc(feed->place_count, sizeof *feed->places);
    if (feed->places == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < feed->place_count && status == STATUS_OK; i++)
        status = open_place(feed, &feed->places[i]);
    return status == STATUS_OK ? ahead_open(&rules, &feed->ahead) : status;
}

static enum status next_made(struct feed *feed, const struct feed_item **out)
{
    size_t at;

    while (feed->at == NULL || feed->taken == feed->at->count) {
        enum status status = ahead_take(feed->ahead, &at);
        if (status != STATUS_OK)
            return status;
        feed->at = &feed->places[at];
        feed->taken = 0;
    }
    *out = &feed->at->items[feed->taken++];
    return STATUS_OK;
}

/* ---- any source ---- */

enum status feed_open(const struct node_source *source, uint16_t zone, struct feed **out)
{
    struct feed *feed = calloc(1, sizeof *feed);

    *out = feed;
    if (feed == NULL)
        return STATUS_SYSTEM;
    feed->source = source;
    feed->zone = zone;
    return press_open(&feed->press, source, zone);
}

void feed_close(struct feed *feed)
{
    if (feed == NULL)
        return;
    ahead_close(feed->ahead);
    for (size_t i = 0; i < feed->place_count && feed->places != NULL; i++)
        close_place(feed, &feed->places[i]);
    free(feed->places);
    press_close(&feed->press);
    free(feed);
}

enum status feed_begin(struct feed *feed)
{
    const struct node_source *source = feed->source;

    if (source->views != NULL)
        return open_ahead(feed);
    return source->rewind(source->state);
}

enum status feed_next(struct feed *feed, const struct feed_item **out)
{
    const struct node_source *source = feed->source;

    if (source->views != NULL)
        return next_made(feed, out);
    feed->item = (struct feed_item){.status = STATUS_OK};
    *out = &feed->item;
    enum status status = source->next(source->state, &feed->item.node);
    if (status == STATUS_OK && is_compiled(&feed->item.node))
        press_node(&feed->press, &feed->item);
    return status;
}

const struct feed_item *feed_compile(struct feed *feed, const struct node *node)
{
    feed->item = (struct feed_item){.node = *node};
    press_node(&feed->press, &feed->item);
    return &feed->item;
}
