/* The checksum of a record: finds damage, proves nothing against a forger. */
#ifndef STORE_CHECKSUM_H
#define STORE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct item; /* store.h */

/*
 * 32 bits over a key and a value. Each 64-bit word of the input is multiplied into one of four
 * independent states by odd constants, which is a bijection: damage within one word always shows
 * before the final folding to 32 bits. A table CRC would take ten times as long, and this is read
 * with each answer.
 */
uint32_t checksum_of(const uint8_t *key, size_t key_octets, const uint8_t *value,
                     size_t value_octets);

/* True when a record is whole: every value but the format's begins with the checksum of its key and
 * of what follows, in network byte order. */
bool checksum_fits_item(const struct item *item);

#endif
