/*
 * Which prefixes are being limited, for the log: workers note it, another thread tells of it. A few
 * prefixes at a time, each for as long as it is limited and a minute beyond: so there is a line
 * when it begins and one when it has ended, and no flood makes more than RRL_WATCHED of each in a
 * minute. What finds no place is not told of; the statistics count all of it.
 */
#ifndef SERVER_RRL_WATCH_H
#define SERVER_RRL_WATCH_H

#include "conf/address.h"
#include "server/log.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RRL_WATCHED      16
#define RRL_WATCH_END_MS 60000 /* without a limited answer: it has ended */

/* A prefix as a number: 4 or 6 in the highest octet, then its 24 or 56 bits, zeros. Never 0. */
uint64_t rrl_watch_prefix(const struct prefix *client);

/* Zeroed before its first use. */
struct rrl_watch {
    _Atomic uint64_t prefixes[RRL_WATCHED]; /* 0: free */
    struct rrl_watched {
        _Atomic int64_t last_ms;
        _Atomic uint64_t dropped;
        _Atomic uint64_t slipped;
        bool told; /* of the thread that reports */
    } each[RRL_WATCHED];
};

/* Notes a limited answer. Any thread, at any time. */
void rrl_watch_note(struct rrl_watch *watch, uint64_t prefix, bool slipped, int64_t now_ms);

/* Logs what has begun and what has ended. One thread. */
void rrl_watch_report(struct rrl_watch *watch, struct log *log, int64_t now_ms);

#endif
