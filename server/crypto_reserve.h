/*
 * Memory for OpenSSL, which without it goes on with what it did not get: OpenSSL 3.0 crashes, waits
 * for ever, or says of a certificate that it is none. So it never hears of want:
 *
 *   at the start   an allocation that fails ends the process, with one line on standard error and
 *                  exit status 1. No packet has been read yet
 *   from then on   it comes from a reserve, so that a server that runs runs on. Who has OpenSSL
 * make something new asks whether it came from there, and then does not use it
 *
 * Only when the reserve is used up as well, OpenSSL is told.
 */
#ifndef SERVER_CRYPTO_RESERVE_H
#define SERVER_CRYPTO_RESERVE_H

#include "wire/status.h"

#include <stdint.h>

/* A reload that gets no memory at all takes 1 MiB. It is address space until it is used. */
#define CRYPTO_RESERVE_OCTETS ((size_t)4 << 20)

/* The start begins: to be called once, before anything of OpenSSL's is. STATUS_OK, or STATUS_SYSTEM
 * when there is no room for a reserve. */
MUST_CHECK enum status crypto_reserve_begin(void);

/* The start is over, or has failed: from now on nothing ends the process. */
void crypto_reserve_open(void);

/* How many allocations the reserve has given so far, in all threads: while this does not change,
 * OpenSSL had all the memory that it wanted. */
uint64_t crypto_reserve_taken(void);

#endif
