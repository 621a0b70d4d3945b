#include "tests/unit/check.h"

#include "server/tcp_limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connection: its place, and a socket that tells whether it was shut down. */
struct held {
    struct tcp_place place;
    int fds[2];
};

static struct tcp_client client(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return tcp_client_of((const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return tcp_client_of((const struct sockaddr *)&v6);
}

static enum tcp_grant enter(struct tcp_limits *limits, struct held *held, const char *address,
                            struct tcp_ceilings ceilings, int64_t now_ms)
{
    const struct tcp_client who = client(address);
    memset(held, 0, sizeof *held);
    held->place.age.since_ms = now_ms;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, held->fds), 0);
    enum tcp_grant grant = tcp_limits_enter(limits, &ceilings, &who, held->fds[0], &held->place);
    if (grant != TCP_GRANTED) {
        close(held->fds[0]);
        close(held->fds[1]);
    }
    return grant;
}

static void leave(struct tcp_limits *limits, struct held *held)
{
    tcp_limits_leave(limits, &held->place);
    close(held->fds[0]);
    close(held->fds[1]);
}

static bool has_ended(const struct held *held)
{
    char octet;
    bool at_end = recv(held->fds[0], &octet, 1, MSG_DONTWAIT) == 0;
    assert_int_equal(at_end, held->place.ended);
    return at_end;
}

/* It has a request that is complete and an answer that nobody takes. */
static void answer(struct tcp_limits *limits, struct held *held, size_t octets)
{
    assert_true(tcp_limits_hold(limits, &held->place, TCP_SENDS, octets));
}

static void the_oldest_without_a_complete_request_makes_room(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    const struct tcp_ceilings two = {.in_all = 3, .per_client = 9};
    struct held a, b, c, d, e;
    assert_int_equal(enter(limits, &a, "192.0.2.1", two, 1), TCP_GRANTED);
    assert_int_equal(enter(limits, &b, "192.0.2.2", two, 2), TCP_GRANTED);
    assert_int_equal(enter(limits, &c, "192.0.2.3", two, 3), TCP_GRANTED);
    a.place.age.since_ms = 4; /* asked since then */
    answer(limits, &b, 100);
    assert_int_equal(enter(limits, &d, "192.0.2.4", two, 5), TCP_GRANTED);
    assert_true(has_ended(&c) && !has_ended(&a) && !has_ended(&b) && !has_ended(&d));
    assert_int_equal(enter(limits, &e, "192.0.2.5", two, 6), TCP_GRANTED);
    assert_true(has_ended(&a) && !has_ended(&b));
    assert_int_equal(tcp_limits_connections(limits), 3);
    /* What was ended counts for nothing, also when it leaves. */
    leave(limits, &a);
    leave(limits, &c);
    assert_int_equal(tcp_limits_connections(limits), 3);
    leave(limits, &b);
    leave(limits, &d);
    leave(limits, &e);
    assert_int_equal(tcp_limits_connections(limits), 0);
    tcp_limits_destroy(limits);
}

static void who_asks_and_reads_is_never_ended(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    const struct tcp_ceilings two = {.in_all = 2, .per_client = 9};
    struct held a, b, c;
    assert_int_equal(enter(limits, &a, "192.0.2.1", two, 1), TCP_GRANTED);
    assert_int_equal(enter(limits, &b, "192.0.2.2", two, 2), TCP_GRANTED);
    answer(limits, &a, 100);
    assert_true(tcp_limits_hold(limits, &b.place, TCP_TRANSFERS, 0));
    assert_int_equal(enter(limits, &c, "192.0.2.3", two, 3), TCP_FULL);
    assert_false(tcp_limits_evict(limits, 3));
    /* It has not taken its answer for long; a transfer may. */
    assert_int_equal(enter(limits, &c, "192.0.2.3", two, 2 + TCP_LIMITS_STALLED_MS), TCP_GRANTED);
    assert_true(has_ended(&a) && !has_ended(&b));
    leave(limits, &a);
    leave(limits, &b);
    leave(limits, &c);
    tcp_limits_destroy(limits);
}

static void a_client_makes_room_for_itself(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    const struct tcp_ceilings two = {.in_all = 9, .per_client = 2};
    struct held other, a, b, c, d;
    assert_int_equal(enter(limits, &other, "192.0.2.1", two, 1), TCP_GRANTED);
    assert_int_equal(enter(limits, &a, "192.0.2.2", two, 2), TCP_GRANTED);
    assert_int_equal(enter(limits, &b, "192.0.2.2", two, 3), TCP_GRANTED);
    a.place.age.since_ms = 4;
    assert_int_equal(enter(limits, &c, "192.0.2.2", two, 5), TCP_GRANTED);
    assert_true(has_ended(&b) && !has_ended(&a) && !has_ended(&other));
    answer(limits, &a, 1);
    answer(limits, &c, 1);
    assert_int_equal(enter(limits, &d, "192.0.2.2", two, 6), TCP_CLIENT_FULL);
    assert_false(has_ended(&other));
    leave(limits, &other);
    leave(limits, &a);
    leave(limits, &b);
    leave(limits, &c);
    tcp_limits_destroy(limits);
}

