#include "tests/unit/store/changes.h"

#include "store/history.h"
#include "store/nsec3.h"
#include "store/stored.h"

#include <string.h>

#define ZONE  7
#define NAMES 24
#define STEPS 40

/* What a made-up zone had: version 0 is "no such name". */
struct past {
    uint32_t steps;
    bool touched[STEPS + 2][NAMES];
    uint8_t before[STEPS + 2][NAMES];
    uint8_t present[NAMES];
};

/* The last eight are NSEC3 records. */
static enum history_kind kind_of(size_t name)
{
    return name < NAMES - 8 ? HISTORY_NODE : HISTORY_NSEC3;
}

/* Keys in ascending order, the apex first, some the beginning of others. */
static size_t key_of(size_t name, uint8_t key[NSEC3_HASH_OCTETS])
{
    memset(key, 0, NSEC3_HASH_OCTETS);
    if (kind_of(name) == HISTORY_NSEC3) {
        key[0] = (uint8_t)(name * 10);
        return NSEC3_HASH_OCTETS;
    }
    if (name == 0)
        return 0;
    key[0] = (uint8_t)('a' + name / 3);
    if (name % 3 > 0)
        key[2] = (uint8_t)('a' + name % 3);
    return name % 3 > 0 ? 4 : 2;
}

static size_t write_image(uint8_t *value, size_t name, uint8_t version, const uint8_t *key,
                          size_t key_octets)
{
    struct writer w = writer_of(value + HISTORY_IMAGE_OCTETS, 64);

    if (version > 0) {
        writer_u16(&w, 16);
        writer_u16(&w, 1);
        writer_u32(&w, 300);
        writer_u16(&w, 2);
        writer_u8(&w, (uint8_t)name);
        writer_u8(&w, version);
    }
    size_t octets = HISTORY_IMAGE_OCTETS + writer_length(&w);
    history_image_seal(value, octets, 0, key, key_octets);
    return octets;
}

static void put(struct edit *edit, const uint8_t *key, size_t key_octets, const uint8_t *value,
                size_t octets)
{
    assert_int_equal(edit_put(edit, key, key_octets, value, octets), STATUS_OK);
}

static void put_image(struct edit *edit, uint32_t step, size_t name, uint8_t version)
{
    uint8_t key[HISTORY_KEY_OCTETS];
    uint8_t value[128];

    size_t octets = history_key(key, ZONE, step, kind_of(name));
    octets += key_of(name, key + octets);
    put(edit, key, octets, value, write_image(value, name, version, key, octets));
}

static uint32_t serial_after(uint32_t step)
{
    return 1000 + step;
}

static void put_step(struct edit *edit, const struct history_step *step)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    uint8_t value[HISTORY_STEP_OCTETS];
    struct writer w = writer_of(value, sizeof value);

    history_step_write(&w, ZONE, step);
    assert_false(w.failed);
    put(edit, key, history_key(key, ZONE, step->step, HISTORY_STEP), value, writer_length(&w));
}

static void put_summary(struct edit *edit, const struct history_summary *summary)
{
    uint8_t key[HISTORY_PREFIX_OCTETS];
    uint8_t value[HISTORY_SUMMARY_OCTETS];
    struct writer w = writer_of(value, sizeof value);

    history_summary_write(&w, ZONE, summary);
    assert_false(w.failed);
    put(edit, key, history_key(key, ZONE, 0, HISTORY_STEP), value, writer_length(&w));
}

static void put_zone(struct edit *edit, uint32_t serial)
{
    static const uint8_t apex[] = {2, 'c', 'c', 0};
    uint8_t key[KEY_PREFIX_OCTETS];
    uint8_t value[128];
    struct writer w = writer_of(value, sizeof value);
    const struct zone_record record = {.number = ZONE, .serial = serial, .apex = apex};

    zone_record_write(&w, &record);
    key_of_zone(key, ZONE);
    put(edit, key, sizeof key, value, writer_length(&w));
}

static struct store *create(struct temporary *temporary)
{
    assert_int_equal(temporary_create(temporary), 0);
    return create_store(temporary);
}

