#include "tests/unit/check.h"

#include "server/age_heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define THINGS 500

static void none_is_the_oldest_of_none(void **state)
{
    (void)state;
    struct age_heap heap = {0};
    assert_null(age_heap_oldest(&heap));
    age_heap_clear(&heap);
}

/* The plain reading: the earliest time of those that are in it. */
static int64_t earliest(struct aged *things, const bool *in)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < THINGS; i++) {
        if (in[i] && things[i].since_ms < least)
            least = things[i].since_ms;
    }
    return least;
}

static void whatever_comes_goes_and_moves_on_the_oldest_is_found(void **state)
{
    (void)state;
    static struct aged things[THINGS];
    static bool in[THINGS];
    struct age_heap heap = {0};
    unsigned seed = 7766;
    int64_t now_ms = 1000;

    for (int turn = 0; turn < 20000; turn++) {
        int i = rand_r(&seed) % THINGS;
        now_ms += rand_r(&seed) % 3;
        if (!in[i]) {
            things[i].since_ms = now_ms;
            assert_int_equal(age_heap_reserve(&heap, heap.count + 1), STATUS_OK);
            age_heap_add(&heap, &things[i]);
            in[i] = true;
        } else if (rand_r(&seed) % 3 == 0) {
            age_heap_remove(&heap, &things[i]);
            in[i] = false;
        } else {
            things[i].since_ms = now_ms; /* and tells nobody */
        }
        const struct aged *oldest = age_heap_oldest(&heap);
        assert_int_equal(oldest ? oldest->since_ms : INT64_MAX, earliest(things, in));
    }
    age_heap_clear(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_the_oldest_of_none),
        cmocka_unit_test(whatever_comes_goes_and_moves_on_the_oldest_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
