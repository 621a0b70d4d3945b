#include "tests/unit/check.h"

#include "server/inherited.h"
#include "server/listen.h"
#include "server/supervisor.h"
#include "server/watchdog.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void the_variables_count_for_this_process_only(void **state)
{
    static const struct {
        const char *pid, *fds;
        enum status status;
        size_t count;
    } cases[] = {
        {NULL, NULL, STATUS_OK, 0},
        {"42", NULL, STATUS_OK, 0},
        {NULL, "2", STATUS_OK, 0},
        {"42", "2", STATUS_OK, 2},
        {"42", "0", STATUS_OK, 0},
        {"43", "2", STATUS_OK, 0},
        {"42", "4096", STATUS_OK, 4096},
        {"42", "4097", STATUS_INVALID, 0},
        {"42", "-1", STATUS_INVALID, 0},
        {"42", "", STATUS_INVALID, 0},
        {"42", "2x", STATUS_INVALID, 0},
        {"42", " 2", STATUS_INVALID, 0},
        {"x", "2", STATUS_INVALID, 0},
        {"", "2", STATUS_INVALID, 0},
        {"42 ", "2", STATUS_INVALID, 0},
        {"99999999999999999999", "2", STATUS_INVALID, 0},
        {"42", "99999999999999999999", STATUS_INVALID, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[INHERITED_MESSAGE_OCTETS] = "";
        size_t count = 99;
        assert_int_equal(inherited_count(cases[i].pid, cases[i].fds, 42, &count, message),
                         cases[i].status);
        assert_int_equal(count, cases[i].count);
        assert_int_equal(message[0] != '\0', cases[i].status != STATUS_OK);
    }
}

/* A socket at 127.0.0.1 and a port, 0 for any. */
static int bound(int type, struct endpoint *at)
{
    int on = 1, fd = socket(AF_INET, type, 0);
    at->length = sizeof at->address.v4;
    at->address.v4.sin_family = AF_INET;
    at->address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    assert_int_equal(bind(fd, &at->address.any, at->length), 0);
    assert_int_equal(getsockname(fd, &at->address.any, &at->length), 0);
    return fd;
}

/* `udp` and `tcp` sockets of one address, as a manager would hand them over. */
static struct inherited given(struct endpoint *at, int udp, int tcp)
{
    static const int first = 200;
    struct inherited out;
    char message[INHERITED_MESSAGE_OCTETS];
    *at = (struct endpoint){.length = 0};
    for (int i = 0; i < udp + tcp; i++) {
        int fd = bound(i < udp ? SOCK_DGRAM : SOCK_STREAM, at);
        assert_int_equal(dup2(fd, first + i), first + i);
        close(fd);
    }
    assert_int_equal(inherited_take(first, (size_t)(udp + tcp), &out, message), STATUS_OK);
    return out;
}

static bool is_same_socket(int a, int b)
{
    struct endpoint here;
    unsigned long long first = 0, second = 0;
    socklen_t octets = sizeof first;
    here.length = sizeof here.address;
    assert_int_equal(getsockname(a, &here.address.any, &here.length), 0);
    assert_int_equal(getsockopt(a, SOL_SOCKET, SO_COOKIE, &first, &octets), 0);
    assert_int_equal(getsockopt(b, SOL_SOCKET, SO_COOKIE, &second, &octets), 0);
    return first == second;
}

static void each_worker_gets_its_own_where_there_are_enough(void **state)
{
    struct endpoint at;
    struct listen_set set;
    char message[LISTEN_MESSAGE_OCTETS];
    (void)state;
    struct inherited inherited = given(&at, 3, 3);
    struct config_server config = {.listen_count = 1, .listen = &at};
    assert_int_equal(listen_adopt(&config, 3, &inherited, &set, message), STATUS_OK);
    inherited_free(&inherited);
    assert_int_equal(set.addresses, 1);
    assert_false(is_same_socket(set.pairs[0].udp, set.pairs[1].udp));
    assert_false(is_same_socket(set.pairs[1].tcp, set.pairs[2].tcp));
    assert_int_equal(fcntl(set.pairs[2].udp, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_int_equal(fcntl(set.pairs[2].tcp, F_GETFD), FD_CLOEXEC);
    listen_close(&set);
}

static void workers_share_what_there_is_too_little_of(void **state)
{
    struct endpoint at;
    struct listen_set set;
    char message[LISTEN_MESSAGE_OCTETS];
    (void)state;
    struct inherited inherited = given(&at, 1, 2);
    struct config_server config = {.listen_count = 1, .listen = &at};
    assert_int_equal(listen_adopt(&config, 3, &inherited, &set, message), STATUS_OK);
    inherited_free(&inherited);
    assert_true(is_same_socket(set.pairs[0].udp, set.pairs[1].udp));
    assert_true(is_same_socket(set.pairs[0].udp, set.pairs[2].udp));
    assert_false(is_same_socket(set.pairs[0].tcp, set.pairs[1].tcp));
    assert_true(is_same_socket(set.pairs[0].tcp, set.pairs[2].tcp));
    listen_close(&set);
}

static void what_is_more_than_the_workers_is_served_too(void **state)
{
    struct endpoint at;
    struct listen_set set;
    char message[LISTEN_MESSAGE_OCTETS];
    size_t udp = 0, tcp = 0;
    (void)state;
    struct inherited inherited = given(&at, 5, 2);
    struct config_server config = {.listen_count = 1, .listen = &at};
    assert_int_equal(listen_adopt(&config, 2, &inherited, &set, message), STATUS_OK);
    inherited_free(&inherited);
    assert_int_equal(set.addresses, 3);
    for (size_t i = 0; i < set.workers * set.addresses; i++) {
        udp += set.pairs[i].udp >= 0;
        tcp += set.pairs[i].tcp >= 0;
    }
    assert_int_equal(udp, 5);
    assert_int_equal(tcp, 2);
    listen_close(&set);
}

static void sockets_and_configuration_must_agree(void **state)
{
    struct endpoint at, other;
    struct listen_set set;
    char message[LISTEN_MESSAGE_OCTETS] = "";
    (void)state;
    struct inherited inherited = given(&at, 1, 0);
    struct config_server config = {.listen_count = 1, .listen = &at};
    assert_int_equal(listen_adopt(&config, 1, &inherited, &set, message), STATUS_INVALID);
    assert_non_null(strstr(message, "gives no TCP socket"));
    assert_non_null(strstr(message, "ListenStream="));
    inherited_free(&inherited);

    inherited = given(&at, 1, 1);
    close(bound(SOCK_STREAM, memset(&other, 0, sizeof other)));
    config.listen = &other;
    assert_int_equal(listen_adopt(&config, 1, &inherited, &set, message), STATUS_INVALID);
    assert_non_null(strstr(message, "which neither 'listen' nor 'tls-listen' names"));
    /* TLS has no UDP. */
    config = (struct config_server){.tls_listen_count = 1, .tls_listen = &at};
    assert_int_equal(listen_adopt(&config, 1, &inherited, &set, message), STATUS_INVALID);
    assert_non_null(strstr(message, "UDP socket"));
    inherited_free(&inherited);
}

static void what_is_no_socket_of_an_ip_address_is_refused(void **state)
{
    struct inherited out;
    char message[INHERITED_MESSAGE_OCTETS] = "";
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(inherited_take(pair[0], 1, &out, message), STATUS_INVALID);
    assert_non_null(strstr(message, "ListenDatagram="));
    assert_int_equal(inherited_take(1000, 1, &out, message), STATUS_INVALID);
    close(pair[1]);
}

static void the_manager_is_told_at_a_path_or_an_abstract_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char name[64], got[128] = "", message[SUPERVISOR_MESSAGE_OCTETS];
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct supervisor supervisor;
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
        size_t length = (size_t)snprintf(
            name, sizeof name, i == 0 ? "@contactd-notify-%ld" : "/tmp/contactd-notify-%ld",
            (long)getpid());
        memcpy(address.sun_path, name, length);
        if (i == 0)
            address.sun_path[0] = '\0';
        assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                              (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + i)),
                         0);
        const struct supervisor_terms terms = {name, "3000000", NULL};
        assert_int_equal(supervisor_open(&terms, 42, &supervisor, message), STATUS_OK);
        assert_int_equal(supervisor.watchdog_us, 3000000);
        supervisor_ready(&supervisor, "fine");
        assert_true(recv(fd, got, sizeof got - 1, 0) > 0);
        assert_memory_equal(got, "READY=1\nSTATUS=fine\nMAINPID=", 27);
        supervisor_close(&supervisor);
        close(fd);
        if (i == 1)
            unlink(name);
    }
}

