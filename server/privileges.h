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

/*
 * Gives up every capability, for good and in every set: effective, permitted, inheritable, ambient,
 * bounding. To be called before there are threads, once the ports are bound.
 *
 *   keeps_files   true: a process that is root keeps what it takes to read files and to hand its
 *                 control socket to a group, whoever owns them (CAP_DAC_OVERRIDE, CAP_CHOWN)
 *   message       on failure: one line
 *
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status privileges_shed(bool keeps_files, char message[PRIVILEGES_MESSAGE_OCTETS]);

/* From now on there is no core file, and no other process of the same user may look into this
 * one: secrets and private keys are in its memory. */
void privileges_hide_memory(void);

/* Forbids that any program started from here gains privileges (set-user-ID files among them). */
void privileges_freeze(void);

/* True while the process is root. */
bool privileges_is_root(void);

/* Raises the limit on open descriptors as far as it goes, and returns it. */
size_t privileges_raise_descriptors(void);

#endif
