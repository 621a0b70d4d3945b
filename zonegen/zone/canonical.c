#include "zone/canonical.h"

#include "wire/record.h"
#include "zone/rdata.h"

#include <stdlib.h>
#include <string.h>

void canonical_close(struct canonical *canonical)
{
    free(canonical->sorted);
    *canonical = (struct canonical){.size = 0};
}

static int compare_items(const void *a, const void *b, void *type)
{
    return rdata_compare(*(const uint16_t *)type, a, b);
}

static bool is_canonical(const struct rrset *rrset)
{
    for (size_t i = 1; i < rrset->count; i++)
        if (rdata_compare(rrset->type, &rrset->items[i - 1], &rrset->items[i]) > 0)
            return false;
    return true;
}

const struct rdata *canonical_items(struct canonical *canonical, const struct rrset *rrset)
{
    uint16_t type = rrset->type;

    if (is_canonical(rrset))
        return rrset->items;
    if (canonical->size < rrset->count) {
        struct rdata *sorted = reallocarray(canonical->sorted, rrset->count, sizeof *sorted);
        if (sorted == NULL)
            return NULL;
        canonical->sorted = sorted;
        canonical->size = rrset->count;
    }
    memcpy(canonical->sorted, rrset->items, rrset->count * sizeof *rrset->items);
    qsort_r(canonical->sorted, rrset->count, sizeof *canonical->sorted, compare_items, &type);
    return canonical->sorted;
}

void canonical_write(struct writer *w, const struct name *owner, uint16_t type, uint32_t ttl,
                     const struct rdata *rdata)
{
    size_t first;
    size_t end;

    writer_octets(w, owner->octets, owner->length);
    record_write_fixed(w, type, CLASS_IN, ttl, rdata->length);
    uint8_t *octets = writer_room(w, rdata->length);
    if (octets == NULL)
        return;
    memcpy(octets, rdata->octets, rdata->length);
    rdata_names(type, rdata->octets, rdata->length, &first, &end);
    while (first < end) {
        name_lower(octets + first);
        first += name_octets(octets + first);
    }
}
