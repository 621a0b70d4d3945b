#include "tests/fault_parts/damage.h"

#include <string.h>

#define PAGE 4096

static uint64_t draw(struct random *random, uint64_t below)
{
    random->state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = random->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

static void flip(struct random *random, struct octets *octets, size_t from, size_t length)
{
    octets->start[from + draw(random, length)] ^= (uint8_t)(1 << draw(random, 8));
}

/* A bit of what holds a page together: its header, where its entries are, an entry's header. */
static void flip_structure(struct random *random, struct octets *octets)
{
    size_t page = draw(random, octets->length / PAGE) * PAGE;
    const uint8_t *p = octets->start + page;
    size_t count = (size_t)((p[12] | p[13] << 8) - 16) / 2;
    uint64_t where = draw(random, 3);

    if (where == 0 || count == 0 || count > PAGE / 4) {
        flip(random, octets, page, 16);
        return;
    }
    size_t pointer = 16 + 2 * draw(random, count);
    size_t entry = (size_t)(p[pointer] | p[pointer + 1] << 8);
    if (where == 1 || entry + 16 > PAGE)
        flip(random, octets, page + pointer, 2);
    else
        flip(random, octets, page + entry, 16);
}

const char *damage_octets(struct random *random, struct octets *octets)
{
    size_t pages = octets->length / PAGE;
    size_t page = draw(random, pages) * PAGE;
    uint64_t kind = draw(random, 20);

    if (kind < 6) {
        flip(random, octets, 0, octets->length);
        return "bit";
    }
    if (kind < 13) {
        flip_structure(random, octets);
        return "bit of a page's structure";
    }
    if (kind < 14) {
        flip(random, octets, draw(random, 2) * PAGE + 16, 136);
        return "bit of a meta page";
    }
    if (kind < 16) {
        for (uint64_t n = 2 + draw(random, 7); n > 0; n--)
            flip_structure(random, octets);
        return "several bits";
    }
    if (kind < 17) {
        memset(octets->start + page, 0, PAGE);
        return "page of zeros";
    }
    if (kind < 18) {
        memcpy(octets->start + page, octets->start + draw(random, pages) * PAGE, PAGE);
        return "page of another place";
    }
    if (kind < 19) {
        octets->length = draw(random, octets->length);
        return "cut";
    }
    for (size_t i = draw(random, 64); i < PAGE; i += 1 + draw(random, 64))
        octets->start[page + i] = (uint8_t)draw(random, 256);
    return "page of garbage";
}
