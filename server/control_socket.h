/*
 * The UNIX socket that contactctl talks to: made so that there is no moment at which more may
 * connect than the configuration says, and so that two servers do not take it from each other.
 * Knows no protocol.
 *
 * It is bound under a name of its own beside the one that is configured, for nobody but the
 * process; gets its group, then its mode, and is then renamed. What it replaces is the socket of a
 * server that has gone: one at which somebody still accepts, and what is no socket, is left alone.
 * Two servers that start at the very same time both find nobody: the later one has the name, the
 * first one is not heard. Both would need the same `listen` addresses, and those are had by one of
 * them.
 */
#ifndef SERVER_CONTROL_SOCKET_H
#define SERVER_CONTROL_SOCKET_H

#include "conf/config.h"

#include <sys/stat.h>
#include <sys/un.h>

#define CONTROL_MESSAGE_OCTETS 512
#define CONTROL_GROUP_OCTETS   64

struct control_socket {
    int fd; /* listening, nonblocking; -1: none is configured */
    dev_t device;
    ino_t inode;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    /* The group that was looked up last: one that stays is not looked up again, since by then the
     * sandbox may have closed what knows it. */
    gid_t group;
    char group_name[CONTROL_GROUP_OCTETS];
};

/*
 * Opens it as `control`, `control-mode` and `control-group` say, as the user that the process is.
 *
 *   out       to be closed with control_socket_close; without `control`, fd is -1
 *   message   on failure: one line
 *
 * STATUS_OK; STATUS_DENIED (another server is there), STATUS_INVALID (the path or the group cannot
 * be used) or STATUS_SYSTEM. On failure nothing is left behind and nothing is to be closed.
 */
MUST_CHECK enum status control_socket_open(const struct config_server *config,
                                           struct control_socket *out,
                                           char message[CONTROL_MESSAGE_OCTETS]);

/* Gives it the group and mode of a new configuration. STATUS_OK, or STATUS_SYSTEM with a message:
 * then it is for its owner only. */
MUST_CHECK enum status control_socket_permit(struct control_socket *socket,
                                             const struct config_server *config,
                                             char message[CONTROL_MESSAGE_OCTETS]);

/* Removes its name, if that is still this socket's. */
void control_socket_remove(const struct control_socket *socket);

/* Closes it; the name stays unless it was removed. */
void control_socket_close(struct control_socket *socket);

#endif
