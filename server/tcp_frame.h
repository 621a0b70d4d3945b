/*
 * DNS messages in a stream of octets: each follows its length in two octets (RFC 1035 §4.2.2).
 * Knows no sockets. Keeps between two reads what was not answered yet: nothing at all for an idle
 * connection, a few octets in place, more on the heap.
 */
#ifndef SERVER_TCP_FRAME_H
#define SERVER_TCP_FRAME_H

#include "wire/constants.h"
#include "wire/reader.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCP_LENGTH_OCTETS 2
#define TCP_FRAME_OCTETS  (TCP_LENGTH_OCTETS + DNS_MESSAGE_OCTETS)

enum tcp_frame {
    TCP_FRAME_WHOLE,
    TCP_FRAME_PARTIAL, /* more octets are needed */
    /*
     * The length is below a header's 12 octets. No client sends that, nothing could be answered
     * (the ID is missing), and most likely the lengths have got out of step: the connection is to
     * be closed. No RFC says so; NSD does the same.
     */
    TCP_FRAME_BROKEN,
};

/*
 * Takes the message at the start of `octets` when it is there as a whole; else takes nothing.
 *
 *   message, length   out, on TCP_FRAME_WHOLE; points into the window
 */
enum tcp_frame tcp_frame_take(struct reader *octets, const uint8_t **message, size_t *length);

/* How many octets the message at the start of `octets` lacks, as far as can be told: at least 1
 * after TCP_FRAME_PARTIAL. */
size_t tcp_frame_lacks(const struct reader *octets);

#define TCP_KEPT_INLINE_OCTETS 64 /* most single queries */

/* Octets kept from one read to the next. All zero is the empty state. */
struct tcp_kept {
    size_t length;
    size_t room; /* of `heap` */
    uint8_t *heap;
    uint8_t in_place[TCP_KEPT_INLINE_OCTETS];
};

/*
 * Keeps a copy of `length` octets, which lie elsewhere, in place of what was kept before.
 * STATUS_OK, or STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status tcp_kept_set(struct tcp_kept *kept, const uint8_t *octets, size_t length);

/* Moves what is kept to the start of `room`, which has space for it, and returns its octets. */
size_t tcp_kept_take(struct tcp_kept *kept, uint8_t *room);

/* Frees what is on the heap and keeps nothing. */
void tcp_kept_clear(struct tcp_kept *kept);

#endif
