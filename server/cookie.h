/*
 * DNS cookies (RFC 7873) of version 1 (RFC 9018): proofs, made and taken without a memory of them,
 * that a client has had an answer at its address. Knows options as octets, secrets and time as
 * arguments; nothing of messages.
 */
#ifndef SERVER_COOKIE_H
#define SERVER_COOKIE_H

#include "conf/address.h"
#include "conf/cookie_secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COOKIE_CLIENT_OCTETS 8
#define COOKIE_OCTETS        24 /* client and server part, version 1 (RFC 9018 §4.4) */

#define COOKIE_PAST_SECONDS   3600 /* RFC 9018 §4.3 */
#define COOKIE_FUTURE_SECONDS 300
#define COOKIE_RENEW_SECONDS  1800

/* What a request says of its client. */
enum cookie_state {
    COOKIE_NONE,        /* nothing: it has no cookie, or cookies are off */
    COOKIE_CLIENT_ONLY, /* it would like one (RFC 7873 §5.2.3) */
    COOKIE_BAD,         /* a server part that is none of ours, or is too old (§5.2.4) */
    COOKIE_GOOD,        /* it has had an answer at its address (§5.2.5) */
};
#define COOKIE_STATES 4

/* True for the lengths that a COOKIE option may have: 8, and 16 to 40 (RFC 7873 §5.2.2). */
bool cookie_length_is_legal(size_t octets);

/*
 * Judges the COOKIE option of a request and makes that of its reply.
 *
 *   option    `octets` of a legal length
 *   client    whole address
 *   now       seconds since 1970, modulo 2^32
 *   reply     out: the client part and a good server part: the client's own for half an hour, where
 *             the active secret made it, else a new one
 *
 * Any outcome but COOKIE_NONE.
 */
enum cookie_state cookie_judge(const struct cookie_secrets *secrets, const uint8_t *option,
                               size_t octets, const struct prefix *client, uint32_t now,
                               uint8_t reply[COOKIE_OCTETS]);

#endif
