#include "conf/check.h"

#include "conf/names.h"
#include "conf/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ACL_ALL_ACTIONS (ACL_QUERY | ACL_TRANSFER)

#define DAY 86400u
/* Publishes renew signatures; they come from a timer that runs once a day. */
#define PUBLISH_INTERVAL DAY
/* A quarter of what lies between renewals may go in jitter; the rest must be more than one publish,
 * or each of them would sign everything again. */
#define LEAST_BETWEEN_RENEWALS (2 * DAY)

static void check_tls(const struct config_server *server, const struct section_given *given,
                      struct diag *diag)
{
    bool listens = section_value(given, "tls-listen") != NULL;
    bool has_cert = section_value(given, "tls-cert") != NULL;
    bool has_key = section_value(given, "tls-key") != NULL;

    if ((listens && !has_cert) || has_cert != has_key)
        diag_error(diag,
                   section_place(given, listens    ? "tls-listen"
                                        : has_cert ? "tls-cert"
                                                   : "tls-key"),
                   "conf-tls", "TLS needs a certificate and its key; add '%s'",
                   has_cert ? "tls-key" : "tls-cert");
    for (size_t i = 0; i < server->tls_listen_count; i++)
        for (size_t j = 0; j < server->listen_count; j++)
            if (endpoint_equals(&server->tls_listen[i], &server->listen[j]))
                diag_error(diag, section_place(given, "tls-listen"), "conf-duplicate",
                           "'listen' and 'tls-listen' name the same address and port");
}

/* What is written and has no effect. */
static void check_floods(const struct config_server *server, const struct section_given *given,
                         struct diag *diag)
{
    const struct yaml_node *cookies = section_value(given, "cookies");

    if (server->udp_max > 0 && server->nocookie_udp_max > server->udp_max)
        diag_warning(
            diag, section_place(given, "nocookie-udp-max"), "conf-cookies",
            "nocookie-udp-max (%u) is more than udp-max (%u), which holds for every client",
            (unsigned)server->nocookie_udp_max, (unsigned)server->udp_max);
    if (cookies != NULL && cookies->kind == YAML_SCALAR && strcmp(cookies->text, "off") == 0 &&
        section_value(given, "cookie-secret-file") != NULL)
        diag_warning(diag, section_place(given, "cookie-secret-file"), "conf-cookies",
                     "'cookies' is off: the secrets in this file are not used");
}

void check_server(const struct config_server *server, const struct section_given *given,
                  struct diag *diag)
{
    check_tls(server, given, diag);
    check_floods(server, given, diag);
    if (server->tcp_per_client <= server->tcp_max)
        return;
    const char *item =
        section_value(given, "tcp-per-client") != NULL ? "tcp-per-client" : "tcp-max";
    diag_warning(
        diag, section_place(given, item), "conf-tcp",
        "tcp-per-client (%u) is more than tcp-max (%u): one client may take all connections",
        server->tcp_per_client, server->tcp_max);
}

/* Where two items contradict each other the first of them that was written is pointed at. */
static struct place place_of_either(const struct section_given *given, const char *a, const char *b)
{
    return section_place(given, section_value(given, a) != NULL ? a : b);
}

void check_freshness(const struct config_freshness *freshness, const struct section_given *given,
                     struct diag *diag)
{
    if (freshness->due_days == 0 || freshness->stale_days == 0 || freshness->expired_days == 0)
        return; /* one of them is wrong by itself */
    if (freshness->due_days >= freshness->stale_days)
        diag_error(diag, place_of_either(given, "due", "stale"), "conf-freshness",
                   "due (%ud) is not before stale (%ud); the order is due, stale, expired",
                   freshness->due_days, freshness->stale_days);
    if (freshness->stale_days >= freshness->expired_days)
        diag_error(diag, place_of_either(given, "expired", "stale"), "conf-freshness",
                   "stale (%ud) is not before expired (%ud); the order is due, stale, expired",
                   freshness->stale_days, freshness->expired_days);
}

