#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "conf/settings.h"
#include "sign/state.h"
#include "store/edit.h"

#include <string.h>

struct stored {
    struct temporary temporary;
    struct store *store;
    struct edit *edit;
    struct name apex;
};

static int set_up(void **state)
{
    static const struct store_access access = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];
    struct stored *stored = calloc(1, sizeof *stored);

    *state = stored;
    if (stored == NULL || temporary_create(&stored->temporary) != 0)
        return -1;
    assert_int_equal(store_create(stored->temporary.database, &access, &stored->store, message),
                     STATUS_OK);
    assert_int_equal(edit_begin(stored->store, &stored->edit, message), STATUS_OK);
    assert_int_equal(name_from_text(&stored->apex, "cc.example", 10), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    struct stored *stored = *state;
    edit_abort(stored->edit);
    store_close(stored->store);
    temporary_destroy(&stored->temporary);
    free(stored);
    return 0;
}

/* A state in which no field is zero. */
static struct signing_state full_state(size_t keys)
{
    struct signing_state state = {
        .key_count = keys,
        .roll = {.kind = ROLL_CSK,
                 .method = ROLL_DOUBLE_DS,
                 .step = 3,
                 .begun = 1795365250,
                 .published = 1795365251,
                 .seen = ((int64_t)1 << 32) + 7,
                 .largest_ttl = 14400},
    };
    for (size_t i = 0; i < keys; i++) {
        state.keys[i] = (struct signing_key){.tag = (uint16_t)(65000 + i),
                                             .algorithm = ALGORITHM_ED25519,
                                             .use = KEY_PUBLISHED | KEY_WANTS_DS,
                                             .flags = 257,
                                             .part = KEY_INCOMING};
        memset(state.keys[i].digest, (int)i + 1, STATE_DIGEST_OCTETS);
    }
    return state;
}

static enum status read_state(struct stored *stored, struct signing_state *out)
{
    return state_read(edit_snapshot(stored->edit), &stored->apex, out);
}

static void what_was_written_is_read_back(void **state)
{
    struct stored *stored = *state;

    for (size_t keys = 0; keys <= STATE_MAX_KEYS; keys++) {
        struct signing_state before = full_state(keys);
        struct signing_state after;
        memset(&after, 0xff, sizeof after);
        assert_int_equal(state_write(stored->edit, &stored->apex, &before), STATUS_OK);
        assert_int_equal(read_state(stored, &after), STATUS_OK);
        assert_int_equal(after.key_count, keys);
        for (size_t i = 0; i < keys; i++)
            assert_memory_equal(&after.keys[i], &before.keys[i], sizeof after.keys[i]);
        assert_int_equal(after.roll.kind, before.roll.kind);
        assert_int_equal(after.roll.method, before.roll.method);
        assert_int_equal(after.roll.step, before.roll.step);
        assert_true(after.roll.begun == before.roll.begun);
        assert_true(after.roll.published == before.roll.published);
        assert_true(after.roll.seen == before.roll.seen);
        assert_int_equal(after.roll.largest_ttl, before.roll.largest_ttl);
    }
}

static void each_zone_has_its_own(void **state)
{
    struct stored *stored = *state;
    struct signing_state written = full_state(2);
    struct signing_state out;
    struct name other;

    assert_int_equal(read_state(stored, &out), STATUS_NOT_FOUND);
    assert_int_equal(state_write(stored->edit, &stored->apex, &written), STATUS_OK);
    assert_int_equal(name_from_text(&other, "b.cc.example", 12), STATUS_OK);
    assert_int_equal(state_read(edit_snapshot(stored->edit), &other, &out), STATUS_NOT_FOUND);
    assert_int_equal(name_from_text(&other, "CC.Example", 10), STATUS_OK);
    assert_int_equal(state_read(edit_snapshot(stored->edit), &other, &out), STATUS_OK);
}

static void what_is_deleted_is_gone(void **state)
{
    struct stored *stored = *state;
    struct signing_state written = full_state(2);

    assert_int_equal(state_delete(stored->edit, &stored->apex), STATUS_OK);
    assert_int_equal(state_write(stored->edit, &stored->apex, &written), STATUS_OK);
    assert_int_equal(state_delete(stored->edit, &stored->apex), STATUS_OK);
    assert_int_equal(read_state(stored, &written), STATUS_NOT_FOUND);
}

/* The database key of cc.example, as state.h describes it. */
static const uint8_t database_key[] = "\x05\x02"
                                      "cc\x07"
                                      "example";

/* The stored octets of a state. */
static size_t stored_octets(struct stored *stored, uint8_t *octets, size_t room)
{
    struct signing_state written = full_state(2);
    struct item item;

    assert_int_equal(state_write(stored->edit, &stored->apex, &written), STATUS_OK);
    assert_int_equal(snapshot_walk(edit_snapshot(stored->edit), WALK_AT, database_key,
                                   sizeof database_key, &item),
                     STATUS_OK);
    assert_true(item.value_octets <= room);
    memcpy(octets, item.value, item.value_octets);
    return item.value_octets;
}

static void a_flipped_bit_is_noticed(void **state)
{
    struct stored *stored = *state;
    struct signing_state out;
    uint8_t octets[512];
    size_t length = stored_octets(stored, octets, sizeof octets);

    assert_int_equal(length, 40 + 2 * 40);
    for (size_t i = 0; i < length; i++) {
        octets[i] ^= 0x10;
        assert_int_equal(edit_put(stored->edit, database_key, sizeof database_key, octets, length),
                         STATUS_OK);
        assert_int_equal(read_state(stored, &out), STATUS_MALFORMED);
        octets[i] ^= 0x10;
    }
}

static void every_cut_is_noticed(void **state)
{
    struct stored *stored = *state;
    struct signing_state out;
    uint8_t octets[512];
    size_t length = stored_octets(stored, octets, sizeof octets);

    for (size_t i = 0; i < length; i++) {
        assert_int_equal(edit_put(stored->edit, database_key, sizeof database_key, octets, i),
                         STATUS_OK);
        assert_int_equal(read_state(stored, &out), STATUS_MALFORMED);
    }
}

#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_STORE(what_was_written_is_read_back), WITH_STORE(each_zone_has_its_own),
        WITH_STORE(what_is_deleted_is_gone),       WITH_STORE(a_flipped_bit_is_noticed),
        WITH_STORE(every_cut_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
