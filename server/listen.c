#include "server/listen.h"

#include "server/channel.h"
#include "server/errno_text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
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
/* Tries, with pauses of 2 ms, to find a port free: 0.2 s. */
#define FREE_ATTEMPTS 100
#define FREE_PAUSE_NS 2000000

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
 * get half of the queries. A bind without it fails where anyone is. A contactd that was killed just
 * now may still be there for a moment, with its keeper that has not run yet.
 */
static bool is_free(const struct endpoint *endpoint, int type)
{
    const struct timespec pause = {.tv_nsec = FREE_PAUSE_NS};
    int fd = open_bound(endpoint, type, false);

    for (int attempt = 1; fd < 0 && errno == EADDRINUSE && attempt < FREE_ATTEMPTS; attempt++) {
        nanosleep(&pause, NULL);
        fd = open_bound(endpoint, type, false);
    }
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

static enum status make_set(size_t workers, size_t addresses, struct listen_set *set,
                            char message[LISTEN_MESSAGE_OCTETS])
{
    size_t count = workers * addresses;
    *set = (struct listen_set){workers, addresses, NULL};
    set->pairs = calloc(count > 0 ? count : 1, sizeof *set->pairs);
    if (!set->pairs) {
        snprintf(message, LISTEN_MESSAGE_OCTETS, "cannot listen: out of memory");
        return STATUS_SYSTEM;
    }
    for (size_t i = 0; i < count; i++)
        set->pairs[i].udp = set->pairs[i].tcp = -1;
    return STATUS_OK;
}

/* The i-th address of all, those of TLS last. */
static const struct endpoint *endpoint_at(const struct config_server *config, size_t i, bool *tls)
{
    *tls = i >= config->listen_count;
    return *tls ? &config->tls_listen[i - config->listen_count] : &config->listen[i];
}

enum status listen_open(const struct config_server *config, size_t workers, struct listen_set *out,
                        char message[LISTEN_MESSAGE_OCTETS])
{
    struct listen_set set;
    size_t addresses = config->listen_count + config->tls_listen_count;
    enum status status = make_set(workers, addresses, &set, message);

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < set.addresses && status == STATUS_OK; i++) {
        bool tls;
        const struct endpoint *endpoint = endpoint_at(config, i, &tls);
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

/* The n-th socket of that kind at the endpoint, or NULL. */
static struct inherited_socket *find(struct inherited *inherited, const struct endpoint *endpoint,
                                     int type, size_t n)
{
    for (size_t i = 0; i < inherited->count; i++) {
        struct inherited_socket *socket = &inherited->sockets[i];
        if (socket->type == type && endpoint_equals(&socket->at, endpoint) && n-- == 0)
            return socket;
    }
    return NULL;
}

static size_t count_at(struct inherited *inherited, const struct endpoint *endpoint, int type)
{
    size_t count = 0;
    while (find(inherited, endpoint, type, count))
        count++;
    return count;
}

/* How many pairs a worker has at an address: one, unless there are more sockets than workers. */
static size_t count_pairs(struct inherited *inherited, const struct endpoint *endpoint,
                          size_t workers)
{
    size_t udp = count_at(inherited, endpoint, SOCK_DGRAM);
    size_t tcp = count_at(inherited, endpoint, SOCK_STREAM);
    size_t most = udp > tcp ? udp : tcp;
    assert(workers > 0);
    return most <= workers ? 1 : (most + workers - 1) / workers;
}

/* What cannot be set any more once a socket is bound has to be right. */
static bool is_v6_only(const struct inherited_socket *socket)
{
    int value = 0;
    socklen_t octets = sizeof value;
    return socket->at.address.any.sa_family != AF_INET6 ||
           (getsockopt(socket->fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &octets) == 0 && value != 0);
}

static bool prepare_inherited(const struct inherited_socket *socket)
{
    bool v6 = socket->at.address.any.sa_family == AF_INET6;
    if (socket->type == SOCK_DGRAM)
        return prepare_udp(socket->fd, v6, is_wildcard(&socket->at)) == 0;
    return prepare_tcp(socket->fd) == 0 && listen(socket->fd, BACKLOG) == 0;
}

/* The n-th socket at the endpoint for who has it first; for others, where there are fewer, the same
 * one once more. False with errno. */
static bool give(struct inherited *inherited, const struct endpoint *endpoint, int type, size_t n,
                 int *out)
{
    size_t count = count_at(inherited, endpoint, type);
    assert(count > 0); /* check_given() has seen to it */
    struct inherited_socket *socket = find(inherited, endpoint, type, n % count);
    if (socket->used) {
        *out = fcntl(socket->fd, F_DUPFD_CLOEXEC, 0);
        return *out >= 0;
    }
    if (!prepare_inherited(socket))
        return false;
    socket->used = true;
    *out = socket->fd;
    return true;
}

/* Fills the pairs that each worker has at one address, from pair `first` on. False with errno. */
static bool give_pairs(struct inherited *inherited, const struct endpoint *endpoint,
                       struct listen_set *set, size_t first, bool tls)
{
    size_t per_worker = count_pairs(inherited, endpoint, set->workers);
    for (size_t n = 0; n < per_worker * set->workers; n++) {
        struct listen_pair *pair =
            &set->pairs[n % set->workers * set->addresses + first + n / set->workers];
        pair->tls = tls;
        pair->wildcard = is_wildcard(endpoint);
        pair->v6 = endpoint->address.any.sa_family == AF_INET6;
        /* A worker shares its first ones with others where it must, and takes more where there
         * are more. */
        bool shares = n < set->workers;
        if (!tls && (shares || n < count_at(inherited, endpoint, SOCK_DGRAM)) &&
            !give(inherited, endpoint, SOCK_DGRAM, n, &pair->udp))
            return false;
        if ((shares || n < count_at(inherited, endpoint, SOCK_STREAM)) &&
            !give(inherited, endpoint, SOCK_STREAM, n, &pair->tcp))
            return false;
    }
    return true;
}

/* Every address has what it needs. */
static enum status check_given(const struct config_server *config, struct inherited *inherited,
                               char message[LISTEN_MESSAGE_OCTETS])
{
    for (size_t i = 0; i < config->listen_count + config->tls_listen_count; i++) {
        char place[ENDPOINT_TEXT_OCTETS];
        bool tls;
        const struct endpoint *endpoint = endpoint_at(config, i, &tls);
        const char *missing = NULL;
        if (!tls && count_at(inherited, endpoint, SOCK_DGRAM) == 0)
            missing = "ListenDatagram";
        else if (count_at(inherited, endpoint, SOCK_STREAM) == 0)
            missing = "ListenStream";
        if (!missing)
            continue;
        endpoint_to_text(endpoint, place);
        snprintf(message, LISTEN_MESSAGE_OCTETS,
                 "the service manager gives no %s socket for %s, which '%s' names; add %s= to the "
                 "socket unit, or take the address out of '%s'",
                 missing[6] == 'D' ? "UDP" : "TCP", place, tls ? "tls-listen" : "listen", missing,
                 tls ? "tls-listen" : "listen");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static bool is_named(const struct config_server *config, const struct inherited_socket *socket)
{
    for (size_t i = 0; i < config->listen_count + config->tls_listen_count; i++) {
        bool tls;
        const struct endpoint *endpoint = endpoint_at(config, i, &tls);
        if (endpoint_equals(endpoint, &socket->at) && (!tls || socket->type == SOCK_STREAM))
            return true;
    }
    return false;
}

/* Every socket is of an address that is configured, and can be used. */
static enum status check_sockets(const struct config_server *config,
                                 const struct inherited *inherited,
                                 char message[LISTEN_MESSAGE_OCTETS])
{
    for (size_t i = 0; i < inherited->count; i++) {
        const struct inherited_socket *socket = &inherited->sockets[i];
        char place[ENDPOINT_TEXT_OCTETS];
        endpoint_to_text(&socket->at, place);
        if (!is_named(config, socket)) {
            snprintf(message, LISTEN_MESSAGE_OCTETS,
                     "the service manager gives a %s socket for %s, which neither 'listen' nor "
                     "'tls-listen' names; add it there, or take it out of the socket unit",
                     socket->type == SOCK_DGRAM ? "UDP" : "TCP", place);
            return STATUS_INVALID;
        }
        if (!is_v6_only(socket)) {
            snprintf(message, LISTEN_MESSAGE_OCTETS,
                     "the service manager gives a socket for %s that takes IPv4 too; write "
                     "BindIPv6Only=ipv6-only into the socket unit",
                     place);
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

enum status listen_adopt(const struct config_server *config, size_t workers,
                         struct inherited *inherited, struct listen_set *out,
                         char message[LISTEN_MESSAGE_OCTETS])
{
    size_t count = config->listen_count + config->tls_listen_count, pairs = 0;
    struct listen_set set;
    bool tls;

    enum status status = check_sockets(config, inherited, message);
    if (status == STATUS_OK)
        status = check_given(config, inherited, message);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        pairs += count_pairs(inherited, endpoint_at(config, i, &tls), workers);
    if (status == STATUS_OK)
        status = make_set(workers, pairs, &set, message);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0, first = 0; i < count && status == STATUS_OK; i++) {
        const struct endpoint *endpoint = endpoint_at(config, i, &tls);
        if (!give_pairs(inherited, endpoint, &set, first, tls))
            status = complain(endpoint, message);
        first += count_pairs(inherited, endpoint, workers);
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
