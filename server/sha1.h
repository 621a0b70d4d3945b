/*
 * SHA-1 for the names of zones with NSEC3: a context made once and used again, so that a query
 * allocates nothing. One thread's at a time.
 */
#ifndef SERVER_SHA1_H
#define SERVER_SHA1_H

#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sha1;

/* STATUS_OK, or STATUS_SYSTEM when memory is out. Where the system forbids SHA-1, as some policies
 * do, this succeeds and each digest fails. */
MUST_CHECK enum status sha1_create(struct sha1 **out);
void sha1_destroy(struct sha1 *sha1);

/* The digest of some octets; `state` is a struct sha1. False when it cannot be had. */
bool sha1_digest(void *state, const uint8_t *octets, size_t length, uint8_t digest[20]);

#endif
