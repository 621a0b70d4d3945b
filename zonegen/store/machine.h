/* Integers in the machine's order, from octets that are not aligned: LMDB's own, whose files do not
 * move between byte orders. */
#ifndef STORE_MACHINE_H
#define STORE_MACHINE_H

#include <stdint.h>
#include <string.h>

static inline uint16_t machine_u16(const uint8_t *octets)
{
    uint16_t value;
    memcpy(&value, octets, sizeof value);
    return value;
}

static inline uint32_t machine_u32(const uint8_t *octets)
{
    uint32_t value;
    memcpy(&value, octets, sizeof value);
    return value;
}

static inline uint64_t machine_u64(const uint8_t *octets)
{
    uint64_t value;
    memcpy(&value, octets, sizeof value);
    return value;
}

#endif
