/*
 * What a service manager is told of this process, by the protocol of sd_notify(3): lines of
 * NAME=VALUE in one datagram to the UNIX socket that NOTIFY_SOCKET names. By hand, since that is
 * all of it, and since the socket is connected before the sandbox closes. Without that variable
 * nothing is told to anybody. Knows nothing of workers.
 */
#ifndef SERVER_SUPERVISOR_H
#define SERVER_SUPERVISOR_H

#include "wire/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SUPERVISOR_MESSAGE_OCTETS 256

struct supervisor {
    int fd;              /* connected; -1: nobody listens */
    int64_t watchdog_us; /* a sign of life is due within that time; 0: none is asked for */
};

/* The variables of the environment as they are; NULL where one is not set. */
struct supervisor_terms {
    const char *notify_socket; /* NOTIFY_SOCKET: "/path", or "@name" for an abstract one */
    const char *watchdog_usec; /* WATCHDOG_USEC */
    const char *watchdog_pid;  /* WATCHDOG_PID */
};

/*
 * Connects. STATUS_OK, also where there is nobody to tell; STATUS_INVALID (a variable cannot be
 * understood) or STATUS_SYSTEM, with one line: the manager would wait for us in vain.
 */
MUST_CHECK enum status supervisor_open(const struct supervisor_terms *terms, pid_t self,
                                       struct supervisor *out,
                                       char message[SUPERVISOR_MESSAGE_OCTETS]);

/* Each tells what it is called, and what is given in words as STATUS (shown by `systemctl status`);
 * what cannot be sent is lost. */
void supervisor_ready(const struct supervisor *supervisor, const char *status);
void supervisor_reloading(const struct supervisor *supervisor);
void supervisor_stopping(const struct supervisor *supervisor);

/* The sign of life. */
void supervisor_pet(const struct supervisor *supervisor);

void supervisor_close(struct supervisor *supervisor);

#endif
