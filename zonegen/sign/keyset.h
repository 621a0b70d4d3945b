/*
 * The keys of a zone for one publish: what the database remembers (state.h) and the key files,
 * brought together. Where the database remembers nothing (the first publish, or after a restore),
 * the keys whose DNSKEY the stored zone has are taken into use, or all that are in the folder where
 * it has none.
 */
#ifndef SIGN_KEYSET_H
#define SIGN_KEYSET_H

#include "conf/config.h"
#include "sign/keyfile.h"
#include "sign/state.h"
#include "zone/node.h"

struct keyset_key {
    const struct keyfile *file;
    unsigned use; /* enum key_use, or-ed; never 0 */
};

struct keyset {
    size_t count;
    struct keyset_key keys[STATE_MAX_KEYS];
    struct signing_state state; /* to be written by the publish that uses it */
};

/* What a zone's keys are brought together from. */
struct keyset_sources {
    const struct keyfiles *files; /* or NULL: what is in the folder of the zone's policy */
    struct snapshot *snapshot;    /* or NULL: there is no database yet */
    const struct rrset *dnskeys;  /* of the zone as it is stored, or NULL */
};

/*
 * Brings a zone's keys together.
 *
 *   diag   errors: no key at all (names `zonegen key generate ZONE`), a key that the database says
 *          is in use without its file, one with other octets under the same tag, a stored zone
 *          that is signed by other keys only, no key that signs keys or none that signs data for
 *          an algorithm that is published (RFC 4035 §2.2), and what keyfiles_read() reports
 *
 * STATUS_OK, STATUS_INVALID with diagnostics, STATUS_MALFORMED (damaged state), STATUS_SYSTEM.
 */
MUST_CHECK enum status keyset_open(const struct config_zone *zone,
                                   const struct keyset_sources *sources, struct arena *arena,
                                   struct diag *diag, struct keyset *out);

/*
 * The RRsets that the keys put at the apex: DNSKEY, and CDS (SHA-256) and CDNSKEY as the policy's
 * `cds` says (RFC 7344 §4, RFC 8078 §4). Ordered by type, their items in canonical order.
 *
 *   ttl   of all of them, seconds
 *   out   room for 3
 *
 * STATUS_OK with `*count` 1 (no CDS and CDNSKEY: `cds: off`, or no key wants a DS) or 3, or
 * STATUS_SYSTEM.
 */
MUST_CHECK enum status keyset_rrsets(const struct keyset *keyset, const struct config_zone *zone,
                                     uint32_t ttl, struct arena *arena, struct rrset *out,
                                     size_t *count);

/* How DS RDATA is digested: IANA's numbers (RFC 8624 §3.3). */
enum ds_digest { DS_SHA256 = 2, DS_SHA384 = 4 };

/* DS RDATA of a key (RFC 4034 §5.1.4), in the arena; CDS has the same form (RFC 7344 §3.1). */
MUST_CHECK enum status keyset_ds(const struct keyfile *key, const struct name *zone,
                                 enum ds_digest digest, struct arena *arena, struct rdata *out);

#endif
