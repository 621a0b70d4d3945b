/*
 * Runs a program and fails one of its system calls, the n-th of those that write:
 *
 *   inject [--at N] [--fault FAULT] [--from] [--report FILE] PROGRAM [ARGUMENT...]
 *
 *   FAULT    an errno as a number (28: ENOSPC), or `short` (half of what was to be written is
 *            written, and that is what the call says), or `kill` (SIGKILL instead of the call)
 *   --from   every call from the N-th on fails, but for those on pipes and terminals: a full disk
 *   --report where to write, per line: each counted call ("7 pwrite64 /path"), with ! before those
 *            that failed, and "total 19" at the end
 *
 * Counted: write pwrite64 writev pwritev pwritev2 fsync fdatasync msync ftruncate truncate
 * fallocate rename* link* symlink* unlink* mkdir* rmdir chmod* chown*, open* for writing, close of
 * what was opened for writing. Exits with the program's code, 128 + its signal, or 125 when there
 * is no way to do this here.
 *
 * By seccomp's user notification: LD_PRELOAD sees no write that libc makes for itself (stdio),
 * ptrace stops at every call and signal, a filter by itself cannot count. What is not counted runs
 * at full speed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_UNABLE 125
#define SHORT_MAX   (1u << 20) /* octets of a write that is cut; a longer one is cut more */
#define IOV_MAX_    64

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define THIS_ARCHITECTURE 0 /* nothing is counted */
#endif

/* What a call does, and where it says to what. */
enum kind {
    KIND_WRITE, /* on descriptor args[0] */
    KIND_SYNC,  /* on descriptor args[0], without octets */
    KIND_OPEN,  /* counted when its flags, args[at], say that it writes */
    KIND_CLOSE, /* counted when the descriptor was opened for writing */
    KIND_NAME,  /* on a path */
};

struct call {
    int number;
    enum kind kind;
    unsigned at; /* argument with the flags (KIND_OPEN), with the path (KIND_NAME) */
    const char *name;
};

#define CALL(name, kind, at)                                                                       \
    {                                                                                              \
        __NR_##name, kind, at, #name                                                               \
    }
static const struct call calls[] = {
    CALL(write, KIND_WRITE, 0),    CALL(pwrite64, KIND_WRITE, 0), CALL(writev, KIND_WRITE, 0),
    CALL(pwritev, KIND_WRITE, 0),  CALL(pwritev2, KIND_WRITE, 0), CALL(fsync, KIND_SYNC, 0),
    CALL(fdatasync, KIND_SYNC, 0), CALL(ftruncate, KIND_SYNC, 0), CALL(fallocate, KIND_SYNC, 0),
    CALL(fchmod, KIND_SYNC, 0),    CALL(fchown, KIND_SYNC, 0),    CALL(msync, KIND_NAME, 6),
    CALL(truncate, KIND_NAME, 0),  CALL(openat, KIND_OPEN, 2),    CALL(close, KIND_CLOSE, 0),
    CALL(mkdirat, KIND_NAME, 1),   CALL(unlinkat, KIND_NAME, 1),  CALL(renameat2, KIND_NAME, 1),
    CALL(linkat, KIND_NAME, 1),    CALL(symlinkat, KIND_NAME, 0), CALL(fchmodat, KIND_NAME, 1),
    CALL(fchownat, KIND_NAME, 1),
#ifdef __NR_open
    CALL(open, KIND_OPEN, 1),      CALL(creat, KIND_NAME, 0),     CALL(mkdir, KIND_NAME, 0),
    CALL(rmdir, KIND_NAME, 0),     CALL(unlink, KIND_NAME, 0),    CALL(rename, KIND_NAME, 0),
    CALL(link, KIND_NAME, 0),      CALL(symlink, KIND_NAME, 0),   CALL(chmod, KIND_NAME, 0),
    CALL(chown, KIND_NAME, 0),     CALL(lchown, KIND_NAME, 0),
#endif
#ifdef __NR_renameat
    CALL(renameat, KIND_NAME, 1),
#endif
};
#define CALL_COUNT (sizeof calls / sizeof calls[0])

struct wish {
    unsigned long at; /* 0: none fails */
    bool from;
    bool shortened;
    bool killed;
    int error;
    FILE *report; /* NULL: none */
};

/* The program, and the descriptor on which the kernel asks about its calls. */
struct watched {
    pid_t pid;
    int listener;
    unsigned long counted;
};

static int fail(const char *what)
{
    fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
    return EXIT_UNABLE;
}

/* Has the kernel ask about the calls of this process; the descriptor on which it does, or -1. */
static int install_filter(void)
{
    struct sock_filter code[5 + CALL_COUNT];
    size_t n = 0;

    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 0,
                                             (uint8_t)(CALL_COUNT + 1));
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CALL_COUNT; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].number, (uint8_t)(CALL_COUNT - i), 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    const struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                        &program);
}

/* A descriptor over a socket, in a message of one octet. */
union passing {
    struct cmsghdr header;
    char octets[CMSG_SPACE(sizeof(int))];
};

