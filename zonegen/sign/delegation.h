/*
 * Who serves a zone, and who serves its parent: through a resolver, as everybody else finds them.
 * Knows nothing of keys.
 */
#ifndef SIGN_DELEGATION_H
#define SIGN_DELEGATION_H

#include "conf/config.h"
#include "sign/ask.h"

#define DELEGATION_MOST_NAMES 32 /* name servers of a zone that are looked at */

/* The way into the DNS for one look. */
struct observer {
    const struct config *config;
    const char *resolv_conf;   /* "/etc/resolv.conf" */
    int64_t deadline;          /* of ask_clock() */
    struct arena *arena;       /* owns all that is found */
    struct endpoint resolver;  /* delegation_find_resolver() fills in the rest */
    const char *resolver_text; /* "127.0.0.1@53" */
};

/* An address to be asked. */
struct target {
    const char *text; /* "ns1.cc.example 192.0.2.1@53" */
    unsigned group;   /* addresses of one name are a group */
    struct endpoint at;
    const char *trouble; /* why there is nobody to ask; NULL: there is */
};

struct targets {
    size_t count, room;
    struct target *items;
};

/*
 * Chooses the first resolver that answers: of those in the policy, or else in resolv.conf(5).
 * STATUS_OK; STATUS_NOT_FOUND: none answers, `resolver_text` names them; STATUS_SYSTEM.
 */
MUST_CHECK enum status delegation_find_resolver(struct observer *observer,
                                                const struct config_zone *zone);

/* Asks the resolver all questions at once: name and type are given, the rest is filled in.
 * STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status delegation_ask_resolver(const struct observer *observer, struct ask *asks,
                                               size_t count);

/*
 * The addresses of a zone's name servers: of its NS RRset as the resolver has it; of the configured
 * `nameservers` where there is no such zone yet; and the remotes of `notify`. Port 53, but for an
 * address that a configured remote has: then the remote's.
 *
 * A name without address, or an NS RRset that cannot be looked up, is a target with `trouble`.
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status delegation_find_servers(const struct observer *observer,
                                               const struct config_zone *zone, struct targets *out);

/*
 * What is known without a resolver: configured `nameservers` with their addresses, and `notify`.
 * Ends with one that says that the others are not known. Outcomes as above.
 */
MUST_CHECK enum status delegation_find_configured(const struct observer *observer,
                                                  const struct config_zone *zone,
                                                  struct targets *out);

/* The addresses of the servers of the zone's parent; none where they cannot be found. */
MUST_CHECK enum status delegation_find_parents(const struct observer *observer,
                                               const struct name *zone, struct targets *out);

#endif
