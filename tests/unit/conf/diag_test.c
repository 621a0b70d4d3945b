#include "conf_test.h"

#include "conf/diag.h"

static const struct place here = {"a.conf", 3, 7};

static void expect(struct diag *diag, enum diag_format format, const char *text)
{
    char *found = printed(diag, format);
    assert_string_equal(found, text);
    free(found);
}

static void unknown_parts_of_a_place_are_left_out(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    // cppcheck-suppress varFuncNullUB; it takes the rule for the last that is named
    diag_add(diag, SEVERITY_NOTE, (struct place){NULL, 9, 9}, NULL, "nowhere");
    diag_error(diag, ((struct place){"a.conf", 0, 5}), "r", "file");
    diag_warning(diag, ((struct place){"a.conf", 2, 0}), NULL, "line %d", 2);
    diag_error(diag, here, "rule-x", "all");
    expect(diag, DIAG_GNU,
           "note: nowhere\n"
           "a.conf: error: file [r]\n"
           "a.conf:2: warning: line 2\n"
           "a.conf:3:7: error: all [rule-x]\n");
    diag_destroy(diag);
}

static void the_order_is_file_line_column_severity_message(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    diag_error(diag, ((struct place){"b", 1, 1}), NULL, "7");
    diag_error(diag, ((struct place){"a", 10, 1}), NULL, "6");
    diag_error(diag, ((struct place){"a", 9, 2}), NULL, "5");
    diag_warning(diag, ((struct place){"a", 9, 1}), NULL, "4");
    diag_error(diag, ((struct place){"a", 9, 1}), NULL, "3");
    diag_error(diag, ((struct place){"a", 9, 1}), NULL, "2");
    diag_error(diag, ((struct place){"a", 1, 50}), NULL, "1");
    diag_sort(diag);
    for (size_t i = 0; i < diag_total(diag); i++)
        assert_int_equal(atoi(diag_at(diag, i)->message), i + 1);
    diag_destroy(diag);
}

static void equal_diagnostics_stay_once(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    for (int i = 0; i < 3; i++)
        diag_error(diag, here, "r", "same");
    diag_warning(diag, here, "r", "same");
    diag_error(diag, here, "s", "same");
    assert_int_equal(diag_count(diag, SEVERITY_ERROR), 4);
    diag_sort(diag);
    assert_int_equal(diag_total(diag), 3);
    assert_int_equal(diag_count(diag, SEVERITY_ERROR), 2);
    assert_int_equal(diag_count(diag, SEVERITY_WARNING), 1);
    assert_int_equal(diag_count(diag, SEVERITY_NOTE), 0);
    diag_destroy(diag);
}

