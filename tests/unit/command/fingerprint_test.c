/* When contacts count as changed, and what the database keeps of them. */
#include "command/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int set_up(void **state)
{
    char folder[] = "/tmp/fingerprint-XXXXXX";
    assert_non_null(mkdtemp(folder));
    *state = strdup(folder);
    return *state == NULL;
}

static int tear_down(void **state)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", (char *)*state);
    free(*state);
    return system(command);
}

/* A file, by its name and what its content digests to. */
static struct source file_of(const char *name, uint8_t digest)
{
    struct source source = {.name = name, .fate = SOURCE_NEW};
    memset(source.digest, digest, sizeof source.digest);
    return source;
}

static struct fingerprint take(struct source *items, size_t count)
{
    const struct sources sources = {count, items};
    struct fingerprint fingerprint;
    assert_int_equal(fingerprint_make(&sources, &fingerprint), STATUS_OK);
    return fingerprint;
}

static void names_and_contents_count_and_nothing_else(void **state)
{
    struct source files[] = {file_of("xa.yaml", 1), file_of("xb.yaml", 2)};
    (void)state;

    struct fingerprint first = take(files, 2);
    files[0].stamp.modified_ns = 1;
    files[0].verified_days = 1;
    files[0].fate = SOURCE_STAYS;
    struct fingerprint again = take(files, 2);
    assert_true(fingerprint_equals(&first, &again));
    files[0].digest[31] = 2;
    again = take(files, 2);
    assert_false(fingerprint_equals(&first, &again));
    files[0].digest[31] = 1;
    files[1].name = "xc.yaml";
    again = take(files, 2);
    assert_false(fingerprint_equals(&first, &again));
    again = take(files, 1);
    assert_false(fingerprint_equals(&first, &again));
}

static void a_file_that_is_gone_does_not_count(void **state)
{
    struct source files[] = {file_of("xa.yaml", 1), file_of("xb.yaml", 2)};
    (void)state;

    struct fingerprint first = take(files, 1);
    files[1].fate = SOURCE_GONE;
    struct fingerprint again = take(files, 2);
    assert_true(fingerprint_equals(&first, &again));
}

static void what_moves_from_a_name_to_a_digest_counts(void **state)
{
    struct source before[] = {file_of("xa", 'b')};
    struct source after[] = {file_of("xab", 'b')};
    (void)state;

    struct fingerprint first = take(before, 1);
    struct fingerprint again = take(after, 1);
    assert_false(fingerprint_equals(&first, &again));
}

static struct store *open_store(const char *folder)
{
    const struct store_access access = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];
    char path[64];
    struct store *store = NULL;
    snprintf(path, sizeof path, "%s/contacts.mdb", folder);
    assert_int_equal(store_create(path, &access, &store, message), STATUS_OK);
    return store;
}

static void what_was_written_is_read_and_damage_is_seen(void **state)
{
    struct store *store = open_store(*state);
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit = NULL;
    struct fingerprint written;
    struct fingerprint read;
    const uint8_t key[] = {0x04, 'c'};
    uint8_t damaged[FINGERPRINT_VALUE_OCTETS];

    memset(written.octets, 0xa5, sizeof written.octets);
    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    assert_int_equal(fingerprint_stored(edit_snapshot(edit), &read), STATUS_NOT_FOUND);
    assert_int_equal(fingerprint_store(edit, &written), STATUS_OK);
    assert_int_equal(fingerprint_stored(edit_snapshot(edit), &read), STATUS_OK);
    assert_true(fingerprint_equals(&written, &read));

    for (size_t i = 0; i < sizeof damaged; i++) {
        struct item item;
        assert_int_equal(fingerprint_store(edit, &written), STATUS_OK);
        assert_int_equal(snapshot_walk(edit_snapshot(edit), WALK_AT, key, sizeof key, &item),
                         STATUS_OK);
        assert_int_equal(item.value_octets, sizeof damaged);
        memcpy(damaged, item.value, sizeof damaged);
        damaged[i] ^= 1;
        assert_int_equal(edit_put(edit, key, sizeof key, damaged, sizeof damaged), STATUS_OK);
        assert_int_equal(fingerprint_stored(edit_snapshot(edit), &read), STATUS_MALFORMED);
        assert_int_equal(edit_put(edit, key, sizeof key, damaged, i), STATUS_OK);
        assert_int_equal(fingerprint_stored(edit_snapshot(edit), &read), STATUS_MALFORMED);
    }
    edit_abort(edit);
    store_close(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(names_and_contents_count_and_nothing_else),
        TEST(a_file_that_is_gone_does_not_count),
        TEST(what_moves_from_a_name_to_a_digest_counts),
        TEST(what_was_written_is_read_and_damage_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
