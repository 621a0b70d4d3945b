#include "conf_test.h"

#include "conf/config.h"
#include "conf/units.h"

#include <sys/stat.h>
#include <unistd.h>

/* What every configuration below needs besides what its test is about. */
#define BASE "database: d.mdb\n"
#define ZONE "zone:\n  - domain: cc.example\n    nameservers: ns.example.net\n"

static char folder[] = "/tmp/conf-config-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 && mkdir("sub", 0700) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"a.conf", "b.conf", "sub/c.conf", "sub"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        remove(names[i]);
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* The configuration of a text that is right. */
static struct config *read_right(const char *text)
{
    struct config *config = NULL;
    struct diag *diag = diag_create();
    put("a.conf", text);
    enum status status = config_read("a.conf", diag, &config);
    char *found = printed(diag, DIAG_GNU);
    assert_string_equal(found, "");
    assert_int_equal(status, STATUS_OK);
    free(found);
    diag_destroy(diag);
    return config;
}

static void check_endpoint(const struct endpoint *endpoint, const char *expected)
{
    char text[ENDPOINT_TEXT_OCTETS];
    endpoint_to_text(endpoint, text);
    assert_string_equal(text, expected);
}

static void check_prefix(const struct prefix *prefix, const char *expected)
{
    char text[PREFIX_TEXT_OCTETS];
    prefix_to_text(prefix, text);
    assert_string_equal(text, expected);
}

static void check_name(const struct name *name, const char *expected)
{
    char text[NAME_TEXT_OCTETS];
    name_to_text(name->octets, text);
    assert_string_equal(text, expected);
}

static bool allows(const struct config_zone *zone, enum acl_action action, const char *client)
{
    struct endpoint endpoint;
    assert_int_equal(units_endpoint(client, 4711, &endpoint), STATUS_OK);
    const struct config_asker asker = {.address = &endpoint.address.any};
    bool allowed = config_acl_allows(zone, action, &asker, false);
    bool otherwise = config_acl_allows(zone, action, &asker, true);
    /* Whether an acl decided shows in that the last argument does not matter. */
    return allowed && otherwise;
}

static void items_that_are_not_written_have_their_default(void **state)
{
    (void)state;
    struct config *config = read_right(BASE ZONE);
    assert_string_equal(config->path, "a.conf");
    assert_int_equal(config->server.listen_count, 2);
    check_endpoint(&config->server.listen[0], "127.0.0.1@53");
    check_endpoint(&config->server.listen[1], "::1@53");
    assert_int_equal(config->server.workers, 0);
    assert_null(config->server.user);
    assert_null(config->server.identity);
    assert_string_equal(config->server.version, "contactd " CONTACTD_VERSION);
    assert_int_equal(config->server.udp_max, 1232);
    assert_int_equal(config->server.tcp_max, 1000);
    assert_int_equal(config->server.tcp_per_client, 50);
    assert_int_equal(config->server.tcp_idle_ms, 10000);
    assert_int_equal(config->log.target, LOG_TARGET_STDERR);
    assert_int_equal(config->log.format, LOG_FORMAT_TEXT);
    assert_int_equal(config->log.level, LOG_LEVEL_INFO);
    assert_int_equal(config->freshness.due_days, 150);
    assert_int_equal(config->freshness.stale_days, 180);
    assert_int_equal(config->freshness.expired_days, 400);
    assert_null(config->contacts);
    assert_false(config->tlds_any);
    assert_null(config->tlds_file);
    check_name(&config->zones[0].hostmaster, "hostmaster.cc.example.");
    assert_false(config->zones[0].dnssec);
    config_destroy(config);
}

