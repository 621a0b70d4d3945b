#include "zone/node.h"

#include "wire/reader.h"
#include "zone/rdata.h"

#include <stdlib.h>
#include <string.h>

/* Larger than any `order=` of a contact (1..9): records without one come after those with it, or
 * the order would not be one where both kinds meet. */
#define ORDER_NONE 100000u

/* The number after `order=` that ends the string or its pair, or ORDER_NONE. */
static unsigned order_number(const uint8_t *text, size_t length)
{
    unsigned number = 0;
    size_t digits = 0;

    while (digits < length && digits < 4 && text[digits] >= '0' && text[digits] <= '9')
        number = number * 10 + (unsigned)(text[digits++] - '0');
    bool ends = digits == length || text[digits] == ';';
    return digits > 0 && ends ? number : ORDER_NONE;
}

/* What the pair `order=` in the first string of a TXT says, or ORDER_NONE. */
static unsigned txt_order(const struct rdata *rdata)
{
    static const char key[] = "order=";
    const size_t key_octets = sizeof key - 1;
    struct reader r = reader_of(rdata->octets, rdata->length);
    size_t length = reader_u8(&r);
    const uint8_t *text = reader_octets(&r, length);
    if (text == NULL)
        return ORDER_NONE;

    const uint8_t *end = text + length;
    const uint8_t *at = memmem(text, length, key, key_octets);
    while (at != NULL) {
        size_t before = (size_t)(at - text);
        const uint8_t *number = at + key_octets;
        if (before == 0 || (before >= 2 && memcmp(at - 2, "; ", 2) == 0))
            return order_number(number, (size_t)(end - number));
        at = memmem(number, (size_t)(end - number), key, key_octets);
    }
    return ORDER_NONE;
}

/* The contents of a TXT's strings, octet by octet, the borders between strings left out. */
struct content {
    struct reader rest;
    struct reader string;
};

/* The next octet, or -1 after the last. */
static int content_next(struct content *content)
{
    while (reader_left(&content->string) == 0) {
        if (reader_left(&content->rest) == 0)
            return -1;
        size_t length = reader_u8(&content->rest);
        content->string = reader_slice(&content->rest, length);
    }
    return reader_u8(&content->string);
}

static int compare_content(const struct rdata *a, const struct rdata *b)
{
    struct content x = {.rest = reader_of(a->octets, a->length)};
    struct content y = {.rest = reader_of(b->octets, b->length)};

    for (;;) {
        int left = content_next(&x);
        int right = content_next(&y);
        if (left != right)
            return left < right ? -1 : 1;
        if (left < 0)
            return 0;
    }
}

static int compare_txt(const struct rdata *a, const struct rdata *b)
{
    unsigned left = txt_order(a);
    unsigned right = txt_order(b);
    if (left != right)
        return left < right ? -1 : 1;
    return compare_content(a, b);
}

int rrset_order(uint16_t type, const struct rdata *a, const struct rdata *b)
{
    int difference = type == TYPE_TXT ? compare_txt(a, b) : 0;
    return difference != 0 ? difference : rdata_compare(type, a, b);
}

static int compare_items(const void *a, const void *b, void *type)
{
    return rrset_order(*(const uint16_t *)type, a, b);
}

/* True when every record comes before the next: the rule where contacts stand in their order. */
static bool is_sorted(const struct rrset *rrset)
{
    for (uint16_t i = 1; i < rrset->count; i++)
        if (rrset_order(rrset->type, &rrset->items[i - 1], &rrset->items[i]) >= 0)
            return false;
    return true;
}

void rrset_sort(struct rrset *rrset)
{
    if (is_sorted(rrset))
        return;
    qsort_r(rrset->items, rrset->count, sizeof *rrset->items, compare_items, &rrset->type);

    uint16_t kept = 1;
    for (uint16_t i = 1; i < rrset->count; i++)
        if (rrset_order(rrset->type, &rrset->items[kept - 1], &rrset->items[i]) != 0)
            rrset->items[kept++] = rrset->items[i];
    rrset->count = kept;
}

size_t rrset_octets(const struct rrset *rrset)
{
    size_t octets = 0;
    for (size_t i = 0; i < rrset->count; i++)
        octets += rrset->items[i].length;
    return octets;
}

bool rrset_equals(const struct rrset *a, const struct rrset *b)
{
    if (a->type != b->type || a->ttl != b->ttl || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].length != b->items[i].length ||
            memcmp(a->items[i].octets, b->items[i].octets, a->items[i].length) != 0)
            return false;
    return true;
}

enum status rrset_copy(struct arena *arena, const struct rrset *from, struct rrset *out)
{
    struct rdata *items = arena_alloc(arena, from->count * sizeof *items);

    for (size_t n = 0; items != NULL && n < from->count; n++) {
        items[n].length = from->items[n].length;
        items[n].octets =
            (const uint8_t *)arena_copy(arena, from->items[n].octets, from->items[n].length);
    }
    *out = (struct rrset){from->type, from->count, from->ttl, items};
    return arena_failed(arena) ? STATUS_SYSTEM : STATUS_OK;
}

void node_add_rrset(struct node *node, const struct rrset *rrset)
{
    size_t at = node->rrset_count++;

    for (; at > 0 && node->rrsets[at - 1].type > rrset->type; at--)
        node->rrsets[at] = node->rrsets[at - 1];
    node->rrsets[at] = *rrset;
}

uint16_t rrsig_type_covered(const struct rdata *rdata)
{
    struct reader r = reader_of(rdata->octets, rdata->length);
    return reader_u16(&r);
}

const struct rrset *node_rrset(const struct node *node, uint16_t type)
{
    for (size_t i = 0; i < node->rrset_count; i++)
        if (node->rrsets[i].type == type)
            return &node->rrsets[i];
    return NULL;
}
