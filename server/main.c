/* contactd: arguments, then start and stop in their order. */
#include "conf/config.h"
#include "server/arguments.h"
#include "server/bundle.h"
#include "server/control_socket.h"
#include "server/crypto_reserve.h"
#include "server/diagnose.h"
#include "server/exposure.h"
#include "server/inherited.h"
#include "server/keeper.h"
#include "server/listen.h"
#include "server/log.h"
#include "server/privileges.h"
#include "server/sandbox.h"
#include "server/server.h"
#include "server/supervisor.h"
#include "store/fault.h"
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_USAGE 64
/* One that every part's message fits into. */
#define MESSAGE_OCTETS STORE_MESSAGE_OCTETS
// NOLINTBEGIN(misc-redundant-expression): some of them are the same number, today.
_Static_assert(MESSAGE_OCTETS >= PRIVILEGES_MESSAGE_OCTETS &&
                   MESSAGE_OCTETS >= LISTEN_MESSAGE_OCTETS &&
                   MESSAGE_OCTETS >= INHERITED_MESSAGE_OCTETS &&
                   MESSAGE_OCTETS >= SUPERVISOR_MESSAGE_OCTETS &&
                   MESSAGE_OCTETS >= CONTROL_MESSAGE_OCTETS &&
                   MESSAGE_OCTETS >= KEEPER_MESSAGE_OCTETS,
               "a message is cut");
// NOLINTEND(misc-redundant-expression)
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

/* The server's parts in the order in which they are made, and what they are made from. */
struct serving {
    struct config *config; /* NULL once the bundle owns it */
    struct log *log;
    struct supervisor supervisor;
    struct listen_set sockets;
    struct control_socket control;
    struct keeper *keeper; /* NULL without `sandbox` */
    struct bundle *bundle;
    struct store *store;
};

static enum status become_user(const struct config *config, struct log *log,
                               char message[MESSAGE_OCTETS])
{
    if (config->server.user)
        return privileges_drop(config->server.user, message);
    if (privileges_is_root())
        log_write(log, LOG_LEVEL_WARNING,
                  "running as root; 'user' in the section 'server' names a better account");
    return STATUS_OK;
}

/* Sockets that the service manager hands over, or our own. */
static enum status open_sockets(struct serving *serving, char message[MESSAGE_OCTETS])
{
    const struct config_server *server = &serving->config->server;
    size_t workers = server_workers(server), count = 0;
    struct inherited inherited;

    enum status status =
        inherited_count(getenv("LISTEN_PID"), getenv("LISTEN_FDS"), getpid(), &count, message);
    if (status != STATUS_OK || count == 0)
        return status != STATUS_OK ? status
                                   : listen_open(server, workers, &serving->sockets, message);
    status = inherited_take(STDERR_FILENO + 1, count, &inherited, message);
    if (status != STATUS_OK)
        return status;
    status = listen_adopt(server, workers, &inherited, &serving->sockets, message);
    inherited_free(&inherited);
    return status;
}

/* What reads files: before any secret is in memory, so that the keeper has none. */
static enum status open_control(struct serving *serving, char message[MESSAGE_OCTETS])
{
    const struct config *config = serving->config;
    enum status status = control_socket_open(&config->server, &serving->control, message);

    if (status == STATUS_OK && config->server.sandbox)
        status = keeper_start(config, &serving->control, &serving->keeper, message);
    return status;
}

/* Secrets and certificates. What is wrong with them is logged already. */
static enum status open_bundle(struct serving *serving)
{
    struct config *config = serving->config;
    enum status status = bundle_create(config, NULL, serving->log, &serving->bundle);

    if (status == STATUS_OK)
        serving->config = NULL;
    else if (config->log.target == LOG_TARGET_SYSLOG)
        fprintf(stderr, "contactd: a file that %s names cannot be used; syslog has the reason\n",
                config->path);
    return status;
}

/* Ports first, as root; then everything as the user. False: said, and to be ended. */
static bool open_parts(struct serving *serving)
{
    const struct config *config = serving->config;
    const struct supervisor_terms terms = {getenv("NOTIFY_SOCKET"), getenv("WATCHDOG_USEC"),
                                           getenv("WATCHDOG_PID")};
    char message[MESSAGE_OCTETS] = "";

    enum status status = supervisor_open(&terms, getpid(), &serving->supervisor, message);
    if (status == STATUS_OK)
        status = open_sockets(serving, message);
    if (status == STATUS_OK)
        status = become_user(config, serving->log, message);
    if (status == STATUS_OK)
        status = open_control(serving, message);
    if (status == STATUS_OK)
        status = open_bundle(serving);
    if (status == STATUS_OK)
        status = store_open(config->database, &serving->store, message);
    if (status == STATUS_OK)
        status = privileges_shed(!config->server.sandbox, message);
    if (status != STATUS_OK && message[0] != '\0')
        refuse(serving->log, config, message);
    return status == STATUS_OK;
}

static void close_parts(struct serving *serving)
{
    if (serving->keeper)
        keeper_remove_control(serving->keeper);
    else
        control_socket_remove(&serving->control);
    control_socket_close(&serving->control);
    keeper_stop(serving->keeper);
    store_close(serving->store);
    bundle_destroy(serving->bundle);
    config_destroy(serving->config);
    listen_close(&serving->sockets);
    supervisor_close(&serving->supervisor);
    log_destroy(serving->log);
}

/* The database was taken from under us: the last line. */
static void say_fault(void *log, const char *line)
{
    log_write(log, LOG_LEVEL_ERROR, "%s", line);
}

/* Takes over the configuration. */
static int serve(struct config *config, const struct diag *diag)
{
    size_t descriptors = privileges_raise_descriptors();
    struct serving serving = {
        .config = config,
        .log = log_create(&config->log, STDERR_FILENO, "/dev/log"),
        .supervisor.fd = -1,
        .control.fd = -1,
    };
    int exit_code = EXIT_FAILURE;

    if (!serving.log) {
        fprintf(stderr, "contactd: out of memory\n");
        config_destroy(config);
        return EXIT_FAILURE;
    }
    fault_set_voice(say_fault, serving.log);
    diagnose(diag, serving.log);
    warn_of_limits(config, serving.log, server_workers(&config->server), descriptors);
    if (open_parts(&serving)) {
        const struct server_parts parts = {serving.log,      serving.store,  &serving.sockets,
                                           &serving.control, serving.keeper, &serving.supervisor};
        struct bundle *bundle = serving.bundle;
        serving.bundle = NULL;
        if ((!config->server.sandbox || sandbox_close(serving.log) == STATUS_OK) &&
            server_run(bundle, &parts) == STATUS_OK)
            exit_code = EXIT_SUCCESS;
    }
    close_parts(&serving);
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
    if (status == STATUS_OK)
        exposure_find(config, diag);
    bool usable = status == STATUS_OK &&
                  (arguments->task != TASK_CHECK || bundle_check(config, diag) == STATUS_OK) &&
                  diag_count(diag, SEVERITY_ERROR) == 0;
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
    crypto_reserve_open(); /* OpenSSL takes memory to free its own at the exit */
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
    if (crypto_reserve_begin() != STATUS_OK) {
        fprintf(stderr, "contactd: out of memory\n");
        return EXIT_FAILURE;
    }
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
