/* The type bitmap of NSEC, and which names are the zone's to deny. */
#include "tests/unit/check.h"

#include "sign/nsec.h"

#include <string.h>

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return name;
}

static void assert_bitmap(const uint16_t *types, size_t count, const char *octets, size_t length)
{
    uint8_t buffer[9000];
    struct writer w = writer_of(buffer, sizeof buffer);
    nsec_write_bitmap(&w, types, count);
    assert_false(w.failed);
    assert_int_equal(writer_length(&w), length);
    assert_memory_equal(buffer, octets, length);
}

/* The example of RFC 4034 §4.3: A MX RRSIG NSEC TYPE1234. */
static void the_bitmap_of_the_rfc(void **state)
{
    static const uint16_t types[] = {1, 15, 46, 47, 1234};
    static const char expected[] = "\x00\x06\x40\x01\x00\x00\x00\x03\x04\x1b\x00\x00\x00\x00\x00"
                                   "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                                   "\x00\x00\x00\x00\x00\x00\x20";
    (void)state;
    assert_bitmap(types, 5, expected, sizeof expected - 1);
}

static void a_window_ends_with_its_last_type(void **state)
{
    static const uint16_t card[] = {TYPE_TXT, TYPE_RP, TYPE_RRSIG, TYPE_NSEC};
    static const uint16_t edges[] = {255, 256, 511, 65535};
    (void)state;
    assert_bitmap(card, 4, "\x00\x06\x00\x00\xc0\x00\x00\x03", 8);
    char expected[2 + 32 + 2 + 32 + 2 + 32] = {0};
    expected[1] = 32;
    expected[33] = 1;
    expected[34] = 1;
    expected[35] = 32;
    expected[36] = (char)0x80;
    expected[67] = 1;
    expected[68] = (char)0xff;
    expected[69] = 32;
    expected[101] = 1;
    assert_bitmap(edges, 4, expected, sizeof expected);
}

static void no_types_make_an_empty_bitmap(void **state)
{
    (void)state;
    assert_bitmap(NULL, 0, "", 0);
}

/* RFC 4035 §2.3: at a cut only NS, DS, RRSIG and NSEC. */
static void at_a_cut_only_the_parents_types_count(void **state)
{
    static const uint16_t more[] = {TYPE_RRSIG, TYPE_NSEC};
    struct rrset rrsets[] = {
        {.type = TYPE_A}, {.type = TYPE_NS}, {.type = TYPE_TXT}, {.type = TYPE_DS}};
    const struct node node = {.rrset_count = 4, .rrsets = rrsets};
    uint16_t types[6];
    (void)state;

    assert_int_equal(nsec_types(&node, AUTHORITY_CUT, more, 2, types), 4);
    assert_memory_equal(types, ((uint16_t[]){TYPE_NS, TYPE_DS, TYPE_RRSIG, TYPE_NSEC}), 8);
    assert_int_equal(nsec_types(&node, AUTHORITY_FULL, more, 2, types), 6);
    assert_memory_equal(
        types, ((uint16_t[]){TYPE_A, TYPE_NS, TYPE_TXT, TYPE_DS, TYPE_RRSIG, TYPE_NSEC}), 12);
}

static void authority_ends_at_a_cut_and_comes_back_behind_it(void **state)
{
    static const struct {
        const char *owner;
        uint16_t type;
        enum authority authority;
    } nodes[] = {
        {"cc.example", TYPE_NS, AUTHORITY_FULL},
        {"a.cc.example", TYPE_TXT, AUTHORITY_FULL},
        {"cut.cc.example", TYPE_NS, AUTHORITY_CUT},
        {"cut.CUT.cc.example", TYPE_NS, AUTHORITY_NONE}, /* hidden by the one above */
        {"ns.cut.cc.example", TYPE_A, AUTHORITY_NONE},
        {"cuts.cc.example", TYPE_TXT, AUTHORITY_FULL},
        {"other.cc.example", TYPE_NS, AUTHORITY_CUT},
        {"z.cc.example", TYPE_A, AUTHORITY_FULL},
    };
    const struct node_source source = {.apex = name_of("cc.example")};
    struct authority_track track = {.cut = {.length = 0}};
    (void)state;

    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        struct rrset rrset = {.type = nodes[i].type, .count = 1};
        const struct node node = {name_of(nodes[i].owner), 1, &rrset};
        assert_int_equal(authority_next(&track, &source, &node), nodes[i].authority);
    }
}

static void what_is_signed_depends_on_authority(void **state)
{
    (void)state;
    assert_true(authority_signs(AUTHORITY_FULL, TYPE_NS));
    assert_false(authority_signs(AUTHORITY_FULL, TYPE_RRSIG));
    assert_true(authority_signs(AUTHORITY_CUT, TYPE_DS));
    assert_true(authority_signs(AUTHORITY_CUT, TYPE_NSEC));
    assert_false(authority_signs(AUTHORITY_CUT, TYPE_NS));
    assert_false(authority_signs(AUTHORITY_NONE, TYPE_A));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bitmap_of_the_rfc),
        cmocka_unit_test(a_window_ends_with_its_last_type),
        cmocka_unit_test(no_types_make_an_empty_bitmap),
        cmocka_unit_test(at_a_cut_only_the_parents_types_count),
        cmocka_unit_test(authority_ends_at_a_cut_and_comes_back_behind_it),
        cmocka_unit_test(what_is_signed_depends_on_authority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
