#include "server/syscall_filter.h"

#include "server/errno_text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * By name, and looked up when they are needed: an architecture that lacks one (open, poll on
 * aarch64) leaves it out, and so does a libseccomp that does not know it yet.
 *
 * Queries: what each batch takes. The kernel keeps a bitmap of calls that are allowed whatever
 * their arguments are (Linux 5.11), so that their place in the list does not matter there.
 */
static const char *const for_both[] = {
    "recvmsg", "sendmsg", "recvfrom", "sendto", "recv", "send", "read", "write", "close", "futex",
    "futex_time64", "clock_gettime", "clock_gettime64",
    /* memory; mmap and mprotect have rules of their own */
    "munmap", "mremap", "madvise", "brk",
    /* threads, signals, the end; tgkill and prctl have rules of their own */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "sigreturn", "restart_syscall",
    "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "sched_yield", "exit",
    "exit_group", "rseq", "set_robust_list", "set_tid_address", "getrandom", "uname",
    /* files that are open, and what stat(2) says of others */
    "fstat", "fstat64", "newfstatat", "fstatat64", "stat", "stat64", "lstat", "lstat64", "statx",
    "lseek", "_llseek", "pread64", "fcntl", "fcntl64", NULL};

static const char *const for_server[] = {
    "recvmmsg", "recvmmsg_time64", "sendmmsg", "epoll_wait", "epoll_pwait", "epoll_pwait2", "readv",
    "writev",
    /* connections */
    "accept4", "accept", "shutdown", "connect", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "epoll_ctl", "epoll_create1", "epoll_create", "eventfd2", "pipe2", "poll",
    "ppoll", "ppoll_time64", "timerfd_create", "timerfd_settime", "timerfd_settime64",
    /* time; clocks are read without the kernel where the vDSO has them */
    "gettimeofday", "time", "clock_getres", "clock_getres_time64", "clock_nanosleep",
    "clock_nanosleep_time64", "nanosleep",
    /* threads at the start; the keeper's end */
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getrusage", "sysinfo",
    "membarrier", "getcpu", "wait4", "waitid", "waitpid", NULL};

/* open and openat have rules of their own; access is what realpath(3) asks of a folder that '..'
 * follows */
static const char *const for_keeper[] = {
    "readlink", "readlinkat", "getdents64", "getcwd",     "access", "faccessat", "faccessat2",
    "chmod",    "fchmodat",   "chown",      "chown32",    "lchown", "fchownat",  "unlink",
    "unlinkat", "poll",       "ppoll",      "getsockopt", NULL};

/* None of them has ever a reason to be called here. */
static const char *const for_nobody[] = {"execve",
                                         "execveat",
                                         "fork",
                                         "vfork",
                                         "ptrace",
                                         "process_vm_readv",
                                         "process_vm_writev",
                                         "process_madvise",
                                         "pidfd_getfd",
                                         "kcmp",
                                         "unshare",
                                         "setns",
                                         "mount",
                                         "umount",
                                         "umount2",
                                         "pivot_root",
                                         "chroot",
                                         "move_mount",
                                         "open_tree",
                                         "fsopen",
                                         "mount_setattr",
                                         "init_module",
                                         "finit_module",
                                         "delete_module",
                                         "kexec_load",
                                         "kexec_file_load",
                                         "bpf",
                                         "perf_event_open",
                                         "userfaultfd",
                                         "io_uring_setup",
                                         "add_key",
                                         "request_key",
                                         "keyctl",
                                         "setuid",
                                         "setgid",
                                         "setreuid",
                                         "setregid",
                                         "setresuid",
                                         "setresgid",
                                         "setgroups",
                                         "capset",
                                         "personality",
                                         "reboot",
                                         "swapon",
                                         "swapoff",
                                         "settimeofday",
                                         "clock_settime",
                                         "adjtimex",
                                         "clock_adjtime",
                                         "sethostname",
                                         "setdomainname",
                                         "iopl",
                                         "ioperm",
                                         "modify_ldt",
                                         "acct",
                                         "quotactl",
                                         "open_by_handle_at",
                                         "memfd_secret",
                                         NULL};

/* A filter takes some milliseconds of a processor. */
#define BUILDER_SECONDS 1

/* Negative errno values as libseccomp returns them; the first failure stays. */
struct building {
    scmp_filter_ctx filter;
    pid_t process; /* that it is for */
    int error;
};

static void add(struct building *building, uint32_t action, const char *name, unsigned count,
                const struct scmp_arg_cmp *arguments)
{
    int number = seccomp_syscall_resolve_name(name);
    /* Negative numbers stand for calls that this architecture does not have. */
    if (number < 0 || building->error != 0)
        return;
    building->error = seccomp_rule_add_array(building->filter, action, number, count, arguments);
}

