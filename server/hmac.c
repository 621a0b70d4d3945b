#include "server/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hmac {
    EVP_MAC_CTX *context;
    bool failed;
};

/* OpenSSL's name of a hash. */
static const char *digest_name(enum tsig_algorithm algorithm)
{
    static const char *const names[] = {
        [TSIG_HMAC_SHA256] = "SHA256",
        [TSIG_HMAC_SHA384] = "SHA384",
        [TSIG_HMAC_SHA512] = "SHA512",
        [TSIG_HMAC_SHA1] = "SHA1",
    };
    return names[algorithm];
}

static EVP_MAC_CTX *new_context(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;

    EVP_MAC_free(mac); /* the context holds on to it */
    return context;
}

enum status hmac_create(enum tsig_algorithm algorithm, const struct secret *secret,
                        struct hmac **out)
{
    char digest[8];
    snprintf(digest, sizeof digest, "%s", digest_name(algorithm));
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    struct hmac *hmac = calloc(1, sizeof *hmac);

    if (!hmac)
        return STATUS_SYSTEM;
    hmac->context = new_context();
    if (!hmac->context) {
        free(hmac);
        return STATUS_SYSTEM;
    }
    if (EVP_MAC_init(hmac->context, secret->octets, secret->length, parameters) != 1) {
        hmac_destroy(hmac);
        return STATUS_DENIED;
    }
    *out = hmac;
    return STATUS_OK;
}

enum status hmac_copy(const struct hmac *hmac, struct hmac **out)
{
    struct hmac *copy = calloc(1, sizeof *copy);

    if (!copy)
        return STATUS_SYSTEM;
    copy->context = EVP_MAC_CTX_dup(hmac->context);
    if (!copy->context) {
        free(copy);
        return STATUS_SYSTEM;
    }
    *out = copy;
    return STATUS_OK;
}

void hmac_destroy(struct hmac *hmac)
{
    if (!hmac)
        return;
    EVP_MAC_CTX_free(hmac->context);
    free(hmac);
}

/* Without a key the one that is there stays. Half the time of a copy per MAC (0.6 µs, 1.1 µs). */
void hmac_start(struct hmac *hmac)
{
    hmac->failed = EVP_MAC_init(hmac->context, NULL, 0, NULL) != 1;
}

void hmac_add(struct hmac *hmac, const void *octets, size_t length)
{
    hmac->failed = hmac->failed || EVP_MAC_update(hmac->context, octets, length) != 1;
}

bool hmac_finish(struct hmac *hmac, uint8_t mac[HMAC_MAX_OCTETS])
{
    size_t octets;

    if (!hmac->failed && EVP_MAC_final(hmac->context, mac, &octets, HMAC_MAX_OCTETS) == 1)
        return true;
    memset(mac, 0, HMAC_MAX_OCTETS);
    return false;
}

bool hmac_equals(const uint8_t *a, const uint8_t *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}
