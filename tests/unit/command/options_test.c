/* The arguments of zonegen, taken apart. */
#include "command/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define MAX_ARGUMENTS 14

/* Takes "zonegen" and the words of a line apart; the words live in `line`. */
static enum status parse(char *line, struct options *out, char message[OPTIONS_MESSAGE_OCTETS])
{
    static char program[] = "zonegen";
    char *argv[MAX_ARGUMENTS + 1] = {program};
    int argc = 1;
    char *rest = NULL;

    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc < MAX_ARGUMENTS);
        argv[argc++] = word;
    }
    enum status status = options_parse(argc, argv, out, message);
    /* argv ends here: what is kept of it must be words, which outlive it. */
    static const char *kept[MAX_ARGUMENTS];
    for (size_t i = 0; status == STATUS_OK && i < out->operand_count; i++)
        kept[i] = out->operands[i];
    out->operands = kept;
    return status;
}

static void each_command_is_known_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum command command;
    } cases[] = {
        {"check", COMMAND_CHECK},
        {"plan", COMMAND_PLAN},
        {"publish", COMMAND_PUBLISH},
        {"export", COMMAND_EXPORT},
        {"restore f", COMMAND_RESTORE},
        {"report", COMMAND_REPORT},
        {"--help", COMMAND_HELP},
        {"-h", COMMAND_HELP},
        {"--version", COMMAND_VERSION},
        {"-V", COMMAND_VERSION},
        {"check --help", COMMAND_HELP},
        {"help", COMMAND_HELP},
        {"help check", COMMAND_HELP},
        {"key generate", COMMAND_KEY_GENERATE},
        {"key list", COMMAND_KEY_LIST},
        {"key ds", COMMAND_KEY_DS},
        {"key import f", COMMAND_KEY_IMPORT},
        {"key roll", COMMAND_KEY_ROLL},
        {"key tsig n", COMMAND_KEY_TSIG},
        {"secondary nsd", COMMAND_SECONDARY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[64];
        char message[OPTIONS_MESSAGE_OCTETS] = "";
        struct options options;
        snprintf(line, sizeof line, "%s", cases[i].line);
        assert_int_equal(parse(line, &options, message), STATUS_OK);
        assert_int_equal(options.command, cases[i].command);
    }
}

static void options_stand_anywhere_after_the_command(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "check -c a.conf --format json x y",
        "check x -c a.conf y --format json",
        "check x y --format=json -ca.conf",
        "check x --format gnu y --format json -c b.conf -c a.conf",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char line[80];
        char message[OPTIONS_MESSAGE_OCTETS] = "";
        struct options options;
        snprintf(line, sizeof line, "%s", lines[i]);
        assert_int_equal(parse(line, &options, message), STATUS_OK);
        assert_string_equal(options.config, "a.conf");
        assert_int_equal(options.format, FORMAT_JSON);
        assert_int_equal(options.operand_count, 2);
        assert_string_equal(options.operands[0], "x");
        assert_string_equal(options.operands[1], "y");
    }
}

static void options_stand_between_the_words_of_a_command_too(void **state)
{
    (void)state;
    char line[] = "--spare key --zsk generate -c a.conf zone";
    char message[OPTIONS_MESSAGE_OCTETS] = "";
    struct options options;
    assert_int_equal(parse(line, &options, message), STATUS_OK);
    assert_int_equal(options.command, COMMAND_KEY_GENERATE);
    assert_true(options.spare && options.zsk);
    assert_false(options.ksk || options.force || options.sha384 || options.signal);
    assert_int_equal(options.operand_count, 1);
    assert_string_equal(options.operands[0], "zone");
}

static void two_dashes_end_options_and_one_is_an_operand(void **state)
{
    (void)state;
    char line[] = "check - -- --format -c";
    char message[OPTIONS_MESSAGE_OCTETS] = "";
    struct options options;
    assert_int_equal(parse(line, &options, message), STATUS_OK);
    assert_int_equal(options.operand_count, 3);
    assert_string_equal(options.operands[0], "-");
    assert_string_equal(options.operands[1], "--format");
    assert_string_equal(options.operands[2], "-c");
    assert_null(options.config);
}

static void defaults_are_each_commands_own(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum output_format format;
    } cases[] = {{"check", FORMAT_GNU}, {"export", FORMAT_ZONE}, {"report", FORMAT_TEXT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[64];
        char message[OPTIONS_MESSAGE_OCTETS] = "";
        struct options options;
        snprintf(line, sizeof line, "%s", cases[i].line);
        assert_int_equal(parse(line, &options, message), STATUS_OK);
        assert_int_equal(options.format, cases[i].format);
        assert_false(options.force);
        assert_false(options.now_given);
    }
}

static void an_address_may_be_given_several_times(void **state)
{
    (void)state;
    char line[] = "secondary --address 192.0.2.1 nsd --remote a --address=::1@5 --remote b z";
    char message[OPTIONS_MESSAGE_OCTETS] = "";
    struct options options;
    assert_int_equal(parse(line, &options, message), STATUS_OK);
    assert_int_equal(options.address_count, 2);
    assert_string_equal(options.addresses[0], "192.0.2.1");
    assert_string_equal(options.addresses[1], "::1@5");
    assert_string_equal(options.remote, "b");
    assert_int_equal(options.operand_count, 2);

    char many[16 + 12 * OPTIONS_MAX_ADDRESSES + 12] = "secondary nsd";
    for (size_t i = 0; i <= OPTIONS_MAX_ADDRESSES; i++)
        strcat(many, " --address=1");
    assert_int_equal(parse(many, &options, message), STATUS_INVALID);
    assert_string_equal(message, "more than 8 --address");
}

