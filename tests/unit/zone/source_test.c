/* What holds for every zone that the builder makes, tried on many of them. */
#include "tests/unit/zone/fixture.h"

/* A small generator of numbers, so that a failure can be repeated. */
static unsigned roll(uint64_t *seed, unsigned sides)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % sides;
}

static const char *const u_labels[] = {
    "\xd1\x80\xd1\x84",
    "\xe4\xb8\xad\xe5\x9b\xbd",
    "\xce\xb5\xcf\x85",
    "xa",
    NULL,
    "012345678901234567890123456789012345678901234567890123456789012",
};
static const char *const uppers[] = {"\xd0\xa0\xd0\xa4", NULL, "XA", "\xd1\x80\xd1\x84"};
static const char *const registries[] = {
    "NIC",
    "Telecommunications and Digital Government Regulatory Authority (TDRA)",
};
static const char *const hosts[] = {"cc.example",       "ns.cc.example",   "a.b.c.cc.example",
                                    "ns.xa.cc.example", "ns1.example.net", "_meta.cc.example"};
static char ids[9][4] = {"a", "b", "c", "dns", "e", "f", "g", "h", "i"};

static void random_contact(struct fixture *f, size_t entry, size_t index, uint64_t *seed)
{
    struct contact *contact = add_contact(f, entry, ids[index], 1 + roll(seed, 31));
    if (strcmp(contact->id, "dns") == 0)
        contact->roles |= ROLE_DNS;
    contact->visibility = (enum visibility)roll(seed, 3);
    contact->email = roll(seed, 4) == 0 ? NULL : "a.b.c@nic.xa";
    contact->phone_count = roll(seed, 3);
    contact->phones[1] = (struct phone){"+4420794601", true};
    contact->pgp = roll(seed, 2) == 0 ? NULL : "0123456789ABCDEF0123456789ABCDEF01234567";
    contact->note = roll(seed, 2) == 0 ? NULL : "call; \"twice\"";
}

static void random_zone(struct fixture *f, uint64_t *seed)
{
    static const char *const labels[] = {"xa", "x", "xn--p1ai", "b"};
    fixture_start(f);
    f->zone.audience = (enum audience)roll(seed, 2);
    size_t entries = roll(seed, FIXTURE_ENTRIES + 1);
    for (size_t i = 0; i < entries; i++) {
        struct entry *entry = add_entry(f, "contacts/x.yaml", labels[i], NULL);
        entry->registry = registries[roll(seed, 2)];
        entry->verified_days -= (int32_t)roll(seed, 500);
        f->labels[i][0].u_label = u_labels[roll(seed, 6)];
        f->labels[i][0].upper = uppers[roll(seed, 4)];
        if (i == 0 && roll(seed, 2) == 0)
            add_label(f, i, "xn--zckzah", u_labels[roll(seed, 6)], NULL);
        size_t contacts = roll(seed, 6);
        for (size_t k = 0; k < contacts; k++)
            random_contact(f, i, k, seed);
    }
    f->addresses[0] = (struct prefix){AF_INET, {192, 0, 2, 1}, 32};
    f->addresses[1] = (struct prefix){AF_INET6, {0x20, 1, 0xd, 0xb8}, 128};
    f->zone.nameserver_count = 1 + roll(seed, 3);
    for (size_t i = 0; i < f->zone.nameserver_count; i++)
        f->nameservers[i] = (struct config_nameserver){
            name_of(hosts[roll(seed, 6)]), roll(seed, 3), f->addresses, {0}};
}

static void assert_same_node(const struct node *a, const struct node *b)
{
    assert_true(name_equals(a->owner.octets, b->owner.octets));
    assert_int_equal(a->rrset_count, b->rrset_count);
    for (size_t i = 0; i < a->rrset_count; i++) {
        assert_int_equal(a->rrsets[i].type, b->rrsets[i].type);
        assert_int_equal(a->rrsets[i].ttl, b->rrsets[i].ttl);
        assert_int_equal(a->rrsets[i].count, b->rrsets[i].count);
        for (size_t k = 0; k < a->rrsets[i].count; k++) {
            assert_int_equal(a->rrsets[i].items[k].length, b->rrsets[i].items[k].length);
            assert_memory_equal(a->rrsets[i].items[k].octets, b->rrsets[i].items[k].octets,
                                a->rrsets[i].items[k].length);
        }
    }
}

