/* Databases that tests make and change: what fails here ends the test. */
#ifndef TESTS_CHANGES_H
#define TESTS_CHANGES_H

#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "store/edit.h"

/* For cmocka: `state` is a struct temporary while the test runs. */
static inline int temporary_setup(void **state)
{
    struct temporary *temporary = calloc(1, sizeof *temporary);
    *state = temporary;
    return temporary ? temporary_create(temporary) : -1;
}

static inline int temporary_teardown(void **state)
{
    temporary_destroy(*state);
    free(*state);
    return 0;
}

/* A new database, which only its owner may open. The caller closes it. */
static inline struct store *create_store(const struct temporary *temporary)
{
    static const struct store_access access = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;

    assert_int_equal(store_create(temporary->database, &access, &store, message), STATUS_OK);
    return store;
}

static inline struct edit *begin_edit(struct store *store)
{
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;

    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    return edit;
}

static inline void commit_edit(struct edit *edit)
{
    char message[STORE_MESSAGE_OCTETS];

    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

#endif
