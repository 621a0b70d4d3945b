#include "conf/options.h"

#include "conf/settings.h"
#include "conf/suggest.h"

#include <string.h>

#define ITEM(in, is, ...)                                                                          \
    {                                                                                              \
        .section = SECTION_##in, .kind = OPTION_##is, .item = __VA_ARGS__                          \
    }
#define AT(type, member)             .offset = offsetof(struct type, member)
#define LIST_AT(type, member, count) AT(type, member), .count_offset = offsetof(struct type, count)

/* RFC 2181 §8: the largest TTL, and by the same reasoning the largest SOA timer. */
#define SECONDS_MAX 0x7fffffff
#define DAY         86400

static const struct option_word log_targets[] = {
    {"stderr", LOG_TARGET_STDERR}, {"syslog", LOG_TARGET_SYSLOG}, {NULL, 0}};
static const struct option_word log_formats[] = {
    {"text", LOG_FORMAT_TEXT}, {"json", LOG_FORMAT_JSON}, {NULL, 0}};
static const struct option_word log_levels[] = {{"error", LOG_LEVEL_ERROR},
                                                {"warning", LOG_LEVEL_WARNING},
                                                {"info", LOG_LEVEL_INFO},
                                                {"debug", LOG_LEVEL_DEBUG},
                                                {NULL, 0}};
static const struct option_word tsig_algorithms[] = {{"hmac-sha256", TSIG_HMAC_SHA256},
                                                     {"hmac-sha384", TSIG_HMAC_SHA384},
                                                     {"hmac-sha512", TSIG_HMAC_SHA512},
                                                     {"hmac-sha1", TSIG_HMAC_SHA1},
                                                     {NULL, 0}};
static const struct option_word acl_actions[] = {
    {"query", ACL_QUERY}, {"transfer", ACL_TRANSFER}, {NULL, 0}};
static const struct option_word audiences[] = {
    {"public", AUDIENCE_PUBLIC}, {"members", AUDIENCE_MEMBERS}, {NULL, 0}};
static const struct option_word serials[] = {
    {"unixtime", SERIAL_UNIXTIME}, {"counter", SERIAL_COUNTER}, {"date", SERIAL_DATE}, {NULL, 0}};
static const struct option_word algorithms[] = {
    {"ecdsap256sha256", ALGORITHM_ECDSAP256SHA256}, {"ed25519", ALGORITHM_ED25519}, {NULL, 0}};
static const struct option_word key_sets[] = {
    {"csk", DNSSEC_KEYS_CSK}, {"ksk-zsk", DNSSEC_KEYS_KSK_ZSK}, {NULL, 0}};
static const struct option_word denials[] = {
    {"nsec", DNSSEC_DENIAL_NSEC}, {"nsec3", DNSSEC_DENIAL_NSEC3}, {NULL, 0}};
static const struct option_word cds_forms[] = {
    {"on", DNSSEC_CDS_ON}, {"off", DNSSEC_CDS_OFF}, {"delete", DNSSEC_CDS_DELETE}, {NULL, 0}};

