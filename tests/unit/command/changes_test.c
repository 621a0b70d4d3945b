/* Lines of several zones, printed once where they are the same. */
#include "command/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {"a.example", "b.example", "c.example"};

static struct changes *create(void)
{
    struct changes *changes = NULL;
    assert_int_equal(changes_create(&changes), STATUS_OK);
    return changes;
}

static void expect(struct changes *changes, size_t zones, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    assert_int_equal(changes_print(changes, names, zones, out), STATUS_OK);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    changes_destroy(changes);
}

static void one_zone_needs_no_heading(void **state)
{
    (void)state;
    struct changes *changes = create();
    changes_add(changes, 0, "xb: second in the alphabet, first said");
    changes_add(changes, 0, "xa: entry deleted");
    expect(changes, 1, "xb: second in the alphabet, first said\nxa: entry deleted\n");
}

static void lines_that_zones_share_are_printed_once(void **state)
{
    (void)state;
    struct changes *changes = create();
    changes_add(changes, 0, "xa: entry deleted");
    changes_add(changes, 0, "xb: entry deleted");
    changes_add(changes, 1, "xa: entry deleted");
    changes_add(changes, 1, "xb: entry deleted");
    expect(changes, 2, "in a.example, b.example:\nxa: entry deleted\nxb: entry deleted\n");
}

static void lines_of_fewer_zones_stand_apart(void **state)
{
    (void)state;
    struct changes *changes = create();
    changes_add(changes, 0, "xa: phone");
    changes_add(changes, 0, "xb: phone");
    changes_add(changes, 1, "xa: phone");
    changes_add(changes, 1, "xa: members");
    changes_add(changes, 1, "xb: phone");
    changes_add(changes, 2, "xa: members");
    expect(changes, 3,
           "in a.example, b.example:\nxa: phone\nxb: phone\n"
           "in b.example, c.example:\nxa: members\n");
}

static void a_line_said_twice_of_one_zone_is_one_line(void **state)
{
    (void)state;
    struct changes *changes = create();
    changes_add(changes, 1, "xa: phone");
    changes_add(changes, 1, "xa: phone");
    expect(changes, 2, "in b.example:\nxa: phone\n");
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    expect(create(), 2, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_zone_needs_no_heading),
        cmocka_unit_test(lines_that_zones_share_are_printed_once),
        cmocka_unit_test(lines_of_fewer_zones_stand_apart),
        cmocka_unit_test(a_line_said_twice_of_one_zone_is_one_line),
        cmocka_unit_test(nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
