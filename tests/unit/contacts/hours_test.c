#include "contacts/hours.h"

#include "value.h"

static void check(const char *(*read)(struct reading *, const struct yaml_node *), const char *text)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);
    const char *result = read(&value.reading, &node);

    assert_non_null(result);
    assert_string_equal(result, text);
    value_end(&value);
}

static void refuse(const char *(*read)(struct reading *, const struct yaml_node *),
                   const char *text, const char *fix)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);

    assert_null(read(&value.reading, &node));
    assert_non_null(strstr(value_message(&value), fix));
    value_end(&value);
}

static void days_and_one_span_are_taken(void **state)
{
    static const char *const good[] = {
        "24x7",
        "Mo-Fr 08:00-18:00",
        "Mo 00:00-24:00",
        "Sa,Su 10:00-16:30",
        "Mo-Th,Sa 08:00-18:00",
        "Fr-Mo 22:00-06:00",
        "Mo,We,Fr 09:00-17:00",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        check(hours_read, good[i]);
}

static void another_form_is_refused_with_the_right_one(void **state)
{
    static const char *const pairs[][2] = {
        {"24/7", "write 24x7"},
        {"Mo-Su 00:00-24:00", "write 24x7"},
        {"Monday - Friday 8-18", "write Mo-Fr 08:00-18:00"},
        {"mon-fri 8:30 to 17.00", "write Mo-Fr 08:30-17:00"},
        {"Mo-Fr 08:00–18:00", "write Mo-Fr 08:00-18:00"},
        {"Mo, We 08:00-18:00", "write Mo,We 08:00-18:00"},
        {"Mo-Fr  08:00-18:00", "write Mo-Fr 08:00-18:00"},
        {"Mo-Fr 08:00-18:00 ", "write Mo-Fr 08:00-18:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        refuse(hours_read, pairs[i][0], pairs[i][1]);
}

static void what_cannot_be_is_refused(void **state)
{
    static const char *const pairs[][2] = {
        {"Mo-Fr 08:00-08:00", "begins when it ends"},
        {"Mo-Fr 24:00-08:00", "24:00 is an end"},
        {"Mo-Fr 24:00-24:00", "24:00 is an end"},
        {"Mo-Fr 24:30-24:30", "does not exist"},
        {"Mo-Fr 08:60-18:00", "does not exist"},
        {"Mo-Fr 08:00-24:01", "does not exist"},
        {"Mo-We,Tu 08:00-18:00", "twice"},
        {"Mo-Fr", "for example"},
        {"08:00-18:00", "for example"},
        {"Mo-Fr 08:00", "for example"},
        {"Mo-Fr 08:00-12:00,13:00-17:00", "for example"},
        {"Mo-Fr 08:00-18:00 CET", "for example"},
        {"Xy 08:00-18:00", "for example"},
        {"Mo,Tu,We,Th,Fr,Sa,Su,Mo,Tu,We,Th,Fr,Sa,Su,Mo,Tu,We,Th,Fr,Sa,Su,Mo 08:00-18:00", ""},
        {"Mo-", "for example"},
        {"Mo-Fr 8", "for example"},
        {"", "for example"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        refuse(hours_read, pairs[i][0], pairs[i][1]);
}

static void only_24x7_is_always(void **state)
{
    (void)state;
    assert_true(hours_are_always("24x7"));
    assert_false(hours_are_always("Mo 00:00-24:00"));
    assert_false(hours_are_always(NULL));
}

static void wait_is_one_minute_to_a_day(void **state)
{
    (void)state;
    check(hours_read_wait, "1m");
    check(hours_read_wait, "15m");
    check(hours_read_wait, "24h");
    check(hours_read_wait, "1h30m");
    refuse(hours_read_wait, "15", "write 15m");
    refuse(hours_read_wait, "0m", "1m to 24h");
    refuse(hours_read_wait, "24h1m", "1m to 24h");
    refuse(hours_read_wait, "1d", "1m to 24h");
    refuse(hours_read_wait, "90s", "1m to 24h");
    refuse(hours_read_wait, "m", "1m to 24h");
    refuse(hours_read_wait, "1h30", "1m to 24h");
    refuse(hours_read_wait, "99999999999999999999m", "1m to 24h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_one_span_are_taken),
        cmocka_unit_test(another_form_is_refused_with_the_right_one),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(only_24x7_is_always),
        cmocka_unit_test(wait_is_one_minute_to_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
