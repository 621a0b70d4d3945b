#include "server/sha1.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct sha1 {
    EVP_MD *algorithm; /* fetched once: a name would be looked up with each digest */
    EVP_MD_CTX *context;
};

enum status sha1_create(struct sha1 **out)
{
    struct sha1 *sha1 = calloc(1, sizeof *sha1);

    if (!sha1)
        return STATUS_SYSTEM;
    sha1->algorithm = EVP_MD_fetch(NULL, "SHA1", NULL);
    sha1->context = EVP_MD_CTX_new();
    if (!sha1->context) {
        sha1_destroy(sha1);
        return STATUS_SYSTEM;
    }
    *out = sha1;
    return STATUS_OK;
}

void sha1_destroy(struct sha1 *sha1)
{
    if (!sha1)
        return;
    EVP_MD_CTX_free(sha1->context);
    EVP_MD_free(sha1->algorithm);
    free(sha1);
}

bool sha1_digest(void *state, const uint8_t *octets, size_t length, uint8_t digest[20])
{
    const struct sha1 *sha1 = state;

    return sha1->algorithm && EVP_DigestInit_ex(sha1->context, sha1->algorithm, NULL) == 1 &&
           EVP_DigestUpdate(sha1->context, octets, length) == 1 &&
           EVP_DigestFinal_ex(sha1->context, digest, NULL) == 1;
}
