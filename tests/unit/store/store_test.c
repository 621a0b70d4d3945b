#include "tests/unit/store/changes.h"

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct store_access private_access = {.shared = false};

static void put(struct store *store, const char *key, const char *value)
{
    struct edit *edit = begin_edit(store);
    assert_int_equal(
        edit_put(edit, (const uint8_t *)key, strlen(key), (const uint8_t *)value, strlen(value)),
        STATUS_OK);
    commit_edit(edit);
}

static void assert_value(struct snapshot *snapshot, const char *key, const char *value)
{
    struct item item;
    enum status status = snapshot_walk(snapshot, WALK_AT, (const uint8_t *)key, strlen(key), &item);
    if (!value) {
        assert_int_equal(status, STATUS_NOT_FOUND);
        return;
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(item.value_octets, strlen(value));
    assert_memory_equal(item.value, value, strlen(value));
}

static void a_missing_database_is_named_and_not_made(void **state)
{
    const struct temporary *temporary = *state;
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;

    assert_int_equal(store_open(temporary->database, &store, message), STATUS_NOT_FOUND);
    assert_non_null(strstr(message, temporary->database));
    assert_non_null(strstr(message, "zonegen publish"));
    assert_int_equal(access(temporary->database, F_OK), -1);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    const struct temporary *temporary = *state;
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;
    char zeros[16384] = {0};

    int file = open(temporary->database, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(file, zeros, sizeof zeros), sizeof zeros);
    close(file);
    assert_int_equal(store_open(temporary->database, &store, message), STATUS_INVALID);
    assert_int_equal(store_create(temporary->database, &private_access, &store, message),
                     STATUS_INVALID);
    assert_non_null(strstr(message, temporary->database));
}

/* Writes one key into an LMDB file by hand, as another program or another version would. */
static void write_raw(const char *path, const void *key, size_t key_octets, const void *value,
                      size_t value_octets)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val k = {key_octets, (void *)(uintptr_t)key};
    MDB_val v = {value_octets, (void *)(uintptr_t)value};

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void a_database_of_another_program_is_refused_and_left_alone(void **state)
{
    const struct temporary *temporary = *state;
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;

    write_raw(temporary->database, "theirs", 6, "data", 4);
    assert_int_equal(store_create(temporary->database, &private_access, &store, message),
                     STATUS_INVALID);
    assert_non_null(strstr(message, "not a database of contactd"));
    assert_int_equal(store_open(temporary->database, &store, message), STATUS_INVALID);
}

/* LMDB takes number 0 for contents that nobody has written, and reads them all the same. */
static void a_database_whose_changes_have_lost_their_numbers_is_refused(void **state)
{
    const struct temporary *temporary = *state;
    const off_t numbers[] = {144, 4096 + 144};
    char message[STORE_MESSAGE_OCTETS];
    struct store *store = create_store(temporary);

    put(store, "k", "v");
    store_close(store);
    int file = open(temporary->database, O_WRONLY);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pwrite(file, "\0\0\0\0\0\0\0\0", 8, numbers[i]), 8);
    close(file);
    assert_int_equal(store_open(temporary->database, &store, message), STATUS_INVALID);
    assert_non_null(strstr(message, "damaged"));
    assert_int_equal(store_create(temporary->database, &private_access, &store, message),
                     STATUS_INVALID);
}

static void a_database_of_another_version_is_refused_with_the_command_to_run(void **state)
{
    const struct temporary *temporary = *state;
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;

    write_raw(temporary->database, "\0", 1, "contactd\0\0\0\7", 12);
    assert_int_equal(store_open(temporary->database, &store, message), STATUS_INVALID);
    assert_non_null(strstr(message, "another version"));
    assert_non_null(strstr(message, "zonegen publish"));
    assert_int_equal(store_create(temporary->database, &private_access, &store, message),
                     STATUS_INVALID);
}

