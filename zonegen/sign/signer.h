/*
 * Signs a zone on its way into the store (RFC 4035 §2): a source over the plain one that adds
 * DNSKEY, CDS and CDNSKEY at the apex, NSEC, and signatures. Signatures that the store has of the
 * same records are kept until their time to be renewed; the rest is made by all cores while the
 * caller works on what came before.
 */
#ifndef SIGN_SIGNER_H
#define SIGN_SIGNER_H

#include "conf/config.h"
#include "sign/keyset.h"
#include "store/edit.h"
#include "zone/node.h"

struct signer_rules {
    const struct config_zone *zone; /* its policy, TTLs and `zonemd` */
    const struct keyset *keys;
    int64_t now;      /* seconds since 1970 */
    unsigned threads; /* 0: one for each core */
    bool verify;      /* what the store has may be of others: keep only signatures that verify */
};

struct signer;

/*
 * Begins to sign.
 *
 *   rules    outlive the signer, as do `plain` and `edit`
 *   plain    the zone without DNSSEC (plain.h)
 *   number   of the zone in the store; what the edit has of it is where signatures are kept from
 *   diag     why a private key cannot be loaded
 *
 * STATUS_OK; STATUS_INVALID with diagnostics; STATUS_SYSTEM.
 */
MUST_CHECK enum status signer_open(const struct signer_rules *rules,
                                   const struct node_source *plain, struct edit *edit,
                                   uint16_t number, struct diag *diag, struct signer **out);

/* Before the edit ends. NULL is fine. */
void signer_close(struct signer *signer);

/*
 * The signed nodes. A plain node without RRsets only ends a run of names (commit/partial.h): the
 * last NSEC before it names it, and it is passed on as it is. What was yielded before the present
 * node is read back from the edit by find(): the caller must have put it there. Names that the
 * plain source has changed since are signed by signer_again().
 */
struct node_source signer_source(struct signer *signer);

/*
 * Signs one node again, after next() has yielded all: its records have changed, its NSEC has not.
 *
 *   extra   an RRset more that the plain node does not have (ZONEMD), or NULL
 *   out     valid as long as the signer
 *
 * STATUS_OK, or what the source or the threads reported.
 */
MUST_CHECK enum status signer_again(struct signer *signer, const struct node *plain,
                                    const struct rrset *extra, struct node *out);

/* How many signatures were made so far, and how many kept. */
struct signer_counts {
    uint32_t made, kept;
};
struct signer_counts signer_counts(const struct signer *signer);

#endif
