/*
 * Which DS is of which key, with ldns as the judge, and how what was observed reads in terms of a
 * state's keys. How the DNS is looked into is shown by tests/functional/test_roll_look.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/keyfile.h"
#include "sign/observe.h"

#include <ldns/ldns.h>
#include <openssl/evp.h>
#include <string.h>

#define DNSKEY                                                                                     \
    "CC.example. 3600 IN DNSKEY 257 3 13 "                                                         \
    "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="

static struct name zone_name(void)
{
    struct name name;
    assert_int_equal(name_from_text(&name, "cc.EXAMPLE", 10), STATUS_OK);
    return name;
}

/* RDATA of a record, in `octets`. */
static size_t rdata_of(const ldns_rr *rr, uint8_t *octets)
{
    size_t at = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
        memcpy(octets + at, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
        at += ldns_rdf_size(rdf);
    }
    return at;
}

static void a_ds_is_of_its_key_by_every_digest(void **state)
{
    (void)state;
    static const ldns_hash digests[] = {LDNS_SHA1, LDNS_SHA256, LDNS_SHA384};
    const struct name zone = zone_name();
    uint8_t dnskey[256];
    uint8_t octets[256];
    ldns_rr *rr = NULL;

    assert_int_equal(ldns_rr_new_frm_str(&rr, DNSKEY, 0, NULL, NULL), LDNS_STATUS_OK);
    const struct observed_key key = {dnskey, rdata_of(rr, dnskey)};
    const struct observed_key unknown = {NULL, 0};
    uint16_t tag = keyfile_tag(dnskey, key.length);
    for (size_t i = 0; i < 3; i++) {
        ldns_rr *made = ldns_key_rr2ds(rr, digests[i]);
        assert_non_null(made);
        const struct rdata ds = {octets, (uint16_t)rdata_of(made, octets)};
        assert_true(observe_ds_is_of(&ds, &zone, 13, tag, &key));
        assert_true(observe_ds_is_of(&ds, &zone, 13, tag, &unknown));
        assert_false(observe_ds_is_of(&ds, &zone, 15, tag, &key));
        assert_false(observe_ds_is_of(&ds, &zone, 13, (uint16_t)(tag + 1), &key));
        for (uint16_t length = 0; length < ds.length; length++) {
            const struct rdata cut = {octets, length};
            assert_false(observe_ds_is_of(&cut, &zone, 13, tag, &key));
        }
        octets[ds.length - 1] ^= 1; // cppcheck-suppress legacyUninitvar; rdata_of has written them
        assert_false(observe_ds_is_of(&ds, &zone, 13, tag, &key));
        ldns_rr_free(made);
    }
    ldns_rr_free(rr);
}

/* GOST and what comes after SHA-384: nothing here computes them, and to overlook one is worse. */
static void a_ds_of_an_unknown_digest_is_believed_by_its_tag(void **state)
{
    (void)state;
    static const uint8_t octets[] = {0x12, 0x34, 13, 9, 1, 2, 3};
    const struct rdata ds = {octets, sizeof octets};
    const struct observed_key key = {octets, sizeof octets};
    const struct name zone = zone_name();

    assert_true(observe_ds_is_of(&ds, &zone, 13, 0x1234, &key));
    assert_false(observe_ds_is_of(&ds, &zone, 13, 0x1235, &key));
}

static void what_was_observed_reads_in_terms_of_keys(void **state)
{
    (void)state;
    static const uint8_t first[] = {1, 1, 3, 13, 1};
    static const uint8_t other[] = {1, 1, 3, 13, 2};
    static const uint8_t ds_octets[] = {0, 7, 13, 9, 1};
    struct signing_state keys = {
        .key_count = 2, .keys = {{.tag = 5, .algorithm = 13}, {.tag = 7, .algorithm = 13}}};
    struct rdata dnskeys[] = {{other, sizeof other}, {first, sizeof first}};
    struct observed_signer signers[] = {{13, 7}, {15, 5}};
    struct rdata ds = {ds_octets, sizeof ds_octets};
    struct observed_server servers[] = {
        {.text = "ns1",
         .serial = 9,
         .dnskey_count = 2,
         .dnskeys = dnskeys,
         .of_dnskey = {.count = 2, .items = signers},
         .of_soa = {.count = 1, .items = signers}},
        {.text = "ns2", .trouble = "no answer", .dnskey_count = 2, .dnskeys = dnskeys},
    };
    struct observed_parent parents[] = {{.text = "a", .ds_count = 1, .ds = &ds, .ttl = 60},
                                        {.text = "b"}};
    const struct observation seen = {
        .server_count = 2, .parent_count = 2, .servers = servers, .parents = parents};
    const struct name zone = zone_name();
    const struct observed_keys unknown = {.zone = &zone, .state = &keys};
    struct arena *arena = arena_create();
    struct roll_view view;

    assert_int_equal(EVP_Digest(first, sizeof first, keys.keys[0].digest, NULL, EVP_sha256(), NULL),
                     1);
    assert_int_equal(observe_view(&seen, &unknown, arena, &view), STATUS_OK);
    assert_int_equal(view.server_count, 2);
    assert_int_equal(view.servers[0].dnskeys, 1);
    assert_int_equal(view.servers[0].signs_keys, 2); /* tag and algorithm */
    assert_int_equal(view.servers[0].signs_data, 2);
    assert_int_equal(view.servers[0].serial, 9);
    assert_string_equal(view.servers[1].trouble, "no answer");
    assert_int_equal(view.servers[1].dnskeys, 0); /* nothing is known of it */
    assert_true(view.parents[0].any);
    assert_int_equal(view.parents[0].ds, 2);
    assert_int_equal(view.parents[0].ttl, 60);
    assert_false(view.parents[1].any);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ds_is_of_its_key_by_every_digest),
        cmocka_unit_test(a_ds_of_an_unknown_digest_is_believed_by_its_tag),
        cmocka_unit_test(what_was_observed_reads_in_terms_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