static void add_all(struct building *building, uint32_t action, const char *const *names)
{
    for (; *names; names++)
        add(building, action, *names, 0, NULL);
}

static struct scmp_arg_cmp has_bits(unsigned argument, uint64_t mask, uint64_t value)
{
    return SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, value);
}

static struct scmp_arg_cmp equals(unsigned argument, uint64_t value)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

/* Memory is never both written and run, nor made to run later. */
static void add_memory(struct building *building)
{
    const struct scmp_arg_cmp data = has_bits(2, PROT_EXEC, 0);
    const struct scmp_arg_cmp code = has_bits(2, PROT_EXEC, PROT_EXEC);
    static const char *const names[] = {"mmap", "mmap2", "mprotect"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add(building, SCMP_ACT_ALLOW, names[i], 1, &data);
        add(building, SCMP_ACT_ERRNO(EACCES), names[i], 1, &code);
    }
}

/* Threads, but no processes and no namespaces. The flags of clone3 lie in memory, where a filter
 * cannot read: C libraries fall back on clone. */
static void add_threads(struct building *building)
{
    const uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                            CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    /* s390 has the flags second. */
    const unsigned flags = seccomp_arch_native() == SCMP_ARCH_S390X ? 1 : 0;
    const struct scmp_arg_cmp thread = has_bits(flags, CLONE_THREAD | spaces, CLONE_THREAD);
    const struct scmp_arg_cmp process = has_bits(flags, CLONE_THREAD, 0);

    add(building, SCMP_ACT_ALLOW, "clone", 1, &thread);
    add(building, SCMP_ACT_TRAP, "clone", 1, &process);
}

/* Signals reach this process only (abort, raise); what a thread may change of itself is its name.
 */
static void add_signals(struct building *building)
{
    const struct scmp_arg_cmp self = equals(0, (uint64_t)building->process);
    const struct scmp_arg_cmp name = equals(0, PR_SET_NAME);
    const struct scmp_arg_cmp reads = equals(2, 0);         /* prlimit64 without a new limit */
    const struct scmp_arg_cmp idle = equals(1, SCHED_IDLE); /* a thread steps back: scrub.c */

    add(building, SCMP_ACT_ALLOW, "tgkill", 1, &self);
    add(building, SCMP_ACT_ALLOW, "prctl", 1, &name);
    add(building, SCMP_ACT_ALLOW, "prlimit64", 1, &reads);
    add(building, SCMP_ACT_ALLOW, "sched_setscheduler", 1, &idle);
}

/* NOTIFY goes out by UDP; syslog and the service manager are UNIX datagrams. TCP comes in only. */
static void add_sockets(struct building *building)
{
    const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    const uint64_t kind = 0xf; /* beside it are SOCK_NONBLOCK and SOCK_CLOEXEC */

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        const struct scmp_arg_cmp datagrams[] = {equals(0, (uint64_t)families[i]),
                                                 has_bits(1, kind, SOCK_DGRAM)};
        add(building, SCMP_ACT_ALLOW, "socket", 2, datagrams);
    }
    /* libevent tells its loop of signals through a pair. */
    const struct scmp_arg_cmp pair = equals(0, AF_UNIX);
    add(building, SCMP_ACT_ALLOW, "socketpair", 1, &pair);
}

static void add_opening(struct building *building)
{
    const uint64_t changes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    const struct scmp_arg_cmp third = has_bits(2, changes, 0);
    const struct scmp_arg_cmp second = has_bits(1, changes, 0);

    add(building, SCMP_ACT_ALLOW, "openat", 1, &third);
    add(building, SCMP_ACT_ALLOW, "open", 1, &second);
}

static void add_rules(struct building *building, enum syscall_filter_role role)
{
    add_all(building, SCMP_ACT_ALLOW, for_both);
    add_all(building, SCMP_ACT_TRAP, for_nobody);
    add_memory(building);
    add_signals(building);
    if (role == SYSCALL_FILTER_KEEPER) {
        const struct scmp_arg_cmp process = has_bits(0, 0, 0);
        add_all(building, SCMP_ACT_ALLOW, for_keeper);
        add_opening(building);
        add(building, SCMP_ACT_TRAP, "clone", 1, &process);
        return;
    }
    add_all(building, SCMP_ACT_ALLOW, for_server);
    add_threads(building);
    add_sockets(building);
}

/* The number in decimal, before `end`; stdio is not for signal handlers. */
static char *put_number(char *end, unsigned number)
{
    do
        *--end = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return end;
}

