#include "conf_test.h"

#include "conf/utf8.h"

static void every_code_point_survives_the_way_out_and_back(void **state)
{
    (void)state;
    for (uint32_t character = 0; character <= 0x10ffff; character++) {
        char octets[UTF8_MAX_OCTETS];
        uint32_t back = 0xffffffff;
        if (character == 0xd800)
            character = 0xe000;
        size_t count = utf8_encode(character, octets);
        assert_int_equal(utf8_decode(octets, count, &back), count);
        assert_int_equal(back, character);
        if (count > 1)
            assert_int_equal(utf8_decode(octets, count - 1, &back), 0);
    }
}

static void what_is_not_utf8_has_no_character(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\x80",             /* a stray continuation */
        "\xc0\x80",         /* overlong NUL */
        "\xc1\xbf",         /* overlong DEL */
        "\xe0\x9f\xbf",     /* overlong in three */
        "\xf0\x8f\xbf\xbf", /* overlong in four */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc3\x28",
        "\xe2\x82\x28",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint32_t character = 0;
        assert_int_equal(utf8_decode(wrong[i], strlen(wrong[i]), &character), 0);
    }
}

static void controls_do_something_instead_of_showing_something(void **state)
{
    (void)state;
    static const uint32_t controls[] = {0,    '\t',   '\n',   0x1b,   0x7f,   0x80,  0x85,
                                        0x9f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff};
    static const uint32_t others[] = {' ', '~', 0xa0, 0x200d, 0x2027, 0xfffd, 0x10000, 0x1fffe};
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
        assert_true(utf8_is_control(controls[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(utf8_is_control(others[i]));
    assert_true(utf8_is_bidi_control(0x202e));
    assert_true(utf8_is_bidi_control(0x2066));
    assert_false(utf8_is_bidi_control(0x200f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_survives_the_way_out_and_back),
        cmocka_unit_test(what_is_not_utf8_has_no_character),
        cmocka_unit_test(controls_do_something_instead_of_showing_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
