#include "server/channel.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum status channel_open(struct channel *channel, int fd, struct tls_identity *identity)
{
    *channel = (struct channel){.fd = fd, .last = IO_DONE, .tls = NULL};
    return identity ? tls_session_create(identity, fd, &channel->tls) : STATUS_OK;
}

enum status channel_secure(struct channel *channel, struct tls_identity *identity)
{
    return tls_session_create(identity, channel->fd, &channel->tls);
}

void channel_set_bulk(const struct channel *channel, bool bulk)
{
    int octets = bulk ? CHANNEL_BULK_UNSENT_OCTETS : CHANNEL_UNSENT_OCTETS;
    (void)setsockopt(channel->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &octets, sizeof octets);
}

bool channel_has_unsent(const struct channel *channel)
{
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof memory;
    return getsockopt(channel->fd, SOL_SOCKET, SO_MEMINFO, memory, &length) == 0 &&
           (memory[SK_MEMINFO_WMEM_QUEUED] > 0 || memory[SK_MEMINFO_WMEM_ALLOC] > 0);
}

void channel_abort(struct channel *channel)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(channel->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool channel_is_abused(const struct channel *channel)
{
    return channel->tls && tls_session_is_abused(channel->tls);
}

void channel_close(struct channel *channel)
{
    tls_session_destroy(channel->tls);
    channel->tls = NULL;
    close(channel->fd);
}

static bool is_passing(int error)
{
    return error == EAGAIN || error == EINTR;
}

static enum io read_plain(const struct channel *channel, uint8_t *octets, size_t room,
                          size_t *taken)
{
    ssize_t received = recv(channel->fd, octets, room, MSG_DONTWAIT);
    if (received < 0)
        return is_passing(errno) ? IO_WAITS_TO_READ : IO_FAILED;
    *taken = (size_t)received;
    return received > 0 ? IO_DONE : IO_ENDED;
}

static enum io write_plain(const struct channel *channel, const uint8_t *octets, size_t length,
                           size_t *taken)
{
    ssize_t sent = send(channel->fd, octets, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return is_passing(errno) ? IO_WAITS_TO_WRITE : IO_FAILED;
    *taken = (size_t)sent;
    return IO_DONE;
}

enum io channel_read(struct channel *channel, uint8_t *octets, size_t room, size_t *taken)
{
    *taken = 0;
    channel->last = channel->tls ? tls_session_read(channel->tls, octets, room, taken)
                                 : read_plain(channel, octets, room, taken);
    return channel->last;
}

enum io channel_write(struct channel *channel, const uint8_t *octets, size_t length, size_t *taken)
{
    *taken = 0;
    channel->last = channel->tls ? tls_session_write(channel->tls, octets, length, taken)
                                 : write_plain(channel, octets, length, taken);
    return channel->last;
}

bool channel_has_more(const struct channel *channel)
{
    return channel->tls && tls_session_has_more(channel->tls);
}

bool channel_waits_to_write(const struct channel *channel, bool writes)
{
    if (channel->last == IO_WAITS_TO_READ || channel->last == IO_WAITS_TO_WRITE)
        return channel->last == IO_WAITS_TO_WRITE;
    return writes;
}
