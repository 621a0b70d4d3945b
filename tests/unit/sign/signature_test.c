/* RRSIG: what is signed, and when a signature is made anew. */
#include "tests/unit/check.h"

#include "sign/signature.h"

#include <string.h>

#define DAY 86400u
#define NOW 1795352400 /* 2026-11-22T13:00:00Z */

static const struct config_policy policy = {.rrsig_lifetime = 60 * DAY, .rrsig_refresh = 32 * DAY};

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return name;
}

static struct signature schedule(const char *owner, uint16_t type, int64_t now)
{
    struct name name = name_of(owner);
    struct signature signature = {.covered = type};
    signature_schedule(&policy, &name, type, now, &signature);
    return signature;
}

static void a_signature_begins_an_hour_back(void **state)
{
    (void)state;
    assert_int_equal(schedule("xa.cc.example", TYPE_TXT, NOW).inception, NOW - 3600);
}

static void a_signature_ends_within_a_week_before_its_full_life(void **state)
{
    (void)state;
    for (unsigned type = 1; type < 1000; type++) {
        struct signature s = schedule("xa.cc.example", (uint16_t)type, NOW);
        assert_in_range(s.expiration, NOW + 53 * DAY, NOW + 60 * DAY);
    }
}

static void jitter_spreads_the_ends_of_signatures_made_together(void **state)
{
    unsigned days[7] = {0};
    (void)state;
    for (unsigned type = 0; type < 700; type++) {
        uint32_t end = schedule("xa.cc.example", (uint16_t)type, NOW).expiration;
        days[(NOW + 60 * DAY - end - 1) / DAY % 7]++;
    }
    for (size_t i = 0; i < 7; i++)
        assert_in_range(days[i], 50, 150);
}

static void the_same_publish_draws_the_same_jitter(void **state)
{
    (void)state;
    assert_int_equal(schedule("xa.cc.example", TYPE_TXT, NOW).expiration,
                     schedule("xa.cc.example", TYPE_TXT, NOW).expiration);
}

static void soa_and_zonemd_are_due_together(void **state)
{
    (void)state;
    for (int64_t now = NOW; now < NOW + 1000; now++)
        assert_int_equal(schedule("cc.example", TYPE_SOA, now).expiration,
                         schedule("cc.example", TYPE_ZONEMD, now).expiration);
}

static const struct {
    int64_t inception, expiration; /* seconds from NOW */
    bool fresh;
} lives[] = {
    {-3600, 32 * (int64_t)DAY, true},
    {-3600, 32 * (int64_t)DAY - 1, false}, /* due */
    {0, 60 * (int64_t)DAY, true},
    {1, 60 * (int64_t)DAY, false}, /* made by a clock that was ahead */
    {-90 * (int64_t)DAY, -1, false},
};

static void a_signature_is_fresh_until_its_refresh_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        const struct signature s = {.inception = (uint32_t)(NOW + lives[i].inception),
                                    .expiration = (uint32_t)(NOW + lives[i].expiration)};
        assert_int_equal(signature_is_fresh(&s, &policy, NOW), lives[i].fresh);
    }
}

static void times_go_round_in_2106(void **state)
{
    const int64_t late = 0xffffff00; /* seconds before 2^32 */
    (void)state;
    struct signature s = schedule("xa.cc.example", TYPE_TXT, late);
    assert_true(s.expiration < s.inception);
    assert_true(signature_is_fresh(&s, &policy, late));
    assert_true(signature_is_fresh(&s, &policy, late + 3600));
    assert_false(signature_is_fresh(&s, &policy, late + 40 * (int64_t)DAY));
}

