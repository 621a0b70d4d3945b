/* The first labels of a zone: canonical order, each label once, the right owner. */
#include "tests/unit/zone/fixture.h"

#include "zone/subtree.h"

#define U_LABEL "\xd1\x80\xd1\x84" /* Cyrillic, lower case */
#define U_UPPER "\xd0\xa0\xd0\xa4" /* the same in upper case */

static void collect(struct fixture *f, struct subtrees *out)
{
    assert_int_equal(subtrees_collect(&f->rules, f->arena, f->diag, out), STATUS_OK);
}

static void assert_labels(const struct subtrees *subtrees, const char *const *labels)
{
    for (size_t i = 0; i < subtrees->count; i++) {
        const struct subtree *item = &subtrees->items[i];
        assert_non_null(labels[i]);
        assert_int_equal(item->label_octets, strlen(labels[i]));
        assert_memory_equal(item->label, labels[i], item->label_octets);
        assert_ptr_equal(subtrees_find(subtrees, labels[i], strlen(labels[i])), item);
    }
    assert_null(labels[subtrees->count]);
}

#define ASSERT_LABELS(subtrees, ...)                                                               \
    assert_labels((subtrees), (const char *const[]){__VA_ARGS__, NULL})

static void an_empty_zone_has_its_lists(void **state)
{
    struct fixture f;
    struct subtrees subtrees;
    (void)state;
    fixture_start(&f);
    collect(&f, &subtrees);
    ASSERT_LABELS(&subtrees, "_index", "_meta", "_missing", "_schema", "_stale");
    assert_null(subtrees_find(&subtrees, "xa", 2));
    assert_null(subtrees_find(&subtrees, "_", 1));
    fixture_end(&f);
}

/* RFC 4034 §6.1: octets, not characters; upper-case UTF-8 sorts before lower-case. */
static void labels_come_in_canonical_order(void **state)
{
    struct fixture f;
    struct subtrees subtrees;
    (void)state;
    fixture_start(&f);
    for (size_t i = 0; i < 2; i++) {
        add_entry(&f, "contacts/x.yaml", i == 0 ? "xn--p1ai" : "aa", NULL);
        add_contact(&f, i, "dns", ROLE_DNS);
    }
    f.labels[0][0].u_label = U_LABEL;
    f.labels[0][0].upper = U_UPPER;
    collect(&f, &subtrees);
    ASSERT_LABELS(&subtrees, "_index", "_meta", "_missing", "_schema", "_stale", "aa", "xn--p1ai",
                  U_UPPER, U_LABEL);
    assert_int_equal(subtrees_find(&subtrees, "XN--P1AI", 8)->kind, SUBTREE_ENTRY);
    assert_int_equal(subtrees_find(&subtrees, U_UPPER, 4)->kind, SUBTREE_UPPER);
    fixture_end(&f);
}

static void an_entry_that_nobody_sees_has_no_label(void **state)
{
    struct fixture f;
    struct subtrees subtrees;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    add_contact(&f, 0, "dns", ROLE_DNS)->visibility = VISIBILITY_MEMBERS;
    collect(&f, &subtrees);
    assert_null(subtrees_find(&subtrees, "xa", 2));
    f.zone.audience = AUDIENCE_MEMBERS;
    collect(&f, &subtrees);
    assert_non_null(subtrees_find(&subtrees, "xa", 2));
    fixture_end(&f);
}

/* RFC 2181 §11: a label has at most 63 octets. */
static void a_u_label_beyond_63_octets_is_left_out(void **state)
{
    char u_label[65];
    (void)state;
    memset(u_label, 'u', 64);
    for (size_t octets = 63; octets <= 64; octets++) {
        struct fixture f;
        struct subtrees subtrees;
        u_label[octets] = '\0';
        fixture_start(&f);
        add_xanadu(&f);
        f.labels[0][0].u_label = u_label;
        collect(&f, &subtrees);
        assert_int_equal(subtrees_find(&subtrees, u_label, octets) != NULL, octets == 63);
        fixture_end(&f);
    }
}

