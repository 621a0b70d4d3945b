/* A setting that reaches records changes the digest of the shape. */
#include "tests/unit/check.h"

#include "command/shape.h"

#include <string.h>

struct bench {
    struct config config;
    struct config_zone zone;
    struct config_policy policy;
    struct config_nameserver server;
    struct prefix address;
    struct delegated items[3];
    struct delegated_list delegated;
    char contacts[16], key_dir[16], label[16], territory[16];
};

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return name;
}

static void start(struct bench *b)
{
    memset(b, 0, sizeof *b);
    strcpy(b->contacts, "contacts");
    strcpy(b->key_dir, "keys");
    strcpy(b->label, "xa");
    strcpy(b->territory, "Xanadu");
    b->address = (struct prefix){.family = AF_INET, .octets = {192, 0, 2, 1}, .bits = 32};
    b->server = (struct config_nameserver){
        .name = name_of("ns1.cc.example"), .address_count = 1, .addresses = &b->address};
    b->policy = (struct config_policy){.algorithm = ALGORITHM_ECDSAP256SHA256,
                                       .key_dir = b->key_dir,
                                       .rrsig_lifetime = 60,
                                       .rrsig_refresh = 32};
    b->zone = (struct config_zone){.domain = name_of("cc.example"),
                                   .hostmaster = name_of("hostmaster.cc.example"),
                                   .nameserver_count = 1,
                                   .nameservers = &b->server,
                                   .dnssec = true,
                                   .policy = &b->policy};
    b->config = (struct config){
        .contacts = b->contacts, .freshness = {150, 180, 400}, .zone_count = 1, .zones = &b->zone};
    b->items[0] = (struct delegated){b->label, NULL, b->territory};
    b->items[1] = b->items[2] = b->items[0];
    b->delegated = (struct delegated_list){3, b->items, false};
}

static void digest(const struct bench *b, uint8_t out[SOURCE_DIGEST_OCTETS])
{
    assert_int_equal(shape_digest(&b->config, &b->delegated, out), STATUS_OK);
}

#define OCTET(field) offsetof(struct bench, field)

/* Each changes one bit of a value that records are made from. */
static const size_t octets[] = {
    OCTET(contacts[3]),
    OCTET(config.freshness.due_days),
    OCTET(config.freshness.stale_days),
    OCTET(config.freshness.expired_days),
    OCTET(config.zone_count),
    OCTET(zone.domain.octets[1]),
    OCTET(zone.hostmaster.octets[1]),
    OCTET(zone.catalog),
    OCTET(zone.audience),
    OCTET(zone.ttl),
    OCTET(zone.negative_ttl),
    OCTET(zone.refresh),
    OCTET(zone.retry),
    OCTET(zone.expire),
    OCTET(zone.serial),
    OCTET(zone.zonemd),
    OCTET(zone.dnssec),
    OCTET(zone.nameserver_count),
    OCTET(server.name.octets[1]),
    OCTET(server.address_count),
    OCTET(address.octets[15]),
    OCTET(policy.algorithm),
    OCTET(policy.keys),
    OCTET(policy.rrsig_lifetime),
    OCTET(policy.rrsig_refresh),
    OCTET(policy.denial),
    OCTET(policy.cds),
    OCTET(key_dir[1]),
    OCTET(delegated.any),
    OCTET(delegated.count),
    OCTET(label[1]),
    OCTET(territory[1]),
};

#define OCTETS (sizeof octets / sizeof octets[0])

static void whatever_reaches_records_changes_it(void **state)
{
    uint8_t digests[OCTETS + 1][SOURCE_DIGEST_OCTETS];
    (void)state;

    for (size_t i = 0; i <= OCTETS; i++) {
        struct bench b;
        start(&b);
        if (i < OCTETS)
            ((uint8_t *)&b)[octets[i]] ^= 1; /* the last one stays as it is */
        digest(&b, digests[i]);
        for (size_t n = 0; n < i; n++)
            assert_memory_not_equal(digests[n], digests[i], SOURCE_DIGEST_OCTETS);
    }
}

static void what_reaches_no_record_does_not_change_it(void **state)
{
    (void)state;
    struct bench b;
    uint8_t before[SOURCE_DIGEST_OCTETS];
    uint8_t after[SOURCE_DIGEST_OCTETS];

    start(&b);
    digest(&b, before);
    b.config.server.udp_max = 512;
    b.config.database = "elsewhere";
    b.zone.place.line = 7;
    b.policy.id = "other";
    digest(&b, after);
    assert_memory_equal(before, after, sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_reaches_records_changes_it),
        cmocka_unit_test(what_reaches_no_record_does_not_change_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
