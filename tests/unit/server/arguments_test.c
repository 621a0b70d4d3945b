#include "tests/unit/check.h"

#include "conf/config.h"
#include "server/arguments.h"

#include <string.h>

#define WORDS(...)      ((const char *const[]){"contactd", __VA_ARGS__})
#define PARSE(out, ...) parse((out), sizeof WORDS(__VA_ARGS__) / sizeof(char *), WORDS(__VA_ARGS__))

static enum status parse(struct arguments *out, size_t count, const char *const *words)
{
    char *copies[8] = {0};
    char storage[8][64];
    char message[ARGUMENTS_MESSAGE_OCTETS] = "";
    for (size_t i = 0; i < count; i++) {
        strcpy(storage[i], words[i]);
        copies[i] = storage[i];
    }
    enum status status = arguments_parse((int)count, copies, out, message);
    assert_int_equal(message[0] != '\0', status != STATUS_OK);
    return status;
}

static void nothing_means_serve_from_the_default_file(void **state)
{
    (void)state;
    char word[] = "contactd";
    char *words[] = {word};
    char message[ARGUMENTS_MESSAGE_OCTETS];
    struct arguments arguments;
    assert_int_equal(arguments_parse(1, words, &arguments, message), STATUS_OK);
    assert_int_equal(arguments.task, TASK_SERVE);
    assert_string_equal(arguments.config_path, CONFIG_DEFAULT_PATH);
}

static void options_stand_in_any_order(void **state)
{
    (void)state;
    struct arguments arguments;
    assert_int_equal(PARSE(&arguments, "--check", "-c", "a"), STATUS_OK);
    assert_int_equal(arguments.task, TASK_CHECK);
    assert_int_equal(PARSE(&arguments, "-c", "a", "--check"), STATUS_OK);
    assert_int_equal(arguments.task, TASK_CHECK);
    assert_int_equal(PARSE(&arguments, "-V", "-h", "--check"), STATUS_OK);
    assert_int_equal(arguments.task, TASK_HELP);
    assert_int_equal(PARSE(&arguments, "--version", "--check"), STATUS_OK);
    assert_int_equal(arguments.task, TASK_VERSION);
}

static void a_file_is_taken_in_every_usual_form(void **state)
{
    (void)state;
    struct arguments arguments;
    char message[ARGUMENTS_MESSAGE_OCTETS];
    char program[] = "contactd", c[] = "-c", joined[] = "-cfile", word[] = "file";
    char long_form[] = "--config", long_joined[] = "--config=file";
    char *forms[][3] = {
        {program, c, word}, {program, long_form, word}, {program, joined}, {program, long_joined}};
    for (size_t i = 0; i < 4; i++) {
        int count = i < 2 ? 3 : 2;
        assert_int_equal(arguments_parse(count, forms[i], &arguments, message), STATUS_OK);
        assert_string_equal(arguments.config_path, "file");
    }
}

static void what_is_not_known_is_refused(void **state)
{
    (void)state;
    struct arguments arguments;
    assert_int_equal(PARSE(&arguments, "--chek"), STATUS_INVALID);
    assert_int_equal(PARSE(&arguments, "-x"), STATUS_INVALID);
    assert_int_equal(PARSE(&arguments, "file"), STATUS_INVALID);
    assert_int_equal(PARSE(&arguments, "-"), STATUS_INVALID);
    assert_int_equal(PARSE(&arguments, "--check", "-c"), STATUS_INVALID);
    assert_int_equal(PARSE(&arguments, "-c", ""), STATUS_INVALID);
    assert_int_equal(PARSE(&arguments, "--config="), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_means_serve_from_the_default_file),
        cmocka_unit_test(options_stand_in_any_order),
        cmocka_unit_test(a_file_is_taken_in_every_usual_form),
        cmocka_unit_test(what_is_not_known_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
