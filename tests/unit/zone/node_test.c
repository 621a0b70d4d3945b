/* RRsets: their order is one order whoever makes them, and nothing stands in them twice. */
#include "tests/unit/check.h"

#include "wire/constants.h"
#include "zone/node.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* RDATA of a string constant that may hold NULs. */
#define RDATA(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static void assert_order(uint16_t type, const struct rdata *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            int order = rrset_order(type, &items[i], &items[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void txt_of_contacts_follow_their_order_pair(void **state)
{
    const struct rdata items[] = {
        RDATA("\x14v=cc1; id=z; order=1"),
        RDATA("\x1fv=cc1; id=a; order=2; role=dns;"),
        RDATA("\x14v=cc1; id=b; order=2"),
        RDATA("\x0border=9; a=\x02"
              "zz"),
        RDATA("\x15v=cc1; id=a; order=10"),
    };
    (void)state;
    assert_order(TYPE_TXT, items, COUNT(items));
}

static void txt_without_an_order_pair_come_after_by_their_text(void **state)
{
    const struct rdata items[] = {
        RDATA("\x07order=1"),
        RDATA("\x00"),
        RDATA("\x04"
              "0 up"),
        RDATA("\x07"
              "1 upper"),
        RDATA("\x09xorder=1;"),           /* no pair of its own */
        RDATA("\x0fz; order=1 or 2"),     /* no number */
        RDATA("\x0dz; order=1000000000"), /* no order of ours; cut too */
    };
    (void)state;
    assert_order(TYPE_TXT, items, COUNT(items) - 1);
    assert_true(rrset_order(TYPE_TXT, &items[0], &items[6]) < 0);
}

static void txt_order_does_not_see_where_strings_end(void **state)
{
    /* "ab" "c" and "a" "bd": the text decides, then the octets. */
    const struct rdata items[] = {
        RDATA("\x01"
              "a\x02"
              "bc"),
        RDATA("\x02"
              "ab\x01"
              "c"),
        RDATA("\x01"
              "a\x02"
              "bd"),
    };
    (void)state;
    assert_order(TYPE_TXT, items, COUNT(items));
}

static void an_order_pair_counts_in_the_first_string_only(void **state)
{
    const struct rdata items[] = {
        RDATA("\x02v=\x07order=2"),
        RDATA("\x02w=\x07order=1"),
    };
    (void)state;
    assert_order(TYPE_TXT, items, COUNT(items));
}

/* RFC 4034 §6.3: the absence of an octet sorts before a zero octet. */
static void other_types_follow_canonical_rdata(void **state)
{
    const struct rdata items[] = {
        RDATA(""),  RDATA("\x00"), RDATA("\x00\x00"), RDATA("\x00\x01"),
        RDATA("A"), RDATA("a"),    RDATA("\xff"),
    };
    (void)state;
    assert_order(TYPE_URI, items, COUNT(items));
}

/* RFC 4034 §6.2 (3); RFC 6840 §5.1 takes NSEC out. */
static void letter_case_of_names_in_rdata_does_not_count(void **state)
{
    const struct rdata a = RDATA("\x01"
                                 "a\x00");
    const struct rdata upper = RDATA("\x01"
                                     "A\x00");
    const struct rdata b = RDATA("\x01"
                                 "b\x00");
    (void)state;
    assert_int_equal(rrset_order(TYPE_NS, &a, &upper), 0);
    assert_true(rrset_order(TYPE_NS, &upper, &b) < 0);
    assert_true(rrset_order(TYPE_NSEC, &upper, &a) < 0);
    assert_true(rrset_order(TYPE_TXT, &upper, &a) < 0);
}

static void any_octets_can_be_ordered(void **state)
{
    static const char text[] = "\x14v=cc1; id=z; order=1\x03"
                               "abc";
    struct rdata whole = {(const uint8_t *)text, sizeof text - 1};
    (void)state;
    for (size_t length = 0; length < sizeof text; length++) {
        uint8_t *exact = malloc(length > 0 ? length : 1);
        assert_non_null(exact);
        memcpy(exact, text, length);
        struct rdata cut = {exact, (uint16_t)length};
        for (unsigned type = 0; type < 300; type++) {
            int there = rrset_order((uint16_t)type, &cut, &whole);
            int back = rrset_order((uint16_t)type, &whole, &cut);
            assert_int_equal((there > 0) - (there < 0), (back < 0) - (back > 0));
        }
        free(exact);
    }
}

/* A sort is only worth its name when no three records disagree about their order. */
static void txt_order_is_transitive(void **state)
{
    const struct rdata items[] = {
        RDATA("\x0c"
              "a; order=2; "),
        RDATA("\x0c"
              "z; order=1; "),
        RDATA("\x01m"),
        RDATA("\x02"
              "0 "),
        RDATA("\x07order=3"),
        RDATA("\x03"
              "a; "),
        RDATA(""),
        RDATA("\x05"
              "a; o"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(items); i++)
        for (size_t j = 0; j < COUNT(items); j++)
            for (size_t k = 0; k < COUNT(items); k++)
                if (rrset_order(TYPE_TXT, &items[i], &items[j]) <= 0 &&
                    rrset_order(TYPE_TXT, &items[j], &items[k]) <= 0)
                    assert_true(rrset_order(TYPE_TXT, &items[i], &items[k]) <= 0);
}

/* RFC 2181 §5: an RRset holds a record once. */
static void sorting_drops_what_is_there_already(void **state)
{
    struct rdata items[] = {RDATA("\x01z"),
                            RDATA("\x01"
                                  "a"),
                            RDATA("\x01z"),
                            RDATA("\x01"
                                  "a"),
                            RDATA("\x01k")};
    struct rrset rrset = {.type = TYPE_TXT, .count = COUNT(items), .items = items};
    (void)state;
    rrset_sort(&rrset);
    assert_int_equal(rrset.count, 3);
    assert_memory_equal(rrset.items[0].octets,
                        "\x01"
                        "a",
                        2);
    assert_memory_equal(rrset.items[1].octets, "\x01k", 2);
    assert_memory_equal(rrset.items[2].octets, "\x01z", 2);
    assert_int_equal(rrset_octets(&rrset), 6);
}

static void an_rrset_is_found_by_its_type(void **state)
{
    struct rrset rrsets[] = {{.type = TYPE_NS, .count = 1}, {.type = TYPE_URI, .count = 2}};
    struct node node = {.rrset_count = 2, .rrsets = rrsets};
    (void)state;
    assert_ptr_equal(node_rrset(&node, TYPE_URI), &rrsets[1]);
    assert_null(node_rrset(&node, TYPE_SOA));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(txt_of_contacts_follow_their_order_pair),
        cmocka_unit_test(txt_without_an_order_pair_come_after_by_their_text),
        cmocka_unit_test(txt_order_does_not_see_where_strings_end),
        cmocka_unit_test(an_order_pair_counts_in_the_first_string_only),
        cmocka_unit_test(other_types_follow_canonical_rdata),
        cmocka_unit_test(letter_case_of_names_in_rdata_does_not_count),
        cmocka_unit_test(any_octets_can_be_ordered),
        cmocka_unit_test(txt_order_is_transitive),
        cmocka_unit_test(sorting_drops_what_is_there_already),
        cmocka_unit_test(an_rrset_is_found_by_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
