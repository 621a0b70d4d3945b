/*
 * What the files of keyfile.h share; nobody else includes it. keyfile.c lists folders,
 * keyfile_public.c and keyfile_private.c read the two halves, keyfile_write.c makes new ones.
 */
#ifndef SIGN_KEYFILE_PARTS_H
#define SIGN_KEYFILE_PARTS_H

#include "sign/keyfile.h"

#include <openssl/evp.h>

/* Of both algorithms: a number below the order of P-256, or the seed of RFC 8032. */
#define KEYFILE_SECRET_OCTETS 32

/* An RSA key of 4096 bits, which is only read to be refused, takes 3.3 kB. */
#define KEYFILE_MAX_OCTETS 8192

/* "K", three octets for each of a name's (%2F), "+013+12345" and a NUL. */
#define KEYFILE_STEM_OCTETS (1 + 3 * NAME_MAX_OCTETS + 10 + 1)

#define KEYFILE_PUBLIC  ".key"
#define KEYFILE_PRIVATE ".private"

/* The text of a private half. Whoever has one clears it. */
struct key_secret {
    char text[KEYFILE_MAX_OCTETS];
    size_t length;
};

/* Whose private file is read: of a key in use, or one that is brought along from elsewhere. */
enum key_place { KEY_PLACE_OURS, KEY_PLACE_ELSEWHERE };

/*
 * Writes "Kcc.example.": as dnssec-keygen names files, every octet but letters, digits, '-' and '_'
 * as %XX, so that no name can lead out of the folder.
 */
void keyfile_prefix(const struct name *zone, char prefix[KEYFILE_STEM_OCTETS]);

/* Writes the prefix, algorithm and tag: "Kcc.example.+013+12345". */
void keyfile_stem(const struct name *zone, uint8_t algorithm, uint16_t tag,
                  char stem[KEYFILE_STEM_OCTETS]);

/* True when the name of a file is the stem of one of the zone's keys followed by either suffix. */
bool keyfile_is_named(const char *file, const char *prefix, uint8_t *algorithm, uint16_t *tag,
                      bool *is_private);

/*
 * Reads the public half: algorithm, tag, flags and dnskey of `out`.
 * STATUS_OK; STATUS_INVALID with diagnostics; STATUS_SYSTEM.
 */
MUST_CHECK enum status keyfile_read_public(const char *path, const struct name *zone,
                                           struct arena *arena, struct diag *diag,
                                           struct keyfile *out);

/*
 * Reads the text of a private half into `out`, unless it is open to others or, for one of ours,
 * belongs to somebody else. STATUS_OK, or STATUS_INVALID with a diagnostic.
 */
MUST_CHECK enum status keyfile_read_secret(const char *path, enum key_place place,
                                           struct diag *diag, struct key_secret *out);

/*
 * Makes a key of OpenSSL's of the text, and sees that `key` is its public half.
 *
 *   path   for diagnostics
 *   out    EVP_PKEY_free() frees it and clears the secret
 *
 * Outcomes as of keyfile_read_public().
 */
MUST_CHECK enum status keyfile_parse_secret(const char *path, const struct key_secret *secret,
                                            const struct keyfile *key, struct diag *diag,
                                            EVP_PKEY **out);

/* Fills algorithm, tag and dnskey of `out` from a key, with the flags that `out` has. False when
 * OpenSSL cannot tell. */
MUST_CHECK bool keyfile_derive(const EVP_PKEY *key, uint8_t algorithm, struct keyfile *out);

/* The secret of a key, which whoever has it clears. False when OpenSSL cannot tell. */
MUST_CHECK bool keyfile_secret(const EVP_PKEY *key, uint8_t algorithm,
                               uint8_t out[KEYFILE_SECRET_OCTETS]);

/* Who reads pairs and who makes, brings or moves one wait for each other: nobody sees half a pair.
 */
enum key_folder_use { KEY_FOLDER_READ, KEY_FOLDER_CHANGE };

/*
 * Opens the folder, and complains when it is open to others or somebody else's. Waits for others
 * as `use` asks for; the lock is let go with the last descriptor.
 * STATUS_OK; STATUS_NOT_FOUND without a diagnostic; STATUS_INVALID with one.
 */
MUST_CHECK enum status keyfile_open_folder(const char *folder, enum key_folder_use use,
                                           struct diag *diag, int *out);

/* Adds an error about a path. STATUS_INVALID. */
enum status keyfile_complain(struct diag *diag, const char *path, const char *rule,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