/* What items_that_are_written_have_their_value writes. */
static void check_policy_written(const struct config_policy *policy)
{
    assert_string_equal(policy->id, "offline");
    assert_int_equal(policy->algorithm, ALGORITHM_ED25519);
    assert_int_equal(policy->keys, DNSSEC_KEYS_KSK_ZSK);
    assert_string_equal(policy->key_dir, "/keys");
    assert_int_equal(policy->resolver_count, 2);
    check_endpoint(&policy->resolvers[0], "192.0.2.53@53");
    check_endpoint(&policy->resolvers[1], "2001:db8::53@5353");
    assert_int_equal(policy->rrsig_lifetime, 4838400);
    assert_int_equal(policy->rrsig_refresh, 1382400);
    assert_int_equal(policy->denial, DNSSEC_DENIAL_NSEC3);
    assert_int_equal(policy->cds, DNSSEC_CDS_DELETE);
    assert_int_equal(policy->place.line, 31);
    assert_int_equal(policy->refresh_place.line, 37);
}

static void items_that_are_written_have_their_value(void **state)
{
    (void)state;
    struct config *config = read_right(
        "server:\n    listen: 192.0.2.1@5300\n    workers: 4\n    user: contactd\n"
        "    identity: ns1 ams\n    version: none\n    udp-max: 4K\n    tcp-max: 7\n"
        "    tcp-per-client: 3\n    tcp-idle: 1m30s\n"
        "log: {target: syslog, format: json, level: debug}\n"
        "freshness: {due: 1w, stale: 2w, expired: 30d}\n"
        "contacts: /c\ntlds: any\n" BASE "zone:\n  domain: CC.Example.\n  audience: public\n"
        "  nameservers: [NS1.cc.example 192.0.2.1 2001:db8::1, ns2.example.net]\n"
        "  hostmaster: noc.24x7@registry.example\n  ttl: 1h\n  negative-ttl: 60\n"
        "  refresh: 2h\n  retry: 10m\n  expire: 2w\n  serial: date\n  zonemd: off\n"
        "  dnssec: on\n  policy: offline\n"
        "policy:\n  id: offline\n  algorithm: ed25519\n  keys: ksk-zsk\n  key-dir: /keys\n"
        "  resolver: [192.0.2.53, '2001:db8::53@5353']\n  rrsig-lifetime: 8w\n"
        "  rrsig-refresh: 16d\n  denial: nsec3\n  cds: delete\n");
    const struct config_zone *zone = &config->zones[0];
    assert_int_equal(config->server.listen_count, 1);
    check_endpoint(&config->server.listen[0], "192.0.2.1@5300");
    assert_int_equal(config->server.workers, 4);
    assert_string_equal(config->server.user, "contactd");
    assert_string_equal(config->server.identity, "ns1 ams");
    assert_null(config->server.version);
    assert_int_equal(config->server.udp_max, 4096);
    assert_int_equal(config->server.tcp_max, 7);
    assert_int_equal(config->server.tcp_per_client, 3);
    assert_int_equal(config->server.tcp_idle_ms, 90000);
    assert_int_equal(config->log.target, LOG_TARGET_SYSLOG);
    assert_int_equal(config->log.format, LOG_FORMAT_JSON);
    assert_int_equal(config->log.level, LOG_LEVEL_DEBUG);
    assert_int_equal(config->freshness.due_days, 7);
    assert_int_equal(config->freshness.stale_days, 14);
    assert_int_equal(config->freshness.expired_days, 30);
    assert_string_equal(config->contacts, "/c");
    assert_true(config->tlds_any);
    assert_string_equal(config->database, "d.mdb");
    assert_int_equal(config->database_place.line, 15);
    assert_int_equal(config->database_place.column, 11);
    check_name(&zone->domain, "cc.example.");
    assert_int_equal(zone->nameserver_count, 2);
    check_name(&zone->nameservers[0].name, "ns1.cc.example.");
    assert_int_equal(zone->nameservers[0].address_count, 2);
    check_prefix(&zone->nameservers[0].addresses[0], "192.0.2.1");
    check_prefix(&zone->nameservers[0].addresses[1], "2001:db8::1");
    assert_int_equal(zone->nameservers[1].address_count, 0);
    check_name(&zone->hostmaster, "noc\\.24x7.registry.example.");
    assert_int_equal(zone->ttl, 3600);
    assert_int_equal(zone->negative_ttl, 60);
    assert_int_equal(zone->refresh, 7200);
    assert_int_equal(zone->retry, 600);
    assert_int_equal(zone->expire, 1209600);
    assert_int_equal(zone->serial, SERIAL_DATE);
    assert_false(zone->zonemd);
    assert_true(zone->dnssec);
    assert_ptr_equal(zone->policy, &config->policies[0]);
    check_policy_written(zone->policy);
    config_destroy(config);
}

