/*
 * The one function between I/O and answer: a request's octets in, a reply's octets out, ready to be
 * sent. It allocates nothing, locks nothing, logs nothing, and knows no sockets; all that it
 * answers from is in the view. What it changes there are the buckets of rrl.h.
 */
#ifndef SERVER_RESPOND_H
#define SERVER_RESPOND_H

#include "conf/config.h"
#include "server/cookie.h"
#include "server/rrl.h"
#include "server/sha1.h"
#include "server/statistics.h"
#include "server/tsig.h"
#include "server/zone_table.h"
#include "store/store.h"
#include "wire/record.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* What was found damaged while answering, for who logs it. */
struct damage {
    uint64_t count;
    struct name name; /* that was asked for last */
};

/* What a worker answers from; all of it belongs to the worker and stays while it responds. */
struct view {
    struct snapshot *snapshot; /* live, not reset */
    const struct config *config;
    const struct zone_table *zones;
    struct sha1 *sha1;                    /* for zones with NSEC3 */
    const struct tsig_keys *keys;         /* or NULL */
    struct damage *damage;                /* counted up; or NULL */
    const struct cookie_secrets *cookies; /* NULL: off */
    struct rrl *rrl;                      /* NULL: off. Shared by all workers */
    int64_t now_ms;                       /* ticks, for rrl */
    uint64_t era;           /* another one whenever any of these has changed, and what is in them */
    int64_t (*clock)(void); /* seconds since 1970; asked where a message has a TSIG or a cookie */
};

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

/* Who sent a message, and how it came. */
struct asker {
    const struct sockaddr *address;
    enum transport transport;
    bool may_transfer; /* of TRANSPORT_TLS: by TLS 1.3 with ALPN `dot` (RFC 9103 §7.1, §7.2) */
    size_t name_count; /* of the client's certificate, where it was verified */
    const char *const *names;
};

enum reply_action {
    REPLY_DROP,     /* send nothing */
    REPLY_SEND,     /* send parts[0..part_count) */
    REPLY_TRANSFER, /* TCP only: start a transfer of `zone`, which the client may have */
};

/* Header and question: 12 + 255 + 4 octets. */
#define REPLY_HEAD_OCTETS 272
/* A CHAOS TXT of 12 + 256, an OPT with all options that this server sends (11, NSID 4 + 255,
 * extended error 6 + 400, keepalive 6, cookie 28, padding 471), and a TSIG. */
#define REPLY_TAIL_OCTETS (1472 + TSIG_MAX_OCTETS)
/* A negative answer with proofs has head, answer, SOA, sixteen proofs and OPT; the rest is for ANY
 * and RRSIG by TCP, with a part or two for each RRset. */
#define REPLY_MAX_PARTS 48
/* The largest udp-max. */
#define REPLY_SPARE_OCTETS 4096

/* A reply; the caller owns it and reuses it. Its parts point into itself and into the map. */
struct reply {
    enum reply_action action;
    uint16_t rcode;       /* for statistics; also when action is REPLY_TRANSFER: NOERROR */
    bool transfer_denied; /* a transfer was asked for and not granted, for `rcode` */
    bool transfer_unsafe; /* … though an acl grants it: by TLS that asker.may_transfer is not for */
    bool repeatable;      /* the same octets but for the ID get the same octets but for the ID, by
                             UDP, from whomever and whenever they come in this era */
    /* NULL: the request was not signed, or not so that it could be read. Its key, where it has one,
     * signs the messages of a transfer too; it stays the view's. */
    struct tsig_session *tsig;
    enum rrl_verdict limited; /* RRL_DROP: action is REPLY_DROP; of RRL_SLIP this is what is left */
    enum cookie_state cookie; /* of the request, where cookies are on */
    size_t octets;            /* of the whole message */
    size_t part_count;
    struct iovec parts[REPLY_MAX_PARTS];
    uint8_t head[REPLY_HEAD_OCTETS];
    uint8_t tail[REPLY_TAIL_OCTETS];
    /* Where a difference (IXFR) by UDP may be made, REPLY_SPARE_OCTETS of it; or NULL: the reply is
     * one SOA then (RFC 1995 §2). Set by the caller; stays his. */
    uint8_t *spare;
    bool spare_used;
    /* REPLY_TRANSFER */
    const struct served_zone *zone;
    size_t head_octets;          /* header and question of the reply, in `head`, counts to be set */
    size_t tail_octets;          /* the OPT that each message of the transfer carries; or 0 */
    bool padded;                 /* each with padding (RFC 7830) */
    uint16_t transfer_type;      /* AXFR or IXFR */
    uint32_t serial;             /* of IXFR: what the client has */
    struct tsig_session session; /* what `tsig` points to */
};

/* Counts how the request of a reply was signed. */
void reply_count_tsig(const struct tsig_session *tsig, struct statistics *statistics);

/* Counts what was answered: its RCODE, and how its request was signed and what cookie it had. */
static inline void reply_count(const struct reply *reply, struct statistics *statistics)
{
    statistics_add_rcode(statistics, reply->rcode);
    statistics_add(statistics, (enum statistic)(COUNT_COOKIE_MISSING + (int)reply->cookie), 1);
    if (reply->tsig)
        reply_count_tsig(reply->tsig, statistics);
}

/*
 * Answers one message.
 *
 *   message   `length` octets as received, any value
 *   asker     where it came from
 *   out       overwritten
 *
 * Never fails: what cannot be answered is dropped or answered with an RCODE. Answers to answers,
 * and messages shorter than a header, are dropped. A request with a TSIG is answered when that was
 * verified, and by a reply that is signed; else NOTAUTH says why not (RFC 8945 §5.2, §5.3).
 */
void respond(const struct view *view, const uint8_t *message, size_t length,
             const struct asker *asker, struct reply *out);

#endif
