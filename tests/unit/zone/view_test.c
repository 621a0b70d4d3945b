/* Who sees which contacts, and what is computed about them. */
#include "tests/unit/zone/fixture.h"

static void an_audience_sees_no_internal_contact(void **state)
{
    static const struct {
        enum visibility visibility;
        size_t in_public, in_members;
    } cases[] = {
        {VISIBILITY_PUBLIC, 1, 1},
        {VISIBILITY_MEMBERS, 0, 1},
        {VISIBILITY_INTERNAL, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        fixture_start(&f);
        add_entry(&f, "contacts/xa.yaml", "xa", NULL);
        add_contact(&f, 0, "dns", ROLE_DNS)->visibility = cases[i].visibility;
        assert_int_equal(view_count(&f.entries[0], AUDIENCE_PUBLIC), cases[i].in_public);
        assert_int_equal(view_count(&f.entries[0], AUDIENCE_MEMBERS), cases[i].in_members);
        fixture_end(&f);
    }
}

static void a_view_holds_at_most_nine_contacts(void **state)
{
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};
    struct fixture f;
    struct view view;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    for (size_t i = 0; i < 11; i++)
        add_contact(&f, 0, ids[i], ROLE_DNS);
    assert_int_equal(view_count(&f.entries[0], AUDIENCE_PUBLIC), 11);
    assert_int_equal(view_make(&f.rules, &f.entries[0], 0, &view), STATUS_OK);
    assert_int_equal(view.contact_count, 9);
    fixture_end(&f);
}

static void a_label_without_room_below_it_has_no_view(void **state)
{
    char domain[256] = "";
    (void)state;
    for (size_t i = 0; i < 120; i++)
        strcat(domain, "a.");
    for (size_t shorter = 0; shorter < 20; shorter += 2) {
        struct fixture f;
        struct view view;
        fixture_start(&f);
        f.zone.domain = name_of(domain + shorter);
        add_entry(&f, "contacts/xa.yaml", "xa", NULL);
        /* zone + 3 for the label + 17 for _ and 15 characters */
        enum status expected = f.zone.domain.length + 3 + 17 <= 255 ? STATUS_OK : STATUS_NO_SPACE;
        assert_int_equal(view_make(&f.rules, &f.entries[0], 0, &view), expected);
        fixture_end(&f);
    }
}

static void a_mailbox_under_any_label_of_the_entry_is_in_band(void **state)
{
    static const struct {
        const char *email;
        bool out_of_band;
    } cases[] = {
        {"noc@nic-xa.example", true},  {"noc@nic.xa", false},
        {"noc@nic.XA", false},         {"noc@xa", false},
        {"noc@xa.example", true},      {"noc@nic.exa", true},
        {"noc@nic.xn--zckzah", false}, {"noc@nic.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", false},
        {"xa@nic.example", true},      {NULL, true},
    };
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    add_label(&f, 0, "xn--zckzah", "\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f.contacts[0][0].email = cases[i].email;
        assert_int_equal(view_is_out_of_band(&f.entries[0], &f.contacts[0][0]),
                         cases[i].out_of_band);
    }
    fixture_end(&f);
}

static void roles_come_in_their_fixed_order(void **state)
{
    char text[100] = "";
    struct writer w = writer_of((uint8_t *)text, sizeof text);
    (void)state;
    view_roles(ROLE_CSIRT | ROLE_MANAGEMENT | ROLE_REGISTRATION | ROLE_DNS | ROLE_SECURITY, &w);
    assert_string_equal(text, "security,dns,registration,management,csirt");
}

static void text_only_numbers_are_told_apart(void **state)
{
    static const struct {
        bool voice;
        const char *prefix;
        const char *text;
    } cases[] = {
        {true, NULL, "+1,+3"},
        {false, "", "+2"},
        {true, "sms:", "+1,sms:+2,+3"},
    };
    struct phone phones[] = {{"+1", false}, {"+2", true}, {"+3", false}};
    struct contact contact = {.phone_count = 3, .phones = phones};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[100] = "";
        struct writer w = writer_of((uint8_t *)text, sizeof text);
        view_phones(&contact, cases[i].voice, cases[i].prefix, &w);
        assert_string_equal(text, cases[i].text);
    }
}

static void an_id_and_a_role_share_their_name(void **state)
{
    struct contact contact = {.id = "noc", .roles = ROLE_DNS | ROLE_CSIRT};
    (void)state;
    assert_true(view_matches(&contact, "noc"));
    assert_true(view_matches(&contact, "dns"));
    assert_true(view_matches(&contact, "csirt"));
    assert_false(view_matches(&contact, "security"));
    assert_false(view_matches(&contact, "no"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_audience_sees_no_internal_contact),
        cmocka_unit_test(a_view_holds_at_most_nine_contacts),
        cmocka_unit_test(a_label_without_room_below_it_has_no_view),
        cmocka_unit_test(a_mailbox_under_any_label_of_the_entry_is_in_band),
        cmocka_unit_test(roles_come_in_their_fixed_order),
        cmocka_unit_test(text_only_numbers_are_told_apart),
        cmocka_unit_test(an_id_and_a_role_share_their_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
