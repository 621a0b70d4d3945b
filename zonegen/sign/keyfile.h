/*
 * DNSSEC key pairs as files: K<zone>.+<algorithm>+<tag>.key and .private in a folder, in the form
 * that BIND and ldns write and read. Secrets stay in memory that is cleared when it is let go.
 * Knows nothing of what a key is used for: see keyset.h.
 *
 * Who reads the folder and who changes it wait for each other (flock(2)): nobody sees half a pair.
 *
 * The folder and the private files must belong to the account that runs (or to root) and be closed
 * to everyone else: 0700 and 0600.
 */
#ifndef SIGN_KEYFILE_H
#define SIGN_KEYFILE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "conf/settings.h"
#include "wire/name.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNSKEY_ZONE 0x0100 /* RFC 4034 §2.1.1: a key of a zone; in every one of ours */
#define DNSKEY_SEP  0x0001 /* the secure entry point: a KSK or a CSK */

#define KEYFILE_MAX_DNSKEY_OCTETS 68 /* flags, protocol, algorithm; 64 octets of ECDSA P-256 */

/* One key pair. Points into the arena it was read with. */
struct keyfile {
    uint8_t algorithm; /* enum dnssec_algorithm */
    uint16_t tag;      /* RFC 4034 appendix B */
    uint16_t flags;    /* DNSKEY_ZONE, with DNSKEY_SEP for a KSK or CSK */
    uint8_t dnskey_octets;
    uint8_t dnskey[KEYFILE_MAX_DNSKEY_OCTETS]; /* RDATA (RFC 4034 §2.1) */
    const char *path;                          /* of the .private file */
};

/* All pairs of one zone in a folder, by algorithm and tag. */
struct keyfiles {
    size_t count;
    struct keyfile *items;
};

/*
 * Lists the pairs of a zone. A folder that is missing has none.
 *
 *   diag   errors, each with the file's path and what would be right: one half of a pair missing,
 *          unreadable, open to others, of another owner, of another zone than its name says, an
 *          algorithm that is not supported, halves that do not belong together (rules key-…)
 *
 * STATUS_OK; STATUS_INVALID with diagnostics; STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status keyfiles_read(const char *folder, const struct name *zone,
                                     struct arena *arena, struct diag *diag, struct keyfiles *out);

/*
 * Makes a new pair, and the folder where it is missing; its tag differs from every tag of that
 * algorithm in the folder (RFC 4034 §8: equal tags cost validators work). Both files appear whole
 * or not at all: written beside, synced, renamed, the private one first.
 *
 *   flags   DNSKEY_ZONE, or DNSKEY_ZONE | DNSKEY_SEP
 *
 * Outcomes as above.
 */
MUST_CHECK enum status keyfile_generate(const char *folder, const struct name *zone,
                                        enum dnssec_algorithm algorithm, uint16_t flags,
                                        struct arena *arena, struct diag *diag,
                                        struct keyfile *out);

/*
 * Looks at a pair that could be imported: `out` is what keyfile_import() would yield, but for its
 * path, which is where it lies now. Nothing is changed. Parameters and outcomes as there.
 */
MUST_CHECK enum status keyfile_examine(const struct name *zone, const char *path,
                                       struct arena *arena, struct diag *diag, struct keyfile *out);

/*
 * Copies a pair from elsewhere into the folder, with its name, closed to others.
 *
 *   path   of either half, or without suffix
 *
 * Outcomes as above; a pair that is there already is an error.
 */
MUST_CHECK enum status keyfile_import(const char *folder, const struct name *zone, const char *path,
                                      struct arena *arena, struct diag *diag, struct keyfile *out);

/* Moves a pair that nothing uses any more to the folder "removed" in its folder. Outcomes as
 * above. */
MUST_CHECK enum status keyfile_remove(const struct keyfile *key, struct arena *arena,
                                      struct diag *diag);

/* "13", "ECDSAP256SHA256" … as dnssec-keygen and the registry write it; the number for others. */
const char *keyfile_algorithm_name(uint8_t algorithm);

/* Octets of a signature by an algorithm that is supported; 0 for others. */
size_t keyfile_signature_octets(uint8_t algorithm);

/* The key tag of DNSKEY RDATA (RFC 4034 appendix B). */
uint16_t keyfile_tag(const uint8_t *dnskey, size_t octets);

/* The private key as OpenSSL uses it: loaded, and freed with its secret cleared. Each thread loads
 * its own. `EVP_PKEY *` behind a void, so that only sign/ knows OpenSSL. */
MUST_CHECK enum status keyfile_load(const struct keyfile *key, struct diag *diag, void **out);
void keyfile_unload(void *loaded);

#endif
