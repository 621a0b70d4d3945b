#include "command/options.h"

#include "command/now.h"

#include <stdarg.h>
#include <string.h>

enum option { OPTION_FORMAT = 1, OPTION_FORCE = 2, OPTION_NOW = 4 };

#define MAX_FORMATS 4

struct format_name {
    const char *text;
    enum output_format format;
};

/* What one command accepts; -c goes with all of them. */
struct command_rules {
    const char *name;
    unsigned options;                        /* enum option, or-ed */
    size_t least, most;                      /* operands */
    struct format_name formats[MAX_FORMATS]; /* the first is the default */
    const char *operands;
};

/* Indexed by enum command. */
static const struct command_rules commands[] = {
    [COMMAND_CHECK] = {"check",
                       OPTION_FORMAT | OPTION_NOW,
                       0,
                       SIZE_MAX,
                       {{"gnu", FORMAT_GNU}, {"json", FORMAT_JSON}, {"github", FORMAT_GITHUB}},
                       "[PATH ...]"},
    [COMMAND_PLAN] = {.name = "plan", .options = OPTION_NOW, .operands = ""},
    [COMMAND_PUBLISH] = {.name = "publish",
                         .options = OPTION_FORCE | OPTION_NOW,
                         .most = SIZE_MAX,
                         .operands = "[PATH ...]"},
    [COMMAND_EXPORT] =
        {"export",
         OPTION_FORMAT,
         0,
         1,
         {{"zone", FORMAT_ZONE}, {"text", FORMAT_TEXT}, {"csv", FORMAT_CSV}, {"json", FORMAT_JSON}},
         "[ZONE]"},
    [COMMAND_RESTORE] = {.name = "restore",
                         .options = OPTION_FORCE,
                         .least = 1,
                         .most = 2,
                         .operands = "FILE [ZONE]"},
    [COMMAND_REPORT] = {.name = "report",
                        .options = OPTION_FORMAT | OPTION_NOW,
                        .formats = {{"text", FORMAT_TEXT},
                                    {"csv", FORMAT_CSV},
                                    {"json", FORMAT_JSON}},
                        .operands = ""},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

/* The arguments on their way through, and what was seen of them. */
struct parse {
    int argc;
    char **argv;
    int at;
    int operands; /* moved to the front of argv so far */
    const char *format;
    unsigned seen; /* enum option, or-ed */
    struct options *out;
    char *message;
};

static enum status refuse(const struct parse *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum status refuse(const struct parse *p, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(p->message, OPTIONS_MESSAGE_OCTETS, format, list);
    va_end(list);
    return STATUS_INVALID;
}

/* The value of an option whose name ends at `rest`: joined to it, or the next argument. */
static const char *take_value(struct parse *p, const char *rest)
{
    if (*rest != '\0')
        return *rest == '=' ? rest + 1 : rest;
    return p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
}

/* True when `argument` is the long option `name`, with or without "=VALUE". */
static bool is_long(const char *argument, const char *name)
{
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 &&
           (argument[length] == '\0' || argument[length] == '=');
}

static enum status take_now(struct parse *p, const char *text)
{
    if (now_parse(text, &p->out->now) != STATUS_OK)
        return refuse(p, "'%s' is no time; write YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ", text);
    p->out->now_given = true;
    p->seen |= OPTION_NOW;
    return STATUS_OK;
}

static enum status take_valued(struct parse *p, const char *argument)
{
    bool is_config = argument[1] == 'c';
    bool is_format = is_long(argument, "--format");

    if (!is_config && !is_format && !is_long(argument, "--now"))
        return refuse(p, "unknown option '%s'", argument);
    const char *value = take_value(p, argument + (is_config ? 2 : strcspn(argument, "=")));
    if (value == NULL || *value == '\0')
        return refuse(p, "option '%s' needs a value", argument);
    if (is_config) {
        p->out->config = value;
    } else if (is_format) {
        p->format = value;
        p->seen |= OPTION_FORMAT;
    } else {
        return take_now(p, value);
    }
    return STATUS_OK;
}

static enum status take_option(struct parse *p, bool *answered)
{
    const char *argument = p->argv[p->at];

    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        p->out->command = COMMAND_HELP;
        *answered = true;
    } else if (strcmp(argument, "--version") == 0 || strcmp(argument, "-V") == 0) {
        p->out->command = COMMAND_VERSION;
        *answered = true;
    } else if (strcmp(argument, "--force") == 0) {
        p->out->force = true;
        p->seen |= OPTION_FORCE;
    } else {
        return take_valued(p, argument);
    }
    return STATUS_OK;
}

/* Separates options from operands; `*answered` when one of them asked for help or the version. */
static enum status take_all(struct parse *p, bool *answered)
{
    bool options_end = false;

    for (p->at = 1; p->at < p->argc && !*answered; p->at++) {
        char *argument = p->argv[p->at];
        if (options_end || argument[0] != '-' || argument[1] == '\0') {
            p->argv[p->operands++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            options_end = true;
        } else {
            enum status status = take_option(p, answered);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

static enum status find_command(struct parse *p, const struct command_rules **rules)
{
    if (p->operands == 0)
        return refuse(p, "no command given");
    if (strcmp(p->argv[0], "help") == 0) {
        p->out->command = COMMAND_HELP;
        return STATUS_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(p->argv[0], commands[i].name) == 0) {
            p->out->command = (enum command)i;
            *rules = &commands[i];
            return STATUS_OK;
        }
    }
    return refuse(p, "unknown command '%s'", p->argv[0]);
}

static enum status find_format(const struct parse *p, const struct command_rules *rules)
{
    p->out->format = rules->formats[0].format;
    if (p->format == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < MAX_FORMATS && rules->formats[i].text != NULL; i++) {
        if (strcmp(p->format, rules->formats[i].text) == 0) {
            p->out->format = rules->formats[i].format;
            return STATUS_OK;
        }
    }
    return refuse(p, "unknown format '%s' for %s", p->format, rules->name);
}

static enum status check_rules(const struct parse *p, const struct command_rules *rules)
{
    static const char *const names[] = {"--format", "--force", "--now"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((p->seen & ~rules->options & 1u << i) != 0)
            return refuse(p, "%s does not take %s", rules->name, names[i]);
    }
    if (p->out->operand_count < rules->least)
        return refuse(p, "%s needs %s", rules->name, rules->operands);
    if (p->out->operand_count > rules->most)
        return refuse(p, "'%s' is one too many for %s", p->out->operands[rules->most], rules->name);
    return find_format(p, rules);
}

enum status options_parse(int argc, char **argv, struct options *out,
                          char message[OPTIONS_MESSAGE_OCTETS])
{
    struct parse p = {.argc = argc, .argv = argv, .out = out, .message = message};
    const struct command_rules *rules = NULL;
    bool answered = false;

    memset(out, 0, sizeof *out);
    enum status status = take_all(&p, &answered);
    if (status != STATUS_OK || answered)
        return status;
    status = find_command(&p, &rules);
    if (status != STATUS_OK || out->command == COMMAND_HELP)
        return status;
    out->operand_count = (size_t)p.operands - 1;
    out->operands = (const char *const *)argv + 1;
    return check_rules(&p, rules);
}

static void print_command(const struct command_rules *rules, FILE *out)
{
    fprintf(out, "    zonegen %s [-c FILE]", rules->name);
    for (size_t i = 0; i < MAX_FORMATS && rules->formats[i].text != NULL; i++)
        fprintf(out, "%s%s", i == 0 ? " [--format " : "|", rules->formats[i].text);
    if (rules->formats[0].text != NULL)
        fputc(']', out);
    if ((rules->options & OPTION_FORCE) != 0)
        fputs(" [--force]", out);
    if ((rules->options & OPTION_NOW) != 0)
        fputs(" [--now TIME]", out);
    fprintf(out, "%s%s\n", rules->operands[0] != '\0' ? " " : "", rules->operands);
}

void options_print_usage(FILE *out)
{
    fputs("usage:\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        print_command(&commands[i], out);
    fputs("    zonegen --help | --version\n", out);
}

const char *options_command_name(enum command command)
{
    return commands[command].name;
}
