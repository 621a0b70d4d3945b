/* Walks in the pages themselves find what LMDB finds, from wherever and whatever is expected; and
 * damaged pages lead nobody astray. */
#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "store/descent.h"
#include "store/edit.h"
#include "store/store_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define RECORDS     3000 /* three levels of pages */
#define LONG_EVERY  97   /* a value on pages of its own */
#define LONG_OCTETS 9000

struct database {
    struct temporary temporary;
    struct store *store;
    struct snapshot *lmdb, *pages;
};

/* Even numbers are there, odd ones are not. Keys of several lengths, some the beginning of others.
 */
static size_t make_key(int number, uint8_t key[32])
{
    memset(key, 'x', 32);
    snprintf((char *)key, 32, "%06d", number / 4);
    key[6] = (uint8_t)('a' + number % 4);
    return 7 + (size_t)(number % 5) * 4;
}

static void fill(struct store *store)
{
    static uint8_t value[LONG_OCTETS];
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;
    uint8_t key[32];

    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    for (int n = 0; n < 2 * RECORDS; n += 2) {
        memset(value, n % 251, sizeof value);
        size_t octets = n % LONG_EVERY == 0 ? sizeof value : 100 + (size_t)n % 300;
        assert_int_equal(edit_put(edit, key, make_key(n, key), value, octets), STATUS_OK);
    }
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

static void setup(struct database *database)
{
    const struct store_access owner = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];

    assert_int_equal(temporary_create(&database->temporary), 0);
    assert_int_equal(store_create(database->temporary.database, &owner, &database->store, message),
                     STATUS_OK);
    fill(database->store);
    assert_int_equal(snapshot_create(database->store, &database->lmdb), STATUS_OK);
    assert_int_equal(snapshot_create(database->store, &database->pages), STATUS_OK);
    /* Seen twice, the meta page is believed. */
    snapshot_reset(database->pages);
    assert_int_equal(snapshot_renew(database->pages), STATUS_OK);
    assert_int_equal(database->lmdb->pages.depth, 0);
    assert_int_equal(database->pages->pages.depth, 3);
}

static void teardown(struct database *database)
{
    snapshot_destroy(database->lmdb);
    snapshot_destroy(database->pages);
    store_close(database->store);
    temporary_destroy(&database->temporary);
}

static void assert_same(enum status expected, const struct item *want, enum status status,
                        const struct item *have)
{
    assert_int_equal(status, expected);
    if (expected != STATUS_OK)
        return;
    assert_ptr_equal(have->key, want->key);
    assert_int_equal(have->key_octets, want->key_octets);
    assert_ptr_equal(have->value, want->value);
    assert_int_equal(have->value_octets, want->value_octets);
}

/* One walk to a key and some steps from there, by both. */
static void walk_both(struct database *database, enum walk walk, const uint8_t *key, size_t octets)
{
    struct item want, have;
    enum status expected = snapshot_walk(database->lmdb, walk, key, octets, &want);
    enum status status = snapshot_walk(database->pages, walk, key, octets, &have);

    assert_same(expected, &want, status, &have);
    if (expected != STATUS_OK)
        return;
    for (int steps = (int)(random() % 6); steps > 0; steps--) {
        enum walk way = random() % 2 ? WALK_NEXT : WALK_PREVIOUS;
        expected = snapshot_walk(database->lmdb, way, NULL, 0, &want);
        status = snapshot_walk(database->pages, way, NULL, 0, &have);
        assert_same(expected, &want, status, &have);
        if (expected != STATUS_OK)
            return;
    }
}

static void walks_in_pages_find_what_lmdb_finds(void **state)
{
    struct database database;
    uint8_t key[32];
    (void)state;

    srandom(6);
    setup(&database);
    for (int n = -1; n <= 2 * RECORDS + 1; n++)
        walk_both(&database, random() % 3 ? WALK_AT_OR_AFTER : WALK_AT, key, make_key(n, key));
    walk_both(&database, WALK_AT_OR_AFTER, (const uint8_t *)"!", 1);
    walk_both(&database, WALK_AT_OR_AFTER, (const uint8_t *)"~", 1);
    teardown(&database);
}

