#include "store/descent.h"

#include "store/page.h"

#include <string.h>

#define CACHE_LINE 64
/* What is asked for of a page before it is opened: its header, and where its first hundred entries
 * begin. Of a record: most of it. */
#define PAGE_FIRST_OCTETS 256
#define RECORD_OCTETS     768

static void ask_for(const uint8_t *octets, size_t length)
{
    for (size_t at = 0; at < length; at += CACHE_LINE)
        __builtin_prefetch(octets + at);
}

/* `count` pages of the map from a number on; NULL where there are not as many. */
static const uint8_t *pages_of(const struct descent_pages *pages, uint64_t number, uint64_t count)
{
    uint64_t all = pages->octets / pages->page_octets;

    return number < all && count <= all - number ? pages->start + number * pages->page_octets
                                                 : NULL;
}

/* The n-th entry of a page, its key within it; NULL: it is damaged. */
static const uint8_t *entry_of(const struct descent_pages *pages, const uint8_t *page, size_t n)
{
    size_t at = page_place_of(page, n);
    size_t room = pages->page_octets - PAGE_ENTRY_HEADER_OCTETS;

    return at <= room && page_key_octets(page + at) <= room - at ? page + at : NULL;
}

static bool is_leaf(const struct descent_pages *pages, const struct descent *descent)
{
    return descent->level + 1 == pages->depth;
}

static void enter(const struct descent_pages *pages, struct descent *descent, uint64_t number)
{
    descent->page = pages_of(pages, number, 1);
    descent->state = descent->page ? DESCENT_OPENS : DESCENT_LOST;
    if (descent->page)
        ask_for(descent->page, PAGE_FIRST_OCTETS);
}

/* The first entry whose key is not before the one that is looked for is found: that of a leaf, or
 * in a branch the one behind the child to go to. */
static void arrive(const struct descent_pages *pages, struct descent *descent)
{
    const uint8_t *page = descent->page;

    if (is_leaf(pages, descent)) {
        descent->state = DESCENT_ARRIVED;
        if (descent->first < descent->count)
            ask_for(page + page_place_of(page, descent->first), RECORD_OCTETS);
        return;
    }
    const uint8_t *entry = entry_of(pages, page, descent->first - 1u);
    descent->level++;
    if (entry)
        enter(pages, descent, page_child(entry));
    else
        descent->state = DESCENT_LOST;
}

static unsigned middle(const struct descent *descent)
{
    return (descent->first + descent->end) / 2;
}

/* Asks for the entry that is to be looked at next, or goes on where there is none. */
static void go_on(const struct descent_pages *pages, struct descent *descent)
{
    if (descent->first == descent->end)
        arrive(pages, descent);
    else
        __builtin_prefetch(descent->page + page_place_of(descent->page, middle(descent)));
}

/* A page has come. The first entry of a branch stands for all that is before the second: its key is
 * not looked at. */
static void open_page(const struct descent_pages *pages, struct descent *descent)
{
    size_t lower = machine_u16(descent->page + 12);
    uint16_t kind = machine_u16(descent->page + 10);
    bool leaf = is_leaf(pages, descent);

    if (kind != (leaf ? PAGE_LEAF : PAGE_BRANCH) || lower < PAGE_HEADER_OCTETS + 2 ||
        lower > pages->page_octets) {
        descent->state = DESCENT_LOST;
        return;
    }
    descent->state = DESCENT_LOOKS;
    descent->count = (unsigned)(lower - PAGE_HEADER_OCTETS) / 2;
    descent->first = leaf ? 0 : 1;
    descent->end = descent->count;
    go_on(pages, descent);
}

static int compare(const struct descent *descent, const uint8_t *entry)
{
    size_t octets = page_key_octets(entry);
    size_t shorter = octets < descent->key_octets ? octets : descent->key_octets;
    int order = memcmp(entry + PAGE_ENTRY_HEADER_OCTETS, descent->key, shorter);

    return order != 0 ? order : (octets > descent->key_octets) - (octets < descent->key_octets);
}

/* An entry has come. In a branch the very key leads to its own child. */
static void look(const struct descent_pages *pages, struct descent *descent)
{
    unsigned at = middle(descent);
    const uint8_t *entry = entry_of(pages, descent->page, at);

    if (!entry) {
        descent->state = DESCENT_LOST;
        return;
    }
    int order = compare(descent, entry);
    if (order < 0 || (order == 0 && !is_leaf(pages, descent)))
        descent->first = at + 1;
    else
        descent->end = at;
    go_on(pages, descent);
}

void descent_go(const struct descent_pages *pages, struct descent *descents, size_t count)
{
    size_t on_the_way = count;

    for (size_t i = 0; i < count; i++) {
        descents[i].level = 0;
        enter(pages, &descents[i], pages->root);
    }
    while (on_the_way > 0) {
        on_the_way = 0;
        for (size_t i = 0; i < count; i++) {
            struct descent *descent = &descents[i];
            if (descent->state == DESCENT_OPENS)
                open_page(pages, descent);
            else if (descent->state == DESCENT_LOOKS)
                look(pages, descent);
            on_the_way += descent->state < DESCENT_ARRIVED;
        }
    }
}

bool descent_item(const struct descent_pages *pages, const struct descent *descent, size_t n,
                  struct item *out)
{
    const uint8_t *entry = entry_of(pages, descent->page, n);

    if (!entry)
        return false;
    size_t rest = pages->page_octets - (size_t)(entry - descent->page) - PAGE_ENTRY_HEADER_OCTETS;
    *out = (struct item){.key = entry + PAGE_ENTRY_HEADER_OCTETS,
                         .key_octets = page_key_octets(entry)};
    out->value = out->key + out->key_octets;
    out->value_octets = machine_u32(entry);
    rest -= out->key_octets;
    if (page_entry_flags(entry) != PAGE_ENTRY_OVERFLOWS)
        return page_entry_flags(entry) == 0 && out->value_octets <= rest;
    if (rest < sizeof(uint64_t))
        return false;
    const uint8_t *overflow = pages_of(pages, machine_u64(out->value),
                                       page_overflow_count(out->value_octets, pages->page_octets));
    out->value = overflow ? overflow + PAGE_HEADER_OCTETS : NULL;
    return overflow != NULL;
}
