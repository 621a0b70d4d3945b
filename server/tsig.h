/*
 * Transaction signatures (RFC 8945): the TSIG record of a message taken apart, verified, and
 * written. Knows messages as octets, keys and time as arguments; nothing of zones, sockets, logs.
 *
 * Truncated MACs are verified as §5.2.2.1 has it and then refused with BADTRUNC (§5.2.4): nothing
 * in a configuration agrees to them. The Time Signed of earlier messages is not remembered (a
 * SHOULD of §5.2.3): messages by UDP, and those of several connections and of several hosts with
 * one key, come in any order, so that it would refuse what is right; and what a replay within the
 * fudge gets is what its listener has seen already, or may not see for its address.
 */
#ifndef SERVER_TSIG_H
#define SERVER_TSIG_H

#include "server/hmac.h"
#include "server/keyring.h"
#include "wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Values of the Error field (RFC 8945 §3). */
enum tsig_error {
    TSIG_NO_ERROR = 0,
    TSIG_BADSIG = 16,
    TSIG_BADKEY = 17,
    TSIG_BADTIME = 18,
    TSIG_BADTRUNC = 22,
};

#define TSIG_FUDGE 300 /* seconds (RFC 8945 §10) */

/* Two names, ten octets of a record, sixteen of RDATA, a MAC, a time. */
#define TSIG_MAX_OCTETS (2 * NAME_MAX_OCTETS + 10 + 16 + HMAC_MAX_OCTETS + 6)

/* A TSIG record as it stands in a message (RFC 8945 §4.2). Pointers lead into the message. */
struct tsig_record {
    size_t at;                /* octets of the message before it */
    struct name key;          /* letter case as sent */
    const uint8_t *algorithm; /* a name, uncompressed, letter case as sent */
    uint64_t time;            /* Time Signed: 48 bits, seconds since 1970 */
    uint16_t fudge;           /* seconds */
    uint16_t mac_octets;
    const uint8_t *mac;
    uint16_t original_id;
    uint16_t error;
    uint16_t other_octets;
    const uint8_t *other;
};

/*
 * Reads the TSIG `record` of `message`. STATUS_OK, or STATUS_MALFORMED: it is not whole, is
 * followed by something, its algorithm is compressed, class or TTL are not ANY and 0.
 */
MUST_CHECK enum status tsig_parse(const uint8_t *message, size_t length,
                                  const struct record *record, struct tsig_record *out);

/* A key that one thread computes MACs with. */
struct tsig_key {
    const struct config_key *config; /* NULL in a copy */
    enum tsig_algorithm algorithm;
    struct name name; /* lower case */
    struct hmac *hmac;
};

/* All keys of a keyring for one thread. */
struct tsig_keys;

/* STATUS_OK, or STATUS_SYSTEM. The keyring's configuration outlives the keys; `keyring` need not.
 */
MUST_CHECK enum status tsig_keys_create(const struct keyring *keyring, struct tsig_keys **out);
void tsig_keys_destroy(struct tsig_keys *keys);

/* The key of a name, or NULL. `keys` may be NULL. */
const struct tsig_key *tsig_keys_find(const struct tsig_keys *keys, const uint8_t *name);

/* A copy that outlives its original. STATUS_OK, or STATUS_SYSTEM: nothing to clear then. */
MUST_CHECK enum status tsig_key_copy(const struct tsig_key *key, struct tsig_key *out);
void tsig_key_clear(struct tsig_key *key);

/*
 * What ties messages to each other: a request and its answers. Made by tsig_verify() for who
 * answers, by tsig_sign_request() for who asks.
 */
struct tsig_session {
    const struct tsig_key *key;        /* NULL: answers carry a TSIG with an empty MAC (§5.3.2) */
    const struct tsig_record *request; /* used where `key` is NULL */
    uint16_t error;                    /* enum tsig_error, of the answer */
    uint16_t original_id;
    uint16_t fudge; /* of the request */
    uint64_t time;  /* of the request */
    bool continues; /* a message of the answer was signed: the next has timers only (§5.3.1) */
    uint16_t mac_octets;
    uint8_t mac[HMAC_MAX_OCTETS]; /* of the request, then of the message before */
};

/*
 * Verifies a request (RFC 8945 §5.2): key, MAC, time, truncation, in that order.
 *
 *   message   up to the TSIG at least
 *   record    the TSIG of the message, its last record; outlives the session where that has no key
 *   now       seconds since 1970
 *   out       what to sign the answer with, but after STATUS_MALFORMED
 *
 * STATUS_OK; STATUS_DENIED: answer NOTAUTH and out->error; STATUS_MALFORMED: a MAC of a length that
 * must not be: answer FORMERR without a TSIG.
 */
MUST_CHECK enum status tsig_verify(const struct tsig_keys *keys, const uint8_t *message,
                                   const struct tsig_record *record, int64_t now,
                                   struct tsig_session *out);

/* Octets of the TSIG record that the next message of the session gets. */
size_t tsig_octets(const struct tsig_session *session);

/*
 * Writes the TSIG record of an answer that stands in `parts`, the whole header in the first,
 * without the TSIG in ARCOUNT: to be counted in by the caller afterwards.
 *
 *   now   seconds since 1970
 *   w     has room for tsig_octets()
 *
 * False when the MAC could not be made: `w` may hold a record that nobody will accept.
 */
MUST_CHECK bool tsig_sign(struct tsig_session *session, const struct iovec *parts, size_t count,
                          int64_t now, struct writer *w);

/*
 * Appends the TSIG record to a message of `*length` octets, counting it in ARCOUNT; there is room
 * for tsig_octets() more. Outcome as tsig_sign().
 */
MUST_CHECK bool tsig_append(struct tsig_session *session, uint8_t *message, size_t *length,
                            int64_t now);

/*
 * Signs a request of ours (RFC 8945 §5.1), as tsig_append() does.
 *
 *   out   what its answer is verified with; the key outlives it
 */
MUST_CHECK bool tsig_sign_request(const struct tsig_key *key, uint8_t *message, size_t *length,
                                  int64_t now, struct tsig_session *out);

/*
 * Verifies the answer to a request of ours (RFC 8945 §5.4), as one whole message.
 *
 *   session   of the request; not changed
 *   error     out, on STATUS_DENIED: the Error field of the TSIG, which only BADTIME and BADTRUNC
 *             come with a MAC for: a hint for people
 *
 * STATUS_OK; STATUS_NOT_FOUND: it has no TSIG as its last record; STATUS_DENIED: the TSIG is not
 * good, or it is and says that ours was not.
 */
MUST_CHECK enum status tsig_verify_answer(const struct tsig_session *session,
                                          const uint8_t *message, size_t length, int64_t now,
                                          uint16_t *error);

/* "BADKEY"; "" for other values. */
const char *tsig_error_name(uint16_t error);

#endif
