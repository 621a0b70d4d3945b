/*
 * The secret of a TSIG key, from the file that `secret-file` names, in any form that secret_file.h
 * knows. Who has one clears it when done; no message ever shows it.
 */
#ifndef CONF_SECRET_H
#define CONF_SECRET_H

#include "conf/diag.h"
#include "conf/encoding.h"
#include "conf/settings.h"
#include "wire/status.h"

#include <stddef.h>
#include <stdint.h>

/* RFC 8945 §5.2.2.1 has no MAC below 80 bits; a secret below that makes all of them guessable. */
#define SECRET_MIN_OCTETS 10
/* Four blocks of SHA-512; HMAC hashes what is longer than one (RFC 2104 §2). */
#define SECRET_MAX_OCTETS  512
#define SECRET_TEXT_OCTETS ENCODING_BASE64_OCTETS(SECRET_MAX_OCTETS)

struct secret {
    size_t length; /* SECRET_MIN_OCTETS..SECRET_MAX_OCTETS */
    uint8_t octets[SECRET_MAX_OCTETS];
};

/*
 * Reads the secret of `key` from its secret-file. Where the file names key or algorithm, these must
 * be the key's; of several keys in one file the one of that name counts.
 *
 *   opener   opens it; NULL: open(2)
 *   diag   errors: the file cannot be read, is none of the forms, is for another key or algorithm,
 *          is not base64, too short, too long. Warnings: the secret is shorter than the hash
 *          (RFC 8945 §8), everyone may read the file or others may write it. Read by its group is
 *          fine: that is how a server that is not its owner reads it
 *   out    to be cleared with secret_clear(); cleared already unless STATUS_OK
 *
 * STATUS_OK, or STATUS_INVALID.
 */
MUST_CHECK enum status secret_read(const struct config_key *key, const struct opener *opener,
                                   struct diag *diag, struct secret *out);

/* The same from a text that was read from the key's secret-file. */
MUST_CHECK enum status secret_parse(const struct config_key *key, const char *text, size_t length,
                                    struct diag *diag, struct secret *out);

/* Overwrites it; no compiler leaves that out. */
void secret_clear(struct secret *secret);

/* Writes the secret in base64, with a NUL; the caller overwrites `text` when done. */
void secret_to_text(const struct secret *secret, char text[SECRET_TEXT_OCTETS]);

/* "hmac-sha256"; every tool knows it by that name, NSD by its end as well. */
const char *tsig_algorithm_name(enum tsig_algorithm algorithm);

/* Octets of its hash, and of its whole MAC: 20..64. */
size_t tsig_algorithm_octets(enum tsig_algorithm algorithm);

#endif