static bool send_descriptor(int socket, int descriptor)
{
    char octet = 0;
    struct iovec part = {&octet, 1};
    union passing control = {.octets = {0}};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.octets,
                             .msg_controllen = sizeof control.octets};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, 0) == 1;
}

static int receive_descriptor(int socket)
{
    char octet;
    struct iovec part = {&octet, 1};
    union passing control = {.octets = {0}};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.octets,
                             .msg_controllen = sizeof control.octets};
    int descriptor = -1;

    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || CMSG_FIRSTHDR(&message) == NULL)
        return -1;
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
    return descriptor;
}

/* The child: asks for the filter, hands over the descriptor, becomes the program. */
static _Noreturn void become(char **arguments, int socket)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    int listener = install_filter();
    if (listener < 0 || !send_descriptor(socket, listener)) {
        fprintf(stderr, "inject: no seccomp notifications here: %s\n", strerror(errno));
        _exit(EXIT_UNABLE);
    }
    execvp(arguments[0], arguments); /* the listener is close-on-exec */
    fprintf(stderr, "inject: %s: %s\n", arguments[0], strerror(errno));
    _exit(EXIT_UNABLE);
}

static const struct call *find_call(int number)
{
    for (size_t i = 0; i < CALL_COUNT; i++) {
        if (calls[i].number == number)
            return &calls[i];
    }
    return NULL;
}

/* Whether a descriptor of a process was opened for writing. */
static bool is_for_writing(uint32_t pid, uint64_t descriptor)
{
    char path[64];
    char line[128];
    unsigned long flags = 0;

    snprintf(path, sizeof path, "/proc/%u/fdinfo/%llu", pid, (unsigned long long)descriptor);
    FILE *info = fopen(path, "re");
    if (info == NULL)
        return false;
    while (fgets(line, sizeof line, info) != NULL) {
        if (strncmp(line, "flags:", 6) == 0)
            flags = strtoul(line + 6, NULL, 8);
    }
    fclose(info);
    return (flags & O_ACCMODE) != O_RDONLY;
}

static bool counts(const struct call *call, const struct seccomp_notif *asked)
{
    const uint64_t *args = (const uint64_t *)asked->data.args;

    if (call->kind == KIND_OPEN)
        return ((int)args[call->at] & O_ACCMODE) != O_RDONLY || ((int)args[call->at] & O_CREAT);
    if (call->kind == KIND_CLOSE)
        return is_for_writing(asked->pid, args[0]);
    return true;
}

static size_t read_memory(uint32_t pid, uint64_t address, void *out, size_t octets)
{
    struct iovec here = {out, octets};
    struct iovec there = {(void *)(uintptr_t)address, octets};

    ssize_t got = process_vm_readv((pid_t)pid, &here, 1, &there, 1, 0);
    return got < 0 ? 0 : (size_t)got;
}

/* What the call is about: a path, or what a descriptor leads to. */
static void describe(const struct call *call, const struct seccomp_notif *asked, char *out,
                     size_t size)
{
    char path[64];

    out[0] = '\0';
    if (call->kind == KIND_NAME || call->kind == KIND_OPEN) {
        unsigned at = call->kind == KIND_OPEN ? call->at - 1 : call->at;
        if (at < 6) /* a path ends before its page does, or the rest is cut: it is only told */
            for (size_t i = 0; i + 1 < size; i++) {
                if (read_memory(asked->pid, asked->data.args[at] + i, out + i, 1) != 1 || !out[i])
                    break;
                out[i + 1] = '\0';
            }
        return;
    }
    if (asked->data.args[0] == STDOUT_FILENO || asked->data.args[0] == STDERR_FILENO) {
        snprintf(out, size, asked->data.args[0] == STDOUT_FILENO ? "(output)" : "(error)");
        return;
    }
    snprintf(path, sizeof path, "/proc/%u/fd/%llu", asked->pid,
             (unsigned long long)asked->data.args[0]);
    ssize_t length = readlink(path, out, size - 1);
    out[length > 0 ? length : 0] = '\0';
}

/* What takes room on a disk: pipes and terminals have none, and names are freed on a full one. */
static bool is_on_disk(const struct call *call, const char *what)
{
    static const char *const frees[] = {"close",  "unlink",   "unlinkat", "rmdir",
                                        "chmod",  "fchmod",   "fchmodat", "chown",
                                        "fchown", "fchownat", "lchown"};

    for (size_t i = 0; i < sizeof frees / sizeof frees[0]; i++) {
        if (strcmp(call->name, frees[i]) == 0)
            return false;
    }
    return call->kind == KIND_NAME || call->kind == KIND_OPEN ||
           (what[0] == '/' &&
            (strncmp(what, "/dev/", 5) != 0 || strncmp(what, "/dev/shm/", 9) == 0));
}

