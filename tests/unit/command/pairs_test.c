/* The text of TXT records and the pairs in it. */
#include "command/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const char *text_of(struct arena *arena, const char *rdata, size_t length)
{
    const struct rdata txt = {(const uint8_t *)rdata, (uint16_t)length};
    return pairs_text(&txt, arena);
}

static void strings_are_joined(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_string_equal(text_of(arena, "\3ab \2cd", 7), "ab cd");
    assert_string_equal(text_of(arena, "\0", 1), "");
    assert_string_equal(text_of(arena, "", 0), "");
    arena_destroy(arena);
}

static void what_a_terminal_would_obey_is_shown(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_string_equal(text_of(arena, "\5a\x1b[2J", 6), "a\\027[2J");
    assert_string_equal(text_of(arena, "\2\xff\n", 3), "\\255\\010");
    assert_string_equal(text_of(arena, "\6\xe3\x83\x86\xe2\x80\xae", 7),
                        "\xe3\x83\x86\\226\\128\\174");
    arena_destroy(arena);
}

/* Two strings may cut a character: joined first, it is whole again. */
static void a_character_across_strings_stays_whole(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_string_equal(text_of(arena, "\1\xc3\1\xa9", 4), "\xc3\xa9");
    arena_destroy(arena);
}

static void a_string_past_the_end_is_left_out(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_string_equal(text_of(arena, "\1a\5bc", 5), "a");
    arena_destroy(arena);
}

static void pairs_are_found_by_key(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    const char text[] = "\x1bv=cc1; tel=+1; note=a=b; x;";
    const struct rdata txt = {(const uint8_t *)text, (uint16_t)(sizeof text - 1)};
    struct pairs pairs;
    pairs_read(&txt, arena, &pairs);
    assert_int_equal(pairs.count, 3);
    assert_string_equal(pairs_get(&pairs, "v"), "cc1");
    assert_string_equal(pairs_get(&pairs, "tel"), "+1");
    assert_string_equal(pairs_get(&pairs, "note"), "a=b");
    assert_null(pairs_get(&pairs, "x"));
    arena_destroy(arena);
}

static void more_pairs_than_fit_are_left_aside(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    char text[1 + 4 * (PAIRS_MAX + 10)];
    text[0] = (char)(sizeof text - 1);
    for (size_t i = 0; i < PAIRS_MAX + 10; i++)
        memcpy(text + 1 + 4 * i, "k=v;", 4);
    const struct rdata txt = {(const uint8_t *)text, (uint16_t)sizeof text};
    struct pairs pairs;
    pairs_read(&txt, arena, &pairs);
    assert_int_equal(pairs.count, PAIRS_MAX);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_joined),
        cmocka_unit_test(what_a_terminal_would_obey_is_shown),
        cmocka_unit_test(a_character_across_strings_stays_whole),
        cmocka_unit_test(a_string_past_the_end_is_left_out),
        cmocka_unit_test(pairs_are_found_by_key),
        cmocka_unit_test(more_pairs_than_fit_are_left_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
