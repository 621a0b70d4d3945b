#include "server/tls_session.h"

#include "server/tls_transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More names of one client are left out: whoever needs so many needs several certificates. */
#define MAX_NAMES     100
#define REASON_OCTETS 80

struct tls_session {
    struct tls_identity *identity;
    SSL *ssl;
    struct tls_transport transport;
    bool ready;        /* the handshake is done */
    bool more;         /* the last read stopped for want of room */
    bool ended;        /* nothing more comes */
    bool failed;       /* nothing goes any more */
    bool abused;       /* since the client keeps it busy */
    unsigned messages; /* of TLS itself, since the handshake */
    size_t name_count;
    char **names;
    time_t names_end; /* the first of the client's chain ends */
    char reason[REASON_OCTETS];
};

/* What OpenSSL has read or written that is none of ours. It is stopped where it wants
 * more octets: from here it cannot be. */
static void note_message(int written, int version, int type, const void *octets, size_t length,
                         SSL *ssl, void *arg)
{
    struct tls_session *session = arg;
    (void)written;
    (void)version;
    (void)octets;
    (void)length;
    (void)ssl;
    if (!session->ready || (type != SSL3_RT_HANDSHAKE && type != SSL3_RT_ALERT))
        return;
    session->messages++;
    if (session->messages > TLS_MESSAGES_MAX)
        session->abused = session->transport.refuses = true;
}

enum status tls_session_create(struct tls_identity *identity, int fd, struct tls_session **out)
{
    struct tls_session *session = calloc(1, sizeof *session);

    if (!session)
        return STATUS_SYSTEM;
    session->transport.fd = fd;
    session->ssl = SSL_new(tls_identity_context(identity));
    BIO *bio = tls_transport_open(tls_identity_transport(identity), &session->transport);
    if (!session->ssl || !bio) {
        BIO_free(bio);
        SSL_free(session->ssl);
        free(session);
        ERR_clear_error();
        return STATUS_SYSTEM;
    }
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_accept_state(session->ssl);
    SSL_set_msg_callback(session->ssl, note_message);
    SSL_set_msg_callback_arg(session->ssl, session);
    session->identity = tls_identity_hold(identity);
    *out = session;
    return STATUS_OK;
}

static void free_names(struct tls_session *session)
{
    for (size_t i = 0; i < session->name_count; i++)
        free(session->names[i]);
    free(session->names);
    session->names = NULL;
    session->name_count = 0;
}

void tls_session_destroy(struct tls_session *session)
{
    if (!session)
        return;
    if (session->ready && !session->failed)
        SSL_shutdown(session->ssl);
    ERR_clear_error();
    SSL_free(session->ssl);
    tls_identity_release(session->identity);
    free_names(session);
    free(session);
}

/* Takes a name over as text; what holds a NUL is no name. */
static void add_name(struct tls_session *session, const ASN1_STRING *name)
{
    const char *octets = (const char *)ASN1_STRING_get0_data(name);
    size_t length = (size_t)ASN1_STRING_length(name);

    if (length == 0 || memchr(octets, '\0', length))
        return;
    char *text = strndup(octets, length);
    if (text)
        session->names[session->name_count++] = text;
}

static void take_names(struct tls_session *session, const X509 *certificate)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = sk_GENERAL_NAME_num(all); /* -1 of none */

    if (count > 0)
        session->names = calloc(MAX_NAMES, sizeof *session->names);
    for (int i = 0; session->names && i < count && session->name_count < MAX_NAMES; i++) {
        int type;
        const ASN1_STRING *name = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &type);
        if (type == GEN_DNS)
            add_name(session, name);
    }
    GENERAL_NAMES_free(all);
}

static time_t end_of(const X509 *certificate)
{
    struct tm parts;
    return ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1 ? timegm(&parts) : 0;
}

/* Who the client is, where it has proved that in this very handshake. */
static void take_client(struct tls_session *session)
{
    const X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    STACK_OF(X509) *chain = SSL_get0_verified_chain(session->ssl);

    if (!certificate || SSL_get_verify_result(session->ssl) != X509_V_OK ||
        SSL_session_reused(session->ssl) || sk_X509_num(chain) <= 0)
        return;
    session->names_end = end_of(certificate);
    for (int i = 1; i < sk_X509_num(chain); i++) {
        time_t end = end_of(sk_X509_value(chain, i));
        session->names_end = end < session->names_end ? end : session->names_end;
    }
    take_names(session, certificate);
}

