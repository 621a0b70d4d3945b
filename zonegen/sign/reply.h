/*
 * What an answer says (ask.h has checked that it stands whole): its RCODE, and the records of a
 * name and type in one of its sections.
 */
#ifndef SIGN_REPLY_H
#define SIGN_REPLY_H

#include "sign/ask.h"
#include "zone/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A record in a message. Names in its RDATA may be compressed. */
struct reply_record {
    struct name owner;
    uint16_t type;
    uint32_t ttl;
    size_t at; /* of its RDATA in the message */
    uint16_t octets;
};

/* Where a walk through the sections stands; begin with {0}. */
struct reply_walk {
    size_t at;
    unsigned seen; /* records */
};

enum reply_section { REPLY_ANSWER, REPLY_AUTHORITY };

/* The next record of a section, class IN, given in order; false after the last. A walk is for one
 * section. */
bool reply_next(const struct ask *ask, enum reply_section section, struct reply_walk *walk,
                struct reply_record *out);

/* The same, records of `owner` and `type` only. */
bool reply_next_of(const struct ask *ask, enum reply_section section, const struct name *owner,
                   uint16_t type, struct reply_walk *walk, struct reply_record *out);

/* RCODE of an answer, without the OPT's part; BADVERS and the like are then 0 with no records. */
unsigned reply_rcode(const struct ask *ask);

/* True when AA is set. */
bool reply_is_authoritative(const struct ask *ask);

/* "NOERROR", "SERVFAIL" …, or "RCODE 11". */
const char *reply_rcode_text(const struct ask *ask, struct arena *arena);

/* The name that begins a record's RDATA. STATUS_OK or STATUS_MALFORMED. */
MUST_CHECK enum status reply_name(const struct ask *ask, const struct reply_record *record,
                                  struct name *out);

/* What an RRSIG says of its key (RFC 4034 §3.1). */
struct reply_signature {
    uint16_t covered;
    uint8_t algorithm;
    uint16_t tag;
    uint32_t ttl; /* Original TTL: what its RRset has where it comes from */
    struct name signer;
};

MUST_CHECK enum status reply_signature(const struct ask *ask, const struct reply_record *record,
                                       struct reply_signature *out);

/* The serial of an SOA. STATUS_OK or STATUS_MALFORMED. */
MUST_CHECK enum status reply_serial(const struct ask *ask, const struct reply_record *record,
                                    uint32_t *out);

#endif
