#include "contacts/freshness.h"

#include "value.h"

static void older_than_a_threshold_counts(void **state)
{
    static const struct config_freshness thresholds = {150, 180, 400};
    static const struct {
        int32_t age;
        enum freshness freshness;
    } cases[] = {
        {-1, FRESHNESS_FRESH},  {0, FRESHNESS_FRESH},     {150, FRESHNESS_FRESH},
        {151, FRESHNESS_DUE},   {180, FRESHNESS_DUE},     {181, FRESHNESS_STALE},
        {400, FRESHNESS_STALE}, {401, FRESHNESS_EXPIRED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(entry_freshness(TODAY - cases[i].age, TODAY, &thresholds),
                         cases[i].freshness);
    assert_int_equal(entry_freshness(INT32_MIN, INT32_MAX, &thresholds), FRESHNESS_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(older_than_a_threshold_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