static void check_policy_defaults(const struct config_policy *policy)
{
    assert_int_equal(policy->algorithm, ALGORITHM_ECDSAP256SHA256);
    assert_int_equal(policy->keys, DNSSEC_KEYS_CSK);
    assert_string_equal(policy->key_dir, "d.mdb-keys");
    assert_int_equal(policy->resolver_count, 0);
    assert_int_equal(policy->rrsig_lifetime, 5184000);
    assert_int_equal(policy->rrsig_refresh, 2764800);
    assert_int_equal(policy->denial, DNSSEC_DENIAL_NSEC);
    assert_int_equal(policy->cds, DNSSEC_CDS_ON);
    assert_null(policy->refresh_place.file);
}

static void a_default_policy_is_built_in(void **state)
{
    (void)state;
    struct config *config = read_right("policy: {id: other}\n" BASE ZONE "    dnssec: on\n");
    assert_int_equal(config->policy_count, 2);
    assert_string_equal(config->policies[0].id, "other");
    assert_int_equal(config->policies[0].place.line, 1);
    check_policy_defaults(&config->policies[0]);
    assert_string_equal(config->policies[1].id, "default");
    assert_string_equal(config->policies[1].place.file, "a.conf");
    assert_int_equal(config->policies[1].place.line, 0);
    check_policy_defaults(&config->policies[1]);
    assert_ptr_equal(config->zones[0].policy, &config->policies[1]);
    config_destroy(config);

    config = read_right(BASE ZONE "    policy: default\n");
    assert_int_equal(config->policy_count, 1);
    assert_ptr_equal(config->zones[0].policy, &config->policies[0]);
    config_destroy(config);
}

static void a_policy_of_that_name_takes_the_place_of_the_built_in_one(void **state)
{
    (void)state;
    struct config *config = read_right(BASE ZONE "policy:\n  - id: other\n  - {id: default, cds: "
                                                 "off}\n");
    assert_int_equal(config->policy_count, 2);
    assert_ptr_equal(config->zones[0].policy, &config->policies[1]);
    assert_int_equal(config->zones[0].policy->cds, DNSSEC_CDS_OFF);
    config_destroy(config);
}

/* The range and the default alone; what the times mean together is in the golden files. */
static void signature_times_reach_their_bounds(void **state)
{
    (void)state;
    struct config *config =
        read_right(BASE "policy:\n  - {id: short, rrsig-lifetime: 4d, rrsig-refresh: 1d}\n"
                        "  - {id: long, rrsig-lifetime: 365d, rrsig-refresh: 363d}\n" ZONE
                        "    dnssec: on\n    policy: long\n    expire: 361d\n    ttl: 1d\n");
    assert_int_equal(config->policies[0].rrsig_lifetime, 345600);
    assert_int_equal(config->policies[0].rrsig_refresh, 86400);
    assert_int_equal(config->zones[0].policy->rrsig_lifetime, 31536000);
    assert_int_equal(config->zones[0].policy->rrsig_refresh, 31363200);
    config_destroy(config);
}

