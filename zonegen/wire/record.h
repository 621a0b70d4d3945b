/*
 * Headers, questions and resource records as they stand in a message (RFC 1035 §4.1). Decodes what
 * is there; whether it makes sense together is the caller's question.
 */
#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H

#include "wire/constants.h"
#include "wire/name.h"
#include "wire/reader.h"
#include "wire/status.h"
#include "wire/writer.h"

/* The third and fourth octets of the header, RFC 1035 §4.1.1 and RFC 4035 §3.1.6. */
enum header_flag {
    HEADER_QR = 0x8000,
    HEADER_AA = 0x0400,
    HEADER_TC = 0x0200,
    HEADER_RD = 0x0100,
    HEADER_RA = 0x0080,
    HEADER_AD = 0x0020,
    HEADER_CD = 0x0010,
};

struct header {
    uint16_t id;
    uint16_t flags; /* QR to RCODE as sent */
    uint16_t qdcount;
    uint16_t ancount;
    uint16_t nscount;
    uint16_t arcount;
};

static inline unsigned header_opcode(uint16_t flags)
{
    return flags >> 11 & 0xf;
}

/* Reads the 12 octets of a header; fewer set `r->failed`. */
struct header header_read(struct reader *r);

void header_write(struct writer *w, const struct header *header);

/* A question (RFC 1035 §4.1.2). */
struct question {
    struct name name; /* letter case as sent */
    uint16_t type;
    uint16_t class;
};

/*
 * Reads the question that starts `*at` octets into a message; `*at` moves past it.
 * STATUS_OK or STATUS_MALFORMED.
 */
MUST_CHECK enum status question_parse(const uint8_t *message, size_t length, size_t *at,
                                      struct question *out);

/* A resource record within a message (RFC 1035 §4.1.3); points into the message. */
struct record {
    size_t owner; /* where the owner name starts, octets from the start of the message */
    uint16_t type;
    uint16_t class;
    uint32_t ttl;
    uint16_t rdata_octets;
    size_t rdata; /* where the RDATA starts */
};

/*
 * Reads the record that starts `*at` octets into a message; `*at` moves past it. The owner name is
 * stepped over, not resolved: name_parse(message, length, &record.owner, …) does that.
 * STATUS_OK, or STATUS_MALFORMED if it runs past the message or its owner is no name.
 */
MUST_CHECK enum status record_parse(const uint8_t *message, size_t length, size_t *at,
                                    struct record *out);

/* Writes the fixed part of a record after its owner, up to and with RDLENGTH. */
void record_write_fixed(struct writer *w, uint16_t type, uint16_t class, uint32_t ttl,
                        uint16_t rdata_octets);

#endif
