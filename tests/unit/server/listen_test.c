#include "tests/unit/check.h"

#include "server/listen.h"
#include "server/notify_socket.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A port of the loopback address that is free at the moment. */
static struct endpoint free_endpoint(void)
{
    struct endpoint endpoint = {.length = sizeof endpoint.address.v4};
    endpoint.address.v4.sin_family = AF_INET;
    endpoint.address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, &endpoint.address.any, endpoint.length), 0);
    assert_int_equal(getsockname(fd, &endpoint.address.any, &endpoint.length), 0);
    close(fd);
    return endpoint;
}

static void each_worker_has_its_own_sockets(void **state)
{
    (void)state;
    struct endpoint endpoint = free_endpoint();
    struct config_server config = {.listen_count = 1, .listen = &endpoint};
    struct listen_set set;
    char message[LISTEN_MESSAGE_OCTETS];
    assert_int_equal(listen_open(&config, 3, &set, message), STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_true(set.pairs[i].udp >= 0 && set.pairs[i].tcp >= 0);
        assert_false(set.pairs[i].wildcard);
    }
    listen_close(&set);
}

static void a_second_server_of_the_same_user_is_refused(void **state)
{
    (void)state;
    struct endpoint endpoint = free_endpoint();
    struct config_server config = {.listen_count = 1, .listen = &endpoint};
    struct listen_set first, second;
    char message[LISTEN_MESSAGE_OCTETS] = "";
    char place[ENDPOINT_TEXT_OCTETS];
    char wanted[LISTEN_MESSAGE_OCTETS];
    endpoint_to_text(&endpoint, place);
    snprintf(wanted, sizeof wanted, "cannot listen on %s: address already in use", place);
    assert_int_equal(listen_open(&config, 1, &first, message), STATUS_OK);
    assert_int_equal(listen_open(&config, 1, &second, message), STATUS_SYSTEM);
    assert_string_equal(message, wanted);
    listen_close(&first);
    assert_int_equal(listen_open(&config, 1, &second, message), STATUS_OK);
    listen_close(&second);
}

static void *close_soon(void *set)
{
    const struct timespec soon = {.tv_nsec = 5000000};
    nanosleep(&soon, NULL);
    listen_close(set);
    return NULL;
}

/* What is left of a server that was killed just now goes away in a moment. */
static void a_port_that_becomes_free_is_waited_for(void **state)
{
    (void)state;
    struct endpoint endpoint = free_endpoint();
    struct config_server config = {.listen_count = 1, .listen = &endpoint};
    struct listen_set first, second;
    char message[LISTEN_MESSAGE_OCTETS] = "";
    pthread_t thread;
    assert_int_equal(listen_open(&config, 1, &first, message), STATUS_OK);
    assert_int_equal(pthread_create(&thread, NULL, close_soon, &first), 0);
    assert_int_equal(listen_open(&config, 1, &second, message), STATUS_OK);
    pthread_join(thread, NULL);
    listen_close(&second);
}

static struct endpoint at(const char *text)
{
    struct endpoint e = {.length = sizeof e.address.v4};
    e.address.v4.sin_family = AF_INET;
    assert_int_equal(inet_pton(AF_INET, text, &e.address.v4.sin_addr), 1);
    return e;
}

static void notify_leaves_from_where_the_secondary_knows_us(void **state)
{
    (void)state;
    struct endpoint listen[] = {at("127.0.0.1"), at("192.0.2.1"), at("192.0.2.2")};
    struct endpoint wildcard = at("0.0.0.0");
    struct endpoint outside = at("198.51.100.1"), inside = at("127.0.0.2");
    assert_ptr_equal(notify_socket_source(listen, 3, &outside), &listen[1]);
    assert_ptr_equal(notify_socket_source(listen, 3, &inside), &listen[0]);
    assert_null(notify_socket_source(listen, 1, &outside));
    assert_null(notify_socket_source(&wildcard, 1, &outside));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_worker_has_its_own_sockets),
        cmocka_unit_test(a_second_server_of_the_same_user_is_refused),
        cmocka_unit_test(a_port_that_becomes_free_is_waited_for),
        cmocka_unit_test(notify_leaves_from_where_the_secondary_knows_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
