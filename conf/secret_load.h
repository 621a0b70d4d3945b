/*
 * Files that hold secrets: read whole, with what is wrong with them said by their name alone. Knows
 * no form (secret.h, cookie_secret.h).
 */
#ifndef CONF_SECRET_LOAD_H
#define CONF_SECRET_LOAD_H

#include "conf/diag.h"
#include "conf/opener.h"
#include "wire/status.h"

#include <stddef.h>

struct secret_source {
    const char *path;
    const struct opener *opener; /* NULL: open(2) */
    const char *advice; /* what makes such a file, for where there is none: a command; or NULL */
};

/* Who takes in what a file holds: `text` is overwritten when `take` has returned, and its outcome
 * is that of secret_load(). */
struct secret_taker {
    enum status (*take)(void *state, const char *text, size_t length, struct diag *diag);
    void *state;
};

/*
 * Reads a file, and keeps nothing of it.
 *
 *   diag   errors: it cannot be read, is no file, is too long. A warning: everyone may read it or
 *          others may write it. Read by its group is fine: that is how a server that is not its
 *          owner reads it
 *
 * STATUS_INVALID, or what the taker says.
 */
MUST_CHECK enum status secret_load(const struct secret_source *source, struct diag *diag,
                                   const struct secret_taker *taker);

#endif
