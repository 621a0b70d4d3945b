/* Where CNAMEs lead: chains, wildcards, cuts, empty non-terminals, loops, other zones. */
#include "golden.h"

#include "zone/chase.h"

static const char zone_text[] =
    "$ORIGIN example.\n$TTL 3600\n@ SOA ns1 h 7 3600 900 604800 300\n@ NS ns1\nns1 A 192.0.2.1\n"
    "one CNAME here\nhere TXT x\n"
    "c1 60 CNAME c2\nc2 CNAME c3\nc3 CNAME c4\nc4 CNAME c5\nc5 CNAME c6\nc6 CNAME c7\n"
    "c7 CNAME c8\nc8 CNAME here\n"
    "c0 CNAME c1\n"
    "self CNAME self\nloop1 CNAME loop2\nloop2 CNAME loop1\ntoloop CNAME loop1\n"
    "*.w CNAME here\ntow CNAME a.b.w\n"
    "*.wloop CNAME x.wloop\ntowloop CNAME y.wloop\n"
    "*.w1 CNAME x.w2\n*.w2 CNAME x.w1\n"
    "nowhere CNAME missing.here\n"
    "ent CNAME b.ent.deep\na.b.ent.deep TXT x\n"
    "a.*.star TXT x\ntostar CNAME q.star\n"
    "cut NS ns.cut\nns.cut A 192.0.2.2\ninner.cut NS ns.cut\n"
    "tocut CNAME cut\nbelowcut CNAME x.cut\nglue CNAME ns.cut\ninner CNAME x.inner.cut\n"
    "*.cut TXT occluded\n"
    "out CNAME www.other.\nup CNAME .\napex CNAME @\nCase CNAME HERE\n"
    "sub.w CNAME here\nblocked CNAME x.sub.w\n"
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 0 - 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom\n"
    "hash CNAME 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom\n";

/* Follows the CNAME at a name of the zone. */
static struct chase follow(const struct read_zone *zone, const char *text)
{
    struct name name;
    struct node alias;
    struct chase chase;
    uint8_t octets[64]; /* for signatures: there are none */
    struct writer signatures = writer_of(octets, sizeof octets);

    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    assert_int_equal(zone->source.find(zone->source.state, name.octets, &alias), STATUS_OK);
    assert_int_equal(chase_alias(&zone->source, &alias, &signatures, &chase), STATUS_OK);
    return chase;
}

static const struct {
    const char *alias;
    enum chase_outcome outcome;
    size_t links;
    const char *end; /* the node that it ends at, or NULL */
} cases[] = {
    {"one.example", CHASE_NODE, 1, "here.example."},
    {"c1.example", CHASE_NODE, 8, "here.example."},
    {"hash.example", CHASE_NOTHING, 1, NULL}, /* RFC 5155 §7.2.8 */
    {"c0.example", CHASE_OUTSIDE, 8, NULL},   /* the ninth is not followed */
    {"self.example", CHASE_OUTSIDE, 1, NULL},
    {"loop1.example", CHASE_OUTSIDE, 2, NULL},
    {"toloop.example", CHASE_OUTSIDE, 3, NULL},
    {"*.w.example", CHASE_NODE, 1, "here.example."},
    {"tow.example", CHASE_NODE, 2, "here.example."},
    {"*.wloop.example", CHASE_OUTSIDE, 1, NULL},
    {"towloop.example", CHASE_OUTSIDE, 2, NULL},
    {"*.w1.example", CHASE_OUTSIDE, 2, NULL},
    {"nowhere.example", CHASE_NOTHING, 1, NULL},
    {"ent.example", CHASE_NODE, 1, "b.ent.deep.example."},
    {"tostar.example", CHASE_NODE, 1, "*.star.example."}, /* RFC 4592 §4.9 */
    {"tocut.example", CHASE_CUT, 1, "cut.example."},
    {"belowcut.example", CHASE_CUT, 1, "cut.example."},
    {"glue.example", CHASE_CUT, 1, "cut.example."},
    {"inner.example", CHASE_CUT, 1, "cut.example."}, /* the topmost cut refers */
    {"out.example", CHASE_OUTSIDE, 1, NULL},
    {"up.example", CHASE_OUTSIDE, 1, NULL},
    {"apex.example", CHASE_NODE, 1, "example."},
    {"case.example", CHASE_NODE, 1, "here.example."},
    {"blocked.example", CHASE_NOTHING, 1, NULL}, /* RFC 4592 §3.3.1: the name in between exists */
};

static void aliases_lead_where_the_rfcs_say(void **state)
{
    struct read_zone zone = read_zone_text(zone_text, sizeof zone_text - 1);
    (void)state;

    assert_int_equal(zone.status, STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct chase chase = follow(&zone, cases[i].alias);
        char end[NAME_TEXT_OCTETS];
        if (chase.outcome != cases[i].outcome || chase.link_count != cases[i].links)
            print_error("%s: outcome %d, links %zu\n", cases[i].alias, (int)chase.outcome,
                        chase.link_count);
        assert_int_equal(chase.outcome, cases[i].outcome);
        assert_int_equal(chase.link_count, cases[i].links);
        if (cases[i].end == NULL)
            continue;
        name_to_text(chase.node.owner.octets, end);
        assert_string_equal(end, cases[i].end);
    }
    drop_zone(&zone);
}

static void each_link_keeps_its_ttl_and_its_letters(void **state)
{
    struct read_zone zone = read_zone_text(zone_text, sizeof zone_text - 1);
    (void)state;

    struct chase chase = follow(&zone, "c1.example");
    assert_int_equal(chase.links[0].ttl, 60);
    assert_int_equal(chase.links[1].ttl, 3600);
    chase = follow(&zone, "case.example");
    assert_memory_equal(chase.links[0].target.octets, "\4HERE\7example", 14);
    drop_zone(&zone);
}

/* An empty non-terminal has no records, whatever was found before it. */
static void an_empty_non_terminal_ends_a_chain_without_records(void **state)
{
    struct read_zone zone = read_zone_text(zone_text, sizeof zone_text - 1);
    (void)state;

    assert_int_equal(follow(&zone, "ent.example").node.rrset_count, 0);
    assert_int_equal(follow(&zone, "tostar.example").node.rrset_count, 0);
    drop_zone(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aliases_lead_where_the_rfcs_say),
        cmocka_unit_test(each_link_keeps_its_ttl_and_its_letters),
        cmocka_unit_test(an_empty_non_terminal_ends_a_chain_without_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