static void what_a_terminal_would_obey_is_shown_as_octets(void **state)
{
    (void)state;
    static const struct {
        const char *value, *shown;
    } cases[] = {
        {"\033[2Jx", "\\x1b[2Jx"},
        {"a\r\nb\tc\x7f", "a\\x0d\\x0ab\\x09c\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"}, /* CSI as a C1 control */
        {"\xe2\x80\xae"
         "dlrow",
         "\\xe2\\x80\\xaedlrow"}, /* right-to-left override */
        {"caf\xe9", "caf\\xe9"},  /* Latin-1 */
        {"caf\xc3\xa9 \xe3\x83\x86", "caf\xc3\xa9 \xe3\x83\x86"},
        {"\xf0\x9f\x98", "\\xf0\\x9f\\x98"},
        {"\\ \"%s", "\\ \"%s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct diag *diag = diag_create();
        diag_error(diag, here, NULL, "%s", cases[i].value);
        assert_string_equal(diag_at(diag, 0)->message, cases[i].shown);
        diag_destroy(diag);
    }
    struct diag *diag = diag_create();
    diag_error(diag, ((struct place){"a\033b", 1, 1}), NULL, "x");
    expect(diag, DIAG_GNU, "a\\x1bb:1:1: error: x\n");
    diag_destroy(diag);
}

static void a_message_of_megabytes_is_cut(void **state)
{
    (void)state;
    static char large[1 << 20];
    struct diag *diag = diag_create();
    memset(large, 0xe9, sizeof large - 1);
    diag_error(diag, here, NULL, "%s", large);
    size_t length = strlen(diag_at(diag, 0)->message);
    assert_in_range(length, 1000, 4000);
    assert_string_equal(diag_at(diag, 0)->message + length - 3, "...");
    diag_destroy(diag);
}

static void json_is_one_object_per_line_with_escapes(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    diag_error(diag, here, "r", "a \"b\" \\c\n\xe9 \xc3\xa9");
    diag_warning(diag, ((struct place){0}), NULL, "w");
    expect(diag, DIAG_JSON,
           "{\"file\":null,\"line\":0,\"column\":0,\"severity\":\"warning\",\"rule\":null,"
           "\"message\":\"w\"}\n"
           "{\"file\":\"a.conf\",\"line\":3,\"column\":7,\"severity\":\"error\",\"rule\":\"r\","
           "\"message\":\"a \\\"b\\\" \\\\c\\\\x0a\\\\xe9 \xc3\xa9\"}\n");
    diag_destroy(diag);
}

static void github_commands_are_escaped(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    diag_error(diag, ((struct place){"a,b:c%.yaml", 3, 7}), "r", "100%% of: a, b");
    diag_warning(diag, ((struct place){"b", 2, 0}), NULL, "w");
    diag_add(diag, SEVERITY_NOTE, (struct place){0}, "n", "note");
    expect(diag, DIAG_GITHUB,
           "::notice title=n::note\n"
           "::error file=a%2Cb%3Ac%25.yaml,line=3,col=7,title=r::100%25 of: a, b\n"
           "::warning file=b,line=2::w\n");
    diag_destroy(diag);
}

static void a_place_may_outlive_its_file_name(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    char *name = strdup("gone.yaml");
    diag_error(diag, ((struct place){name, 1, 1}), NULL, "x");
    diag_error(diag, ((struct place){name, 2, 1}), NULL, "y");
    free(name);
    expect(diag, DIAG_GNU, "gone.yaml:1:1: error: x\ngone.yaml:2:1: error: y\n");
    diag_destroy(diag);
    diag_destroy(NULL);
}

static void what_nobody_prints_is_not_kept(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    assert_true(diag_keeps(diag, SEVERITY_NOTE));
    diag_keep(diag, SEVERITY_WARNING);
    assert_false(diag_keeps(diag, SEVERITY_NOTE));
    diag_add(diag, SEVERITY_NOTE, here, "r", "unheard");
    diag_warning(diag, here, "r", "heard");
    assert_int_equal(diag_count(diag, SEVERITY_NOTE), 0);
    expect(diag, DIAG_GNU, "a.conf:3:7: warning: heard [r]\n");
    diag_destroy(diag);
}

static void lists_are_joined_in_their_order(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    struct diag *other = diag_create();
    diag_error(diag, here, "r", "first");
    diag_error(other, ((struct place){"b.conf", 1, 1}), "r", "second");
    diag_warning(other, here, NULL, "third \x01");
    diag_join(diag, other);
    diag_destroy(other);
    assert_int_equal(diag_count(diag, SEVERITY_ERROR), 2);
    assert_int_equal(diag_count(diag, SEVERITY_WARNING), 1);
    assert_int_equal(diag_total(diag), 3);
    assert_string_equal(diag_at(diag, 0)->message, "first");
    assert_string_equal(diag_at(diag, 1)->place.file, "b.conf");
    assert_string_equal(diag_at(diag, 2)->message, "third \\x01");
    diag_destroy(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_parts_of_a_place_are_left_out),
        cmocka_unit_test(the_order_is_file_line_column_severity_message),
        cmocka_unit_test(equal_diagnostics_stay_once),
        cmocka_unit_test(what_nobody_prints_is_not_kept),
        cmocka_unit_test(lists_are_joined_in_their_order),
        cmocka_unit_test(what_a_terminal_would_obey_is_shown_as_octets),
        cmocka_unit_test(a_message_of_megabytes_is_cut),
        cmocka_unit_test(json_is_one_object_per_line_with_escapes),
        cmocka_unit_test(github_commands_are_escaped),
        cmocka_unit_test(a_place_may_outlive_its_file_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
