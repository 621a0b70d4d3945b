/* Serial numbers of zones (RFC 1982). */
#ifndef WIRE_SERIAL_H
#define WIRE_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True when `a` comes after `b` (RFC 1982 §3.2). Serials exactly 2^31 apart, which the RFC leaves
 * undefined, count as not newer.
 */
static inline bool serial_is_newer(uint32_t a, uint32_t b)
{
    return a != b && a - b < 0x80000000u;
}

/* `a` where it comes after `b`, else `b`. */
static inline uint32_t serial_newer_of(uint32_t a, uint32_t b)
{
    return serial_is_newer(a, b) ? a : b;
}

#endif
