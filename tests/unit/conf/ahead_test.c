#include "conf_test.h"

#include "conf/ahead.h"

#include <errno.h>
#include <stdatomic.h>

#define PIECES 5000

/* Writes the number of each piece to its place; fails at one of them. */
struct task {
    size_t places;
    size_t fails_at; /* PIECES: nowhere */
    size_t made[64];
    atomic_bool is_busy[64];
    atomic_size_t done;
};

static enum status work(void *state, size_t place, size_t piece)
{
    struct task *task = state;

    assert_true(place < task->places);
    assert_false(atomic_exchange(&task->is_busy[place], true));
    task->made[place] = piece;
    atomic_fetch_add(&task->done, 1);
    atomic_store(&task->is_busy[place], false);
    if (piece == task->fails_at)
        errno = ENOMEM;
    return piece == task->fails_at ? STATUS_SYSTEM : STATUS_OK;
}

static struct ahead *begin(struct task *task, unsigned threads)
{
    const struct ahead_rules rules = {PIECES, threads, work, task};
    struct ahead *ahead = NULL;

    task->places = ahead_places(threads);
    assert_true(task->places <= sizeof task->made / sizeof task->made[0]);
    assert_int_equal(ahead_open(&rules, &ahead), STATUS_OK);
    return ahead;
}

static void pieces_come_in_order_whoever_does_them(void **state)
{
    (void)state;

    for (unsigned threads = 0; threads <= 5; threads++) {
        struct task task = {.fails_at = PIECES};
        struct ahead *ahead = begin(&task, threads);
        size_t place = 0;
        for (size_t n = 0; n < PIECES; n++) {
            assert_int_equal(ahead_take(ahead, &place), STATUS_OK);
            assert_int_equal(task.made[place], n);
        }
        assert_int_equal(ahead_take(ahead, &place), STATUS_NOT_FOUND);
        ahead_close(ahead);
        assert_int_equal(atomic_load(&task.done), PIECES);
    }
}

static void a_piece_that_fails_is_told_when_it_is_taken(void **state)
{
    (void)state;

    for (unsigned threads = 0; threads <= 3; threads += 3) {
        struct task task = {.fails_at = 100};
        struct ahead *ahead = begin(&task, threads);
        size_t place = 0;
        for (size_t n = 0; n < 100; n++)
            assert_int_equal(ahead_take(ahead, &place), STATUS_OK);
        errno = 0;
        assert_int_equal(ahead_take(ahead, &place), STATUS_SYSTEM);
        assert_int_equal(errno, ENOMEM);
        ahead_close(ahead);
    }
}

static void no_more_is_done_than_there_are_places(void **state)
{
    (void)state;
    struct task task = {.fails_at = PIECES};
    struct ahead *ahead = begin(&task, 3);
    size_t place = 0;

    for (size_t n = 0; n < 10; n++)
        assert_int_equal(ahead_take(ahead, &place), STATUS_OK);
    ahead_close(ahead); /* also with pieces left */
    assert_in_range(atomic_load(&task.done), 10, 9 + ahead_places(3));
}

static void without_pieces_there_is_nothing_to_take(void **state)
{
    (void)state;
    const struct ahead_rules rules = {0, 2, work, NULL};
    struct ahead *ahead = NULL;
    size_t place;

    assert_int_equal(ahead_open(&rules, &ahead), STATUS_OK);
    assert_int_equal(ahead_take(ahead, &place), STATUS_NOT_FOUND);
    ahead_close(ahead);
    ahead_close(NULL);
}

static void few_items_are_worth_no_thread(void **state)
{
    (void)state;

    assert_int_equal(ahead_threads(0, 100), 0);
    assert_int_equal(ahead_threads(199, 100), 0);
    assert_in_range(ahead_threads(200, 100), 0, 1);
    assert_in_range(ahead_threads(SIZE_MAX, 1), 0, AHEAD_MAX_THREADS);
    assert_int_equal(ahead_places(0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_in_order_whoever_does_them),
        cmocka_unit_test(a_piece_that_fails_is_told_when_it_is_taken),
        cmocka_unit_test(no_more_is_done_than_there_are_places),
        cmocka_unit_test(without_pieces_there_is_nothing_to_take),
        cmocka_unit_test(few_items_are_worth_no_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
