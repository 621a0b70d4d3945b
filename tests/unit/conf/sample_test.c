#include "conf_test.h"

#include "conf/config.h"

static const char *folder;

static struct config *read_sample(const char *name)
{
    char path[4096];
    struct config *config = NULL;
    struct diag *diag = diag_create();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    enum status status = config_read(path, diag, &config);
    char *text = printed(diag, DIAG_GNU);
    assert_string_equal(text, "");
    assert_int_equal(status, STATUS_OK);
    free(text);
    diag_destroy(diag);
    return config;
}

static void every_sample_is_without_a_diagnostic(void **state)
{
    (void)state;
    static const char *const names[] = {"contactd.conf", "demo.conf", "primary.conf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        config_destroy(read_sample(names[i]));
}

static void every_zone_of_contacts_in_the_samples_is_signed(void **state)
{
    (void)state;
    static const char *const names[] = {"contactd.conf", "demo.conf", "primary.conf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct config *config = read_sample(names[i]);
        for (size_t j = 0; j < config->zone_count; j++) {
            const struct config_zone *zone = &config->zones[j];
            bool members = zone->audience == AUDIENCE_MEMBERS;
            if (zone->catalog)
                continue;
            assert_true(zone->dnssec);
            assert_string_equal(zone->policy->id, members ? "members" : "default");
            assert_int_equal(zone->policy->denial,
                             members ? DNSSEC_DENIAL_NSEC3 : DNSSEC_DENIAL_NSEC);
        }
        config_destroy(config);
    }
}

/* What contactd.conf shows as a comment is the default: with the signs removed it reads the same.
 */
static void the_defaults_that_the_sample_shows_are_the_defaults(void **state)
{
    (void)state;
    struct config *config = read_sample("contactd.conf");
    const struct config_zone *zone = &config->zones[0];
    assert_int_equal(config->server.workers, 0);
    assert_null(config->server.identity);
    assert_memory_equal(config->server.version, "contactd ", 9);
    assert_int_equal(config->server.udp_max, 1232);
    assert_int_equal(config->server.tcp_max, 1000);
    assert_int_equal(config->server.tcp_per_client, 50);
    assert_int_equal(config->server.tcp_idle_ms, 10000);
    assert_int_equal(config->log.level, LOG_LEVEL_INFO);
    assert_int_equal(config->freshness.due_days, 150);
    assert_int_equal(zone->audience, AUDIENCE_PUBLIC);
    assert_int_equal(zone->ttl, 14400);
    assert_int_equal(zone->negative_ttl, 300);
    assert_int_equal(zone->history.seconds, 30 * 86400); /* 30d 64M, of which M is no minute */
    assert_int_equal(zone->history.octets, 64 << 20);
    assert_int_equal(zone->refresh, 3600);
    assert_int_equal(zone->retry, 900);
    assert_int_equal(zone->expire, 2419200);
    assert_int_equal(zone->serial, SERIAL_UNIXTIME);
    assert_true(zone->zonemd);
    assert_int_equal(zone->policy->algorithm, ALGORITHM_ECDSAP256SHA256);
    assert_int_equal(zone->policy->keys, DNSSEC_KEYS_CSK);
    assert_string_equal(zone->policy->key_dir, "/var/lib/contactd/contacts.mdb-keys");
    assert_int_equal(zone->policy->rrsig_lifetime, 5184000);
    assert_int_equal(zone->policy->rrsig_refresh, 2764800);
    assert_int_equal(zone->policy->denial, DNSSEC_DENIAL_NSEC);
    assert_int_equal(zone->policy->cds, DNSSEC_CDS_ON);
    config_destroy(config);
}

static void the_demo_serves_two_tlds_and_members_on_this_machine(void **state)
{
    (void)state;
    struct config *config = read_sample("demo.conf");
    char text[ENDPOINT_TEXT_OCTETS];
    struct sockaddr_in near = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};
    const struct config_asker inside = {.address = (struct sockaddr *)&near};
    const struct config_asker outside = {.address = (struct sockaddr *)&far};
    assert_int_equal(config->server.listen_count, 2);
    endpoint_to_text(&config->server.listen[0], text);
    assert_string_equal(text, "127.0.0.1@5300");
    assert_int_equal(config->zone_count, 3);
    assert_int_equal(config->zones[2].audience, AUDIENCE_MEMBERS);
    for (size_t i = 0; i < 3; i++) {
        const struct config_zone *zone = &config->zones[i];
        bool open = zone->audience == AUDIENCE_PUBLIC;
        assert_true(config_acl_allows(zone, ACL_TRANSFER, &inside, false));
        assert_false(config_acl_allows(zone, ACL_TRANSFER, &outside, false));
        assert_true(config_acl_allows(zone, ACL_QUERY, &inside, open));
        assert_int_equal(config_acl_allows(zone, ACL_QUERY, &outside, open), open);
    }
    config_destroy(config);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_without_a_diagnostic),
        cmocka_unit_test(every_zone_of_contacts_in_the_samples_is_signed),
        cmocka_unit_test(the_defaults_that_the_sample_shows_are_the_defaults),
        cmocka_unit_test(the_demo_serves_two_tlds_and_members_on_this_machine),
    };
    if (argc != 2)
        return 64;
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
