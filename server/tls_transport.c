#include "server/tls_transport.h"

#include <errno.h>
#include <openssl/bio.h>
#include <sys/socket.h>

/* OpenSSL asks for a whole record's octets and looks at all of them before it asks again, so this
 * is what it may be kept busy with at a time: a millisecond of key updates. A query has a tenth of
 * it. */
#define CHUNK_OCTETS 1024

static bool is_passing(int error)
{
    return error == EAGAIN || error == EINTR;
}

static int read_socket(BIO *bio, char *octets, size_t room, size_t *taken)
{
    struct tls_transport *transport = BIO_get_data(bio);

    *taken = 0;
    BIO_clear_retry_flags(bio);
    if (transport->refuses)
        return 0;
    room = room < CHUNK_OCTETS ? room : CHUNK_OCTETS;
    room = room < transport->budget ? room : transport->budget;
    if (room == 0 || transport->emptied) {
        BIO_set_retry_read(bio);
        return 0;
    }
    ssize_t received = recv(transport->fd, octets, room, MSG_DONTWAIT);
    if (received < 0) {
        if (is_passing(errno))
            BIO_set_retry_read(bio);
        return 0;
    }
    transport->emptied = received > 0 && (size_t)received < room;
    transport->ended = received == 0;
    transport->budget -= (size_t)received;
    transport->received += (size_t)received;
    *taken = (size_t)received;
    return received > 0;
}

static int write_socket(BIO *bio, const char *octets, size_t length, size_t *taken)
{
    const struct tls_transport *transport = BIO_get_data(bio);

    *taken = 0;
    BIO_clear_retry_flags(bio);
    if (transport->refuses)
        return 0;
    ssize_t sent = send(transport->fd, octets, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        if (is_passing(errno))
            BIO_set_retry_write(bio);
        return 0;
    }
    *taken = (size_t)sent;
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    const struct tls_transport *transport = BIO_get_data(bio);
    (void)number;
    (void)pointer;

    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return transport->ended;
    default:
        return 0;
    }
}

struct bio_method_st *tls_transport_create(void)
{
    /* Nobody looks for the type; BIO_get_new_index() has some hundred, and each reload would take
     * one for good. */
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "tls transport");

    if (!method)
        return NULL;
    if (BIO_meth_set_read_ex(method, read_socket) != 1 ||
        BIO_meth_set_write_ex(method, write_socket) != 1 ||
        BIO_meth_set_ctrl(method, control) != 1) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

void tls_transport_destroy(struct bio_method_st *method)
{
    BIO_meth_free(method);
}

struct bio_st *tls_transport_open(const struct bio_method_st *method,
                                  struct tls_transport *transport)
{
    BIO *bio = BIO_new(method);

    if (!bio)
        return NULL;
    BIO_set_data(bio, transport);
    BIO_set_init(bio, 1);
    return bio;
}
