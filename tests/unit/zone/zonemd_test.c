/* The digests of RFC 8976 appendix A, and what a verifier refuses (§4). Run with the folder of the
 * zone files as its argument. */
#include "golden.h"

#include "zone/zonemd.h"

#include <unistd.h>

static void the_examples_of_rfc_8976_are_verified(void **state)
{
    (void)state;
    for (int i = 1; i <= 5; i++) {
        char file[32];
        bool present = false;
        snprintf(file, sizeof file, "rfc8976-a%d-ok.zone", i);
        struct read_zone zone = read_zone(file, NULL);
        assert_int_equal(zone.status, STATUS_OK);
        assert_int_equal(zonemd_verify(&zone.source, &present), STATUS_OK);
        assert_true(present);
        drop_zone(&zone);
    }
}

#define DIGEST_A1                                                                                  \
    "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730" \
    "04"                                                                                           \
    "4c"
#define ZONE_A1                                                                                    \
    "$ORIGIN example.\n$TTL 86400\n@ SOA ns1 admin 2018031900 1800 900 604800 86400\n@ NS ns1\n"   \
    "@ NS ns2\nns1 3600 A 203.0.113.63\nns2 3600 AAAA 2001:db8::63\n"

/* The outcome for the zone of A.1 with other ZONEMD records. */
static enum status verify_with(const char *records, bool *present)
{
    char *text = NULL;
    assert_true(asprintf(&text, "%s%s", ZONE_A1, records) > 0);
    struct read_zone zone = read_zone_text(text, strlen(text));
    assert_int_equal(zone.status, STATUS_OK);
    enum status status = zonemd_verify(&zone.source, present);
    drop_zone(&zone);
    free(text);
    return status;
}

static void rfc_8976_section_4_is_obeyed(void **state)
{
    static const struct {
        const char *records;
        enum status status;
        bool present;
    } cases[] = {
        {"", STATUS_OK, false},
        {"@ ZONEMD 2018031900 1 1 " DIGEST_A1 "\n", STATUS_OK, true},
        /* 4, step 4: twice the same scheme and hash */
        {"@ ZONEMD 2018031900 1 1 " DIGEST_A1 "\n@ ZONEMD 2018031900 1 1 00" DIGEST_A1 "\n",
         STATUS_INVALID, true},
        /* 5a: another serial */
        {"@ ZONEMD 2018031901 1 1 " DIGEST_A1 "\n", STATUS_INVALID, true},
        /* 5b, 5c: schemes and hashes that are not known */
        {"@ ZONEMD 2018031900 2 1 " DIGEST_A1 "\n", STATUS_OK, false},
        {"@ ZONEMD 2018031900 1 3 " DIGEST_A1 "\n", STATUS_OK, false},
        {"@ ZONEMD 2018031900 1 240 " DIGEST_A1 "\n@ ZONEMD 2018031900 1 1 " DIGEST_A1 "\n",
         STATUS_OK, true},
        /* 5d: another size */
        {"@ ZONEMD 2018031900 1 1 c68090d90a7aed716bc459f9\n", STATUS_INVALID, true},
        {"@ ZONEMD 2018031900 1 2 " DIGEST_A1 "\n", STATUS_INVALID, true},
        /* 5f: another digest; another record */
        {"@ ZONEMD 2018031900 1 1 00" DIGEST_A1 "\n", STATUS_INVALID, true},
        {"@ ZONEMD 2018031900 1 1 " DIGEST_A1 "\nx TXT y\n", STATUS_INVALID, true},
        /* one that fits is enough */
        {"@ ZONEMD 2018031900 1 2 " DIGEST_A1 "\n@ ZONEMD 2018031900 1 1 " DIGEST_A1 "\n",
         STATUS_OK, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool present = !cases[i].present;
        enum status status = verify_with(cases[i].records, &present);
        if (status != cases[i].status || present != cases[i].present)
            fail_msg("case %zu: status %d, present %d", i, status, present);
    }
}

static void the_record_is_the_digest_behind_serial_scheme_and_hash(void **state)
{
    struct read_zone zone = read_zone_text(ZONE_A1, sizeof ZONE_A1 - 1);
    uint8_t digest[ZONEMD_DIGEST_OCTETS];
    uint8_t octets[ZONEMD_RDATA_OCTETS];
    static const uint8_t apex[] = "\7example";
    (void)state;
    assert_int_equal(zonemd_digest(&zone.source, digest), STATUS_OK);
    zonemd_rdata(octets, 2018031900, digest);
    struct rdata item = {octets, sizeof octets};
    struct rrset rrset = {TYPE_ZONEMD, 1, 86400, &item};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    zonefile_print_rrset(apex, &rrset, "", out);
    fclose(out);
    assert_string_equal(text, "example. 86400 IN ZONEMD 2018031900 1 1 " DIGEST_A1 "\n");
    free(text);
    drop_zone(&zone);
}

/* Letter case, order of records and of strings in the file do not matter, TXT in rrset_order() is
 * not canonical order. */
static void the_digest_is_that_of_the_canonical_form(void **state)
{
    static const char one[] = ZONE_A1 "a TXT \"v=cc1; order=2; a\"\na TXT \"v=cc1; order=1; b\"\n"
                                      "a RP MAIL.Example. X\nb CNAME A\n*.B MX 10 A\n";
    static const char two[] = "$ORIGIN EXAMPLE.\n$TTL 86400\n*.b MX 10 a\nB CNAME a\n"
                              "A RP mail.example. x\nA TXT \"v=cc1; order=1; b\"\n"
                              "A TXT \"v=cc1; order=2; a\"\n" ZONE_A1;
    uint8_t digests[2][ZONEMD_DIGEST_OCTETS];
    struct read_zone first = read_zone_text(one, sizeof one - 1);
    struct read_zone second = read_zone_text(two, sizeof two - 1);
    (void)state;
    assert_int_equal(zonemd_digest(&first.source, digests[0]), STATUS_OK);
    assert_int_equal(zonemd_digest(&second.source, digests[1]), STATUS_OK);
    assert_memory_equal(digests[0], digests[1], ZONEMD_DIGEST_OCTETS);
    drop_zone(&first);
    drop_zone(&second);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_8976_are_verified),
        cmocka_unit_test(rfc_8976_section_4_is_obeyed),
        cmocka_unit_test(the_record_is_the_digest_behind_serial_scheme_and_hash),
        cmocka_unit_test(the_digest_is_that_of_the_canonical_form),
    };
    if (argc < 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: zonemd_test FOLDER\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
