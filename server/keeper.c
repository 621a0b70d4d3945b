#include "server/keeper.h"

#include "conf/options.h"
#include "server/errno_text.h"
#include "server/keeper_folders.h"
#include "server/landlock.h"
#include "server/privileges.h"
#include "server/sandbox.h"
#include "server/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A disk that is slow answers within this; a file system that hangs, or a keeper that somebody
 * stopped, must not have the server wait for ever. */
#define ANSWER_SECONDS 5
/* How long it may take to end. */
#define END_LOOKS   100
#define END_LOOK_NS 10000000

enum request_kind { REQUEST_OPEN, REQUEST_CLOSE, REQUEST_PERMIT, REQUEST_REMOVE };

struct request {
    enum request_kind kind;
    unsigned mode;       /* of the control socket */
    char text[PATH_MAX]; /* a path; a group, or nothing */
};

struct reply {
    enum status status;
    int error; /* errno of an open; 0: a descriptor comes along */
    char message[CONTROL_MESSAGE_OCTETS];
};

struct keeper {
    int fd;
    pid_t process;
    struct opener opener;
};

/* The keeper's side. */

struct keeping {
    struct keeper_folders folders;
    struct control_socket control;
};

static void answer(int fd, const struct reply *reply, int opened)
{
    union {
        char octets[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control = {.octets = {0}};
    struct reply copy = *reply; /* an iovec has no const */
    struct iovec part = {&copy, sizeof copy};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (opened >= 0) {
        control.aligned = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof opened), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.aligned), &opened, sizeof opened);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
    }
    (void)!sendmsg(fd, &message, MSG_NOSIGNAL);
}

static int open_named(const struct keeping *keeping, const char *path)
{
    char resolved[PATH_MAX];
    if (!realpath(path, resolved))
        return -1;
    int error = keeper_folders_check(&keeping->folders, resolved);
    if (error != 0) {
        errno = error;
        return -1;
    }
    /* What it was resolved to is what is opened: a link that came meanwhile is not followed. */
    return open(resolved, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
}

static void serve(int fd, struct keeping *keeping, struct request *request)
{
    struct reply reply = {.status = STATUS_OK};
    struct config_server wanted = {.control_mode = request->mode};
    int opened = -1;

    request->text[sizeof request->text - 1] = '\0';
    switch (request->kind) {
    case REQUEST_OPEN:
        opened = open_named(keeping, request->text);
        reply.error = opened < 0 ? errno : 0;
        break;
    case REQUEST_CLOSE:
        if (!keeper_folders_close(&keeping->folders, request->text))
            reply.status = STATUS_NO_SPACE;
        break;
    case REQUEST_PERMIT:
        wanted.control_group = request->text[0] != '\0' ? request->text : NULL;
        reply.status = control_socket_permit(&keeping->control, &wanted, reply.message);
        break;
    case REQUEST_REMOVE:
        control_socket_remove(&keeping->control);
        break;
    default:
        reply.error = EINVAL;
    }
    answer(fd, &reply, opened);
    if (opened >= 0)
        close(opened);
}

/* What it takes to look up a group that a reload names first; one that was named at the start is
 * remembered. */
static const char *const account_files[] = {"/etc/group", "/etc/nsswitch.conf", "/etc/passwd"};

static enum status close_sandbox(const struct keeping *keeping)
{
    struct landlock_place places[KEEPER_FOLDERS_MAX + 4];
    char ignored[PRIVILEGES_MESSAGE_OCTETS];
    char folder[sizeof keeping->control.path];
    size_t count = 0;
    int abi;

    for (; count < keeping->folders.open_count; count++)
        places[count] = (struct landlock_place){keeping->folders.open[count], LANDLOCK_GRANT_READ};
    for (size_t i = 0; i < sizeof account_files / sizeof account_files[0]; i++)
        places[count++] = (struct landlock_place){account_files[i], LANDLOCK_GRANT_READ};
    if (keeping->control.fd >= 0) {
        keeper_folder_of(keeping->control.path, folder, sizeof folder);
        places[count++] = (struct landlock_place){folder, LANDLOCK_GRANT_REMOVE};
    }
    /* What is lacking here lacks in the server too, which says so. */
    (void)!privileges_shed(true, ignored);
    if (!sandbox_is_possible())
        return STATUS_OK;
    privileges_hide_memory();
    (void)!landlock_restrict(places, count, &abi, ignored);
    return syscall_filter_install(SYSCALL_FILTER_KEEPER, ignored) == STATUS_SYSTEM ? STATUS_SYSTEM
                                                                                   : STATUS_OK;
}

/* The terminal's Ctrl-C and a service manager's signal go to every process of the group: the server
 * ends in its own time, and this one after it. */
static void ignore_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
}

