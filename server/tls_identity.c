#include "server/tls_identity.h"

#include "server/errno_text.h"
#include "server/tls_transport.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A client's certificate and those above it: five of them with RSA keys are 8 KiB. */
#define CLIENT_CHAIN_OCTETS (32 << 10)
#define DAY_SECONDS         86400

#define RULE_CERT "tls-cert"
#define RULE_KEY  "tls-key"
#define RULE_CA   "tls-ca"

#define DATE_OCTETS 32

struct tls_identity {
    atomic_uint holders;
    SSL_CTX *context;
    BIO_METHOD *transport;
    size_t ends_number; /* which certificate of the chain ends first, from 1 */
    time_t ends;
};

/* Where its parts come from, and who hears what is wrong with them. */
struct source {
    const struct config_server *server;
    const struct opener *opener;
    struct diag *diag;
    time_t now;
};

/* Why OpenSSL refused, in its words; the first error is the cause. Takes all errors off its queue.
 */
static const char *openssl_reason(void)
{
    unsigned long error = ERR_get_error();
    const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;

    ERR_clear_error();
    return reason ? reason : "OpenSSL does not say why";
}

static enum status refuse(struct diag *diag, const char *path, const char *rule, const char *what)
{
    diag_error(diag, (struct place){.file = path}, rule, "%s", what);
    return STATUS_INVALID;
}

/* What OpenSSL refused to take out of a file, and why. */
static enum status refuse_contents(struct diag *diag, const char *path, const char *rule,
                                   const char *what)
{
    diag_error(diag, (struct place){.file = path}, rule, "%s: %s", what, openssl_reason());
    return STATUS_INVALID;
}

/* Opens a file for OpenSSL, which would say "system lib" of one that is missing or belongs to
 * somebody else. NULL with a diagnostic; `status` then says of what kind. */
static BIO *open_file(const struct source *source, const char *path, const char *rule,
                      enum status *status)
{
    struct stat file;
    int fd = opener_open(source->opener, path, O_NONBLOCK);
    bool readable = fd >= 0 && fstat(fd, &file) == 0;
    int error = errno;

