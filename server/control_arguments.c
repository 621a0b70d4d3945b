#include "server/control_arguments.h"

#include "conf/config.h"
#include "conf/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t most; /* arguments */
} commands[] = {{"status", 0},      {"stats", 0},  {"reload", 0},
                {"secondaries", 1}, {"notify", 2}, {"log", 1}};

#define COMMANDS (sizeof commands / sizeof *commands)

static bool is(const char *word, const char *short_form, const char *long_form)
{
    return (short_form && strcmp(word, short_form) == 0) || strcmp(word, long_form) == 0;
}

/*
 * Takes an option with a value at `*at`: -c FILE, -cFILE, --config FILE, --config=FILE. False when
 * it is another one; a missing value is the empty one.
 */
static bool take_value(int count, char *const *words, int *at, const char *long_form,
                       const char **value)
{
    const char *word = words[*at];
    size_t length = strlen(long_form);
    bool has_short = strcmp(long_form, "--config") == 0;
    if (is(word, has_short ? "-c" : NULL, long_form))
        *value = *at + 1 < count ? words[++*at] : "";
    else if (strncmp(word, long_form, length) == 0 && word[length] == '=')
        *value = word + length + 1;
    else if (has_short && strncmp(word, "-c", 2) == 0)
        *value = word + 2;
    else
        return false;
    return true;
}

static bool take_option(int count, char *const *words, int *at, struct control_arguments *out)
{
    if (is(words[*at], "-h", "--help"))
        out->task = CONTROL_TASK_HELP;
    else if (is(words[*at], "-V", "--version"))
        out->task = out->task == CONTROL_TASK_HELP ? CONTROL_TASK_HELP : CONTROL_TASK_VERSION;
    else if (is(words[*at], NULL, "--json"))
        out->json = true;
    else
        return take_value(count, words, at, "--config", &out->config_path) ||
               take_value(count, words, at, "--socket", &out->socket_path);
    return true;
}

/* A request is one line with blanks between its words. */
static bool is_word(const char *word)
{
    for (const char *at = word; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return false;
    }
    return *word != '\0';
}

__attribute__((format(printf, 2, 3))) static enum status
refuse(char message[CONTROL_ARGUMENTS_MESSAGE_OCTETS], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, CONTROL_ARGUMENTS_MESSAGE_OCTETS, format, arguments);
    va_end(arguments);
    return STATUS_INVALID;
}

static enum status check_command(const struct control_arguments *arguments,
                                 char message[CONTROL_ARGUMENTS_MESSAGE_OCTETS])
{
    struct suggestion near;
    const char *command = arguments->words[0];
    suggest_start(&near, command);
    for (size_t i = 0; i < COMMANDS; i++) {
        suggest_candidate(&near, commands[i].name);
        if (strcmp(commands[i].name, command) != 0)
            continue;
        if (arguments->word_count - 1 <= commands[i].most)
            return STATUS_OK;
        return refuse(message, "'%.100s' is one too many for %s",
                      arguments->words[commands[i].most + 1], command);
    }
    return refuse(message, "unknown command '%.100s'%s%s%s", command,
                  near.best ? "; did you mean '" : "", near.best ? near.best : "",
                  near.best ? "'?" : "");
}

static enum status check(const struct control_arguments *arguments,
                         char message[CONTROL_ARGUMENTS_MESSAGE_OCTETS])
{
    if (arguments->config_path[0] == '\0')
        return refuse(message, "-c needs the name of a file");
    if (arguments->socket_path && arguments->socket_path[0] == '\0')
        return refuse(message, "--socket needs the path of a socket");
    if (arguments->task != CONTROL_TASK_ASK)
        return STATUS_OK;
    if (arguments->word_count == 0)
        return refuse(message, "no command given");
    return check_command(arguments, message);
}

enum status control_arguments_parse(int count, char *const *words, struct control_arguments *out,
                                    char message[CONTROL_ARGUMENTS_MESSAGE_OCTETS])
{
    bool options = true;
    *out = (struct control_arguments){.config_path = CONFIG_DEFAULT_PATH};
    for (int i = 1; i < count; i++) {
        const char *word = words[i];
        if (options && strcmp(word, "--") == 0)
            options = false;
        else if (options && word[0] == '-' && take_option(count, words, &i, out))
            continue;
        else if (options && word[0] == '-')
            return refuse(message, "unknown option '%.100s'", word);
        else if (!is_word(word))
            return refuse(message, "'%.100s' is empty or has a blank in it", word);
        else if (out->word_count == CONTROL_ARGUMENTS_WORDS)
            return refuse(message, "'%.100s' is one too many", word);
        else
            out->words[out->word_count++] = word;
    }
    return check(out, message);
}
