#include "contacts/timezone.h"

#include "contacts/tables.h"
#include "value.h"

static const char *read_zone(struct value *value, const char *text)
{
    struct yaml_node node = value_node(text);
    return timezone_read(&value->reading, &node);
}

static void every_name_of_the_table_is_found(void **state)
{
    struct value value = value_start();

    (void)state;
    for (size_t i = 0; i < tables_timezones_count; i++) {
        assert_ptr_equal(read_zone(&value, tables_timezones[i]), tables_timezones[i]);
        assert_true(i == 0 || strcmp(tables_timezones[i - 1], tables_timezones[i]) < 0);
    }
    assert_string_equal(value_rule(&value), "");
    value_end(&value);
}

static void utc_and_links_are_names(void **state)
{
    struct value value = value_start();

    (void)state;
    assert_non_null(read_zone(&value, "UTC"));
    assert_non_null(read_zone(&value, "Europe/Kiev"));
    assert_non_null(read_zone(&value, "Europe/Kyiv"));
    assert_non_null(read_zone(&value, "America/Argentina/Buenos_Aires"));
    value_end(&value);
}

static void a_mistake_is_refused_with_the_right_name(void **state)
{
    static const char *const pairs[][2] = {
        {"London", "'Europe/London'"},       {"europe/london", "'Europe/London'"},
        {"Europe/Londn", "'Europe/London'"}, {"Asia/Calcuta", "'Asia/Calcutta'"},
        {"+01:00", "such as Europe/London"}, {"", "such as Europe/London"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct value value = value_start();
        assert_null(read_zone(&value, pairs[i][0]));
        assert_string_equal(value_rule(&value), "timezone");
        assert_non_null(strstr(value_message(&value), pairs[i][1]));
        value_end(&value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_of_the_table_is_found),
        cmocka_unit_test(utc_and_links_are_names),
        cmocka_unit_test(a_mistake_is_refused_with_the_right_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
