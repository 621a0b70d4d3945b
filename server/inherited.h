/*
 * Sockets that a service manager has bound and hands over (socket activation, sd_listen_fds(3)):
 * LISTEN_FDS of them from descriptor 3 on, where LISTEN_PID is this process. What waits in them
 * while nobody serves is not lost. Read by hand, since the protocol is these two variables. Knows
 * nothing of the configuration.
 */
#ifndef SERVER_INHERITED_H
#define SERVER_INHERITED_H

#include "conf/address.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define INHERITED_MESSAGE_OCTETS 256
/* For each of 512 workers some addresses, by UDP and TCP. */
#define INHERITED_MAX 4096

struct inherited_socket {
    int fd;
    int type; /* SOCK_DGRAM or SOCK_STREAM */
    struct endpoint at;
    bool used; /* for who gives them to addresses */
};

struct inherited {
    size_t count; /* 0: the ports are this process's own to bind */
    struct inherited_socket *sockets;
};

/*
 * How many descriptors were handed over.
 *
 *   pid, fds   the values of LISTEN_PID and LISTEN_FDS; NULL where they are not set
 *   count      0 where nothing was, or it was for another process
 *
 * STATUS_OK, or STATUS_INVALID when a variable is no number in its range, with a message.
 */
MUST_CHECK enum status inherited_count(const char *pid, const char *fds, pid_t self, size_t *count,
                                       char message[INHERITED_MESSAGE_OCTETS]);

/*
 * Looks at `count` descriptors from `first` on.
 *
 *   out       on STATUS_OK; to be freed with inherited_free
 *   message   on failure: one line, of the first that is no UDP or TCP socket of an IP address
 *
 * STATUS_OK, STATUS_INVALID or STATUS_SYSTEM. The descriptors are closed at an exec from now on.
 */
MUST_CHECK enum status inherited_take(int first, size_t count, struct inherited *out,
                                      char message[INHERITED_MESSAGE_OCTETS]);

/* Frees the list, and closes what nobody has used. */
void inherited_free(struct inherited *inherited);

#endif
