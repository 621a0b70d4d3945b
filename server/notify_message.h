/* The messages that the server itself sends and reads: NOTIFY (RFC 1996) and the question for a
 * zone's SOA. Pure. */
#ifndef SERVER_NOTIFY_MESSAGE_H
#define SERVER_NOTIFY_MESSAGE_H

#include "wire/name.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTIFY_MESSAGE_OCTETS 512 /* RFC 1035 §4.2.1 */

/*
 * Writes a NOTIFY: opcode NOTIFY, AA, the question ZONE IN SOA (RFC 1996 §4.5), and the new SOA in
 * the answer section as a hint (§3.7).
 *
 *   soa, soa_octets   one record, owner in full; left out when it is not that, or does not fit
 *
 * The message's octets.
 */
size_t notify_message_write(uint8_t out[NOTIFY_MESSAGE_OCTETS], uint16_t id, const uint8_t *zone,
                            const uint8_t *soa, size_t soa_octets);

/* Writes the question ZONE IN SOA, without recursion. The message's octets. */
size_t notify_question_write(uint8_t out[NOTIFY_MESSAGE_OCTETS], uint16_t id, const uint8_t *zone);

/* A message that came back. */
struct notify_answer {
    uint16_t id;
    unsigned opcode;
    unsigned rcode;
    bool truncated;     /* TC */
    bool authoritative; /* AA */
    struct name zone;   /* of its question */
    bool has_serial;    /* there is an SOA of that zone in the answer section */
    uint32_t serial;
};

/*
 * Reads a response to either message.
 * STATUS_OK, or STATUS_MALFORMED for what is no response with just such a question.
 */
MUST_CHECK enum status notify_answer_read(const uint8_t *octets, size_t length,
                                          struct notify_answer *out);

#endif
