#include "tests/unit/check.h"

#include "server/tcp_limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct tcp_client client(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return tcp_client_of((const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return tcp_client_of((const struct sockaddr *)&v6);
}

static void the_limit_in_all_holds_and_is_given_back(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    struct tcp_client a = client("192.0.2.1"), b = client("192.0.2.2"), c = client("192.0.2.3");
    assert_int_equal(tcp_limits_enter(limits, &a, 2, 9), TCP_GRANTED);
    assert_int_equal(tcp_limits_enter(limits, &b, 2, 9), TCP_GRANTED);
    assert_int_equal(tcp_limits_enter(limits, &c, 2, 9), TCP_FULL);
    assert_int_equal(tcp_limits_connections(limits), 2);
    tcp_limits_leave(limits, &a);
    assert_int_equal(tcp_limits_enter(limits, &c, 2, 9), TCP_GRANTED);
    tcp_limits_destroy(limits);
}

static void the_limit_of_a_client_comes_first(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    struct tcp_client a = client("192.0.2.1"), b = client("192.0.2.2");
    assert_int_equal(tcp_limits_enter(limits, &a, 2, 2), TCP_GRANTED);
    assert_int_equal(tcp_limits_enter(limits, &a, 2, 2), TCP_GRANTED);
    assert_int_equal(tcp_limits_enter(limits, &a, 2, 2), TCP_CLIENT_FULL);
    assert_int_equal(tcp_limits_enter(limits, &b, 2, 2), TCP_FULL);
    /* A reload that lowers the limits holds at once. */
    tcp_limits_leave(limits, &a);
    assert_int_equal(tcp_limits_enter(limits, &a, 9, 1), TCP_CLIENT_FULL);
    tcp_limits_destroy(limits);
}

static void ipv6_clients_are_counted_by_network(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    struct tcp_client a = client("2001:db8::1"), same = client("2001:db8::ffff:2"),
                      other = client("2001:db8:0:1::1");
    assert_int_equal(tcp_limits_enter(limits, &a, 9, 1), TCP_GRANTED);
    assert_int_equal(tcp_limits_enter(limits, &same, 9, 1), TCP_CLIENT_FULL);
    assert_int_equal(tcp_limits_enter(limits, &other, 9, 1), TCP_GRANTED);
    tcp_limits_destroy(limits);
}

static void an_ipv4_address_is_no_ipv6_network(void **state)
{
    (void)state;
    struct tcp_client a = client("32.1.13.184"), b = client("2001:db8::");
    assert_memory_not_equal(a.octets, b.octets, sizeof a.octets);
}

static void ten_thousand_clients_come_and_go(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 10000; i++) {
            struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(i)};
            struct tcp_client c = tcp_client_of((const struct sockaddr *)&v4);
            assert_int_equal(tcp_limits_enter(limits, &c, 10000, 1), TCP_GRANTED);
        }
        assert_int_equal(tcp_limits_connections(limits), 10000);
        for (uint32_t i = 0; i < 10000; i++) {
            struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(i)};
            struct tcp_client c = tcp_client_of((const struct sockaddr *)&v4);
            tcp_limits_leave(limits, &c);
        }
        assert_int_equal(tcp_limits_connections(limits), 0);
    }
    tcp_limits_destroy(limits);
}

static void transfers_are_bounded(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    for (int i = 0; i < TCP_LIMITS_TRANSFERS; i++)
        assert_true(tcp_limits_enter_transfer(limits));
    assert_false(tcp_limits_enter_transfer(limits));
    tcp_limits_leave_transfer(limits);
    assert_true(tcp_limits_enter_transfer(limits));
    tcp_limits_destroy(limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_in_all_holds_and_is_given_back),
        cmocka_unit_test(the_limit_of_a_client_comes_first),
        cmocka_unit_test(ipv6_clients_are_counted_by_network),
        cmocka_unit_test(an_ipv4_address_is_no_ipv6_network),
        cmocka_unit_test(ten_thousand_clients_come_and_go),
        cmocka_unit_test(transfers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
