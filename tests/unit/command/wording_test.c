/* What a changed name is called in words. */
#include "command/wording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXTS 6

/* A node of TXT records in the making; one per test side. */
struct made {
    struct node node;
    struct rrset rrset;
    struct rdata items[MAX_TEXTS];
    uint8_t octets[MAX_TEXTS][256];
};

struct fixture {
    struct name apex;
    struct wording wording;
    char *text;
    size_t length;
    FILE *out;
};

static void keep_line(void *state, const char *text)
{
    struct fixture *fixture = state;
    fprintf(fixture->out, "%s\n", text);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    assert_int_equal(name_from_text(&fixture->apex, "cc.example", 10), STATUS_OK);
    fixture->out = open_memstream(&fixture->text, &fixture->length);
    assert_int_equal(wording_open(&fixture->wording, &fixture->apex, keep_line, fixture),
                     STATUS_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    wording_close(&fixture->wording);
    fclose(fixture->out);
    free(fixture->text);
    free(fixture);
    return 0;
}

/* Makes a node of one TXT record per text, up to the NULL. */
static const struct node *make(struct made *made, const char *owner, const char *const *texts)
{
    memset(made, 0, sizeof *made);
    assert_int_equal(name_from_text(&made->node.owner, owner, strlen(owner)), STATUS_OK);
    made->rrset = (struct rrset){TYPE_TXT, 0, 14400, made->items};
    for (size_t i = 0; texts[i] != NULL; i++) {
        size_t length = strlen(texts[i]);
        assert_true(i < MAX_TEXTS && length < 256);
        made->octets[i][0] = (uint8_t)length;
        memcpy(made->octets[i] + 1, texts[i], length);
        made->items[i] = (struct rdata){made->octets[i], (uint16_t)(length + 1)};
        made->rrset.count++;
    }
    made->node.rrsets = &made->rrset;
    made->node.rrset_count = 1;
    return &made->node;
}

/* Puts one name with one text, or none, on each side into words. */
static void see(struct fixture *fixture, const char *owner, const char *before, const char *after)
{
    struct made old;
    struct made new;
    const char *const before_texts[] = {before, NULL};
    const char *const after_texts[] = {after, NULL};
    wording_node(&fixture->wording, before != NULL ? make(&old, owner, before_texts) : NULL,
                 after != NULL ? make(&new, owner, after_texts) : NULL);
}

static void expect(struct fixture *fixture, const char *expected)
{
    fflush(fixture->out);
    assert_string_equal(fixture->text, expected);
}

#define CONTACT(more) "v=cc1; tld=xa; id=security; order=1; " more

static void a_changed_phone_is_called_so(void **state)
{
    see(*state, "_security.xa.cc.example", CONTACT("tel=+442079460101; name=X"),
        CONTACT("tel=+442079460102; name=X"));
    expect(*state, "xa: phone of security changed from +442079460101 to +442079460102\n");
}

static void each_key_has_its_line(void **state)
{
    see(*state, "_security.xa.cc.example", CONTACT("mail=a@b; tz=UTC; note=ask"),
        CONTACT("mail=c@b; pgp=0123; note=ask"));
    expect(*state, "xa: mail address of security changed from a@b to c@b\n"
                   "xa: time zone of security removed, was UTC\n"
                   "xa: PGP fingerprint of security added: 0123\n");
}

static void a_new_contact_is_described(void **state)
{
    see(*state, "_dns.xa.cc.example", NULL,
        "v=cc1; tld=xa; id=dns; order=2; hours=24x7; tel=+442079460102; mail=d@e; name=DNS ops");
    expect(*state, "xa: contact dns added (order 2, 24x7, +442079460102, d@e, DNS ops)\n");
}

static void a_contact_that_goes_is_described(void **state)
{
    see(*state, "_dns.xa.cc.example", "v=cc1; tld=xa; id=dns; order=2; name=DNS ops", NULL);
    expect(*state, "xa: contact dns removed (order 2, DNS ops)\n");
}

static void an_entry_comes_and_goes_in_one_line(void **state)
{
    see(*state, "xa.cc.example", NULL, "0 Xanadu NIC (.xa, Xanadu) - verified 2026-11-01");
    see(*state, "_security.xa.cc.example", NULL, CONTACT("tel=+1"));
    see(*state, "xb.cc.example", "0 XB (.xb) - verified 2026-11-01", NULL);
    see(*state, "*.xb.cc.example", "0 XB (.xb) - verified 2026-11-01", NULL);
    see(*state, "_security.xb.cc.example", CONTACT("tel=+1"), NULL);
    expect(*state, "xa: entry added (Xanadu NIC (.xa, Xanadu), 0 contacts)\n"
                   "xb: entry deleted\n");
}

/* Makes a node of one record that is a name. */
static const struct node *make_ptr(struct made *made, const char *owner, const char *target)
{
    struct name name;
    static const char *const texts[] = {"", NULL};

    assert_int_equal(name_from_text(&name, target, strlen(target)), STATUS_OK);
    (void)make(made, owner, texts);
    made->rrset.type = TYPE_PTR;
    memcpy(made->octets[0], name.octets, name.length);
    made->items[0].length = name.length;
    return &made->node;
}

static void what_a_catalog_lists_is_called_by_its_name(void **state)
{
    struct fixture *fixture = *state;
    struct made old;
    struct made new;

    wording_node(&fixture->wording, NULL, make_ptr(&new, "0a.zones.cc.example", "a.example"));
    see(fixture, "group.0a.zones.cc.example", NULL, "public");
    wording_node(&fixture->wording, make_ptr(&old, "0b.zones.cc.example", "b.example"), NULL);
    wording_node(&fixture->wording, make_ptr(&old, "0c.zones.cc.example", "c.example"),
                 make_ptr(&new, "0c.zones.cc.example", "d.example"));
    wording_node(&fixture->wording, make_ptr(&old, "0e.cc.example", "e.example"), NULL);
    expect(fixture, "zone a.example is listed\n"
                    "zone b.example is no longer listed\n"
                    "zone c.example is no longer listed\n"
                    "zone d.example is listed\n"
                    "0e: PTR records removed\n");
}

static void words_return_after_an_entry_that_went(void **state)
{
    see(*state, "xb.cc.example", "0 XB (.xb) - verified 2026-11-01", NULL);
    see(*state, "_security.xc.cc.example", CONTACT("tel=+1"), CONTACT("tel=+2"));
    expect(*state, "xb: entry deleted\nxc: phone of security changed from +1 to +2\n");
}

static void a_confirmation_is_one_line_however_many_contacts(void **state)
{
    see(*state, "xa.cc.example", "0 X (.xa) - verified 2026-01-01 STALE",
        "0 X (.xa) - verified 2026-11-01");
    see(*state, "_dns.xa.cc.example",
        "v=cc1; id=dns; verified=2026-01-01; by=mail; expires=2027-02-05; status=stale",
        "v=cc1; id=dns; verified=2026-11-01; by=callback; expires=2027-12-06");
    see(*state, "_security.xa.cc.example",
        "v=cc1; id=security; verified=2026-01-01; by=mail; expires=2027-02-05; status=stale",
        "v=cc1; id=security; verified=2026-11-01; by=callback; expires=2027-12-06");
    expect(*state, "xa: verified 2026-01-01 -> 2026-11-01\n"
                   "xa: no longer STALE\n"
                   "xa: verified by callback instead of mail\n");
}

static void a_threshold_that_is_crossed_is_said(void **state)
{
    see(*state, "xa.cc.example", "0 X (.xa) - verified 2026-01-01",
        "0 X (.xa) - verified 2026-01-01 STALE");
    see(*state, "_dns.xa.cc.example", "v=cc1; id=dns; verified=2026-01-01",
        "v=cc1; id=dns; verified=2026-01-01; status=stale");
    expect(*state, "xa: now STALE, verified 2026-01-01\n");
}

static void another_threshold_moves_expiry_alone(void **state)
{
    see(*state, "_dns.xa.cc.example", "v=cc1; id=dns; expires=2027-01-01",
        "v=cc1; id=dns; expires=2027-02-01");
    expect(*state, "xa: expires 2027-02-01 instead of 2027-01-01\n");
}

static void another_registry_is_said(void **state)
{
    see(*state, "xa.cc.example", "0 X (.xa, Xanadu) - verified 2026-01-01",
        "0 Y - Z (.xa, Xanadu) - verified 2026-01-01");
    expect(*state, "xa: registry changed from 'X (.xa, Xanadu)' to 'Y - Z (.xa, Xanadu)'\n");
}

static void a_registry_that_is_shortened_otherwise_has_not_changed(void **state)
{
    static const char *const same[] = {"Comite Gestor da Internet (.br, Brazil)",
                                       "Comite Gestor da.. (.br, Brazil)",
                                       "Comite Gestor.. (.br, Brazil)", "(.br, Brazil)"};

    for (size_t i = 0; i < 4; i++)
        for (size_t n = 0; n < 4; n++) {
            char before[128];
            char after[128];
            snprintf(before, sizeof before, "0 %s - verified 2026-01-01", same[i]);
            snprintf(after, sizeof after, "0 %s - verified 2026-01-01 STALE", same[n]);
            see(*state, "br.cc.example", before, after);
            see(*state, "br.cc.example", after, before);
        }
    struct fixture *fixture = *state;
    fflush(fixture->out);
    assert_null(strstr(fixture->text, "registry"));
}

static void a_registry_that_is_shortened_may_have_changed(void **state)
{
    static const char date[] = " - verified 2026-01-01";
    static const char *const pairs[][2] = {
        {"Comite Gestor.. (.br, Brazil)", "Comite (.br, Brazil)"}, /* shorter, and whole */
        {"Comite Gestor.. (.br, Brazil)", "Comite Central.. (.br, Brazil)"},
        {"Comite.. (.br, Brazil)", "Comite.. (.br, Brasil)"},
        {"NIC (.br)", "NIC Brazil (.br)"},
    };
    char expected[512] = "";

    for (size_t i = 0; i < 4; i++) {
        char before[128];
        char after[128];
        snprintf(before, sizeof before, "0 %s%s", pairs[i][0], date);
        snprintf(after, sizeof after, "0 %s%s", pairs[i][1], date);
        see(*state, "br.cc.example", before, after);
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
                 "br: registry changed from '%s' to '%s'\n", pairs[i][0], pairs[i][1]);
    }
    expect(*state, expected);
}

