#include "conf_test.h"

#include "conf/ordered.h"

#define MOST 200

static int compare(const void *left, const void *right)
{
    const unsigned *a = left;
    const unsigned *b = right;
    return (*a > *b) - (*a < *b);
}

static void any_list_comes_out_as_qsort_has_it(void **state)
{
    (void)state;
    unsigned seed = 7;

    for (size_t count = 0; count < MOST; count++)
        for (size_t loose = 0; loose <= count; loose += 1 + loose / 2) {
            unsigned items[MOST] = {0};
            unsigned expected[MOST];
            for (size_t i = 0; i < count; i++) {
                seed = seed * 1103515245u + 12345u;
                items[i] = i + loose < count ? (unsigned)(i * 3) : seed / 65536 % (MOST * 3);
            }
            memcpy(expected, items, sizeof expected);
            qsort(expected, count, sizeof *expected, compare);
            ordered_sort(items, count, sizeof *items, compare);
            assert_memory_equal(items, expected, count * sizeof *items);
        }
}

static size_t compared;

static int compare_counted(const void *left, const void *right)
{
    compared++;
    return compare(left, right);
}

static void a_few_new_items_cost_one_look_at_each_old_one(void **state)
{
    (void)state;
    static unsigned items[100000];
    const size_t count = sizeof items / sizeof *items;

    for (size_t i = 0; i < count; i++)
        items[i] = (unsigned)i;
    items[count - 2] = 50000;
    items[count - 1] = 3;
    ordered_sort(items, count, sizeof *items, compare_counted);
    assert_in_range(compared, 1, count + 100);
    for (size_t i = 1; i < count; i++)
        assert_true(items[i - 1] <= items[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_list_comes_out_as_qsort_has_it),
        cmocka_unit_test(a_few_new_items_cost_one_look_at_each_old_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
