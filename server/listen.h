/*
 * The sockets that the server listens on: for each worker its own pair, UDP and TCP, for each
 * address of `listen`, and its own TCP socket for each of `tls-listen`. SO_REUSEPORT lets the
 * kernel spread clients over the workers. Knows neither workers nor messages.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "conf/config.h"
#include "server/inherited.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

#define LISTEN_MESSAGE_OCTETS 320

/* One worker's sockets at one address; -1 where one is closed or has been taken. */
struct listen_pair {
    int udp; /* -1 where it is for TLS */
    int tcp; /* -1: the service manager gave fewer than there are UDP sockets here */
    bool tls;
    bool wildcard; /* UDP datagrams carry the address that they came to */
    bool v6;
};

struct listen_set {
    size_t workers;
    size_t addresses;          /* pairs of a worker */
    struct listen_pair *pairs; /* those of worker w start at w * addresses, TLS last */
};

/*
 * Opens, binds and listens at all addresses for each worker.
 *
 *   workers   at least 1
 *   out       on STATUS_OK; to be closed with listen_close
 *   message   on failure: "cannot listen on 127.0.0.1@53: address already in use"
 *
 * STATUS_OK or STATUS_SYSTEM; nothing is left open then.
 */
MUST_CHECK enum status listen_open(const struct config_server *config, size_t workers,
                                   struct listen_set *out, char message[LISTEN_MESSAGE_OCTETS]);

/*
 * The same with sockets that were handed over: every address has to be among them, with UDP and
 * TCP, and nothing else. Where there are as many sockets of one address (ReusePort=yes) as there
 * are workers, each worker has its own; with fewer, workers share them; with more, a worker has
 * several, since the kernel gives each its part of the clients.
 *
 *   inherited   what the set holds is marked as used
 *   message     on failure: what to write into the socket unit, or into the configuration
 *
 * STATUS_OK, STATUS_INVALID or STATUS_SYSTEM; sockets that are marked are closed then.
 */
MUST_CHECK enum status listen_adopt(const struct config_server *config, size_t workers,
                                    struct inherited *inherited, struct listen_set *out,
                                    char message[LISTEN_MESSAGE_OCTETS]);

/* Closes what is still open and frees the set. */
void listen_close(struct listen_set *set);

#endif
