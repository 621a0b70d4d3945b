/* The records of DESIGN §3, row by row; the rules that hold for any zone are in source_test.c. */
#include "tests/unit/zone/fixture.h"

#define U_LABEL "\xd1\x80\xd1\x84"
#define U_UPPER "\xd0\xa0\xd0\xa4"

static const char *const xa_card[] = {
    "\"0 Xanadu Network Information Centre (.xa, Xanadu) - verified 2026-11-01\"",
    "\"1 security 24x7 +442079460101 csirt@nic-xa.example Xanadu CSIRT\"",
    "\"2 dns Mo-Fr 08:00-18:00 Europe/London +442079460102 dns.ops@nic-xa.example DNS operations\"",
    NULL,
};

#define XA_SECURITY                                                                                \
    "\"v=cc1; tld=xa; id=security; order=1; role=security; hours=24x7; tel=+442079460101; "        \
    "mail=csirt@nic-xa.example; tz=Europe/London; lang=en,fr; oob=yes; name=Xanadu CSIRT; \" "     \
    "\"pgp=0123456789ABCDEF0123456789ABCDEF01234567; verified=2026-11-01; by=callback; "           \
    "expires=2027-12-06\""

static void the_session_of_the_design_is_what_dig_shows(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    struct node_source source = fixture_build(&f);
    assert_txt(&source, "xa.cc.example", xa_card);
    ASSERT_TXT(&source, "_security.xa.cc.example", XA_SECURITY);
    assert_int_equal(diag_total(f.diag), 0);
    fixture_end(&f);
}

static void a_wildcard_says_the_same_as_its_label(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    struct node_source source = fixture_build(&f);
    assert_txt(&source, "*.xa.cc.example", xa_card);
    struct rrset rp = rrset_of(&source, "*.xa.cc.example", TYPE_RP);
    assert_int_equal(rp.count, 2);
    assert_int_equal(rp.ttl, 14400);
    fixture_end(&f);
}

static void assert_rp(const struct rdata *rdata, const char *mailbox, const char *txt)
{
    char text[NAME_TEXT_OCTETS];
    name_to_text(rdata->octets, text);
    assert_string_equal(text, mailbox);
    size_t first = name_octets(rdata->octets);
    name_to_text(rdata->octets + first, text);
    assert_string_equal(text, txt);
    assert_int_equal(rdata->length, first + name_octets(rdata->octets + first));
}

/* RFC 1183 §2.2; the local part is one label, dots and all. */
static void rp_names_the_mailbox_and_the_contact(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    struct contact *none = add_contact(&f, 0, "night", ROLE_DNS);
    none->email = NULL;
    struct node_source source = fixture_build(&f);
    struct rrset rp = rrset_of(&source, "xa.cc.example", TYPE_RP);
    assert_int_equal(rp.count, 3);
    assert_rp(&rp.items[0], ".", "_night.xa.cc.example.");
    assert_rp(&rp.items[1], "csirt.nic-xa.example.", "_security.xa.cc.example.");
    assert_rp(&rp.items[2], "dns\\.ops.nic-xa.example.", "_dns.xa.cc.example.");
    /* The union of the role and of the id that it names. */
    rp = rrset_of(&source, "_dns.xa.cc.example", TYPE_RP);
    assert_int_equal(rp.count, 2);
    rp = rrset_of(&source, "_night.xa.cc.example", TYPE_RP);
    assert_int_equal(rp.count, 1);
    assert_rp(&rp.items[0], ".", "_night.xa.cc.example.");
    fixture_end(&f);
}