static void on_violation(int signal, siginfo_t *info, void *context)
{
    static const char before[] = "contactd: system call ";
    static const char after[] = " is none that contactd makes: something else runs in this "
                                "process; ended by the sandbox\n";
    char line[sizeof before + sizeof after + 16], digits[16];
    char *number = put_number(digits + sizeof digits, (unsigned)info->si_syscall);
    size_t length = (size_t)(digits + sizeof digits - number);
    (void)context;

    memcpy(line, before, sizeof before - 1);
    memcpy(line + sizeof before - 1, number, length);
    memcpy(line + sizeof before - 1 + length, after, sizeof after - 1);
    (void)!write(STDERR_FILENO, line, sizeof before - 1 + length + sizeof after - 1);
    /* Pending until this returns, and fatal then. */
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    sigaction(signal, &fatal, NULL);
    raise(signal);
}

static enum status complain(int error, char message[SYSCALL_FILTER_MESSAGE_OCTETS])
{
    char text[ERRNO_TEXT_OCTETS];
    snprintf(message, SYSCALL_FILTER_MESSAGE_OCTETS, "%s", errno_text(error, text));
    return error == EINVAL || error == ENOSYS || error == ECANCELED ? STATUS_NOT_FOUND
                                                                    : STATUS_SYSTEM;
}

/* Writes the filter to `fd`, as the kernel takes it. An errno, 0 for none. */
static int export(enum syscall_filter_role role, pid_t process, int fd)
{
    struct building building = {.filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), .process = process};

    if (!building.filter)
        return ENOMEM;
    /* A binary tree by number instead of one comparison after the other. */
    (void)seccomp_attr_set(building.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    /* Calls of another architecture (32 bits on 64) go round every rule. */
    (void)seccomp_attr_set(building.filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    add_rules(&building, role);
    if (building.error == 0)
        building.error = seccomp_export_bpf(building.filter, fd);
    seccomp_release(building.filter);
    return -building.error;
}

static size_t read_all(int fd, void *room, size_t octets)
{
    size_t at = 0;
    while (at < octets) {
        ssize_t had = read(fd, (unsigned char *)room + at, octets - at);
        if (had == 0 || (had < 0 && errno != EINTR))
            break;
        at += had > 0 ? (size_t)had : 0;
    }
    return at;
}

/*
 * Twice: where an allocation fails, libseccomp may also leave rules out and say nothing. Memory
 * that is out for one of the two does not leave out the same of both; without any there is none.
 */
static int export_twice(enum syscall_filter_role role, pid_t process, int fd)
{
    int error = export(role, process, fd);
    return error == 0 ? export(role, process, fd) : error;
}

/*
 * Has a process of its own build the filter: libseccomp 2.5 frees twice what it had no memory for,
 * or looks for it for ever, and that is the end of that process only. An errno, 0 for none.
 *
 *   written   out: both filters, one behind the other
 *   octets    in: the room, out: how much of it
 */
static int build(enum syscall_filter_role role, struct sock_filter *written, size_t *octets)
{
    const pid_t process = getpid();
    int ends[2], how = 0;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    pid_t builder = fork();
    int error = builder < 0 ? errno : 0;
    if (builder == 0) {
        const struct rlimit limit = {BUILDER_SECONDS, BUILDER_SECONDS};
        (void)!setrlimit(RLIMIT_CPU, &limit);
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        close(STDERR_FILENO); /* where the C library speaks of what was freed twice */
        _exit(export_twice(role, process, ends[1]));
    }
    close(ends[1]);
    *octets = read_all(ends[0], written, *octets);
    close(ends[0]);
    while (builder > 0 && waitpid(builder, &how, 0) < 0 && errno == EINTR)
        ;
    if (builder < 0)
        return error;
    /* Without memory it is EFAULT as well, "internal libseccomp failure". */
    return WIFEXITED(how) && WEXITSTATUS(how) != EFAULT ? WEXITSTATUS(how) : ENOMEM;
}

/* The filter that came out the same both times. */
static int build_surely(enum syscall_filter_role role, struct sock_filter program[2 * BPF_MAXINSNS],
                        size_t *count)
{
    size_t octets = 2 * BPF_MAXINSNS * sizeof *program;

    int error = build(role, program, &octets);
    *count = octets / sizeof *program / 2;
    if (error == 0 && (octets == 0 || octets % (2 * sizeof *program) != 0 ||
                       memcmp(program, program + *count, octets / 2) != 0))
        error = ENOMEM;
    return error;
}

enum status syscall_filter_install(enum syscall_filter_role role,
                                   char message[SYSCALL_FILTER_MESSAGE_OCTETS])
{
    struct sigaction speak = {.sa_sigaction = on_violation, .sa_flags = SA_SIGINFO};
    struct sock_filter instructions[2 * BPF_MAXINSNS];
    size_t count = 0;

    int error = build_surely(role, instructions, &count);
    struct sock_fprog program = {(unsigned short)count, instructions};
    if (error == 0 && sigaction(SIGSYS, &speak, NULL) != 0)
        error = errno;
    if (error == 0 &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        error = errno;
    return error == 0 ? STATUS_OK : complain(error, message);
}