static void references_lead_to_what_they_name(void **state)
{
    (void)state;
    struct config *config = read_right(
        "zone:\n  - domain: a.example\n    nameservers: ns.example.net\n    notify: [r2, r1]\n"
        "    acl: y\n" BASE
        "acl:\n  - {id: x, action: query}\n  - {id: y, action: transfer, remote: r1}\n"
        "remote:\n  - {id: r1, address: 192.0.2.1}\n  - {id: r2, address: ['::1@5353', "
        "192.0.2.2]}\n");
    const struct config_zone *zone = &config->zones[0];
    assert_int_equal(zone->notify_count, 2);
    assert_string_equal(zone->notify[0]->id, "r2");
    assert_int_equal(zone->notify[0]->address_count, 2);
    check_endpoint(&zone->notify[0]->addresses[0], "::1@5353");
    assert_ptr_equal(zone->notify[1], &config->remotes[0]);
    assert_int_equal(zone->acl_count, 1);
    assert_ptr_equal(zone->acl[0], &config->acls[1]);
    assert_int_equal(zone->acl[0]->remote_count, 1);
    assert_ptr_equal(zone->acl[0]->remotes[0], &config->remotes[0]);
    assert_true(zone->acl[0]->has_remotes);
    assert_false(config->acls[0].has_remotes);
    config_destroy(config);
}

static void all_terms_of_an_acl_must_hold(void **state)
{
    (void)state;
    struct config *config =
        read_right(BASE "remote:\n  - {id: r, address: [10.0.0.1, 192.0.2.1, '2001:db8::1']}\n"
                        "acl:\n  - id: both\n    address: [10.0.0.0/8, '2001:db8::/32']\n"
                        "    remote: r\n    action: transfer\n" ZONE "    acl: both\n");
    const struct config_zone *zone = &config->zones[0];
    assert_true(allows(zone, ACL_TRANSFER, "10.0.0.1"));
    assert_true(allows(zone, ACL_TRANSFER, "2001:db8::1"));
    assert_true(allows(zone, ACL_TRANSFER, "::ffff:10.0.0.1"));
    assert_false(allows(zone, ACL_TRANSFER, "10.0.0.2"));  /* not the remote */
    assert_false(allows(zone, ACL_TRANSFER, "192.0.2.1")); /* not in the prefixes */
    assert_false(allows(zone, ACL_QUERY, "10.0.0.1"));
    config_destroy(config);
}

static void the_first_acl_that_holds_decides(void **state)
{
    (void)state;
    struct config *config = read_right(
        BASE "acl:\n  - {id: bad, address: 192.0.2.66, deny: on}\n"
             "  - {id: no-transfer, address: 192.0.2.128/25, deny: on, action: transfer}\n"
             "  - {id: net, address: 192.0.2.0/24, action: [query, transfer]}\n"
             "  - {id: late, address: 192.0.2.66, action: query}\n" ZONE
             "    acl: [bad, no-transfer, net, late]\n");
    const struct config_zone *zone = &config->zones[0];
    struct sockaddr_in far = {.sin_family = AF_INET};
    const struct config_asker asker = {.address = (struct sockaddr *)&far};
    assert_true(allows(zone, ACL_QUERY, "192.0.2.1"));
    assert_true(allows(zone, ACL_TRANSFER, "192.0.2.1"));
    assert_false(allows(zone, ACL_QUERY, "192.0.2.66"));
    assert_false(allows(zone, ACL_TRANSFER, "192.0.2.66"));
    assert_true(allows(zone, ACL_QUERY, "192.0.2.200"));
    assert_false(allows(zone, ACL_TRANSFER, "192.0.2.200"));
    assert_true(config_acl_allows(zone, ACL_QUERY, &asker, true));
    assert_false(config_acl_allows(zone, ACL_QUERY, &asker, false));
    config_destroy(config);
}

static void an_acl_without_terms_is_about_everyone(void **state)
{
    (void)state;
    struct config *config =
        read_right(BASE "acl: {id: all, action: transfer}\n" ZONE "    acl: all\n");
    assert_true(allows(&config->zones[0], ACL_TRANSFER, "192.0.2.1"));
    assert_true(allows(&config->zones[0], ACL_TRANSFER, "2001:db8::1"));
    config_destroy(config);
}

#define KEYS                                                                                       \
    "key:\n  - {id: old.example, secret-file: old.key}\n"                                          \
    "  - {id: new, algorithm: hmac-sha512, secret-file: new.key}\n"                                \
    "  - {id: other, secret-file: other.key}\n"

/* One who asks; what a case does not name is not there. */
struct coming {
    const char *address;
    int key; /* index of the keys above, or -1 */
    bool tls;
    const char *name; /* of a certificate, or NULL */
    bool may;
};

