/*
 * What of the file system and the network a process may use from some moment on (Landlock,
 * landlock(7)): nothing but what is granted. As much as the kernel knows of: ABI 1 (Linux 5.13)
 * has files, 4 (6.7) TCP, 6 (6.12) abstract UNIX sockets and signals. There is no library for it
 * in Debian 12, so these are its three system calls.
 */
#ifndef SERVER_LANDLOCK_H
#define SERVER_LANDLOCK_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

#define LANDLOCK_MESSAGE_OCTETS 128

enum landlock_grant {
    LANDLOCK_GRANT_READ = 1,   /* open and read files */
    LANDLOCK_GRANT_REMOVE = 2, /* remove files, sockets among them */
};

/* Of a file, or of a folder with all that lies below it. */
struct landlock_place {
    const char *path; /* one that is not there grants nothing */
    unsigned grants;
};

/*
 * Holds from now on for the calling thread and all that it will start. Wants no_new_privs.
 *
 *   abi   on STATUS_OK: which ABI the kernel has
 *
 * STATUS_OK; STATUS_NOT_FOUND (this kernel has no Landlock, or it is switched off) or
 * STATUS_SYSTEM, with the reason: then nothing is restricted.
 */
MUST_CHECK enum status landlock_restrict(const struct landlock_place *places, size_t count,
                                         int *abi, char message[LANDLOCK_MESSAGE_OCTETS]);

#endif