static void a_role_is_the_union_of_its_contacts(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    struct contact *first = add_contact(&f, 0, "duty", ROLE_SECURITY | ROLE_CSIRT);
    first->pgp = "0123456789abcdef0123456789abcdef01234567";
    struct contact *second = add_contact(&f, 0, "csirt", ROLE_CSIRT);
    second->pgp = first->pgp; /* one key of the team: one CERT */
    second->phone_count = 2;
    second->phones[1] = (struct phone){"+442079460199", true};
    struct node_source source = fixture_build(&f);

    const char start[] = "v=cc1; tld=xa; id=duty; order=1; role=security,csirt; ";
    struct rrset txt = rrset_of(&source, "_csirt.xa.cc.example", TYPE_TXT);
    assert_int_equal(txt.count, 2);
    assert_memory_equal(txt.items[0].octets + 1, start, sizeof start - 1);
    struct rrset cert = rrset_of(&source, "_csirt.xa.cc.example", TYPE_CERT);
    assert_int_equal(cert.count, 1);
    assert_int_equal(cert.items[0].length, 6 + 20);
    assert_memory_equal(cert.items[0].octets, "\x00\x06\x00\x00\x00\x14\x01\x23\x45", 9);
    struct rrset uri = rrset_of(&source, "_csirt.xa.cc.example", TYPE_URI);
    assert_int_equal(uri.count, 5);
    assert_memory_equal(uri.items[2].octets, "\x00\x14\x00\x00tel:+442079460100", 21);
    assert_memory_equal(uri.items[3].octets, "\x00\x15\x00\x00sms:+442079460199", 21);
    assert_memory_equal(uri.items[4].octets, "\x00\x16\x00\x00mailto:noc@nic.example", 26);
    /* _security holds the first of them only, _duty the same; nobody has the role of _dns. */
    assert_int_equal(rrset_of(&source, "_security.xa.cc.example", TYPE_TXT).count, 1);
    assert_int_equal(rrset_of(&source, "_duty.xa.cc.example", TYPE_TXT).count, 1);
    ASSERT_NONE(&source, "_dns.xa.cc.example");
    fixture_end(&f);
}

static void a_mailto_is_percent_encoded(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    struct contact *contact = add_contact(&f, 0, "dns", ROLE_DNS);
    contact->email = "a.b-c_d~e+f%g&h=i?j/k#l@nic.example";
    contact->phone_count = 0;
    struct node_source source = fixture_build(&f);
    const char target[] = "mailto:a.b-c_d~e%2Bf%25g%26h%3Di%3Fj%2Fk%23l@nic.example";
    struct rrset uri = rrset_of(&source, "_dns.xa.cc.example", TYPE_URI);
    assert_int_equal(uri.items[0].length, 4 + sizeof target - 1);
    assert_memory_equal(uri.items[0].octets + 4, target, sizeof target - 1);
    fixture_end(&f);
}

static void every_pair_has_its_place(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    struct contact *c = &f.contacts[0][0];
    c->phone_count = 2;
    c->phones[1] = (struct phone){"+442079460199", true};
    c->email = "noc@nic.xa";
    c->name_l10n = "\xd0\xa5";
    c->wait = "15m";
    c->note = "ask for the duty officer";
    f.rules.today = days("2027-12-07");
    struct node_source source = fixture_build(&f);
    ASSERT_TXT(
        &source, "_security.xa.cc.example",
        "\"v=cc1; tld=xa; id=security; order=1; role=security; hours=24x7; tel=+442079460101; "
        "sms=+442079460199; mail=noc@nic.xa; tz=Europe/London; lang=en,fr; oob=no; "
        "name=Xanadu CSIRT; name-l10n=\xd0\xa5; wait=15m; note=ask for the duty officer; \" "
        "\"pgp=0123456789ABCDEF0123456789ABCDEF01234567; verified=2026-11-01; by=callback; "
        "expires=2027-12-06; status=expired\"");
    fixture_end(&f);
}

static void an_alias_leads_to_the_label(void **state)
{
    static const char *const owners[] = {U_LABEL ".cc.example", "*." U_LABEL ".cc.example",
                                         U_UPPER ".cc.example", "*." U_UPPER ".cc.example"};
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    f.labels[0][0].u_label = U_LABEL;
    f.labels[0][0].upper = U_UPPER;
    struct node_source source = fixture_build(&f);
    for (size_t i = 0; i < 4; i++) {
        struct rrset cname = rrset_of(&source, owners[i], TYPE_CNAME);
        assert_int_equal(cname.count, 1);
        assert_memory_equal(cname.items[0].octets,
                            "\x02xa\x02"
                            "cc\x07"
                            "example",
                            15);
        assert_int_equal(cname.items[0].length, 15);
    }
    fixture_end(&f);
}

