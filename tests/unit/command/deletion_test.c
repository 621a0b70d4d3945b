/* When a publish deletes too much. */
#include "command/deletion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void more_than_a_tenth_is_a_mass(void **state)
{
    (void)state;
    static const struct {
        uint32_t deleted;
        uint32_t before;
        bool mass;
    } cases[] = {
        {0, 0, false},
        {0, 309, false},
        {30, 309, false},
        {31, 309, true},
        {1, 10, false},
        {2, 10, true},
        {1, 9, true},
        {1, 1, true},
        {309, 309, true},
        {400000000, 4000000000, false},
        {400000001, 4000000000, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(deletion_is_mass(cases[i].deleted, cases[i].before), cases[i].mass);
}

static void add(struct deletion *deletion, const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    deletion_add(deletion, &name);
}

static void up_to_ten_labels_are_named(void **state)
{
    (void)state;
    struct deletion deletion = {.count = 0};
    char text[DELETION_TEXT_OCTETS];

    for (int i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c%c.cc.example", 'a' + i, 'a' + i);
        add(&deletion, name);
    }
    deletion_text(&deletion, 20, text);
    assert_string_equal(text, "10 of 20 entries: aa, bb, cc, dd, ee, ff, gg, hh, ii, jj");
    add(&deletion, "xn--zckzah.cc.example");
    add(&deletion, "zz.cc.example");
    deletion_text(&deletion, 20, text);
    assert_string_equal(text,
                        "12 of 20 entries: aa, bb, cc, dd, ee, ff, gg, hh, ii, jj and 2 more");
}

static void nothing_deleted_is_said_too(void **state)
{
    (void)state;
    const struct deletion deletion = {.count = 0};
    char text[DELETION_TEXT_OCTETS];
    deletion_text(&deletion, 0, text);
    assert_string_equal(text, "0 of 0 entries");
}

static void labels_of_escapes_stay_within_the_text(void **state)
{
    (void)state;
    struct deletion deletion = {.count = 0};
    struct name owner = {.length = 65};
    char text[DELETION_TEXT_OCTETS];

    owner.octets[0] = 63;
    memset(owner.octets + 1, 1, 63);
    for (int i = 0; i < 12; i++)
        deletion_add(&deletion, &owner);
    memset(text, 'x', sizeof text);
    deletion_text(&deletion, 12, text);
    assert_non_null(memchr(text, '\0', sizeof text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_a_tenth_is_a_mass),
        cmocka_unit_test(up_to_ten_labels_are_named),
        cmocka_unit_test(nothing_deleted_is_said_too),
        cmocka_unit_test(labels_of_escapes_stay_within_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
