#include "tests/unit/check.h"

#include "server/due_queue.h"

#include <stdlib.h>

#define THINGS 300

static void the_first_is_the_first_whatever_was_set(void **state)
{
    (void)state;
    struct due_queue *queue = NULL;
    int64_t due_ms[THINGS];
    assert_int_equal(due_queue_create(THINGS, &queue), STATUS_OK);
    for (size_t i = 0; i < THINGS; i++)
        due_ms[i] = DUE_NEVER;
    unsigned dice = 1;
    for (int turn = 0; turn < 20000; turn++) {
        size_t thing = 0, first = 0;
        int64_t earliest = DUE_NEVER;
        dice = dice * 1103515245u + 12345u;
        thing = (dice >> 16) % THINGS;
        dice = dice * 1103515245u + 12345u;
        due_ms[thing] = dice >> 29 == 0 ? DUE_NEVER : (int64_t)(dice >> 20);
        due_queue_set(queue, thing, due_ms[thing]);
        for (size_t i = 0; i < THINGS; i++)
            earliest = due_ms[i] < earliest ? due_ms[i] : earliest;
        assert_int_equal(due_queue_first(queue, &first), earliest);
        if (earliest != DUE_NEVER)
            assert_int_equal(due_ms[first], earliest);
    }
    due_queue_destroy(queue);
}

static void an_empty_queue_has_no_first(void **state)
{
    (void)state;
    struct due_queue *queue = NULL;
    size_t first = 0;
    assert_int_equal(due_queue_create(0, &queue), STATUS_OK);
    assert_int_equal(due_queue_first(queue, &first), DUE_NEVER);
    due_queue_destroy(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_the_first_whatever_was_set),
        cmocka_unit_test(an_empty_queue_has_no_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
