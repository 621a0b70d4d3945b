#include "sign/nsec.h"

#include <stdlib.h>
#include <string.h>

enum authority authority_next(struct authority_track *track, const struct node_source *source,
                              const struct node *node)
{
    const uint8_t *owner = node->owner.octets;

    if (track->cut.length > 0 && !name_is_within(owner, track->cut.octets))
        track->cut.length = 0;
    if (track->cut.length > 0)
        return name_equals(owner, track->cut.octets) ? AUTHORITY_CUT : AUTHORITY_NONE;
    if (!node_rrset(node, TYPE_NS) || name_equals(owner, source->apex.octets))
        return AUTHORITY_FULL;
    track->cut = node->owner;
    return AUTHORITY_CUT;
}

bool authority_signs(enum authority authority, uint16_t type)
{
    switch (authority) {
    case AUTHORITY_FULL:
        return type != TYPE_RRSIG;
    case AUTHORITY_CUT:
        return type == TYPE_DS || type == TYPE_NSEC;
    case AUTHORITY_NONE:
        break;
    }
    return false;
}

static int compare_types(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

size_t nsec_types(const struct node *node, enum authority authority, const uint16_t *more,
                  size_t more_count, uint16_t *out)
{
    size_t count = 0;

    for (size_t i = 0; i < node->rrset_count; i++) {
        uint16_t type = node->rrsets[i].type;
        if (authority == AUTHORITY_FULL || type == TYPE_NS || type == TYPE_DS)
            out[count++] = type;
    }
    for (size_t i = 0; i < more_count; i++)
        out[count++] = more[i];
    qsort(out, count, sizeof *out, compare_types);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || out[kept - 1] != out[i])
            out[kept++] = out[i];
    return kept;
}

/* One window of 256 types: its number, its octets up to the last that is not zero, those. */
static size_t write_window(struct writer *w, const uint16_t *types, size_t count)
{
    uint8_t bits[32] = {0};
    uint8_t window = (uint8_t)(types[0] >> 8);
    uint8_t octets = 0;
    size_t taken = 0;

    for (; taken < count && types[taken] >> 8 == window; taken++) {
        uint8_t low = (uint8_t)types[taken];
        bits[low / 8] |= (uint8_t)(0x80 >> low % 8);
        octets = (uint8_t)(low / 8 + 1);
    }
    writer_u8(w, window);
    writer_u8(w, octets);
    writer_octets(w, bits, octets);
    return taken;
}

void nsec_write_bitmap(struct writer *w, const uint16_t *types, size_t count)
{
    for (size_t at = 0; at < count;)
        at += write_window(w, types + at, count - at);
}
