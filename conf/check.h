/*
 * What the items of contactd.conf mean together: thresholds in order, name servers with addresses
 * where the zone must hold them, a members zone that is not open to everyone, signatures that last
 * until they are renewed everywhere. Called when a section
 * has been read; some fill in what follows from other items. Everything wrong becomes a diagnostic.
 */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf/diag.h"
#include "conf/section.h"
#include "conf/settings.h"

/* tcp-per-client within tcp-max; a certificate and its key where TLS is listened for; nothing about
 * cookies that has no effect. */
void check_server(const struct config_server *server, const struct section_given *given,
                  struct diag *diag);

/* due < stale < expired. */
void check_freshness(const struct config_freshness *freshness, const struct section_given *given,
                     struct diag *diag);

/* An id that is a domain name, as TSIG names its keys (RFC 8945 §4.2); fills `name`. */
void check_key(struct config_key *key, const struct section_given *given, struct diag *diag);

/* A certificate comes by TLS; the first key signs, so it is none of hmac-sha1. Fills `hosts`. */
void check_remote(struct config_remote *remote, const struct section_given *given,
                  struct arena *arena, struct diag *diag);

/*
 * An action, unless it denies; `deny` alone is about every action. Where `address` and `remote` are
 * written both must hold: some remote must be able to. Fills `has_prefixes` and `has_remotes`.
 */
void check_acl(struct config_acl *acl, const struct section_given *given, struct diag *diag);

/*
 * Lifetime and renewal of signatures among themselves, whether a zone uses the policy or not. Fills
 * `key_dir` where it is not written, and the places.
 */
void check_policy(struct config_policy *policy, const struct section_given *given,
                  const struct config *config, struct diag *diag);

/*
 * SOA timers, glue, and who may query a members zone; that signatures outlive the copies of the
 * zone's data, where it is signed. Fills `hostmaster` where it is not written.
 */
void check_zone(struct config_zone *zone, const struct section_given *given, struct diag *diag);

/* No two keys, remotes, acls or policies with one id, no two zones with one domain, at least one
 * zone. */
void check_unique(const struct config *config, struct diag *diag);

#endif
