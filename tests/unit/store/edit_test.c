#include "tests/unit/store/changes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define KEYS         2000
#define KEY_OCTETS   3
#define VALUE_OCTETS 3000 /* larger values lie in pages of their own */
#define EDITS        40
#define STEPS        60

static void an_aborted_edit_leaves_nothing(void **state)
{
    struct store *store = create_store(*state);
    struct snapshot *snapshot;
    struct edit *edit = begin_edit(store);
    struct item item;

    assert_int_equal(edit_put(edit, (const uint8_t *)"a", 1, (const uint8_t *)"1", 1), STATUS_OK);
    commit_edit(edit);
    edit = begin_edit(store);
    assert_int_equal(edit_put(edit, (const uint8_t *)"b", 1, (const uint8_t *)"2", 1), STATUS_OK);
    assert_int_equal(edit_delete(edit, (const uint8_t *)"a", 1), STATUS_OK);
    assert_int_equal(edit_delete(edit, (const uint8_t *)"c", 1), STATUS_NOT_FOUND);
    struct snapshot *inside = edit_snapshot(edit);
    assert_int_equal(snapshot_walk(inside, WALK_AT, (const uint8_t *)"b", 1, &item), STATUS_OK);
    assert_int_equal(snapshot_walk(inside, WALK_AT, (const uint8_t *)"a", 1, &item),
                     STATUS_NOT_FOUND);
    edit_abort(edit);
    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    assert_int_equal(snapshot_walk(snapshot, WALK_AT, (const uint8_t *)"a", 1, &item), STATUS_OK);
    assert_memory_equal(item.value, "1", 1);
    assert_int_equal(snapshot_walk(snapshot, WALK_AT, (const uint8_t *)"b", 1, &item),
                     STATUS_NOT_FOUND);
    snapshot_destroy(snapshot);
    store_close(store);
}

/* Its size is larger than any key, as a flipped bit may make it: pages of large files are not all
 * looked at when they are opened. */
static void a_last_key_that_is_damaged_begins_nothing(void **state)
{
    static const uint8_t last[] = "the last key of all";
    const uint8_t damaged[] = {0xff, 0xff};
    const struct temporary *temporary = *state;
    struct store *store = create_store(temporary);
    char message[STORE_MESSAGE_OCTETS];
    uint8_t octets[1 << 16];
    struct edit *edit = begin_edit(store);

    assert_int_equal(edit_put(edit, last, sizeof last, last, 1), STATUS_OK);
    commit_edit(edit);
    int file = open(temporary->database, O_RDWR);
    assert_true(file >= 0);
    ssize_t taken = pread(file, octets, sizeof octets, 0);
    assert_true(taken > 0);
    const uint8_t *found = memmem(octets, (size_t)taken, last, sizeof last);
    assert_non_null(found);
    /* LMDB has the key's size right before it. */
    assert_int_equal(pwrite(file, damaged, sizeof damaged, found - octets - 2), sizeof damaged);
    assert_int_equal(edit_begin(store, &edit, message), STATUS_SYSTEM);
    assert_non_null(strstr(message, "cannot begin a change"));
    close(file);
    store_close(store);
}

/* ---- puts and deletes beside a model ---- */

/* The octets of each key's value; 0: the key is not there. */
struct model {
    size_t octets[KEYS];
    size_t next; /* keys below this number have been there */
};

static void make_key(size_t number, uint8_t key[KEY_OCTETS])
{
    key[0] = 'k';
    key[1] = (uint8_t)(number >> 8);
    key[2] = (uint8_t)number;
}

static void put(struct edit *edit, struct model *model, size_t number, size_t octets)
{
    uint8_t key[KEY_OCTETS];
    uint8_t value[VALUE_OCTETS];

    make_key(number, key);
    memset(value, (int)(number % 251), octets);
    assert_int_equal(edit_put(edit, key, KEY_OCTETS, value, octets), STATUS_OK);
    model->octets[number] = octets;
}

