#include "conf_test.h"

#include "conf/arena.h"
#include "conf/memory.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    for (size_t size = 0; size < 300; size++) {
        unsigned char *octets = arena_alloc(arena, size);
        assert_non_null(octets);
        assert_int_equal((uintptr_t)octets % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(octets[i], 0);
        memset(octets, 0xff, size);
    }
    arena_destroy(arena);
}

static void objects_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    static char *texts[COUNT];
    struct arena *arena = arena_create();
    for (int i = 0; i < COUNT; i++)
        texts[i] = arena_format(arena, "%d%*s", i, i % 90, "");
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(atoi(texts[i]), i);
    arena_destroy(arena);
}

static void an_object_larger_than_any_chunk_is_given(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    size_t size = (size_t)5 << 20;
    char *large = arena_alloc(arena, size);
    assert_non_null(large);
    large[size - 1] = 'x';
    assert_non_null(arena_alloc(arena, 10));
    assert_true(arena_used(arena) >= size + 10);
    arena_destroy(arena);
}

static void a_copy_ends_in_nul(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    const char octets[] = {'a', '\0', 'b'};
    char *copy = arena_copy(arena, octets, sizeof octets);
    assert_memory_equal(copy, "a\0b\0", 4);
    assert_string_equal(arena_copy(arena, NULL, 0), "");
    arena_destroy(arena);
}

static void a_reset_gives_the_same_memory_again(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    for (int round = 0; round < 3; round++) {
        static void *first[100];
        for (size_t i = 0; i < 100; i++) {
            char *octets = arena_alloc(arena, 1000 + i);
            assert_non_null(octets);
            assert_int_equal(octets[0], 0);
            memset(octets, 'x', 1000 + i);
            if (round == 0)
                first[i] = octets;
            assert_ptr_equal(octets, first[i]);
        }
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    arena_destroy(arena);
}

static void an_impossible_size_is_refused_and_remembered(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_false(arena_failed(arena));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_copy(arena, "", SIZE_MAX));
    assert_true(arena_failed(arena));
    assert_non_null(arena_alloc(arena, 1));
    assert_true(arena_failed(arena));
    arena_reset(arena);
    assert_false(arena_failed(arena));
    arena_destroy(arena);
    arena_destroy(NULL);
}

/* A global: whoever ends a process is given nothing. */
static unsigned ends;

static void count_end(void)
{
    ends++;
}

static void without_memory_a_process_may_end(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    memory_end_without(count_end);
    assert_non_null(arena_alloc(arena, 1));
    assert_int_equal(ends, 0);
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_int_equal(ends, 1);
    memory_end_without(NULL);
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_int_equal(ends, 1);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(objects_do_not_overlap),
        cmocka_unit_test(an_object_larger_than_any_chunk_is_given),
        cmocka_unit_test(a_copy_ends_in_nul),
        cmocka_unit_test(a_reset_gives_the_same_memory_again),
        cmocka_unit_test(an_impossible_size_is_refused_and_remembered),
        cmocka_unit_test(without_memory_a_process_may_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
