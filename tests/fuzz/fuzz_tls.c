/*
 * A TLS client that goes wrong. The first octet says how many changes follow, of four octets each:
 * where in the client's stream (two octets), what is done there, and with what. Then come, as
 * queries would, the octets that the client sends once it has shaken hands. With all bits of the
 * first octet set there is no client: the rest is sent as it is. Four of its bits say what client
 * it is.
 *
 * The server waits for nobody, and takes what the client sends, or the beginning of it.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/server/certificates.h"

#include "server/channel.h"

#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

#define MOST_OCTETS   4096
#define MOST_CHANGES  8
#define MOST_TURNS    16
#define RAW           255
#define PASSED_OCTETS 4096
#define SENT_TWICE    40000 /* more than a record holds, and than a socket takes at once */

enum tls_client {
    CLIENT_HAS_CERTIFICATE = 0x10,
    CLIENT_HAS_ALPN = 0x20,
    CLIENT_IS_OLD = 0x40,      /* TLS 1.2 */
    CLIENT_IS_RESTLESS = 0x80, /* updates its keys, or renegotiates, again and again */
};

struct tls_side {
    struct tls_identity *identity;
    SSL_CTX *context, *known;
};

static struct tls_side *server_side(void)
{
    static struct tls_side side;
    struct certificates files;
    struct diag *diag = diag_create();

    if (!side.identity) {
        certificates_create(&files);
        certificates_issue(&files, time(NULL) - 86400, time(NULL) + 86400 * 365);
        const struct config_server server = {
            .tls_cert = files.certificate, .tls_key = files.key, .tls_ca = files.certificate};
        RULE(tls_identity_create(&server, NULL, time(NULL), diag, &side.identity) == STATUS_OK);
        side.context = SSL_CTX_new(TLS_client_method());
        side.known = SSL_CTX_new(TLS_client_method());
        RULE(side.context && side.known);
        RULE(SSL_CTX_use_certificate_file(side.known, files.certificate, SSL_FILETYPE_PEM) == 1);
        RULE(SSL_CTX_use_PrivateKey_file(side.known, files.key, SSL_FILETYPE_PEM) == 1);
        certificates_destroy(&files);
    }
    diag_destroy(diag);
    return &side;
}

enum tls_change_kind { TLS_FLIP, TLS_SET, TLS_CUT, TLS_INSERT, TLS_CHANGE_KINDS };

struct tls_change {
    size_t at;
    enum tls_change_kind kind;
    uint8_t value;
};

struct conversation {
    struct channel channel;
    int peer;
    unsigned client; /* enum tls_client */
    bool ended;      /* the client has nothing more to say */
    size_t sent;
    size_t change_count;
    struct tls_change changes[MOST_CHANGES];
    uint8_t received[MOST_OCTETS];
    size_t received_octets;
};

/* Some of the client's octets, with what is wrong in them. In one piece: a socket takes few of one
 * octet each. */
static void pass_on(struct conversation *c, const uint8_t *octets, size_t length)
{
    uint8_t changed[PASSED_OCTETS + MOST_CHANGES];
    size_t count = 0;

    RULE(length <= PASSED_OCTETS);
    for (size_t i = 0; i < length && !c->ended; i++, c->sent++) {
        uint8_t octet = octets[i];
        for (size_t n = 0; n < c->change_count; n++) {
            const struct tls_change *change = &c->changes[n];
            if (change->at != c->sent)
                continue;
            if (change->kind == TLS_FLIP)
                octet ^= change->value;
            else if (change->kind == TLS_SET)
                octet = change->value;
            else if (change->kind == TLS_INSERT)
                changed[count++] = change->value;
            else
                c->ended = true;
        }
        if (!c->ended)
            changed[count++] = octet;
    }
    for (size_t at = 0; at < count;) {
        ssize_t took = send(c->peer, changed + at, count - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (took < 0)
            break; /* the server has closed, or does not read */
        at += (size_t)took;
    }
    if (c->ended)
        shutdown(c->peer, SHUT_WR);
}

/* The server reads all it can. */
static enum io serve(struct conversation *c)
{
    uint8_t octets[512];
    size_t taken = 0;
    enum io io;

    while ((io = channel_read(&c->channel, octets, sizeof octets, &taken)) == IO_DONE) {
        RULE(taken > 0 && taken <= sizeof octets);
        RULE(c->received_octets + taken <= sizeof c->received);
        memcpy(c->received + c->received_octets, octets, taken);
        c->received_octets += taken;
    }
    RULE(taken == 0);
    return io;
}

/* What the client has to say, to the server; and the server's answer to it. */
static void exchange(struct conversation *c, SSL *client)
{
    uint8_t octets[PASSED_OCTETS];
    int length;

    while ((length = BIO_read(SSL_get_wbio(client), octets, sizeof octets)) > 0)
        pass_on(c, octets, (size_t)length);
    for (int i = 0; i < 3; i++) /* a record may be more than TLS_READ_BUDGET */
        serve(c);
    for (;;) {
        ssize_t got = recv(c->peer, octets, sizeof octets, MSG_DONTWAIT);
        if (got <= 0)
            return;
        BIO_write(SSL_get_rbio(client), octets, (int)got);
    }
}

/* What else the server can be asked about a session. */
static void look_at(const struct conversation *c)
{
    const struct tls_session *tls = c->channel.tls;
    size_t count = 1;

    (void)tls_session_names(tls, time(NULL), &count);
    RULE(count == 0 || tls_session_distrust(tls) == NULL);
    RULE(tls_session_reason(tls) != NULL);
    if (c->client & CLIENT_IS_OLD)
        RULE(!tls_session_is_for_transfers(tls) || !tls_session_is_ready(tls));
    (void)channel_has_more(&c->channel);
    (void)channel_has_unsent(&c->channel);
    (void)channel_waits_to_write(&c->channel, true);
}

/* The server sends more than goes at once; what comes is what was sent, or its beginning. */
static void answer(struct conversation *c, SSL *client)
{
    static uint8_t sent[SENT_TWICE], received[4096];
    size_t at = 0, came = 0, taken = 0;

    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 31 >> 3);
    for (int i = 0; i < 4 * MOST_TURNS && at < sizeof sent; i++) {
        enum io io = channel_write(&c->channel, sent + at, sizeof sent - at, &taken);
        RULE(io == IO_DONE ? taken > 0 && taken <= sizeof sent - at : taken == 0);
        at += taken;
        exchange(c, client);
        int got;
        while ((got = SSL_read(client, received, sizeof received)) > 0) {
            RULE(came + (size_t)got <= at + taken || io != IO_DONE);
            RULE(memcmp(received, sent + came, (size_t)got) == 0);
            came += (size_t)got;
        }
    }
    RULE(c->change_count > 0 || c->client & CLIENT_IS_RESTLESS || at == sizeof sent);
}

