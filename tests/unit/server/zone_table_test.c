/* The deepest zone that a name lies in, found by hash, against a look at every zone. */
#include "tests/unit/server/asked.h"

#include <ctype.h>

#define ZONES 300

static struct name random_name(void)
{
    static const char *const labels[] = {"a", "b", "cc", "xn--9ca", "_x", "Q"};
    struct name name = {.length = 1};

    for (long count = random() % 6; count > 0; count--) {
        const char *label = labels[random() % 6];
        assert_int_equal(name_prepend(&name, (const uint8_t *)label, strlen(label), name.octets),
                         STATUS_OK);
    }
    return name;
}

static const struct config_zone *deepest(const struct config *config, const struct name *name)
{
    const struct config_zone *found = NULL;

    for (size_t i = 0; i < config->zone_count; i++) {
        const struct config_zone *zone = &config->zones[i];
        if (name_is_within(name->octets, zone->domain.octets) &&
            (!found || zone->domain.length > found->domain.length))
            found = zone;
    }
    return found;
}

/* Adds a zone that is not there yet. */
static void add_zone(struct config *config)
{
    struct name name = random_name();

    for (size_t i = 0; i < config->zone_count; i++)
        if (name_equals(config->zones[i].domain.octets, name.octets))
            return;
    config->zones[config->zone_count++].domain = name;
}

static void the_deepest_zone_is_found_whatever_the_letter_case(void **state)
{
    static struct config_zone configured[ZONES];
    struct served served;
    (void)state;

    srandom(8);
    served_start(&served);
    assert_int_equal(snapshot_create(served.store, &served.snapshot), STATUS_OK);
    struct config config = {.zones = configured};
    for (int round = 0; round < ZONES; round++) {
        struct zone_table *zones;
        assert_int_equal(zone_table_create(&config, served.snapshot, &zones), STATUS_OK);
        for (int i = 0; i < 30; i++) {
            struct name name = random_name();
            for (size_t at = 1; at + 1 < name.length; at++)
                if (isalpha(name.octets[at]) && random() % 2 == 0)
                    name.octets[at] ^= 0x20;
            const struct config_zone *want = deepest(&config, &name);
            const struct served_zone *have = zone_table_find(zones, &name);
            assert_ptr_equal(have ? have->config : NULL, want);
            assert_true(!have || !have->loaded); /* the database is empty */
        }
        zone_table_destroy(zones);
        add_zone(&config);
    }
    assert_true(config.zone_count > 100);
    served_destroy(&served);
}

/* Configured but not published: the client asks elsewhere. */
static void a_zone_without_contents_is_servfail(void **state)
{
    static uint8_t message[MESSAGE_OCTETS];
    struct served served;
    (void)state;

    served_start(&served);
    served.config.zone_count = 1;
    assert_int_equal(name_from_text(&served.zone_configs[0].domain, "example", 7), STATUS_OK);
    served_show(&served);
    struct query query = make_query("x.example", TYPE_TXT, CLASS_IN, -1);
    ask(&served, &query, TRANSPORT_UDP, message);
    assert_int_equal(message[3] & 0xf, RCODE_SERVFAIL);
    assert_int_equal(message[2] & 0x4, 0); /* AA */
    served_destroy(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deepest_zone_is_found_whatever_the_letter_case),
        cmocka_unit_test(a_zone_without_contents_is_servfail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
