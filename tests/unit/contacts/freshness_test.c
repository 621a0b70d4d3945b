/* How old a confirmation is, and of which days there can be one (verified.c). */
#include "contacts/freshness.h"

#include "contacts/verified.h"

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

/* The rule that `text` breaks, "" for none, on 2026-11-22 UTC. */
static void check_verified(const char *text, int32_t last_day, const char *rule)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);
    struct entry entry = {.verified_days = 0};

    value.rules.last_day = last_day;
    value.reading.rules = &value.rules;
    verified_read(&value.reading, &node, &entry);
    assert_string_equal(value_rule(&value), rule);
    assert_int_equal(entry.verified_days != 0, diag_count(value.reading.diag, SEVERITY_ERROR) == 0);
    value_end(&value);
}

static void a_day_that_has_begun_somewhere_is_not_in_the_future(void **state)
{
    (void)state;
    check_verified("2026-11-22", TODAY, "");
    check_verified("2026-11-23", TODAY, "verified-future");
    check_verified("2026-11-23", TODAY + 1, "");
    check_verified("2026-11-24", TODAY + 1, "verified-future");
    check_verified("2026-11-22", 0, "");
}

static void a_year_before_the_first_cctlds_is_a_slip(void **state)
{
    (void)state;
    check_verified("0000-01-01", 0, "verified-date");
    check_verified("0026-11-01", 0, "verified-date");
    check_verified("1984-12-31", 0, "verified-date");
    check_verified("1985-01-01", 0, "verified-expired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_than_a_threshold_counts),
        cmocka_unit_test(a_day_that_has_begun_somewhere_is_not_in_the_future),
        cmocka_unit_test(a_year_before_the_first_cctlds_is_a_slip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
