#include "command/options.h"

#include "command/now.h"

#include <stdarg.h>
#include <string.h>

enum option {
    OPTION_FORMAT = 1,
    OPTION_FORCE = 2,
    OPTION_NOW = 4,
    OPTION_SPARE = 8,
    OPTION_KSK = 16,
    OPTION_ZSK = 32,
    OPTION_SHA384 = 64,
    OPTION_SIGNAL = 128,
    OPTION_DOUBLE_DS = 256,
    OPTION_STATUS = 512,
    OPTION_ABORT = 1024,
    OPTION_UNSIGNED = 2048,
    OPTION_REMOTE = 4096,
    OPTION_ADDRESS = 8192,
    OPTION_DIR = 16384,
    OPTION_TLS_NAME = 32768,
    OPTION_WITH_SECRETS = 65536,
    OPTION_ONLY_SECRETS = 131072,
    OPTION_ALGORITHM = 262144,
    OPTION_OUT = 524288,
};

/* How an option is written in a synopsis, in the order of enum option. */
static const struct option_name {
    const char *text;
    const char *synopsis; /* NULL: it is printed by itself, or with the one before */
} option_names[] = {
    {"--format", NULL},
    {"--force", " [--force]"},
    {"--now", " [--now TIME]"},
    {"--spare", " [--spare]"},
    {"--ksk", " [--ksk|--zsk]"},
    {"--zsk", NULL},
    {"--sha384", " [--sha384]"},
    {"--signal", " [--signal]"},
    {"--double-ds", " [--double-ds]"},
    {"--status", " [--status|--abort]"},
    {"--abort", NULL},
    {"--unsigned", " [--unsigned]"},
    {"--remote", " [--remote ID]"},
    {"--address", " [--address ADDR[@PORT]]..."},
    {"--dir", " [--dir DIR]"},
    {"--tls-name", " [--tls-name NAME]"},
    {"--with-secrets", " [--with-secrets|--only-secrets]"},
    {"--only-secrets", NULL},
    {"--algorithm", " [--algorithm ALGORITHM]"},
    {"--out", " [--out FILE]"},
};

#define OPTION_COUNT (sizeof option_names / sizeof option_names[0])
#define VALUED                                                                                     \
    ((unsigned)(OPTION_FORMAT | OPTION_NOW | OPTION_REMOTE | OPTION_ADDRESS | OPTION_DIR |         \
                OPTION_TLS_NAME | OPTION_ALGORITHM | OPTION_OUT))

#define MAX_FORMATS 4

struct format_name {
    const char *text;
    enum output_format format;
};

/* What one command accepts; -c goes with all of them. */
struct command_rules {
    const char *name;                        /* one word, or two with a blank between them */
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
         OPTION_FORMAT | OPTION_UNSIGNED,
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
    [COMMAND_LOG] = {.name = "log",
                     .options = OPTION_FORMAT,
                     .most = 1,
                     .formats = {{"text", FORMAT_TEXT}, {"json", FORMAT_JSON}},
                     .operands = "[ZONE]"},
    [COMMAND_ROLLBACK] = {.name = "rollback",
                          .options = OPTION_FORCE | OPTION_NOW,
                          .least = 1,
                          .most = 2,
                          .operands = "SERIAL [ZONE]"},
    [COMMAND_VERIFY] = {.name = "verify", .operands = ""},
    [COMMAND_PURGE] = {.name = "purge", .most = SIZE_MAX, .operands = "[TEXT ...]"},
    [COMMAND_KEY_GENERATE] = {.name = "key generate",
                              .options = OPTION_SPARE | OPTION_KSK | OPTION_ZSK,
                              .most = 1,
                              .operands = "[ZONE]"},
    [COMMAND_KEY_LIST] = {.name = "key list",
                          .options = OPTION_FORMAT,
                          .most = 1,
                          .formats = {{"text", FORMAT_TEXT}, {"json", FORMAT_JSON}},
                          .operands = "[ZONE]"},
    [COMMAND_KEY_DS] = {.name = "key ds",
                        .options = OPTION_SHA384 | OPTION_SIGNAL,
                        .most = 1,
                        .operands = "[ZONE]"},
    [COMMAND_KEY_IMPORT] = {.name = "key import", .least = 1, .most = 2, .operands = "FILE [ZONE]"},
    [COMMAND_KEY_ROLL] = {.name = "key roll",
                          .options = OPTION_NOW | OPTION_KSK | OPTION_ZSK | OPTION_DOUBLE_DS |
                                     OPTION_STATUS | OPTION_ABORT,
                          .most = 1,
                          .operands = "[ZONE]"},
    [COMMAND_KEY_TSIG] = {.name = "key tsig",
                          .options = OPTION_FORMAT | OPTION_ALGORITHM | OPTION_OUT,
                          .least = 1,
                          .most = 1,
                          .formats = {{"bind", FORMAT_BIND},
                                      {"knot", FORMAT_KNOT},
                                      {"nsd", FORMAT_NSD},
                                      {"plain", FORMAT_PLAIN}},
                          .operands = "NAME"},
    [COMMAND_SECONDARY] = {.name = "secondary",
                           .options = OPTION_REMOTE | OPTION_ADDRESS | OPTION_DIR |
                                      OPTION_TLS_NAME | OPTION_WITH_SECRETS | OPTION_ONLY_SECRETS,
                           .least = 1,
                           .most = SIZE_MAX,
                           .operands = "nsd|knot|bind|powerdns|unbound [ZONE ...]"},
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
    return STATUS_OK;
}

