/*
 * TLS over one connected socket, the server's side: handshake, octets both ways, and who the client
 * has proved to be. Never waits. The handshake runs within the first reads; nothing is written
 * before it is done.
 *
 * One call takes at most TLS_READ_BUDGET octets from the socket, whatever they are, so that records
 * without a single octet of ours in them (key updates, refused renegotiations, alerts) hold nobody
 * up; after TLS_MESSAGES_MAX of them the session fails. So does a handshake of more than
 * TLS_HANDSHAKE_OCTETS.
 *
 * Measured with OpenSSL 3.0 on x86-64: 15 KB for an idle connection (test_tls.py holds it below
 * 32), 17 KB more in each direction while a record is incomplete or was not taken, up to 46 KB
 * while the handshake is under way. A handshake with a key for P-256 costs a millisecond of CPU
 * time, a query after it twice what it costs by TCP.
 */
#ifndef SERVER_TLS_SESSION_H
#define SERVER_TLS_SESSION_H

#include "server/io.h"
#include "server/tls_identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much as a connection reads at a time. */
#define TLS_READ_BUDGET (4 << 10)
/* Messages of TLS itself after the handshake: 2^24 records go before a key is to be updated (RFC
 * 8446 §5.5), and a renegotiation is refused. */
#define TLS_MESSAGES_MAX 32
/* From the client, its certificates among them: 2 KB are usual, 6 with keys for after quantum
 * computers. OpenSSL alone would take a ClientHello of 128 KB, and keep it. */
#define TLS_HANDSHAKE_OCTETS (40 << 10)

struct tls_session;

/*
 *   identity   held by the session from here on
 *   fd         nonblocking and connected; stays the caller's, who closes it after the session
 *
 * STATUS_OK, or STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status tls_session_create(struct tls_identity *identity, int fd,
                                          struct tls_session **out);

/* Says goodbye (close_notify, RFC 7858 §3.4) where there is somebody to say it to, and frees it.
 * NULL is fine. */
void tls_session_destroy(struct tls_session *session);

/*
 * Reads up to `room` octets, at least 1, from as many records as they come in. An end without
 * close_notify is an end like any other: each message brings its length, so nobody can make a cut
 * one pass for a whole one.
 *
 *   taken   out: octets read; 0 unless IO_DONE
 */
enum io tls_session_read(struct tls_session *session, uint8_t *octets, size_t room, size_t *taken);

/* True when a read might yield more at once, although the socket is not readable. */
bool tls_session_has_more(const struct tls_session *session);

/*
 * Writes, in as few records as hold the octets. What was not taken must be written again with the
 * same octets in front.
 *
 *   length   at least 1
 *   taken    out: octets written; 0 unless IO_DONE, and then maybe less than `length`
 */
enum io tls_session_write(struct tls_session *session, const uint8_t *octets, size_t length,
                          size_t *taken);

/* True once the handshake is done. */
bool tls_session_is_ready(const struct tls_session *session);

/* True when it failed for what is said of TLS_MESSAGES_MAX and TLS_HANDSHAKE_OCTETS. */
bool tls_session_is_abused(const struct tls_session *session);

/* True when zones may be transferred over it: TLS 1.3 and ALPN `dot` (RFC 9103 §7.1, §7.2). */
bool tls_session_is_for_transfers(const struct tls_session *session);

/*
 * The DNS names in the client's certificate (RFC 9525: not its common name), where that was
 * verified for a TLS client against `tls-ca` and all of its chain is still valid at `now`.
 *
 *   count   out: 0 also for a client without a certificate, or with a bad one
 */
const char *const *tls_session_names(const struct tls_session *session, time_t now, size_t *count);

/* Why the client's certificate was not taken, in OpenSSL's words; NULL when it was, or none came.
 */
const char *tls_session_distrust(const struct tls_session *session);

/* Why the session failed, in OpenSSL's words; "" where it does not say. */
const char *tls_session_reason(const struct tls_session *session);

#endif
