#include "server/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool read_number(const char *text, long most, long *out)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && *out <= most;
}

enum status inherited_count(const char *pid, const char *fds, pid_t self, size_t *count,
                            char message[INHERITED_MESSAGE_OCTETS])
{
    long number = 0;

    *count = 0;
    if (!pid || !fds)
        return STATUS_OK;
    if (!read_number(pid, INT32_MAX, &number)) {
        snprintf(message, INHERITED_MESSAGE_OCTETS,
                 "LISTEN_PID is '%.32s', not the number of a process", pid);
        return STATUS_INVALID;
    }
    if (number != self)
        return STATUS_OK;
    if (!read_number(fds, INHERITED_MAX, &number)) {
        snprintf(message, INHERITED_MESSAGE_OCTETS,
                 "LISTEN_FDS is '%.32s', not a number of sockets from 0 to %d", fds, INHERITED_MAX);
        return STATUS_INVALID;
    }
    *count = (size_t)number;
    return STATUS_OK;
}

/* False with errno 0 for a socket of another kind. */
static bool look_at(int fd, struct inherited_socket *out)
{
    socklen_t octets = sizeof out->type;
    *out = (struct inherited_socket){.fd = fd, .at.length = sizeof out->at.address};
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &out->type, &octets) != 0 ||
        getsockname(fd, &out->at.address.any, &out->at.length) != 0)
        return false;
    errno = 0;
    return (out->at.address.any.sa_family == AF_INET ||
            out->at.address.any.sa_family == AF_INET6) &&
           (out->type == SOCK_DGRAM || out->type == SOCK_STREAM);
}

/* systemd hands them over as the unit says, that is, blocking and kept over an exec. */
static bool prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && flags >= 0 &&
           fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

enum status inherited_take(int first, size_t count, struct inherited *out,
                           char message[INHERITED_MESSAGE_OCTETS])
{
    struct inherited found = {.sockets = calloc(count > 0 ? count : 1, sizeof *found.sockets)};

    if (!found.sockets) {
        snprintf(message, INHERITED_MESSAGE_OCTETS, "cannot take over sockets: out of memory");
        return STATUS_SYSTEM;
    }
    for (size_t i = 0; i < count; i++) {
        int fd = first + (int)i;
        if (!look_at(fd, &found.sockets[i]) || !prepare(fd)) {
            snprintf(message, INHERITED_MESSAGE_OCTETS,
                     "descriptor %d, which the service manager gives, is no UDP or TCP socket of "
                     "an IP address: ListenDatagram= and ListenStream= are what to write",
                     fd);
            found.count = i;
            inherited_free(&found);
            return STATUS_INVALID;
        }
        found.count = i + 1;
    }
    *out = found;
    return STATUS_OK;
}

void inherited_free(struct inherited *inherited)
{
    for (size_t i = 0; i < inherited->count; i++) {
        if (!inherited->sockets[i].used)
            close(inherited->sockets[i].fd);
    }
    free(inherited->sockets);
    *inherited = (struct inherited){0};
}
