#include "tests/unit/check.h"

#include "server/siphash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* The paper's appendix A: key 00 … 0f, input 00 … 0e. */
static void the_vector_of_the_paper(void **state)
{
    uint8_t key[SIPHASH_KEY_OCTETS];
    (void)state;

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    assert_true(siphash(key, key, 15) == 0xa129ca6149be45e5);
}

/* OpenSSL as the judge: every length up to some blocks, keys and inputs that differ. */
static void hashes_are_those_of_openssl(void **state)
{
    unsigned octets = 8;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &octets),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    uint8_t key[SIPHASH_KEY_OCTETS], input[100];
    (void)state;

    for (size_t length = 0; length <= sizeof input; length++) {
        uint8_t wanted[8];
        size_t written;
        for (size_t i = 0; i < sizeof key; i++)
            key[i] = (uint8_t)(length * 7 + i * 31);
        for (size_t i = 0; i < length; i++)
            input[i] = (uint8_t)(length * 3 + i * 17);
        assert_int_equal(EVP_MAC_init(context, key, sizeof key, parameters), 1);
        assert_int_equal(EVP_MAC_update(context, input, length), 1);
        assert_int_equal(EVP_MAC_final(context, wanted, &written, sizeof wanted), 1);
        uint64_t hash = siphash(key, input, length);
        for (unsigned i = 0; i < 8; i++)
            assert_int_equal((uint8_t)(hash >> (8 * i)), wanted[i]);
    }
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_of_the_paper),
        cmocka_unit_test(hashes_are_those_of_openssl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