void check_key(struct config_key *key, const struct section_given *given, struct diag *diag)
{
    if (key->id == NULL)
        return; /* missing or wrong, and reported */
    const char *why = names_domain(key->id, false, &key->name);
    if (why != NULL)
        diag_error(diag, section_place(given, "id"), "conf-key",
                   "'%s' is not the name of a key, which is a domain name: %s", key->id, why);
    if (key->algorithm == TSIG_HMAC_SHA1)
        diag_warning(diag, section_place(given, "algorithm"), "conf-sha1",
                     "hmac-sha1 is for peers that know nothing else; make a key of hmac-sha256");
}

void check_remote(struct config_remote *remote, const struct section_given *given,
                  struct arena *arena, struct diag *diag)
{
    remote->hosts = arena_alloc(arena, (remote->address_count + 1) * sizeof *remote->hosts);
    for (size_t i = 0; i < remote->address_count && remote->hosts != NULL; i++)
        remote->hosts[i] = prefix_of_address(&remote->addresses[i].address.any);
    if (remote->cert_hostname != NULL && !remote->tls)
        diag_error(diag, section_place(given, "cert-hostname"), "conf-tls",
                   "a certificate comes by TLS only; add 'tls: on'");
    if (remote->key_count > 0 && remote->keys[0]->algorithm == TSIG_HMAC_SHA1)
        diag_error(diag, section_place(given, "key"), "conf-sha1",
                   "key '%s' would sign NOTIFY with hmac-sha1; name one of hmac-sha256 first",
                   remote->keys[0]->id);
}

static bool lies_in(const struct config_remote *remote, const struct config_acl *acl)
{
    for (size_t i = 0; i < remote->address_count; i++)
        for (size_t j = 0; j < acl->prefix_count; j++)
            if (prefix_contains(&acl->prefixes[j], &remote->hosts[i]))
                return true;
    return false;
}

static bool any_lies_in(const struct config_acl *acl)
{
    for (size_t i = 0; i < acl->remote_count; i++)
        if (lies_in(acl->remotes[i], acl))
            return true;
    return false;
}

void check_acl(struct config_acl *acl, const struct section_given *given, struct diag *diag)
{
    acl->has_prefixes = section_value(given, "address") != NULL;
    acl->has_remotes = section_value(given, "remote") != NULL;
    if (acl->has_remotes && acl->prefix_count > 0 && acl->remote_count > 0 && !any_lies_in(acl))
        diag_error(diag, section_place(given, "remote"), "conf-acl",
                   "no address of 'remote' lies in 'address', and both must hold; make two acls");
    if (section_value(given, "action") != NULL)
        return;
    if (acl->deny)
        acl->actions = ACL_ALL_ACTIONS;
    else
        diag_error(diag, given->place, "conf-missing",
                   "this 'acl' lacks 'action'; write 'action: query', 'action: transfer' or both");
}

static void check_signature_times(const struct config_policy *policy,
                                  const struct section_given *given, struct diag *diag)
{
    char lifetime[32];
    char refresh[32];
    struct place place = place_of_either(given, "rrsig-refresh", "rrsig-lifetime");

    if (policy->rrsig_lifetime == 0 || policy->rrsig_refresh == 0)
        return; /* one of them is wrong by itself */
    units_seconds_text(policy->rrsig_lifetime, lifetime);
    units_seconds_text(policy->rrsig_refresh, refresh);
    if (policy->rrsig_refresh >= policy->rrsig_lifetime)
        diag_error(
            diag, place, "conf-rrsig",
            "rrsig-refresh (%s) is not shorter than rrsig-lifetime (%s): signatures would be "
            "due for renewal when they are made",
            refresh, lifetime);
    else if (policy->rrsig_lifetime - policy->rrsig_refresh < LEAST_BETWEEN_RENEWALS)
        diag_error(diag, place, "conf-rrsig",
                   "rrsig-refresh (%s) is less than 2d shorter than rrsig-lifetime (%s): every "
                   "daily publish would renew most signatures",
                   refresh, lifetime);
}

void check_policy(struct config_policy *policy, const struct section_given *given,
                  const struct config *config, struct diag *diag)
{
    const struct yaml_node *refresh = section_value(given, "rrsig-refresh");

    policy->place = given->place;
    if (refresh != NULL)
        policy->refresh_place = refresh->place;
    if (section_value(given, "key-dir") == NULL && config->database != NULL)
        policy->key_dir = arena_format(config->arena, "%s-keys", config->database);
    check_signature_times(policy, given, diag);
}

