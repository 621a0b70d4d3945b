/*
 * How many TCP connections and transfers the whole server holds, in all and for each client. Shared
 * by the workers: its lock is taken when a connection is accepted or closed and when a transfer
 * starts or ends, never for a query.
 */
#ifndef SERVER_TCP_LIMITS_H
#define SERVER_TCP_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Transfers at a time. Each holds 140 KiB and as much in the kernel (64 MiB in all), a reader's
 * slot of the database (there are 1024, the workers and zonegen need a few dozen) and the old pages
 * of one snapshot. A registry has a dozen secondaries; two hundred, all told of a change at once,
 * are served at once. The next one gets SERVFAIL (RFC 9103 §6.3.3) and asks again after its retry
 * time.
 */
#define TCP_LIMITS_TRANSFERS 256

/* Whom connections are counted for: an IPv4 address, or an IPv6 network of 64 bits, since a client
 * there has all of its addresses for the asking. */
struct tcp_client {
    uint8_t octets[9]; /* 4 or 6, then the address's first 4 or 8 octets */
};

struct tcp_client tcp_client_of(const struct sockaddr *address);

enum tcp_grant { TCP_GRANTED, TCP_FULL, TCP_CLIENT_FULL };

struct tcp_limits;

/* NULL when memory is out. */
struct tcp_limits *tcp_limits_create(void);
void tcp_limits_destroy(struct tcp_limits *limits);

/*
 * Counts one more connection, if both limits allow it.
 *
 *   in_all, per_client   as configured now
 *
 * Memory that is out counts as TCP_FULL.
 */
enum tcp_grant tcp_limits_enter(struct tcp_limits *limits, const struct tcp_client *client,
                                unsigned in_all, unsigned per_client);

/* Gives back what tcp_limits_enter granted. */
void tcp_limits_leave(struct tcp_limits *limits, const struct tcp_client *client);

/* Connections at present. */
size_t tcp_limits_connections(struct tcp_limits *limits);

/* Counts one more transfer; false when there are TCP_LIMITS_TRANSFERS. */
bool tcp_limits_enter_transfer(struct tcp_limits *limits);
void tcp_limits_leave_transfer(struct tcp_limits *limits);

#endif