static _Noreturn void keep(int fd, const struct config *config,
                           const struct control_socket *control)
{
    static struct request request;
    static struct keeping keeping;

    /* Listening sockets above all, and first of all: a port must be free once the server has ended,
     * even if that is now. The control socket is known by its name. */
    if (dup2(fd, STDERR_FILENO + 1) < 0)
        _exit(EXIT_FAILURE);
    fd = STDERR_FILENO + 1;
    syscall(SYS_close_range, STDERR_FILENO + 2, ~0U, 0);
    keeping.control = *control;
    if (keeping.control.fd >= 0)
        keeping.control.fd = fd;
    ignore_signals();
    prctl(PR_SET_NAME, "contactd-keeper", 0, 0, 0);
    keeper_folders_find(config, &keeping.folders);
    /* The first octet says that it is there; without memory for its sandbox it is not. */
    if (close_sandbox(&keeping) != STATUS_OK || send(fd, "", 1, MSG_NOSIGNAL) != 1)
        _exit(EXIT_FAILURE);
    for (;;) {
        ssize_t octets = recv(fd, &request, sizeof request, 0);
        if (octets < 0 && errno == EINTR)
            continue;
        if (octets != (ssize_t)sizeof request)
            _exit(EXIT_SUCCESS);
        serve(fd, &keeping, &request);
    }
}

/* The server's side. */

/* The descriptor that came along, or -1. */
static int take_descriptor(struct msghdr *message)
{
    int fd = -1;
    struct cmsghdr *item = CMSG_FIRSTHDR(message);
    if (item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS &&
        item->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(item), sizeof fd);
    return fd;
}

/* False when the keeper has gone, or does not answer: what it says later would be taken for the
 * answer to another question, so that is the end of it. */
