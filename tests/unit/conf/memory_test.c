/*
 * Memory that runs out at the n-th allocation, for every n: each reading ends in a refusal, never
 * in a crash, a leak or half of a configuration. The linker leads our calls here (--wrap); those
 * inside libyaml and libc are not touched.
 */
#include "conf_test.h"

#include "conf/config.h"
#include "conf/file.h"
#include "conf/yaml.h"

#include <limits.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

static long allowed = LONG_MAX; /* allocations that still succeed; all of them fail after that */
static const char *folder;

static bool refuses(void)
{
    if (allowed == LONG_MAX)
        return false;
    return allowed-- <= 0;
}

void *__wrap_malloc(size_t size)
{
    return refuses() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuses() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refuses() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return refuses() ? NULL : __real_reallocarray(old, count, size);
}

/* A reading with `n` allocations; true when that was enough. */
static bool read_with(const char *path, long n)
{
    struct config *config = NULL;
    struct diag *diag = diag_create();
    assert_non_null(diag);
    allowed = n;
    enum status status = config_read(path, diag, &config);
    allowed = LONG_MAX;
    if (status == STATUS_OK)
        config_destroy(config);
    else
        assert_true(status == STATUS_SYSTEM || diag_count(diag, SEVERITY_ERROR) > 0);
    diag_destroy(diag);
    return status == STATUS_OK;
}

static void a_configuration_is_read_whole_or_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"contactd.conf", "demo.conf", "primary.conf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[4096];
        long n = 0;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        while (!read_with(path, n))
            n++;
        assert_in_range(n, 4, 1000);
    }
}

static void errors_are_counted_when_their_text_cannot_be_kept(void **state)
{
    (void)state;
    struct diag *diag = diag_create();
    allowed = 0;
    diag_error(diag, ((struct place){"f", 1, 1}), "r", "first");
    allowed = LONG_MAX;
    diag_error(diag, ((struct place){"f", 2, 1}), "r", "second");
    assert_int_equal(diag_count(diag, SEVERITY_ERROR), 2);
    assert_int_equal(diag_total(diag), 1);
    char *text = printed(diag, DIAG_GNU);
    assert_string_equal(text, "f:2:1: error: second [r]\n"
                              "error: out of memory, messages are missing here\n");
    free(text);
    diag_destroy(diag);
}

static void a_document_is_read_whole_or_refused(void **state)
{
    (void)state;
    static const char text[] = "a: [b, c, d, e, f, g]\n\"\xe9\": &x {h: i, h: j}\nk: l #m\n"
                               "n: *o\n? [p]\n: q\n";
    for (long n = 0; n < 30; n++) {
        struct diag *diag = diag_create();
        struct arena *arena = arena_create();
        struct yaml_node *root;
        allowed = n;
        enum status status = yaml_parse("f", text, sizeof text - 1, arena, diag, &root);
        allowed = LONG_MAX;
        assert_true(status != STATUS_OK);
        assert_true(status == STATUS_SYSTEM || diag_count(diag, SEVERITY_ERROR) == 6);
        arena_destroy(arena);
        diag_destroy(diag);
    }
}

static void a_folder_is_listed_whole_or_refused(void **state)
{
    (void)state;
    static const char *const endings[] = {".conf", NULL};
    for (long n = 0; n < 10; n++) {
        struct diag *diag = diag_create();
        struct arena *arena = arena_create();
        char **paths = NULL;
        size_t count = 0;
        allowed = n;
        enum status status = file_list(folder, endings, arena, diag, &paths, &count);
        allowed = LONG_MAX;
        assert_true(status == STATUS_OK ? count >= 3 : diag_count(diag, SEVERITY_ERROR) == 1);
        arena_destroy(arena);
        diag_destroy(diag);
    }
}

static void nothing_is_created_without_memory(void **state)
{
    (void)state;
    for (long n = 0; n < 2; n++) {
        allowed = n;
        struct diag *diag = diag_create();
        struct arena *arena = arena_create();
        allowed = LONG_MAX;
        assert_null(diag);
        assert_null(arena);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_is_read_whole_or_refused),
        cmocka_unit_test(errors_are_counted_when_their_text_cannot_be_kept),
        cmocka_unit_test(a_document_is_read_whole_or_refused),
        cmocka_unit_test(a_folder_is_listed_whole_or_refused),
        cmocka_unit_test(nothing_is_created_without_memory),
    };
    if (argc != 2)
        return 64;
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