/* clang-format off */
static const struct option table[] = {
    ITEM(TOP, SECTION, "server", .opens = SECTION_SERVER),
    ITEM(TOP, PATH, "database", AT(config, database), .required = true),
    ITEM(TOP, PATH, "contacts", AT(config, contacts)),
    ITEM(TOP, TLDS, "tlds"),
    ITEM(TOP, INCLUDE, "include"),
    ITEM(TOP, SECTION, "freshness", .opens = SECTION_FRESHNESS),
    ITEM(TOP, SECTION, "log", .opens = SECTION_LOG),
    ITEM(TOP, LIST_SECTION, "remote", .opens = SECTION_REMOTE),
    ITEM(TOP, LIST_SECTION, "acl", .opens = SECTION_ACL),
    ITEM(TOP, LIST_SECTION, "policy", .opens = SECTION_POLICY),
    ITEM(TOP, LIST_SECTION, "zone", .opens = SECTION_ZONE),
    ITEM(TOP, LIST_SECTION, "key", .opens = SECTION_KEY),

    ITEM(SERVER, ENDPOINTS, "listen", LIST_AT(config_server, listen, listen_count),
     .fallback = "127.0.0.1@53 ::1@53", .port = 53),
    ITEM(SERVER, NUMBER, "workers", AT(config_server, workers),
     .least = 0, .most = 1024, .fallback = "0"),
    ITEM(SERVER, TEXT, "user", AT(config_server, user),
     .least = 1, .most = 32, .fallback = "none"),
    ITEM(SERVER, SWITCH, "sandbox", AT(config_server, sandbox), .fallback = "on"),
    ITEM(SERVER, TEXT, "identity", AT(config_server, identity),
     .least = 1, .most = 255, .fallback = "none"), /* one string of a TXT record */
    ITEM(SERVER, TEXT, "version", AT(config_server, version),
     .least = 1, .most = 255, .fallback = "contactd " CONTACTD_VERSION),
    ITEM(SERVER, OCTETS, "udp-max", AT(config_server, udp_max),
     .least = 512, .most = 4096, .fallback = "1232"),
    ITEM(SERVER, NUMBER, "tcp-max", AT(config_server, tcp_max),
     .least = 1, .most = 1000000, .fallback = "1000"),
    ITEM(SERVER, NUMBER, "tcp-per-client", AT(config_server, tcp_per_client),
     .least = 1, .most = 1000000, .fallback = "50"),
    ITEM(SERVER, MILLISECONDS, "tcp-idle", AT(config_server, tcp_idle_ms),
     .least = 1, .most = 3600, .fallback = "10s"),
    ITEM(SERVER, ENDPOINTS, "tls-listen",
     LIST_AT(config_server, tls_listen, tls_listen_count), .port = 853),
    ITEM(SERVER, PATH, "tls-cert", AT(config_server, tls_cert)),
    ITEM(SERVER, PATH, "tls-key", AT(config_server, tls_key)),
    ITEM(SERVER, PATH, "tls-ca", AT(config_server, tls_ca)),
    ITEM(SERVER, PATH, "control", AT(config_server, control)),
    ITEM(SERVER, MODE, "control-mode", AT(config_server, control_mode), .fallback = "0660"),
    ITEM(SERVER, TEXT, "control-group", AT(config_server, control_group),
     .least = 1, .most = 32, .fallback = "none"),
    ITEM(SERVER, SWITCH, "cookies", AT(config_server, cookies), .fallback = "on"),
    ITEM(SERVER, PATH, "cookie-secret-file", AT(config_server, cookie_secret_file)),
    ITEM(SERVER, OCTETS, "nocookie-udp-max", AT(config_server, nocookie_udp_max),
     .least = 512, .most = 4096), /* udp-max */
    ITEM(SERVER, SWITCH, "rrl", AT(config_server, rrl), .fallback = "off"),
    ITEM(SERVER, NUMBER, "rrl-rate", AT(config_server, rrl_rate),
     .least = 1, .most = 100000, .fallback = "200"),
    ITEM(SERVER, SIZE, "rrl-octets", AT(config_server, rrl_octets),
     .least = 4096, .most = 1 << 30, .fallback = "256K"),
    ITEM(SERVER, NUMBER, "rrl-slip", AT(config_server, rrl_slip),
     .least = 0, .most = 10, .fallback = "2"),
    ITEM(SERVER, PREFIXES, "rrl-exempt",
     LIST_AT(config_server, rrl_exempt, rrl_exempt_count), .fallback = "127.0.0.0/8 ::1"),

    ITEM(LOG, WORD, "target", AT(config_log, target),
     .words = log_targets, .fallback = "stderr"),
    ITEM(LOG, WORD, "format", AT(config_log, format),
     .words = log_formats, .fallback = "text"),
    ITEM(LOG, WORD, "level", AT(config_log, level),
     .words = log_levels, .fallback = "info"),

    ITEM(FRESHNESS, DAYS, "due", AT(config_freshness, due_days),
     .least = 1, .most = 36500, .fallback = "150d"),
    ITEM(FRESHNESS, DAYS, "stale", AT(config_freshness, stale_days),
     .least = 1, .most = 36500, .fallback = "180d"),
    ITEM(FRESHNESS, DAYS, "expired", AT(config_freshness, expired_days),
     .least = 1, .most = 36500, .fallback = "400d"),

    ITEM(KEY, ID, "id", AT(config_key, id), .required = true),
    ITEM(KEY, WORD, "algorithm", AT(config_key, algorithm),
     .words = tsig_algorithms, .fallback = "hmac-sha256"),
    ITEM(KEY, PATH, "secret-file", AT(config_key, secret_file), .required = true),

    ITEM(REMOTE, ID, "id", AT(config_remote, id), .required = true),
    ITEM(REMOTE, ENDPOINTS, "address",
     LIST_AT(config_remote, addresses, address_count), .required = true, .port = 53),
    ITEM(REMOTE, KEYS, "key", LIST_AT(config_remote, keys, key_count)),
    ITEM(REMOTE, SWITCH, "tls", AT(config_remote, tls), .fallback = "off"),
    ITEM(REMOTE, TEXT, "cert-hostname", AT(config_remote, cert_hostname),
     .least = 1, .most = 253),

    ITEM(ACL, ID, "id", AT(config_acl, id), .required = true),
    ITEM(ACL, PREFIXES, "address", LIST_AT(config_acl, prefixes, prefix_count)),
    ITEM(ACL, REMOTES, "remote", LIST_AT(config_acl, remotes, remote_count)),
    ITEM(ACL, WORDS, "action", AT(config_acl, actions), .words = acl_actions),
    ITEM(ACL, SWITCH, "deny", AT(config_acl, deny), .fallback = "off"),
    ITEM(ACL, KEYS, "key", LIST_AT(config_acl, keys, key_count)),
    ITEM(ACL, TEXT, "cert-hostname", AT(config_acl, cert_hostname), .least = 1, .most = 253),

    ITEM(POLICY, ID, "id", AT(config_policy, id), .required = true),
    ITEM(POLICY, WORD, "algorithm", AT(config_policy, algorithm),
     .words = algorithms, .fallback = "ecdsap256sha256"),
    ITEM(POLICY, WORD, "keys", AT(config_policy, keys),
     .words = key_sets, .fallback = "csk"),
    ITEM(POLICY, PATH, "key-dir", AT(config_policy, key_dir)),
    ITEM(POLICY, ENDPOINTS, "resolver", LIST_AT(config_policy, resolvers, resolver_count), .port = 53),
    /* Old contents can be replayed for as long as their signatures last, hence a year. The other
     * bounds leave room for a day between publishes and for what check.h keeps between the two. */
    ITEM(POLICY, SECONDS, "rrsig-lifetime", AT(config_policy, rrsig_lifetime),
     .least = 4 * DAY, .most = 365 * DAY, .fallback = "60d"),
    ITEM(POLICY, SECONDS, "rrsig-refresh", AT(config_policy, rrsig_refresh),
     .least = 1 * DAY, .most = 363 * DAY, .fallback = "32d"),
    ITEM(POLICY, WORD, "denial", AT(config_policy, denial),
     .words = denials, .fallback = "nsec"),
    ITEM(POLICY, WORD, "cds", AT(config_policy, cds),
     .words = cds_forms, .fallback = "on"),

    ITEM(ZONE, DOMAIN, "domain", AT(config_zone, domain), .required = true),
    ITEM(ZONE, SWITCH, "catalog", AT(config_zone, catalog), .fallback = "off"),
    ITEM(ZONE, WORD, "audience", AT(config_zone, audience),
     .words = audiences, .fallback = "public"),
    ITEM(ZONE, NAMESERVERS, "nameservers",
     LIST_AT(config_zone, nameservers, nameserver_count)),
    ITEM(ZONE, MAILBOX, "hostmaster", AT(config_zone, hostmaster)),
    ITEM(ZONE, SECONDS, "ttl", AT(config_zone, ttl),
     .least = 1, .most = SECONDS_MAX, .fallback = "4h"),
    ITEM(ZONE, SECONDS, "negative-ttl", AT(config_zone, negative_ttl),
     .least = 1, .most = SECONDS_MAX, .fallback = "5m"),
    ITEM(ZONE, SECONDS, "refresh", AT(config_zone, refresh),
     .least = 1, .most = SECONDS_MAX, .fallback = "1h"),
    ITEM(ZONE, SECONDS, "retry", AT(config_zone, retry),
     .least = 1, .most = SECONDS_MAX, .fallback = "15m"),
    ITEM(ZONE, SECONDS, "expire", AT(config_zone, expire),
     .least = 1, .most = SECONDS_MAX, .fallback = "4w"),
    ITEM(ZONE, WORD, "serial", AT(config_zone, serial),
     .words = serials, .fallback = "unixtime"),
    ITEM(ZONE, REMOTES, "notify", LIST_AT(config_zone, notify, notify_count)),
    ITEM(ZONE, ACLS, "acl", LIST_AT(config_zone, acl, acl_count)),
    ITEM(ZONE, SWITCH, "zonemd", AT(config_zone, zonemd), .fallback = "on"),
    ITEM(ZONE, SWITCH, "dnssec", AT(config_zone, dnssec), .fallback = "off"),
    ITEM(ZONE, POLICY, "policy", AT(config_zone, policy), .fallback = "default"),
    ITEM(ZONE, HISTORY, "history", AT(config_zone, history), .fallback = "30d 64M"),
};
/* clang-format on */

#define TABLE_ROWS (sizeof table / sizeof table[0])
_Static_assert(TABLE_ROWS <= OPTION_MAX, "OPTION_MAX is too small");

const struct option *option_table(size_t *count)
{
    *count = TABLE_ROWS;
    return table;
}

const struct option *option_find(enum option_section section, const char *item)
{
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (table[i].section == section && strcmp(table[i].item, item) == 0)
            return &table[i];
    return NULL;
}

const struct option *option_find_anywhere(const char *item)
{
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (strcmp(table[i].item, item) == 0)
            return &table[i];
    return NULL;
}

const char *option_suggest(enum option_section section, const char *item)
{
    struct suggestion suggestion;

    suggest_start(&suggestion, item);
    for (size_t i = 0; i < TABLE_ROWS; i++)
        if (table[i].section == section)
            suggest_candidate(&suggestion, table[i].item);
    return suggestion.best;
}

const char *option_section_name(enum option_section section)
{
    static const char *const names[SECTION_COUNT] = {
        "", "server", "log", "freshness", "key", "remote", "acl", "policy", "zone"};
    return names[section];
}
