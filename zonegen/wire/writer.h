/*
 * A bounded buffer that someone else owns, filled from its start. A write past the end sets
 * `failed` and writes nothing, and so does every write from then on: an encoder checks once, at its
 * end. Integers are in network byte order (RFC 1035 §2.3.2).
 */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct writer {
    uint8_t *start;
    uint8_t *next;
    uint8_t *end;
    bool failed;
};

static inline struct writer writer_of(uint8_t *buffer, size_t size)
{
    return (struct writer){buffer, buffer, buffer + size, false};
}

/* Octets written so far. */
static inline size_t writer_length(const struct writer *w)
{
    return (size_t)(w->next - w->start);
}

/* Octets that still fit; 0 after a failure. */
static inline size_t writer_left(const struct writer *w)
{
    return w->failed ? 0 : (size_t)(w->end - w->next);
}

/* Takes room for `length` octets: where to put them, or NULL when they do not fit. */
static inline uint8_t *writer_room(struct writer *w, size_t length)
{
    if (writer_left(w) < length) {
        w->failed = true;
        return NULL;
    }
    uint8_t *room = w->next;
    w->next += length;
    return room;
}

static inline void writer_octets(struct writer *w, const uint8_t *octets, size_t length)
{
    uint8_t *room = writer_room(w, length);
    if (room && length > 0)
        memcpy(room, octets, length);
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
    writer_octets(w, &value, 1);
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
    uint8_t o[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    writer_octets(w, o, sizeof o);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
    writer_u16(w, (uint16_t)(value >> 16));
    writer_u16(w, (uint16_t)value);
}

static inline void writer_u64(struct writer *w, uint64_t value)
{
    writer_u32(w, (uint32_t)(value >> 32));
    writer_u32(w, (uint32_t)value);
}

/* Overwrites two octets written earlier, `at` octets after the start. */
static inline void writer_patch_u16(struct writer *w, size_t at, uint16_t value)
{
    if (w->failed || at + 2 > writer_length(w)) {
        w->failed = true;
        return;
    }
    w->start[at] = (uint8_t)(value >> 8);
    w->start[at + 1] = (uint8_t)value;
}

#endif
