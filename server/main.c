/* contactd: arguments, then start and stop in their order. */
#include "conf/config.h"
#include "server/arguments.h"
#include "server/bundle.h"
#include "server/control_socket.h"
#include "server/diagnose.h"
#include "server/listen.h"
#include "server/log.h"
#include "server/privileges.h"
#include "server/server.h"
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_USAGE 64
/* Descriptors beside sockets: the database and its lock, event loops, log, NOTIFY. */
#define SPARE_DESCRIPTORS 64

/* One line that names the thing: to who has started us, and to syslog where that is the log. */
static int refuse(struct log *log, const struct config *config, const char *message)
{
    fprintf(stderr, "contactd: %s\n", message);
    if (config->log.target == LOG_TARGET_SYSLOG)
        log_write(log, LOG_LEVEL_ERROR, "%s", message);
    return EXIT_FAILURE;
}

/* A descriptor 0 to 2 that is closed would be the first socket's, and stderr would go to clients.
 */
static void fill_standard_descriptors(void)
{
    for (;;) {
        int fd = open("/dev/null", O_RDWR);
        if (fd < 0)
            return;
        if (fd > STDERR_FILENO) {
            close(fd);
            return;
        }
    }
}

static void warn_of_limits(const struct config *config, struct log *log, size_t workers,
                           size_t descriptors)
{
    size_t sockets = 2 * config->server.listen_count + config->server.tls_listen_count;
    size_t needed = config->server.tcp_max + workers * (sockets + 4) + SPARE_DESCRIPTORS;
    if (needed > descriptors)
        log_write(
            log, LOG_LEVEL_WARNING,
            "%zu descriptors are allowed, %zu may be needed; raise the limit (LimitNOFILE) or "
            "lower 'tcp-max'",
            descriptors, needed);
}

static enum status become_user(const struct config *config, struct log *log,
                               char message[PRIVILEGES_MESSAGE_OCTETS])
{
    if (config->server.user)
        return privileges_drop(config->server.user, message);
    if (privileges_is_root())
        log_write(log, LOG_LEVEL_WARNING,
                  "running as root; 'user' in the section 'server' names a better account");
    return STATUS_OK;
}

/* After the ports are bound: becomes the user, opens secrets and the database as that user, serves.
 * Takes over the configuration. */
static int run(struct config *config, struct log *log, struct listen_set *sockets)
{
    char control_message[CONTROL_MESSAGE_OCTETS];
    struct control_socket control = {.fd = -1};
    char reason[PRIVILEGES_MESSAGE_OCTETS];
    char message[STORE_MESSAGE_OCTETS];
    struct store *store = NULL;
    struct bundle *bundle = NULL;
    int exit_code = EXIT_FAILURE;

    if (become_user(config, log, reason) != STATUS_OK) {
        refuse(log, config, reason);
        config_destroy(config);
    } else if (bundle_create(config, log, &bundle) != STATUS_OK) {
        if (config->log.target == LOG_TARGET_SYSLOG)
            fprintf(stderr,
                    "contactd: a file that %s names cannot be used; syslog has the reason\n",
                    config->path);
        config_destroy(config);
    } else if (store_open(config->database, &store, message) != STATUS_OK) {
        refuse(log, config, message);
        bundle_destroy(bundle);
    } else if (control_socket_open(&config->server, &control, control_message) != STATUS_OK) {
        refuse(log, config, control_message);
        bundle_destroy(bundle);
        store_close(store);
    } else {
        exit_code = server_run(bundle, log, store, sockets, &control) == STATUS_OK ? EXIT_SUCCESS
                                                                                   : EXIT_FAILURE;
        control_socket_close(&control);
        store_close(store);
    }
    return exit_code;
}

static int serve(struct config *config, const struct diag *diag)
{
    char message[LISTEN_MESSAGE_OCTETS];
    struct listen_set sockets;
    size_t descriptors = privileges_raise_descriptors();
    size_t workers = server_workers(&config->server);
    struct log *log = log_create(&config->log, STDERR_FILENO, "/dev/log");
    int exit_code = EXIT_FAILURE;

    if (!log) {
        fprintf(stderr, "contactd: out of memory\n");
        config_destroy(config);
        return EXIT_FAILURE;
    }
    diagnose(diag, log);
    warn_of_limits(config, log, workers, descriptors);
    if (listen_open(&config->server, workers, &sockets, message) != STATUS_OK) {
        refuse(log, config, message);
        config_destroy(config);
    } else {
        exit_code = run(config, log, &sockets);
        listen_close(&sockets);
    }
    log_destroy(log);
    return exit_code;
}

/* Reads the configuration and either says what is wrong with it, all of it, or goes on. */
static int run_configured(const struct arguments *arguments)
{
    struct config *config = NULL;
    struct diag *diag = diag_create();
    int exit_code = EXIT_FAILURE;

    if (!diag) {
        fprintf(stderr, "contactd: out of memory\n");
        return EXIT_FAILURE;
    }
    enum status status = config_read(arguments->config_path, diag, &config);
    bool usable = status == STATUS_OK &&
                  (arguments->task != TASK_CHECK || bundle_check(config, diag) == STATUS_OK);
    diag_sort(diag);
    if (status != STATUS_OK || arguments->task == TASK_CHECK)
        diag_print(diag, DIAG_GNU, stderr);
    if (status == STATUS_SYSTEM)
        fprintf(stderr, "contactd: out of memory\n");
    if (status == STATUS_OK && arguments->task == TASK_SERVE) {
        exit_code = serve(config, diag);
    } else if (status == STATUS_OK) {
        exit_code = usable ? EXIT_SUCCESS : EXIT_FAILURE;
        config_destroy(config);
    }
    diag_destroy(diag);
    return exit_code;
}

static int say(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    struct arguments arguments;
    char message[ARGUMENTS_MESSAGE_OCTETS];

    fill_standard_descriptors();
    /* A client that closes, a log that nobody reads, a log's file that may not grow: each is an
     * error of one write. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    privileges_freeze();
    if (arguments_parse(argc, argv, &arguments, message) != STATUS_OK) {
        fprintf(stderr, "contactd: %s\n%s", message, ARGUMENTS_USAGE);
        return EXIT_USAGE;
    }
    switch (arguments.task) {
    case TASK_HELP:
        return say(ARGUMENTS_USAGE);
    case TASK_VERSION:
        return say("contactd " CONTACTD_VERSION "\n");
    case TASK_CHECK:
    case TASK_SERVE:
    default:
        return run_configured(&arguments);
    }
}