static enum status take_address(struct parse *p, const char *value)
{
    if (p->out->address_count == OPTIONS_MAX_ADDRESSES)
        return refuse(p, "more than %d --address", OPTIONS_MAX_ADDRESSES);
    p->out->addresses[p->out->address_count++] = value;
    return STATUS_OK;
}

/* Keeps the value of an option that has one. */
static enum status keep_value(struct parse *p, unsigned option, const char *value)
{
    p->seen |= option;
    switch (option) {
    case OPTION_FORMAT:
        p->format = value;
        return STATUS_OK;
    case OPTION_NOW:
        return take_now(p, value);
    case OPTION_ADDRESS:
        return take_address(p, value);
    case OPTION_REMOTE:
        p->out->remote = value;
        return STATUS_OK;
    case OPTION_DIR:
        p->out->dir = value;
        return STATUS_OK;
    case OPTION_TLS_NAME:
        p->out->tls_name = value;
        return STATUS_OK;
    case OPTION_ALGORITHM:
        p->out->algorithm = value;
        return STATUS_OK;
    case OPTION_OUT:
        p->out->out = value;
        return STATUS_OK;
    default:
        p->out->config = value;
        return STATUS_OK;
    }
}

/* The option with a value that the argument begins with; 0 for -c. False for neither. */
static bool find_valued(const char *argument, unsigned *option)
{
    *option = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((VALUED & 1u << i) != 0 && is_long(argument, option_names[i].text)) {
            *option = 1u << i;
            return true;
        }
    }
    return argument[1] == 'c';
}

static enum status take_valued(struct parse *p, const char *argument)
{
    unsigned option;

    if (!find_valued(argument, &option))
        return refuse(p, "unknown option '%s'", argument);
    const char *value = take_value(p, argument + (option == 0 ? 2 : strcspn(argument, "=")));
    if (value == NULL || *value == '\0')
        return refuse(p, "option '%s' needs a value", argument);
    return keep_value(p, option, value);
}

/* True when the argument is an option without a value, which is then seen. */
static bool take_plain(struct parse *p, const char *argument)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((VALUED & 1u << i) == 0 && strcmp(argument, option_names[i].text) == 0) {
            p->seen |= 1u << i;
            return true;
        }
    }
    return false;
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
    } else if (!take_plain(p, argument)) {
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

/* The words of a command's name that begin the operands: 1 or 2; 0 when it is another command. */
static size_t match_command(const struct parse *p, const char *name)
{
    size_t first = strcspn(name, " ");

    if (strncmp(p->argv[0], name, first) != 0 || p->argv[0][first] != '\0')
        return 0;
    if (name[first] == '\0')
        return 1;
    return p->operands > 1 && strcmp(p->argv[1], name + first + 1) == 0 ? 2 : 0;
}

/* Says that there is no such command, or which second words the first one has. */
static enum status refuse_command(const struct parse *p)
{
    char words[OPTIONS_MESSAGE_OCTETS] = "";
    size_t length = strlen(p->argv[0]);

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *name = commands[i].name;
        size_t at = strlen(words);
        if (strncmp(name, p->argv[0], length) == 0 && name[length] == ' ')
            snprintf(words + at, sizeof words - at, "%s%s", at > 0 ? ", " : "", name + length + 1);
    }
    if (words[0] == '\0')
        return refuse(p, "unknown command '%s'", p->argv[0]);
    if (p->operands < 2)
        return refuse(p, "%s needs one of: %s", p->argv[0], words);
    return refuse(p, "unknown command '%s %.40s'; %s has: %s", p->argv[0], p->argv[1], p->argv[0],
                  words);
}

