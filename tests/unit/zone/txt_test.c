/* TXT: key=value pairs join safely, lists never cut a label. */
#include "tests/unit/check.h"

#include "zone/txt.h"

#include <string.h>

struct sheet {
    uint8_t buffer[2000];
    struct writer writer;
    struct txt txt;
};

static void start(struct sheet *sheet)
{
    sheet->writer = writer_of(sheet->buffer, sizeof sheet->buffer);
    sheet->txt = txt_begin(&sheet->writer);
}

/* A value that makes its pair, `k=` and `; ` counted, `octets` long. */
static const char *value_for(size_t octets)
{
    static char value[400];
    memset(value, 'x', sizeof value - 1);
    value[octets - 4] = '\0';
    return value;
}

static void assert_rdata(struct sheet *sheet, const char *octets, size_t length)
{
    txt_end(&sheet->txt);
    assert_false(sheet->writer.failed);
    assert_int_equal(writer_length(&sheet->writer), length);
    assert_memory_equal(sheet->buffer, octets, length);
}

static void the_last_pair_ends_without_a_separator(void **state)
{
    struct sheet sheet;
    (void)state;
    start(&sheet);
    txt_pair(&sheet.txt, "v", "cc1");
    txt_pair(&sheet.txt, "none", NULL);
    txt_pair(&sheet.txt, "a", "");
    assert_rdata(&sheet, "\x09v=cc1; a=", 10);
}

static void an_empty_text_is_one_empty_string(void **state)
{
    struct sheet sheet;
    (void)state;
    start(&sheet);
    assert_rdata(&sheet, "\x00", 1);
}

static void a_string_is_split_only_after_a_separator(void **state)
{
    struct sheet sheet;
    (void)state;
    start(&sheet);
    txt_pair(&sheet.txt, "k", value_for(200));
    txt_pair(&sheet.txt, "k", value_for(55));
    txt_pair(&sheet.txt, "k", value_for(5));
    txt_end(&sheet.txt);
    assert_false(sheet.writer.failed);
    assert_int_equal(sheet.buffer[0], 255);
    assert_memory_equal(sheet.buffer + 254, "; ", 2);
    assert_int_equal(sheet.buffer[256], 3);
    assert_memory_equal(sheet.buffer + 257, "k=x", 3);
    assert_int_equal(writer_length(&sheet.writer), 260);
}

static void a_pair_fills_a_string_at_most(void **state)
{
    struct sheet sheet;
    (void)state;
    start(&sheet);
    txt_pair(&sheet.txt, "k", value_for(255));
    txt_pair(&sheet.txt, "k", "");
    txt_end(&sheet.txt);
    assert_false(sheet.writer.failed);
    assert_null(sheet.txt.too_long);

    start(&sheet);
    txt_pair(&sheet.txt, "ok", "");
    txt_pair(&sheet.txt, "k", value_for(256));
    txt_pair(&sheet.txt, "later", "");
    txt_end(&sheet.txt);
    assert_true(sheet.writer.failed);
    assert_string_equal(sheet.txt.too_long, "k");
}

static void a_value_that_did_not_fit_its_buffer_is_too_long(void **state)
{
    struct sheet sheet;
    uint8_t small[4];
    struct writer value = writer_of(small, sizeof small);
    (void)state;
    start(&sheet);
    txt_pair_of(&sheet.txt, "none", &value);
    txt_append(&value, "abcd");
    txt_pair_of(&sheet.txt, "tel", &value);
    txt_append(&value, "e");
    assert_rdata(&sheet, "\x08tel=abcd", 9);
    start(&sheet);
    txt_pair_of(&sheet.txt, "tel", &value);
    assert_string_equal(sheet.txt.too_long, "tel");
}

static void words_end_in_a_space_each(void **state)
{
    struct sheet sheet;
    (void)state;
    start(&sheet);
    txt_word(&sheet.txt, "ac");
    txt_word(&sheet.txt, "ad");
    assert_rdata(&sheet,
                 "\x06"
                 "ac ad ",
                 7);
}

static void a_word_is_never_split(void **state)
{
    struct sheet sheet;
    (void)state;
    start(&sheet);
    for (size_t i = 0; i < 86; i++)
        txt_word(&sheet.txt, "ac");
    txt_end(&sheet.txt);
    assert_int_equal(sheet.buffer[0], 255);
    assert_int_equal(sheet.buffer[256], 3);
    assert_memory_equal(sheet.buffer + 257, "ac ", 3);
}

static void plain_text_may_be_split_anywhere(void **state)
{
    struct sheet sheet;
    (void)state;
    start(&sheet);
    txt_text(&sheet.txt, value_for(304));
    txt_end(&sheet.txt);
    assert_int_equal(sheet.buffer[0], 255);
    assert_int_equal(sheet.buffer[256], 45);
    assert_int_equal(writer_length(&sheet.writer), 302);
}

static void a_full_buffer_fails_once_for_all(void **state)
{
    uint8_t small[300];
    struct writer w = writer_of(small, sizeof small);
    struct txt txt = txt_begin(&w);
    (void)state;
    for (size_t i = 0; i < 200; i++)
        txt_word(&txt, "ac");
    txt_text(&txt, "more");
    txt_break(&txt);
    txt_end(&txt);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_pair_ends_without_a_separator),
        cmocka_unit_test(an_empty_text_is_one_empty_string),
        cmocka_unit_test(a_string_is_split_only_after_a_separator),
        cmocka_unit_test(a_pair_fills_a_string_at_most),
        cmocka_unit_test(a_value_that_did_not_fit_its_buffer_is_too_long),
        cmocka_unit_test(words_end_in_a_space_each),
        cmocka_unit_test(a_word_is_never_split),
        cmocka_unit_test(plain_text_may_be_split_anywhere),
        cmocka_unit_test(a_full_buffer_fails_once_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
