#include "zone/chase.h"

static enum status find_wildcard(const struct node_source *source, const uint8_t *encloser,
                                 struct node *out)
{
    struct name wildcard;
    const uint8_t star[] = {'*'};

    if (name_prepend(&wildcard, star, sizeof star, encloser) != STATUS_OK)
        return STATUS_NOT_FOUND;
    return source->find(source->state, wildcard.octets, out);
}

/* Finds where a name in the zone leads: from the apex down, so that cuts come first. */
static enum status resolve(const struct node_source *source, const struct name *target,
                           struct chase *out)
{
    size_t apex_labels = name_labels(source->apex.octets);
    size_t labels = name_labels(target->octets);
    enum status status = STATUS_OK;

    out->outcome = CHASE_NODE;
    for (size_t depth = apex_labels; depth <= labels; depth++) {
        const uint8_t *ancestor = name_parent(target->octets, labels - depth);
        status = source->find(source->state, ancestor, &out->node);
        if (status == STATUS_OK && node_rrset(&out->node, TYPE_NSEC3))
            status = STATUS_NOT_FOUND; /* its owner is no name of the zone (RFC 5155 §7.2.8) */
        if (status == STATUS_NOT_FOUND) {
            const uint8_t *encloser = name_parent(ancestor, 1);
            status = find_wildcard(source, encloser, &out->node);
            out->outcome = status == STATUS_NOT_FOUND ? CHASE_NOTHING : CHASE_NODE;
            out->synthesised = out->synthesised || status == STATUS_OK;
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
        if (status != STATUS_OK)
            return status;
        if (depth > apex_labels && node_rrset(&out->node, TYPE_NS)) {
            out->outcome = CHASE_CUT;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* True when the chain has been at this node before: an RRset stands in a message only once
 * (RFC 2181 §5.5). Owners are compared, not targets: a wildcard stands for many names. */
static bool is_among(const struct name *visited, size_t count, const struct node *node)
{
    for (size_t i = 0; i < count; i++)
        if (name_equals(visited[i].octets, node->owner.octets))
            return true;
    return false;
}

/* Copies the link and its signatures out of a node. */
static void take_link(const struct node *alias, const struct rrset *cname,
                      struct writer *signatures, struct chase_link *out)
{
    const struct rrset *all = node_rrset(alias, TYPE_RRSIG);

    out->ttl = cname->ttl;
    name_set(&out->target, cname->items[0].octets);
    out->signatures_at = writer_length(signatures);
    out->signature_count = 0;
    for (size_t i = 0; all && i < all->count; i++) {
        const struct rdata *rdata = &all->items[i];
        if (rrsig_type_covered(rdata) != TYPE_CNAME)
            continue;
        writer_u16(signatures, rdata->length);
        writer_octets(signatures, rdata->octets, rdata->length);
        out->signature_count++;
    }
}

enum status chase_alias(const struct node_source *source, const struct node *alias,
                        struct writer *signatures, struct chase *out)
{
    const struct node *node = alias;
    const struct rrset *cname = node_rrset(alias, TYPE_CNAME);
    struct name visited[CHASE_MAX_LINKS + 1] = {alias->owner};

    out->link_count = 0;
    out->synthesised = false;
    while (cname) {
        if (out->link_count == CHASE_MAX_LINKS) {
            out->outcome = CHASE_OUTSIDE;
            return STATUS_OK;
        }
        struct chase_link *link = &out->links[out->link_count++];
        take_link(node, cname, signatures, link);
        if (!name_is_within(link->target.octets, source->apex.octets)) {
            out->outcome = CHASE_OUTSIDE;
            return STATUS_OK;
        }
        enum status status = resolve(source, &link->target, out);
        if (status != STATUS_OK || out->outcome != CHASE_NODE)
            return status;
        if (is_among(visited, out->link_count, &out->node)) {
            out->outcome = CHASE_OUTSIDE;
            return STATUS_OK;
        }
        visited[out->link_count] = out->node.owner;
        node = &out->node;
        cname = node_rrset(&out->node, TYPE_CNAME);
    }
    return STATUS_OK;
}
