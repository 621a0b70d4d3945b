#include "server/keyring.h"

#include "server/hmac.h"

#include <stdlib.h>
#include <string.h>

struct keyring {
    size_t count;
    struct keyring_key keys[];
};

static int compare(const void *a, const void *b)
{
    const struct keyring_key *left = a;
    const struct keyring_key *right = b;

    return name_compare(left->config->name.octets, right->config->name.octets);
}

/* Tries what every worker is going to do with the key. */
static enum status try_key(const struct keyring_key *key, struct diag *diag)
{
    struct hmac *hmac = NULL;

    enum status status = hmac_create(key->config->algorithm, &key->secret, &hmac);
    hmac_destroy(hmac);
    if (status != STATUS_DENIED)
        return status;
    diag_error(diag, key->config->place, "key-algorithm", "this system forbids %s",
               tsig_algorithm_name(key->config->algorithm));
    return STATUS_INVALID;
}

/* Reads all of them, so that one run says all that is wrong. */
static enum status read_secrets(struct keyring *keyring, const struct opener *opener,
                                struct diag *diag)
{
    enum status outcome = STATUS_OK;

    for (size_t i = 0; i < keyring->count; i++) {
        struct keyring_key *key = &keyring->keys[i];
        enum status status = secret_read(key->config, opener, diag, &key->secret);
        if (status == STATUS_OK)
            status = try_key(key, diag);
        if (status != STATUS_OK)
            outcome = status;
    }
    return outcome;
}

enum status keyring_create(const struct config *config, struct diag *diag, struct keyring **out)
{
    struct keyring *keyring =
        calloc(1, sizeof *keyring + config->key_count * sizeof keyring->keys[0]);

    if (!keyring)
        return STATUS_SYSTEM;
    for (; keyring->count < config->key_count; keyring->count++)
        keyring->keys[keyring->count].config = &config->keys[keyring->count];
    /* Before there are secrets in them: sorting leaves copies behind. */
    if (keyring->count > 1)
        qsort(keyring->keys, keyring->count, sizeof keyring->keys[0], compare);
    enum status status = read_secrets(keyring, config->opener, diag);
    if (status != STATUS_OK) {
        keyring_destroy(keyring);
        return status;
    }
    *out = keyring;
    return STATUS_OK;
}

void keyring_destroy(struct keyring *keyring)
{
    if (!keyring)
        return;
    for (size_t i = 0; i < keyring->count; i++)
        secret_clear(&keyring->keys[i].secret);
    free(keyring);
}

size_t keyring_count(const struct keyring *keyring)
{
    return keyring ? keyring->count : 0;
}

const struct keyring_key *keyring_at(const struct keyring *keyring, size_t n)
{
    return &keyring->keys[n];
}
