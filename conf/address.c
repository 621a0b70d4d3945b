#include "conf/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void endpoint_to_text(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_OCTETS])
{
    char address[INET6_ADDRSTRLEN] = "?";
    char scope[12] = "";
    in_port_t port = 0;

    if (endpoint->address.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &endpoint->address.v4.sin_addr, address, sizeof address);
        port = endpoint->address.v4.sin_port;
    } else if (endpoint->address.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &endpoint->address.v6.sin6_addr, address, sizeof address);
        port = endpoint->address.v6.sin6_port;
        if (endpoint->address.v6.sin6_scope_id != 0)
            snprintf(scope, sizeof scope, "%%%u", (unsigned)endpoint->address.v6.sin6_scope_id);
    }
    snprintf(text, ENDPOINT_TEXT_OCTETS, "%s%s@%u", address, scope, (unsigned)ntohs(port));
}

bool endpoint_equals(const struct endpoint *a, const struct endpoint *b)
{
    if (a->address.any.sa_family != b->address.any.sa_family)
        return false;
    if (a->address.any.sa_family == AF_INET)
        return a->address.v4.sin_addr.s_addr == b->address.v4.sin_addr.s_addr &&
               a->address.v4.sin_port == b->address.v4.sin_port;
    return memcmp(&a->address.v6.sin6_addr, &b->address.v6.sin6_addr, 16) == 0 &&
           a->address.v6.sin6_port == b->address.v6.sin6_port &&
           a->address.v6.sin6_scope_id == b->address.v6.sin6_scope_id;
}

struct prefix prefix_of_address(const struct sockaddr *address)
{
    struct prefix prefix = {.family = AF_INET, .bits = 32};
    /* The caller's sockaddr may stand anywhere (a buffer of recvmmsg): copied, never cast. */
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(prefix.octets, &v4.sin_addr, 4);
        return prefix;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        memcpy(prefix.octets, v6.sin6_addr.s6_addr + 12, 4);
        return prefix;
    }
    prefix.family = AF_INET6;
    prefix.bits = 128;
    memcpy(prefix.octets, &v6.sin6_addr, 16);
    return prefix;
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
    if (outer->family != inner->family || outer->bits > inner->bits)
        return false;
    size_t whole = outer->bits / 8u;
    unsigned rest = outer->bits % 8u;
    if (memcmp(outer->octets, inner->octets, whole) != 0)
        return false;
    return rest == 0 || (outer->octets[whole] ^ inner->octets[whole]) >> (8 - rest) == 0;
}

bool prefix_matches(const struct prefix *prefix, const struct sockaddr *address)
{
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
        return false;
    struct prefix host = prefix_of_address(address);
    return prefix_contains(prefix, &host);
}

void prefix_to_text(const struct prefix *prefix, char text[PREFIX_TEXT_OCTETS])
{
    char address[INET6_ADDRSTRLEN] = "?";
    inet_ntop(prefix->family, prefix->octets, address, sizeof address);
    if (prefix->bits == (prefix->family == AF_INET ? 32 : 128))
        snprintf(text, PREFIX_TEXT_OCTETS, "%s", address);
    else
        snprintf(text, PREFIX_TEXT_OCTETS, "%s/%u", address, (unsigned)prefix->bits);
}