static void destroy(const struct temporary *temporary, struct store *store)
{
    store_close(store);
    temporary_destroy(temporary);
}

/* Writes a past of `steps` random changes; each has the apex. Decoys stand around it. */
static void put_past(struct store *store, struct past *past, uint32_t steps)
{
    struct edit *edit = begin_edit(store);

    memset(past, 0, sizeof *past);
    past->steps = steps;
    for (uint32_t step = 1; step <= steps; step++) {
        for (size_t name = 0; name < NAMES; name++) {
            past->before[step][name] = past->present[name];
            past->touched[step][name] = name == 0 || random() % 6 == 0;
            if (!past->touched[step][name])
                continue;
            put_image(edit, step, name, past->present[name]);
            past->present[name] = (uint8_t)(random() % 4 == 0 ? 0 : step + 1);
        }
        put_step(edit, &(struct history_step){.step = step,
                                              .old_serial = serial_after(step - 1),
                                              .new_serial = serial_after(step),
                                              .names = 1,
                                              .difference = step});
    }
    put_summary(edit, &(struct history_summary){.newest = steps, .oldest = 1});
    put_zone(edit, serial_after(steps));
    put(edit, (const uint8_t *)"\3\0\6", 3, (const uint8_t *)"x", 1);
    put(edit, (const uint8_t *)"\3\0\10", 3, (const uint8_t *)"x", 1);
    commit_edit(edit);
}

static struct snapshot *open_snapshot(struct store *store)
{
    struct snapshot *snapshot;
    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    return snapshot;
}

static uint8_t version_of(const struct history_image *image, size_t name)
{
    struct reader r = image->records;
    size_t octets;

    const uint8_t *rest = history_take_record(&r, &octets);
    if (!rest) {
        assert_false(r.failed);
        return 0;
    }
    assert_int_equal(octets, 12);
    assert_int_equal(rest[10], name);
    assert_null(history_take_record(&r, &octets));
    assert_false(r.failed);
    return rest[11];
}

/* The image that a walk from `first` to `last` is to yield of a name; 0 where it yields none. */
static uint32_t oldest_touch(const struct past *past, uint32_t first, uint32_t last, size_t name)
{
    for (uint32_t step = first; step <= last; step++)
        if (past->touched[step][name])
            return step;
    return 0;
}

static void check_walk(const struct past *past, struct history_walk *walk, uint32_t first,
                       uint32_t last)
{
    struct history_image image;
    uint8_t key[NSEC3_HASH_OCTETS];

    for (size_t name = 0; name < NAMES; name++) {
        uint32_t step = oldest_touch(past, first, last, name);
        if (step == 0)
            continue;
        assert_int_equal(history_walk_next(walk, &image), STATUS_OK);
        assert_int_equal(image.kind, kind_of(name));
        assert_int_equal(image.key_octets, key_of(name, key));
        assert_memory_equal(image.key, key, image.key_octets);
        assert_int_equal(version_of(&image, name), past->before[step][name]);
    }
    assert_int_equal(history_walk_next(walk, &image), STATUS_NOT_FOUND);
}

static void a_walk_yields_each_name_once_with_its_oldest_image(void **state)
{
    struct temporary temporary;
    struct past past;
    (void)state;

    for (unsigned seed = 1; seed <= 8; seed++) {
        srandom(seed);
        struct store *store = create(&temporary);
        put_past(store, &past, seed == 1 ? 1 : STEPS);
        struct snapshot *snapshot = open_snapshot(store);
        for (uint32_t first = 1; first <= past.steps; first++) {
            uint32_t last = first + (uint32_t)random() % (past.steps - first + 1);
            struct history_walk *walk;
            assert_int_equal(
                history_walk_open(snapshot, ZONE, first, last == past.steps ? 0 : last, &walk),
                STATUS_OK);
            check_walk(&past, walk, first, last);
            assert_int_equal(history_walk_rewind(walk), STATUS_OK);
            check_walk(&past, walk, first, last);
            history_walk_close(walk);
        }
        snapshot_destroy(snapshot);
        destroy(&temporary, store);
    }
}

