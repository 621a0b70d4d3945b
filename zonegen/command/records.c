#include "command/records.h"

#include "zone/zonefile.h"

#include <string.h>

static bool holds(const struct rrset *rrset, uint32_t ttl, const struct rdata *rdata)
{
    if (rrset == NULL || rrset->ttl != ttl)
        return false;
    for (size_t i = 0; i < rrset->count; i++) {
        if (rrset->items[i].length == rdata->length &&
            memcmp(rrset->items[i].octets, rdata->octets, rdata->length) == 0)
            return true;
    }
    return false;
}

/* Prints the records of `rrset` that `other` does not have. */
static void print_missing(const struct node *node, const struct rrset *rrset,
                          const struct rrset *other, const char *prefix, FILE *out)
{
    for (size_t i = 0; rrset != NULL && i < rrset->count; i++) {
        const struct rrset one = {rrset->type, 1, rrset->ttl, &rrset->items[i]};
        if (!holds(other, rrset->ttl, &rrset->items[i]))
            zonefile_print_rrset(node->owner.octets, &one, prefix, out);
    }
}

static void print_type(const struct node *before, const struct node *after, uint16_t type,
                       FILE *out)
{
    const struct rrset *old = before != NULL ? node_rrset(before, type) : NULL;
    const struct rrset *new = after != NULL ? node_rrset(after, type) : NULL;

    print_missing(before, old, new, "- ", out);
    print_missing(after, new, old, "+ ", out);
}

static bool is_wanted(uint16_t type, enum records_which which)
{
    bool seals = type == TYPE_SOA || type == TYPE_ZONEMD;
    if (type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_NSEC3)
        return false;
    return which == RECORDS_ALL || seals == (which == RECORDS_SEAL);
}

void records_print_difference(const struct node *before, const struct node *after,
                              enum records_which which, FILE *out)
{
    size_t old = 0;
    size_t new = 0;

    for (;;) { /* both are ordered by type */
        bool has_old = before != NULL && old < before->rrset_count;
        bool has_new = after != NULL && new < after->rrset_count;
        if (!has_old && !has_new)
            return;
        uint16_t old_type = has_old ? before->rrsets[old].type : UINT16_MAX;
        uint16_t new_type = has_new ? after->rrsets[new].type : UINT16_MAX;
        uint16_t type = old_type < new_type ? old_type : new_type;
        if (is_wanted(type, which))
            print_type(before, after, type, out);
        old += has_old && old_type == type;
        new += has_new &&new_type == type;
    }
}