static void drop(struct edit *edit, struct model *model, size_t number)
{
    uint8_t key[KEY_OCTETS];

    make_key(number, key);
    assert_int_equal(edit_delete(edit, key, KEY_OCTETS),
                     model->octets[number] > 0 ? STATUS_OK : STATUS_NOT_FOUND);
    model->octets[number] = 0;
}

/* Mostly a key behind all others, as a publish puts them; else one before, the last one deleted, or
 * one put again. */
static void step(struct edit *edit, struct model *model)
{
    size_t octets = 1 + (size_t)rand() % (rand() % 8 == 0 ? VALUE_OCTETS : 700);
    size_t past = (size_t)rand() % (model->next + 1);

    switch (rand() % 8) {
    case 0:
        put(edit, model, past, octets);
        break;
    case 1:
        drop(edit, model, past);
        break;
    case 2:
        drop(edit, model, model->next > 0 ? model->next - 1 : 0);
        break;
    default:
        if (model->next + 3 < KEYS)
            put(edit, model, model->next += 1 + (size_t)rand() % 2, octets);
        break;
    }
}

static void assert_holds(struct snapshot *snapshot, const struct model *model)
{
    uint8_t key[KEY_OCTETS];
    struct item item;
    enum walk walk = WALK_AT_OR_AFTER;

    for (size_t number = 0; number < KEYS; number++) {
        if (model->octets[number] == 0)
            continue;
        make_key(number, key);
        assert_int_equal(snapshot_walk(snapshot, walk, (const uint8_t *)"k", 1, &item), STATUS_OK);
        assert_int_equal(item.key_octets, KEY_OCTETS);
        assert_memory_equal(item.key, key, KEY_OCTETS);
        assert_int_equal(item.value_octets, model->octets[number]);
        assert_int_equal(item.value[item.value_octets - 1], number % 251);
        walk = WALK_NEXT;
    }
    assert_int_equal(snapshot_walk(snapshot, walk, (const uint8_t *)"k", 1, &item),
                     STATUS_NOT_FOUND);
}

static void whatever_the_order_of_puts_keys_stand_in_theirs(void **state)
{
    struct store *store = create_store(*state);
    struct model *model = calloc(1, sizeof *model);
    struct snapshot *snapshot;

    assert_non_null(model);
    srand(1);
    for (size_t n = 0; n < EDITS; n++) {
        struct edit *edit = begin_edit(store);
        const struct model before = *model;
        for (size_t i = 0; i < STEPS; i++)
            step(edit, model);
        assert_holds(edit_snapshot(edit), model);
        if (n % 5 == 4) {
            edit_abort(edit);
            *model = before;
        } else {
            commit_edit(edit);
        }
    }
    assert_true(model->next > KEYS / 2);
    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    assert_holds(snapshot, model);
    snapshot_destroy(snapshot);
    free(model);
    store_close(store);
}

/* Six of these values fit a page, a seventh does not. */
static void what_is_put_in_order_leaves_no_room_in_its_pages(void **state)
{
    const struct temporary *temporary = *state;
    const size_t octets = 600;
    struct store *store = create_store(temporary);
    struct model *model = calloc(1, sizeof *model);
    struct edit *edit = begin_edit(store);
    struct stat info;

    assert_non_null(model);
    for (size_t n = 0; n < KEYS; n++)
        put(edit, model, n, octets);
    commit_edit(edit);
    assert_int_equal(stat(temporary->database, &info), 0);
    assert_in_range(info.st_size, KEYS * octets, KEYS * octets * 120 / 100);
    free(model);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_aborted_edit_leaves_nothing, temporary_setup,
                                        temporary_teardown),
        cmocka_unit_test_setup_teardown(a_last_key_that_is_damaged_begins_nothing, temporary_setup,
                                        temporary_teardown),
        cmocka_unit_test_setup_teardown(whatever_the_order_of_puts_keys_stand_in_theirs,
                                        temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(what_is_put_in_order_leaves_no_room_in_its_pages,
                                        temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
