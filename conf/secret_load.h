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

/* Some 64 keys with room for comments. */
#define SECRET_LOAD_OCTETS 32768

struct secret_source {
    const char *path;
    const struct opener *opener; /* NULL: open(2) */
    const char *advice; /* what makes such a file, for where there is none: a command; or NULL */
};

/*
 * Reads a file.
 *
 *   octets   out; the caller overwrites it when done, whatever the outcome
 *   diag     errors: it cannot be read, is no file, is too long. A warning: everyone may read it or
 *            others may write it. Read by its group is fine: that is how a server that is not its
 *            owner reads it
 *
 * STATUS_OK, or STATUS_INVALID.
 */
MUST_CHECK enum status secret_load(const struct secret_source *source,
                                   char octets[SECRET_LOAD_OCTETS + 1], size_t *length,
                                   struct diag *diag);

#endif
