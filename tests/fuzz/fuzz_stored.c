/*
 * A database whose records lie, checksums and all. The input is up to four of them: which item of
 * the database, what to do with its checksum, the length of its new value in two octets, the value
 * without its checksum. An empty value deletes the item. Nothing is committed.
 *
 * What fails its checksum is never read; with a right one, whatever is read stays in its bounds.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/fuzz.h"

#include "server/axfr.h"
#include "server/ixfr.h"
#include "store/checksum.h"
#include "store/history.h"
#include "store/key.h"
#include "store/zones.h"
#include "zone/stored_source.h"

#define MOST_ITEMS   512
#define MOST_CHANGES 4
#define VALUE_OCTETS 8192
#define KEY_OCTETS   511

struct kept_item {
    size_t key_octets;
    uint8_t key[KEY_OCTETS];
};

struct damaged {
    struct answering *all;
    size_t count;
    struct kept_item items[MOST_ITEMS];
};

/* Every key but that of the format. */
static struct damaged *database(void)
{
    static struct damaged *damaged;
    struct item item;

    if (damaged)
        return damaged;
    damaged = calloc(1, sizeof *damaged);
    RULE(damaged != NULL);
    damaged->all = answering();
    struct snapshot *snapshot = damaged->all->served.snapshot;
    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, (const uint8_t *)"\1", 1, &item);
    for (; status == STATUS_OK; status = snapshot_walk(snapshot, WALK_NEXT, NULL, 0, &item)) {
        struct kept_item *kept = &damaged->items[damaged->count++];
        RULE(damaged->count < MOST_ITEMS && item.key_octets <= KEY_OCTETS);
        kept->key_octets = item.key_octets;
        memcpy(kept->key, item.key, item.key_octets);
    }
    return damaged;
}

/* What a change leads to: an apex to ask at, and the name that it is about. */
struct place_of_change {
    struct name apex;
    struct name name;
};

static struct place_of_change place_of(const struct damaged *damaged, const struct kept_item *item)
{
    const struct served *served = &damaged->all->served;
    struct place_of_change place;
    size_t n = item->key_octets >= 3 ? item->key[2] % SERVED_ZONES : 0;

    place.apex = served->zone_configs[n].domain;
    for (size_t i = 0; i < zone_table_count(served->zones); i++) {
        const struct served_zone *zone = zone_table_at(served->zones, i);
        if (item->key_octets >= 3 && zone->number == (item->key[1] << 8 | item->key[2]))
            place.apex = zone->apex;
    }
    if (item->key[0] != STORE_TABLE_NODES ||
        key_to_name(&place.name, item->key, item->key_octets, place.apex.octets) != STATUS_OK)
        place.name = place.apex;
    return place;
}

static void open_value(const struct kept_item *item, const uint8_t *value, size_t octets,
                       bool spoilt)
{
    struct stored stored;
    struct zone_record zone;
    const uint8_t *flush = fuzz_flush(value, octets);
    enum status status = STATUS_MALFORMED;

    if (item->key[0] == STORE_TABLE_NODES)
        status = stored_open(item->key, item->key_octets, flush, octets, &stored);
    else if (item->key[0] == STORE_TABLE_ZONES)
        status = zone_record_read(item->key, item->key_octets, flush, octets, &zone);
    RULE(!spoilt || status == STATUS_MALFORMED);
    if (status != STATUS_OK || item->key[0] != STORE_TABLE_NODES)
        return;
    for (size_t i = 0; i < stored.answer_count; i++) {
        struct stored_answer answer;
        if (stored_answer_at(&stored, i, &answer) != STATUS_OK)
            continue;
        for (int p = 0; p < STORED_PARTS; p++)
            RULE(answer.part[p] >= flush && answer.part[p] + answer.octets[p] <= flush + octets);
    }
}

/* Makes one change; the rest of the input is left in `r`. */
static void change(struct damaged *damaged, struct edit *edit, struct reader *r,
                   struct place_of_change *place)
{
    static uint8_t value[VALUE_OCTETS + 4];
    const struct kept_item *item =
        &damaged->items[(reader_u8(r) | (size_t)reader_u8(r) << 8) % damaged->count];
    bool spoilt = reader_u8(r) & 1;
    size_t octets = reader_u16(r);

    octets = octets < reader_left(r) ? octets : reader_left(r);
    octets = octets < VALUE_OCTETS ? octets : VALUE_OCTETS;
    const uint8_t *content = reader_octets(r, octets);
    *place = place_of(damaged, item);
    if (octets == 0) {
        RULE(edit_delete(edit, item->key, item->key_octets) != STATUS_SYSTEM);
        return;
    }
    struct writer w = writer_of(value, sizeof value);
    writer_u32(&w, checksum_of(item->key, item->key_octets, content, octets) ^ spoilt);
    writer_octets(&w, content, octets);
    open_value(item, value, writer_length(&w), spoilt);
    RULE(edit_put(edit, item->key, item->key_octets, value, writer_length(&w)) == STATUS_OK);
}

