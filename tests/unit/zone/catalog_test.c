/* Catalog zones (RFC 9432): what they list, under which names, and that these stay. */
#include "tests/unit/check.h"

#include "zone/catalog.h"
#include "zone/rdata.h"
#include "zone/zonefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES 4

struct fixture {
    struct arena *arena;
    struct config_zone zones[ZONES]; /* the catalog is the first */
    size_t count;
};

static struct config_zone zone_of(const char *domain, enum audience audience, bool catalog)
{
    struct config_zone zone = {.catalog = catalog,
                               .audience = audience,
                               .ttl = 14400,
                               .negative_ttl = 300,
                               .refresh = 3600,
                               .retry = 900,
                               .expire = 2419200};
    assert_int_equal(name_from_text(&zone.domain, domain, strlen(domain)), STATUS_OK);
    assert_int_equal(name_from_text(&zone.hostmaster, "h.example", 9), STATUS_OK);
    return zone;
}

static void start(struct fixture *f, enum audience audience)
{
    f->arena = arena_create();
    assert_non_null(f->arena);
    f->zones[0] = zone_of("catalog.example", audience, true);
    f->zones[1] = zone_of("cc.example", AUDIENCE_PUBLIC, false);
    f->zones[2] = zone_of("cc-members.example", AUDIENCE_MEMBERS, false);
    f->zones[3] = zone_of("other.catalog.example", AUDIENCE_PUBLIC, true);
    f->count = ZONES;
}

static struct node_source open_catalog(struct fixture *f, uint32_t serial)
{
    struct catalog *catalog;
    assert_int_equal(catalog_open(&f->zones[0], f->zones, f->count, f->arena, &catalog), STATUS_OK);
    catalog_stamp(catalog, serial);
    return catalog_source(catalog);
}

/* The catalog as a zone file. */
static void expect(struct fixture *f, uint32_t serial, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct node_source source = open_catalog(f, serial);

    assert_non_null(out);
    assert_int_equal(zonefile_print(&source, out), STATUS_OK);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    arena_destroy(f->arena);
}

#define HEAD                                                                                       \
    "catalog.example. 14400 IN SOA invalid. h.example. 7 3600 900 2419200 300\n"                   \
    "catalog.example. 14400 IN NS invalid.\n"                                                      \
    "version.catalog.example. 14400 IN TXT \"2\"\n"
#define PUBLIC                                                                                     \
    "b47d1a62fcbbafb1.zones.catalog.example. 14400 IN PTR cc.example.\n"                           \
    "group.b47d1a62fcbbafb1.zones.catalog.example. 14400 IN TXT \"contactd-public\"\n"

static void a_public_catalog_lists_the_zones_for_the_public(void **state)
{
    struct fixture f;
    (void)state;

    start(&f, AUDIENCE_PUBLIC);
    expect(&f, 7, HEAD PUBLIC);
}

static void a_catalog_for_members_lists_all_zones_but_catalogs(void **state)
{
    struct fixture f;
    (void)state;

    start(&f, AUDIENCE_MEMBERS);
    expect(
        &f, 7,
        HEAD
        "9ad79c9931dfc4e7.zones.catalog.example. 14400 IN PTR cc-members.example.\n"
        "group.9ad79c9931dfc4e7.zones.catalog.example. 14400 IN TXT \"contactd-members\"\n" PUBLIC);
}

static void a_catalog_may_be_empty(void **state)
{
    struct fixture f;
    (void)state;

    start(&f, AUDIENCE_PUBLIC);
    f.count = 1;
    expect(&f, 7, HEAD);
}

/* The label of the zone for the public, found by its PTR. */
static void label_of(struct fixture *f, const char *domain, char label[17])
{
    struct node_source source = open_catalog(f, 1);
    struct name wanted;
    struct node node;

    assert_int_equal(name_from_text(&wanted, domain, strlen(domain)), STATUS_OK);
    while (source.next(source.state, &node) == STATUS_OK) {
        const uint8_t *listed = catalog_listed(&source.apex, &node);
        if (listed == NULL || !name_equals(listed, wanted.octets))
            continue;
        memcpy(label, node.owner.octets + 1, 16);
        label[16] = '\0';
        return;
    }
    fail_msg("%s is not listed", domain);
}

