/* What the tools of the benchmark share: numeric addresses, the clock, the file of queries. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Nanoseconds of CLOCK_MONOTONIC, the clock of Python's time.monotonic_ns() too. */
int64_t net_now_ns(void);

/*
 * A socket connected to a numeric address, of `type` SOCK_STREAM or SOCK_DGRAM, or bound to it.
 * The descriptor, or -1 after a message on stderr.
 */
MUST_CHECK int net_connect(const char *address, const char *port, int type);
MUST_CHECK int net_bind(const char *address, const char *port, int type);

/* Asks for a receive buffer that no closed loop overflows; the kernel may give less. */
void net_enlarge(int fd);

/* The octets of a file, in a block of the caller's; NULL after a message on stderr. */
MUST_CHECK uint8_t *net_read_whole(const char *path, size_t *octets);

/* Messages, each whole; all in one block. */
struct queries {
    uint8_t *block;
    struct iovec *each;
    size_t count; /* at least 1 */
};

/*
 * Reads a file of messages, each after its length in two octets (as over TCP).
 *
 *   max_octets   longest message that the caller can take
 *
 * STATUS_OK, or STATUS_SYSTEM or STATUS_MALFORMED after a message on stderr.
 */
MUST_CHECK enum status net_read_queries(const char *path, size_t max_octets, struct queries *out);
void net_free_queries(struct queries *queries);

#endif
