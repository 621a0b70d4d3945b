/*
 * Runs every NAME.conf of a folder through config_read and compares the diagnostics, in GNU form,
 * with NAME.expect. With UPDATE=1 in the environment the files are written instead: look at the
 * difference before it is committed.
 */
#include "conf_test.h"

#include "conf/config.h"
#include "conf/file.h"

#include <unistd.h>

static const char *folder;

static char *diagnose(const char *path)
{
    struct config *config = NULL;
    struct diag *diag = diag_create();
    enum status status = config_read(path, diag, &config);
    assert_int_equal(status == STATUS_OK, diag_count(diag, SEVERITY_ERROR) == 0);
    if (status == STATUS_OK)
        config_destroy(config);
    char *text = printed(diag, DIAG_GNU);
    diag_destroy(diag);
    return text;
}

/* NAME.expect for NAME.conf. */
static char *expectation_of(struct arena *arena, const char *path)
{
    return arena_format(arena, "%.*sexpect", (int)(strlen(path) - strlen("conf")), path);
}

static void write_expectation(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void every_configuration_has_the_expected_diagnostics(void **state)
{
    (void)state;
    static const char *const endings[] = {".conf", NULL};
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();
    char **paths = NULL;
    size_t count = 0;
    size_t differing = 0;
    /* Places name the files as they are opened: no folder, so that they are the same everywhere. */
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(file_list(".", endings, arena, diag, &paths, &count), STATUS_OK);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        const char *path = paths[i] + strlen("./");
        const char *expectation = expectation_of(arena, path);
        char *expected = NULL;
        size_t length = 0;
        char *found = diagnose(path);
        if (getenv("UPDATE") != NULL)
            write_expectation(expectation, found);
        if (file_read(expectation, 1 << 20, arena, diag, &expected, &length) != STATUS_OK ||
            strcmp(found, expected) != 0) {
            print_error("%s differs; found:\n%sexpected:\n%s", path, found,
                        expected != NULL ? expected : "nothing, there is no such file\n");
            differing++;
        }
        free(found);
    }
    assert_int_equal(differing, 0);
    diag_destroy(diag);
    arena_destroy(arena);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_configuration_has_the_expected_diagnostics),
    };
    if (argc != 2)
        return 64;
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
