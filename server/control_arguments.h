/* The command line of contactctl. Pure: prints nothing and ends nothing. */
#ifndef SERVER_CONTROL_ARGUMENTS_H
#define SERVER_CONTROL_ARGUMENTS_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

#define CONTROL_ARGUMENTS_MESSAGE_OCTETS 256
#define CONTROL_ARGUMENTS_WORDS          3

#define CONTROL_ARGUMENTS_USAGE                                                                    \
    "usage:\n"                                                                                     \
    "    contactctl [-c FILE] [--socket PATH] [--json] status\n"                                   \
    "    contactctl [-c FILE] [--socket PATH] [--json] stats\n"                                    \
    "    contactctl [-c FILE] [--socket PATH] [--json] reload\n"                                   \
    "    contactctl [-c FILE] [--socket PATH] [--json] secondaries [ZONE]\n"                       \
    "    contactctl [-c FILE] [--socket PATH] [--json] notify [ZONE [REMOTE]]\n"                   \
    "    contactctl [-c FILE] [--socket PATH] [--json] log [error|warning|info|debug]\n"           \
    "    contactctl --help | --version\n"

enum control_task { CONTROL_TASK_ASK, CONTROL_TASK_HELP, CONTROL_TASK_VERSION };

struct control_arguments {
    enum control_task task;
    const char *config_path; /* of -c, --config; default CONFIG_DEFAULT_PATH */
    const char *socket_path; /* of --socket; NULL: the configuration has it */
    bool json;
    size_t word_count; /* of CONTROL_TASK_ASK: at least one, the command */
    const char *words[CONTROL_ARGUMENTS_WORDS];
};

/*
 * Reads the command line; options stand anywhere, `--` ends them, what is given twice counts the
 * last time.
 *
 *   message   on failure: one line without a line feed
 *
 * STATUS_OK, or STATUS_INVALID: an unknown command or option, an argument too many, one that is
 * empty or has a blank or a control character in it, a missing value.
 */
MUST_CHECK enum status control_arguments_parse(int count, char *const *words,
                                               struct control_arguments *out,
                                               char message[CONTROL_ARGUMENTS_MESSAGE_OCTETS]);

#endif
