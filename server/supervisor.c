#include "server/supervisor.h"

#include "server/errno_text.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINES_OCTETS 512

/* The address, and its length; 0 where the text is none that we know. */
static socklen_t read_address(const char *text, struct sockaddr_un *out)
{
    size_t length = strlen(text);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((text[0] != '/' && text[0] != '@') || length < 2 || length >= sizeof out->sun_path)
        return 0;
    memcpy(out->sun_path, text, length);
    if (text[0] == '@')
        out->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (text[0] == '/'));
}

static bool read_positive(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *out = value;
    return text[0] >= '0' && text[0] <= '9' && errno == 0 && *end == '\0' && value > 0;
}

static enum status read_watchdog(const struct supervisor_terms *terms, pid_t self, int64_t *out,
                                 char message[SUPERVISOR_MESSAGE_OCTETS])
{
    int64_t pid = self;
    *out = 0;
    if (!terms->watchdog_usec)
        return STATUS_OK;
    if (!read_positive(terms->watchdog_usec, out) ||
        (terms->watchdog_pid && !read_positive(terms->watchdog_pid, &pid))) {
        snprintf(message, SUPERVISOR_MESSAGE_OCTETS,
                 "WATCHDOG_USEC or WATCHDOG_PID is no positive number");
        *out = 0;
        return STATUS_INVALID;
    }
    if (pid != self)
        *out = 0;
    return STATUS_OK;
}

enum status supervisor_open(const struct supervisor_terms *terms, pid_t self,
                            struct supervisor *out, char message[SUPERVISOR_MESSAGE_OCTETS])
{
    struct sockaddr_un address;
    char text[ERRNO_TEXT_OCTETS];

    *out = (struct supervisor){.fd = -1};
    if (!terms->notify_socket)
        return STATUS_OK;
    socklen_t length = read_address(terms->notify_socket, &address);
    if (length == 0) {
        snprintf(message, SUPERVISOR_MESSAGE_OCTETS,
                 "NOTIFY_SOCKET is '%.108s', neither a path nor '@' with a name",
                 terms->notify_socket);
        return STATUS_INVALID;
    }
    enum status status = read_watchdog(terms, self, &out->watchdog_us, message);
    if (status != STATUS_OK)
        return status;
    out->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (out->fd >= 0 && connect(out->fd, (const struct sockaddr *)&address, length) == 0)
        return STATUS_OK;
    snprintf(message, SUPERVISOR_MESSAGE_OCTETS, "cannot tell the service manager at %.108s: %s",
             terms->notify_socket, errno_text(errno, text));
    supervisor_close(out);
    return STATUS_SYSTEM;
}

static void tell(const struct supervisor *supervisor, const char *lines)
{
    if (supervisor->fd >= 0)
        (void)!send(supervisor->fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void supervisor_ready(const struct supervisor *supervisor, const char *status)
{
    char lines[LINES_OCTETS];
    snprintf(lines, sizeof lines, "READY=1\nSTATUS=%s\nMAINPID=%ld", status, (long)getpid());
    tell(supervisor, lines);
}

void supervisor_reloading(const struct supervisor *supervisor)
{
    struct timespec now = {0};
    char lines[LINES_OCTETS];
    /* systemd 253 and later wants to know that it is this reload (Type=notify-reload). */
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(lines, sizeof lines,
             "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the configuration again",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(supervisor, lines);
}

void supervisor_stopping(const struct supervisor *supervisor)
{
    tell(supervisor, "STOPPING=1\nSTATUS=finishing what is on its way");
}

void supervisor_pet(const struct supervisor *supervisor)
{
    tell(supervisor, "WATCHDOG=1");
}

void supervisor_close(struct supervisor *supervisor)
{
    if (supervisor->fd >= 0)
        close(supervisor->fd);
    supervisor->fd = -1;
}
