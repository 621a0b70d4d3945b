#include "store/checksum.h"

#include "store/store.h"
#include "wire/reader.h"

#include <string.h>

/* Odd, with half of their bits set, so that each input bit reaches many output bits. */
#define MULTIPLIER 0x9e3779b97f4a7c15u
#define LANES      4

static uint64_t mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * MULTIPLIER;
    return state << 29 | state >> 35;
}

/* The next 64 bits in the machine's order: LMDB files do not move between byte orders either. */
static uint64_t word_at(const uint8_t *octets)
{
    uint64_t word;
    memcpy(&word, octets, sizeof word);
    return word;
}

/* The last octets, fewer than a word, with zeros behind them. */
static uint64_t padded(const uint8_t *octets, size_t length)
{
    uint8_t word[sizeof(uint64_t)] = {0};
    size_t at = 0;

    /* Copies of a length that the compiler knows: it makes no calls of them. */
    if (length & 4) {
        memcpy(word, octets, 4);
        at = 4;
    }
    if (length & 2) {
        memcpy(word + at, octets + at, 2);
        at += 2;
    }
    if (length & 1)
        word[at] = octets[at];
    return word_at(word);
}

static void mix_octets(uint64_t state[LANES], const uint8_t *octets, size_t length)
{
    const size_t word = sizeof(uint64_t);
    const size_t block = LANES * word;
    /* Variables of their own: in an array each would go to memory and back in every round. */
    uint64_t a = state[0];
    uint64_t b = state[1];
    uint64_t c = state[2];
    uint64_t d = state[3];

    for (; length >= block; octets += block, length -= block) {
        a = mix(a, word_at(octets));
        b = mix(b, word_at(octets + word));
        c = mix(c, word_at(octets + 2 * word));
        d = mix(d, word_at(octets + 3 * word));
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
    size_t lane = 0;
    for (; length >= word; octets += word, length -= word, lane++)
        state[lane] = mix(state[lane], word_at(octets));
    if (length > 0)
        state[lane] = mix(state[lane], padded(octets, length));
}

uint32_t checksum_of(const uint8_t *key, size_t key_octets, const uint8_t *value,
                     size_t value_octets)
{
    uint64_t state[LANES] = {key_octets, value_octets, 0x243f6a8885a308d3u, 0x13198a2e03707344u};

    mix_octets(state, key, key_octets);
    mix_octets(state, value, value_octets);
    uint64_t folded = mix(mix(mix(state[0], state[1]), state[2]), state[3]);
    folded ^= folded >> 32;
    folded *= MULTIPLIER;
    return (uint32_t)(folded >> 32);
}

bool checksum_fits_item(const struct item *item)
{
    struct reader r = reader_of(item->value, item->value_octets);
    uint32_t sum = reader_u32(&r);
    return !r.failed && checksum_of(item->key, item->key_octets, r.next, reader_left(&r)) == sum;
}