static void a_lower_limit_is_reached_step_by_step(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    struct tcp_ceilings ceilings = {.in_all = 20, .per_client = 20};
    struct held held[20], late;
    for (int i = 0; i < 20; i++)
        assert_int_equal(enter(limits, &held[i], "192.0.2.1", ceilings, i), TCP_GRANTED);
    ceilings.in_all = 6;
    assert_int_equal(enter(limits, &late, "192.0.2.2", ceilings, 30), TCP_FULL);
    assert_int_equal(enter(limits, &late, "192.0.2.2", ceilings, 31), TCP_GRANTED);
    assert_int_equal(tcp_limits_connections(limits), 6);
    for (int i = 0; i < 20; i++)
        leave(limits, &held[i]);
    leave(limits, &late);
    tcp_limits_destroy(limits);
}

static void ipv6_clients_are_counted_by_network(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    const struct tcp_ceilings one = {.in_all = 9, .per_client = 1};
    struct held a, b, c;
    assert_int_equal(enter(limits, &a, "2001:db8::1", one, 1), TCP_GRANTED);
    answer(limits, &a, 1);
    assert_int_equal(enter(limits, &b, "2001:db8::ffff:2", one, 2), TCP_CLIENT_FULL);
    assert_int_equal(enter(limits, &c, "2001:db8:0:1::1", one, 3), TCP_GRANTED);
    leave(limits, &a);
    leave(limits, &c);
    tcp_limits_destroy(limits);
}

static void an_ipv4_address_is_no_ipv6_network(void **state)
{
    (void)state;
    struct tcp_client a = client("32.1.13.184"), b = client("2001:db8::");
    assert_memory_not_equal(a.octets, b.octets, sizeof a.octets);
}

static void answers_that_nobody_takes_are_bounded_in_all(void **state)
{
    (void)state;
    enum { HOLDERS = 8 };
    const size_t each = TCP_LIMITS_OUTPUT_OCTETS / HOLDERS;
    struct tcp_limits *limits = tcp_limits_create();
    const struct tcp_ceilings many = {.in_all = 99, .per_client = 99};
    struct held held[HOLDERS + 1], idle;
    assert_int_equal(enter(limits, &idle, "192.0.2.1", many, 0), TCP_GRANTED);
    for (int i = 0; i <= HOLDERS; i++) {
        assert_int_equal(enter(limits, &held[i], "192.0.2.1", many, i), TCP_GRANTED);
        answer(limits, &held[i], each);
    }
    /* The first has held its answers for longest; who is idle holds none. */
    assert_true(has_ended(&held[0]) && !has_ended(&held[1]) && !has_ended(&idle));
    assert_true(tcp_limits_hold(limits, &held[2].place, TCP_WAITS, 0));
    answer(limits, &held[2], each);
    assert_false(has_ended(&held[1]));
    assert_false(tcp_limits_hold(limits, &held[3].place, TCP_SENDS, TCP_LIMITS_OUTPUT_OCTETS + 1));
    for (int i = 0; i <= HOLDERS; i++)
        leave(limits, &held[i]);
    leave(limits, &idle);
    tcp_limits_destroy(limits);
}

static void messages_that_do_not_become_whole_are_bounded_in_all(void **state)
{
    (void)state;
    struct tcp_limits *limits = tcp_limits_create();
    const struct tcp_ceilings many = {.in_all = 99, .per_client = 99};
    struct held a, b;
    assert_int_equal(enter(limits, &a, "192.0.2.1", many, 1), TCP_GRANTED);
    assert_int_equal(enter(limits, &b, "192.0.2.2", many, 2), TCP_GRANTED);
    assert_true(tcp_limits_hold(limits, &a.place, TCP_WAITS, TCP_LIMITS_INPUT_OCTETS));
    assert_false(tcp_limits_hold(limits, &b.place, TCP_WAITS, 1));
    assert_false(has_ended(&a));
    leave(limits, &a);
    assert_true(tcp_limits_hold(limits, &b.place, TCP_WAITS, 1));
    leave(limits, &b);
    tcp_limits_destroy(limits);
}

static void ten_thousand_clients_come_and_go(void **state)
{
    (void)state;
    enum { CLIENTS = 10000 };
    struct tcp_limits *limits = tcp_limits_create();
    struct tcp_place *places = calloc(CLIENTS, sizeof *places);
    const struct tcp_ceilings ceilings = {.in_all = CLIENTS, .per_client = 1};
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < CLIENTS; i++) {
            struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(i)};
            struct tcp_client c = tcp_client_of((const struct sockaddr *)&v4);
            assert_int_equal(tcp_limits_enter(limits, &ceilings, &c, -1, &places[i]), TCP_GRANTED);
        }
        assert_int_equal(tcp_limits_connections(limits), CLIENTS);
        for (uint32_t i = 0; i < CLIENTS; i++)
            tcp_limits_leave(limits, &places[i]);
        assert_int_equal(tcp_limits_connections(limits), 0);
    }
    free(places);
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
        cmocka_unit_test(the_oldest_without_a_complete_request_makes_room),
        cmocka_unit_test(who_asks_and_reads_is_never_ended),
        cmocka_unit_test(a_client_makes_room_for_itself),
        cmocka_unit_test(a_lower_limit_is_reached_step_by_step),
        cmocka_unit_test(ipv6_clients_are_counted_by_network),
        cmocka_unit_test(an_ipv4_address_is_no_ipv6_network),
        cmocka_unit_test(answers_that_nobody_takes_are_bounded_in_all),
        cmocka_unit_test(messages_that_do_not_become_whole_are_bounded_in_all),
        cmocka_unit_test(ten_thousand_clients_come_and_go),
        cmocka_unit_test(transfers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
