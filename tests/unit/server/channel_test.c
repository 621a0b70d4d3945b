#include "tests/unit/server/certificates.h"

#include "server/channel.h"
#include "server/tls_transport.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define BULK_OCTETS (4 << 20) /* more than a socket takes */

/* A channel and the other end of its socket, with a client over it where there is TLS. */
struct pair {
    struct certificates files;
    struct tls_identity *identity;
    struct channel channel;
    int peer;
    SSL_CTX *context;
    SSL *client;
};

static void open_pair(struct pair *pair, struct tls_identity *identity)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    pair->peer = ends[1];
    assert_int_equal(channel_open(&pair->channel, ends[0], identity), STATUS_OK);
}

static int setup_plain(void **state)
{
    static struct pair pair;
    memset(&pair, 0, sizeof pair);
    open_pair(&pair, NULL);
    *state = &pair;
    return 0;
}

static int teardown_plain(void **state)
{
    struct pair *pair = *state;
    if (pair->peer >= 0)
        close(pair->peer);
    channel_close(&pair->channel);
    return 0;
}

/* A read that yields less than it had room for spares the next one, until the next call. */
static void what_was_read_to_its_end_is_not_asked_for_again(void **state)
{
    struct tls_transport transport = {.budget = TLS_READ_BUDGET};
    BIO_METHOD *method = tls_transport_create();
    BIO *bio = tls_transport_open(method, &transport);
    uint8_t octets[8];
    size_t taken = 0;
    int ends[2];
    (void)state;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    transport.fd = ends[0];
    assert_int_equal(send(ends[1], "12345678abc", 11, 0), 11);
    assert_int_equal(BIO_read_ex(bio, octets, sizeof octets, &taken), 1);
    assert_int_equal(taken, 8);
    assert_int_equal(BIO_read_ex(bio, octets, sizeof octets, &taken), 1);
    assert_int_equal(taken, 3);
    assert_int_equal(send(ends[1], "late", 4, 0), 4);
    assert_int_equal(BIO_read_ex(bio, octets, sizeof octets, &taken), 0);
    assert_true(BIO_should_read(bio));
    transport.emptied = false;
    assert_int_equal(BIO_read_ex(bio, octets, sizeof octets, &taken), 1);
    assert_int_equal(taken, 4);
    close(ends[1]);
    transport.emptied = false;
    assert_int_equal(BIO_read_ex(bio, octets, sizeof octets, &taken), 0);
    assert_false(BIO_should_retry(bio));
    assert_true(BIO_eof(bio));
    close(ends[0]);
    BIO_free(bio);
    tls_transport_destroy(method);
}

/* One step of each side until both have shaken hands. */
static void shake_hands(struct pair *pair)
{
    uint8_t octet;
    size_t taken;

    for (int i = 0; i < 10 && !SSL_is_init_finished(pair->client); i++) {
        SSL_do_handshake(pair->client);
        assert_int_equal(channel_read(&pair->channel, &octet, 1, &taken), IO_WAITS_TO_READ);
    }
    channel_read(&pair->channel, &octet, 1, &taken);
    assert_true(tls_session_is_ready(pair->channel.tls));
}

static int setup_tls(void **state)
{
    static struct pair pair;
    static const unsigned char dot[] = {3, 'd', 'o', 't'};
    struct diag *diag = diag_create();

    memset(&pair, 0, sizeof pair);
    certificates_create(&pair.files);
    certificates_issue(&pair.files, time(NULL) - 86400, time(NULL) + 86400);
    const struct config_server server = {.tls_cert = pair.files.certificate,
                                         .tls_key = pair.files.key};
    assert_int_equal(tls_identity_create(&server, NULL, time(NULL), diag, &pair.identity),
                     STATUS_OK);
    diag_destroy(diag);
    open_pair(&pair, pair.identity);
    pair.context = SSL_CTX_new(TLS_client_method());
    pair.client = SSL_new(pair.context);
    SSL_set_alpn_protos(pair.client, dot, sizeof dot);
    SSL_set_fd(pair.client, pair.peer);
    SSL_set_connect_state(pair.client);
    *state = &pair;
    return 0;
}

static int teardown_tls(void **state)
{
    struct pair *pair = *state;
    SSL_free(pair->client);
    SSL_CTX_free(pair->context);
    if (pair->peer >= 0)
        close(pair->peer);
    if (pair->channel.fd >= 0)
        channel_close(&pair->channel);
    tls_identity_release(pair->identity);
    certificates_destroy(&pair->files);
    return 0;
}