/* Some of what is expected is asked for, in order, and other things in between. */
static void what_was_expected_is_found_like_anything_else(void **state)
{
    struct database database;
    uint8_t key[32];
    (void)state;

    srandom(7);
    setup(&database);
    for (int round = 0; round < 200; round++) {
        int numbers[SNAPSHOT_EXPECTED + 4];
        size_t count = (size_t)random() % (SNAPSHOT_EXPECTED + 4);
        for (size_t i = 0; i < count; i++) {
            numbers[i] = (int)(random() % (2 * RECORDS + 2));
            snapshot_expect(database.pages, key, make_key(numbers[i], key));
        }
        snapshot_foresee(database.pages);
        for (size_t i = 0; i < count; i++) {
            if (random() % 4 == 0)
                continue;
            int number = random() % 4 == 0 ? (int)(random() % RECORDS) : numbers[i];
            walk_both(&database, WALK_AT_OR_AFTER, key, make_key(number, key));
        }
        snapshot_reset(database.pages);
        assert_int_equal(snapshot_renew(database.pages), STATUS_OK);
    }
    teardown(&database);
}

/* Another change has other pages: they are learnt anew. */
static void a_change_is_followed(void **state)
{
    struct database database;
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;
    struct item item;
    (void)state;

    setup(&database);
    for (uint8_t value = 0; value < 20; value++) {
        assert_int_equal(edit_begin(database.store, &edit, message), STATUS_OK);
        assert_int_equal(edit_put(edit, (const uint8_t *)"000100a", 7, &value, 1), STATUS_OK);
        assert_int_equal(edit_commit(edit, message), STATUS_OK);
        for (int batch = 0; batch < 3; batch++) {
            snapshot_reset(database.pages);
            assert_int_equal(snapshot_renew(database.pages), STATUS_OK);
            assert_int_equal(database.pages->pages.depth, batch == 0 ? 0 : 3);
            assert_int_equal(
                snapshot_walk(database.pages, WALK_AT, (const uint8_t *)"000100a", 7, &item),
                STATUS_OK);
            assert_int_equal(item.value_octets, 1);
            assert_int_equal(*item.value, value);
        }
    }
    teardown(&database);
}

/* Octets changed at random, on pages that end where memory ends: nothing is read beyond, and every
 * descent comes to an end. */
static void damaged_pages_are_left_within_their_bounds(void **state)
{
    struct database database;
    struct item item;
    uint8_t key[32];
    (void)state;

    srandom(8);
    setup(&database);
    struct descent_pages pages = database.pages->pages;
    uint8_t *copy = mmap(NULL, pages.octets + pages.page_octets, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(copy, MAP_FAILED);
    assert_int_equal(mprotect(copy + pages.octets, pages.page_octets, PROT_NONE), 0);
    for (int round = 0; round < 100; round++) {
        memcpy(copy, pages.start, pages.octets);
        struct descent_pages damaged = pages;
        damaged.start = copy;
        for (int i = 0; i < 2000; i++) {
            size_t page = (size_t)random() % (pages.octets / pages.page_octets);
            size_t within = random() % 4 ? (size_t)random() % 64 : (size_t)random() % 4096;
            copy[page * pages.page_octets + within] = (uint8_t)random();
        }
        for (int n = 0; n < 100; n++) {
            struct descent descent = {.key = key};
            descent.key_octets = make_key((int)(random() % (2 * RECORDS)), key);
            descent_go(&damaged, &descent, 1);
            for (size_t at = 0; descent.state == DESCENT_ARRIVED && at < descent.count; at++)
                if (descent_item(&damaged, &descent, at, &item)) {
                    assert_true(item.key >= copy);
                    assert_true(item.key + item.key_octets <= copy + pages.octets);
                    assert_true(item.value >= copy);
                    assert_true(item.value_octets <= (size_t)(copy + pages.octets - item.value));
                }
        }
    }
    munmap(copy, pages.octets + pages.page_octets);
    teardown(&database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_in_pages_find_what_lmdb_finds),
        cmocka_unit_test(what_was_expected_is_found_like_anything_else),
        cmocka_unit_test(a_change_is_followed),
        cmocka_unit_test(damaged_pages_are_left_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
