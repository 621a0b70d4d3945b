#include "contacts/delegated.h"

#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a test reads into; the list of a file lives in a file of its own. */
struct fixture {
    struct arena *arena;
    struct diag *diag;
    struct delegated_list list;
    enum status status;
};

static struct fixture start(void)
{
    struct fixture fixture = {.arena = arena_create(), .diag = diag_create()};
    assert_non_null(fixture.arena);
    assert_non_null(fixture.diag);
    return fixture;
}

static void end(struct fixture *fixture)
{
    arena_destroy(fixture->arena);
    diag_destroy(fixture->diag);
}

static struct fixture read_text(const char *text)
{
    struct fixture fixture = start();
    char path[] = "/tmp/delegated-XXXXXX";
    int file = mkstemp(path);
    size_t length = strlen(text);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, length), length);
    close(file);
    struct config config = {.tlds_file = arena_copy(fixture.arena, path, strlen(path))};
    fixture.status = delegated_read(&config, fixture.arena, fixture.diag, &fixture.list);
    unlink(path);
    return fixture;
}

static void check_sorted(const struct delegated_list *list)
{
    for (size_t i = 1; i < list->count; i++)
        assert_true(strcmp(list->items[i - 1].a_label, list->items[i].a_label) < 0);
}

static void the_builtin_list_is_whole(void **state)
{
    struct fixture fixture = start();
    const struct delegated_list *list = &fixture.list;

    (void)state;
    assert_int_equal(delegated_read(NULL, fixture.arena, fixture.diag, &fixture.list), STATUS_OK);
    assert_int_equal(list->count, 309);
    assert_false(list->any);
    check_sorted(list);
    for (size_t i = 0; i < list->count; i++) {
        assert_non_null(list->items[i].territory);
        for (const char *c = list->items[i].territory; *c != '\0'; c++)
            assert_in_range(*c, 0x20, 0x7e);
        bool is_idn = strncmp(list->items[i].a_label, "xn--", 4) == 0;
        assert_int_equal(list->items[i].u_label != NULL, is_idn);
    }
    assert_string_equal(delegated_find(list, "ax")->territory, "Aland Islands");
    assert_string_equal(delegated_find(list, "tr")->territory, "Turkiye");
    assert_string_equal(delegated_find(list, "xn--p1ai")->u_label, "рф");
    assert_null(delegated_find(list, "xa"));
    assert_null(delegated_find(list, ""));
    end(&fixture);
}

static void any_still_knows_territories(void **state)
{
    struct fixture fixture = start();
    const struct config config = {.tlds_any = true};

    (void)state;
    assert_int_equal(delegated_read(&config, fixture.arena, fixture.diag, &fixture.list),
                     STATUS_OK);
    assert_true(fixture.list.any);
    assert_string_equal(delegated_find(&fixture.list, "no")->territory, "Norway");
    end(&fixture);
}

static void a_file_may_have_columns(void **state)
{
    struct fixture fixture = read_text("a_label\tterritory\tterritory_ascii\r\n"
                                       "xb\tXandria\r\n"
                                       "xa\tX\xc3\xa1n\xc3\xa1\tXana\r\n"
                                       "ax\t\xc3\x85land Islands\r\n"
                                       "\xd1\x80\xd1\x84\t\r\n");
    (void)state;
    assert_int_equal(fixture.status, STATUS_OK);
    assert_int_equal(fixture.list.count, 4);
    check_sorted(&fixture.list);
    assert_string_equal(delegated_find(&fixture.list, "xa")->territory, "Xana");
    assert_string_equal(delegated_find(&fixture.list, "xb")->territory, "Xandria");
    assert_string_equal(delegated_find(&fixture.list, "ax")->territory, "Aland Islands");
    assert_string_equal(delegated_find(&fixture.list, "xn--p1ai")->territory, "Russian Federation");
    end(&fixture);
}

static void a_file_may_be_plain_labels(void **state)
{
    struct fixture fixture = read_text("# Version 2026112200, Last Updated\n\nXA\nxb\nNO\nxa");

    (void)state;
    assert_int_equal(fixture.status, STATUS_OK);
    assert_int_equal(fixture.list.count, 3);
    assert_null(delegated_find(&fixture.list, "xa")->territory);
    assert_string_equal(delegated_find(&fixture.list, "no")->territory, "Norway");
    end(&fixture);
}

static void every_wrong_line_is_shown(void **state)
{
    struct fixture fixture = read_text("xa\nx_a\nco.uk\nxb\n");

    (void)state;
    assert_int_equal(fixture.status, STATUS_INVALID);
    assert_int_equal(diag_total(fixture.diag), 2);
    assert_int_equal(diag_at(fixture.diag, 0)->place.line, 2);
    assert_int_equal(diag_at(fixture.diag, 1)->place.line, 3);
    assert_string_equal(diag_at(fixture.diag, 1)->rule, "tlds-syntax");
    end(&fixture);
}

static void an_empty_list_is_refused(void **state)
{
    struct fixture fixture = read_text("# nothing\n");
    (void)state;
    assert_int_equal(fixture.status, STATUS_INVALID);
    end(&fixture);
    fixture = read_text("");
    assert_int_equal(fixture.status, STATUS_INVALID);
    assert_int_equal(diag_total(fixture.diag), 1);
    end(&fixture);
}

static void a_missing_file_is_refused(void **state)
{
    struct fixture fixture = start();
    const struct config config = {.tlds_file = "/nonexistent/list"};

    (void)state;
    assert_int_equal(delegated_read(&config, fixture.arena, fixture.diag, &fixture.list),
                     STATUS_INVALID);
    assert_int_equal(diag_total(fixture.diag), 1);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_builtin_list_is_whole), cmocka_unit_test(any_still_knows_territories),
        cmocka_unit_test(a_file_may_have_columns),   cmocka_unit_test(a_file_may_be_plain_labels),
        cmocka_unit_test(every_wrong_line_is_shown), cmocka_unit_test(an_empty_list_is_refused),
        cmocka_unit_test(a_missing_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
