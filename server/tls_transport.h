/*
 * How OpenSSL reaches a socket: reads that stop at a budget, so that one call into OpenSSL ends
 * however fast a client sends what yields no octets; writes that never wait and raise no signal.
 */
#ifndef SERVER_TLS_TRANSPORT_H
#define SERVER_TLS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

struct bio_st;
struct bio_method_st;

/* One socket, with what may still be read in this call; who makes the call sets `budget` and
 * `emptied` before. Outlives its BIO. */
struct tls_transport {
    int fd; /* nonblocking */
    size_t budget;
    size_t received; /* octets in all */
    bool emptied;    /* the last read took all that was there: the next would find nothing */
    bool ended;      /* the other side has closed */
    bool refuses;    /* nothing goes any more: reads and writes fail */
};

/* The method of all such BIOs; it outlives them. NULL when memory is out. */
struct bio_method_st *tls_transport_create(void);
void tls_transport_destroy(struct bio_method_st *method);

/* A BIO over `transport`, or NULL when memory is out. */
struct bio_st *tls_transport_open(const struct bio_method_st *method,
                                  struct tls_transport *transport);

#endif
