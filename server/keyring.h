/*
 * The TSIG keys of a configuration with their secrets: read when a bundle is made, never changed,
 * shared by all threads. What a thread computes MACs with is in tsig.h.
 */
#ifndef SERVER_KEYRING_H
#define SERVER_KEYRING_H

#include "conf/config.h"
#include "conf/secret.h"

#include <stddef.h>

struct keyring_key {
    const struct config_key *config;
    struct secret secret;
};

struct keyring;

/*
 * Reads the secrets of all keys of `config`.
 *
 *   config   outlives the keyring
 *   diag     what is wrong with a file, each by its name; warnings too
 *
 * STATUS_OK; STATUS_INVALID (a secret cannot be used; or the system forbids an algorithm) or
 * STATUS_SYSTEM (memory).
 */
MUST_CHECK enum status keyring_create(const struct config *config, struct diag *diag,
                                      struct keyring **out);

/* Overwrites the secrets. NULL is fine. */
void keyring_destroy(struct keyring *keyring);

/* The keys in the order of their names (wire/name.h). NULL has none. */
size_t keyring_count(const struct keyring *keyring);
const struct keyring_key *keyring_at(const struct keyring *keyring, size_t n);

#endif
