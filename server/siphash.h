/*
 * SipHash-2-4 (Aumasson, Bernstein: SipHash: A Fast Short-Input PRF, 2012): a keyed hash of 64 bits
 * for short inputs. Nobody who lacks the key can foresee it.
 */
#ifndef SERVER_SIPHASH_H
#define SERVER_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_OCTETS 16

/* The hash as a number: its eight octets on the wire are this one's, the least significant first.
 */
uint64_t siphash(const uint8_t key[SIPHASH_KEY_OCTETS], const uint8_t *octets, size_t length);

#endif
