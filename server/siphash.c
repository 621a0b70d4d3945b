#include "server/siphash.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t read_word(const uint8_t *octets, size_t length)
{
    uint64_t word = 0;

    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)octets[i] << (8 * i);
    return word;
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void turn(struct state *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static void take(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    turn(s);
    turn(s);
    s->v0 ^= word;
}

uint64_t siphash(const uint8_t key[SIPHASH_KEY_OCTETS], const uint8_t *octets, size_t length)
{
    uint64_t k0 = read_word(key, 8);
    uint64_t k1 = read_word(key + 8, 8);
    struct state s = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                      k1 ^ 0x7465646279746573};
    size_t whole = length - length % 8;

    for (size_t at = 0; at < whole; at += 8)
        take(&s, read_word(octets + at, 8));
    take(&s, read_word(octets + whole, length % 8) | (uint64_t)length << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        turn(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