static void a_label_of_also_has_copies_of_its_own(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    add_label(&f, 0, "xn--zckzah", "\xe3\x83\x86", NULL);
    f.labels[0][1].territory = "Testland";
    struct node_source source = fixture_build(&f);
    ASSERT_TXT(&source, "xn--zckzah.cc.example",
               "\"0 Xanadu Network Information Centre (.xn--zckzah, Testland) - verified "
               "2026-11-01\"",
               xa_card[1], xa_card[2]);
    struct rrset txt = rrset_of(&source, "_security.xn--zckzah.cc.example", TYPE_TXT);
    assert_memory_equal(txt.items[0].octets + 1, "v=cc1; tld=xn--zckzah; ", 23);
    struct rrset rp = rrset_of(&source, "xn--zckzah.cc.example", TYPE_RP);
    assert_rp(&rp.items[0], "csirt.nic-xa.example.", "_security.xn--zckzah.cc.example.");
    rrset_of(&source, "\xe3\x83\x86.cc.example", TYPE_CNAME);
    ASSERT_TXT(&source, "_index.cc.example", "\"xa xn--zckzah \"");
    ASSERT_TXT(&source, "_meta.cc.example",
               "\"v=cc1; serial=2026112201; published=2026-11-22T13:00:00Z; tlds=2; contacts=2; "
               "stale=0\"");
    fixture_end(&f);
}

static void members_zones_show_more_than_public_ones(void **state)
{
    (void)state;
    for (int members = 0; members <= 1; members++) {
        struct fixture f;
        fixture_start(&f);
        add_xanadu(&f);
        f.contacts[0][1].visibility = VISIBILITY_MEMBERS;
        add_contact(&f, 0, "secret", ROLE_MANAGEMENT)->visibility = VISIBILITY_INTERNAL;
        f.zone.audience = members ? AUDIENCE_MEMBERS : AUDIENCE_PUBLIC;
        struct node_source source = fixture_build(&f);
        assert_int_equal(rrset_of(&source, "xa.cc.example", TYPE_TXT).count, members ? 3 : 2);
        if (!members)
            ASSERT_NONE(&source, "_dns.xa.cc.example");
        ASSERT_NONE(&source, "_secret.xa.cc.example");
        ASSERT_NONE(&source, "_management.xa.cc.example");
        fixture_end(&f);
    }
}

static void an_entry_that_nobody_sees_is_missing(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    f.contacts[0][0].visibility = VISIBILITY_MEMBERS;
    f.contacts[0][1].visibility = VISIBILITY_INTERNAL;
    struct node_source source = fixture_build(&f);
    ASSERT_NONE(&source, "xa.cc.example");
    ASSERT_NONE(&source, "*.xa.cc.example");
    ASSERT_TXT(&source, "_index.cc.example", "\"\"");
    ASSERT_TXT(&source, "_missing.cc.example", "\"xa xb xn--e1a4c \"");
    fixture_end(&f);
}

static void lists_name_who_is_there_who_is_not_and_who_is_old(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    f.entries[0].verified_days = days("2025-01-01"); /* expired is stale too */
    add_entry(&f, "contacts/xc.yaml", "xc", NULL);
    add_contact(&f, 1, "dns", ROLE_DNS);
    struct node_source source = fixture_build(&f);
    ASSERT_TXT(&source, "_index.cc.example", "\"xa xc \"");
    ASSERT_TXT(&source, "_missing.cc.example", "\"xb xn--e1a4c \"");
    ASSERT_TXT(&source, "_stale.cc.example", "\"xa \"");
    ASSERT_TXT(&source, "_meta.cc.example",
               "\"v=cc1; serial=2026112201; published=2026-11-22T13:00:00Z; tlds=2; contacts=3; "
               "stale=1\"");
    fixture_end(&f);
}

static void any_label_welcome_means_none_is_missing(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    f.delegated.any = true;
    struct node_source source = fixture_build(&f);
    ASSERT_TXT(&source, "_missing.cc.example", "\"\"");
    ASSERT_TXT(&source, "_stale.cc.example", "\"\"");
    fixture_end(&f);
}