static void check_coming(const struct config *config, const struct coming *coming)
{
    struct endpoint endpoint;
    assert_int_equal(units_endpoint(coming->address, 4711, &endpoint), STATUS_OK);
    const struct config_asker asker = {
        .address = &endpoint.address.any,
        .key = coming->key < 0 ? NULL : &config->keys[coming->key],
        .tls = coming->tls,
        .name_count = coming->name != NULL ? 1 : 0,
        .names = &coming->name,
    };
    assert_int_equal(config_acl_allows(&config->zones[0], ACL_TRANSFER, &asker, false),
                     coming->may);
}

static void check_all_coming(const char *text, const struct coming *cases, size_t count)
{
    struct config *config = read_right(text);
    for (size_t i = 0; i < count; i++)
        check_coming(config, &cases[i]);
    config_destroy(config);
}

static void what_an_acl_asks_for_cannot_be_met_by_less(void **state)
{
    (void)state;
    static const struct coming cases[] = {
        {"192.0.2.1", -1, false, NULL, false},
        {"192.0.2.1", 2, false, NULL, false},
        {"192.0.2.1", 0, false, NULL, true},
        {"192.0.2.1", 1, false, NULL, true},
        {"192.0.2.1", 1, true, "x.example", true},
        {"198.51.100.1", 0, false, NULL, false},
        {"198.51.100.1", -1, true, "a.example", false},
    };
    check_all_coming(BASE KEYS "acl:\n  - {id: a, action: transfer, address: 192.0.2.0/24, "
                               "key: [old.example, new]}\n" ZONE "    acl: a\n",
                     cases, sizeof cases / sizeof cases[0]);
}

static void a_certificate_counts_by_tls_only(void **state)
{
    (void)state;
    static const struct coming cases[] = {
        {"192.0.2.1", -1, true, "A.Example", true},  {"192.0.2.1", -1, false, "a.example", false},
        {"192.0.2.1", -1, true, "b.example", false}, {"192.0.2.1", -1, true, NULL, false},
        {"192.0.2.1", 0, true, NULL, false},
    };
    check_all_coming(BASE KEYS "acl: {id: a, action: transfer, cert-hostname: a.example}\n" ZONE
                               "    acl: a\n",
                     cases, sizeof cases / sizeof cases[0]);
}

/* Who is one remote by its address is not another by its key. */
static void a_remote_is_its_address_with_what_it_brings(void **state)
{
    (void)state;
    static const struct coming cases[] = {
        {"192.0.2.1", 0, false, NULL, true},         {"192.0.2.1", -1, false, NULL, false},
        {"192.0.2.1", 1, true, "b.example", false},  {"192.0.2.2", 1, true, "b.example", true},
        {"192.0.2.2", 1, false, "b.example", false}, {"192.0.2.2", 1, true, NULL, false},
        {"192.0.2.2", 0, true, "b.example", false},  {"192.0.2.3", -1, false, NULL, false},
        {"192.0.2.3", -1, true, NULL, true},
    };
    check_all_coming(
        BASE KEYS "remote:\n  - {id: a, address: 192.0.2.1, key: old.example}\n"
                  "  - {id: b, address: 192.0.2.2, key: new, tls: on, cert-hostname: b.example}\n"
                  "  - {id: c, address: 192.0.2.3, tls: on}\n"
                  "acl: {id: a, action: transfer, remote: [a, b, c]}\n" ZONE "    acl: a\n",
        cases, sizeof cases / sizeof cases[0]);
}

static void check_history(const char *item, uint32_t seconds, uint64_t octets)
{
    char text[256];
    snprintf(text, sizeof text, BASE ZONE "%s", item);
    struct config *config = read_right(text);
    assert_int_equal(config->zones[0].history.seconds, seconds);
    assert_int_equal(config->zones[0].history.octets, octets);
    config_destroy(config);
}

