#include "zone/compile_parts.h"

#include <stdlib.h>

/* A host whose addresses go into the additional section. */
struct host {
    struct name name;
    uint8_t to_sign; /* bits of address_types whose RRset is there and signed */
};

static const uint16_t address_types[] = {TYPE_A, TYPE_AAAA};
#define ADDRESS_TYPES (sizeof address_types / sizeof address_types[0])

/* Octets of the signatures of one type that a node has, as records. */
static size_t signatures_octets(const struct node *node, uint16_t type)
{
    const struct rrset *all = node_rrset(node, TYPE_RRSIG);
    size_t octets = 0;

    for (size_t i = 0; all && i < all->count; i++)
        if (rrsig_type_covered(&all->items[i]) == type)
            octets += node->owner.length + RECORD_FIXED_OCTETS + all->items[i].length;
    return octets;
}

/* Adds the addresses that a node has to the additional section where they still fit a message: an
 * answer that is right without them must not fail for them. */
static void add_addresses(struct compile *compile, struct stored_answer *answer,
                          const struct node *node, struct host *host)
{
    struct owner owner = compile_owner_in_full(&node->owner);

    for (size_t i = 0; i < ADDRESS_TYPES; i++) {
        const struct rrset *rrset = node_rrset(node, address_types[i]);
        if (!rrset)
            continue;
        size_t octets = rrset->count * (owner.length + RECORD_FIXED_OCTETS) + rrset_octets(rrset);
        if (compile_answer_octets(answer) + octets > MAX_ANSWER_OCTETS)
            continue;
        compile_add_rrset(compile, answer, PART_ADDITIONAL, owner, rrset);
        if (signatures_octets(node, address_types[i]) > 0)
            host->to_sign |= (uint8_t)(1u << i);
    }
}

/* Adds the signatures of what add_addresses() added, as far as they fit (RFC 4035 §3.1.1). */
static void sign_addresses(struct compile *compile, struct stored_answer *answer,
                           const struct node *node, const struct host *host)
{
    for (size_t i = 0; i < ADDRESS_TYPES; i++) {
        uint16_t type = address_types[i];
        if ((host->to_sign & 1u << i) != 0 &&
            compile_answer_octets(answer) + signatures_octets(node, type) <= MAX_ANSWER_OCTETS)
            compile_add_signatures(compile, answer, PART_ADDITIONAL_SIGNATURES,
                                   compile_owner_in_full(&node->owner), node, type);
    }
}

/* Adds the addresses, or else their signatures, of each host that the zone has. */
static enum status for_hosts(struct compile *compile, struct stored_answer *answer,
                             struct host *hosts, size_t count, bool sign)
{
    const struct node_source *source = compile->source;
    struct node node;

    for (size_t i = 0; i < count; i++) {
        if (!name_is_within(hosts[i].name.octets, source->apex.octets))
            continue;
        enum status status = source->find(source->state, hosts[i].name.octets, &node);
        if (status == STATUS_OK && sign)
            sign_addresses(compile, answer, &node, &hosts[i]);
        else if (status == STATUS_OK)
            add_addresses(compile, answer, &node, &hosts[i]);
        else if (status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

/* Where the host name stands in the RDATA of types that want its addresses with them. */
static bool host_offset(uint16_t type, size_t *offset)
{
    switch (type) {
    case TYPE_NS:
        *offset = 0;
        return true;
    case TYPE_MX:
        *offset = 2;
        return true;
    case TYPE_SRV:
        *offset = 6;
        return true;
    default:
        return false;
    }
}

static bool is_among(const struct host *hosts, size_t count, const uint8_t *name)
{
    for (size_t i = 0; i < count; i++)
        if (name_equals(hosts[i].name.octets, name))
            return true;
    return false;
}

/* Copies the host names out of an RRset, each once. Returns how many. */
static size_t collect_hosts(const struct rrset *rrset, size_t offset, struct host *hosts)
{
    size_t count = 0;

    for (size_t i = 0; i < rrset->count; i++) {
        struct reader r = reader_of(rrset->items[i].octets, rrset->items[i].length);
        size_t length;
        reader_octets(&r, offset);
        const uint8_t *host = name_take(&r, &length);
        if (host && !is_among(hosts, count, host))
            name_set(&hosts[count++].name, host);
    }
    return count;
}

/* The names are copied, since looking one up may invalidate the RRset. */
enum status compile_add_additional(struct compile *compile, struct stored_answer *answer,
                                   const struct rrset *rrset)
{
    bool to_sign = false;
    size_t offset;

    if (!answer || !host_offset(rrset->type, &offset))
        return STATUS_OK;
    struct host *hosts = calloc(rrset->count, sizeof *hosts);
    if (!hosts)
        return STATUS_SYSTEM;
    size_t count = collect_hosts(rrset, offset, hosts);
    enum status status = for_hosts(compile, answer, hosts, count, false);
    for (size_t i = 0; i < count; i++)
        to_sign = to_sign || hosts[i].to_sign != 0;
    if (status == STATUS_OK && to_sign)
        status = for_hosts(compile, answer, hosts, count, true);
    free(hosts);
    return status;
}
