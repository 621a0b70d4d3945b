/* The n-th allocation fails, for every n: the reading ends with STATUS_SYSTEM or says what is
 * missing, and neither leaks nor crashes. */
#include "contacts/contacts.h"

#include "value.h"

#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *octets, size_t size);
void *__real_reallocarray(void *octets, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *octets, size_t size);
void *__wrap_reallocarray(void *octets, size_t count, size_t size);

/* A global, since the wrappers are given nothing: allocations until the one that fails; 0: none. */
static size_t left;

static bool fails(void)
{
    return left > 0 && --left == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *octets, size_t size)
{
    return fails() ? NULL : __real_realloc(octets, size);
}

void *__wrap_reallocarray(void *octets, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(octets, count, size);
}

/* Reads the folder. True when the n-th allocation was reached. */
static bool read_with_failure(const char *folder, size_t n)
{
    const char *const paths[] = {folder, folder};
    struct contacts_rules rules = {.freshness = {150, 180, 400}, .today = TODAY};
    struct contacts contacts;
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();

    assert_non_null(arena);
    assert_non_null(diag);
    left = n;
    enum status status = delegated_read(NULL, arena, diag, &rules.delegated);
    if (status == STATUS_OK)
        status = contacts_read(paths, 2, &rules, arena, diag, &contacts);
    bool reached = left == 0;
    left = 0;
    if (status == STATUS_OK)
        assert_int_equal(contacts.entry_count + diag_count(diag, SEVERITY_ERROR) > 0, 1);
    arena_destroy(arena);
    diag_destroy(diag);
    return reached;
}

static void every_failing_allocation_is_survived(void **state)
{
    size_t n = 1;

    while (read_with_failure(*state, n))
        n++;
    assert_true(n > 10);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_failing_allocation_is_survived, argv[argc - 1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