    *status = STATUS_INVALID;
    if (readable && S_ISREG(file.st_mode)) {
        BIO *bio = BIO_new_fd(fd, BIO_CLOSE);
        if (bio)
            return bio;
        *status = STATUS_SYSTEM;
    } else if (readable) { /* a pipe that nobody writes to would stop a server */
        *status = refuse(source->diag, path, rule, "is not a plain file");
    } else {
        char text[ERRNO_TEXT_OCTETS];
        const char *reason = opener_explain(error);
        diag_error(source->diag, (struct place){.file = path}, rule, "cannot be read: %s%s",
                   reason ? reason : errno_text(error, text),
                   error == EACCES ? "; 'user' must be able to read it" : "");
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* Asks nobody for a passphrase, least of all at the terminal. */
static int no_passphrase(char *room, int octets, int writing, void *context)
{
    (void)room;
    (void)octets;
    (void)writing;
    (void)context;
    return -1;
}

/* RFC 7301: a client that names protocols, but not ours, is told so; one that names none is
 * not asked (RFC 7858 knows no ALPN). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_octets,
                           const unsigned char *offered, unsigned offered_octets, void *context)
{
    static const unsigned char dot[] = {3, 'd', 'o', 't'};
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)context;

    if (SSL_select_next_proto(&chosen, out_octets, dot, sizeof dot, offered, offered_octets) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* Who signs need not have withdrawn anything; what a list past its time withdrew stays withdrawn,
 * and whom it does not name is let in: partners are not kept out for a list that nobody renewed. */
static int overlook(int good, X509_STORE_CTX *store)
{
    int error = X509_STORE_CTX_get_error(store);

    if (good || (error != X509_V_ERR_UNABLE_TO_GET_CRL && error != X509_V_ERR_CRL_HAS_EXPIRED))
        return good;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

/* A bad certificate is as good as none: the handshake goes on, the result of the verification stays
 * with the session. */
static int verify_client(X509_STORE_CTX *store, void *context)
{
    (void)context;
    X509_STORE_CTX_set_verify_cb(store, overlook);
    if (X509_verify_cert(store) != 1 && X509_STORE_CTX_get_error(store) == X509_V_OK)
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    ERR_clear_error();
    return 1;
}

static int make_ticket(SSL *ssl, void *context)
{
    (void)ssl;
    (void)context;
    return 1;
}

/* A ticket holds a client's certificate as it was verified once; a certificate may end or be taken
 * out of `tls-ca` since: such a client shakes hands in full. */
static SSL_TICKET_RETURN take_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                     size_t name_octets, SSL_TICKET_STATUS status, void *context)
{
    (void)ssl;
    (void)name;
    (void)name_octets;
    (void)context;
    if (session && SSL_SESSION_get0_peer(session))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    switch (status) {
    case SSL_TICKET_SUCCESS:
        return SSL_TICKET_RETURN_USE;
    case SSL_TICKET_SUCCESS_RENEW:
        return SSL_TICKET_RETURN_USE_RENEW;
    default:
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
}

/* What every session is made with, whatever the files say. */
static bool prepare(SSL_CTX *context)
{
    static const unsigned char name[] = "contactd";

    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* Buffers of idle connections are freed; a write that the socket takes in part is one. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* One system call for as many records as have come, not two for each. */
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_max_cert_list(context, CLIENT_CHAIN_OCTETS);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set_session_id_context(context, name, sizeof name - 1) == 1 &&
           SSL_CTX_set_session_ticket_cb(context, make_ticket, take_ticket, NULL) == 1;
}

/* True at the end of a file of which something was read; then that end is no error. */
static bool is_at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;

    if (at_end)
        ERR_clear_error();
    return at_end;
}

/* The server's own certificate, then those above it: what SSL_CTX_use_certificate_chain_file does
 * with a path. */
static bool take_chain(SSL_CTX *context, BIO *bio)
{
    X509 *certificate = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
    bool good = certificate && SSL_CTX_use_certificate(context, certificate) == 1;

    X509_free(certificate);
    while (good && (certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
        good = SSL_CTX_add0_chain_cert(context, certificate) == 1;
        if (!good)
            X509_free(certificate);
    }
    return good && is_at_end();
}

static enum status load_certificate(SSL_CTX *context, const struct source *source)
{
    const char *path = source->server->tls_cert;
    enum status status;
    BIO *bio = open_file(source, path, RULE_CERT, &status);

    if (!bio)
        return status;
    ERR_clear_error();
    bool good = take_chain(context, bio);
    BIO_free(bio);
    return good ? STATUS_OK
                : refuse_contents(source->diag, path, RULE_CERT,
                                  "holds no certificate that can be used");
}

static void warn_of_mode(BIO *bio, const char *path, struct diag *diag)
{
    struct stat file;

    /* As conf/secret.c has it: its group may be how a server without rights reads it. */
    if (fstat((int)BIO_get_fd(bio, NULL), &file) == 0 && (file.st_mode & 027) != 0)
        diag_warning(diag, (struct place){.file = path}, "secret-mode",
                     "a secret of mode %04o, open to others; run: chmod 640 %s, and consider a new "
                     "key",
                     (unsigned)file.st_mode & 07777, path);
}

static bool take_key(SSL_CTX *context, BIO *bio)
{
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    bool good =
        key && SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;

    EVP_PKEY_free(key);
    return good;
}

static enum status load_key(SSL_CTX *context, const struct source *source)
{
    const struct config_server *server = source->server;
    struct diag *diag = source->diag;
    enum status status;
    BIO *bio = open_file(source, server->tls_key, RULE_KEY, &status);

    if (!bio)
        return status;
    warn_of_mode(bio, server->tls_key, diag);
    ERR_clear_error();
    bool good = take_key(context, bio);
    BIO_free(bio);
    if (good)
        return STATUS_OK;
    unsigned long error = ERR_peek_last_error();
    if (ERR_GET_LIB(error) != ERR_LIB_X509 ||
        (ERR_GET_REASON(error) != X509_R_KEY_VALUES_MISMATCH &&
         ERR_GET_REASON(error) != X509_R_KEY_TYPE_MISMATCH))
        return refuse_contents(diag, server->tls_key, RULE_KEY,
                               "holds no private key that can be used, in PEM, without passphrase");
    ERR_clear_error();
    diag_error(diag, (struct place){.file = server->tls_key}, RULE_KEY,
               "does not fit the certificate in %s; renew both together", server->tls_cert);
    return STATUS_INVALID;
}

static time_t moment_of(const ASN1_TIME *time)
{
    struct tm parts;

    return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

static const char *date_text(time_t moment, char text[DATE_OCTETS])
{
    struct tm parts;

    if (!gmtime_r(&moment, &parts) ||
        strftime(text, DATE_OCTETS, "%Y-%m-%d %H:%M UTC", &parts) == 0)
        snprintf(text, DATE_OCTETS, "an unknown time");
    return text;
}

/* Of a list of withdrawn certificates (CRL) whose next one is overdue. */
static void warn_of_age(const X509_CRL *list, const struct source *source)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);
    char date[DATE_OCTETS];

    if (!next || moment_of(next) >= source->now)
        return;
    diag_warning(source->diag, (struct place){.file = source->server->tls_ca}, RULE_CA,
                 "its list of withdrawn certificates was to be renewed by %s; it counts as it is",
                 date_text(moment_of(next), date));
}

/* Certificates, of which there is one at least, and lists of those withdrawn: what
 * SSL_CTX_load_verify_file does with a path. */
static bool take_anchors(SSL_CTX *context, BIO *bio, const struct source *source)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    STACK_OF(X509_INFO) *found = PEM_X509_INFO_read_bio(bio, NULL, no_passphrase, NULL);
    bool good = found != NULL;
    int certificates = 0;

    for (int i = 0; good && i < sk_X509_INFO_num(found); i++) {
        const X509_INFO *item = sk_X509_INFO_value(found, i);
        if (item->x509)
            good = X509_STORE_add_cert(store, item->x509) == 1;
        certificates += item->x509 != NULL;
        if (!good || !item->crl)
            continue;
        good = X509_STORE_add_crl(store, item->crl) == 1;
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context),
                                    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
        warn_of_age(item->crl, source);
    }
    sk_X509_INFO_pop_free(found, X509_INFO_free);
    return good && certificates > 0;
}

