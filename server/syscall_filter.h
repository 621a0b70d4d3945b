/*
 * The system calls that a process may make from some moment on, and with which arguments (seccomp,
 * by libseccomp, which knows the numbers of every architecture). In three kinds:
 *
 *   what contactd needs       goes on as before
 *   what only an intruder     a program started, a process made, memory of another one, kernel
 *   has a use for             modules … : the process ends by SIGSYS, after one line on stderr
 *   everything else           ENOSYS, as from an older kernel, which libraries are prepared for:
 *                             a new C library must not end a server in the middle of an incident
 *
 * Knows nothing of files (landlock.h).
 */
#ifndef SERVER_SYSCALL_FILTER_H
#define SERVER_SYSCALL_FILTER_H

#include "wire/status.h"

#define SYSCALL_FILTER_MESSAGE_OCTETS 128

enum syscall_filter_role {
    SYSCALL_FILTER_SERVER, /* opens no file, makes no connection but by UDP and to UNIX sockets */
    SYSCALL_FILTER_KEEPER, /* opens files to read them; no network */
};

/*
 * Holds from now on for the calling thread and all that it will start: to be called while it is
 * the only one. Wants no_new_privs (privileges_freeze).
 *
 * STATUS_OK; STATUS_NOT_FOUND (this kernel, or what it runs in, has no filters) or STATUS_SYSTEM,
 * with the reason: then nothing is restricted.
 */
MUST_CHECK enum status syscall_filter_install(enum syscall_filter_role role,
                                              char message[SYSCALL_FILTER_MESSAGE_OCTETS]);

#endif
