#include "tests/unit/check.h"

#include "server/text.h"

#include <stdlib.h>
#include <string.h>

static void json_has_its_commas_and_nothing_that_breaks_it(void **state)
{
    (void)state;
    struct text text = {0};
    text_json_open(&text, '{');
    text_json_name(&text, "a");
    text_json_number(&text, UINT64_MAX);
    text_json_name(&text, "b");
    text_json_open(&text, '[');
    text_json_open(&text, '{');
    text_json_close(&text, '}');
    text_json_open(&text, '[');
    text_json_close(&text, ']');
    text_json_boolean(&text, true);
    text_json_string(&text, NULL);
    text_json_string(&text, "");
    text_json_close(&text, ']');
    text_json_name(&text, "c");
    text_json_string(&text, "\"\\\n\x7f\xc3\xa9\xff\xc3{");
    text_json_close(&text, '}');
    assert_string_equal(text.octets, "{\"a\":18446744073709551615,\"b\":[{},[],true,null,\"\"],"
                                     "\"c\":\"\\\"\\\\\\u000a\\u007f\xc3\xa9\\ufffd\\ufffd{\"}");
    assert_int_equal(text.length, strlen(text.octets));
    text_clear(&text);
    assert_null(text.octets);
}

static void a_string_that_ends_like_an_opening_is_followed_by_a_comma(void **state)
{
    (void)state;
    struct text text = {0};
    text_json_open(&text, '[');
    text_json_string(&text, "[");
    text_json_string(&text, "{:");
    text_json_number(&text, 0);
    text_json_close(&text, ']');
    assert_string_equal(text.octets, "[\"[\",\"{:\",0]");
    text_clear(&text);
}

static void it_grows_to_its_bound_and_then_fails_for_good(void **state)
{
    (void)state;
    static char piece[1 << 20];
    struct text text = {0};
    memset(piece, 'x', sizeof piece - 1);
    for (size_t i = 0; i < TEXT_MAX_OCTETS / (sizeof piece - 1); i++)
        text_add(&text, "%s", piece);
    assert_false(text.failed);
    size_t length = text.length;
    text_add(&text, "%s", piece);
    assert_true(text.failed);
    text_add(&text, "x");
    assert_true(text.failed);
    assert_int_equal(text.length, length);
    assert_int_equal(text.octets[length], '\0');
    text_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_its_commas_and_nothing_that_breaks_it),
        cmocka_unit_test(a_string_that_ends_like_an_opening_is_followed_by_a_comma),
        cmocka_unit_test(it_grows_to_its_bound_and_then_fails_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