static bool ask(int fd, struct request *request, struct reply *reply, int *opened)
{
    union {
        char octets[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = {reply, sizeof *reply};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t octets;

    *opened = -1;
    do
        octets = send(fd, request, sizeof *request, MSG_NOSIGNAL);
    while (octets < 0 && errno == EINTR);
    if (octets != (ssize_t)sizeof *request)
        return false;
    do
        octets = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    while (octets < 0 && errno == EINTR);
    if (octets != (ssize_t)sizeof *reply) {
        (void)shutdown(fd, SHUT_RDWR);
        return false;
    }
    *opened = take_descriptor(&message);
    return true;
}

static bool put_text(struct request *request, const char *text)
{
    size_t length = strlen(text);
    if (length >= sizeof request->text)
        return false;
    memcpy(request->text, text, length + 1);
    return true;
}

static int open_through(void *context, const char *path)
{
    const struct keeper *keeper = context;
    struct request request = {.kind = REQUEST_OPEN};
    struct reply reply = {0};
    int opened = -1;

    if (!put_text(&request, path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (!ask(keeper->fd, &request, &reply, &opened))
        reply.error = OPENER_GONE;
    else if (reply.error == 0 && opened < 0)
        reply.error = EMFILE; /* the kernel had no number left for it */
    if (opened < 0)
        errno = reply.error;
    return opened;
}

const struct opener *keeper_opener(const struct keeper *keeper)
{
    return &keeper->opener;
}

/* NULL is fine. */
static enum status close_place(const struct keeper *keeper, const char *path,
                               char message[CONTROL_MESSAGE_OCTETS])
{
    struct request request = {.kind = REQUEST_CLOSE};
    struct reply reply = {0};
    int opened;

    if (!path)
        return STATUS_OK;
    if (put_text(&request, path) && ask(keeper->fd, &request, &reply, &opened) &&
        reply.status == STATUS_OK)
        return STATUS_OK;
    snprintf(message, CONTROL_MESSAGE_OCTETS,
             "%.256s is not yet closed to what opens files for the server: needs a restart", path);
    return STATUS_SYSTEM;
}

enum status keeper_close(const struct keeper *keeper, const struct config *config,
                         char message[CONTROL_MESSAGE_OCTETS])
{
    enum status status = close_place(keeper, config->contacts, message);
    for (size_t i = 0; i < config->policy_count && status == STATUS_OK; i++)
        status = close_place(keeper, config->policies[i].key_dir, message);
    return status;
}

enum status keeper_permit(const struct keeper *keeper, const struct config_server *config,
                          char message[CONTROL_MESSAGE_OCTETS])
{
    struct request request = {.kind = REQUEST_PERMIT, .mode = config->control_mode};
    struct reply reply = {0};
    int opened;

    if (config->control_group && !put_text(&request, config->control_group))
        return STATUS_INVALID;
    if (!ask(keeper->fd, &request, &reply, &opened)) {
        snprintf(message, CONTROL_MESSAGE_OCTETS, "control socket: %s", opener_error(OPENER_GONE));
        return STATUS_SYSTEM;
    }
    snprintf(message, CONTROL_MESSAGE_OCTETS, "%s", reply.message);
    return reply.status;
}

void keeper_remove_control(const struct keeper *keeper)
{
    struct request request = {.kind = REQUEST_REMOVE};
    struct reply reply = {0};
    int opened;
    (void)ask(keeper->fd, &request, &reply, &opened);
}

/* False where it has ended instead. */
static bool is_ready(int fd)
{
    char octet;
    ssize_t octets;
    do
        octets = recv(fd, &octet, 1, 0);
    while (octets < 0 && errno == EINTR);
    return octets == 1;
}

enum status keeper_start(const struct config *config, const struct control_socket *control,
                         struct keeper **out, char message[KEEPER_MESSAGE_OCTETS])
{
    const struct timeval patience = {ANSWER_SECONDS, 0};
    char text[ERRNO_TEXT_OCTETS];
    int pair[2] = {-1, -1};
    struct keeper *keeper = calloc(1, sizeof *keeper);

    if (keeper && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
        (void)setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        keeper->fd = pair[0];
        keeper->opener = (struct opener){open_through, keeper};
        keeper->process = fork();
        if (keeper->process == 0)
            keep(pair[1], config, control);
        close(pair[1]);
        if (keeper->process > 0 && is_ready(keeper->fd)) {
            *out = keeper;
            return STATUS_OK;
        }
        if (keeper->process > 0) {
            snprintf(message, KEEPER_MESSAGE_OCTETS,
                     "the process that opens files cannot close its sandbox: out of memory");
            keeper_stop(keeper);
            return STATUS_SYSTEM;
        }
        close(pair[0]);
    }
    snprintf(message, KEEPER_MESSAGE_OCTETS, "cannot make the process that opens files: %s",
             errno_text(keeper ? errno : ENOMEM, text));
    free(keeper);
    return STATUS_SYSTEM;
}

void keeper_stop(struct keeper *keeper)
{
    if (!keeper)
        return;
    const struct timespec pause = {0, END_LOOK_NS};
    close(keeper->fd);
    for (int look = 0; look < END_LOOKS; look++) {
        pid_t ended = waitpid(keeper->process, NULL, WNOHANG);
        if (ended > 0 || (ended < 0 && errno != EINTR))
            break;
        nanosleep(&pause, NULL);
    }
    free(keeper);
}