/* DESIGN §3: one beyond 16 kB says how many and points to AXFR. */
static void a_list_beyond_16_kb_says_how_many(void **state)
{
    static char labels[5400][8];
    static struct entry_label entry_labels[5400];
    static struct entry entries[5400];
    (void)state;
    for (size_t count = 3000; count <= 5400; count += 2400) {
        struct fixture f;
        fixture_start(&f);
        add_xanadu(&f);
        for (size_t i = 0; i < count; i++) {
            snprintf(labels[i], sizeof labels[i], "%04zu", i);
            entry_labels[i] = f.labels[0][0];
            entry_labels[i].a_label = labels[i];
            entries[i] = f.entries[0];
            entries[i].labels = &entry_labels[i];
        }
        f.all.entries = entries;
        f.all.entry_count = count;
        struct node_source source = fixture_build(&f);
        struct rrset index = rrset_of(&source, "_index.cc.example", TYPE_TXT);
        assert_int_equal(index.count, 1);
        if (count == 3000)
            assert_int_equal(index.items[0].length, 3000 * 5 + 3000 * 5 / 255 + 1);
        else
            ASSERT_TXT(&source, "_index.cc.example",
                       "\"5400 labels, too many for one record: dig AXFR cc.example.\"");
        fixture_end(&f);
    }
}

static void the_apex_says_how_to_ask(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    struct node_source source = fixture_build(&f);
    ASSERT_TXT(&source, "cc.example",
               "\"1 contacts of a ccTLD, here .xa: dig +short TXT xa.cc.example | sort\"",
               "\"2 all labels: dig +short TXT _index.cc.example; what the keys mean: "
               "_schema.cc.example\"");
    struct rrset soa = rrset_of(&source, "cc.example", TYPE_SOA);
    const char expected[] = "\x03ns2\x07"
                            "example\x03net\x00\x0ahostmaster\x02"
                            "cc\x07"
                            "example\x00\x78\xc4\x04\xc9\x00\x00\x0e\x10\x00\x00\x03\x84"
                            "\x00\x24\xea\x00\x00\x00\x01\x2c";
    assert_int_equal(soa.items[0].length, sizeof expected - 1);
    assert_memory_equal(soa.items[0].octets, expected, sizeof expected - 1);
    assert_int_equal(rrset_of(&source, "cc.example", TYPE_NS).count, 1);
    build_stamp(f.build, 7, 0);
    ASSERT_TXT(&source, "_meta.cc.example",
               "\"v=cc1; serial=7; published=1970-01-01T00:00:00Z; tlds=1; contacts=2; stale=0\"");
    soa = rrset_of(&source, "cc.example", TYPE_SOA);
    assert_int_equal(soa.items[0].octets[soa.items[0].length - 17], 7);
    fixture_end(&f);
}

static void every_key_is_explained(void **state)
{
    static const char *const keys[] = {
        "v",  "tld",     "id",     "order",  "role",      "hours", "tel",      "sms",   "mail",
        "tz", "lang",    "oob",    "name",   "name-l10n", "wait",  "note",     "pgp",   "verified",
        "by", "expires", "status", "serial", "published", "tlds",  "contacts", "stale",
    };
    struct fixture f;
    (void)state;
    fixture_start(&f);
    struct node_source source = fixture_build(&f);
    struct rrset schema = rrset_of(&source, "_schema.cc.example", TYPE_TXT);
    assert_int_equal(schema.count, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t found = 0;
        size_t length = strlen(keys[i]);
        for (size_t k = 0; k < schema.count; k++)
            found += schema.items[k].length > length + 3 &&
                     memcmp(schema.items[k].octets + 1, keys[i], length) == 0 &&
                     memcmp(schema.items[k].octets + 1 + length, "  ", 2) == 0;
        assert_int_equal(found, 1);
        assert_true(length <= 9);
    }
    fixture_end(&f);
}

