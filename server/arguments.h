/* The command line of contactd. Pure: prints nothing and ends nothing. */
#ifndef SERVER_ARGUMENTS_H
#define SERVER_ARGUMENTS_H

#include "wire/status.h"

#include <stddef.h>

#define ARGUMENTS_MESSAGE_OCTETS 256

#define ARGUMENTS_USAGE "usage: contactd [-c FILE] [--check] [-V | --version] [-h | --help]\n"

enum arguments_task {
    TASK_SERVE,
    TASK_CHECK,   /* --check */
    TASK_VERSION, /* -V, --version */
    TASK_HELP,    /* -h, --help */
};

struct arguments {
    enum arguments_task task;
    const char *config_path; /* of -c, --config; default CONFIG_DEFAULT_PATH */
};

/*
 * Reads the command line; options stand in any order, the last -c holds, and help goes before
 * version before check.
 *
 *   message   on failure: one line without a line feed
 *
 * STATUS_OK, or STATUS_INVALID for what is not known, a missing FILE, or an operand.
 */
MUST_CHECK enum status arguments_parse(int count, char *const *words, struct arguments *out,
                                       char message[ARGUMENTS_MESSAGE_OCTETS]);

#endif
