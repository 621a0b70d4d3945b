/* What the process may do, given up step by step: as root for the ports, then never again. */
#ifndef SERVER_PRIVILEGES_H
#define SERVER_PRIVILEGES_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

#define PRIVILEGES_MESSAGE_OCTETS 256

/*
 * Becomes `user` for good: its groups, its group, its number, and checks that there is no way back.
 *
 *   user      an account's name
 *   message   on failure: one line
 *
 * STATUS_OK (also when the process already runs as that user), STATUS_INVALID when there is no such
 * user, STATUS_DENIED when the process was not started as root, STATUS_SYSTEM. On failure the
 * process may hold any part of both: end it.
 */
MUST_CHECK enum status privileges_drop(const char *user, char message[PRIVILEGES_MESSAGE_OCTETS]);

/* Forbids that any program started from here gains privileges (set-user-ID files among them). */
void privileges_freeze(void);

/* True while the process is root. */
bool privileges_is_root(void);

/* Raises the limit on open descriptors as far as it goes, and returns it. */
size_t privileges_raise_descriptors(void);

#endif