/*
 * From now on clients are asked for a certificate. They are not told whose are known here: the list
 * would show our partners to everybody, and a client whose own certificate is in `tls-ca` would
 * find no issuer of it there.
 */
static enum status load_clients(SSL_CTX *context, const struct source *source)
{
    const char *path = source->server->tls_ca;
    enum status status;

    if (!path)
        return STATUS_OK;
    BIO *bio = open_file(source, path, RULE_CA, &status);
    if (!bio)
        return status;
    ERR_clear_error();
    bool good = take_anchors(context, bio, source);
    BIO_free(bio);
    if (!good)
        return refuse_contents(source->diag, path, RULE_CA,
                               "holds no certificate that can be used");
    /* A client's own certificate may be the anchor, whoever signed it. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_cert_verify_callback(context, verify_client, NULL);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return STATUS_OK;
}

static X509 *certificate_at(SSL_CTX *context, size_t number)
{
    STACK_OF(X509) *chain = NULL;

    if (number == 1)
        return SSL_CTX_get0_certificate(context);
    SSL_CTX_get0_chain_certs(context, &chain);
    return number - 2 < (size_t)sk_X509_num(chain) ? sk_X509_value(chain, (int)number - 2) : NULL;
}

/* Refuses what is not valid yet, and notes what ends first. */
static enum status check_times(struct tls_identity *identity, const char *path, time_t now,
                               struct diag *diag)
{
    const X509 *certificate;

