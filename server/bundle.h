/*
 * A configuration together with what it names and a server has to read: made as a whole at the
 * start and at each reload, never changed, replaced as a whole.
 */
#ifndef SERVER_BUNDLE_H
#define SERVER_BUNDLE_H

#include "conf/config.h"
#include "server/keyring.h"
#include "server/log.h"

struct bundle {
    struct config *config;
    struct keyring *keyring;
};

/*
 * Reads what `config` names.
 *
 *   config   the bundle's from STATUS_OK on; else still the caller's
 *
 * STATUS_OK; STATUS_INVALID (a file cannot be used; each is logged) or STATUS_SYSTEM (memory;
 * logged).
 */
MUST_CHECK enum status bundle_create(struct config *config, struct log *log, struct bundle **out);

/* The configuration too. NULL is fine. */
void bundle_destroy(struct bundle *bundle);

/*
 * Looks at what bundle_create would read, for `contactd --check`, which may run under another
 * account: what that may not read is a warning. STATUS_OK, or STATUS_INVALID with diagnostics.
 */
MUST_CHECK enum status bundle_check(const struct config *config, struct diag *diag);

#endif
