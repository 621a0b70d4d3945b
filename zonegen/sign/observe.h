/*
 * What the DNS shows of a zone's keys: each name server's DNSKEY RRset and whose signatures are
 * over it and over SOA, asked directly; and the DS RRset at each server of the parent, or through
 * the resolver. What is truncated, malformed or of a server that does not serve the zone is
 * unknown, never a finding.
 *
 * A look takes OBSERVE_MS at most, and writes nothing: never take a lock meanwhile.
 */
#ifndef SIGN_OBSERVE_H
#define SIGN_OBSERVE_H

#include "conf/config.h"
#include "sign/delegation.h"
#include "sign/roll.h"
#include "zone/node.h"

#define OBSERVE_MS          12000
#define OBSERVE_RESOLV_CONF "/etc/resolv.conf"
/* Where only a resolver tells of the DS: servers of the parent that are behind it, and the age of
 * what it has in its cache, are not seen. */
#define OBSERVE_RESOLVER_TTL 86400

/* Whose signature stands beside an RRset. */
struct observed_signer {
    uint8_t algorithm;
    uint16_t tag;
};

struct observed_signers {
    size_t count;
    uint32_t ttl; /* the largest that a signature gives its RRset, seconds */
    struct observed_signer *items;
};

struct observed_server {
    const char *text;
    const char *trouble; /* as in struct roll_server */
    uint32_t serial;
    size_t dnskey_count;
    struct rdata *dnskeys;
    struct observed_signers of_dnskey, of_soa;
};

struct observed_parent {
    const char *text;
    const char *trouble;
    size_t ds_count;
    struct rdata *ds;
    uint32_t ttl;
};

struct observation {
    const char *resolver;  /* that was asked, or those that do not answer */
    const char *trouble;   /* why next to nothing could be found out, or NULL */
    bool by_resolver_only; /* the one in `parents` is the resolver */
    size_t server_count, parent_count;
    struct observed_server *servers;
    struct observed_parent *parents;
};

/* What a look needs. */
struct observe_means {
    const struct config *config;
    const char *resolv_conf; /* its path */
    struct arena *arena;     /* owns all that is found */
};

/*
 * Looks at a zone.
 *
 *   out   without a resolver that answers: the configured servers all the same, and `trouble`
 *
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status observe_zone(const struct observe_means *means,
                                    const struct config_zone *zone, struct observation *out);

/*
 * The DS RRsets of several zones, through the resolver of each one's policy.
 *
 *   out   one for each zone, `text` the resolver
 *
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status observe_ds(const struct observe_means *means,
                                  const struct config_zone *const *zones, size_t count,
                                  struct observed_parent *out);

/* DNSKEY RDATA of a key; NULL octets where it is not known. */
struct observed_key {
    const uint8_t *octets;
    size_t length;
};

/* The keys of a zone that a view is about. */
struct observed_keys {
    const struct name *zone;
    const struct signing_state *state;
    struct observed_key known[STATE_MAX_KEYS]; /* of each of the state's keys */
};

/*
 * True when a DS RDATA (RFC 4034 §5.1) is of a key: tag, algorithm and digest (SHA-1, SHA-256,
 * SHA-384). Another digest, or a key that is not known, is believed by tag and algorithm.
 */
bool observe_ds_is_of(const struct rdata *ds, const struct name *zone, uint8_t algorithm,
                      uint16_t tag, const struct observed_key *key);

/* Puts what was observed in terms of a state's keys, in the arena. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status observe_view(const struct observation *observation,
                                    const struct observed_keys *keys, struct arena *arena,
                                    struct roll_view *out);

#endif
