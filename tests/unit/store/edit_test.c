#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "store/edit.h"
#include "store/store.h"

#include <string.h>
#include <sys/stat.h>

#define KEYS         2000
#define KEY_OCTETS   3
#define VALUE_OCTETS 3000 /* larger values lie in pages of their own */
#define EDITS        40
#define STEPS        60

static const struct store_access private_access = {.shared = false};

static int setup(void **state)
{
    struct temporary *temporary = calloc(1, sizeof *temporary);
    *state = temporary;
    return temporary ? temporary_create(temporary) : -1;
}

static int teardown(void **state)
{
    temporary_destroy(*state);
    free(*state);
    return 0;
}

static struct store *create_store(const struct temporary *temporary)
{
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;
    assert_int_equal(store_create(temporary->database, &private_access, &store, message),
                     STATUS_OK);
    return store;
}

static struct edit *begin(struct store *store)
{
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;
    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    return edit;
}

static void commit(struct edit *edit)
{
    char message[STORE_MESSAGE_OCTETS];
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

static void an_aborted_edit_leaves_nothing(void **state)
{
    struct store *store = create_store(*state);
    struct snapshot *snapshot;
    struct edit *edit = begin(store);
    struct item item;

    assert_int_equal(edit_put(edit, (const uint8_t *)"a", 1, (const uint8_t *)"1", 1), STATUS_OK);
    commit(edit);
    edit = begin(store);
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
        struct edit *edit = begin(store);
        const struct model before = *model;
        for (size_t i = 0; i < STEPS; i++)
            step(edit, model);
        assert_holds(edit_snapshot(edit), model);
        if (n % 5 == 4) {
            edit_abort(edit);
            *model = before;
        } else {
            commit(edit);
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
    struct edit *edit = begin(store);
    struct stat info;

    assert_non_null(model);
    for (size_t n = 0; n < KEYS; n++)
        put(edit, model, n, octets);
    commit(edit);
    assert_int_equal(stat(temporary->database, &info), 0);
    assert_in_range(info.st_size, KEYS * octets, KEYS * octets * 120 / 100);
    free(model);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_aborted_edit_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(whatever_the_order_of_puts_keys_stand_in_theirs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_put_in_order_leaves_no_room_in_its_pages, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
