#include "store/checksum.h"

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

static void mix_octets(uint64_t state[LANES], const uint8_t *octets, size_t length)
{
    const size_t block = LANES * sizeof(uint64_t);

    for (; length >= block; octets += block, length -= block)
        for (size_t lane = 0; lane < LANES; lane++)
            state[lane] = mix(state[lane], word_at(octets + lane * sizeof(uint64_t)));
    for (size_t lane = 0; length > 0; lane++) {
        uint8_t padded[sizeof(uint64_t)] = {0};
        size_t take = length < sizeof padded ? length : sizeof padded;
        memcpy(padded, octets, take);
        state[lane] = mix(state[lane], word_at(padded));
        octets += take;
        length -= take;
    }
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
