/* The two UDP sockets that the server asks from: one for each family, on ports that the kernel
 * chooses. Knows addresses, not messages. */
#ifndef SERVER_NOTIFY_SOCKET_H
#define SERVER_NOTIFY_SOCKET_H

#include "conf/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens a nonblocking UDP socket of a family on a port of the kernel's choice; the descriptor, or
 * -1 with errno.
 */
int notify_socket_open(sa_family_t family);

/*
 * The address to send from, among those that the server listens on: the first of the target's
 * family that is loopback where the target is; NULL to let the kernel choose (there is none, or it
 * is a wildcard).
 */
const struct endpoint *notify_socket_source(const struct endpoint *listen, size_t count,
                                            const struct endpoint *target);

/* Sends a datagram, from `source` where that is not NULL and can be had. True when the kernel took
 * it. */
bool notify_socket_send(int fd, const struct endpoint *target, const struct endpoint *source,
                        const uint8_t *octets, size_t length);

#endif