/* Finds the command, and how many words its name has. */
static enum status find_command(struct parse *p, const struct command_rules **rules, size_t *words)
{
    if (p->operands == 0)
        return refuse(p, "no command given");
    if (strcmp(p->argv[0], "help") == 0) {
        p->out->command = COMMAND_HELP;
        return STATUS_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        *words = match_command(p, commands[i].name);
        if (*words > 0) {
            p->out->command = (enum command)i;
            *rules = &commands[i];
            return STATUS_OK;
        }
    }
    return refuse_command(p);
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
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((p->seen & ~rules->options & 1u << i) != 0)
            return refuse(p, "%s does not take %s", rules->name, option_names[i].text);
    }
    if ((p->seen & OPTION_KSK) != 0 && (p->seen & OPTION_ZSK) != 0)
        return refuse(p, "%s takes one of --ksk and --zsk", rules->name);
    if ((p->seen & OPTION_WITH_SECRETS) != 0 && (p->seen & OPTION_ONLY_SECRETS) != 0)
        return refuse(p, "%s takes one of --with-secrets and --only-secrets", rules->name);
    if ((p->seen & OPTION_STATUS) != 0 && (p->seen & OPTION_ABORT) != 0)
        return refuse(p, "%s takes one of --status and --abort", rules->name);
    if ((p->seen & (OPTION_STATUS | OPTION_ABORT)) != 0 &&
        (p->seen & (OPTION_KSK | OPTION_ZSK | OPTION_DOUBLE_DS)) != 0)
        return refuse(p, "%s takes --ksk, --zsk and --double-ds only to begin a roll", rules->name);
    if (p->out->operand_count < rules->least)
        return refuse(p, "%s needs %s", rules->name, rules->operands);
    if (p->out->operand_count > rules->most)
        return refuse(p, "'%s' is one too many for %s", p->out->operands[rules->most], rules->name);
    return find_format(p, rules);
}

static void set_plain(unsigned seen, struct options *out)
{
    out->force = (seen & OPTION_FORCE) != 0;
    out->spare = (seen & OPTION_SPARE) != 0;
    out->ksk = (seen & OPTION_KSK) != 0;
    out->zsk = (seen & OPTION_ZSK) != 0;
    out->sha384 = (seen & OPTION_SHA384) != 0;
    out->signal = (seen & OPTION_SIGNAL) != 0;
    out->double_ds = (seen & OPTION_DOUBLE_DS) != 0;
    out->status = (seen & OPTION_STATUS) != 0;
    out->is_unsigned = (seen & OPTION_UNSIGNED) != 0;
    out->abort = (seen & OPTION_ABORT) != 0;
    out->with_secrets = (seen & OPTION_WITH_SECRETS) != 0;
    out->only_secrets = (seen & OPTION_ONLY_SECRETS) != 0;
}

enum status options_parse(int argc, char **argv, struct options *out,
                          char message[OPTIONS_MESSAGE_OCTETS])
{
    struct parse p = {.argc = argc, .argv = argv, .out = out, .message = message};
    const struct command_rules *rules = NULL;
    size_t words = 0;
    bool answered = false;

    memset(out, 0, sizeof *out);
    enum status status = take_all(&p, &answered);
    if (status != STATUS_OK || answered)
        return status;
    status = find_command(&p, &rules, &words);
    if (status != STATUS_OK || rules == NULL) /* help has none */
        return status;
    set_plain(p.seen, out);
    out->operand_count = (size_t)p.operands - words;
    out->operands = (const char *const *)argv + words;
    return check_rules(&p, rules);
}

static void print_command(const struct command_rules *rules, FILE *out)
{
    fprintf(out, "    zonegen %s [-c FILE]", rules->name);
    for (size_t i = 0; i < MAX_FORMATS && rules->formats[i].text != NULL; i++)
        fprintf(out, "%s%s", i == 0 ? " [--format " : "|", rules->formats[i].text);
    if (rules->formats[0].text != NULL)
        fputc(']', out);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if ((rules->options & 1u << i) != 0 && option_names[i].synopsis != NULL)
            fputs(option_names[i].synopsis, out);
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