static void a_walk_goes_on_when_the_snapshot_was_moved(void **state)
{
    struct temporary temporary;
    struct past past;
    struct history_walk *walk;
    struct history_image image;
    struct item item;
    size_t count = 0;
    (void)state;

    srandom(1);
    struct store *store = create(&temporary);
    put_past(store, &past, 10);
    struct snapshot *snapshot = open_snapshot(store);
    assert_int_equal(history_walk_open(snapshot, ZONE, 1, 0, &walk), STATUS_OK);
    while (history_walk_next(walk, &image) == STATUS_OK) {
        count++;
        assert_int_equal(snapshot_walk(snapshot, WALK_AT, (const uint8_t *)"\0", 1, &item),
                         STATUS_OK);
    }
    size_t expected = 0;
    for (size_t name = 0; name < NAMES; name++)
        expected += oldest_touch(&past, 1, 10, name) > 0;
    assert_int_equal(count, expected);
    history_walk_close(walk);
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

static void steps_that_are_not_kept_are_not_walked(void **state)
{
    static const struct {
        uint32_t first, last;
    } cases[] = {{1, 0}, {2, 5}, {3, 11}, {0, 0}, {6, 5}, {11, 0}, {UINT32_MAX, 0}};
    struct temporary temporary;
    struct past past;
    struct history_walk *walk;
    (void)state;

    struct store *store = create(&temporary);
    put_past(store, &past, 10);
    struct edit *edit = begin_edit(store);
    put_summary(edit, &(struct history_summary){.newest = 10, .oldest = 3});
    commit_edit(edit);
    struct snapshot *snapshot = open_snapshot(store);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(history_walk_open(snapshot, ZONE, cases[i].first, cases[i].last, &walk),
                         STATUS_NOT_FOUND);
    assert_int_equal(history_walk_open(snapshot, ZONE + 5, 3, 0, &walk), STATUS_NOT_FOUND);
    assert_int_equal(history_walk_open(snapshot, ZONE, 3, 0, &walk), STATUS_OK);
    history_walk_close(walk);
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

static void the_image_of_one_name_is_that_of_the_first_step_that_has_it(void **state)
{
    struct temporary temporary;
    struct past past;
    struct history_image image;
    uint8_t key[NSEC3_HASH_OCTETS];
    (void)state;

    srandom(3);
    struct store *store = create(&temporary);
    put_past(store, &past, 12);
    struct snapshot *snapshot = open_snapshot(store);
    for (uint32_t first = 1; first <= 12; first++)
        for (size_t name = 0; name < NAMES; name++) {
            uint32_t step = oldest_touch(&past, first, 12, name);
            enum status status = history_image_since(snapshot, ZONE, first, kind_of(name), key,
                                                     key_of(name, key), &image);
            assert_int_equal(status, step > 0 ? STATUS_OK : STATUS_NOT_FOUND);
            if (step > 0)
                assert_int_equal(version_of(&image, name), past.before[step][name]);
        }
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

static void each_kept_serial_is_found_with_what_differs_since(void **state)
{
    struct temporary temporary;
    struct past past;
    struct history_step step;
    uint64_t difference;
    (void)state;

    struct store *store = create(&temporary);
    put_past(store, &past, 9);
    struct snapshot *snapshot = open_snapshot(store);
    for (uint32_t n = 1; n <= 9; n++) {
        assert_int_equal(history_find(snapshot, ZONE, serial_after(n - 1), &step, &difference),
                         STATUS_OK);
        assert_int_equal(step.step, n);
        assert_int_equal(difference, (9 + n) * (10 - n) / 2);
    }
    assert_int_equal(history_find(snapshot, ZONE, serial_after(9), &step, &difference),
                     STATUS_NOT_FOUND);
    assert_int_equal(history_find(snapshot, ZONE, 17, &step, &difference), STATUS_NOT_FOUND);
    assert_int_equal(history_find(snapshot, ZONE + 5, 17, &step, &difference), STATUS_NOT_FOUND);
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

/* Serials of steps, the zone's present one at the end. */
static void put_serials(struct store *store, const uint32_t *serials, uint32_t steps,
                        uint32_t setback)
{
    struct edit *edit = begin_edit(store);

    for (uint32_t n = 0; n < steps; n++)
        put_step(edit, &(struct history_step){
                           .step = n + 1, .old_serial = serials[n], .new_serial = serials[n + 1]});
    put_summary(edit, &(struct history_summary){.newest = steps, .oldest = 1, .setback = setback});
    put_zone(edit, serials[steps]);
    commit_edit(edit);
}

static void a_serial_that_may_have_had_two_contents_is_not_found(void **state)
{
    /* 12 was published, a file with serial 10 restored, 11 and 12 published anew. */
    static const uint32_t serials[] = {9, 10, 11, 12, 10, 11, 12, 13, 14};
    static const uint32_t lost[] = {10, 11, 12};
    struct temporary temporary;
    struct history_step step;
    uint64_t difference;
    (void)state;

    struct store *store = create(&temporary);
    put_serials(store, serials, 8, 4);
    struct snapshot *snapshot = open_snapshot(store);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(history_find(snapshot, ZONE, lost[i], &step, &difference),
                         STATUS_NOT_FOUND);
    assert_int_equal(history_find(snapshot, ZONE, 13, &step, &difference), STATUS_OK);
    assert_int_equal(step.step, 8);
    assert_int_equal(history_find(snapshot, ZONE, 9, &step, &difference), STATUS_OK);
    assert_int_equal(step.step, 1);
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

static void the_newest_serial_is_one_that_a_kept_step_set_back(void **state)
{
    /* 12 was published, 10 restored, 11 published, 9 restored, then 10 published. */
    static const uint32_t serials[] = {9, 10, 11, 12, 10, 11, 9, 10};
    struct temporary temporary;
    (void)state;

    struct store *store = create(&temporary);
    put_serials(store, serials, 7, 6);
    struct snapshot *snapshot = open_snapshot(store);
    assert_int_equal(history_newest_serial(snapshot, ZONE, 10), 12);
    assert_int_equal(history_newest_serial(snapshot, ZONE, 13), 13);
    assert_int_equal(history_newest_serial(snapshot, ZONE + 5, 10), 10); /* it has no past */
    snapshot_destroy(snapshot);
    struct edit *edit = begin_edit(store);
    put_summary(edit, &(struct history_summary){.newest = 7, .oldest = 5, .setback = 6});
    commit_edit(edit);
    snapshot = open_snapshot(store);
    assert_int_equal(history_newest_serial(snapshot, ZONE, 10), 11); /* more is not kept */
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

static void a_setback_with_too_much_before_it_is_not_looked_through(void **state)
{
    enum { BEFORE = HISTORY_SETBACK_STEPS + 1 };
    static uint32_t serials[BEFORE + 3];
    struct history_summary summary = {.newest = BEFORE + 2, .setback = BEFORE};
    struct temporary temporary;
    struct history_step step;
    uint64_t difference;
    (void)state;

    for (uint32_t n = 0; n < BEFORE; n++)
        serials[n] = 10 + n;
    serials[BEFORE] = 5; /* a file was restored */
    serials[BEFORE + 1] = 9000;
    serials[BEFORE + 2] = 9001;
    struct store *store = create(&temporary);
    put_serials(store, serials, BEFORE + 2, BEFORE);
    struct snapshot *snapshot = open_snapshot(store);
    assert_int_equal(history_find(snapshot, ZONE, 9000, &step, &difference), STATUS_NOT_FOUND);
    snapshot_destroy(snapshot);
    summary.oldest = 2; /* one has gone */
    struct edit *edit = begin_edit(store);
    put_summary(edit, &summary);
    commit_edit(edit);
    snapshot = open_snapshot(store);
    assert_int_equal(history_find(snapshot, ZONE, 9000, &step, &difference), STATUS_OK);
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

static void a_change_that_no_step_tells_of_ends_the_history(void **state)
{
    static const uint32_t serials[] = {9, 10, 11};
    struct temporary temporary;
    struct history_step step;
    uint64_t difference;
    (void)state;

    struct store *store = create(&temporary);
    put_serials(store, serials, 2, 0);
    struct edit *edit = begin_edit(store);
    put_zone(edit, 12);
    commit_edit(edit);
    struct snapshot *snapshot = open_snapshot(store);
    assert_int_equal(history_find(snapshot, ZONE, 10, &step, &difference), STATUS_NOT_FOUND);
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

static void values_are_read_as_they_were_written(void **state)
{
    const struct history_summary summary = {HISTORY_MAX_STEP, 17, 4, UINT64_MAX, 99};
    const struct history_step step = {.step = HISTORY_MAX_STEP,
                                      .old_serial = 0xfffffffe,
                                      .new_serial = 3,
                                      .old_published = -1,
                                      .published = INT64_MAX,
                                      .made = 5,
                                      .cause = HISTORY_ROLLBACK,
                                      .old_flags = ZONE_RESTORED,
                                      .names = 77,
                                      .octets = UINT64_MAX,
                                      .difference = 12};
    struct temporary temporary;
    struct history_summary summary_read;
    struct history_step step_read;
    (void)state;

    memset(&summary_read, 0, sizeof summary_read);
    memset(&step_read, 0, sizeof step_read);
    struct store *store = create(&temporary);
    struct edit *edit = begin_edit(store);
    put_summary(edit, &summary);
    put_step(edit, &step);
    commit_edit(edit);
    struct snapshot *snapshot = open_snapshot(store);
    assert_int_equal(history_summary_read(snapshot, ZONE, &summary_read), STATUS_OK);
    assert_int_equal(summary_read.newest, summary.newest);
    assert_int_equal(summary_read.oldest, summary.oldest);
    assert_int_equal(summary_read.setback, summary.setback);
    assert_int_equal(summary_read.octets, summary.octets);
    assert_int_equal(summary_read.zone_octets, summary.zone_octets);
    assert_int_equal(history_step_read(snapshot, ZONE, step.step, &step_read), STATUS_OK);
    assert_int_equal(step_read.old_serial, step.old_serial);
    assert_int_equal(step_read.new_serial, step.new_serial);
    assert_int_equal(step_read.old_published, step.old_published);
    assert_int_equal(step_read.published, step.published);
    assert_int_equal(step_read.made, step.made);
    assert_int_equal(step_read.cause, step.cause);
    assert_int_equal(step_read.old_flags, step.old_flags);
    assert_int_equal(step_read.names, step.names);
    assert_int_equal(step_read.octets, step.octets);
    assert_int_equal(step_read.difference, step.difference);
    assert_int_equal(history_step_read(snapshot, ZONE, 1, &step_read), STATUS_NOT_FOUND);
    assert_int_equal(history_step_read(snapshot, ZONE, 0, &step_read), STATUS_NOT_FOUND);
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

static void owners_keep_their_capitals(void **state)
{
    static const uint8_t apex[] = {2, 'C', 'c', 0};
    static const uint8_t hash[NSEC3_HASH_OCTETS] = {0xff, 0};
    const struct history_image node = {
        .kind = HISTORY_NODE, .key = (const uint8_t *)"xa\0_dns\0", .key_octets = 8};
    struct history_image capitals = node;
    struct name name;
    char text[NAME_TEXT_OCTETS];
    (void)state;

    assert_int_equal(history_image_owner(&node, apex, &name), STATUS_OK);
    name_to_text(name.octets, text);
    assert_string_equal(text, "_dns.xa.Cc.");
    capitals.owner = (const uint8_t *)"\4_DNS\2xA";
    capitals.owner_octets = 8;
    assert_int_equal(history_image_owner(&capitals, apex, &name), STATUS_OK);
    name_to_text(name.octets, text);
    assert_string_equal(text, "_DNS.xA.Cc.");
    capitals.owner = (const uint8_t *)"\4_DNS\2xB";
    assert_int_equal(history_image_owner(&capitals, apex, &name), STATUS_MALFORMED);
    capitals.owner_octets = 7;
    assert_int_equal(history_image_owner(&capitals, apex, &name), STATUS_MALFORMED);
    const struct history_image nsec3 = {
        .kind = HISTORY_NSEC3, .key = hash, .key_octets = sizeof hash};
    assert_int_equal(history_image_owner(&nsec3, apex, &name), STATUS_OK);
    name_to_text(name.octets, text);
    assert_string_equal(text, "vs000000000000000000000000000000.Cc.");
}

static void the_longest_name_can_be_recorded(void **state)
{
    struct temporary temporary;
    struct name name = {.length = 1};
    uint8_t key[HISTORY_KEY_OCTETS];
    uint8_t present[KEY_MAX_OCTETS];
    uint8_t value[128];
    struct history_image image;
    struct key made;
    static const uint8_t ones[NAME_MAX_LABEL] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    (void)state;

    for (size_t octets = 63, n = 0; n < 4; octets = n == 2 ? 61 : 63, n++)
        assert_int_equal(name_prepend(&name, ones, octets, name.octets), STATUS_OK);
    assert_int_equal(name.length, NAME_MAX_OCTETS);
    key_of_name(&made, ZONE, name.octets, 4);
    size_t octets = history_key(key, ZONE, 1, HISTORY_NODE);
    assert_int_equal(octets + made.length - KEY_PREFIX_OCTETS, HISTORY_KEY_OCTETS);
    memcpy(key + octets, made.octets + KEY_PREFIX_OCTETS, made.length - KEY_PREFIX_OCTETS);
    struct store *store = create(&temporary);
    struct edit *edit = begin_edit(store);
    put(edit, key, sizeof key, value, write_image(value, 1, 2, key, sizeof key));
    put_summary(edit, &(struct history_summary){.newest = 1, .oldest = 1});
    commit_edit(edit);
    struct snapshot *snapshot = open_snapshot(store);
    assert_int_equal(history_image_since(snapshot, ZONE, 1, HISTORY_NODE,
                                         made.octets + KEY_PREFIX_OCTETS,
                                         made.length - KEY_PREFIX_OCTETS, &image),
                     STATUS_OK);
    assert_int_equal(history_present_key(&image, ZONE, present), made.length);
    assert_memory_equal(present, made.octets, made.length);
    snapshot_destroy(snapshot);
    destroy(&temporary, store);
}

/* Reads all that there is of the history; the first outcome that is neither good nor the end. */
static enum status read_everything(struct snapshot *snapshot)
{
    struct history_walk *walk;
    struct history_image image;
    struct history_step step;
    uint64_t difference;
    size_t octets;

    enum status status = history_find(snapshot, ZONE, serial_after(0), &step, &difference);
    if (status != STATUS_OK)
        return status;
    status = history_walk_open(snapshot, ZONE, 1, 0, &walk);
    while (status == STATUS_OK) {
        status = history_walk_next(walk, &image);
        while (status == STATUS_OK && history_take_record(&image.records, &octets))
            ;
    }
    history_walk_close(walk);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Flips a bit in each octet of one value, one after the other. */
static void flip_all(struct store *store, const uint8_t *key, size_t key_octets)
{
    struct snapshot *snapshot = open_snapshot(store);
    struct item item;
    uint8_t value[256];

    assert_int_equal(snapshot_walk(snapshot, WALK_AT, key, key_octets, &item), STATUS_OK);
    size_t octets = item.value_octets;
    assert_true(octets <= sizeof value);
    memcpy(value, item.value, octets);
    snapshot_destroy(snapshot);
    for (size_t i = 0; i <= octets; i++) {
        struct edit *edit = begin_edit(store);
        if (i < octets)
            value[i] ^= (uint8_t)(1u << i % 8);
        put(edit, key, key_octets, value, octets);
        assert_int_equal(read_everything(edit_snapshot(edit)),
                         i < octets ? STATUS_MALFORMED : STATUS_OK);
        if (i < octets)
            put(edit, key, key_octets, value, i); /* cut short, too */
        assert_int_equal(read_everything(edit_snapshot(edit)),
                         i < octets ? STATUS_MALFORMED : STATUS_OK);
        edit_abort(edit);
        if (i < octets)
            value[i] ^= (uint8_t)(1u << i % 8);
    }
}

static void every_damaged_octet_is_malformed(void **state)
{
    struct temporary temporary;
    struct past past;
    uint8_t key[HISTORY_KEY_OCTETS];
    (void)state;

    srandom(5);
    struct store *store = create(&temporary);
    put_past(store, &past, 3);
    flip_all(store, key, history_key(key, ZONE, 0, HISTORY_STEP));
    flip_all(store, key, history_key(key, ZONE, 2, HISTORY_STEP));
    for (size_t name = 0; name < NAMES; name++) {
        if (!past.touched[1][name])
            continue;
        size_t octets = history_key(key, ZONE, 1, kind_of(name));
        flip_all(store, key, octets + key_of(name, key + octets));
    }
    destroy(&temporary, store);
}

static void a_step_that_is_gone_or_strange_is_malformed(void **state)
{
    static const struct {
        const char *key;
        size_t octets;
    } strange[] = {{"\3\0\7\0\0\0\4x", 8}, /* a step with a name */
                   {"\3\0\7\0\0\0\7x", 8}, /* no kind of ours */
                   {"\3\0\7\0\0\0\6xyz", 10} /* a hash too short */};
    struct temporary temporary;
    struct past past;
    uint8_t key[HISTORY_PREFIX_OCTETS];
    (void)state;

    struct store *store = create(&temporary);
    put_past(store, &past, 3);
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        struct edit *edit = begin_edit(store);
        uint8_t value[64];
        const uint8_t *octets = (const uint8_t *)strange[i].key;
        put(edit, octets, strange[i].octets, value,
            write_image(value, 1, 1, octets, strange[i].octets));
        assert_int_equal(read_everything(edit_snapshot(edit)), STATUS_MALFORMED);
        edit_abort(edit);
    }
    struct edit *edit = begin_edit(store);
    assert_int_equal(edit_delete(edit, key, history_key(key, ZONE, 2, HISTORY_STEP)), STATUS_OK);
    assert_int_equal(read_everything(edit_snapshot(edit)), STATUS_MALFORMED);
    edit_abort(edit);
    destroy(&temporary, store);
}

static void a_record_cut_short_fails_the_reader(void **state)
{
    static const uint8_t record[] = {0, 16, 0, 1, 0, 0, 0, 9, 0, 2, 1, 'x'};
    size_t octets;
    (void)state;

    for (size_t cut = 1; cut < sizeof record; cut++) {
        struct reader r = reader_of(record, cut);
        assert_null(history_take_record(&r, &octets));
        assert_true(r.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_yields_each_name_once_with_its_oldest_image),
        cmocka_unit_test(a_walk_goes_on_when_the_snapshot_was_moved),
        cmocka_unit_test(steps_that_are_not_kept_are_not_walked),
        cmocka_unit_test(the_image_of_one_name_is_that_of_the_first_step_that_has_it),
        cmocka_unit_test(each_kept_serial_is_found_with_what_differs_since),
        cmocka_unit_test(a_serial_that_may_have_had_two_contents_is_not_found),
        cmocka_unit_test(the_newest_serial_is_one_that_a_kept_step_set_back),
        cmocka_unit_test(a_setback_with_too_much_before_it_is_not_looked_through),
        cmocka_unit_test(a_change_that_no_step_tells_of_ends_the_history),
        cmocka_unit_test(values_are_read_as_they_were_written),
        cmocka_unit_test(owners_keep_their_capitals),
        cmocka_unit_test(the_longest_name_can_be_recorded),
        cmocka_unit_test(every_damaged_octet_is_malformed),
        cmocka_unit_test(a_step_that_is_gone_or_strange_is_malformed),
        cmocka_unit_test(a_record_cut_short_fails_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
