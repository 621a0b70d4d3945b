/*
 * What a worker has counted. Only its own thread writes; any thread may read at any time, and sees
 * each number as it was a moment ago. No locks: on the machines that we run on, the relaxed loads
 * and stores below are plain ones.
 */
#ifndef SERVER_STATISTICS_H
#define SERVER_STATISTICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define STATISTICS_RCODES 25 /* 0..23 by number; the last one: any other */

enum statistic {
    COUNT_UDP4_QUERIES,
    COUNT_UDP6_QUERIES,
    COUNT_TCP_QUERIES,
    COUNT_TLS_QUERIES,
    COUNT_UDP_OCTETS_SENT,
    COUNT_TCP_OCTETS_SENT,   /* transfers too, length octets too; of TLS before it is encrypted */
    COUNT_DROPPED,           /* not answered: no header, an answer, too long for UDP */
    COUNT_UDP_SEND_FAILURES, /* answers that the kernel did not take */
    COUNT_TCP_ACCEPTED,      /* those of TLS too, here and below */
    COUNT_TCP_REFUSED,       /* limits, and nobody could make room */
    COUNT_TCP_EVICTED,       /* ended to make room: without a complete request, or stalled */
    COUNT_TCP_EXPIRED,       /* idle for tcp-idle */
    COUNT_TCP_CUT,           /* half a message, a handshake or answers not taken for tcp-idle; for
                                want of memory; for what is no DNS, or keeps TLS busy */
    COUNT_TLS_ACCEPTED,
    COUNT_TLS_FAILED, /* ended before their handshake was done, by whomever */
    COUNT_TRANSFERS_STARTED,
    COUNT_TRANSFERS_FINISHED,
    COUNT_TRANSFERS_INCREMENTAL, /* of the finished ones, and those by UDP: differences */
    COUNT_TRANSFERS_REFUSED,     /* too many at once, or the zone was gone */
    COUNT_TSIG_GOOD,             /* requests that were signed, and well (RFC 8945) */
    COUNT_TSIG_BADSIG,
    COUNT_TSIG_BADKEY,
    COUNT_TSIG_BADTIME,
    COUNT_TSIG_BADTRUNC,
    COUNT_COOKIE_MISSING,     /* in the order of enum cookie_state */
    COUNT_COOKIE_CLIENT_ONLY, /* asks for one */
    COUNT_COOKIE_BAD,
    COUNT_COOKIE_GOOD,
    COUNT_RRL_DROPPED, /* answers that rate limiting kept back */
    COUNT_RRL_SLIPPED, /* … and sent without their contents */
    STATISTICS_COUNTS
};

struct statistics {
    _Atomic uint64_t counts[STATISTICS_COUNTS];
    _Atomic uint64_t rcodes[STATISTICS_RCODES];
};

static inline void statistics_raise(_Atomic uint64_t *counter, uint64_t by)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + by, memory_order_relaxed);
}

static inline void statistics_add(struct statistics *statistics, enum statistic what, uint64_t by)
{
    statistics_raise(&statistics->counts[what], by);
}

static inline void statistics_add_rcode(struct statistics *statistics, uint16_t rcode)
{
    size_t n = rcode < STATISTICS_RCODES - 1 ? rcode : STATISTICS_RCODES - 1;
    statistics_raise(&statistics->rcodes[n], 1);
}

static inline uint64_t statistics_get(const struct statistics *statistics, enum statistic what)
{
    return atomic_load_explicit(&statistics->counts[what], memory_order_relaxed);
}

/* Adds the numbers of `part` to `total`, which belongs to the calling thread. */
void statistics_sum(struct statistics *total, const struct statistics *part);

/* The name of a count, as people read it: "udp4-queries". */
const char *statistics_name(enum statistic what);

#endif