static void be_restless(struct conversation *c, SSL *client)
{
    for (int i = 0; i < 3 * MOST_TURNS; i++) {
        if (c->client & CLIENT_IS_OLD)
            SSL_renegotiate(client);
        else
            SSL_key_update(client, i % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(client);
        exchange(c, client);
    }
    (void)channel_is_abused(&c->channel);
}

static SSL *client_of(const struct conversation *c)
{
    const struct tls_side *side = server_side();
    SSL *client = SSL_new(c->client & CLIENT_HAS_CERTIFICATE ? side->known : side->context);

    RULE(client != NULL);
    if (c->client & CLIENT_HAS_ALPN)
        RULE(SSL_set_alpn_protos(client, (const unsigned char *)"\3dot", 4) == 0);
    if (c->client & CLIENT_IS_OLD)
        RULE(SSL_set_max_proto_version(client, TLS1_2_VERSION) == 1);
    return client;
}

static void talk(struct conversation *c, const uint8_t *octets, size_t length)
{
    SSL *client = client_of(c);
    size_t written = 0;
    int said = 0;

    SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client);
    for (int i = 0; i < MOST_TURNS && !said && !c->ended; i++) {
        SSL_do_handshake(client);
        exchange(c, client);
        said = SSL_is_init_finished(client) && length > 0 &&
               SSL_write_ex(client, octets, length, &written) == 1;
    }
    exchange(c, client);
    RULE(c->received_octets <= length && memcmp(c->received, octets, c->received_octets) == 0);
    if (c->change_count == 0 && said)
        RULE(c->received_octets == length && tls_session_is_ready(c->channel.tls));
    look_at(c);
    if (c->client & CLIENT_IS_RESTLESS)
        be_restless(c, client);
    if (said)
        answer(c, client);
    if (!c->ended)
        SSL_shutdown(client);
    exchange(c, client);
    SSL_free(client);
}

static const uint8_t *take_changes(struct conversation *c, const uint8_t *octets, size_t *length)
{
    size_t count = octets[0] % 16 % (MOST_CHANGES + 1);
    c->client = octets[0] & 0xf0u;

    octets++;
    (*length)--;
    for (; c->change_count < count && *length >= 4; octets += 4, *length -= 4)
        c->changes[c->change_count++] =
            (struct tls_change){.at = (size_t)(octets[0] << 8 | octets[1]) % 2048,
                                .kind = (enum tls_change_kind)(octets[2] % TLS_CHANGE_KINDS),
                                .value = octets[3]};
    return octets;
}

static void run(const uint8_t *octets, size_t length)
{
    struct conversation c = {.ended = false};
    int ends[2];

    if (length < 1 || length > MOST_OCTETS)
        return;
    RULE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    RULE(channel_open(&c.channel, ends[0], server_side()->identity) == STATUS_OK);
    c.peer = ends[1];
    if (octets[0] == RAW) {
        send(c.peer, octets + 1, length - 1, MSG_NOSIGNAL);
        shutdown(c.peer, SHUT_WR);
        RULE(serve(&c) != IO_DONE && c.received_octets == 0);
    } else {
        octets = take_changes(&c, octets, &length);
        talk(&c, octets, length);
    }
    channel_close(&c.channel);
    close(c.peer);
}

const struct fuzz_target fuzz_tls = {.name = "tls", .run = run};