/* What would be right: a longer rrsig-refresh, or where its bound forbids that, a shorter timer. */
static void advise_rest(uint64_t needed, const char *item, char text[64])
{
    if (needed <= option_find(SECTION_POLICY, "rrsig-refresh")->most)
        snprintf(text, 64, "write 'rrsig-refresh: %" PRIu64 "d' or more", (needed + DAY - 1) / DAY);
    else
        snprintf(text, 64, "make %s shorter", item);
}

/*
 * A signature that this publish leaves must outlast every copy of it: the next publish may be a day
 * away, a secondary that misses it serves what it has until `expire`, and a cache keeps what it got
 * at the very end for its TTL.
 */
static void check_signature_rest(const struct config_zone *zone, const struct section_given *given,
                                 struct diag *diag)
{
    const struct config_policy *policy = zone->policy;
    bool negative = zone->negative_ttl > zone->ttl;
    const char *ttl_item = negative ? "negative-ttl" : "ttl";
    uint32_t largest_ttl = negative ? zone->negative_ttl : zone->ttl;
    const char *longer = zone->expire >= largest_ttl ? "expire" : ttl_item;
    const char *shorter = zone->expire >= largest_ttl ? ttl_item : "expire";
    uint64_t needed = (uint64_t)zone->expire + largest_ttl + PUBLISH_INTERVAL;
    struct place place = policy->refresh_place;
    char refresh[32];
    char expire[32];
    char ttl[32];
    char domain[NAME_TEXT_OCTETS];
    char advice[64];

    if (policy->rrsig_refresh >= needed)
        return;
    if (place.file == NULL)
        place = place_of_either(given, longer, shorter);
    units_seconds_text(policy->rrsig_refresh, refresh);
    units_seconds_text(zone->expire, expire);
    units_seconds_text(largest_ttl, ttl);
    name_to_text(zone->domain.octets, domain);
    advise_rest(needed, longer, advice);
    diag_error(diag, place, "conf-rrsig",
               "rrsig-refresh (%s) of policy '%s' is shorter than expire (%s) + %s (%s) of zone "
               "'%s' + 1d between publishes: secondaries and caches could hold expired "
               "signatures; %s",
               refresh, policy->id, expire, ttl_item, ttl, domain, advice);
}

static void check_signing(const struct config_zone *zone, const struct section_given *given,
                          struct diag *diag)
{
    if (!zone->dnssec || zone->policy == NULL)
        return;
    if (zone->expire == 0 || zone->ttl == 0 || zone->negative_ttl == 0 ||
        zone->policy->rrsig_refresh == 0)
        return; /* one of them is wrong by itself */
    check_signature_rest(zone, given, diag);
}

/* Relations that named-checkzone and secondaries care about (RFC 1912 §2.2). */
static void check_timers(const struct config_zone *zone, const struct section_given *given,
                         struct diag *diag)
{
    if (zone->refresh == 0 || zone->retry == 0 || zone->expire == 0)
        return; /* one of them is wrong by itself */
    if (zone->expire <= zone->refresh)
        diag_error(diag, place_of_either(given, "expire", "refresh"), "conf-soa",
                   "expire (%us) is not longer than refresh (%us): secondaries would drop the zone "
                   "between two refreshes",
                   zone->expire, zone->refresh);
    else if (zone->expire - zone->refresh < zone->retry)
        diag_warning(diag, place_of_either(given, "expire", "retry"), "conf-soa",
                     "expire (%us) is shorter than refresh + retry (%us + %us)", zone->expire,
                     zone->refresh, zone->retry);
    if (zone->retry >= zone->refresh)
        diag_warning(diag, place_of_either(given, "retry", "refresh"), "conf-soa",
                     "retry (%us) is not shorter than refresh (%us)", zone->retry, zone->refresh);
}

