/* A difference (IXFR) by UDP, in one datagram (RFC 1995 §2, §4). */
#ifndef SERVER_IXFR_DATAGRAM_H
#define SERVER_IXFR_DATAGRAM_H

#include "server/draft.h"

/*
 * Adds the difference from the client's serial to a reply, made in its spare octets. Looks only at
 * the last few steps of the history, and goes no further where they changed more than could fit:
 * who asks by UDP may have forged his address.
 *
 *   draft   an IXFR by UDP that its sender may have; nothing was added yet
 *
 * False, with nothing added, when it does not fit, when there is none, or no memory.
 */
MUST_CHECK bool ixfr_datagram(struct draft *draft, const struct served_zone *zone);

#endif
