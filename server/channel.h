/* The octets of one connection, plain or over TLS, to who does not care which. Never waits. */
#ifndef SERVER_CHANNEL_H
#define SERVER_CHANNEL_H

#include "server/io.h"
#include "server/tls_session.h"

/*
 * Octets that the kernel takes of a connection before they can be sent, as listen.h sets it; it
 * would else take 4 MB for each client that does not read. For a transfer eight messages: it goes
 * on without us for a while.
 */
#define CHANNEL_UNSENT_OCTETS      (16 << 10)
#define CHANNEL_BULK_UNSENT_OCTETS (128 << 10)

struct channel {
    int fd;
    enum io last;            /* how the last read or write went */
    struct tls_session *tls; /* or NULL */
};

/*
 * Opens a channel over an accepted, nonblocking socket, which it closes from STATUS_OK on.
 *
 *   identity   NULL: plain
 *
 * STATUS_OK, or STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status channel_open(struct channel *channel, int fd, struct tls_identity *identity);

/* Goes on over TLS from here, before anything was read or written. STATUS_OK, or STATUS_SYSTEM when
 * memory is out. */
MUST_CHECK enum status channel_secure(struct channel *channel, struct tls_identity *identity);

void channel_close(struct channel *channel);

/* A transfer begins, or has ended. */
void channel_set_bulk(const struct channel *channel, bool bulk);

/* True while the kernel holds octets that the other side has not taken. */
bool channel_has_unsent(const struct channel *channel);

/* What was not taken is thrown away when it is closed, and the other side told so (a reset): else
 * the kernel would keep it for minutes, for whoever does not read. */
void channel_abort(struct channel *channel);

/* True when the client keeps TLS busy with what is none of our business: close it. */
bool channel_is_abused(const struct channel *channel);

/* Reads up to `room` octets, at least 1; `taken` is 0 unless IO_DONE. */
enum io channel_read(struct channel *channel, uint8_t *octets, size_t room, size_t *taken);

/* Writes some of the octets, at least 1; `taken` is 0 unless IO_DONE. What was not taken comes
 * first in the next write. */
enum io channel_write(struct channel *channel, const uint8_t *octets, size_t length, size_t *taken);

/* True when a read might yield octets although the socket is not readable. */
bool channel_has_more(const struct channel *channel);

/* Whether to wait for the socket to become writable, else readable, before the next write
 * (`writes`) or read. */
bool channel_waits_to_write(const struct channel *channel, bool writes);

#endif