static void a_zone_keeps_its_label_whatever_comes_and_goes(void **state)
{
    struct fixture f;
    char before[17];
    char after[17];
    (void)state;

    start(&f, AUDIENCE_PUBLIC);
    label_of(&f, "cc.example", before);
    f.zones[0].ttl = 1;
    f.zones[0].audience = AUDIENCE_MEMBERS;
    f.zones[2] = zone_of("aa.example", AUDIENCE_PUBLIC, false);
    f.zones[3] = f.zones[1];
    f.zones[1] = zone_of("zz.example", AUDIENCE_MEMBERS, false);
    label_of(&f, "cc.example", after);
    assert_string_equal(before, after);
    arena_destroy(f.arena);
}

/* RFC 9432 §5.6 */
static void another_audience_is_another_label_so_that_secondaries_forget_the_zone(void **state)
{
    struct fixture f;
    char before[17];
    char after[17];
    (void)state;

    start(&f, AUDIENCE_MEMBERS);
    label_of(&f, "cc.example", before);
    f.zones[1].audience = AUDIENCE_MEMBERS;
    label_of(&f, "cc.example", after);
    assert_string_not_equal(before, after);
    arena_destroy(f.arena);
}

static enum status find(const struct node_source *source, const char *owner, struct node *node)
{
    struct name name;
    assert_int_equal(name_from_text(&name, owner, strlen(owner)), STATUS_OK);
    return source->find(source->state, name.octets, node);
}

static void every_name_is_found_and_no_other(void **state)
{
    struct fixture f;
    struct node node;
    struct node found;
    (void)state;

    start(&f, AUDIENCE_MEMBERS);
    struct node_source source = open_catalog(&f, 1);
    while (source.next(source.state, &node) == STATUS_OK) {
        assert_int_equal(source.find(source.state, node.owner.octets, &found), STATUS_OK);
        assert_ptr_equal(found.rrsets, node.rrsets);
    }
    assert_int_equal(find(&source, "zones.catalog.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 0);
    static const char *const others[] = {
        "example",      "a.catalog.example",    "zz.catalog.example", "a.zones.catalog.example",
        "catalog.test", "_meta.catalog.example"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(find(&source, others[i], &node), STATUS_NOT_FOUND);
    arena_destroy(f.arena);
}

static void a_name_without_room_below_it_is_refused(void **state)
{
    struct fixture f;
    struct catalog *catalog;
    (void)state;

    start(&f, AUDIENCE_PUBLIC);
    struct name *domain = &f.zones[0].domain;
    while (domain->length < 220)
        assert_int_equal(name_prepend(domain, (const uint8_t *)"aaaaa", 5, domain->octets),
                         STATUS_OK);
    while (domain->length < 226)
        assert_int_equal(name_prepend(domain, (const uint8_t *)"a", 1, domain->octets), STATUS_OK);
    if (domain->length == 226)
        assert_int_equal(catalog_open(&f.zones[0], f.zones, ZONES, f.arena, &catalog), STATUS_OK);
    assert_int_equal(name_prepend(domain, (const uint8_t *)"a", 1, domain->octets), STATUS_OK);
    assert_int_equal(catalog_open(&f.zones[0], f.zones, ZONES, f.arena, &catalog), STATUS_NO_SPACE);
    arena_destroy(f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_public_catalog_lists_the_zones_for_the_public),
        cmocka_unit_test(a_catalog_for_members_lists_all_zones_but_catalogs),
        cmocka_unit_test(a_catalog_may_be_empty),
        cmocka_unit_test(a_zone_keeps_its_label_whatever_comes_and_goes),
        cmocka_unit_test(another_audience_is_another_label_so_that_secondaries_forget_the_zone),
        cmocka_unit_test(every_name_is_found_and_no_other),
        cmocka_unit_test(a_name_without_room_below_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
