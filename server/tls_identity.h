/*
 * What the server shows of itself over TLS, and whom it knows: `tls-cert`, `tls-key` and `tls-ca`,
 * read once, never changed, shared by all threads. Sessions hold on to the identity that they began
 * with: a reload makes another, and drops none of them. Knows no connections.
 *
 * TLS 1.2 and 1.3, forward secret ciphers with AEAD (BCP 195, as RFC 7858 §3.2 asks), no
 * compression, no renegotiation, no early data; ALPN `dot` or none (RFC 7858, RFC 9103 §7.1).
 * Sessions are resumed by tickets, whose key lives as long as the identity, but not those with a
 * client's certificate: that one is verified each time.
 */
#ifndef SERVER_TLS_IDENTITY_H
#define SERVER_TLS_IDENTITY_H

#include "conf/config.h"
#include "conf/diag.h"
#include "server/log_line.h"

#include <time.h>

struct tls_identity;

/*
 * Reads what `server` names.
 *
 *   now    a certificate that is not valid yet is refused; one that has expired is not: a server of
 *          the incident's contacts starts all the same (see tls_identity_outlook)
 *   diag   what is wrong with the files; a key that everybody may read is worth a warning
 *   out    the caller holds it; tls_identity_release
 *
 * STATUS_OK, STATUS_INVALID with a diagnostic, or STATUS_SYSTEM (memory).
 */
MUST_CHECK enum status tls_identity_create(const struct config_server *server,
                                           const struct opener *opener, time_t now,
                                           struct diag *diag, struct tls_identity **out);

/* One holder more, from any thread; returns the identity. */
struct tls_identity *tls_identity_hold(struct tls_identity *identity);

/* One holder less; the last one frees it. NULL is fine. */
void tls_identity_release(struct tls_identity *identity);

/* How long before the end a certificate is spoken of, and how long before it is shouted about. */
#define TLS_WARNING_DAYS 30
#define TLS_ERROR_DAYS   7

#define TLS_OUTLOOK_OCTETS 192

/*
 * What is to be said of the end of the certificates: of the first of the chain that ends.
 *
 *   level     out: LOG_LEVEL_WARNING within TLS_WARNING_DAYS, LOG_LEVEL_ERROR within TLS_ERROR_DAYS
 *             and after the end
 *   message   out: "the certificate expires in 6 days, on 2026-11-28 12:00 UTC; …"
 *
 * True when there is something to say; else both are untouched.
 */
bool tls_identity_outlook(const struct tls_identity *identity, time_t now, enum log_level *level,
                          char message[TLS_OUTLOOK_OCTETS]);

/* When the first certificate of the chain ends. */
time_t tls_identity_ends(const struct tls_identity *identity);

/* For tls_session: what new sessions are made of. Both stay the identity's. */
struct ssl_ctx_st *tls_identity_context(const struct tls_identity *identity);
const struct bio_method_st *tls_identity_transport(const struct tls_identity *identity);

#endif
