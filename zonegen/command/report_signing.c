#include "command/report_signing.h"

#include "command/now.h"
#include "sign/keyfile.h"
#include "sign/observe.h"
#include "sign/signature.h"
#include "store/zones.h"
#include "wire/serial.h"
#include "zone/rdata.h"
#include "zone/stored_source.h"

#include <string.h>

#define MOST_PER_ZONE 2 /* its DS, its signatures */

/* One signed zone, as the database has it. */
struct signed_zone {
    const struct config_zone *zone;
    const char *name;
    struct rrset dnskeys;
    uint32_t expiration; /* of the earliest signature */
    uint32_t needed;     /* seconds that copies of the zone may live: SOA expire and a TTL */
};

struct signed_zones {
    size_t count;
    struct signed_zone *items;
};

bool report_signing_matters(const struct config *config)
{
    for (size_t i = 0; i < config->zone_count; i++) {
        if (config->zones[i].dnssec)
            return true;
    }
    return false;
}

/* The time that secondaries and caches may hold the zone after they last saw it. */
static uint32_t life_of_copies(const struct node *apex, const struct config_zone *zone)
{
    struct soa_numbers soa;
    uint32_t ttl = zone->ttl;

    if (!rdata_read_soa(node_rrset(apex, TYPE_SOA), &soa))
        return ttl;
    for (size_t i = 0; i < apex->rrset_count; i++)
        ttl = apex->rrsets[i].ttl > ttl ? apex->rrsets[i].ttl : ttl;
    return soa.expire + ttl;
}

/* Takes the signatures of a name; `*found` once there was any. */
static void take_expirations(const struct node *node, bool *found, uint32_t *out)
{
    const struct rrset *signatures = node_rrset(node, TYPE_RRSIG);

    for (size_t i = 0; signatures != NULL && i < signatures->count; i++) {
        struct signature signature;
        if (signature_read(&signatures->items[i], &signature) != STATUS_OK)
            continue;
        if (!*found || serial_is_newer(*out, signature.expiration)) /* RFC 4034 §3.1.5 */
            *out = signature.expiration;
        *found = true;
    }
}

/* The end of the signature that ends first, of all: each publish renews the SOA's, and those that
 * are due of the names that it looks at. STATUS_NOT_FOUND without any. */
static enum status find_expiration(struct context *context, const struct node_source *nodes,
                                   uint32_t *out)
{
    struct node node;
    bool found = false;

    enum status status = nodes->rewind(nodes->state);
    while (status == STATUS_OK) {
        progress_step(&context->progress);
        status = nodes->next(nodes->state, &node);
        if (status == STATUS_OK)
            take_expirations(&node, &found, out);
    }
    return status == STATUS_NOT_FOUND && found ? STATUS_OK : status;
}

static enum status read_apex(const struct config_zone *zone, const struct node_source *nodes,
                             struct arena *arena, struct signed_zone *out)
{
    char name[NAME_TEXT_OCTETS];
    struct node apex;

    enum status status = nodes->find(nodes->state, nodes->apex.octets, &apex);
    const struct rrset *dnskeys = status == STATUS_OK ? node_rrset(&apex, TYPE_DNSKEY) : NULL;
    if (dnskeys == NULL)
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    context_name_text(&zone->domain, name);
    out->zone = zone;
    out->name = arena_copy(arena, name, strlen(name));
    out->needed = life_of_copies(&apex, zone);
    return rrset_copy(arena, dnskeys, &out->dnskeys);
}

/* Takes a zone that the database has signed. STATUS_NOT_FOUND for one that is not. */
static enum status read_zone(struct context *context, struct snapshot *snapshot,
                             const struct config_zone *zone, struct arena *arena,
                             struct signed_zone *out)
{
    struct zone_record record;
    struct stored_source *source;

    enum status status = zones_find(snapshot, zone->domain.octets, &record);
    if (status == STATUS_OK)
        status = stored_source_open(snapshot, &record, &source);
    if (status != STATUS_OK)
        return status;
    const struct node_source nodes = stored_source_nodes(source);
    status = read_apex(zone, &nodes, arena, out);
    if (status == STATUS_OK) {
        progress_begin(&context->progress, out->name);
        status = find_expiration(context, &nodes, &out->expiration);
        progress_clear(&context->progress);
    }
    stored_source_close(source);
    return status;
}

static enum status read_zones(struct context *context, struct snapshot *snapshot,
                              struct arena *arena, struct signed_zones *out)
{
    const struct config *config = context->config;

    out->items = arena_alloc(arena, (config->zone_count + 1) * sizeof *out->items);
    if (out->items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < config->zone_count; i++) {
        if (!config->zones[i].dnssec)
            continue;
        enum status status =
            read_zone(context, snapshot, &config->zones[i], arena, &out->items[out->count]);
        if (status == STATUS_OK)
            out->count++;
        else if (status != STATUS_NOT_FOUND)
            return status;
    }
    return STATUS_OK;
}

static enum status read_database(struct context *context, struct arena *arena,
                                 struct signed_zones *out)
{
    char message[STORE_MESSAGE_OCTETS] = "";
    const char *database = context->config->database;
    struct store *store = NULL;
    struct snapshot *snapshot = NULL;