static void name_servers_in_the_zone_have_addresses(void **state)
{
    struct fixture f;
    struct node node;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    f.addresses[0] = (struct prefix){AF_INET, {192, 0, 2, 1}, 32};
    f.addresses[1] = (struct prefix){AF_INET6, {0x20, 1, 0xd, 0xb8}, 128};
    f.zone.nameserver_count = 3;
    f.nameservers[0] = (struct config_nameserver){name_of("cc.example"), 1, f.addresses, {0}};
    f.nameservers[1] = (struct config_nameserver){name_of("a.b.cc.example"), 2, f.addresses, {0}};
    f.nameservers[2] = (struct config_nameserver){name_of("xa.cc.example"), 1, f.addresses, {0}};
    struct node_source source = fixture_build(&f);
    assert_memory_equal(rrset_of(&source, "cc.example", TYPE_A).items[0].octets, "\xc0\0\2\1", 4);
    assert_int_equal(rrset_of(&source, "cc.example", TYPE_NS).count, 3);
    assert_int_equal(rrset_of(&source, "a.b.cc.example", TYPE_A).items[0].length, 4);
    assert_int_equal(rrset_of(&source, "a.b.cc.example", TYPE_AAAA).items[0].length, 16);
    /* A host that is a card's name too: both, and the wildcard keeps its own. */
    assert_int_equal(rrset_of(&source, "xa.cc.example", TYPE_TXT).count, 3);
    assert_int_equal(rrset_of(&source, "xa.cc.example", TYPE_A).count, 1);
    struct name below = name_of("*.xa.cc.example");
    assert_int_equal(source.find(source.state, below.octets, &node), STATUS_OK);
    assert_null(node_rrset(&node, TYPE_A));
    fixture_end(&f);
}

static void find_knows_empty_non_terminals_and_nothing_else(void **state)
{
    static const struct {
        const char *owner;
        enum status status;
        size_t rrsets;
    } cases[] = {
        {"cc.example", STATUS_OK, 3},
        {"CC.EXAMPLE", STATUS_OK, 3},
        {"b.cc.example", STATUS_OK, 0},
        {"A.B.cc.example", STATUS_OK, 1},
        {"c.a.b.cc.example", STATUS_NOT_FOUND, 0},
        {"x.b.cc.example", STATUS_NOT_FOUND, 0},
        {"example", STATUS_NOT_FOUND, 0},
        {".", STATUS_NOT_FOUND, 0},
        {"xcc.example", STATUS_NOT_FOUND, 0},
        {"XA.cc.example", STATUS_OK, 2},
        {"www.xa.cc.example", STATUS_NOT_FOUND, 0},
        {"_Security.xa.cc.example", STATUS_OK, 4},
        {"*.cc.example", STATUS_NOT_FOUND, 0},
        {"_index.cc.example", STATUS_OK, 1},
    };
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    f.addresses[0] = (struct prefix){AF_INET, {192, 0, 2, 1}, 32};
    f.nameservers[0] = (struct config_nameserver){name_of("a.b.cc.example"), 1, f.addresses, {0}};
    struct node_source source = fixture_build(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct name owner = name_of(cases[i].owner);
        struct node node = {.rrset_count = 99};
        assert_int_equal(source.find(source.state, owner.octets, &node), cases[i].status);
        if (cases[i].status == STATUS_OK)
            assert_int_equal(node.rrset_count, cases[i].rrsets);
    }
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_session_of_the_design_is_what_dig_shows),
        cmocka_unit_test(a_wildcard_says_the_same_as_its_label),
        cmocka_unit_test(rp_names_the_mailbox_and_the_contact),
        cmocka_unit_test(a_role_is_the_union_of_its_contacts),
        cmocka_unit_test(a_mailto_is_percent_encoded),
        cmocka_unit_test(every_pair_has_its_place),
        cmocka_unit_test(an_alias_leads_to_the_label),
        cmocka_unit_test(a_label_of_also_has_copies_of_its_own),
        cmocka_unit_test(members_zones_show_more_than_public_ones),
        cmocka_unit_test(an_entry_that_nobody_sees_is_missing),
        cmocka_unit_test(lists_name_who_is_there_who_is_not_and_who_is_old),
        cmocka_unit_test(any_label_welcome_means_none_is_missing),
        cmocka_unit_test(a_list_beyond_16_kb_says_how_many),
        cmocka_unit_test(the_apex_says_how_to_ask),
        cmocka_unit_test(every_key_is_explained),
        cmocka_unit_test(name_servers_in_the_zone_have_addresses),
        cmocka_unit_test(find_knows_empty_non_terminals_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
