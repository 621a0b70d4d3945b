/*
 * HMAC (RFC 2104) with the key of a TSIG: a keyed context made once and used again, since keying
 * one costs more than a MAC. One thread's at a time.
 */
#ifndef SERVER_HMAC_H
#define SERVER_HMAC_H

#include "conf/secret.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HMAC_MAX_OCTETS 64

struct hmac;

/*
 * STATUS_OK; STATUS_DENIED where the system forbids the algorithm, as some policies do with
 * hmac-sha1; STATUS_SYSTEM when memory is out.
 */
MUST_CHECK enum status hmac_create(enum tsig_algorithm algorithm, const struct secret *secret,
                                   struct hmac **out);

/* Another one with the same key. STATUS_OK, or STATUS_SYSTEM. */
MUST_CHECK enum status hmac_copy(const struct hmac *hmac, struct hmac **out);

/* NULL is fine. OpenSSL overwrites the key. */
void hmac_destroy(struct hmac *hmac);

/* A MAC: start, add any number of times, finish. A failure on the way is one of hmac_finish(). */
void hmac_start(struct hmac *hmac);
void hmac_add(struct hmac *hmac, const void *octets, size_t length);

/* False, and `mac` all zero, when the MAC could not be made. */
MUST_CHECK bool hmac_finish(struct hmac *hmac, uint8_t mac[HMAC_MAX_OCTETS]);

/* True when both are the same; takes as long where they differ in their first octet. */
bool hmac_equals(const uint8_t *a, const uint8_t *b, size_t length);

#endif
