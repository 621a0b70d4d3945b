#include "conf_test.h"

#include "conf/file.h"

#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test, removed with all that the tests put there. */
static char folder[] = "/tmp/conf-file-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {
        "b.yaml", "a.yml",  ".c.yaml", "d.txt", "e.yaml/f.yaml", "odd/a.txt", "odd/not-looked-at",
        "odd",    "e.yaml", "g.yaml",  ".yaml", "secret"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove(names[i]);
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void put(const char *path, const char *octets, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void a_file_is_read_whole_with_a_nul_behind(void **state)
{
    (void)state;
    static char large[100000];
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();
    char *octets = NULL;
    size_t length = 0;
    memset(large, 'x', sizeof large);
    static const size_t lengths[] = {0, 1, 4095, 4096, 4097, sizeof large};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        put("d.txt", large, lengths[i]);
        assert_int_equal(file_read("d.txt", lengths[i], arena, diag, &octets, &length), STATUS_OK);
        assert_int_equal(length, lengths[i]);
        assert_memory_equal(octets, large, length);
        assert_int_equal(octets[length], '\0');
    }
    assert_int_equal(diag_total(diag), 0);
    diag_destroy(diag);
    arena_destroy(arena);
}

/* Reading a pipe that nobody writes to would take for ever. */
static void a_folder_with_a_pipe_is_refused(void **state)
{
    static const char *const endings[] = {".txt", NULL};
    (void)state;
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();
    struct file_survey survey;
    assert_int_equal(mkdir("odd", 0755), 0);
    put("odd/a.txt", "1", 1);
    assert_int_equal(mkfifo("odd/b.txt", 0644), 0);
    assert_int_equal(mkfifo("odd/not-looked-at", 0644), 0);
    assert_int_equal(file_survey("odd", endings, arena, diag, &survey), STATUS_INVALID);
    char *text = printed(diag, DIAG_GNU);
    assert_string_equal(text, "odd/b.txt: error: it is a pipe, a socket or a device, not a file; "
                              "remove it [file-kind]\n");
    free(text);
    assert_int_equal(unlink("odd/b.txt"), 0);
    assert_int_equal(file_survey("odd", endings, arena, diag, &survey), STATUS_OK);
    assert_int_equal(survey.count, 1);
    diag_destroy(diag);
    arena_destroy(arena);
}

static void what_cannot_be_read_is_named_with_the_reason(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();
    char *octets = NULL;
    size_t length = 0;
    put("d.txt", "12345", 5);
    assert_int_equal(file_read("nosuch", 9, arena, diag, &octets, &length), STATUS_INVALID);
    assert_int_equal(file_read("/", 9, arena, diag, &octets, &length), STATUS_INVALID);
    assert_int_equal(file_read("d.txt", 4, arena, diag, &octets, &length), STATUS_INVALID);
    assert_int_equal(file_read("d.txt/x", 9, arena, diag, &octets, &length), STATUS_INVALID);
    char *text = printed(diag, DIAG_GNU);
    assert_string_equal(text, "/: error: it is a folder, not a file [file-kind]\n"
                              "d.txt: error: larger than 4 octets [file-size]\n"
                              "d.txt/x: error: it is not a folder, or does not lie in one "
                              "[file-kind]\n"
                              "nosuch: error: no such file or folder [file-missing]\n");
    free(text);
    assert_null(octets);
    diag_destroy(diag);
    arena_destroy(arena);
}

static void an_unreadable_file_is_named_with_the_reason(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root reads everything */
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();
    char *octets = NULL;
    size_t length = 0;
    put("secret", "x", 1);
    assert_int_equal(chmod("secret", 0), 0);
    assert_int_equal(file_read("secret", 9, arena, diag, &octets, &length), STATUS_INVALID);
    assert_string_equal(diag_at(diag, 0)->rule, "file-permission");
    diag_destroy(diag);
    arena_destroy(arena);
}

static void a_folder_lists_its_files_by_ending_in_order(void **state)
{
    (void)state;
    static const char *const endings[] = {".yaml", ".yml", NULL};
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();
    char **paths = NULL;
    size_t count = 0;
    static const char *const names[] = {"b.yaml", "a.yml", ".c.yaml", "d.txt", ".yaml"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(names[i], "", 0);
    assert_int_equal(mkdir("e.yaml", 0700), 0);
    put("e.yaml/f.yaml", "", 0);
    assert_int_equal(symlink("nowhere", "g.yaml"), 0);
    assert_int_equal(file_list(".", endings, arena, diag, &paths, &count), STATUS_OK);
    assert_int_equal(count, 3);
    assert_string_equal(paths[0], "./a.yml");
    assert_string_equal(paths[1], "./b.yaml");
    assert_string_equal(paths[2], "./g.yaml"); /* reading it says that it leads nowhere */
    assert_int_equal(file_list("e.yaml/", endings, arena, diag, &paths, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_string_equal(paths[0], "e.yaml/f.yaml");
    assert_int_equal(diag_total(diag), 0);
    assert_int_equal(file_list("nosuch", endings, arena, diag, &paths, &count), STATUS_INVALID);
    assert_int_equal(file_list("d.txt", endings, arena, diag, &paths, &count), STATUS_INVALID);
    assert_int_equal(diag_count(diag, SEVERITY_ERROR), 2);
    diag_destroy(diag);
    arena_destroy(arena);
}

static void a_path_is_relative_to_the_file_that_names_it(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    assert_string_equal(file_beside(arena, "/etc/x.conf", "a/b"), "/etc/a/b");
    assert_string_equal(file_beside(arena, "/x.conf", "a"), "/a");
    assert_string_equal(file_beside(arena, "x.conf", "a"), "a");
    assert_string_equal(file_beside(arena, "c/x.conf", "/a"), "/a");
    assert_string_equal(file_beside(arena, "c/x.conf", "../a"), "c/../a");
    assert_string_equal(file_beside(arena, NULL, "a"), "a");
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole_with_a_nul_behind),
        cmocka_unit_test(a_folder_with_a_pipe_is_refused),
        cmocka_unit_test(what_cannot_be_read_is_named_with_the_reason),
        cmocka_unit_test(an_unreadable_file_is_named_with_the_reason),
        cmocka_unit_test(a_folder_lists_its_files_by_ending_in_order),
        cmocka_unit_test(a_path_is_relative_to_the_file_that_names_it),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