static void history_is_an_age_a_size_or_both(void **state)
{
    (void)state;
    check_history("", 30 * 86400, 64 << 20);
    check_history("    history: 2w\n", 14 * 86400, 64 << 20);
    check_history("    history: 1G\n", 30 * 86400, 1 << 30);
    check_history("    history: [1M, 1h30m]\n", 5400, 1 << 20);
    check_history("    history: off\n", 0, 0);
}

static void included_files_stand_where_they_are_included(void **state)
{
    (void)state;
    put("b.conf", "policy: {id: b, key-dir: keys}\nserver: {workers: 3}\nacl:\n  - {id: b, action: "
                  "query}\ncontacts: c\n");
    put("sub/c.conf", "include: ../b.conf\n" BASE "tlds: list\nacl: {id: c, action: query}\n");
    struct config *config = read_right("acl:\n  - {id: a, action: query}\ninclude: [sub/c.conf]\n"
                                       "server: {user: x}\n" ZONE "    acl: [a, b, c]\n");
    assert_int_equal(config->server.workers, 3);
    assert_string_equal(config->server.user, "x");
    assert_int_equal(config->acl_count, 3);
    /* paths begin at the folder of the file that names them */
    assert_string_equal(config->database, "sub/d.mdb");
    assert_string_equal(config->tlds_file, "sub/list");
    assert_string_equal(config->contacts, "sub/../c");
    assert_string_equal(config->policies[0].key_dir, "sub/../keys");
    assert_string_equal(config->policies[1].key_dir, "sub/d.mdb-keys");
    assert_string_equal(config->acls[2].place.file, "sub/c.conf");
    config_destroy(config);
}

static void what_the_sockets_and_threads_depend_on_needs_a_restart(void **state)
{
    (void)state;
    static const struct {
        const char *server, *database, *item;
    } cases[] = {
        {"listen: [192.0.2.1, 192.0.2.2]", "d", NULL},
        {"listen: [192.0.2.2, 192.0.2.1]", "d", NULL}, /* their order is nothing */
        {"listen: [192.0.2.1, 192.0.2.3]", "d", "listen"},
        {"listen: 192.0.2.1", "d", "listen"},
        {"{listen: [192.0.2.1, 192.0.2.2], user: x}", "d", "user"},
        {"{listen: [192.0.2.1, 192.0.2.2], workers: 2}", "d", "workers"},
        {"listen: [192.0.2.1, 192.0.2.2]", "e", "database"},
        {"{listen: [192.0.2.1, 192.0.2.2], identity: x, udp-max: 1400}", "d", NULL},
    };
    struct config *running = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "server:\n  %s\ndatabase: %s\n" ZONE, cases[i].server,
                 cases[i].database);
        struct config *fresh = read_right(text);
        if (running == NULL) {
            running = fresh;
            continue;
        }
        const char *item = config_needs_restart(running, fresh);
        if (cases[i].item == NULL)
            assert_null(item);
        else
            assert_string_equal(item, cases[i].item);
        config_destroy(fresh);
    }
    config_destroy(running);
    config_destroy(NULL);
}

static void diagnostics_outlive_the_configuration(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct diag *diag = diag_create();
    put("a.conf", "databse: x\n");
    assert_int_equal(config_read("a.conf", diag, &config), STATUS_INVALID);
    assert_null(config);
    char *text = printed(diag, DIAG_GNU);
    assert_string_equal(text,
                        "a.conf: error: no zone is configured; add one under 'zone:' with 'domain' "
                        "and 'nameservers' [conf-no-zone]\n"
                        "a.conf: error: the configuration lacks 'database' [conf-missing]\n"
                        "a.conf:1:1: error: unknown item 'databse'; did you mean 'database'? "
                        "[conf-unknown-item]\n");
    free(text);
    diag_destroy(diag);
}

static void a_missing_file_is_one_error(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct diag *diag = diag_create();
    assert_int_equal(config_read("nosuch.conf", diag, &config), STATUS_INVALID);
    char *text = printed(diag, DIAG_GNU);
    assert_string_equal(text, "nosuch.conf: error: no such file or folder [file-missing]\n");
    free(text);
    diag_destroy(diag);
}