static void a_registry_may_be_called_verified(void **state)
{
    see(*state, "xa.cc.example", "0 NIC - verified names (.xa) - verified 2026-01-01",
        "0 NIC - verified names (.xa) - verified 2026-11-01");
    expect(*state, "xa: verified 2026-01-01 -> 2026-11-01\n");
}

static void another_ttl_is_called_so(void **state)
{
    struct fixture *fixture = *state;
    struct made old;
    struct made new;
    static const char *const texts[] = {"a", NULL};

    make(&old, "cc.example", texts);
    make(&new, "cc.example", texts);
    old.rrset.type = new.rrset.type = TYPE_NS;
    new.rrset.ttl = 3600;
    wording_node(&fixture->wording, &old.node, &new.node);
    old.rrset.type = new.rrset.type = TYPE_ZONEMD;
    wording_node(&fixture->wording, &old.node, &new.node);
    expect(fixture, "zone: TTL of NS records changed from 14400 to 3600\n");
}

static void a_union_of_a_role_has_no_words_of_its_own(void **state)
{
    see(*state, "_csirt.xa.cc.example", CONTACT("tel=+1"), CONTACT("tel=+2"));
    expect(*state, "");
}

/* The name belongs to the contact with that id; others with the role only stand beside it. */
static void in_a_union_only_the_contact_itself_counts(void **state)
{
    struct made old;
    struct made new;
    static const char *const before[] = {"id=b; tel=+5", "id=security; tel=+1", NULL};
    static const char *const after[] = {"id=security; tel=+2", "id=b; tel=+6", NULL};
    struct fixture *fixture = *state;
    wording_node(&fixture->wording, make(&old, "_security.xa.cc.example", before),
                 make(&new, "_security.xa.cc.example", after));
    expect(*state, "xa: phone of security changed from +1 to +2\n");
}

