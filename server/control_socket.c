#include "server/control_socket.h"

#include "server/errno_text.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG      16
#define GROUP_OCTETS 65536 /* a group with some thousand members */

static enum status refuse(char message[CONTROL_MESSAGE_OCTETS], const char *path, const char *what)
{
    char text[ERRNO_TEXT_OCTETS];
    snprintf(message, CONTROL_MESSAGE_OCTETS, "control socket %s: %s: %s", path, what,
             errno_text(errno, text));
    return STATUS_SYSTEM;
}

static bool put_path(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path)
        return false;
    memcpy(address->sun_path, path, strlen(path) + 1);
    return true;
}

/* True when somebody accepts there, even if not now. */
static bool is_alive(const char *path)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && put_path(&address, path) &&
                 (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ||
                  errno == EAGAIN || errno == EACCES);
    if (fd >= 0)
        close(fd);
    return alive;
}

/* What stands at `path` may be replaced: nothing, or the socket of a server that has gone. */
static enum status check_path(const char *path, char message[CONTROL_MESSAGE_OCTETS])
{
    struct stat what;
    if (lstat(path, &what) != 0)
        return errno == ENOENT ? STATUS_OK : refuse(message, path, "cannot look at it");
    if (!S_ISSOCK(what.st_mode)) {
        snprintf(message, CONTROL_MESSAGE_OCTETS,
                 "control socket %s: something else has that name; remove it, or change 'control'",
                 path);
        return STATUS_INVALID;
    }
    if (is_alive(path)) {
        snprintf(message, CONTROL_MESSAGE_OCTETS,
                 "control socket %s: another contactd answers there; change 'control', or end it",
                 path);
        return STATUS_DENIED;
    }
    return STATUS_OK;
}

/* The number of a group, (gid_t)-1 for none. */
static enum status find_group(const char *name, gid_t *out, char message[CONTROL_MESSAGE_OCTETS])
{
    struct group entry, *found = NULL;
    *out = (gid_t)-1;
    if (!name)
        return STATUS_OK;
    char *buffer = malloc(GROUP_OCTETS);
    int error = buffer ? getgrnam_r(name, &entry, buffer, GROUP_OCTETS, &found) : ENOMEM;
    if (found)
        *out = found->gr_gid;
    free(buffer);
    if (found)
        return STATUS_OK;
    if (error != 0) {
        errno = error;
        return refuse(message, name, "cannot look up this group");
    }
    snprintf(message, CONTROL_MESSAGE_OCTETS,
             "there is no group '%.64s'; create it (addgroup --system), or change 'control-group'",
             name);
    return STATUS_INVALID;
}

static void remember(struct control_socket *socket, const char *name, gid_t group)
{
    socket->group_name[0] = '\0';
    if (!name || strlen(name) >= sizeof socket->group_name)
        return;
    memcpy(socket->group_name, name, strlen(name) + 1);
    socket->group = group;
}

/* The group first, while nobody else may connect; then the mode. */
static enum status permit(struct control_socket *socket, const char *path,
                          const struct config_server *config, char message[CONTROL_MESSAGE_OCTETS])
{
    const char *name = config->control_group;
    gid_t group = socket->group;
    if (!name || strcmp(name, socket->group_name) != 0) {
        enum status status = find_group(name, &group, message);
        if (status != STATUS_OK)
            return status;
        remember(socket, name, group);
    }
    if (chmod(path, 0600) != 0)
        return refuse(message, path, "cannot set its mode");
    if (group != (gid_t)-1 && chown(path, (uid_t)-1, group) != 0) {
        char text[ERRNO_TEXT_OCTETS];
        snprintf(message, CONTROL_MESSAGE_OCTETS,
                 "control socket %s: cannot give it to the group '%.64s', which the account that "
                 "contactd runs as must be in: %s",
                 path, config->control_group, errno_text(errno, text));
        return STATUS_SYSTEM;
    }
    if (chmod(path, (mode_t)config->control_mode) != 0)
        return refuse(message, path, "cannot set its mode");
    return STATUS_OK;
}

enum status control_socket_permit(struct control_socket *socket, const struct config_server *config,
                                  char message[CONTROL_MESSAGE_OCTETS])
{
    struct stat what;
    if (socket->fd < 0)
        return STATUS_OK;
    if (lstat(socket->path, &what) != 0 || what.st_dev != socket->device ||
        what.st_ino != socket->inode) {
        snprintf(message, CONTROL_MESSAGE_OCTETS,
                 "control socket %s: it has been removed; a restart makes it anew", socket->path);
        return STATUS_SYSTEM;
    }
    return permit(socket, socket->path, config, message);
}

/* Binds under the name `made` and gives that the name `path`. */
static enum status make(const struct config_server *config, const struct sockaddr_un *made,
                        struct control_socket *out, char message[CONTROL_MESSAGE_OCTETS])
{
    struct stat what;
    const char *path = out->path;
    /* Linux makes the file with the mode that the socket has, less what umask takes. */
    if (fchmod(out->fd, 0600) != 0 ||
        bind(out->fd, (const struct sockaddr *)made, sizeof *made) != 0)
        return refuse(message, path, "cannot make it; its folder must be there and be writable");
    enum status status = permit(out, made->sun_path, config, message);
    if (status == STATUS_OK &&
        (listen(out->fd, BACKLOG) != 0 || lstat(made->sun_path, &what) != 0 ||
         rename(made->sun_path, path) != 0))
        status = refuse(message, path, "cannot make it");
    if (status != STATUS_OK) {
        unlink(made->sun_path);
        return status;
    }
    out->device = what.st_dev;
    out->inode = what.st_ino;
    return STATUS_OK;
}

enum status control_socket_open(const struct config_server *config, struct control_socket *out,
                                char message[CONTROL_MESSAGE_OCTETS])
{
    struct sockaddr_un made;
    char name[2 * sizeof made.sun_path];
    *out = (struct control_socket){.fd = -1};
    if (!config->control)
        return STATUS_OK;
    int length = snprintf(name, sizeof name, "%s.%ld", config->control, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof name || !put_path(&made, name)) {
        snprintf(message, CONTROL_MESSAGE_OCTETS,
                 "control socket %.300s: the path is too long; 90 octets are fine",
                 config->control);
        return STATUS_INVALID;
    }
    memcpy(out->path, config->control, strlen(config->control) + 1);
    enum status status = check_path(out->path, message);
    if (status != STATUS_OK)
        return status;
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (out->fd < 0)
        return refuse(message, out->path, "cannot make it");
    /* Only a process with our number that was killed here can have left one. */
    unlink(made.sun_path);
    status = make(config, &made, out, message);
    if (status != STATUS_OK)
        close(out->fd);
    return status;
}

void control_socket_remove(const struct control_socket *socket)
{
    struct stat what;
    if (socket->fd >= 0 && lstat(socket->path, &what) == 0 && what.st_dev == socket->device &&
        what.st_ino == socket->inode)
        unlink(socket->path);
}

void control_socket_close(struct control_socket *socket)
{
    if (socket->fd < 0)
        return;
    close(socket->fd);
    socket->fd = -1;
}
