/*
 * A zone transfer under way (AXFR, RFC 5936; IXFR, RFC 1995): one snapshot, one message at a time
 * into a buffer of the caller, so that memory does not grow with the zone and a slow secondary is
 * only as costly as its connection. Knows no sockets and no clock; who drives it bounds its time.
 */
#ifndef SERVER_TRANSFER_H
#define SERVER_TRANSFER_H

#include "server/respond.h"
#include "server/transfer_message.h"
#include "store/store.h"

#include <stdbool.h>

struct transfer;

enum transfer_kind {
    TRANSFER_AXFR,
    TRANSFER_IXFR,  /* the difference */
    TRANSFER_WHOLE, /* asked for the difference, gets the whole zone: "AXFR-style IXFR" */
};

/*
 * Begins the transfer that `reply` (REPLY_TRANSFER) grants, over the present contents. IXFR becomes
 * the whole zone where the history is too short, does not know the serial, or is damaged, and where
 * the difference is larger than the zone (RFC 1995 §4, §5).
 *
 *   reserve   octets that each message leaves free at its end
 *
 * STATUS_OK; STATUS_NOT_FOUND (the zone has just gone), STATUS_MALFORMED (its record or its apex is
 * damaged) or STATUS_SYSTEM: answer SERVFAIL.
 */
MUST_CHECK enum status transfer_create(struct store *store, const struct reply *reply,
                                       size_t reserve, struct transfer **out);
void transfer_destroy(struct transfer *transfer);

/*
 * Writes the next message, without its TCP length: of 16 KiB, but for one whose only record is
 * longer.
 *
 *   message   `room` octets
 *   length    out: octets written, the reserve not counted; 0: none yet, to be called again
 *
 * STATUS_OK; STATUS_NOT_FOUND when the last one was already written; STATUS_NO_SPACE when the next
 * record does not fit into `room`, which DNS_MESSAGE_OCTETS of it rule out; STATUS_MALFORMED when
 * the zone is damaged: close the connection, so that the secondary keeps its old zone.
 */
MUST_CHECK enum status transfer_next(struct transfer *transfer, uint8_t *message, size_t room,
                                     size_t *length);

/* True when one call takes as long as others may be kept waiting: not to be called twice in a turn.
 */
bool transfer_is_slow(const struct transfer *transfer);

/* For logs. The kind may change until the first record is written. */
enum transfer_kind transfer_kind(const struct transfer *transfer);
/* The client's serial, where it asked for a difference. */
uint32_t transfer_old_serial(const struct transfer *transfer);
uint32_t transfer_serial(const struct transfer *transfer);
uint64_t transfer_octets(const struct transfer *transfer);
uint64_t transfer_records(const struct transfer *transfer);
const uint8_t *transfer_apex(const struct transfer *transfer);

#endif
