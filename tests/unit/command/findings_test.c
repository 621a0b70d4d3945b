/* What the report finds, from entries alone. */
#include "command/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TODAY 20000

static struct delegated delegated[] = {
    {.a_label = "xa", .territory = "Xanadu"},
    {.a_label = "xb", .territory = "Xebu"},
    {.a_label = "xn--p1ai", .territory = "Rus"},
};

static const struct contacts_rules rules = {
    .delegated = {.count = 3, .items = delegated},
    .freshness = {150, 180, 400},
    .today = TODAY,
};

static struct contact contact_of(unsigned roles, const char *hours, const char *email,
                                 enum visibility visibility)
{
    return (struct contact){
        .id = "x", .roles = roles, .hours = hours, .email = email, .visibility = visibility};
}

static struct entry entry_of(struct entry_label *labels, size_t label_count, int32_t age,
                             struct contact *contacts, size_t contact_count)
{
    return (struct entry){.labels = labels,
                          .label_count = label_count,
                          .registry = "R",
                          .verified_days = TODAY - age,
                          .contacts = contacts,
                          .contact_count = contact_count};
}

static struct findings find(struct entry *entries, size_t count, const struct contacts_rules *with,
                            struct arena *arena)
{
    const struct contacts contacts = {.entries = entries, .entry_count = count};
    struct findings findings;
    assert_int_equal(findings_make(&contacts, with, arena, &findings), STATUS_OK);
    return findings;
}

static void expect(const struct finding *finding, enum issue issue, const char *label, int32_t days)
{
    assert_int_equal(finding->issue, issue);
    assert_string_equal(finding->label, label);
    assert_int_equal(finding->days, days);
}

static void ages_fall_into_one_class_each_oldest_first(void **state)
{
    (void)state;
    static const int32_t ages[] = {150, 151, 180, 181, 400, 401, 170};
    struct arena *arena = arena_create();
    struct contact good = contact_of(ROLE_SECURITY, "24x7", NULL, VISIBILITY_PUBLIC);
    struct entry_label label = {.a_label = "xa"};
    struct entry entries[7];
    struct contacts_rules any = rules;

    any.delegated.any = true;
    for (size_t i = 0; i < 7; i++)
        entries[i] = entry_of(&label, 1, ages[i], &good, 1);
    struct findings findings = find(entries, 7, &any, arena);
    assert_int_equal(findings.count, 6);
    expect(&findings.items[0], ISSUE_DUE, "xa", 180);
    expect(&findings.items[1], ISSUE_DUE, "xa", 170);
    expect(&findings.items[2], ISSUE_DUE, "xa", 151);
    expect(&findings.items[3], ISSUE_STALE, "xa", 400);
    expect(&findings.items[4], ISSUE_STALE, "xa", 181);
    expect(&findings.items[5], ISSUE_EXPIRED, "xa", 401);
    arena_destroy(arena);
}

static void who_confirmed_tomorrow_east_of_utc_did_it_today(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct contact asleep = contact_of(ROLE_SECURITY, "Mo-Fr 08:00-18:00", NULL, VISIBILITY_PUBLIC);
    struct entry_label label = {.a_label = "xa"};
    struct entry entry = entry_of(&label, 1, -1, &asleep, 1);
    struct contacts_rules any = rules;

    any.delegated.any = true;
    struct findings findings = find(&entry, 1, &any, arena);
    assert_int_equal(findings.count, 1);
    expect(&findings.items[0], ISSUE_NOT_24X7, "xa", 0);
    arena_destroy(arena);
}

static void a_label_under_also_is_not_missing(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct contact good = contact_of(ROLE_SECURITY, "24x7", NULL, VISIBILITY_PUBLIC);
    struct entry_label labels[] = {{.a_label = "xb"}, {.a_label = "xn--p1ai"}};
    struct entry entry = entry_of(labels, 2, 0, &good, 1);
    struct findings findings = find(&entry, 1, &rules, arena);
    assert_int_equal(findings.count, 1);
    expect(&findings.items[0], ISSUE_MISSING, "xa", 0);
    assert_string_equal(findings.items[0].detail, "Xanadu");
    assert_null(findings.items[0].entry);
    arena_destroy(arena);
}