static void labels_count_neither_the_root_nor_a_leading_asterisk(void **state)
{
    static const struct {
        const char *owner;
        uint8_t labels;
    } cases[] = {{"cc.example", 2},
                 {"*.xa.cc.example", 3},
                 {"a.*.xa.cc.example", 5},
                 {".", 0},
                 {"\\*a.cc.example", 3}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(signature_labels(name_of(cases[i].owner).octets), cases[i].labels);
}

/* RFC 4034 §3.1.8.1 and §6.2, octet by octet: names in lower case, records in canonical order. */
static void what_is_signed_is_canonical(void **state)
{
    static const uint8_t expected[] = "\x00\x02\x0d\x02\x00\x00\x0e\x10\x00\x00\x00\x02"
                                      "\x00\x00\x00\x01\x12\x34\x02"
                                      "cc\x07"
                                      "example\x00"
                                      "\x02"
                                      "cc\x07"
                                      "example\x00\x00\x02\x00\x01\x00\x00\x0e\x10\x00\x03"
                                      "\x01"
                                      "a\x00"
                                      "\x02"
                                      "cc\x07"
                                      "example\x00\x00\x02\x00\x01\x00\x00\x0e\x10\x00\x03"
                                      "\x01"
                                      "b\x00";
    struct rdata items[] = {{(const uint8_t *)"\x01"
                                              "B\x00",
                             3},
                            {(const uint8_t *)"\x01"
                                              "A\x00",
                             3}};
    const struct rrset ns = {TYPE_NS, 2, 7200, items};
    struct name owner = name_of("CC.example");
    struct name signer = name_of("cc.EXAMPLE");
    const struct signature signature = {TYPE_NS, 13, 2, 3600, 2, 1, 0x1234, signer.octets, NULL, 0};
    struct canonical canonical = {.size = 0};
    uint8_t octets[512];
    struct writer w = writer_of(octets, sizeof octets);
    (void)state;

    assert_int_equal(signature_write_data(&w, &signature, &owner, &ns, &canonical), STATUS_OK);
    assert_int_equal(writer_length(&w), sizeof expected - 1);
    assert_memory_equal(octets, expected, sizeof expected - 1);
    assert_int_equal(signature_data_octets(&signer, &owner, &ns), sizeof expected - 1);
    canonical_close(&canonical);
}

static void what_was_written_is_read_back(void **state)
{
    struct name signer = name_of("cc.example");
    const struct signature written = {TYPE_TXT,      15,   3, 14400, 900, 800, 4711,
                                      signer.octets, NULL, 0};
    uint8_t octets[128];
    struct writer w = writer_of(octets, sizeof octets);
    struct signature read;
    (void)state;

    signature_write(&w, &written);
    writer_octets(&w, (const uint8_t *)"signature", 9);
    const struct rdata rdata = {octets, (uint16_t)writer_length(&w)};
    assert_int_equal(signature_read(&rdata, &read), STATUS_OK);
    assert_int_equal(read.covered, TYPE_TXT);
    assert_int_equal(read.algorithm, 15);
    assert_int_equal(read.labels, 3);
    assert_int_equal(read.ttl, 14400);
    assert_int_equal(read.expiration, 900);
    assert_int_equal(read.inception, 800);
    assert_int_equal(read.tag, 4711);
    assert_true(name_equals(read.signer, signer.octets));
    assert_int_equal(read.length, 9);
    assert_memory_equal(read.octets, "signature", 9);
    for (uint16_t length = 0; length < SIGNATURE_FIXED_OCTETS + signer.length; length++) {
        const struct rdata cut = {octets, length};
        assert_int_equal(signature_read(&cut, &read), STATUS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_begins_an_hour_back),
        cmocka_unit_test(a_signature_ends_within_a_week_before_its_full_life),
        cmocka_unit_test(jitter_spreads_the_ends_of_signatures_made_together),
        cmocka_unit_test(the_same_publish_draws_the_same_jitter),
        cmocka_unit_test(soa_and_zonemd_are_due_together),
        cmocka_unit_test(a_signature_is_fresh_until_its_refresh_time),
        cmocka_unit_test(times_go_round_in_2106),
        cmocka_unit_test(labels_count_neither_the_root_nor_a_leading_asterisk),
        cmocka_unit_test(what_is_signed_is_canonical),
        cmocka_unit_test(what_was_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
