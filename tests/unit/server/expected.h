/*
 * What a question must be answered with: a plain reading of RFC 1034 §4.3.2, RFC 4592 and RFC 4035
 * §3.1.4 over the records of a zone. Slow, and nothing like the code under test.
 */
#ifndef TESTS_EXPECTED_H
#define TESTS_EXPECTED_H

#include "tests/unit/server/decoded.h"

#include "zone/chase.h"

/* What a reply must be. */
struct expected {
    unsigned rcode;
    bool authoritative;
    struct lines answer, authority, additional;
};

static inline void expect_addresses(struct expected *out, const struct node_source *source,
                                    const uint8_t *host)
{
    struct node node;
    if (source->find(source->state, host, &node) != STATUS_OK)
        return;
    lines_add_rrset(&out->additional, &node.owner, node_rrset(&node, TYPE_A));
    lines_add_rrset(&out->additional, &node.owner, node_rrset(&node, TYPE_AAAA));
}

/* The addresses of the hosts in an RRset, each host once. */
static inline void expect_hosts(struct expected *out, const struct node_source *source,
                                const struct rrset *rrset)
{
    size_t skip = rrset->type == TYPE_MX ? 2 : rrset->type == TYPE_SRV ? 6 : 0;

    if (rrset->type != TYPE_NS && rrset->type != TYPE_MX && rrset->type != TYPE_SRV)
        return;
    struct arena *arena = arena_create();
    struct rrset hosts; /* finding one forgets the RRset */
    assert_int_equal(rrset_copy(arena, rrset, &hosts), STATUS_OK);
    for (size_t i = 0; i < hosts.count; i++) {
        const uint8_t *host = hosts.items[i].octets + skip;
        bool before = false;
        for (size_t k = 0; k < i; k++)
            before = before || name_equals(host, hosts.items[k].octets + skip);
        if (!before)
            expect_addresses(out, source, host);
    }
    arena_destroy(arena);
}

/* The topmost cut at or above a name, as a part of it; NULL for none. */
static inline const uint8_t *cut_above(const struct node_source *source, const uint8_t *name)
{
    size_t apex_labels = name_labels(source->apex.octets);
    struct node node;

    for (size_t up = name_labels(name) - apex_labels; up-- > 0;) {
        const uint8_t *ancestor = name_parent(name, up);
        if (source->find(source->state, ancestor, &node) == STATUS_OK && node_rrset(&node, TYPE_NS))
            return ancestor;
    }
    return NULL;
}

static inline void expect_referral(struct expected *out, const struct node_source *source,
                                   const uint8_t *cut)
{
    struct node node;
    assert_int_equal(source->find(source->state, cut, &node), STATUS_OK);
    lines_add_rrset(&out->authority, &node.owner, node_rrset(&node, TYPE_NS));
    lines_add_rrset(&out->authority, &node.owner, node_rrset(&node, TYPE_DS)); /* DO is set */
    expect_hosts(out, source, node_rrset(&node, TYPE_NS));
    out->authoritative = out->answer.count > 0;
}

static inline void expect_soa(struct expected *out, const struct node_source *source)
{
    struct node apex;
    assert_int_equal(source->find(source->state, source->apex.octets, &apex), STATUS_OK);
    const struct rrset *soa = node_rrset(&apex, TYPE_SOA);
    struct reader minimum = reader_of(soa->items[0].octets + soa->items[0].length - 4, 4);
    uint32_t limit = reader_u32(&minimum);
    lines_add_record(&out->authority, &apex.owner, TYPE_SOA, soa->ttl < limit ? soa->ttl : limit,
                     &soa->items[0]);
    out->authoritative = true;
}

/* The node that a name is answered from: its own, an empty one, or its wildcard's (RFC 4592). */
static inline bool find_node(const struct node_source *source, const uint8_t *name,
                             struct node *out)
{
    struct name wildcard;

    if (source->find(source->state, name, out) == STATUS_OK)
        return true;
    while (source->find(source->state, name, out) != STATUS_OK)
        name = name_parent(name, 1);
    return name_prepend(&wildcard, (const uint8_t *)"*", 1, name) == STATUS_OK &&
           source->find(source->state, wildcard.octets, out) == STATUS_OK;
}

/* One step: answers, or false with `name` moved to what a CNAME leads to. */
static inline bool expect_step(struct expected *out, const struct node_source *source,
                               struct name *name, uint16_t type, struct name visited[], size_t step)
{
    const uint8_t *cut = cut_above(source, name->octets);
    struct node node;

    if (cut && !(type == TYPE_DS && cut == name->octets)) {
        expect_referral(out, source, cut);
        return true;
    }
    if (!find_node(source, name->octets, &node)) {
        out->rcode = LDNS_RCODE_NXDOMAIN;
        expect_soa(out, source);
        return true;
    }
    for (size_t i = 0; i < step; i++)
        if (name_equals(visited[i].octets, node.owner.octets))
            return true; /* a loop, or a wildcard's */
    visited[step] = node.owner;
    const struct rrset *rrset = node_rrset(&node, type);
    const struct rrset *cname = cut ? NULL : node_rrset(&node, TYPE_CNAME);
    if (!rrset && (!cname || type == TYPE_CNAME)) {
        expect_soa(out, source);
        return true;
    }
    out->authoritative = true;
    lines_add_rrset(&out->answer, name, rrset ? rrset : cname);
    if (rrset) {
        if (step == 0)
            expect_hosts(out, source, rrset);
        return true;
    }
    name_set(name, cname->items[0].octets);
    return !name_is_within(name->octets, source->apex.octets);
}

static inline struct expected expect(const struct node_source *source, const struct name *asked,
                                     uint16_t type)
{
    struct name visited[CHASE_MAX_LINKS + 1];
    struct expected out = {.rcode = 0};
    struct name name = *asked;

    for (size_t step = 0; step <= CHASE_MAX_LINKS; step++)
        if (expect_step(&out, source, &name, type, visited, step))
            break;
    return out;
}

static inline void expected_free(struct expected *expected)
{
    lines_free(&expected->answer);
    lines_free(&expected->authority);
    lines_free(&expected->additional);
}

#endif
