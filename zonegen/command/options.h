/*
 * The arguments of zonegen, taken apart: which command, its options, its operands. Knows what each
 * command accepts and nothing of what it does; touches neither files nor streams but those given.
 */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_MESSAGE_OCTETS 200
#define OPTIONS_MAX_ADDRESSES  8

/* Exit codes of zonegen (zonegen(1) EXIT STATUS). */
enum outcome {
    OUTCOME_DONE = 0,
    OUTCOME_REFUSED = 1, /* refused or failed; standard error says why */
    OUTCOME_CHANGES = 2, /* plan: a publish would change something */
    OUTCOME_USAGE = 64,  /* EX_USAGE of sysexits(3) */
};

enum command {
    COMMAND_CHECK,
    COMMAND_PLAN,
    COMMAND_PUBLISH,
    COMMAND_EXPORT,
    COMMAND_RESTORE,
    COMMAND_REPORT,
    COMMAND_LOG,
    COMMAND_ROLLBACK,
    COMMAND_VERIFY,
    COMMAND_PURGE,
    COMMAND_KEY_GENERATE,
    COMMAND_KEY_LIST,
    COMMAND_KEY_DS,
    COMMAND_KEY_IMPORT,
    COMMAND_KEY_ROLL,
    COMMAND_KEY_TSIG,
    COMMAND_SECONDARY,
    COMMAND_HELP,    /* help, --help, -h */
    COMMAND_VERSION, /* --version, -V */
};

enum output_format {
    FORMAT_GNU,
    FORMAT_GITHUB,
    FORMAT_JSON,
    FORMAT_ZONE,
    FORMAT_TEXT,
    FORMAT_CSV,
    FORMAT_BIND,
    FORMAT_KNOT,
    FORMAT_NSD,
    FORMAT_PLAIN,
};

struct options {
    enum command command;
    const char *config;        /* -c, or NULL: CONFIG_DEFAULT_PATH */
    enum output_format format; /* --format, or the command's first; plan and the like: unused */
    bool force;                /* --force */
    bool spare;                /* --spare */
    bool ksk, zsk;             /* --ksk, --zsk; never both */
    bool sha384;               /* --sha384 */
    bool signal;               /* --signal */
    bool double_ds;            /* --double-ds */
    bool status, abort;        /* --status, --abort; never both */
    bool is_unsigned;          /* --unsigned */
    bool with_secrets, only_secrets; /* --with-secrets, --only-secrets; never both */
    const char *remote;              /* --remote, or NULL */
    const char *dir;                 /* --dir, or NULL */
    const char *tls_name;            /* --tls-name, or NULL */
    const char *algorithm;           /* --algorithm, or NULL */
    const char *out;                 /* --out, or NULL */
    size_t address_count;
    const char *addresses[OPTIONS_MAX_ADDRESSES]; /* --address, each time that it is given */
    bool now_given;                               /* --now */
    int64_t now;                                  /* seconds since 1970, where given */
    size_t operand_count;
    const char *const *operands; /* point into argv */
};

/*
 * Takes the arguments apart. Options may stand anywhere, `--` ends them, "-" is an operand, the
 * first operand is the command, the first two where a command has two words ("key list"). What is
 * given twice counts the last time, but for --address, of which there may be several.
 *
 *   argv      as main got it; operands are moved to its front
 *   message   on failure: what is wrong, one line without the program's name
 *
 * STATUS_OK, or STATUS_INVALID: an unknown command or option, a missing or needless operand, a
 * value that the option cannot have.
 */
MUST_CHECK enum status options_parse(int argc, char **argv, struct options *out,
                                     char message[OPTIONS_MESSAGE_OCTETS]);

/* Prints the synopsis of every command. */
void options_print_usage(FILE *out);

/* The name of a command as typed: "check", "key list". */
const char *options_command_name(enum command command);

#endif
