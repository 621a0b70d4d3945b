/*
 * A window on octets that someone else owns. A read past the end sets `failed`, and every read
 * from then on yields zero or NULL: a decoder checks once, at its end. Integers are in network
 * byte order (RFC 1035 §2.3.2). Knows nothing of messages or records.
 */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const uint8_t *next;
    const uint8_t *end;
    bool failed;
};

/* `octets` may be NULL where there are none: C gives NULL + 0 no meaning. */
static inline struct reader reader_of(const uint8_t *octets, size_t length)
{
    return (struct reader){octets, length > 0 ? octets + length : octets, false};
}

/* Octets not read yet; 0 after a failure. */
static inline size_t reader_left(const struct reader *r)
{
    return r->failed ? 0 : (size_t)(r->end - r->next);
}

/* Takes the next `length` octets: a pointer into the window, or NULL past its end. */
static inline const uint8_t *reader_octets(struct reader *r, size_t length)
{
    if (reader_left(r) < length) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *octets = r->next;
    r->next += length;
    return octets;
}

static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *o = reader_octets(r, 1);
    return o ? o[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
    const uint8_t *o = reader_octets(r, 2);
    return (uint16_t)(o ? o[0] << 8 | o[1] : 0);
}

static inline uint32_t reader_u32(struct reader *r)
{
    const uint8_t *o = reader_octets(r, 4);
    return o ? (uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 | (uint32_t)o[2] << 8 | o[3] : 0;
}

static inline uint64_t reader_u64(struct reader *r)
{
    uint64_t high = reader_u32(r);
    return high << 32 | reader_u32(r);
}

/* A window on the next `length` octets, taken from this one; already failed past the end. */
static inline struct reader reader_slice(struct reader *r, size_t length)
{
    const uint8_t *o = reader_octets(r, length);
    return o ? reader_of(o, length) : (struct reader){NULL, NULL, true};
}

#endif
