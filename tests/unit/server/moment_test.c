#include "tests/unit/check.h"

#include "server/moment.h"

static void a_moment_is_what_the_wall_said_at_those_ticks(void **state)
{
    (void)state;
    char text[MOMENT_TEXT_OCTETS];
    const struct clocks clocks = {.ticks_ms = 5000, .wall_ms = INT64_C(1795352400123)};
    assert_string_equal(moment_text(clocks_wall_ms(&clocks, 5000), text),
                        "2026-11-22T13:00:00.123Z");
    assert_string_equal(moment_text(clocks_wall_ms(&clocks, 3999), text),
                        "2026-11-22T12:59:59.122Z");
    assert_string_equal(moment_text(INT64_C(32503680000000), text), "3000-01-01T00:00:00.000Z");
}

static void a_span_has_its_two_largest_parts(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0 s"},          {59999, "59 s"},        {60000, "1 min"},
                 {3599999, "59 min"}, {3600000, "1 h 0 min"}, {INT64_C(97) * 3600000, "4 d 1 h"}};
    char text[MOMENT_TEXT_OCTETS];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(span_text(cases[i].ms, text), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_what_the_wall_said_at_those_ticks),
        cmocka_unit_test(a_span_has_its_two_largest_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
