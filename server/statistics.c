#include "server/statistics.h"

void statistics_sum(struct statistics *total, const struct statistics *part)
{
    for (size_t i = 0; i < STATISTICS_COUNTS; i++)
        statistics_raise(&total->counts[i],
                         atomic_load_explicit(&part->counts[i], memory_order_relaxed));
    for (size_t i = 0; i < STATISTICS_RCODES; i++)
        statistics_raise(&total->rcodes[i],
                         atomic_load_explicit(&part->rcodes[i], memory_order_relaxed));
}

const char *statistics_name(enum statistic what)
{
    static const char *const names[STATISTICS_COUNTS] = {
        [COUNT_UDP4_QUERIES] = "udp4-queries",
        [COUNT_UDP6_QUERIES] = "udp6-queries",
        [COUNT_TCP_QUERIES] = "tcp-queries",
        [COUNT_TLS_QUERIES] = "tls-queries",
        [COUNT_UDP_OCTETS_SENT] = "udp-octets-sent",
        [COUNT_TCP_OCTETS_SENT] = "tcp-octets-sent",
        [COUNT_DROPPED] = "dropped",
        [COUNT_UDP_SEND_FAILURES] = "udp-send-failures",
        [COUNT_TCP_ACCEPTED] = "tcp-accepted",
        [COUNT_TCP_REFUSED] = "tcp-refused",
        [COUNT_TCP_EVICTED] = "tcp-evicted",
        [COUNT_TCP_EXPIRED] = "tcp-expired",
        [COUNT_TCP_CUT] = "tcp-cut",
        [COUNT_TLS_ACCEPTED] = "tls-accepted",
        [COUNT_TLS_FAILED] = "tls-failed",
        [COUNT_TRANSFERS_STARTED] = "transfers-started",
        [COUNT_TRANSFERS_FINISHED] = "transfers-finished",
        [COUNT_TRANSFERS_INCREMENTAL] = "transfers-incremental",
        [COUNT_TRANSFERS_REFUSED] = "transfers-refused",
        [COUNT_TSIG_GOOD] = "tsig-good",
        [COUNT_TSIG_BADSIG] = "tsig-badsig",
        [COUNT_TSIG_BADKEY] = "tsig-badkey",
        [COUNT_TSIG_BADTIME] = "tsig-badtime",
        [COUNT_TSIG_BADTRUNC] = "tsig-badtrunc",
        [COUNT_COOKIE_MISSING] = "cookie-missing",
        [COUNT_COOKIE_CLIENT_ONLY] = "cookie-client-only",
        [COUNT_COOKIE_BAD] = "cookie-bad",
        [COUNT_COOKIE_GOOD] = "cookie-good",
        [COUNT_RRL_DROPPED] = "rrl-dropped",
        [COUNT_RRL_SLIPPED] = "rrl-slipped",
    };
    return names[what];
}
