#include "store/page.h"

#include <string.h>

#define PAGE_NUMBER_OCTETS 8
#define KIND_OVERFLOW      4

uint64_t page_open_overflow(const uint8_t *header, uint64_t number)
{
    bool sound = machine_u64(header) == number && machine_u16(header + 10) == KIND_OVERFLOW;
    return sound ? machine_u32(header + 12) : 0;
}

uint64_t page_overflow_count(size_t value_octets, size_t page_size)
{
    return (PAGE_HEADER_OCTETS - 1 + value_octets) / page_size + 1;
}

static size_t even(size_t octets)
{
    return (octets + 1) & ~(size_t)1;
}

/* Octets that the entry at `at` takes, header and all; 0 where it is none. There are
 * PAGE_ENTRY_HEADER_OCTETS to read. */
static size_t entry_octets(const struct page *page, const uint8_t *at)
{
    size_t octets = PAGE_ENTRY_HEADER_OCTETS + page_key_octets(at);
    uint16_t flags = page_entry_flags(at);

    if (page->kind == PAGE_BRANCH)
        return even(octets);
    if (flags == PAGE_ENTRY_OVERFLOWS)
        return even(octets + PAGE_NUMBER_OCTETS);
    return flags == 0 ? even(octets + machine_u32(at)) : 0;
}

/* Where entries begin, a bit for each place that one can begin at. */
struct places {
    uint64_t words[PAGE_MAX_OCTETS / 2 / 64 + 1];
};

static void places_add(struct places *places, size_t at)
{
    places->words[at / 128] |= (uint64_t)1 << (at / 2 % 64);
}

static bool places_has(const struct places *places, size_t at)
{
    return (places->words[at / 128] >> (at / 2 % 64) & 1) != 0;
}

/* True when the entries fill what is in use from `upper` on, each once. Each ends where another
 * begins or the page ends, so that there is a way of entries from the first to the end; if any were
 * beside that way, the octets of all would be more than there are. */
static bool entries_fill(const struct page *page, size_t upper)
{
    struct places places;
    size_t total = 0;

    memset(&places, 0, (page->size / 128 + 1) * sizeof places.words[0]);
    for (size_t n = 0; n < page->count; n++) {
        size_t at = page_place_of(page->octets, n);
        if (at < upper || at % 2 != 0 || at + PAGE_ENTRY_HEADER_OCTETS > page->size)
            return false;
        places_add(&places, at);
    }
    places_add(&places, page->size);
    for (size_t n = 0; n < page->count; n++) {
        size_t at = page_place_of(page->octets, n);
        size_t octets = entry_octets(page, page->octets + at);
        if (octets == 0 || octets > page->size - at || !places_has(&places, at + octets))
            return false;
        total += octets;
    }
    return total == page->size - upper && places_has(&places, upper);
}

enum status page_open(const uint8_t *octets, size_t size, uint64_t number, struct page *out)
{
    size_t lower = machine_u16(octets + 12);
    size_t upper = machine_u16(octets + 14);
    uint16_t kind = machine_u16(octets + 10);

    if (machine_u64(octets) != number)
        return STATUS_MALFORMED;
    *out = (struct page){.octets = octets, .size = size};
    if ((kind != PAGE_BRANCH && kind != PAGE_LEAF) || lower < PAGE_HEADER_OCTETS ||
        lower % 2 != 0 || lower > upper || upper > size)
        return STATUS_MALFORMED;
    out->kind = kind == PAGE_BRANCH ? PAGE_BRANCH : PAGE_LEAF;
    out->count = (lower - PAGE_HEADER_OCTETS) / 2;
    return entries_fill(out, upper) ? STATUS_OK : STATUS_MALFORMED;
}

void page_entry_at(const struct page *page, size_t n, struct page_entry *out)
{
    const uint8_t *at = page->octets + page_place_of(page->octets, n);

    *out = (struct page_entry){.key = at + PAGE_ENTRY_HEADER_OCTETS,
                               .key_octets = page_key_octets(at)};
    if (page->kind == PAGE_BRANCH) {
        out->child = page_child(at);
        return;
    }
    out->value_octets = machine_u32(at);
    if (page_entry_flags(at) == PAGE_ENTRY_OVERFLOWS)
        out->child = machine_u64(out->key + out->key_octets);
    else
        out->value = out->key + out->key_octets;
}
