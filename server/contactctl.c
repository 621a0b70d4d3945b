/* contactctl: asks a running contactd, and prints what it says. */
#include "conf/config.h"
#include "server/control_arguments.h"
#include "server/control_command.h"
#include "server/errno_text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define EXIT_NOT_RUNNING 3
#define EXIT_USAGE       64
/* Longer than any command takes: then the server is stuck, or stopped. */
#define PATIENCE_S 90
#define ANSWER_MAX (2 * (size_t)TEXT_MAX_OCTETS)

static int complain(const char *format, const char *path, int error)
{
    char text[ERRNO_TEXT_OCTETS];
    fprintf(stderr, "contactctl: ");
    fprintf(stderr, "%s: %s: %s\n", path, format, errno_text(error, text));
    return EXIT_FAILURE;
}

static int say_nothing_runs(const struct control_arguments *arguments, const char *path)
{
    fprintf(stderr, "contactctl: contactd is not running: nobody answers at %s\n", path);
    return strcmp(arguments->words[0], "status") == 0 ? EXIT_NOT_RUNNING : EXIT_FAILURE;
}

/* The path of the socket, to be freed, or NULL when that was said why. */
static char *find_socket(const struct control_arguments *arguments)
{
    char *path = NULL;
    if (arguments->socket_path)
        return strdup(arguments->socket_path);
    struct diag *diag = diag_create();
    enum status status =
        diag ? config_read_control(arguments->config_path, diag, &path) : STATUS_SYSTEM;
    if (status == STATUS_SYSTEM) {
        fprintf(stderr, "contactctl: out of memory\n");
    } else if (status != STATUS_OK) {
        diag_sort(diag);
        diag_print(diag, DIAG_GNU, stderr);
        fprintf(stderr,
                "contactctl: where contactd can be reached stands in %s; name its socket "
                "with --socket\n",
                arguments->config_path);
    } else if (!path) {
        fprintf(stderr,
                "contactctl: %s has no control socket; add 'control: /run/contactd/control' to "
                "its section 'server' and restart contactd\n",
                arguments->config_path);
    }
    diag_destroy(diag);
    return path;
}

/* Connects; the descriptor, or -1 with the exit code in `*code`. */
static int reach(const struct control_arguments *arguments, const char *path, int *code)
{
    const struct timeval patience = {PATIENCE_S, 0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        *code = complain("cannot connect", path, ENAMETOOLONG);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
            return fd;
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    *code = error == ENOENT || error == ECONNREFUSED ? say_nothing_runs(arguments, path)
                                                     : complain("cannot connect", path, error);
    return -1;
}

static bool send_request(int fd, const struct control_arguments *arguments)
{
    char line[CONTROL_REQUEST_OCTETS + 1];
    size_t length = 0;
    int more =
        snprintf(line, sizeof line, CONTROL_PROTOCOL " %s", arguments->json ? "json" : "text");
    for (size_t i = 0; i < arguments->word_count && more >= 0; i++) {
        length += (size_t)more;
        if (length >= sizeof line)
            break;
        more = snprintf(line + length, sizeof line - length, " %s", arguments->words[i]);
    }
    length += more > 0 ? (size_t)more : 0;
    if (length >= CONTROL_REQUEST_OCTETS) {
        errno = EMSGSIZE;
        return false;
    }
    line[length++] = '\n';
    return send(fd, line, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* Reads until the other side closes. */
static bool receive(int fd, struct text *answer)
{
    char octets[16384];
    for (;;) {
        ssize_t received = recv(fd, octets, sizeof octets, 0);
        if (received < 0 && errno == EINTR)
            continue;
        if (received <= 0)
            return received == 0;
        text_add(answer, "%.*s", (int)received, octets);
        if (answer->failed) {
            errno = ENOMEM;
            return false;
        }
    }
}

static bool write_part(FILE *out, const char *octets, size_t length)
{
    return fwrite(octets, 1, length, out) == length && fflush(out) == 0;
}

/* Prints the two texts of an answer; the exit code. */
static int print(const struct text *answer)
{
    size_t out = 0, error = 0;
    char outcome[8] = "";
    const char *head = answer->octets ? answer->octets : "";
    const char *body = strchr(head, '\n');
    /* What overflows adds up to another length. NOLINTNEXTLINE(cert-err34-c) */
    if (!body || sscanf(head, "%7s %zu %zu", outcome, &out, &error) != 3 || out > ANSWER_MAX ||
        error > ANSWER_MAX || (size_t)(body + 1 - head) + out + error != answer->length) {
        fprintf(stderr, "contactctl: contactd ended the connection before its answer was whole\n");
        return EXIT_FAILURE;
    }
    bool written = write_part(stdout, body + 1, out);
    int failure = errno;
    (void)write_part(stderr, body + 1 + out, error);
    if (!written)
        return complain("cannot be written to", "standard output", failure);
    return strcmp(outcome, "done") == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int ask(const struct control_arguments *arguments, const char *path)
{
    struct text answer = {0};
    int code = EXIT_FAILURE;
    int fd = reach(arguments, path, &code);
    if (fd < 0)
        return code;
    if (!send_request(fd, arguments))
        code = complain("cannot ask", path, errno);
    else if (!receive(fd, &answer))
        code = complain("no answer", path, errno == EAGAIN ? ETIMEDOUT : errno);
    else
        code = print(&answer);
    text_clear(&answer);
    close(fd);
    return code;
}

static int run(const struct control_arguments *arguments)
{
    char *path = find_socket(arguments);
    int code = path ? ask(arguments, path) : EXIT_FAILURE;
    free(path);
    return code;
}

static int say(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    struct control_arguments arguments;
    char message[CONTROL_ARGUMENTS_MESSAGE_OCTETS];

    signal(SIGPIPE, SIG_IGN);
    if (control_arguments_parse(argc, argv, &arguments, message) != STATUS_OK) {
        fprintf(stderr, "contactctl: %s\n%s", message, CONTROL_ARGUMENTS_USAGE);
        return EXIT_USAGE;
    }
    switch (arguments.task) {
    case CONTROL_TASK_HELP:
        return say(CONTROL_ARGUMENTS_USAGE);
    case CONTROL_TASK_VERSION:
        return say("contactctl " CONTACTD_VERSION "\n");
    case CONTROL_TASK_ASK:
    default:
        return run(&arguments);
    }
}
