/*
 * Response rate limiting: how many answers, and how many octets, a client's prefix may have by UDP
 * in a second, so that who forges addresses cannot have this server flood their owners.
 *
 * Two buckets count an answer: that of the prefix and the kind of answer, in answers, and that of
 * the prefix, in octets whatever they hold. A bucket is one number, a tag and the moment at which
 * it will be empty again (the generic cell rate algorithm); it may be a second ahead of now, so
 * that a second's worth may come at once. Buckets are shared by all workers and changed by compare
 * and exchange: no locks, and N workers do not mean N times the rate.
 *
 * Memory is fixed: RRL_BUCKETS of eight octets, in lines of eight. A new bucket takes the place of
 * one that has run empty, or else of the least full one of its line: what floods is the fullest and
 * stays. The hash that chooses line and tag has a seed of its own at each start.
 */
#ifndef SERVER_RRL_H
#define SERVER_RRL_H

#include "conf/address.h"
#include "conf/settings.h"
#include "server/log.h"

#include <stddef.h>
#include <stdint.h>

#define RRL_LINE_BUCKETS 8 /* a cache line */
#define RRL_LINES        65536
#define RRL_BUCKETS      ((size_t)RRL_LINES * RRL_LINE_BUCKETS) /* 4 MiB */

/* What is counted as one: all clients of 2^8 IPv4 addresses, of 2^72 IPv6 ones. */
#define RRL_BITS_V4 24
#define RRL_BITS_V6 56

/* What kind of answer one is, and what it is of. */
enum rrl_kind {
    RRL_ANSWER,   /* of a name, or of a wildcard whatever was asked below it */
    RRL_NXDOMAIN, /* of a zone, and so are the next two */
    RRL_NODATA,
    RRL_REFERRAL,
    RRL_CHAOS,
    RRL_ERROR, /* of nothing, and so are cookies alone */
};

enum rrl_verdict {
    RRL_PASS, /* send it */
    RRL_SLIP, /* send it without its contents */
    RRL_DROP, /* send nothing */
};

struct rrl_answer {
    const struct prefix *client; /* whole address */
    enum rrl_kind kind;
    uint64_t of;   /* a number that tells apart what it is of: rrl_hash() */
    size_t octets; /* of the message */
};

struct rrl;

/* NULL when memory is out. Its memory is taken as it is used. */
struct rrl *rrl_create(void);
void rrl_destroy(struct rrl *rrl);

/* A number for a name, an owner's key …, that nobody outside can foresee. */
uint64_t rrl_hash(const struct rrl *rrl, const uint8_t *octets, size_t length);

/*
 * Counts an answer, and says whether it may go. Any thread, at any time.
 *
 *   limits   rrl_rate, rrl_octets, rrl_slip and rrl_exempt, as configured now
 *   now_ms   of a clock that never goes back
 */
enum rrl_verdict rrl_judge(struct rrl *rrl, const struct config_server *limits,
                           const struct rrl_answer *answer, int64_t now_ms);

/* Logs which prefixes have come to be limited since the last report, and which no longer are; see
 * rrl_watch.h. One thread. */
void rrl_report(struct rrl *rrl, struct log *log, int64_t now_ms);

#endif