/* Asks at, below and beside a name. */
static void ask_around(struct answering *all, const struct place_of_change *place)
{
    static const uint16_t types[] = {TYPE_TXT, TYPE_ANY, TYPE_DS,   TYPE_CNAME,
                                     TYPE_A,   TYPE_SOA, TYPE_NSEC, TYPE_RRSIG};
    static uint8_t message[MESSAGE_OCTETS], spare[REPLY_SPARE_OCTETS];
    static struct reply reply;
    struct name names[3] = {place->name, place->apex, place->name};
    size_t count =
        name_prepend(&names[2], (const uint8_t *)"x", 1, names[2].octets) == STATUS_OK ? 3 : 2;

    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            struct query query = query_of(&names[n], types[i], CLASS_IN, i % 2 ? 1232 : -1);
            const struct asker asker = {.address = answering_address(CLIENT_MEMBER),
                                        .transport = i / 2 % 2 ? TRANSPORT_TCP : TRANSPORT_UDP};
            /* What it says is not judged: a lie is told as it stands, in its bounds. */
            reply.spare = spare;
            respond(&all->served.view, query.octets, query.length, &asker, &reply);
            RULE(reply.action == REPLY_SEND && join(&reply, message) == reply.octets);
            RULE(asker.transport == TRANSPORT_TCP || reply.octets <= JUDGED_UDP_MAX);
        }
}

/* The transfer of a damaged zone, over the uncommitted contents. */
static void transfer(struct snapshot *snapshot, uint16_t zone, const struct name *apex,
                     bool difference)
{
    static uint8_t octets[TRANSFER_MESSAGE_OCTETS];
    struct transfer_form form;
    struct transfer_message message;
    struct query query = query_of(apex, TYPE_AXFR, CLASS_IN, -1);
    struct axfr axfr;
    struct ixfr ixfr = {.walk = NULL};
    enum status status = difference ? ixfr_open(&ixfr, snapshot, zone, apex, ANSWERING_FIRST_SERIAL)
                                    : axfr_open(&axfr, snapshot, zone, apex);

    transfer_form_set(&form, apex->octets, query.octets, query.length);
    for (int i = 0; i < 64 && (i == 0 ? status == STATUS_OK : status == STATUS_NO_SPACE); i++) {
        transfer_message_start(&message, &form, octets, sizeof octets);
        status = difference ? ixfr_write(&ixfr, &message) : axfr_write(&axfr, &message);
        RULE(transfer_message_finish(&message) <= sizeof octets);
    }
    if (difference)
        ixfr_close(&ixfr);
}

static void read_back(struct snapshot *snapshot, const struct zone_record *record)
{
    struct stored_source *stored;
    struct node node;

    RULE(stored_source_open(snapshot, record, &stored) == STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    for (int i = 0; i < MOST_ITEMS && source.next(source.state, &node) == STATUS_OK; i++)
        RULE(name_octets(node.owner.octets) == node.owner.length);
    stored_source_close(stored);
}

static void use(struct answering *all, struct edit *edit, const struct place_of_change *places,
                size_t count)
{
    struct view before = all->served.view;
    struct snapshot *view = NULL;
    struct zone_table *zones = NULL;
    struct zone_record record;

    all->served.view.snapshot = edit_snapshot(edit);
    RULE(zone_table_create(&all->served.config, edit_snapshot(edit), &zones) == STATUS_OK);
    all->served.view.zones = zones;
    for (size_t i = 0; i < count; i++)
        ask_around(all, &places[i]);
    RULE(edit_open_view(edit, &view) == STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        if (zones_find(view, places[i].apex.octets, &record) != STATUS_OK)
            continue;
        struct zone_record copy = record;
        transfer(edit_snapshot(edit), record.number, &places[i].apex, false);
        transfer(edit_snapshot(edit), record.number, &places[i].apex, true);
        read_back(view, &copy);
    }
    edit_close_view(view);
    zone_table_destroy(zones);
    all->served.view = before;
}

static void run(const uint8_t *octets, size_t length)
{
    struct damaged *damaged = database();
    struct place_of_change places[MOST_CHANGES];
    struct reader r = reader_of(octets, length);
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;
    size_t count = 0;

    RULE(edit_begin(damaged->all->served.store, &edit, message) == STATUS_OK);
    while (count < MOST_CHANGES && reader_left(&r) >= 5)
        change(damaged, edit, &r, &places[count++]);
    if (count > 0)
        use(damaged->all, edit, places, count);
    edit_abort(edit);
}

/* One change more, or the only one: of an item as it is, with octets changed or none. */
static size_t mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                     fuzz_plain_mutation *plain)
{
    struct damaged *damaged = database();
    size_t n = seed % damaged->count;
    struct item item;
    size_t at = seed / 1024 % 4 == 0 ? length : 0;

    RULE(snapshot_walk(damaged->all->served.snapshot, WALK_AT, damaged->items[n].key,
                       damaged->items[n].key_octets, &item) == STATUS_OK);
    if (at + 5 + item.value_octets > room || item.value_octets < 5)
        return plain(octets, length, room);
    struct writer w = writer_of(octets + at, room - at);
    writer_u8(&w, (uint8_t)n);
    writer_u8(&w, (uint8_t)(n >> 8));
    writer_u8(&w, seed / 4096 % 16 == 0);
    size_t value_octets = item.value_octets - 4;
    writer_u16(&w, (uint16_t)value_octets);
    writer_octets(&w, item.value + 4, value_octets);
    if (seed / 65536 % 4 > 0)
        value_octets = plain(w.next - value_octets, value_octets, value_octets);
    return at + 5 + value_octets;
}

const struct fuzz_target fuzz_stored = {.name = "stored", .run = run, .mutate = mutate};