static void expect_read(struct pair *pair, size_t room, const char *octets)
{
    uint8_t buffer[64];
    size_t taken;

    assert_int_equal(channel_read(&pair->channel, buffer, room, &taken), IO_DONE);
    assert_int_equal(taken, strlen(octets));
    assert_memory_equal(buffer, octets, taken);
}

static void expect_io(struct pair *pair, enum io io)
{
    uint8_t buffer[64];
    size_t taken = 1;

    assert_int_equal(channel_read(&pair->channel, buffer, sizeof buffer, &taken), io);
    assert_int_equal(taken, 0);
}

/* Writes until the socket is full; the number of octets taken. */
static size_t fill_socket(struct pair *pair, const uint8_t *octets)
{
    size_t taken, at = 0;
    while (channel_write(&pair->channel, octets + at, BULK_OCTETS - at, &taken) == IO_DONE)
        at += taken;
    assert_true(channel_waits_to_write(&pair->channel, false));
    return at;
}

static void plain_octets_come_and_end(void **state)
{
    struct pair *pair = *state;

    expect_io(pair, IO_WAITS_TO_READ);
    assert_false(channel_waits_to_write(&pair->channel, true));
    assert_int_equal(write(pair->peer, "octets", 6), 6);
    expect_read(pair, 3, "oct");
    expect_read(pair, 64, "ets");
    assert_false(channel_has_more(&pair->channel));
    assert_true(channel_waits_to_write(&pair->channel, true));
    close(pair->peer);
    pair->peer = -1;
    expect_io(pair, IO_ENDED);
}

static void a_full_socket_waits(void **state)
{
    struct pair *pair = *state;
    static uint8_t octets[BULK_OCTETS];
    size_t taken;

    assert_true(fill_socket(pair, octets) < BULK_OCTETS);
    close(pair->peer);
    pair->peer = -1;
    assert_int_equal(channel_write(&pair->channel, octets, 1, &taken), IO_FAILED);
}

static void octets_come_by_tls_and_end(void **state)
{
    struct pair *pair = *state;

    shake_hands(pair);
    assert_true(tls_session_is_for_transfers(pair->channel.tls));
    assert_int_equal(SSL_write(pair->client, "octets", 6), 6);
    assert_int_equal(SSL_write(pair->client, " and more", 9), 9);
    expect_read(pair, 3, "oct");
    assert_true(channel_has_more(&pair->channel)); /* the socket itself has nothing left */
    expect_read(pair, 64, "ets and more");
    assert_false(channel_has_more(&pair->channel));
    assert_int_equal(SSL_write(pair->client, "bye", 3), 3);
    SSL_shutdown(pair->client);
    expect_read(pair, 64, "bye");
    assert_true(channel_has_more(&pair->channel)); /* that it has ended */
    expect_io(pair, IO_ENDED);
    expect_io(pair, IO_ENDED);
}

static void an_end_without_goodbye_is_an_end(void **state)
{
    struct pair *pair = *state;
    char octet;

    shake_hands(pair);
    assert_int_equal(SSL_write(pair->client, "last", 4), 4);
    /* It has read its tickets: else the end is a reset. */
    assert_int_equal(SSL_read(pair->client, &octet, 1), -1);
    close(pair->peer);
    pair->peer = -1;
    expect_read(pair, 64, "last");
    expect_io(pair, IO_ENDED);
}

static void a_goodbye_is_said(void **state)
{
    struct pair *pair = *state;
    char octet;

    shake_hands(pair);
    channel_close(&pair->channel);
    pair->channel.fd = -1;
    int outcome = SSL_read(pair->client, &octet, 1);
    assert_int_equal(SSL_get_error(pair->client, outcome), SSL_ERROR_ZERO_RETURN);
}

static void what_is_no_tls_fails_for_good(void **state)
{
    struct pair *pair = *state;
    size_t taken;

    assert_int_equal(write(pair->peer, "\0\34plain DNS over TCP, say", 26), 26);
    expect_io(pair, IO_FAILED);
    expect_io(pair, IO_FAILED);
    assert_int_equal(channel_write(&pair->channel, (const uint8_t *)"x", 1, &taken), IO_FAILED);
    assert_false(tls_session_is_ready(pair->channel.tls));
    assert_string_not_equal(tls_session_reason(pair->channel.tls), "");
}

/* What a full socket did not take is taken later, nothing twice and nothing lost. */
static void a_slow_reader_gets_every_octet(void **state)
{
    struct pair *pair = *state;
    static uint8_t octets[BULK_OCTETS], received[BULK_OCTETS];
    size_t at, taken, got = 0;

    shake_hands(pair);
    for (size_t i = 0; i < BULK_OCTETS; i++)
        octets[i] = (uint8_t)(i * 2654435761u >> 13);
    at = fill_socket(pair, octets);
    assert_true(at < BULK_OCTETS);
    while (got < BULK_OCTETS) {
        size_t part;
        if (SSL_read_ex(pair->client, received + got, 1000, &part) == 1)
            got += part;
        else if (channel_write(&pair->channel, octets + at, BULK_OCTETS - at, &taken) == IO_DONE)
            at += taken;
    }
    assert_memory_equal(octets, received, BULK_OCTETS);
}

