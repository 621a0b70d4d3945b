#include "server/notify_socket.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

int notify_socket_open(sa_family_t family)
{
    return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool is_loopback(const struct endpoint *e)
{
    if (e->address.any.sa_family == AF_INET)
        return ntohl(e->address.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&e->address.v6.sin6_addr);
}

static bool is_wildcard(const struct endpoint *e)
{
    if (e->address.any.sa_family == AF_INET)
        return e->address.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&e->address.v6.sin6_addr);
}

const struct endpoint *notify_socket_source(const struct endpoint *listen, size_t count,
                                            const struct endpoint *target)
{
    for (size_t i = 0; i < count; i++) {
        if (listen[i].address.any.sa_family != target->address.any.sa_family)
            continue;
        if (is_wildcard(&listen[i]))
            return NULL;
        if (is_loopback(&listen[i]) == is_loopback(target))
            return &listen[i];
    }
    return NULL;
}

/* Adds to the message from which address it is to leave. */
static void set_source(struct msghdr *message, const struct endpoint *source)
{
    struct cmsghdr *control = message->msg_control;
    if (source->address.any.sa_family == AF_INET) {
        struct in_pktinfo info = {.ipi_spec_dst = source->address.v4.sin_addr};
        control->cmsg_level = IPPROTO_IP;
        control->cmsg_type = IP_PKTINFO;
        control->cmsg_len = CMSG_LEN(sizeof info);
        message->msg_controllen = CMSG_SPACE(sizeof info);
        memcpy(CMSG_DATA(control), &info, sizeof info);
        return;
    }
    struct in6_pktinfo info = {.ipi6_addr = source->address.v6.sin6_addr};
    control->cmsg_level = IPPROTO_IPV6;
    control->cmsg_type = IPV6_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    message->msg_controllen = CMSG_SPACE(sizeof info);
    memcpy(CMSG_DATA(control), &info, sizeof info);
}

bool notify_socket_send(int fd, const struct endpoint *target, const struct endpoint *source,
                        const uint8_t *octets, size_t length)
{
    size_t control[CMSG_SPACE(sizeof(struct in6_pktinfo)) / sizeof(size_t)] = {0};
    struct endpoint to = *target;
    uint8_t copy[1024];
    if (length > sizeof copy)
        return false;
    memcpy(copy, octets, length); /* an iovec has no const */
    struct iovec part = {copy, length};
    struct msghdr message = {
        .msg_name = &to.address,
        .msg_namelen = to.length,
        .msg_iov = &part,
        .msg_iovlen = 1,
    };
    if (source) {
        message.msg_control = control;
        set_source(&message, source);
        if (sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return true;
        /* No way to the target from there: any other address is better than silence. */
        message.msg_control = NULL;
        message.msg_controllen = 0;
    }
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}