static void lists_wildcards_and_aliases_have_no_words(void **state)
{
    struct fixture *fixture = *state;
    see(fixture, "_index.cc.example", "xa ", "xa xb ");
    see(fixture, "_meta.cc.example", "v=cc1; tlds=1", "v=cc1; tlds=2");
    see(fixture, "*.xa.cc.example", "0 a", "0 b");
    struct made old;
    static const char *const texts[] = {"x", NULL};
    make(&old, "alias.cc.example", texts);
    old.rrset.type = TYPE_CNAME;
    wording_node(&fixture->wording, &old.node, NULL);
    expect(fixture, "");
}

static void the_zones_own_records_are_called_by_type(void **state)
{
    struct fixture *fixture = *state;
    struct made old;
    struct made new;
    static const char *const before[] = {"a", NULL};
    static const char *const after[] = {"b", NULL};
    make(&old, "cc.example", before);
    make(&new, "cc.example", after);
    old.rrset.type = new.rrset.type = TYPE_NS;
    wording_node(&fixture->wording, &old.node, &new.node);
    old.rrset.type = new.rrset.type = TYPE_SOA;
    wording_node(&fixture->wording, &old.node, &new.node);
    make(&new, "ns1.cc.example", after);
    new.rrset.type = TYPE_AAAA;
    wording_node(&fixture->wording, NULL, &new.node);
    expect(fixture, "zone: NS records changed\nns1: AAAA records added\n");
}

static void escapes_from_elsewhere_do_not_reach_the_terminal(void **state)
{
    see(*state, "_security.xa.cc.example", CONTACT("name=a"), CONTACT("name=\x1b[2J"));
    expect(*state, "xa: name of security changed from a to \\027[2J\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_changed_phone_is_called_so),
        TEST(each_key_has_its_line),
        TEST(a_new_contact_is_described),
        TEST(a_contact_that_goes_is_described),
        TEST(an_entry_comes_and_goes_in_one_line),
        TEST(words_return_after_an_entry_that_went),
        TEST(what_a_catalog_lists_is_called_by_its_name),
        TEST(a_confirmation_is_one_line_however_many_contacts),
        TEST(a_threshold_that_is_crossed_is_said),
        TEST(another_threshold_moves_expiry_alone),
        TEST(another_registry_is_said),
        TEST(a_registry_that_is_shortened_otherwise_has_not_changed),
        TEST(a_registry_that_is_shortened_may_have_changed),
        TEST(a_registry_may_be_called_verified),
        TEST(another_ttl_is_called_so),
        TEST(a_union_of_a_role_has_no_words_of_its_own),
        TEST(in_a_union_only_the_contact_itself_counts),
        TEST(lists_wildcards_and_aliases_have_no_words),
        TEST(the_zones_own_records_are_called_by_type),
        TEST(escapes_from_elsewhere_do_not_reach_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
