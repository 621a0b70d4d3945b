/*
 * What a service manager says in the environment: five variables, each a line of the input: the
 * process and the number of sockets that it hands over, the socket to be told, how often and by
 * whom. Four sockets are there to be taken, and one that is none of ours.
 */
#include "tests/fuzz/fuzz.h"

#include "server/inherited.h"
#include "server/supervisor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_OCTETS 1024
#define VARIABLES   5
#define SELF        4711
#define FIRST       200 /* a descriptor that nobody has */
#define SOCKETS     5

/* UDP and TCP, of IPv4 and IPv6, not bound; the last is a UNIX socket. */
static void hand_over(void)
{
    static const int kinds[SOCKETS][2] = {{AF_INET, SOCK_DGRAM},
                                          {AF_INET6, SOCK_STREAM},
                                          {AF_INET, SOCK_STREAM},
                                          {AF_INET6, SOCK_DGRAM},
                                          {AF_UNIX, SOCK_DGRAM}};
    for (int i = 0; i < SOCKETS; i++) {
        int fd = socket(kinds[i][0], kinds[i][1] | SOCK_CLOEXEC, 0);
        RULE(fd >= 0 && dup3(fd, FIRST + i, O_CLOEXEC) == FIRST + i);
        close(fd);
    }
}

static void take_sockets(size_t count)
{
    char message[INHERITED_MESSAGE_OCTETS] = "";
    struct inherited inherited;

    hand_over();
    enum status status = inherited_take(FIRST, count, &inherited, message);
    RULE((status == STATUS_OK) == (count < SOCKETS));
    RULE(status == STATUS_OK || (message[0] != '\0' && !strchr(message, '\n')));
    if (status == STATUS_OK) {
        RULE(inherited.count == count);
        inherited_free(&inherited);
    }
    for (int i = 0; i < SOCKETS; i++)
        close(FIRST + i);
}

static void check_count(const char *pid, const char *fds)
{
    char message[INHERITED_MESSAGE_OCTETS] = "";
    size_t count = 1;

    enum status status = inherited_count(pid, fds, SELF, &count, message);
    RULE(status == STATUS_OK || (status == STATUS_INVALID && message[0] != '\0' && count == 0));
    RULE(count <= INHERITED_MAX);
    if (status != STATUS_OK || count == 0)
        return;
    RULE(atol(pid) == SELF && (size_t)atol(fds) == count);
    take_sockets(count);
}

/* Nobody listens where the input says; only what a name leads to is looked at. */
static void check_supervisor(const struct supervisor_terms *terms)
{
    char message[SUPERVISOR_MESSAGE_OCTETS] = "";
    struct supervisor supervisor;

    enum status status = supervisor_open(terms, SELF, &supervisor, message);
    RULE(supervisor.watchdog_us >= 0);
    RULE(status == STATUS_OK || (message[0] != '\0' && supervisor.fd < 0));
    RULE(terms->notify_socket || (status == STATUS_OK && supervisor.fd < 0));
    supervisor_close(&supervisor);
    RULE(supervisor.fd < 0);
}

static void run(const uint8_t *octets, size_t length)
{
    char text[MOST_OCTETS + 1];
    const char *variables[VARIABLES] = {NULL};
    char *line = text;

    if (length > MOST_OCTETS)
        return;
    memcpy(text, octets, length);
    text[length] = '\0';
    for (int i = 0; i < VARIABLES && line; i++) {
        char *end = strchr(line, '\n');
        variables[i] = *line != '\n' ? line : NULL;
        if (end)
            *end = '\0';
        line = end ? end + 1 : NULL;
    }
    check_count(variables[0], variables[1]);
    check_supervisor(&(struct supervisor_terms){.notify_socket = variables[2],
                                                .watchdog_usec = variables[3],
                                                .watchdog_pid = variables[4]});
}

const struct fuzz_target fuzz_service = {.name = "service", .run = run};
