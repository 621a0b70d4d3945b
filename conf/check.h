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

/* tcp-per-client within tcp-max. */
void check_server(const struct config_server *server, const struct section_given *given,
                  struct diag *diag);

/* due < stale < expired. */
void check_freshness(const struct config_freshness *freshness, const struct section_given *given,
                     struct diag *diag);

/*
 * An action, unless it denies; `deny` alone is about every action. Fills `any_address`, and
 * `prefixes` from the addresses of `remote`: where `address` is written too both must hold, so
 * those of its addresses stay that lie in `address`.
 */
void check_acl(struct config_acl *acl, const struct section_given *given, struct arena *arena,
               struct diag *diag);

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

/* No two remotes, acls or policies with one id, no two zones with one domain, at least one zone. */
void check_unique(const struct config *config, struct diag *diag);

#endif
