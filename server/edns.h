/* EDNS(0) (RFC 6891): what the OPT of a request says, and the OPT of a reply. */
#ifndef SERVER_EDNS_H
#define SERVER_EDNS_H

#include "server/cookie.h"
#include "wire/record.h"

#include <stdbool.h>
#include <stdint.h>

/* Options that are read, for the same reason as REQUEST_MAX_RECORDS. */
#define EDNS_MAX_OPTIONS 32

#define EDNS_ERROR_TEXT_OCTETS 400 /* a sentence and a zone name in presentation format */

struct edns {
    bool present;
    uint16_t udp_octets; /* at least 512 (RFC 6891 §6.2.3) */
    uint8_t version;
    bool dnssec_ok;        /* DO (RFC 3225) */
    bool nsid;             /* asks for NSID (RFC 5001 §2.1) */
    bool padding;          /* asks for padding by having some (RFC 7830 §4) */
    const uint8_t *cookie; /* of the first COOKIE option (RFC 7873 §5.2), in the message; or NULL */
    uint16_t cookie_octets; /* any number */
};

/*
 * Reads the OPT `record` of `message`. Unknown options are ignored (RFC 6891 §6.1.2).
 * STATUS_OK, or STATUS_MALFORMED when an option runs past the RDATA or there are more than
 * EDNS_MAX_OPTIONS; `out->present` is set in both
 * cases, since the reply carries an OPT then too (RFC 6891 §7).
 */
MUST_CHECK enum status edns_parse(struct edns *out, const struct record *record,
                                  const uint8_t *message);

/* What a reply's OPT says. */
struct edns_reply {
    uint16_t udp_octets;    /* what this server accepts */
    uint16_t rcode;         /* 12 bits; the upper eight go into the OPT */
    bool dnssec_ok;         /* copied from the request */
    const char *nsid;       /* or NULL */
    const uint8_t *cookie;  /* COOKIE_OCTETS; or NULL */
    uint16_t keepalive;     /* RFC 7828, in 100 ms; 0: not sent */
    int error;              /* RFC 8914 code, or -1 */
    const char *error_text; /* NUL-terminated, or NULL */
};

/* Writes an OPT record. */
void edns_write(struct writer *w, const struct edns_reply *reply);

/* The multiple that padded replies are long (RFC 8467 recommends it for servers). */
#define EDNS_PADDED_OCTETS 468
/* Code and length of an option: the least that edns_pad adds. */
#define EDNS_OPTION_OCTETS 4
/* The most that it adds. */
#define EDNS_PADDING_OCTETS (EDNS_PADDED_OCTETS - 1 + EDNS_OPTION_OCTETS)

/*
 * Adds a Padding option (RFC 7830) to the OPT that was just written.
 *
 *   opt_at   where the OPT starts in `w`; nothing stands after it
 *   octets   of the message so far, the OPT and all that will be added after it
 *   limit    of the message
 *
 * Pads up to the next multiple, or up to the limit; adds nothing when the option has no room.
 */
void edns_pad(struct writer *w, size_t opt_at, size_t octets, size_t limit);

#endif
