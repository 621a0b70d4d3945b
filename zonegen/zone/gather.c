#include "zone/gather.h"

#include <stdlib.h>

bool gather_record(struct gathered *gathered, struct reader *r)
{
    struct found_record record = {.type = reader_u16(r)};
    reader_u16(r); /* class */
    record.ttl = reader_u32(r);
    record.rdata.length = reader_u16(r);
    record.rdata.octets = reader_octets(r, record.rdata.length);
    if (r->failed || gathered->count == gathered->size)
        return false;
    gathered->records[gathered->count++] = record;
    return true;
}

static int by_type(const void *a, const void *b)
{
    const struct found_record *left = a;
    const struct found_record *right = b;
    return left->type - right->type;
}

static size_t run_length(const struct gathered *gathered, size_t at)
{
    size_t count = 1;
    while (at + count < gathered->count &&
           gathered->records[at].type == gathered->records[at + count].type)
        count++;
    return count;
}

/* Makes the RRset of `count` records. */
static enum status make_rrset(const struct found_record *records, size_t count,
                              struct arena *scratch, struct rrset *out)
{
    struct rdata *items = arena_alloc(scratch, count * sizeof *items);
    if (items == NULL)
        return STATUS_SYSTEM;
    if (count > UINT16_MAX)
        return STATUS_MALFORMED;
    *out = (struct rrset){records->type, (uint16_t)count, records->ttl, items};
    for (size_t i = 0; i < count; i++) {
        items[i] = records[i].rdata;
        if (records[i].ttl < out->ttl)
            out->ttl = records[i].ttl;
    }
    rrset_sort(out);
    return STATUS_OK;
}

enum status gather_rrsets(struct gathered *gathered, struct arena *scratch, struct node *out)
{
    size_t types = 0;

    if (gathered->count > 1)
        qsort(gathered->records, gathered->count, sizeof *gathered->records, by_type);
    for (size_t i = 0; i < gathered->count; i += run_length(gathered, i))
        types++;
    out->rrset_count = 0;
    out->rrsets = arena_alloc(scratch, types * sizeof *out->rrsets);
    if (out->rrsets == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < gathered->count;) {
        size_t count = run_length(gathered, i);
        enum status status =
            make_rrset(&gathered->records[i], count, scratch, &out->rrsets[out->rrset_count++]);
        if (status != STATUS_OK)
            return status;
        i += count;
    }
    return STATUS_OK;
}