/* What an operation that did not succeed means. */
static enum io judge(struct tls_session *session, int outcome)
{
    switch (SSL_get_error(session->ssl, outcome)) {
    case SSL_ERROR_WANT_READ:
        return IO_WAITS_TO_READ;
    case SSL_ERROR_WANT_WRITE:
        return IO_WAITS_TO_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        session->ended = true;
        return IO_ENDED;
    default: {
        unsigned long error = ERR_peek_error();
        const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;
        snprintf(session->reason, sizeof session->reason, "%s",
                 reason ? reason : "the client closed");
        session->failed = true;
        return IO_FAILED;
    }
    }
}

static enum io read_once(struct tls_session *session, uint8_t *octets, size_t room, size_t *taken)
{
    ERR_clear_error();
    int outcome = SSL_read_ex(session->ssl, octets, room, taken);
    if (!session->ready && SSL_is_init_finished(session->ssl)) {
        session->ready = true;
        take_client(session);
    }
    return outcome == 1 ? IO_DONE : judge(session, outcome);
}

enum io tls_session_read(struct tls_session *session, uint8_t *octets, size_t room, size_t *taken)
{
    enum io io = IO_DONE;

    *taken = 0;
    session->more = false;
    session->transport.budget = TLS_READ_BUDGET;
    session->transport.emptied = false;
    if (session->failed)
        return IO_FAILED;
    if (session->ended)
        return IO_ENDED;
    while (*taken < room && io == IO_DONE) {
        size_t octets_read = 0;
        io = read_once(session, octets + *taken, room - *taken, &octets_read);
        *taken += octets_read;
    }
    if (!session->ready && session->transport.received > TLS_HANDSHAKE_OCTETS)
        session->abused = true;
    if (session->abused) {
        session->failed = true;
        snprintf(session->reason, sizeof session->reason, "it keeps TLS busy");
        *taken = 0;
        return IO_FAILED;
    }
    /* An end behind octets is told by the next read. */
    session->more = io == IO_DONE ? SSL_has_pending(session->ssl) == 1
                                  : (session->ended || session->failed) && *taken > 0;
    return *taken > 0 ? IO_DONE : io;
}

bool tls_session_has_more(const struct tls_session *session)
{
    return session->more;
}

enum io tls_session_write(struct tls_session *session, const uint8_t *octets, size_t length,
                          size_t *taken)
{
    enum io io = IO_DONE;

    *taken = 0;
    session->transport.emptied = false;
    if (session->failed)
        return IO_FAILED;
    while (*taken < length && io == IO_DONE) {
        size_t written = 0;
        ERR_clear_error();
        int outcome = SSL_write_ex(session->ssl, octets + *taken, length - *taken, &written);
        io = outcome == 1 ? IO_DONE : judge(session, outcome);
        *taken += written;
    }
    if (io == IO_FAILED || io == IO_ENDED) {
        *taken = 0;
        return IO_FAILED;
    }
    return *taken > 0 ? IO_DONE : io;
}

bool tls_session_is_ready(const struct tls_session *session)
{
    return session->ready;
}

bool tls_session_is_abused(const struct tls_session *session)
{
    return session->abused;
}

bool tls_session_is_for_transfers(const struct tls_session *session)
{
    const unsigned char *protocol = NULL;
    unsigned octets = 0;

    SSL_get0_alpn_selected(session->ssl, &protocol, &octets);
    return octets > 0 && SSL_version(session->ssl) >= TLS1_3_VERSION;
}

const char *const *tls_session_names(const struct tls_session *session, time_t now, size_t *count)
{
    *count = now <= session->names_end ? session->name_count : 0;
    return (const char *const *)session->names;
}

const char *tls_session_distrust(const struct tls_session *session)
{
    long result = SSL_get_verify_result(session->ssl);

    if (!session->ready || !SSL_get0_peer_certificate(session->ssl) || result == X509_V_OK)
        return NULL;
    return X509_verify_cert_error_string(result);
}

const char *tls_session_reason(const struct tls_session *session)
{
    return session->reason;
}