static void check_nameservers(const struct config_zone *zone, struct diag *diag)
{
    char domain[NAME_TEXT_OCTETS];
    char text[NAME_TEXT_OCTETS];

    name_to_text(zone->domain.octets, domain);
    for (size_t i = 0; i < zone->nameserver_count; i++) {
        const struct config_nameserver *server = &zone->nameservers[i];
        bool inside = name_is_within(server->name.octets, zone->domain.octets);
        name_to_text(server->name.octets, text);
        if (inside && server->address_count == 0)
            diag_error(diag, server->place, "conf-nameserver",
                       "'%s' lies in '%s' and has no address; write its addresses behind the name",
                       text, domain);
        else if (!inside && server->address_count > 0)
            diag_error(diag, server->place, "conf-nameserver",
                       "'%s' does not lie in '%s'; write it without addresses", text, domain);
    }
}

static void check_audience(const struct config_zone *zone, const struct section_given *given,
                           struct diag *diag)
{
    const struct yaml_node *written = section_value(given, "acl");
    size_t count = written == NULL ? 0 : written->kind == YAML_SEQUENCE ? written->count : 1;

    if (zone->audience != AUDIENCE_MEMBERS || zone->catalog || zone->acl_count < count)
        return; /* a catalog is asked by who transfers it; an acl that is not found may be the one
                 */
    for (size_t i = 0; i < zone->acl_count; i++) {
        const struct config_acl *acl = zone->acl[i];
        if (acl->actions == 0 || (!acl->deny && (acl->actions & ACL_QUERY) != 0))
            return;
    }
    diag_error(diag, section_place(given, "audience"), "conf-members",
               "a zone for members needs an acl with 'action: query' that says who they are");
}

/* hostmaster.DOMAIN; a domain so long that it does not fit has to name its own. */
static void default_hostmaster(struct config_zone *zone, const struct section_given *given,
                               struct diag *diag)
{
    static const char label[] = "hostmaster";
    if (name_prepend(&zone->hostmaster, (const uint8_t *)label, sizeof label - 1,
                     zone->domain.octets) != STATUS_OK)
        diag_error(diag, section_place(given, "domain"), "conf-name",
                   "hostmaster.DOMAIN would be longer than 255 octets; write 'hostmaster'");
}

/* group.0123456789abcdef.zones (zone/catalog.h) */
#define CATALOG_BELOW_OCTETS 29u

/* A zone of contacts needs name servers; who reads a catalog knows where it came from, and its NS
 * record says nothing (RFC 9432 §4.1). Nor is it looked up, which is what signatures are for. */
static void check_contents(const struct config_zone *zone, const struct section_given *given,
                           struct diag *diag)
{
    bool has_servers = section_value(given, "nameservers") != NULL;

    if (!zone->catalog && !has_servers)
        diag_error(diag, given->place, "conf-missing", "this 'zone' lacks 'nameservers'");
    else if (zone->catalog && has_servers)
        diag_error(diag, section_place(given, "nameservers"), "conf-catalog",
                   "a catalog has no name servers of its own; leave 'nameservers' out");
    if (zone->catalog && zone->domain.length > NAME_MAX_OCTETS - CATALOG_BELOW_OCTETS)
        diag_error(
            diag, section_place(given, "domain"), "conf-catalog",
            "a catalog has names of %u octets more than its own, up to %u; write a shorter one",
            CATALOG_BELOW_OCTETS, NAME_MAX_OCTETS);
    if (zone->catalog && zone->dnssec)
        diag_error(diag, section_place(given, "dnssec"), "conf-catalog",
                   "a catalog is not signed; give its secondaries a TSIG key");
}

void check_zone(struct config_zone *zone, const struct section_given *given, struct diag *diag)
{
    zone->place = given->place;
    check_timers(zone, given, diag);
    check_audience(zone, given, diag);
    if (zone->domain.length == 0)
        return; /* missing or wrong, and reported */
    check_contents(zone, given, diag);
    check_nameservers(zone, diag);
    check_signing(zone, given, diag);
    if (section_value(given, "hostmaster") == NULL)
        default_hostmaster(zone, given, diag);
}

static void refuse_twin(struct diag *diag, const char *what, const char *text, struct place place,
                        struct place first)
{
    diag_error(diag, place, "conf-duplicate", "%s '%s' is defined twice; the first is at %s:%u:%u",
               what, text, first.file, first.line, first.column);
}

