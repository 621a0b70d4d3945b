/* What the sandbox's parts keep from a process: tried in children, which may end of it. */
#include "tests/unit/check.h"

#include "conf/opener.h"
#include "server/keeper_folders.h"
#include "server/landlock.h"
#include "server/privileges.h"
#include "server/sandbox.h"
#include "server/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int trial(void); /* 0, or an errno value */

/* Runs a trial in a child with a filter. Its exit code, or 1000 + the signal that ended it; what it
 * wrote to stderr goes to `said`. */
static int outcome_of(trial *run, enum syscall_filter_role role, char said[256])
{
    char message[SYSCALL_FILTER_MESSAGE_OCTETS];
    int status = 0, pipes[2];

    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        privileges_freeze();
        if (syscall_filter_install(role, message) != STATUS_OK)
            _exit(200);
        _exit(run());
    }
    close(pipes[1]);
    ssize_t got = read(pipes[0], said, 255);
    said[got > 0 ? got : 0] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int program(void)
{
    char *const arguments[] = {NULL};
    execve("/bin/true", arguments, arguments);
    return errno;
}

static int process(void)
{
    return fork() < 0 ? errno : 0;
}

static int tracing(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ? errno : 0;
}

static int other_account(void)
{
    return setresuid(0, 0, 0) != 0 ? errno : 0;
}

static int opening(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
}

static int writing(void)
{
    return open("/dev/null", O_WRONLY) < 0 ? errno : 0;
}

static int tcp_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

static int udp_socket(void)
{
    return socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno != EAFNOSUPPORT ? errno : 0;
}

static int packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? errno : 0;
}

static int code_in_memory(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 201;
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0 ? errno : 0;
}

static int dump_again(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 ? errno : 0;
}

static int other_process(void)
{
    return syscall(SYS_kill, getppid(), 0) != 0 ? errno : 0;
}

static int unknown_call(void)
{
    return syscall(SYS_inotify_init1, 0) < 0 ? errno : 0;
}

static void only_an_intruder_is_ended_and_the_rest_is_not_there(void **state)
{
    static const struct {
        trial *run;
        int server, keeper;
    } cases[] = {
        {program, 1000 + SIGSYS, 1000 + SIGSYS},
        {process, 1000 + SIGSYS, 1000 + SIGSYS},
        {tracing, 1000 + SIGSYS, 1000 + SIGSYS},
        {other_account, 1000 + SIGSYS, 1000 + SIGSYS},
        {opening, ENOSYS, 0},
        {writing, ENOSYS, ENOSYS},
        {udp_socket, 0, ENOSYS},
        {tcp_socket, ENOSYS, ENOSYS},
        {packet_socket, ENOSYS, ENOSYS},
        {code_in_memory, EACCES, EACCES},
        {dump_again, ENOSYS, ENOSYS},
        {other_process, ENOSYS, ENOSYS},
        {unknown_call, ENOSYS, ENOSYS},
    };
    char said[256];
    (void)state;
    if (!sandbox_is_possible())
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(outcome_of(cases[i].run, SYSCALL_FILTER_SERVER, said), cases[i].server);
        assert_int_equal(strstr(said, "ended by the sandbox") != NULL, cases[i].server > 1000);
        assert_int_equal(outcome_of(cases[i].run, SYSCALL_FILTER_KEEPER, said), cases[i].keeper);
    }
}

static int connect_by_tcp(void)
{
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(1)};
    nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (const struct sockaddr *)&nobody, sizeof nobody) != 0 ? errno : 0;
}

static void nothing_is_left_of_files_but_what_is_granted(void **state)
{
    const struct landlock_place places[] = {{"/etc/passwd", LANDLOCK_GRANT_READ},
                                            {"/nonexistent", LANDLOCK_GRANT_READ}};
    char message[LANDLOCK_MESSAGE_OCTETS];
    int abi = 0, status = 0;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        privileges_freeze();
        enum status restricted = landlock_restrict(places, 2, &abi, message);
        if (restricted == STATUS_NOT_FOUND)
            _exit(77);
        bool good = restricted == STATUS_OK && open("/etc/passwd", O_RDONLY) >= 0 &&
                    open("/etc/passwd", O_RDWR) < 0 && open("/etc/group", O_RDONLY) < 0 &&
                    errno == EACCES && open("/tmp/contactd-x", O_CREAT | O_WRONLY, 0600) < 0 &&
                    (abi < 4 || connect_by_tcp() == EACCES);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_folder_is_open_by_what_was_named_and_closed_counts_first(void **state)
{
    const struct keeper_folders folders = {
        .open_count = 2,
        .open = {"/etc/contactd", "/srv/x.conf"},
        .closed_count = 2,
        .closed = {"/etc/contactd/contacts", "/var/lib/contactd/contacts.mdb-keys"},
    };
    static const struct {
        const char *path;
        int outcome;
    } cases[] = {
        {"/etc/contactd/contactd.conf", 0},
        {"/etc/contactd/keys/xfr.key", 0},
        {"/etc/contactd/contacts2.conf", 0},
        {"/etc/contactd/contacts", OPENER_FORBIDDEN},
        {"/etc/contactd/contacts/no.yaml", OPENER_FORBIDDEN},
        {"/var/lib/contactd/contacts.mdb-keys/Kcc.example.+013+1.private", OPENER_FORBIDDEN},
        {"/var/lib/contactd/contacts.mdb", OPENER_OUTSIDE},
        {"/etc/contactd2/x", OPENER_OUTSIDE},
        {"/etc/shadow", OPENER_OUTSIDE},
        {"/srv/x.conf", 0},
        {"/srv/y.conf", OPENER_OUTSIDE},
    };
    char folder[16];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(keeper_folders_check(&folders, cases[i].path), cases[i].outcome);
    keeper_folder_of("/a/b", folder, sizeof folder);
    assert_string_equal(folder, "/a");
    keeper_folder_of("/a", folder, sizeof folder);
    assert_string_equal(folder, "/");
    keeper_folder_of("a", folder, sizeof folder);
    assert_string_equal(folder, ".");
}

static void an_account_that_there_is_not_is_named(void **state)
{
    char message[PRIVILEGES_MESSAGE_OCTETS] = "";
    (void)state;
    assert_int_equal(privileges_drop("no-such-user-here", message), STATUS_INVALID);
    assert_non_null(strstr(message, "there is no user 'no-such-user-here'"));
}

/* Of who is root, everything goes; another account becomes nobody but itself. */
static void an_account_is_taken_for_good_or_not_at_all(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        char message[PRIVILEGES_MESSAGE_OCTETS] = "";
        bool was_root = privileges_is_root();
        enum status dropped = privileges_drop("nobody", message);
        bool good = was_root ? dropped == STATUS_OK && !privileges_is_root() && setuid(0) != 0 &&
                                   setgid(0) != 0 && privileges_shed(false, message) == STATUS_OK
                             : dropped == STATUS_DENIED && strstr(message, "only root can");
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_an_intruder_is_ended_and_the_rest_is_not_there),
        cmocka_unit_test(nothing_is_left_of_files_but_what_is_granted),
        cmocka_unit_test(a_folder_is_open_by_what_was_named_and_closed_counts_first),
        cmocka_unit_test(an_account_that_there_is_not_is_named),
        cmocka_unit_test(an_account_is_taken_for_good_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