static void assert_rrset(const struct rrset *rrset)
{
    assert_int_equal(rrset->ttl, 14400);
    assert_true(rrset->count >= 1 && rrset->count <= RRSET_MAX_RECORDS);
    assert_true(rrset_octets(rrset) <= RRSET_MAX_OCTETS);
    for (size_t k = 0; k < rrset->count; k++) {
        assert_true(rrset->items[k].length > 0);
        if (k > 0)
            assert_true(rrset_order(rrset->type, &rrset->items[k - 1], &rrset->items[k]) < 0);
    }
}

static void assert_node(const struct node *node)
{
    assert_true(node->rrset_count > 0);
    for (size_t i = 0; i < node->rrset_count; i++) {
        assert_rrset(&node->rrsets[i]);
        if (i > 0)
            assert_true(node->rrsets[i - 1].type < node->rrsets[i].type);
    }
    if (node_rrset(node, TYPE_CNAME) != NULL) /* RFC 1034 §3.6.2 */
        assert_int_equal(node->rrset_count, 1);
}

/* RFC 1183 §2.2: a txt-dname is a name for which TXT records exist. */
static void assert_txt_of_rp(const struct node_source *source, const struct node *node)
{
    const struct rrset *rp = node_rrset(node, TYPE_RP);
    for (size_t i = 0; rp != NULL && i < rp->count; i++) {
        struct node txt;
        const uint8_t *octets = rp->items[i].octets;
        assert_int_equal(source->find(source->state, octets + name_octets(octets), &txt),
                         STATUS_OK);
        assert_non_null(node_rrset(&txt, TYPE_TXT));
    }
}

/* Every ancestor of a name within the zone is found, with records or as an empty non-terminal. */
static void assert_ancestors(const struct node_source *source, const struct node *node)
{
    const uint8_t *name = node->owner.octets;
    for (; name_is_within(name, source->apex.octets); name = name_parent(name, 1)) {
        struct node found;
        assert_int_equal(source->find(source->state, name, &found), STATUS_OK);
    }
}

static size_t walk(const struct node_source *source)
{
    struct name last = {.length = 0};
    struct node node;
    size_t count = 0;
    enum status status;

    while ((status = source->next(source->state, &node)) == STATUS_OK) {
        struct node found;
        struct name owner = node.owner;
        if (count == 0)
            assert_true(name_equals(owner.octets, source->apex.octets));
        else
            assert_true(name_compare(last.octets, owner.octets) < 0);
        assert_node(&node);
        assert_int_equal(source->find(source->state, owner.octets, &found), STATUS_OK);
        assert_same_node(&node, &found);
        assert_txt_of_rp(source, &node);
        assert_ancestors(source, &node);
        last = owner;
        count++;
    }
    assert_int_equal(status, STATUS_NOT_FOUND);
    assert_int_equal(source->next(source->state, &node), STATUS_NOT_FOUND);
    return count;
}

static void nodes_ascend_and_find_agrees_with_next(void **state)
{
    uint64_t seed = 20261122;
    size_t nodes = 0;
    (void)state;
    for (size_t round = 0; round < 300; round++) {
        struct fixture f;
        random_zone(&f, &seed);
        struct node_source source = fixture_build(&f);
        size_t count = walk(&source);
        assert_int_equal(source.rewind(source.state), STATUS_OK);
        assert_int_equal(walk(&source), count);
        nodes += count;
        fixture_end(&f);
    }
    assert_true(nodes > 5000);
}

static void rewinding_in_the_middle_starts_again(void **state)
{
    struct fixture f;
    struct node node;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    struct node_source source = fixture_build(&f);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(source.next(source.state, &node), STATUS_OK);
    assert_int_equal(source.rewind(source.state), STATUS_OK);
    assert_int_equal(source.next(source.state, &node), STATUS_OK);
    assert_true(name_equals(node.owner.octets, f.zone.domain.octets));
    fixture_end(&f);
}

/* Two builds of the same contents are the same octets: export is deterministic. */
static void the_same_contents_make_the_same_records(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 30; seed++) {
        struct fixture a;
        struct fixture b;
        uint64_t seed_a = seed;
        uint64_t seed_b = seed;
        random_zone(&a, &seed_a);
        random_zone(&b, &seed_b);
        struct node_source left = fixture_build(&a);
        struct node_source right = fixture_build(&b);
        struct node x, y;
        while (left.next(left.state, &x) == STATUS_OK) {
            assert_int_equal(right.next(right.state, &y), STATUS_OK);
            assert_same_node(&x, &y);
        }
        assert_int_equal(right.next(right.state, &y), STATUS_NOT_FOUND);
        fixture_end(&a);
        fixture_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_ascend_and_find_agrees_with_next),
        cmocka_unit_test(rewinding_in_the_middle_starts_again),
        cmocka_unit_test(the_same_contents_make_the_same_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