    enum status status = store_open(database, &store, message);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK) {
        context_say(context, "%s", message);
        return status;
    }
    status = snapshot_create(store, &snapshot);
    if (status == STATUS_OK)
        status = read_zones(context, snapshot, arena, out);
    if (status == STATUS_SYSTEM)
        context_say(context, "%s: too many readers at once, or out of memory", database);
    else if (status != STATUS_OK)
        context_say(context, "%s: what is stored of a zone is damaged; see 'zonegen verify'",
                    database);
    snapshot_destroy(snapshot);
    store_close(store);
    return status;
}

static void add(struct findings *findings, enum issue issue, const struct signed_zone *zone,
                const char *detail)
{
    findings->items[findings->count++] =
        (struct finding){.issue = issue, .label = zone->name, .detail = detail};
}

static void find_ending(struct context *context, const struct signed_zone *zone,
                        struct arena *arena, struct findings *findings)
{
    int32_t left = (int32_t)(zone->expiration - (uint32_t)context->now);
    char text[NOW_TEXT_OCTETS];

    if (left > 0 && (uint32_t)left >= zone->needed)
        return;
    add(findings, ISSUE_SIGNATURES, zone,
        arena_format(arena,
                     left > 0 ? "first signatures end %s, before copies of the zone do; 'zonegen "
                                "publish' renews them, daily from a timer"
                              : "first signatures ended %s, resolvers that validate refuse what "
                                "they are of; 'zonegen publish' renews them, daily from a timer",
                     now_text(context->now + left, text)));
}

/* True when one of the DS is of a key that the zone has. */
static bool matches(const struct observed_parent *parent, const struct signed_zone *zone)
{
    for (size_t i = 0; i < zone->dnskeys.count; i++) {
        const struct rdata *dnskey = &zone->dnskeys.items[i];
        const struct observed_key key = {dnskey->octets, dnskey->length};
        uint16_t tag = keyfile_tag(dnskey->octets, dnskey->length);
        for (size_t n = 0; n < parent->ds_count && dnskey->length > 3; n++) {
            if (observe_ds_is_of(&parent->ds[n], &zone->zone->domain, dnskey->octets[3], tag, &key))
                return true;
        }
    }
    return false;
}

static void find_ds(const struct signed_zone *zone, const struct observed_parent *parent,
                    struct arena *arena, struct findings *findings)
{
    if (parent->trouble != NULL)
        add(findings, ISSUE_DS_UNKNOWN, zone,
            arena_format(arena, "the DS at its parent cannot be looked up: %s (resolver %s)",
                         parent->trouble, parent->text));
    else if (parent->ds_count == 0)
        add(findings, ISSUE_DS_MISSING, zone,
            arena_format(arena, "give its parent what 'zonegen key ds %s' prints", zone->name));
    else if (!matches(parent, zone))
        add(findings, ISSUE_DS_WRONG, zone,
            arena_format(arena,
                         "resolvers that validate refuse the zone; its parent needs what 'zonegen "
                         "key ds %s' prints",
                         zone->name));
}

/* Asks for all DS at once. */
static enum status look_up(struct context *context, const struct signed_zones *zones,
                           struct arena *arena, struct observed_parent *out)
{
    const struct observe_means means = {context->config, OBSERVE_RESOLV_CONF, arena};
    const struct config_zone **configured =
        arena_alloc(arena, (zones->count + 1) * sizeof *configured);

    if (configured == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < zones->count; i++)
        configured[i] = zones->items[i].zone;
    return observe_ds(&means, configured, zones->count, out);
}

/* Orders by issue: wrong DS first, of all zones. */
static void add_in_order(struct context *context, const struct signed_zones *zones,
                         const struct observed_parent *parents, struct arena *arena,
                         struct findings *findings)
{
    struct finding *items = findings->items;
    struct finding *found = items + findings->count;
    struct findings all = {.count = 0, .items = found + MOST_PER_ZONE * zones->count};

    for (size_t i = 0; i < zones->count; i++) {
        find_ds(&zones->items[i], &parents[i], arena, &all);
        find_ending(context, &zones->items[i], arena, &all);
    }
    for (enum issue issue = ISSUE_DS_WRONG; issue < ISSUE_COUNT; issue++) {
        for (size_t i = 0; i < all.count; i++) {
            if (all.items[i].issue == issue)
                findings->items[findings->count++] = all.items[i];
        }
    }
}

enum status report_signing_add(struct context *context, struct arena *arena,
                               struct findings *findings)
{
    struct signed_zones zones = {.count = 0};

    enum status status = read_database(context, arena, &zones);
    if (status != STATUS_OK || zones.count == 0)
        return status;
    struct observed_parent *parents = arena_alloc(arena, zones.count * sizeof *parents);
    struct finding *items =
        arena_alloc(arena, (findings->count + 2 * MOST_PER_ZONE * zones.count) * sizeof *items);
    status = STATUS_SYSTEM;
    if (parents != NULL && items != NULL)
        status = look_up(context, &zones, arena, parents);
    if (status == STATUS_OK) {
        memcpy(items, findings->items, findings->count * sizeof *items);
        findings->items = items;
        add_in_order(context, &zones, parents, arena, findings);
    }
    if (status != STATUS_OK || arena_failed(arena))
        context_say(context, "the DNS cannot be asked: out of memory or descriptors");
    return arena_failed(arena) ? STATUS_SYSTEM : status;
}