static void now_is_read_at_once(void **state)
{
    (void)state;
    char line[] = "plan --now 2026-03-01T00:00:01Z";
    char message[OPTIONS_MESSAGE_OCTETS] = "";
    struct options options;
    assert_int_equal(parse(line, &options, message), STATUS_OK);
    assert_true(options.now_given);
    assert_int_equal(options.now, 1772323201);
}

static void what_a_command_does_not_take_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *message;
    } cases[] = {
        {"", "no command given"},
        {"-c x", "no command given"},
        {"publsh", "unknown command 'publsh'"},
        {"rollback", "rollback needs SERIAL [ZONE]"},
        {"verify now", "'now' is one too many for verify"},
        {"verfy", "unknown command 'verfy'"},
        {"rollbak 7", "unknown command 'rollbak'"},
        {"key", "key needs one of: generate, list, ds, import, roll, tsig"},
        {"key lst", "unknown command 'key lst'; key has: generate, list, ds, import, roll, tsig"},
        {"ke", "unknown command 'ke'"},
        {"key import", "key import needs FILE [ZONE]"},
        {"key list a b", "'b' is one too many for key list"},
        {"key list --spare", "key list does not take --spare"},
        {"key generate --format json", "key generate does not take --format"},
        {"key generate --spare --ksk --zsk", "key generate takes one of --ksk and --zsk"},
        {"key ds --signals", "unknown option '--signals'"},
        {"key roll --status --abort", "key roll takes one of --status and --abort"},
        {"key roll --status --double-ds",
         "key roll takes --ksk, --zsk and --double-ds only to begin a roll"},
        {"key roll a b", "'b' is one too many for key roll"},
        {"check --ksk", "check does not take --ksk"},
        {"check --strict", "unknown option '--strict'"},
        {"check -x", "unknown option '-x'"},
        {"check --nowish 2026-01-01", "unknown option '--nowish'"},
        {"check -c", "option '-c' needs a value"},
        {"check --format", "option '--format' needs a value"},
        {"check --format=", "option '--format=' needs a value"},
        {"check --format xml", "unknown format 'xml' for check"},
        {"check --format zone", "unknown format 'zone' for check"},
        {"export --format gnu", "unknown format 'gnu' for export"},
        {"plan --now soon", "'soon' is no time; write YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ"},
        {"plan --format json", "plan does not take --format"},
        {"plan --force", "plan does not take --force"},
        {"check --force", "check does not take --force"},
        {"export --now 2026-01-01", "export does not take --now"},
        {"restore --now 2026-01-01 f", "restore does not take --now"},
        {"plan x", "'x' is one too many for plan"},
        {"report x", "'x' is one too many for report"},
        {"export a b", "'b' is one too many for export"},
        {"restore", "restore needs FILE [ZONE]"},
        {"restore a b c", "'c' is one too many for restore"},
        {"secondary", "secondary needs nsd|knot|bind|powerdns|unbound [ZONE ...]"},
        {"secondary nsd --with-secrets --only-secrets",
         "secondary takes one of --with-secrets and --only-secrets"},
        {"plan --remote a", "plan does not take --remote"},
        {"secondary nsd --dir", "option '--dir' needs a value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[64];
        char message[OPTIONS_MESSAGE_OCTETS] = "";
        struct options options;
        snprintf(line, sizeof line, "%s", cases[i].line);
        assert_int_equal(parse(line, &options, message), STATUS_INVALID);
        assert_string_equal(message, cases[i].message);
    }
}

static void a_long_argument_is_cut_in_the_message(void **state)
{
    (void)state;
    static char program[] = "zonegen";
    char word[4096];
    char *argv[] = {program, word, NULL};
    char message[OPTIONS_MESSAGE_OCTETS] = "";
    struct options options;
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_int_equal(options_parse(2, argv, &options, message), STATUS_INVALID);
    assert_int_equal(strlen(message), OPTIONS_MESSAGE_OCTETS - 1);
}

static void no_arguments_at_all_is_no_crash(void **state)
{
    (void)state;
    char *argv[] = {NULL};
    char message[OPTIONS_MESSAGE_OCTETS] = "";
    struct options options;
    assert_int_equal(options_parse(0, argv, &options, message), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_is_known_by_its_name),
        cmocka_unit_test(options_stand_anywhere_after_the_command),
        cmocka_unit_test(options_stand_between_the_words_of_a_command_too),
        cmocka_unit_test(two_dashes_end_options_and_one_is_an_operand),
        cmocka_unit_test(defaults_are_each_commands_own),
        cmocka_unit_test(an_address_may_be_given_several_times),
        cmocka_unit_test(now_is_read_at_once),
        cmocka_unit_test(what_a_command_does_not_take_is_named),
        cmocka_unit_test(a_long_argument_is_cut_in_the_message),
        cmocka_unit_test(no_arguments_at_all_is_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
