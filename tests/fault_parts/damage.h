/* Damages a database file at random, and the same way each time for the same numbers. */
#ifndef TESTS_DAMAGE_H
#define TESTS_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

struct octets {
    uint8_t *start;
    size_t length;
};

struct random {
    uint64_t state;
};

/* One kind of damage, chosen at random; a cut shortens `octets`. Returns what it is, in words. */
const char *damage_octets(struct random *random, struct octets *octets);

#endif
