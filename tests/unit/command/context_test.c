/* What the commands say while they wait for each other. */
#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "command/context.h"

#include <string.h>
#include <sys/wait.h>

/* A process that has a change of the database open until what is written to `go` reaches it. */
static pid_t change_elsewhere(const struct temporary *temporary, const int ready[2],
                              const int go[2])
{
    const struct store_access access = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;
    struct edit *edit;
    char octet;

    pid_t child = fork();
    if (child != 0)
        return child;
    bool fine = store_create(temporary->database, &access, &store, message) == STATUS_OK &&
                edit_begin(store, &edit, message) == STATUS_OK && write(ready[1], "", 1) == 1 &&
                read(go[0], &octet, 1) == 1;
    if (fine)
        edit_abort(edit);
    _exit(fine ? 0 : 1);
}

/* The one line goes where the test reads it, and is what lets the other process end. */
static void a_command_that_waits_for_another_says_what_for(void **state)
{
    struct temporary temporary;
    struct config config = {.database = temporary.database};
    struct options options = {.config = NULL};
    struct context context;
    struct store *store;
    struct edit *edit;
    int ready[2], go[2], outcome;
    char said[STORE_MESSAGE_OCTETS] = "";
    char octet;
    (void)state;

    assert_int_equal(temporary_create(&temporary), 0);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    pid_t child = change_elsewhere(&temporary, ready, go);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    FILE *err = fdopen(go[1], "w");
    setvbuf(err, NULL, _IOLBF, BUFSIZ);
    assert_int_equal(context_open(&context, &options, 0, stdout, err), STATUS_OK);
    assert_int_equal(context.patience_ms, 10000);
    context.patience_ms = 20;
    context.config = &config;
    assert_int_equal(context_open_store(&context, &store), STATUS_OK);
    assert_int_equal(context_begin_edit(&context, store, &edit), STATUS_OK);
    edit_abort(edit);
    store_close(store);
    context.config = NULL;
    context_close(&context);
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(outcome, 0);
    fclose(err);
    said[0] = 'z'; /* the other one has taken the first octet */
    assert_true(read(go[0], said + 1, sizeof said - 2) > 0);
    assert_ptr_equal(strstr(said, "zonegen: database "), said);
    assert_non_null(strstr(said, temporary.database));
    assert_ptr_equal(strchr(said, '\n') + 1, strchr(said, '\0'));
    close(go[0]);
    close(ready[0]);
    close(ready[1]);
    temporary_destroy(&temporary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_that_waits_for_another_says_what_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
