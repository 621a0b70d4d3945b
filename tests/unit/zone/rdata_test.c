/* RDATA octet for octet as the RFCs draw it. */
#include "tests/unit/check.h"

#include "zone/rdata.h"

#include <stdlib.h>
#include <string.h>

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return name;
}

static void assert_written(const struct writer *w, const char *octets, size_t length)
{
    assert_false(w->failed);
    assert_int_equal(writer_length(w), length);
    assert_memory_equal(w->start, octets, length);
}

#define ASSERT_WRITTEN(w, text) assert_written((w), (text), sizeof(text) - 1)

/* RFC 1183 §2.2: two names, neither compressed (RFC 3597 §4). */
static void rp_is_two_names(void **state)
{
    uint8_t buffer[100];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct name mailbox = name_of("noc\\.24x7.a");
    struct name txt = name_of("_x.a");
    (void)state;
    rdata_write_rp(&w, &mailbox, &txt);
    ASSERT_WRITTEN(&w, "\x08noc.24x7\x01"
                       "a\x00\x02_x\x01"
                       "a\x00");
}

/* RFC 1035 §3.3.13 */
static void soa_is_two_names_and_five_numbers(void **state)
{
    uint8_t buffer[100];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct name mname = name_of("n");
    struct name rname = name_of("h");
    const struct soa_numbers numbers = {0x01020304, 3600, 900, 2419200, 300};
    (void)state;
    rdata_write_soa(&w, &mname, &rname, &numbers);
    ASSERT_WRITTEN(&w, "\x01n\x00\x01h\x00\x01\x02\x03\x04\x00\x00\x0e\x10\x00\x00\x03\x84"
                       "\x00\x24\xea\x00\x00\x00\x01\x2c");
}

/* RFC 7553 §4.5: the target without the quotes of presentation format. */
static void uri_is_priority_weight_and_bare_target(void **state)
{
    uint8_t buffer[100];
    struct writer w = writer_of(buffer, sizeof buffer);
    (void)state;
    rdata_write_uri(&w, 258, "tel:+1");
    ASSERT_WRITTEN(&w, "\x01\x02\x00\x00tel:+1");
}

/* RFC 4398 §2 and §2.1: type 6, key tag 0, algorithm 0, length, fingerprint, no URL. */
static void ipgp_is_a_fingerprint_without_a_url(void **state)
{
    uint8_t buffer[100];
    struct writer w = writer_of(buffer, sizeof buffer);
    (void)state;
    rdata_write_ipgp(&w, "01aBFf");
    ASSERT_WRITTEN(&w, "\x00\x06\x00\x00\x00\x03\x01\xab\xff");
}

static void a_fingerprint_that_is_none_fails_the_writer(void **state)
{
    const char *const wrong[] = {"", "1", "0g", "01 3"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t buffer[100];
        struct writer w = writer_of(buffer, sizeof buffer);
        rdata_write_ipgp(&w, wrong[i]);
        assert_true(w.failed);
    }
}

static void failed_writing_keeps_nothing(void **state)
{
    struct arena *arena = arena_create();
    uint8_t buffer[2];
    struct writer w = writer_of(buffer, sizeof buffer);
    (void)state;
    writer_u8(&w, 1);
    struct rdata kept = rdata_keep(&w, arena);
    assert_int_equal(kept.length, 1);
    assert_int_equal(kept.octets[0], 1);
    writer_u16(&w, 1);
    kept = rdata_keep(&w, arena);
    assert_int_equal(kept.length, 0);
    assert_non_null(kept.octets);
    arena_destroy(arena);
}

/* RFC 4034 §6.2 (3) with RFC 6840 §5.1: which octets are lower-cased. */
static void names_in_rdata_are_found_by_type(void **state)
{
    static const struct {
        uint16_t type;
        const char *rdata;
        size_t length, first, end;
    } cases[] = {
        {TYPE_NS,
         "\x01"
         "A\x00",
         3, 0, 3},
        {TYPE_SOA,
         "\x01"
         "A\x00\x01"
         "B\x00"
         "12345678901234567890",
         26, 0, 6},
        {TYPE_RP,
         "\x01"
         "A\x00\x01"
         "B\x00",
         6, 0, 6},
        {TYPE_MX,
         "\x00\x01\x01"
         "A\x00",
         5, 2, 5},
        {TYPE_SRV,
         "123456\x01"
         "A\x00",
         9, 6, 9},
        {TYPE_NAPTR,
         "1234\x01"
         "U\x00\x02RE\x01"
         "A\x00",
         13, 10, 13},
        {TYPE_RRSIG,
         "123456789012345678\x01"
         "A\x00SIGN",
         25, 18, 21},
        {TYPE_NSEC,
         "\x01"
         "A\x00\x00\x01\x40",
         6, 0, 0},
        {TYPE_TXT,
         "\x01"
         "A\x00",
         3, 0, 0},
        {TYPE_URI,
         "\x01"
         "A\x00",
         3, 0, 0},
        {300,
         "\x01"
         "A\x00",
         3, 0, 0},
        {TYPE_NS, "\xc0\x0c", 2, 0, 0}, /* compressed: not what RDATA here holds */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t first, end;
        rdata_names(cases[i].type, (const uint8_t *)cases[i].rdata, cases[i].length, &first, &end);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(end, cases[i].end);
    }
}

static void cut_rdata_has_no_names(void **state)
{
    static const char soa[] = "\x01"
                              "A\x00\x01"
                              "B\x00";
    (void)state;
    for (size_t length = 0; length < sizeof soa - 1; length++) {
        uint8_t *exact = malloc(length > 0 ? length : 1);
        size_t first, end;
        assert_non_null(exact);
        memcpy(exact, soa, length);
        rdata_names(TYPE_SOA, exact, length, &first, &end);
        assert_int_equal(first, 0);
        assert_int_equal(end, 0);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rp_is_two_names),
        cmocka_unit_test(soa_is_two_names_and_five_numbers),
        cmocka_unit_test(uri_is_priority_weight_and_bare_target),
        cmocka_unit_test(ipgp_is_a_fingerprint_without_a_url),
        cmocka_unit_test(a_fingerprint_that_is_none_fails_the_writer),
        cmocka_unit_test(failed_writing_keeps_nothing),
        cmocka_unit_test(names_in_rdata_are_found_by_type),
        cmocka_unit_test(cut_rdata_has_no_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
