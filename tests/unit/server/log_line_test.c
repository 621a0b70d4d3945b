#include "tests/unit/check.h"

#include "server/log_line.h"

#include <stdlib.h>
#include <string.h>

/* 2026-11-22 13:00:00.123 UTC */
#define MOMENT ((struct timespec){1795352400, 123456789})

static void expect(size_t (*write)(char *, const struct log_event *), const char *message,
                   const struct log_field *fields, const char *wanted)
{
    char line[LOG_LINE_OCTETS + 1];
    const struct log_event event = {MOMENT, LOG_LEVEL_INFO, message, fields};
    line[write(line, &event)] = '\0';
    assert_string_equal(line, wanted);
}

static void text_is_time_level_message(void **state)
{
    (void)state;
    expect(log_line_text, "zone cc.example: serial 1 -> 2", NULL,
           "2026-11-22T13:00:00.123Z info zone cc.example: serial 1 -> 2\n");
}

static void json_is_one_object_with_its_fields(void **state)
{
    (void)state;
    const struct log_field fields[] = {{"zone", "cc.example"}, {"serial", "2"}, {NULL, NULL}};
    expect(log_line_json, "hello", fields,
           "{\"ts\":\"2026-11-22T13:00:00.123Z\",\"level\":\"info\",\"msg\":\"hello\","
           "\"zone\":\"cc.example\",\"serial\":\"2\"}\n");
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
    (void)state;
    /* A line feed, an escape sequence, DEL, C1 (NEL), a right-to-left override. */
    expect(log_line_text, "a\nb\x1b[31m\x7f\xc2\x85\xe2\x80\xae", NULL,
           "2026-11-22T13:00:00.123Z info a\\x0ab\\x1b[31m\\x7f\\xc2\\x85\\xe2\\x80\\xae\n");
}

static void text_that_is_not_utf8_is_escaped(void **state)
{
    (void)state;
    expect(log_line_text, "\xff \xc3( \xc3\xa9", NULL,
           "2026-11-22T13:00:00.123Z info \\xff \\xc3( \xc3\xa9\n");
}

static void json_strings_cannot_be_left(void **state)
{
    (void)state;
    expect(log_line_json, "a\"b\\c\nd\xff", NULL,
           "{\"ts\":\"2026-11-22T13:00:00.123Z\",\"level\":\"info\","
           "\"msg\":\"a\\\"b\\\\c\\\\x0ad\\\\xff\"}\n");
}

static void a_long_message_is_cut_and_stays_well_formed(void **state)
{
    (void)state;
    char *message = malloc(3 * LOG_LINE_OCTETS);
    char line[LOG_LINE_OCTETS + 1];
    assert_non_null(message);
    /* Every length around the limit, of octets that take one place, two, and four. */
    for (const char *c = "x\"\x01"; *c; c++) {
        for (size_t length = 1000; length < LOG_LINE_OCTETS + 8; length++) {
            memset(message, *c, length);
            message[length] = '\0';
            const struct log_field fields[] = {{"zone", "cc.example"}, {NULL, NULL}};
            const struct log_event event = {MOMENT, LOG_LEVEL_ERROR, message, fields};
            size_t octets = log_line_json(line, &event);
            assert_true(octets <= LOG_LINE_OCTETS);
            assert_memory_equal(line + octets - 3, "\"}\n", 3);
            assert_true(line[octets - 4] != '\\' || line[octets - 5] == '\\');
            octets = log_line_text(line, &event);
            assert_true(octets <= LOG_LINE_OCTETS);
            assert_int_equal(line[octets - 1], '\n');
        }
    }
    free(message);
}

static void syslog_gets_priority_and_process(void **state)
{
    (void)state;
    char line[LOG_LINE_OCTETS + 1];
    const struct log_event event = {MOMENT, LOG_LEVEL_WARNING, "hello", NULL};
    struct tm local = {.tm_mon = 10, .tm_mday = 2, .tm_hour = 13};
    line[log_line_syslog(line, &event, LOG_FORMAT_TEXT, &local, 42)] = '\0';
    assert_string_equal(line, "<28>Nov  2 13:00:00 contactd[42]: hello");
    line[log_line_syslog(line, &event, LOG_FORMAT_JSON, &local, 42)] = '\0';
    assert_string_equal(line, "<28>Nov  2 13:00:00 contactd[42]: "
                              "{\"ts\":\"2026-11-22T13:00:00.123Z\",\"level\":\"warning\","
                              "\"msg\":\"hello\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_time_level_message),
        cmocka_unit_test(json_is_one_object_with_its_fields),
        cmocka_unit_test(control_characters_do_not_reach_a_terminal),
        cmocka_unit_test(text_that_is_not_utf8_is_escaped),
        cmocka_unit_test(json_strings_cannot_be_left),
        cmocka_unit_test(a_long_message_is_cut_and_stays_well_formed),
        cmocka_unit_test(syslog_gets_priority_and_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
