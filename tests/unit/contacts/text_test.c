#include "contacts/text.h"

#include "value.h"

static const struct text_rule any = {"name", 10, 12, true};
static const struct text_rule ascii = {"note", 10, 0, true};
static const struct text_rule unpublished = {"comment", 10, 12, false};

static void check(const struct text_rule *rule, const char *text, const char *wanted_rule)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);
    const char *result = text_check(&value.reading, &node, rule);

    assert_string_equal(value_rule(&value), wanted_rule);
    if (wanted_rule[0] == '\0')
        assert_ptr_equal(result, text);
    else
        assert_null(result);
    value_end(&value);
}

static void each_rule_is_checked(void **state)
{
    (void)state;
    check(&any, "0123456789", "");
    check(&any, "01234567890", "text-length");
    check(&any, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "");
    check(&any, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "text-length");
    check(&ascii, "\xc3\xa9", "text-ascii");
    check(&any, "a;b", "text-semicolon");
    check(&unpublished, "a;b", "");
    check(&any, "a  b", "text-spaces");
    check(&any, " a", "text-spaces");
    check(&any, "a ", "text-spaces");
    check(&any, "a\nb", "text-control");
    check(&any, "a\xe2\x80\xae", "text-control");
    check(&any, "a\xe2\x80\x8f", "text-control");
    check(&any, "a\xe2\x80\x8c", ""); /* ZWNJ: Persian needs it */
}

static void a_text_that_shows_nothing_is_none(void **state)
{
    (void)state;
    check(&any, "\xe2\x80\x8b\xe2\x80\x8b", "value-empty"); /* zero width spaces */
    check(&any, "\xc2\xa0", "value-empty");                 /* a no-break space */
    check(&any, "\xe2\x80\x8d \xc2\xad", "value-empty");
    check(&any, "\xf3\xa0\x81\x81", "value-empty");     /* a tag */
    check(&unpublished, "\xe3\x85\xa4", "value-empty"); /* a Hangul filler */
    check(&any,
          "\xe2\x80\x8b"
          "a",
          "");
    check(&any, "\xe2\x80\x8b\xe1\x9e\x80", ""); /* Khmer */
    check(&any, "a\xd8\x9c", "text-control");    /* an Arabic letter mark */
}

static void a_long_value_is_cut_between_characters(void **state)
{
    char text[202] = "";

    (void)state;
    assert_string_equal(text_quote("short").text, "short");
    text[0] = 'x';
    for (size_t i = 1; i + 1 < 200; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    struct quoted quoted = text_quote(text);
    assert_int_equal(strlen(quoted.text), 99 + 3);
    assert_string_equal(quoted.text + 97, "\xc3\xa9...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_is_checked),
        cmocka_unit_test(a_text_that_shows_nothing_is_none),
        cmocka_unit_test(a_long_value_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
