/* The n-th allocation fails, for every n: the reading ends with STATUS_SYSTEM or says what is
 * missing, and neither leaks nor crashes. */
#include "contacts/contacts.h"

#include "tests/unit/failing.h"
#include "value.h"

#include <stdlib.h>

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
    failing_left = n;
    enum status status = delegated_read(NULL, arena, diag, &rules.delegated);
    if (status == STATUS_OK)
        status = contacts_read(paths, 2, &rules, arena, diag, &contacts);
    bool reached = failing_left == 0;
    failing_left = 0;
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