static void an_alias_that_is_a_label_already_comes_once(void **state)
{
    struct fixture f;
    struct subtrees subtrees;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    f.labels[0][0].u_label = "XA"; /* the label itself, letter case aside */
    f.labels[0][0].upper = "XA";
    add_label(&f, 0, "xb", U_LABEL, U_LABEL);
    collect(&f, &subtrees);
    ASSERT_LABELS(&subtrees, "_index", "_meta", "_missing", "_schema", "_stale", "xa", "xb",
                  U_LABEL);
    assert_int_equal(subtrees_find(&subtrees, "xa", 2)->kind, SUBTREE_ENTRY);
    assert_int_equal(subtrees_find(&subtrees, U_LABEL, 4)->kind, SUBTREE_ALIAS);
    assert_int_equal(diag_total(f.diag), 0);
    fixture_end(&f);
}

static void a_label_of_two_entries_is_an_error(void **state)
{
    struct fixture f;
    struct subtrees subtrees;
    const struct diagnostic *item = NULL;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    add_entry(&f, "contacts/xb.yaml", "xb", NULL);
    add_contact(&f, 1, "dns", ROLE_DNS);
    add_label(&f, 1, "xa", NULL, NULL);
    collect(&f, &subtrees);
    assert_int_equal(diag_of(&f, "label-twice", &item), 1);
    assert_string_equal(item->place.file, "contacts/xb.yaml");
    assert_int_equal(subtrees_find(&subtrees, "xa", 2)->entry, 0);
    fixture_end(&f);
}

static void an_upper_case_form_of_two_labels_stays_with_the_first(void **state)
{
    struct fixture f;
    struct subtrees subtrees;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    add_entry(&f, "contacts/xb.yaml", "xb", NULL);
    add_contact(&f, 1, "dns", ROLE_DNS);
    f.labels[0][0].upper = U_UPPER;
    f.labels[1][0].upper = U_UPPER;
    collect(&f, &subtrees);
    assert_int_equal(diag_of(&f, "alias-taken", NULL), 1);
    assert_int_equal(diag_count(f.diag, SEVERITY_ERROR), 0);
    assert_int_equal(subtrees_find(&subtrees, U_UPPER, 4)->entry, 0);
    fixture_end(&f);
}

static void hosts_within_the_zone_have_a_label(void **state)
{
    struct fixture f;
    struct subtrees subtrees;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    f.zone.nameserver_count = 3;
    f.nameservers[0] = (struct config_nameserver){name_of("a.b.cc.example"), 1, f.addresses, {0}};
    f.nameservers[1] = (struct config_nameserver){name_of("ns.xa.cc.example"), 1, f.addresses, {0}};
    f.nameservers[2] = (struct config_nameserver){name_of("cc.example"), 1, f.addresses, {0}};
    collect(&f, &subtrees);
    ASSERT_LABELS(&subtrees, "_index", "_meta", "_missing", "_schema", "_stale", "b", "xa");
    assert_int_equal(subtrees_find(&subtrees, "b", 1)->kind, SUBTREE_HOSTS);
    assert_int_equal(subtrees_find(&subtrees, "xa", 2)->kind, SUBTREE_ENTRY);
    assert_true(subtrees_find(&subtrees, "xa", 2)->has_hosts);
    fixture_end(&f);
}

/* A CNAME stands alone at its name (RFC 1034 §3.6.2), so a host takes the place of an alias. */
static void a_host_comes_before_an_alias(void **state)
{
    struct fixture f;
    struct subtrees subtrees;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    f.labels[0][0].u_label = "ns1";
    f.nameservers[0] = (struct config_nameserver){name_of("ns1.cc.example"), 1, f.addresses, {0}};
    collect(&f, &subtrees);
    assert_int_equal(subtrees_find(&subtrees, "ns1", 3)->kind, SUBTREE_HOSTS);
    assert_int_equal(diag_of(&f, "alias-taken", NULL), 1);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_zone_has_its_lists),
        cmocka_unit_test(labels_come_in_canonical_order),
        cmocka_unit_test(an_entry_that_nobody_sees_has_no_label),
        cmocka_unit_test(a_u_label_beyond_63_octets_is_left_out),
        cmocka_unit_test(an_alias_that_is_a_label_already_comes_once),
        cmocka_unit_test(a_label_of_two_entries_is_an_error),
        cmocka_unit_test(an_upper_case_form_of_two_labels_stays_with_the_first),
        cmocka_unit_test(hosts_within_the_zone_have_a_label),
        cmocka_unit_test(a_host_comes_before_an_alias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
