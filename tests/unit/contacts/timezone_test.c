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
    assert_int_equal(diag_count(value.reading.diag, SEVERITY_ERROR), 0);
    value_end(&value);
}

static void utc_and_links_are_names(void **state)
{
    struct value value = value_start();

    (void)state;
    assert_non_null(read_zone(&value, "UTC"));
    assert_non_null(read_zone(&value, "Etc/UTC"));
    assert_non_null(read_zone(&value, "Japan"));
    assert_non_null(read_zone(&value, "NZ"));
    assert_non_null(read_zone(&value, "Europe/Kiev"));
    assert_non_null(read_zone(&value, "Europe/Kyiv"));
    assert_non_null(read_zone(&value, "America/Argentina/Buenos_Aires"));
    assert_string_equal(value_rule(&value), "");
    value_end(&value);
}

static void a_mistake_is_refused_with_the_right_name(void **state)
{
    static const char *const pairs[][2] = {
        {"London", "'Europe/London'"},
        {"europe/london", "'Europe/London'"},
        {"Europe/Londn", "'Europe/London'"},
        {"Asia/Calcuta", "'Asia/Calcutta'"},
        {"+01:00", "such as Europe/London"},
        {"", "such as Europe/London"},
        {"japan", "'Japan'"},
        {"utc", "'UTC'"},
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

static void no_hint_leads_to_another_zone(void **state)
{
    static const char *const texts[] = {
        "GMT+3",   "GMT-3",   "UTC+3", "Etc/GMT+15", "IST",        "BST",    "PST",     "est",
        "gmt",     "EDT",     "CEST",  "zulu",       "Asia/Delhi", "Europe", "America", "Asia/",
        "Central", "Eastern", "Samoa", "Asia/Oman",  "East",       "Etc",    "GMT+03",  "Etc/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct value value = value_start();
        assert_null(read_zone(&value, texts[i]));
        assert_string_equal(value_rule(&value), "timezone");
        if (strstr(value_message(&value), "did you mean") != NULL)
            fail_msg("%s", value_message(&value));
        assert_non_null(strstr(value_message(&value), "write a city, such as Europe/London"));
        value_end(&value);
    }
}

static void a_zone_of_no_place_is_warned_of(void **state)
{
    static const char *const pairs[][2] = {
        {"Etc/GMT+3", "is UTC-3"}, {"Etc/GMT-14", "is UTC+14"}, {"Etc/GMT", "is no city's"},
        {"EST", "is no city's"},   {"Zulu", "is no city's"},    {"CET", "is no city's"},
        {"GMT+0", "is no city's"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct value value = value_start();
        assert_string_equal(read_zone(&value, pairs[i][0]), pairs[i][0]);
        assert_string_equal(value_rule(&value), "timezone-place");
        assert_int_equal(diag_count(value.reading.diag, SEVERITY_ERROR), 0);
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
        cmocka_unit_test(no_hint_leads_to_another_zone),
        cmocka_unit_test(a_zone_of_no_place_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
