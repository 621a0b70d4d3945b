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

static void put(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static struct fingerprint take(const char *path)
{
    struct fingerprint fingerprint;
    struct diag *diag = diag_create();
    assert_int_equal(fingerprint_make(path, diag, &fingerprint), STATUS_OK);
    diag_destroy(diag);
    return fingerprint;
}

static void every_octet_and_name_counts_and_other_files_do_not(void **state)
{
    const char *folder = *state;
    char path[128];

    put(folder, "xa.yaml", "a");
    put(folder, "xb.yaml", "b");
    struct fingerprint first = take(folder);
    put(folder, "README", "not a contacts file");
    struct fingerprint again = take(folder);
    assert_true(fingerprint_equals(&first, &again));

    put(folder, "xa.yaml", "b");
    again = take(folder);
    assert_false(fingerprint_equals(&first, &again));
    put(folder, "xa.yaml", "a");
    again = take(folder);
    assert_true(fingerprint_equals(&first, &again));

    snprintf(path, sizeof path, "%s/xb.yaml", folder);
    assert_int_equal(unlink(path), 0);
    put(folder, "xc.yaml", "b");
    again = take(folder);
    assert_false(fingerprint_equals(&first, &again));
}

static void what_moves_from_one_file_to_the_next_counts(void **state)
{
    const char *folder = *state;
    put(folder, "xa.yaml", "ab");
    put(folder, "xb.yaml", "c");
    struct fingerprint first = take(folder);
    put(folder, "xa.yaml", "a");
    put(folder, "xb.yaml", "bc");
    struct fingerprint again = take(folder);
    assert_false(fingerprint_equals(&first, &again));
}

static void a_folder_that_moved_has_not_changed(void **state)
{
    char moved[64];
    put(*state, "xa.yaml", "a");
    struct fingerprint first = take(*state);
    snprintf(moved, sizeof moved, "%s-moved", (char *)*state);
    assert_int_equal(rename(*state, moved), 0);
    struct fingerprint again = take(moved);
    assert_true(fingerprint_equals(&first, &again));
    assert_int_equal(rename(moved, *state), 0);
}

static void what_cannot_be_read_is_a_diagnostic(void **state)
{
    struct fingerprint fingerprint;
    struct diag *diag = diag_create();
    char path[64];
    snprintf(path, sizeof path, "%s/missing", (char *)*state);
    assert_int_equal(fingerprint_make(path, diag, &fingerprint), STATUS_INVALID);
    assert_int_equal(diag_count(diag, SEVERITY_ERROR), 1);
    diag_destroy(diag);
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
        TEST(every_octet_and_name_counts_and_other_files_do_not),
        TEST(what_moves_from_one_file_to_the_next_counts),
        TEST(a_folder_that_moved_has_not_changed),
        TEST(what_cannot_be_read_is_a_diagnostic),
        TEST(what_was_written_is_read_and_damage_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
