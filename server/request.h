/*
 * What a client asks: one message decoded and judged by the rules for requests, before anyone looks
 * at zones. Says which RCODE a request that breaks them deserves.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "server/edns.h"
#include "server/tsig.h"
#include "wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Records beside the question that are read: a client has three or four. More are FORMERR, so that
 * nobody makes us read hundreds for nothing. Where there are several questions, which are FORMERR
 * too, no more of them are stepped over. */
#define REQUEST_MAX_RECORDS 32
/* Octets of their owners: that of a TSIG may have 255. */
#define REQUEST_MAX_OWNERS 512

enum request_verdict {
    REQUEST_DROP,     /* no message, or an answer: never answered */
    REQUEST_ERROR,    /* answer `rcode` */
    REQUEST_QUESTION, /* one question, of opcode QUERY */
    REQUEST_COOKIE, /* no question but for a cookie (RFC 7873 §5.4), which is FORMERR where cookies
                       are off */
};

struct request {
    enum request_verdict verdict;
    uint16_t rcode;
    size_t octets; /* of the message */
    struct header header;
    bool has_question;
    struct question question; /* letter case as sent */
    size_t question_octets;   /* of the question section as sent, from octet 12 */
    struct edns edns;         /* points into the message */
    bool has_serial;          /* an SOA stands in the authority section: IXFR (RFC 1995 §3) */
    uint32_t serial;          /* of that SOA */
    bool has_tsig; /* one stands where it belongs: nothing is to be believed until it is verified */
    struct tsig_record tsig;
};

/*
 * Decodes `length` octets of any value.
 *
 * Dropped: fewer than 12 octets, QR set. NOTIMP: an opcode other than QUERY, whatever follows
 * (RFC 8906 §3.1.4); the answer is a header, and a TSIG where the request has one. FORMERR: not
 * exactly one question (RFC 9619), but for REQUEST_COOKIE, a compressed question name, an owner,
 * record or option that runs past its end, octets after the last record, more than
 * REQUEST_MAX_RECORDS, or owners of more than REQUEST_MAX_OWNERS, two OPT, an OPT outside
 * the additional section or not owned by the root (RFC 6891 §6.1.1), a TSIG that is not the last
 * record, not the only one, or not whole (RFC 8945 §5.2). BADVERS: an EDNS version above 0.
 */
void request_parse(const uint8_t *message, size_t length, struct request *out);

#endif
