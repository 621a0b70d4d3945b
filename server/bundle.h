/*
 * A configuration together with what it names and a server has to read: made as a whole at the
 * start and at each reload, never changed, replaced as a whole.
 */
#ifndef SERVER_BUNDLE_H
#define SERVER_BUNDLE_H

#include "conf/config.h"
#include "conf/cookie_secret.h"
#include "server/keyring.h"
#include "server/log.h"
#include "server/tls_identity.h"

struct bundle {
    struct config *config;
    struct keyring *keyring;
    struct tls_identity *tls;      /* held; NULL where no `tls-listen` is configured */
    struct cookie_secrets cookies; /* none where `cookies` is off */
};

/*
 * Reads what `config` names.
 *
 *   config   the bundle's from STATUS_OK on; else still the caller's
 *   before   the one that it is to replace, or NULL: where no file names secrets for cookies, those
 *            that it made up stay in use
 *
 * STATUS_OK; STATUS_INVALID (a file cannot be used; each is logged) or STATUS_SYSTEM (memory;
 * logged).
 */
MUST_CHECK enum status bundle_create(struct config *config, const struct bundle *before,
                                     struct log *log, struct bundle **out);

/* Logs what is to be said of certificates that are about to end, or have ended. bundle_create does
 * not. */
void bundle_warn(const struct bundle *bundle, struct log *log);

/* The configuration too. NULL is fine. */
void bundle_destroy(struct bundle *bundle);

/*
 * Looks at what bundle_create would read, for `contactd --check`, which may run under another
 * account: what that may not read is a warning. STATUS_OK, or STATUS_INVALID with diagnostics.
 */
MUST_CHECK enum status bundle_check(const struct config *config, struct diag *diag);

#endif