/* The octets that a call was to write, up to SHORT_MAX. */
static size_t gather(const struct call *call, const struct seccomp_notif *asked, uint8_t *out)
{
    const uint64_t *args = (const uint64_t *)asked->data.args;
    struct iovec parts[IOV_MAX_];
    size_t octets = 0;

    if (strstr(call->name, "writev") == NULL)
        return read_memory(asked->pid, args[1], out, args[2] < SHORT_MAX ? args[2] : SHORT_MAX);
    size_t count = args[2] < IOV_MAX_ ? args[2] : IOV_MAX_;
    if (read_memory(asked->pid, args[1], parts, count * sizeof parts[0]) != count * sizeof parts[0])
        return 0;
    for (size_t i = 0; i < count; i++) {
        size_t room = SHORT_MAX - octets;
        octets += read_memory(asked->pid, (uintptr_t)parts[i].iov_base, out + octets,
                              parts[i].iov_len < room ? parts[i].iov_len : room);
    }
    return octets;
}

/* Writes half of it with a copy of the program's descriptor; what the call is to return. */
static int64_t write_half(const struct watched *watched, const struct call *call,
                          const struct seccomp_notif *asked)
{
    static uint8_t octets[SHORT_MAX];
    int process = (int)syscall(SYS_pidfd_open, watched->pid, 0);
    int copy = (int)syscall(SYS_pidfd_getfd, process, (int)asked->data.args[0], 0);
    size_t half = gather(call, asked, octets) / 2;

    ssize_t written = call->name[0] == 'p' ? pwrite(copy, octets, half, (off_t)asked->data.args[3])
                                           : write(copy, octets, half);
    close(copy);
    close(process);
    return written;
}

/* Whether this call is one that fails, after it was counted and told of. */
static bool is_due(const struct wish *wish, struct watched *watched, const struct call *call,
                   const struct seccomp_notif *asked)
{
    char what[512];

    watched->counted++;
    describe(call, asked, what, sizeof what);
    bool due =
        watched->counted == wish->at || (wish->from && wish->at > 0 && watched->counted > wish->at);
    if (wish->from)
        due = due && is_on_disk(call, what);
    if (wish->report != NULL)
        fprintf(wish->report, "%s%lu %s %s\n", due ? "!" : "", watched->counted, call->name, what);
    return due;
}

static void answer(const struct wish *wish, struct watched *watched,
                   const struct seccomp_notif *asked)
{
    struct seccomp_notif_resp reply = {.id = asked->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    const struct call *call = find_call(asked->data.nr);

    if (call != NULL && counts(call, asked) && is_due(wish, watched, call, asked)) {
        reply.flags = 0;
        if (wish->killed)
            kill(watched->pid, SIGKILL);
        else if (wish->shortened && call->kind == KIND_WRITE)
            reply.val = write_half(watched, call, asked);
        else
            reply.error = -(wish->shortened ? ENOSPC : wish->error);
    }
    ioctl(watched->listener, SECCOMP_IOCTL_NOTIF_SEND, &reply); /* or it has been killed */
}

/* Answers what the kernel asks until the program has ended. */
static int watch(const struct wish *wish, struct watched *watched)
{
    struct pollfd ready = {watched->listener, POLLIN, 0};
    int status = 0;

    while (poll(&ready, 1, -1) >= 0 && (ready.revents & POLLIN) != 0) {
        struct seccomp_notif asked;
        memset(&asked, 0, sizeof asked);
        if (ioctl(watched->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0)
            answer(wish, watched, &asked);
    }
    if (waitpid(watched->pid, &status, 0) != watched->pid)
        return fail("waitpid");
    if (wish->report != NULL)
        fprintf(wish->report, "total %lu\n", watched->counted);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The arguments up to the program's; its index, or 0 when they are wrong. */
static int parse(int argc, char **argv, struct wish *wish)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (argv[i][0] != '-')
            return i;
        if (strcmp(argv[i], "--from") == 0) {
            wish->from = true;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "--at") == 0)
            wish->at = strtoul(value, NULL, 10);
        else if (strcmp(argv[i - 1], "--report") == 0)
            wish->report = fopen(value, "we");
        else if (strcmp(argv[i - 1], "--fault") != 0)
            return 0;
        else {
            wish->shortened = strcmp(value, "short") == 0;
            wish->killed = strcmp(value, "kill") == 0;
            wish->error = atoi(value);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct wish wish = {.error = ENOSPC};
    struct watched watched = {.pid = 0};
    int sockets[2];

    int program = parse(argc, argv, &wish);
    if (program == 0) {
        fprintf(stderr,
                "usage: inject [--at N] [--fault FAULT] [--from] [--report FILE] PROGRAM\n");
        return 64;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return fail("socketpair");
    watched.pid = fork();
    if (watched.pid < 0)
        return fail("fork");
    if (watched.pid == 0)
        become(argv + program, sockets[1]);
    close(sockets[1]);
    watched.listener = receive_descriptor(sockets[0]);
    if (watched.listener < 0) {
        waitpid(watched.pid, NULL, 0);
        return EXIT_UNABLE;
    }
    return watch(&wish, &watched);
}
