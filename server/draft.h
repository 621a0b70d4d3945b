/*
 * A reply in the making: header flags, sections and extended error, filled outcome by outcome, then
 * finished: OPT added, made to fit, header written. Bodies stay where they are in the map.
 */
#ifndef SERVER_DRAFT_H
#define SERVER_DRAFT_H

#include "server/request.h"
#include "server/respond.h"
#include "store/stored.h"

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTIONS };

struct draft {
    const struct view *view;
    const struct request *request;
    const struct asker *asker;
    struct reply *out;
    uint16_t flags; /* of the header */
    uint16_t rcode;
    uint16_t records[SECTIONS]; /* without the OPT */
    size_t octets[SECTIONS];
    /* Of the additional section: signatures, which may go first (RFC 4035 §3.1.1). */
    uint16_t extra_records;
    size_t extra_octets;
    size_t reserved;        /* octets that are needed for proofs: see draft_has_room() */
    bool referral;          /* a stored answer had an authority part: its additional part is glue */
    int error;              /* extended error (RFC 8914), or -1 */
    const char *error_text; /* or NULL */
    const struct served_zone *zone; /* that something was looked for in; or NULL */
    uint64_t owner; /* where there is an rrl: which owner the answer is of, rrl_hash() */
    uint8_t cookie[COOKIE_OCTETS]; /* of the reply, where out->cookie is not COOKIE_NONE */
    struct writer tail;            /* into out->tail: records made for this reply, then the OPT */
};

/* Begins the reply to a request with what every reply has: ID, opcode, RD, CD, the question as
 * sent. Fill in `view`, `request`, `asker` and `out` before. */
void draft_start(struct draft *draft, const uint8_t *message);

/* Takes away all records that were added. */
void draft_clear(struct draft *draft);

/* True when the client asks for signatures and proofs (RFC 3225 §3). */
bool draft_wants_dnssec(const struct draft *draft);

/* True when the client is where its address says: by TCP, TLS, a good cookie, or a TSIG that was
 * verified. */
bool draft_is_proved(const struct draft *draft);

/* True when a reply by TCP has room for `octets` more in up to `parts` parts, for what is reserved
 * and for an OPT. What is added first always has room. */
bool draft_has_room(const struct draft *draft, size_t octets, size_t parts);

/* How many octets of records a reply by UDP without an extended error has room for, beside those
 * that it has and the OPT. */
size_t draft_room(const struct draft *draft);

/* Adds octets that outlive the reply's sending to a section. */
void draft_add(struct draft *draft, enum section section, const uint8_t *octets, size_t length,
               uint16_t records);

/* Adds a stored answer's parts for the answer and authority sections, signatures only with DO
 * (RFC 4035 §3.1). */
void draft_add_stored(struct draft *draft, const struct stored_answer *answer);

/* Adds its parts for the additional section. Everything else comes before. */
void draft_add_additional(struct draft *draft, const struct stored_answer *answer);

/* Finishes the reply: nothing may be added after it. */
void draft_finish(struct draft *draft);

/* Makes of a finished reply one without contents: TC, or BADCOOKIE for a client that gets a cookie
 * (RFC 7873 §5.2.3). It is not signed. */
void draft_shorten(struct draft *draft);

#endif
