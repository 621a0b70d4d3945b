#include "tests/unit/check.h"

#include "server/control_arguments.h"

#include "conf/config.h"
#include "server/control_command.h"

#include <string.h>

#define WORDS 8

static enum status parse(char *const *words, struct control_arguments *out)
{
    char message[CONTROL_ARGUMENTS_MESSAGE_OCTETS] = "";
    int count = 0;
    while (words[count])
        count++;
    enum status status = control_arguments_parse(count, words, out, message);
    assert_int_equal(status == STATUS_OK, message[0] == '\0');
    return status;
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    char *const lines[][WORDS] = {
        {"contactctl", "-c", "f", "--json", "notify", "a", "b", NULL},
        {"contactctl", "notify", "--json", "a", "b", "-cf", NULL},
        {"contactctl", "--config=f", "notify", "a", "--json", "b", NULL},
        {"contactctl", "--json", "--config", "f", "--", "notify", "a", "b"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct control_arguments arguments;
        char message[CONTROL_ARGUMENTS_MESSAGE_OCTETS];
        int count = 0;
        while (count < WORDS && lines[i][count])
            count++;
        assert_int_equal(control_arguments_parse(count, lines[i], &arguments, message), STATUS_OK);
        assert_int_equal(arguments.task, CONTROL_TASK_ASK);
        assert_string_equal(arguments.config_path, "f");
        assert_null(arguments.socket_path);
        assert_true(arguments.json);
        assert_int_equal(arguments.word_count, 3);
        assert_string_equal(arguments.words[0], "notify");
        assert_string_equal(arguments.words[2], "b");
    }
}

static void defaults_and_the_socket(void **state)
{
    (void)state;
    struct control_arguments arguments;
    assert_int_equal(parse((char *[]){"contactctl", "stats", NULL}, &arguments), STATUS_OK);
    assert_string_equal(arguments.config_path, CONFIG_DEFAULT_PATH);
    assert_false(arguments.json);
    assert_int_equal(parse((char *[]){"contactctl", "--socket=x", "stats", NULL}, &arguments),
                     STATUS_OK);
    assert_string_equal(arguments.socket_path, "x");
    assert_int_equal(parse((char *[]){"contactctl", "-V", "-h", NULL}, &arguments), STATUS_OK);
    assert_int_equal(arguments.task, CONTROL_TASK_HELP);
}

static void what_could_end_a_request_is_no_word(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", " ", "a b", "a\nb", "a\t", "\x7f", "-x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct control_arguments arguments;
        char word[8];
        strcpy(word, wrong[i]);
        assert_int_equal(parse((char *[]){"contactctl", "notify", word, NULL}, &arguments),
                         STATUS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),
        cmocka_unit_test(defaults_and_the_socket),
        cmocka_unit_test(what_could_end_a_request_is_no_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
