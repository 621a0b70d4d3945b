#include "server/listen.h"

#include "server/channel.h"
#include "server/errno_text.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for 20 000 queries of 100 octets while a worker builds a zone table or loses its core. */
#define RECEIVE_OCTETS (4 << 20)
/* Room for a few batches of answers on their way to a slow device. */
#define SEND_OCTETS (1 << 20)
/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096
/* Octets that the kernel keeps of what a client sends and we have not read: some hundred queries at
 * a time. It would else keep up to 6 MB for each. */
#define UNREAD_OCTETS (16 << 10)
/* Connections that a TCP Fast Open listener may hold before their handshake is done. */
#define FAST_OPEN_QUEUE 256

static int set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

static bool is_wildcard(const struct endpoint *endpoint)
{
    if (endpoint->address.any.sa_family == AF_INET)
        return endpoint->address.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&endpoint->address.v6.sin6_addr);
}

/* SO_RCVBUFFORCE goes beyond net.core.rmem_max but wants root; less is no reason to refuse. */
static void enlarge_buffers(int fd)
{
    if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_OCTETS) != 0)
        (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_OCTETS);
    if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_OCTETS) != 0)
        (void)set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_OCTETS);
}

/*
 * Answers stay within udp-max (1232), so nothing on the way has to cut them. OMIT makes the kernel
 * ignore path MTUs that it was told of: a forged ICMP message could else make it send fragments,
 * which is how caches were poisoned.
 */
static int prepare_udp(int fd, bool v6, bool wildcard)
{
    enlarge_buffers(fd);
    if (v6)
        (void)set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    else
        (void)set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    /* A specific bind is the address that replies leave from: nothing to be told, time saved. */
    if (!wildcard)
        return 0;
    return v6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
              : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

/* Accepted sockets inherit all of it. */
static int prepare_tcp(int fd)
{
    /* An answer is one write, and never waits for another. */
    (void)set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    (void)set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, CHANNEL_UNSENT_OCTETS);
    (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, UNREAD_OCTETS);
    (void)set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, FAST_OPEN_QUEUE);
    /* Connections of a server that has just ended are no reason to wait for a minute. */
    return set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

/* A bound socket, or -1 with errno. */
static int open_bound(const struct endpoint *endpoint, int type, bool shared)
{
    bool v6 = endpoint->address.any.sa_family == AF_INET6;
    int fd = socket(endpoint->address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if ((v6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0) ||
        (shared && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) ||
        (type == SOCK_STREAM ? prepare_tcp(fd) : prepare_udp(fd, v6, is_wildcard(endpoint))) != 0 ||
        bind(fd, &endpoint->address.any, endpoint->length) != 0 ||
        (shared && type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/*
 * SO_REUSEPORT would let a second contactd of the same user in without a word, and each would then
 * get half of the queries. A bind without it fails where anyone is.
 */
static bool is_free(const struct endpoint *endpoint, int type)
{
    int fd = open_bound(endpoint, type, false);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool open_pair(const struct endpoint *endpoint, bool tls, struct listen_pair *pair)
{
    pair->tls = tls;
    pair->wildcard = is_wildcard(endpoint);
    pair->v6 = endpoint->address.any.sa_family == AF_INET6;
    if (!tls)
        pair->udp = open_bound(endpoint, SOCK_DGRAM, true);
    if (tls || pair->udp >= 0)
        pair->tcp = open_bound(endpoint, SOCK_STREAM, true);
    return pair->tcp >= 0;
}

static enum status complain(const struct endpoint *endpoint, char message[LISTEN_MESSAGE_OCTETS])
{
    int error = errno;
    char place[ENDPOINT_TEXT_OCTETS];
    char text[ERRNO_TEXT_OCTETS];
    endpoint_to_text(endpoint, place);
    snprintf(message, LISTEN_MESSAGE_OCTETS, "cannot listen on %s: %s%s", place,
             errno_text(error, text),
             error == EACCES ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE" : "");
    return STATUS_SYSTEM;
}

enum status listen_open(const struct config_server *config, size_t workers, struct listen_set *out,
                        char message[LISTEN_MESSAGE_OCTETS])
{
    struct listen_set set = {workers, config->listen_count + config->tls_listen_count, NULL};
    size_t count = workers * set.addresses;
    enum status status = STATUS_OK;

    set.pairs = calloc(count > 0 ? count : 1, sizeof *set.pairs);
    if (!set.pairs) {
        snprintf(message, LISTEN_MESSAGE_OCTETS, "cannot listen: out of memory");
        return STATUS_SYSTEM;
    }
    for (size_t i = 0; i < count; i++)
        set.pairs[i].udp = set.pairs[i].tcp = -1;
    for (size_t i = 0; i < set.addresses && status == STATUS_OK; i++) {
        bool tls = i >= config->listen_count;
        const struct endpoint *endpoint =
            tls ? &config->tls_listen[i - config->listen_count] : &config->listen[i];
        if ((!tls && !is_free(endpoint, SOCK_DGRAM)) || !is_free(endpoint, SOCK_STREAM))
            status = complain(endpoint, message);
        for (size_t w = 0; w < workers && status == STATUS_OK; w++) {
            if (!open_pair(endpoint, tls, &set.pairs[w * set.addresses + i]))
                status = complain(endpoint, message);
        }
    }
    if (status != STATUS_OK)
        listen_close(&set);
    else
        *out = set;
    return status;
}

void listen_close(struct listen_set *set)
{
    for (size_t i = 0; set->pairs && i < set->workers * set->addresses; i++) {
        if (set->pairs[i].udp >= 0)
            close(set->pairs[i].udp);
        if (set->pairs[i].tcp >= 0)
            close(set->pairs[i].tcp);
    }
    free(set->pairs);
    set->pairs = NULL;
}
