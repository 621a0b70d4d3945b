/*
 * The sandbox of the server's own process, closed between its start and its first query: no right
 * on any file, no system call but those of a server (landlock.h, syscall_filter.h), no look into
 * its memory. What the kernel lacks is said, and served without; what fails for want of memory is a
 * reason not to serve.
 */
#ifndef SERVER_SANDBOX_H
#define SERVER_SANDBOX_H

#include "server/log.h"
#include "wire/status.h"

#include <stdbool.h>

/* False in builds with sanitizers or coverage: what these add makes calls, and writes files, that
 * no server does. */
bool sandbox_is_possible(void);

/* Closes it for good. To be called before there are threads, when all is open that stays open; and
 * after all that reads a file once and remembers it has been called here. STATUS_OK, or
 * STATUS_SYSTEM, which is logged: it is to be ended. */
MUST_CHECK enum status sandbox_close(struct log *log);

#endif