    for (size_t n = 1; (certificate = certificate_at(identity->context, n)); n++) {
        time_t begins = moment_of(X509_get0_notBefore(certificate));
        time_t ends = moment_of(X509_get0_notAfter(certificate));
        if (begins > now) {
            char date[DATE_OCTETS], what[128];
            snprintf(what, sizeof what,
                     "certificate %zu is valid from %s on only; is the clock right?", n,
                     date_text(begins, date));
            return refuse(diag, path, RULE_CERT, what);
        }
        if (n == 1 || ends < identity->ends) {
            identity->ends = ends;
            identity->ends_number = n;
        }
    }
    return STATUS_OK;
}

static struct tls_identity *create_empty(void)
{
    struct tls_identity *identity = calloc(1, sizeof *identity);

    if (!identity)
        return NULL;
    atomic_init(&identity->holders, 1);
    identity->transport = tls_transport_create();
    identity->context = SSL_CTX_new(TLS_server_method());
    if (!identity->transport || !identity->context || !prepare(identity->context)) {
        tls_identity_release(identity);
        return NULL;
    }
    return identity;
}

enum status tls_identity_create(const struct config_server *server, const struct opener *opener,
                                time_t now, struct diag *diag, struct tls_identity **out)
{
    const struct source source = {server, opener, diag, now};
    struct tls_identity *identity = create_empty();

    if (!identity)
        return STATUS_SYSTEM;
    enum status status = load_certificate(identity->context, &source);
    if (status == STATUS_OK)
        status = load_key(identity->context, &source);
    if (status == STATUS_OK)
        status = load_clients(identity->context, &source);
    if (status == STATUS_OK)
        status = check_times(identity, server->tls_cert, now, diag);
    if (status != STATUS_OK) {
        tls_identity_release(identity);
        return status;
    }
    *out = identity;
    return STATUS_OK;
}

struct tls_identity *tls_identity_hold(struct tls_identity *identity)
{
    atomic_fetch_add(&identity->holders, 1);
    return identity;
}

void tls_identity_release(struct tls_identity *identity)
{
    if (!identity || atomic_fetch_sub(&identity->holders, 1) > 1)
        return;
    SSL_CTX_free(identity->context);
    tls_transport_destroy(identity->transport);
    free(identity);
}

time_t tls_identity_ends(const struct tls_identity *identity)
{
    return identity->ends;
}

bool tls_identity_outlook(const struct tls_identity *identity, time_t now, enum log_level *level,
                          char message[TLS_OUTLOOK_OCTETS])
{
    char date[DATE_OCTETS], which[48] = "the certificate";
    time_t left = identity->ends - now;
    long days = (long)(left / DAY_SECONDS);

    if (left >= (time_t)TLS_WARNING_DAYS * DAY_SECONDS)
        return false;
    if (identity->ends_number > 1)
        snprintf(which, sizeof which, "certificate %zu of the chain", identity->ends_number);
    date_text(identity->ends, date);
    *level = left < (time_t)TLS_ERROR_DAYS * DAY_SECONDS ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
    if (left <= 0)
        snprintf(message, TLS_OUTLOOK_OCTETS,
                 "%s expired on %s; clients that check it turn away: renew it, then SIGHUP", which,
                 date);
    else
        snprintf(message, TLS_OUTLOOK_OCTETS,
                 "%s expires in %ld day%s, on %s; renew it, then SIGHUP", which, days,
                 days == 1 ? "" : "s", date);
    return true;
}

struct ssl_ctx_st *tls_identity_context(const struct tls_identity *identity)
{
    return identity->context;
}

const struct bio_method_st *tls_identity_transport(const struct tls_identity *identity)
{
    return identity->transport;
}
