/*
 * A page of LMDB's file, read without trusting it. LMDB itself believes what its pages say: a
 * damaged one leads it anywhere, or to an assertion that ends the process, and no checksum of ours
 * covers a page. This module judges one page; tree.h how pages fit together. It knows neither files
 * nor maps.
 *
 * Integers in the machine's order, LMDB 0.9, 64 bits:
 *
 *   OFFSET SIZE  FIELD
 *   0      8     the page's number: where it stands in the file
 *   8      2     unused
 *   10     2     1: branch, 2: leaf, 4: the first of overflow pages, 8: meta (meta.h)
 *   12     2     where the list of entries ends
 *   14     2     where the first entry in use begins: there is no gap behind it
 *   12     4     of overflow pages instead: how many there are
 *   16     2×n   where each entry begins, by key
 *
 *   entry of a branch             entry of a leaf
 *   0      6     child's page     0      4     octets of the value
 *                                 4      2     1: the value is on overflow pages
 *   6      2     octets of the key
 *   8      …     the key          8      …     the key, then the value or 8 octets of page number
 *
 * An entry takes an even number of octets.
 */
#ifndef STORE_PAGE_H
#define STORE_PAGE_H

#include "store/machine.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_MIN_OCTETS    512
#define PAGE_MAX_OCTETS    32768
#define PAGE_HEADER_OCTETS 16

enum page_kind { PAGE_BRANCH = 1, PAGE_LEAF = 2 };

struct page {
    const uint8_t *octets;
    size_t size;
    enum page_kind kind;
    size_t count; /* entries */
};

/*
 * Judges a branch or leaf by itself: its number, its kind, every entry within it, no gap and no
 * overlap between entries. What is passed as sound here yields every octet in bounds.
 *
 *   octets   `size` of them, a power of two from PAGE_MIN_OCTETS to PAGE_MAX_OCTETS
 *   number   where the page stands in the file
 *
 * STATUS_OK or STATUS_MALFORMED.
 */
MUST_CHECK enum status page_open(const uint8_t *octets, size_t size, uint64_t number,
                                 struct page *out);

struct page_entry {
    const uint8_t *key;
    size_t key_octets;
    uint64_t child; /* of a branch; of a leaf: the first overflow page, or 0 */
    size_t value_octets;
    const uint8_t *value; /* NULL where it is on overflow pages */
};

/* The n-th entry of a branch or leaf that page_open() has passed; n < count. */
void page_entry_at(const struct page *page, size_t n, struct page_entry *out);

/* ---- for who goes through pages without opening them; what they yield may be anything ---- */

#define PAGE_ENTRY_HEADER_OCTETS 8
#define PAGE_ENTRY_OVERFLOWS     1 /* the value is on overflow pages */

/* Where the n-th entry begins; the list of entries has `n`. */
static inline size_t page_place_of(const uint8_t *octets, size_t n)
{
    return machine_u16(octets + PAGE_HEADER_OCTETS + 2 * n);
}

/* Of the header of an entry: its key's octets, a leaf's flags, a branch's child. */
static inline size_t page_key_octets(const uint8_t *entry)
{
    return machine_u16(entry + 6);
}

static inline uint16_t page_entry_flags(const uint8_t *entry)
{
    return machine_u16(entry + 4);
}

static inline uint64_t page_child(const uint8_t *entry)
{
    return machine_u32(entry) | (uint64_t)machine_u16(entry + 4) << 32;
}

/* ---- overflow pages ---- */

/* Judges the header of overflow pages, PAGE_HEADER_OCTETS of the page `number`: how many pages
 * there are, this one included. 0: it is none. */
uint64_t page_open_overflow(const uint8_t *header, uint64_t number);

/* How many overflow pages a value needs. */
uint64_t page_overflow_count(size_t value_octets, size_t page_size);

#endif
