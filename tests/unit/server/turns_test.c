#include "tests/unit/check.h"

#include "server/turns.h"

#include <event2/event.h>
#include <string.h>

/* A loop with turns, and an event that is always ready while `others` are left. */
struct busy {
    struct event_base *base;
    struct turns *turns;
    struct event *other;
    int others;
    char order[64]; /* which turns ran, and in it '.' when the others were done */
    struct turn a, b, c;
};

static struct busy busy;

static void note(char what)
{
    size_t at = strlen(busy.order);
    if (at + 1 < sizeof busy.order)
        busy.order[at] = what;
}

static void run(struct turn *turn)
{
    note(turn == &busy.a ? 'a' : turn == &busy.b ? 'b' : 'c');
}

static void add_other(void)
{
    const struct timeval at_once = {0, 0};
    event_add(busy.other, &at_once);
}

static void on_other(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    if (--busy.others > 0)
        add_other();
    else
        note('.');
}

static int setup(void **state)
{
    (void)state;
    memset(&busy, 0, sizeof busy);
    busy.base = event_base_new();
    assert_int_equal(turns_prepare(busy.base), STATUS_OK);
    busy.turns = turns_create(busy.base);
    busy.other = event_new(busy.base, -1, 0, on_other, NULL);
    busy.a.run = busy.b.run = busy.c.run = run;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    turns_destroy(busy.turns);
    event_free(busy.other);
    event_base_free(busy.base);
    return 0;
}

static void turns_are_taken_in_order_after_all_else(void **state)
{
    (void)state;
    turns_add(busy.turns, &busy.a, false);
    turns_add(busy.turns, &busy.b, false);
    turns_add(busy.turns, &busy.c, true);
    turns_add(busy.turns, &busy.a, true); /* it waits already */
    busy.others = 3;
    add_other();
    event_base_loop(busy.base, 0);
    assert_string_equal(busy.order, ".cab");
    assert_false(busy.a.waits);
}

static void run_again(struct turn *turn)
{
    run(turn);
    if (strlen(busy.order) < 6)
        turns_add(busy.turns, turn, true);
}

static void who_is_in_front_again_and_again_keeps_nobody_waiting(void **state)
{
    (void)state;
    busy.c.run = run_again;
    turns_add(busy.turns, &busy.a, false);
    turns_add(busy.turns, &busy.b, false);
    turns_add(busy.turns, &busy.c, true);
    event_base_loop(busy.base, 0);
    assert_string_equal(busy.order, "cacbcc");
}

static void who_is_removed_has_none(void **state)
{
    (void)state;
    turns_add(busy.turns, &busy.a, false);
    turns_add(busy.turns, &busy.b, false);
    turns_remove(busy.turns, &busy.a);
    turns_remove(busy.turns, &busy.c);
    event_base_loop(busy.base, 0);
    assert_string_equal(busy.order, "b");
}

static void spin(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    if (!strchr(busy.order, 'b'))
        add_other();
}

static void a_loop_that_is_never_idle_gives_turns_all_the_same(void **state)
{
    (void)state;
    event_free(busy.other);
    busy.other = event_new(busy.base, -1, 0, spin, NULL);
    turns_add(busy.turns, &busy.a, false);
    turns_add(busy.turns, &busy.b, false);
    add_other();
    event_base_loop(busy.base, 0); /* ends, since both have theirs */
    assert_string_equal(busy.order, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(turns_are_taken_in_order_after_all_else, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_in_front_again_and_again_keeps_nobody_waiting, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_is_removed_has_none, setup, teardown),
        cmocka_unit_test_setup_teardown(a_loop_that_is_never_idle_gives_turns_all_the_same, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