static void the_control_socket_is_found_whatever_else_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        const char *path; /* NULL: none */
    } cases[] = {
        {BASE ZONE "server:\n    control: run/c\n", STATUS_OK, "run/c"},
        {"server:\n    control: /c\n    bogus: 1\nzonne: 1\n", STATUS_OK, "/c"},
        {"include: nosuch.conf\nserver:\n    control: /c\n", STATUS_OK, "/c"},
        {BASE ZONE, STATUS_OK, NULL},
        {"include: nosuch.conf\n", STATUS_INVALID, NULL},
        {"server: [\n", STATUS_INVALID, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = NULL;
        struct diag *diag = diag_create();
        put("a.conf", cases[i].text);
        assert_int_equal(config_read_control("a.conf", diag, &path), cases[i].status);
        assert_int_equal(path != NULL, cases[i].path != NULL);
        if (path != NULL)
            assert_string_equal(path, cases[i].path);
        if (cases[i].status != STATUS_OK)
            assert_int_not_equal(diag_count(diag, SEVERITY_ERROR), 0);
        free(path);
        diag_destroy(diag);
    }
}

static void warnings_do_not_refuse_a_configuration(void **state)
{
    (void)state;
    struct config *config = NULL;
    struct diag *diag = diag_create();
    put("a.conf", BASE ZONE "    retry: 1h\n");
    assert_int_equal(config_read("a.conf", diag, &config), STATUS_OK);
    assert_int_equal(diag_count(diag, SEVERITY_WARNING), 1);
    config_destroy(config);
    diag_destroy(diag);
}

static void every_prefix_of_a_configuration_is_read_or_refused(void **state)
{
    (void)state;
    static const char text[] =
        "server: {listen: [127.0.0.1, '::1']}\n" BASE "remote: {id: r, address: 192.0.2.1@5}\n"
        "acl: [{id: a, remote: r, address: 192.0.0.0/16, action: [query, transfer]}]\n"
        "policy: {id: p, resolver: ['::1'], key-dir: k}\nfreshness: {due: 1d}\n" ZONE
        "    audience: members\n    acl: a\n    dnssec: on\n    policy: p\n";
    for (size_t length = 0; length < sizeof text; length++) {
        char prefix[sizeof text];
        struct config *config = NULL;
        struct diag *diag = diag_create();
        memcpy(prefix, text, length);
        prefix[length] = '\0';
        put("a.conf", prefix);
        if (config_read("a.conf", diag, &config) == STATUS_OK)
            config_destroy(config);
        else
            assert_int_not_equal(diag_count(diag, SEVERITY_ERROR), 0);
        diag_destroy(diag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_that_are_not_written_have_their_default),
        cmocka_unit_test(items_that_are_written_have_their_value),
        cmocka_unit_test(a_default_policy_is_built_in),
        cmocka_unit_test(a_policy_of_that_name_takes_the_place_of_the_built_in_one),
        cmocka_unit_test(signature_times_reach_their_bounds),
        cmocka_unit_test(references_lead_to_what_they_name),
        cmocka_unit_test(all_terms_of_an_acl_must_hold),
        cmocka_unit_test(the_first_acl_that_holds_decides),
        cmocka_unit_test(an_acl_without_terms_is_about_everyone),
        cmocka_unit_test(what_an_acl_asks_for_cannot_be_met_by_less),
        cmocka_unit_test(a_certificate_counts_by_tls_only),
        cmocka_unit_test(a_remote_is_its_address_with_what_it_brings),
        cmocka_unit_test(history_is_an_age_a_size_or_both),
        cmocka_unit_test(included_files_stand_where_they_are_included),
        cmocka_unit_test(what_the_sockets_and_threads_depend_on_needs_a_restart),
        cmocka_unit_test(diagnostics_outlive_the_configuration),
        cmocka_unit_test(a_missing_file_is_one_error),
        cmocka_unit_test(the_control_socket_is_found_whatever_else_is_wrong),
        cmocka_unit_test(warnings_do_not_refuse_a_configuration),
        cmocka_unit_test(every_prefix_of_a_configuration_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
