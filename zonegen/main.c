/* zonegen(1): takes the arguments apart, builds what the commands share, and runs one of them. */
#include "command/command.h"
#include "command/context.h"
#include "command/options.h"
#include "conf/memory.h"
#include "sign/crypto_memory.h"
#include "store/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_OCTETS (1u << 20) /* of standard output: an export is many short lines */

/*
 * Makes sure that the descriptors 0 to 2 are taken. The database would else be opened as one of
 * them, and a message written into it. What was closed stays useless: a write to it fails.
 */
static void take_standard_descriptors(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)!open("/dev/null", modes[fd]); /* takes the lowest number that is free: fd */
    }
}

/* The database cannot be read: from a signal handler, so without stdio. */
static void say_fault(void *state, const char *line)
{
    const struct iovec parts[] = {
        {(void *)(uintptr_t) "zonegen: ", 9},
        {(void *)(uintptr_t)line, strlen(line)},
        {(void *)(uintptr_t) "\n", 1},
    };
    (void)state;
    (void)!writev(STDERR_FILENO, parts, 3);
}

static int run(struct context *context)
{
    static int (*const commands[])(struct context *) = {
        [COMMAND_CHECK] = command_check,
        [COMMAND_PLAN] = command_plan,
        [COMMAND_PUBLISH] = command_publish,
        [COMMAND_EXPORT] = command_export,
        [COMMAND_RESTORE] = command_restore,
        [COMMAND_REPORT] = command_report,
        [COMMAND_LOG] = command_log,
        [COMMAND_ROLLBACK] = command_rollback,
        [COMMAND_VERIFY] = command_verify,
        [COMMAND_PURGE] = command_purge,
        [COMMAND_KEY_GENERATE] = command_key_generate,
        [COMMAND_KEY_LIST] = command_key_list,
        [COMMAND_KEY_DS] = command_key_ds,
        [COMMAND_KEY_IMPORT] = command_key_import,
        [COMMAND_KEY_ROLL] = command_key_roll,
        [COMMAND_KEY_TSIG] = command_key_tsig,
        [COMMAND_SECONDARY] = command_secondary,
    };
    return commands[context->options->command](context);
}

/* Writes out what is left of a stream. True, and said, when something of it was not written. */
static bool is_incomplete(FILE *stream, const char *name, const char *more)
{
    errno = 0;
    if (fflush(stream) == 0 && !ferror(stream))
        return false;
    fprintf(stderr, "zonegen: %s: %s%s\n", name,
            errno != 0 ? strerror(errno) : "not everything could be written", more);
    return true;
}

/* What main() has to know of a command that has ended. */
struct ending {
    int outcome;
    bool committed;
    bool output_told;
};

/* A full disk must not look like success: what was done stays done, but nobody was told. */
static int finish_output(const struct ending *ending)
{
    const char *more = ending->committed ? "; the change of the database is made all the same" : "";

    if (is_incomplete(stderr, "standard error", more))
        return OUTCOME_REFUSED;
    if (ending->output_told)
        return ending->outcome;
    return is_incomplete(stdout, "standard output", more) ? OUTCOME_REFUSED : ending->outcome;
}

static struct ending run_command(const struct options *options)
{
    struct context context;
    int outcome = OUTCOME_REFUSED;

    if (context_open(&context, options, (int64_t)time(NULL), stdout, stderr) == STATUS_OK)
        outcome = run(&context);
    else
        context_say_memory(&context);
    const struct ending ending = {outcome, context.committed, context.output_told};
    context_close(&context);
    return ending;
}

int main(int argc, char **argv)
{
    struct options options;
    char message[OPTIONS_MESSAGE_OCTETS];
    struct ending ending = {.outcome = OUTCOME_DONE};

    take_standard_descriptors();
    fault_set_voice(say_fault, NULL);
    crypto_memory_end_without();
    memory_end_without(crypto_memory_end);
    signal(SIGPIPE, SIG_IGN);              /* a closed pipe is a write that fails, and says so; */
    signal(SIGXFSZ, SIG_IGN);              /* so is a file that may not grow */
    char *buffer = malloc(OUTPUT_OCTETS);  /* stdout's from here on: never freed */
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a line is one write: told whole or not at all */
    setvbuf(stdout, buffer, _IOFBF, buffer != NULL ? OUTPUT_OCTETS : BUFSIZ);

    if (options_parse(argc, argv, &options, message) != STATUS_OK) {
        fprintf(stderr, "zonegen: %s\n", message);
        options_print_usage(stderr);
        ending.outcome = OUTCOME_USAGE;
    } else if (options.command == COMMAND_HELP) {
        options_print_usage(stdout);
    } else if (options.command == COMMAND_VERSION) {
        puts("zonegen " CONTACTD_VERSION);
    } else {
        ending = run_command(&options);
    }
    return finish_output(&ending);
}
