#include "server/sandbox.h"

#include "server/landlock.h"
#include "server/privileges.h"
#include "server/syscall_filter.h"

#include <time.h>

bool sandbox_is_possible(void)
{
    return CONTACTD_INSTRUMENTED == 0;
}

static void restrict_files(struct log *log)
{
    char message[LANDLOCK_MESSAGE_OCTETS];
    int abi = 0;
    enum status status = landlock_restrict(NULL, 0, &abi, message);

    if (status == STATUS_OK)
        log_write(log, LOG_LEVEL_INFO, "sandbox: no files, no outgoing TCP (Landlock ABI %d)", abi);
    else
        log_write(log, LOG_LEVEL_WARNING,
                  "sandbox: %s (Landlock: %s); files are protected by their permissions alone",
                  status == STATUS_NOT_FOUND ? "this kernel cannot close the file system"
                                             : "the file system stays open",
                  message);
}

static enum status restrict_calls(struct log *log)
{
    char message[SYSCALL_FILTER_MESSAGE_OCTETS];
    enum status status = syscall_filter_install(SYSCALL_FILTER_SERVER, message);

    if (status == STATUS_OK)
        log_write(log, LOG_LEVEL_INFO, "sandbox: system calls of a server only (seccomp)");
    else if (status == STATUS_NOT_FOUND)
        log_write(log, LOG_LEVEL_WARNING,
                  "sandbox: this kernel cannot filter system calls (seccomp: %s)", message);
    else
        log_write(log, LOG_LEVEL_ERROR, "sandbox: system calls cannot be closed (seccomp: %s)",
                  message);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status sandbox_close(struct log *log)
{
    if (!sandbox_is_possible()) {
        log_write(log, LOG_LEVEL_WARNING,
                  "sandbox: off in this build, which is one for tests (sanitizers, coverage)");
        return STATUS_OK;
    }
    tzset(); /* reads /etc/localtime, for the dates of syslog */
    privileges_hide_memory();
    restrict_files(log);
    return restrict_calls(log);
}