static void update_keys(struct pair *pair, int times)
{
    for (int i = 0; i < times; i++) {
        assert_int_equal(SSL_key_update(pair->client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(pair->client), 1);
    }
}

/* Thousands of key updates (RFC 8446 §4.6.3), not an octet of ours: one read takes a few of them,
 * and then the session is over. */
static void records_without_octets_hold_nobody_up(void **state)
{
    struct pair *pair = *state;
    BIO *records = BIO_new(BIO_s_mem());
    char *octets = NULL;

    shake_hands(pair);
    SSL_set0_wbio(pair->client, records); /* all in one write, however small */
    update_keys(pair, 3000);
    long length = BIO_get_mem_data(records, &octets);
    assert_true(length > 8 * TLS_READ_BUDGET);
    assert_int_equal(write(pair->peer, octets, (size_t)length), length);
    expect_io(pair, IO_FAILED);
    assert_true(channel_is_abused(&pair->channel));
    assert_string_not_equal(tls_session_reason(pair->channel.tls), "");
    int left = 0;
    assert_int_equal(ioctl(pair->channel.fd, FIONREAD, &left), 0);
    assert_true(left >= length - TLS_READ_BUDGET);
    expect_io(pair, IO_FAILED);
}

static void keys_may_be_updated_now_and_then(void **state)
{
    struct pair *pair = *state;

    shake_hands(pair);
    update_keys(pair, TLS_MESSAGES_MAX);
    assert_int_equal(SSL_write(pair->client, "still there", 11), 11);
    expect_read(pair, 64, "still there");
    assert_false(channel_is_abused(&pair->channel));
    update_keys(pair, 1);
    expect_io(pair, IO_FAILED);
}

/* A ClientHello may announce 128 KB, and be sent in records of any size. */
static void a_handshake_that_is_too_long_fails(void **state)
{
    struct pair *pair = *state;
    static uint8_t record[5 + 16384] = {22, 3, 1, 0x40, 0};
    static const uint8_t announced[4] = {1, 1, 0, 0};
    uint8_t octet;
    size_t taken;

    memcpy(record + 5, announced, sizeof announced);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(pair->peer, record, sizeof record), sizeof record);
        memset(record + 5, 0, sizeof announced);
    }
    enum io io = IO_WAITS_TO_READ;
    for (int i = 0; i < 20 && io == IO_WAITS_TO_READ; i++)
        io = channel_read(&pair->channel, &octet, 1, &taken);
    assert_int_equal(io, IO_FAILED);
    assert_true(channel_is_abused(&pair->channel));
}

static void what_was_not_taken_is_seen(void **state)
{
    struct pair *pair = *state;
    static uint8_t octets[BULK_OCTETS];

    assert_false(channel_has_unsent(&pair->channel));
    fill_socket(pair, octets);
    assert_true(channel_has_unsent(&pair->channel));
}

static void a_session_keeps_the_identity_that_it_began_with(void **state)
{
    struct pair *pair = *state;

    tls_identity_release(pair->identity); /* as a reload does */
    pair->identity = NULL;
    shake_hands(pair);
    assert_int_equal(SSL_write(pair->client, "octets", 6), 6);
    expect_read(pair, 64, "octets");
}

#define PLAIN(name) cmocka_unit_test_setup_teardown(name, setup_plain, teardown_plain)
#define TLS(name)   cmocka_unit_test_setup_teardown(name, setup_tls, teardown_tls)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_to_its_end_is_not_asked_for_again),
        PLAIN(plain_octets_come_and_end),
        PLAIN(a_full_socket_waits),
        PLAIN(what_was_not_taken_is_seen),
        TLS(octets_come_by_tls_and_end),
        TLS(an_end_without_goodbye_is_an_end),
        TLS(a_goodbye_is_said),
        TLS(what_is_no_tls_fails_for_good),
        TLS(a_slow_reader_gets_every_octet),
        TLS(records_without_octets_hold_nobody_up),
        TLS(keys_may_be_updated_now_and_then),
        TLS(a_handshake_that_is_too_long_fails),
        TLS(a_session_keeps_the_identity_that_it_began_with),
    };
    signal(SIGPIPE, SIG_IGN); /* of the client's own writes */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