static void a_manager_that_cannot_be_told_is_an_error(void **state)
{
    static const struct supervisor_terms wrong[] = {
        {"relative", NULL, NULL}, {"", NULL, NULL},
        {"@", NULL, NULL},        {"/nonexistent/notify", NULL, NULL},
        {"@x", "0", NULL},        {"@x", "ten", NULL},
        {"@x", "10", "no"}};
    struct supervisor supervisor;
    char message[SUPERVISOR_MESSAGE_OCTETS];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        message[0] = '\0';
        assert_int_not_equal(supervisor_open(&wrong[i], 42, &supervisor, message), STATUS_OK);
        assert_true(message[0] != '\0' && supervisor.fd == -1);
    }
    const struct supervisor_terms nobody = {NULL, "10", NULL};
    assert_int_equal(supervisor_open(&nobody, 42, &supervisor, message), STATUS_OK);
    supervisor_ready(&supervisor, "nobody hears it");
    supervisor_close(&supervisor);
}

static void each_look_of_a_server_that_turns_is_told(void **state)
{
    struct supervisor supervisor = {.fd = -1, .watchdog_us = 4000};
    const struct timeval enough = {10, 0};
    struct event_base *base = event_base_new();
    struct watchdog *watchdog;
    char got[64];
    int pair[2];
    (void)state;

    assert_int_equal(watchdog_create(base, &supervisor, NULL, 0, NULL, &watchdog), STATUS_OK);
    assert_null(watchdog); /* nobody to tell */
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    supervisor = (struct supervisor){.fd = pair[0], .watchdog_us = 0};
    assert_int_equal(watchdog_create(base, &supervisor, NULL, 0, NULL, &watchdog), STATUS_OK);
    assert_null(watchdog); /* nothing to be told */
    watchdog_destroy(watchdog);
    supervisor.watchdog_us = 4000;
    assert_int_equal(watchdog_create(base, &supervisor, NULL, 0, NULL, &watchdog), STATUS_OK);
    assert_non_null(watchdog);
    for (int i = 0; i < 2; i++) {
        event_base_loopexit(base, &enough);
        event_base_loop(base, EVLOOP_ONCE);
        assert_int_equal(recv(pair[1], got, sizeof got, MSG_DONTWAIT), strlen("WATCHDOG=1"));
        assert_memory_equal(got, "WATCHDOG=1", strlen("WATCHDOG=1"));
    }
    watchdog_destroy(watchdog);
    supervisor_stopping(&supervisor);
    assert_int_equal(recv(pair[1], got, strlen("STOPPING=1"), MSG_DONTWAIT), strlen("STOPPING=1"));
    assert_memory_equal(got, "STOPPING=1", strlen("STOPPING=1"));
    supervisor_close(&supervisor);
    close(pair[1]);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_variables_count_for_this_process_only),
        cmocka_unit_test(each_worker_gets_its_own_where_there_are_enough),
        cmocka_unit_test(workers_share_what_there_is_too_little_of),
        cmocka_unit_test(what_is_more_than_the_workers_is_served_too),
        cmocka_unit_test(sockets_and_configuration_must_agree),
        cmocka_unit_test(what_is_no_socket_of_an_ip_address_is_refused),
        cmocka_unit_test(the_manager_is_told_at_a_path_or_an_abstract_name),
        cmocka_unit_test(a_manager_that_cannot_be_told_is_an_error),
        cmocka_unit_test(each_look_of_a_server_that_turns_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
