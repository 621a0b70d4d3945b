/* What --now accepts, and which day a moment belongs to. */
#include "command/now.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_day_is_its_midnight(void **state)
{
    (void)state;
    int64_t seconds = -1;
    assert_int_equal(now_parse("2026-03-01", &seconds), STATUS_OK);
    assert_int_equal(seconds, 1772323200);
}

static void a_moment_is_utc(void **state)
{
    (void)state;
    int64_t seconds = -1;
    assert_int_equal(now_parse("2026-03-01T23:59:58Z", &seconds), STATUS_OK);
    assert_int_equal(seconds, 1772323200 + 86400 - 2);
}

static void anything_else_is_no_time_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "now",
        "2026-3-1",
        "2026-02-29",
        "2026-13-01",
        "2026-03-01 ",
        "2026-03-01T10:00:00",
        "2026-03-01T10:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T23:60:00Z",
        "2026-03-01T23:59:60Z",
        "2026-03-01T23:59:59Zx",
        "2026-03-01T+1:59:59Z",
        "2026-03-01t10:00:00Z",
        "2026-03-01T10:00:00+01:00",
        "1969-12-31",
        "1772323200",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t seconds = 42;
        assert_int_equal(now_parse(wrong[i], &seconds), STATUS_MALFORMED);
        assert_int_equal(seconds, 42);
    }
}

static void days_change_at_midnight(void **state)
{
    (void)state;
    assert_int_equal(now_days(0), 0);
    assert_int_equal(now_days(86399), 0);
    assert_int_equal(now_days(86400), 1);
    assert_int_equal(now_days(-1), -1);
    assert_int_equal(now_days(-86400), -1);
}

static void a_clock_before_2020_was_never_set(void **state)
{
    (void)state;
    int64_t seconds;
    assert_int_equal(now_parse("2019-12-31T23:59:59Z", &seconds), STATUS_OK);
    assert_false(now_is_plausible(seconds));
    assert_true(now_is_plausible(seconds + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_its_midnight),
        cmocka_unit_test(a_moment_is_utc),
        cmocka_unit_test(anything_else_is_no_time_and_changes_nothing),
        cmocka_unit_test(days_change_at_midnight),
        cmocka_unit_test(a_clock_before_2020_was_never_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
