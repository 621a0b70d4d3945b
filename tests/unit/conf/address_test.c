#include "conf_test.h"

#include "conf/address.h"
#include "conf/units.h"

static void a_prefix_matches_the_addresses_in_it(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *address;
        bool matches;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "192.0.2.1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
        /* an IPv4 client that comes to an IPv6 socket */
        {"192.0.2.0/24", "::ffff:192.0.2.1", true},
        {"::ffff:192.0.2.0/120", "192.0.2.1", true},
        {"::/0", "::ffff:192.0.2.1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct prefix prefix;
        struct endpoint client;
        assert_int_equal(units_prefix(cases[i].prefix, &prefix), STATUS_OK);
        assert_int_equal(units_endpoint(cases[i].address, 4711, &client), STATUS_OK);
        assert_int_equal(prefix_matches(&prefix, &client.address.any), cases[i].matches);
    }
}

static void no_prefix_matches_what_is_no_address(void **state)
{
    (void)state;
    struct prefix prefix;
    struct sockaddr client = {.sa_family = AF_UNIX};
    assert_int_equal(units_prefix("0.0.0.0/0", &prefix), STATUS_OK);
    assert_false(prefix_matches(&prefix, &client));
}

static void a_prefix_contains_the_narrower_ones(void **state)
{
    (void)state;
    struct prefix wide, narrow;
    assert_int_equal(units_prefix("10.0.0.0/8", &wide), STATUS_OK);
    assert_int_equal(units_prefix("10.1.0.0/16", &narrow), STATUS_OK);
    assert_true(prefix_contains(&wide, &narrow));
    assert_false(prefix_contains(&narrow, &wide));
    assert_true(prefix_contains(&wide, &wide));
}

static void endpoints_differ_by_address_port_and_scope(void **state)
{
    (void)state;
    static const char *const texts[] = {"127.0.0.1", "127.0.0.1@54", "127.0.0.2", "::1",
                                        "::1@54",    "fe80::1%1",    "fe80::1%2"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++) {
            struct endpoint a, b;
            assert_int_equal(units_endpoint(texts[i], 53, &a), STATUS_OK);
            assert_int_equal(units_endpoint(texts[j], 53, &b), STATUS_OK);
            assert_int_equal(endpoint_equals(&a, &b), i == j);
        }
    }
}

static void the_longest_endpoint_fits_its_text(void **state)
{
    (void)state;
    struct endpoint endpoint;
    char text[ENDPOINT_TEXT_OCTETS];
    assert_int_equal(
        units_endpoint("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295@65535", 53, &endpoint),
        STATUS_OK);
    endpoint_to_text(&endpoint, text);
    assert_string_equal(text, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295@65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_matches_the_addresses_in_it),
        cmocka_unit_test(no_prefix_matches_what_is_no_address),
        cmocka_unit_test(a_prefix_contains_the_narrower_ones),
        cmocka_unit_test(endpoints_differ_by_address_port_and_scope),
        cmocka_unit_test(the_longest_endpoint_fits_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