static void a_snapshot_shows_one_commit_until_it_is_renewed(void **state)
{
    struct store *store = create_store(*state);
    struct snapshot *snapshot;

    put(store, "a", "old");
    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    uint64_t before = snapshot_change(snapshot);
    put(store, "a", "new");
    assert_value(snapshot, "a", "old");
    assert_true(store_last_change(store) > before);
    snapshot_reset(snapshot);
    assert_int_equal(snapshot_renew(snapshot), STATUS_OK);
    assert_value(snapshot, "a", "new");
    assert_true(snapshot_change(snapshot) == store_last_change(store));
    snapshot_destroy(snapshot);
    store_close(store);
}

/* Waits until the other end is closed, then publishes twice. */
static int publish_twice(const char *database, int gate)
{
    char message[STORE_MESSAGE_OCTETS], octet;
    struct store *store;

    (void)!read(gate, &octet, 1);
    if (store_create(database, &private_access, &store, message) != STATUS_OK)
        return 1;
    put(store, "a", "two");
    put(store, "a", "six");
    store_close(store);
    return 0;
}

/* The number of the contents is the lock's. Who deletes that, and publishes, would have newer
 * contents be served under the old number, beside what was made of the old ones. */
static void contents_that_are_newer_than_the_number_they_go_by_are_not_shown(void **state)
{
    const struct temporary *temporary = *state;
    char lock[128], message[STORE_MESSAGE_OCTETS];
    struct store *store = create_store(temporary);
    struct snapshot *snapshot;
    int gate[2], status;

    put(store, "a", "one");
    store_close(store);
    assert_int_equal(pipe(gate), 0);
    pid_t child = fork();
    if (child == 0) {
        close(gate[1]);
        _exit(publish_twice(temporary->database, gate[0]));
    }
    assert_int_equal(store_open(temporary->database, &store, message), STATUS_OK);
    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    snapshot_reset(snapshot);
    snprintf(lock, sizeof lock, "%s-lock", temporary->database);
    assert_int_equal(unlink(lock), 0);
    close(gate[0]);
    close(gate[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(snapshot_renew(snapshot), STATUS_MALFORMED);
    snapshot_destroy(snapshot);
    store_close(store);
}

/* Where the lock has the number of the last change: the one place at its beginning that holds it.
 */
static uint64_t *number_in_lock(uint8_t *lock, uint64_t number)
{
    uint64_t *found = NULL;
    for (size_t at = 0; at < 128; at += sizeof number) {
        if (memcmp(lock + at, &number, sizeof number) != 0)
            continue;
        assert_null(found);
        found = (uint64_t *)(void *)(lock + at);
    }
    assert_non_null(found);
    return found;
}

/* Who serves can write the lock, and must not be able to have a serial published twice. */
static void a_change_is_refused_where_the_lock_has_another_number(void **state)
{
    const struct temporary *temporary = *state;
    char path[128], message[STORE_MESSAGE_OCTETS];
    struct store *store = create_store(temporary);
    struct edit *edit;

    for (int i = 0; i < 1000; i++) /* a number that nothing else there has */
        put(store, "a", i % 2 == 0 ? "1" : "2");
    snprintf(path, sizeof path, "%s-lock", temporary->database);
    int file = open(path, O_RDWR);
    uint8_t *lock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_ptr_not_equal(lock, MAP_FAILED);
    uint64_t *number = number_in_lock(lock, store_last_change(store));
    --*number;
    assert_int_equal(edit_begin(store, &edit, message), STATUS_SYSTEM);
    assert_non_null(strstr(message, "delete the lock"));
    *number += 3;
    assert_int_equal(edit_begin(store, &edit, message), STATUS_SYSTEM);
    *number -= 2;
    put(store, "a", "3");
    munmap(lock, 4096);
    store_close(store);
    close(file);
}

static void a_walk_goes_both_ways(void **state)
{
    struct store *store = create_store(*state);
    struct snapshot *snapshot;
    struct item item;

    put(store, "b", "1");
    put(store, "d", "2");
    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    assert_int_equal(snapshot_walk(snapshot, WALK_AT_OR_AFTER, (const uint8_t *)"c", 1, &item),
                     STATUS_OK);
    assert_memory_equal(item.key, "d", 1);
    assert_int_equal(snapshot_walk(snapshot, WALK_PREVIOUS, NULL, 0, &item), STATUS_OK);
    assert_memory_equal(item.key, "b", 1);
    assert_int_equal(snapshot_walk(snapshot, WALK_NEXT, NULL, 0, &item), STATUS_OK);
    assert_memory_equal(item.key, "d", 1);
    assert_int_equal(snapshot_walk(snapshot, WALK_NEXT, NULL, 0, &item), STATUS_NOT_FOUND);
    assert_int_equal(snapshot_walk(snapshot, WALK_AT_OR_AFTER, (const uint8_t *)"e", 1, &item),
                     STATUS_NOT_FOUND);
    assert_int_equal(snapshot_walk(snapshot, WALK_PREVIOUS, NULL, 0, &item), STATUS_OK);
    assert_memory_equal(item.key, "d", 1);
    snapshot_destroy(snapshot);
    store_close(store);
}

static void a_shared_database_lets_the_group_read_it_and_write_the_lock(void **state)
{
    const struct temporary *temporary = *state;
    const struct store_access shared = {.shared = true, .group = getgid()};
    char message[STORE_MESSAGE_OCTETS];
    char lock[128];
    struct store *store;
    struct stat file;

    assert_int_equal(store_create(temporary->database, &shared, &store, message), STATUS_OK);
    assert_int_equal(stat(temporary->database, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0640);
    snprintf(lock, sizeof lock, "%s-lock", temporary->database);
    assert_int_equal(stat(lock, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0660);
    store_close(store);
}

static void the_reader_of_a_dead_process_is_cleared(void **state)
{
    struct store *store = create_store(*state);

    put(store, "a", "1");
    store_close(store);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* no environment is open across the fork */
        const struct temporary *temporary = *state;
        char message[STORE_MESSAGE_OCTETS];
        struct snapshot *snapshot;
        if (store_open(temporary->database, &store, message) != STATUS_OK ||
            snapshot_create(store, &snapshot) != STATUS_OK)
            _exit(1);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    store = create_store(*state);
    assert_int_equal(store_clear_readers(store) >= 0, 1);
    assert_int_equal(store_clear_readers(store), 0);
    store_close(store);
}

/* What another process holds, and what was said of waiting for it. */
struct elsewhere {
    int go; /* a write there ends it */
    unsigned told;
    char line[STORE_MESSAGE_OCTETS];
};

static void let_it_end(void *state, const char *line)
{
    struct elsewhere *elsewhere = state;
    elsewhere->told++;
    snprintf(elsewhere->line, sizeof elsewhere->line, "%s", line);
    (void)!write(elsewhere->go, "", 1);
}

/* A process that has a change open until it is told to go; its id. */
static pid_t change_elsewhere(const struct temporary *temporary, int *go)
{
    int ready[2], gone[2];
    char octet;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(gone), 0);
    pid_t child = fork();
    if (child == 0) {
        char message[STORE_MESSAGE_OCTETS];
        struct store *store;
        struct edit *edit;
        bool fine =
            store_create(temporary->database, &private_access, &store, message) == STATUS_OK &&
            edit_begin(store, &edit, message) == STATUS_OK && write(ready[1], "", 1) == 1 &&
            read(gone[0], &octet, 1) == 1;
        if (fine)
            edit_abort(edit);
        _exit(fine ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    close(ready[0]);
    close(ready[1]);
    close(gone[0]);
    *go = gone[1];
    return child;
}

static void who_waits_for_another_change_says_so_once_and_goes_on(void **state)
{
    const struct temporary *temporary = *state;
    struct elsewhere elsewhere = {.go = -1};
    const struct store_access access = {.patience = {20, let_it_end, &elsewhere}};
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;
    int outcome;

    store_close(create_store(temporary));
    pid_t child = change_elsewhere(temporary, &elsewhere.go);
    assert_int_equal(store_create(temporary->database, &access, &store, message), STATUS_OK);
    assert_int_equal(elsewhere.told, 1);
    assert_non_null(strstr(elsewhere.line, temporary->database));
    assert_non_null(strstr(elsewhere.line, "another process has been changing it"));
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(outcome, 0);
    put(store, "k", "v");
    store_close(store);
    close(elsewhere.go);
}

static void who_does_not_wait_says_nothing(void **state)
{
    const struct temporary *temporary = *state;
    struct elsewhere elsewhere = {.go = -1};
    const struct store_access access = {.patience = {60000, let_it_end, &elsewhere}};
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;

    assert_int_equal(store_create(temporary->database, &access, &store, message), STATUS_OK);
    put(store, "k", "v");
    store_close(store);
    assert_int_equal(elsewhere.told, 0);
}

/* What a thread looks at while another one changes what is in doubt. */
struct doubting {
    struct snapshot *snapshot;
    atomic_bool over;
    unsigned doubted;
};

static void *look_at_doubts(void *arg)
{
    static const uint8_t key[] = {STORE_TABLE_NODES, 0, 0, 'm'};
    struct doubting *doubting = arg;

    while (!atomic_load(&doubting->over))
        doubting->doubted += snapshot_doubts(doubting->snapshot, key, sizeof key) +
                             snapshot_doubts_any(doubting->snapshot, key, 3);
    return NULL;
}

/* Under AddressSanitizer a read of what was freed ends the test. */
static void what_was_in_doubt_is_freed_when_nobody_looks_at_it(void **state)
{
    struct store *store = create_store(*state);
    struct doubting doubting = {.over = false};
    struct store_gaps *before = NULL;
    pthread_t thread;

    assert_int_equal(snapshot_create(store, &doubting.snapshot), STATUS_OK);
    assert_int_equal(pthread_create(&thread, NULL, look_at_doubts, &doubting), 0);
    for (int round = 0; round < 2000; round++) {
        struct store_gaps *gaps = calloc(1, sizeof *gaps);
        assert_non_null(gaps);
        gaps->count = 200;
        store_doubt(store, gaps);
        while (!store_doubt_is_settled(store))
            sched_yield();
        free(before);
        before = gaps;
    }
    atomic_store(&doubting.over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(doubting.doubted > 0);
    store_doubt(store, NULL);
    assert_true(store_doubt_is_settled(store));
    free(before);
    snapshot_destroy(doubting.snapshot);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_missing_database_is_named_and_not_made, temporary_setup,
                                        temporary_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_refused, temporary_setup,
                                        temporary_teardown),
        cmocka_unit_test_setup_teardown(a_database_of_another_program_is_refused_and_left_alone,
                                        temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(a_database_whose_changes_have_lost_their_numbers_is_refused,
                                        temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(
            a_database_of_another_version_is_refused_with_the_command_to_run, temporary_setup,
            temporary_teardown),
        cmocka_unit_test_setup_teardown(a_snapshot_shows_one_commit_until_it_is_renewed,
                                        temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(
            contents_that_are_newer_than_the_number_they_go_by_are_not_shown, temporary_setup,
            temporary_teardown),
        cmocka_unit_test_setup_teardown(a_change_is_refused_where_the_lock_has_another_number,
                                        temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(a_walk_goes_both_ways, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(a_shared_database_lets_the_group_read_it_and_write_the_lock,
                                        temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(the_reader_of_a_dead_process_is_cleared, temporary_setup,
                                        temporary_teardown),
        cmocka_unit_test_setup_teardown(who_waits_for_another_change_says_so_once_and_goes_on,
                                        temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(who_does_not_wait_says_nothing, temporary_setup,
                                        temporary_teardown),
        cmocka_unit_test_setup_teardown(what_was_in_doubt_is_freed_when_nobody_looks_at_it,
                                        temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