/* A signed zone proves that a name has no delegation, and no zone of ours delegates: resolvers that
 * validate refuse what lies in it (RFC 4035 §5.2). */
static void warn_of_nested(const struct config_zone *inner, const struct config_zone *outer,
                           struct diag *diag)
{
    char text[NAME_TEXT_OCTETS];
    char above[NAME_TEXT_OCTETS];

    if (!outer->dnssec || outer->domain.length == 0 || inner->domain.length == 0 ||
        inner->domain.length == outer->domain.length ||
        !name_is_within(inner->domain.octets, outer->domain.octets))
        return;
    name_to_text(inner->domain.octets, text);
    name_to_text(outer->domain.octets, above);
    diag_warning(diag, inner->place, "conf-nested",
                 "zone '%s' lies in '%s', which is signed and does not delegate it: resolvers that "
                 "validate will refuse it; choose a domain outside",
                 text, above);
}

static void check_nesting(const struct config *config, struct diag *diag)
{
    for (size_t i = 0; i < config->zone_count; i++)
        for (size_t j = 0; j < config->zone_count; j++)
            warn_of_nested(&config->zones[i], &config->zones[j], diag);
}

static void check_zones(const struct config *config, struct diag *diag)
{
    check_nesting(config, diag);
    for (size_t i = 1; i < config->zone_count; i++) {
        const struct config_zone *zone = &config->zones[i];
        for (size_t j = 0; j < i && zone->domain.length > 0; j++) {
            const struct config_zone *other = &config->zones[j];
            char text[NAME_TEXT_OCTETS];
            if (other->domain.length == 0 ||
                !name_equals(zone->domain.octets, other->domain.octets))
                continue;
            name_to_text(zone->domain.octets, text);
            refuse_twin(diag, "zone", text, zone->place, other->place);
            break;
        }
    }
}

/* What has an id. */
struct named {
    const char *id; /* NULL: missing or wrong, and reported */
    struct place place;
};

static struct named key_at(const struct config *config, size_t n)
{
    return (struct named){config->keys[n].id, config->keys[n].place};
}

static struct named remote_at(const struct config *config, size_t n)
{
    return (struct named){config->remotes[n].id, config->remotes[n].place};
}

static struct named acl_at(const struct config *config, size_t n)
{
    return (struct named){config->acls[n].id, config->acls[n].place};
}

static struct named policy_at(const struct config *config, size_t n)
{
    return (struct named){config->policies[n].id, config->policies[n].place};
}

static void check_ids(const struct config *config, const char *what, size_t count,
                      struct named (*at)(const struct config *config, size_t n), struct diag *diag)
{
    for (size_t i = 1; i < count; i++) {
        struct named named = at(config, i);
        for (size_t j = 0; j < i && named.id != NULL; j++) {
            struct named other = at(config, j);
            if (other.id == NULL || strcmp(named.id, other.id) != 0)
                continue;
            refuse_twin(diag, what, named.id, named.place, other.place);
            break;
        }
    }
}

/* Keys are found by their names, in which letter case does not matter (RFC 8945 §4.3.3). */
static void check_key_names(const struct config *config, struct diag *diag)
{
    for (size_t i = 1; i < config->key_count; i++) {
        const struct config_key *key = &config->keys[i];
        for (size_t j = 0; j < i && key->name.length > 0; j++) {
            const struct config_key *other = &config->keys[j];
            if (other->name.length == 0 || strcmp(key->id, other->id) == 0 ||
                !name_equals(key->name.octets, other->name.octets))
                continue;
            diag_error(diag, key->place, "conf-duplicate", "'%s' and '%s' are one name of a key",
                       key->id, other->id);
            break;
        }
    }
}

void check_unique(const struct config *config, struct diag *diag)
{
    check_key_names(config, diag);
    check_ids(config, "key", config->key_count, key_at, diag);
    check_ids(config, "remote", config->remote_count, remote_at, diag);
    check_ids(config, "acl", config->acl_count, acl_at, diag);
    check_ids(config, "policy", config->policy_count, policy_at, diag);
    check_zones(config, diag);
}