static void with_any_tld_allowed_none_is_missing(void **state)
{
    (void)state;
    struct arena *arena = arena_create();
    struct contacts_rules any = rules;
    any.delegated.any = true;
    assert_int_equal(find(NULL, 0, &any, arena).count, 0);
    assert_int_equal(find(NULL, 0, &rules, arena).count, 3);
    arena_destroy(arena);
}

/* One entry with two contacts: which of the two rules about reach it breaks. */
static void reach_is_judged_as_check_judges_it(void **state)
{
    (void)state;
    static const struct {
        struct {
            unsigned roles;
            const char *hours;
            const char *email;
            enum visibility visibility;
        } contacts[2];
        bool without_24x7;
        bool inside;
    } cases[] = {
        {{{ROLE_SECURITY, "24x7", "a@b.example", VISIBILITY_PUBLIC},
          {ROLE_DNS, "24x7", "a@nic.xa", VISIBILITY_PUBLIC}},
         false,
         false},
        {{{ROLE_SECURITY, "24x7", "a@nic.xa", VISIBILITY_PUBLIC},
          {ROLE_DNS, "Mo-Fr 08:00-18:00", "a@b.example", VISIBILITY_PUBLIC}},
         false,
         true},
        /* A phone alone does not depend on the TLD. */
        {{{ROLE_SECURITY, "24x7", "a@nic.xa", VISIBILITY_PUBLIC},
          {ROLE_DNS, "24x7", NULL, VISIBILITY_PUBLIC}},
         false,
         false},
        /* The other label of the same registry breaks together with it. */
        {{{ROLE_SECURITY, "24x7", "a@nic.xn--p1ai", VISIBILITY_PUBLIC},
          {ROLE_DNS, "24x7", "a@xa", VISIBILITY_PUBLIC}},
         false,
         true},
        {{{ROLE_SECURITY, "Mo-Fr 08:00-18:00", "a@b.example", VISIBILITY_PUBLIC},
          {ROLE_DNS, "24x7", "a@b.example", VISIBILITY_PUBLIC}},
         true,
         false},
        /* What is never published helps nobody at night. */
        {{{ROLE_SECURITY, "24x7", "a@b.example", VISIBILITY_INTERNAL},
          {ROLE_DNS, "24x7", "a@nic.xa", VISIBILITY_MEMBERS}},
         true,
         true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *arena = arena_create();
        struct entry_label labels[] = {{.a_label = "xa"}, {.a_label = "xn--p1ai"}};
        struct contact contacts[2];
        struct contacts_rules any = rules;
        any.delegated.any = true;
        for (size_t n = 0; n < 2; n++)
            contacts[n] = contact_of(cases[i].contacts[n].roles, cases[i].contacts[n].hours,
                                     cases[i].contacts[n].email, cases[i].contacts[n].visibility);
        struct entry entry = entry_of(labels, 2, 3, contacts, 2);
        struct findings findings = find(&entry, 1, &any, arena);
        size_t at = 0;
        if (cases[i].without_24x7)
            expect(&findings.items[at++], ISSUE_NOT_24X7, "xa", 3);
        if (cases[i].inside)
            expect(&findings.items[at++], ISSUE_INSIDE_TLD, "xa", 3);
        assert_int_equal(findings.count, at);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_fall_into_one_class_each_oldest_first),
        cmocka_unit_test(who_confirmed_tomorrow_east_of_utc_did_it_today),
        cmocka_unit_test(a_label_under_also_is_not_missing),
        cmocka_unit_test(with_any_tld_allowed_none_is_missing),
        cmocka_unit_test(reach_is_judged_as_check_judges_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
