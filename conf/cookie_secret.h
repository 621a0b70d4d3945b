/*
 * The secrets of DNS cookies (RFC 9018 §4.4, §5), from the file that `cookie-secret-file` names:
 * the first line is the active secret, an optional second one the staging secret, as in NSD's
 * cookiesecrets.txt. Who has them clears them when done; no message ever shows one.
 */
#ifndef CONF_COOKIE_SECRET_H
#define CONF_COOKIE_SECRET_H

#include "conf/diag.h"
#include "conf/opener.h"
#include "wire/status.h"

#include <stddef.h>
#include <stdint.h>

#define COOKIE_SECRET_OCTETS 16 /* SipHash-2-4 takes nothing else */
#define COOKIE_SECRETS       2

struct cookie_secrets {
    size_t count; /* 1 or 2; the first makes cookies, both are good to verify them (RFC 9018 §5) */
    uint8_t octets[COOKIE_SECRETS][COOKIE_SECRET_OCTETS];
};

/*
 * Reads the file: lines of 32 hexadecimal digits in any letter case; blank ones and what follows a
 * '#' do not count.
 *
 *   diag   errors: the file cannot be read, holds no secret, more than two, the same twice, or what
 *          is none. Warnings: everyone may read it or others may write it
 *   out    to be cleared with cookie_secrets_clear(); cleared already unless STATUS_OK
 *
 * STATUS_OK, or STATUS_INVALID.
 */
MUST_CHECK enum status cookie_secrets_read(const char *path, const struct opener *opener,
                                           struct diag *diag, struct cookie_secrets *out);

/* The same from a text of `length` octets that was read from the file at `path`. */
MUST_CHECK enum status cookie_secrets_parse(const char *path, const char *text, size_t length,
                                            struct diag *diag, struct cookie_secrets *out);

/* Overwrites them; no compiler leaves that out. */
void cookie_secrets_clear(struct cookie_secrets *secrets);

#endif
