/*
 * RRSIG records (RFC 4034 §3): their RDATA, what is signed, and when they are renewed. Makes no
 * signatures: pool.h does. All times are seconds since 1970, written as 32 bits and compared by
 * serial arithmetic (RFC 4034 §3.1.5).
 */
#ifndef SIGN_SIGNATURE_H
#define SIGN_SIGNATURE_H

#include "conf/settings.h"
#include "wire/writer.h"
#include "zone/canonical.h"
#include "zone/node.h"

#define SIGNATURE_FIXED_OCTETS 18   /* of RRSIG RDATA before the signer's name */
#define SIGNATURE_SKEW_SECONDS 3600 /* how far back inception is set: clocks differ */

/* RRSIG RDATA, taken apart; names and signature point into it. */
struct signature {
    uint16_t covered;
    uint8_t algorithm;
    uint8_t labels;
    uint32_t ttl; /* original */
    uint32_t expiration;
    uint32_t inception;
    uint16_t tag;
    const uint8_t *signer;
    const uint8_t *octets;
    size_t length; /* of `octets` */
};

/* STATUS_OK or STATUS_MALFORMED. */
MUST_CHECK enum status signature_read(const struct rdata *rdata, struct signature *out);

/* RRSIG RDATA up to and with the signer's name, in lower case: the caller appends the signature. */
void signature_write(struct writer *w, const struct signature *signature);

/*
 * Writes what is signed (RFC 4034 §3.1.8.1): the RDATA above, then the RRset in canonical form.
 *
 *   owner       any letter case
 *   canonical   scratch
 *
 * STATUS_OK, or STATUS_SYSTEM when memory is out; `w->failed` when it does not fit.
 */
MUST_CHECK enum status signature_write_data(struct writer *w, const struct signature *signature,
                                            const struct name *owner, const struct rrset *rrset,
                                            struct canonical *canonical);

/* Octets that signature_write_data() writes. */
size_t signature_data_octets(const struct name *signer, const struct name *owner,
                             const struct rrset *rrset);

/* The labels field: without root and a leading "*" (RFC 4034 §3.1.3). */
uint8_t signature_labels(const uint8_t *owner);

/*
 * When a new signature begins and ends: an hour back, and the policy's lifetime ahead less up to a
 * quarter of the time between two renewals. That jitter is drawn from owner, type and time, so that
 * the same publish makes the same times; it spreads the renewals of a zone that was signed at once.
 */
void signature_schedule(const struct config_policy *policy, const struct name *owner, uint16_t type,
                        int64_t now, struct signature *out);

/* True when a signature is in force and lives on for at least the policy's `rrsig-refresh`. */
bool signature_is_fresh(const struct signature *signature, const struct config_policy *policy,
                        int64_t now);

#endif
