#include "sign/observe.h"

#include "sign/reply.h"

#include <openssl/evp.h>
#include <string.h>

#define DS_HEADER_OCTETS 4  /* tag, algorithm, digest type (RFC 4034 §5.1) */
#define MOST_RECORDS     64 /* of an RRset that are looked at */

static const char *or_else(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

/* Why there is no answer that could tell anything; NULL when there is. */
static const char *failure_of(const struct ask *ask, bool may_be_missing, struct arena *arena)
{
    if (ask->outcome != ASK_ANSWERED)
        return ask_outcome_text(ask->outcome);
    unsigned rcode = reply_rcode(ask);
    if (rcode == RCODE_NOERROR || (rcode == RCODE_NXDOMAIN && may_be_missing))
        return NULL;
    return or_else(arena_format(arena, "answers %s", reply_rcode_text(ask, arena)),
                   "answers with an error");
}

/* Why an answer of a server that should serve the zone tells nothing; NULL when it does. */
static const char *trouble_of(const struct ask *ask, struct arena *arena)
{
    const char *failure = failure_of(ask, false, arena);

    if (failure != NULL)
        return failure;
    return reply_is_authoritative(ask) ? NULL : "is not authoritative for the zone";
}

/* Copies the RDATA of a type at the zone's apex. */
static size_t take_rdata(const struct ask *ask, uint16_t type, struct arena *arena,
                         struct rdata **out, uint32_t *ttl)
{
    struct reply_walk walk = {0};
    struct reply_record record;
    size_t count = 0;

    *out = arena_alloc(arena, MOST_RECORDS * sizeof **out);
    while (*out != NULL && count < MOST_RECORDS &&
           reply_next_of(ask, REPLY_ANSWER, &ask->name, type, &walk, &record)) {
        (*out)[count++] = (struct rdata){ask->message + record.at, record.octets};
        if (record.ttl > *ttl)
            *ttl = record.ttl;
    }
    return count;
}

/* The signatures over one type at the zone's apex, by keys of `zone`, or of any where it is NULL.
 */
static void take_signers(const struct ask *ask, uint16_t covered, const struct name *zone,
                         struct arena *arena, struct observed_signers *out)
{
    struct reply_walk walk = {0};
    struct reply_record record;
    struct reply_signature signature;

    *out =
        (struct observed_signers){.items = arena_alloc(arena, MOST_RECORDS * sizeof *out->items)};
    while (out->items != NULL && out->count < MOST_RECORDS &&
           reply_next_of(ask, REPLY_ANSWER, &ask->name, TYPE_RRSIG, &walk, &record)) {
        if (reply_signature(ask, &record, &signature) != STATUS_OK ||
            signature.covered != covered ||
            (zone != NULL && !name_equals(signature.signer.octets, zone->octets)))
            continue;
        out->items[out->count++] = (struct observed_signer){signature.algorithm, signature.tag};
        out->ttl = signature.ttl > out->ttl ? signature.ttl : out->ttl;
    }
}

static const char *take_soa(const struct ask *ask, struct arena *arena, struct observed_server *out)
{
    struct reply_walk walk = {0};
    struct reply_record record;

    if (!reply_next_of(ask, REPLY_ANSWER, &ask->name, TYPE_SOA, &walk, &record) ||
        reply_serial(ask, &record, &out->serial) != STATUS_OK)
        return "answers without the zone's SOA";
    take_signers(ask, TYPE_SOA, &ask->name, arena, &out->of_soa);
    return NULL;
}

/* `asks` are the two questions to one server. */
static void take_server(const struct ask asks[2], struct arena *arena, struct observed_server *out)
{
    uint32_t ttl = 0;

    out->trouble = trouble_of(&asks[0], arena);
    if (out->trouble == NULL)
        out->trouble = trouble_of(&asks[1], arena);
    if (out->trouble == NULL)
        out->trouble = take_soa(&asks[1], arena, out);
    if (out->trouble != NULL)
        return;
    out->dnskey_count = take_rdata(&asks[0], TYPE_DNSKEY, arena, &out->dnskeys, &ttl);
    take_signers(&asks[0], TYPE_DNSKEY, &asks[0].name, arena, &out->of_dnskey);
}

/* The owner of the SOA that comes with a denial. STATUS_OK or STATUS_NOT_FOUND. */
static enum status find_denier(const struct ask *ask, struct name *out)
{
    struct reply_walk walk = {0};
    struct reply_record record;

    while (reply_next(ask, REPLY_AUTHORITY, &walk, &record)) {
        if (record.type == TYPE_SOA) {
            *out = record.owner;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

/*
 * Takes the DS RRset, or its denial: only the parent can deny it. A server that has the zone itself
 * and not its parent says "no data" as well (RFC 4035 §3.1.4.1), and means nothing by it.
 */
static const char *take_ds(const struct ask *ask, struct arena *arena, struct observed_parent *out)
{
    struct name denier;

    out->ds_count = take_rdata(ask, TYPE_DS, arena, &out->ds, &out->ttl);
    if (out->ds_count > 0)
        return NULL;
    if (find_denier(ask, &denier) != STATUS_OK)
        return "answers with neither DS nor SOA";
    bool is_above = name_is_within(ask->name.octets, denier.octets) &&
                    !name_equals(ask->name.octets, denier.octets);
    return is_above ? NULL : "answers for the zone, not for its parent";
}

static void take_parent(const struct ask *ask, struct arena *arena, struct observed_parent *out)
{
    out->trouble = failure_of(ask, true, arena);
    if (out->trouble == NULL && !reply_is_authoritative(ask))
        out->trouble = "is not authoritative for the parent";
    if (out->trouble == NULL)
        out->trouble = take_ds(ask, arena, out);
}

/* Through a resolver the TTL has run down already: the signature says what it was. */
static void take_resolved_ds(const struct ask *ask, struct arena *arena,
                             struct observed_parent *out)
{
    struct observed_signers signers;

    out->trouble = failure_of(ask, true, arena);
    if (out->trouble == NULL)
        out->trouble = take_ds(ask, arena, out);
    if (out->trouble != NULL)
        return;
    take_signers(ask, TYPE_DS, NULL, arena, &signers);
    out->ttl = signers.ttl > out->ttl ? signers.ttl : out->ttl;
}

/*
 * True for an address that this machine has no way to, when another one of the same name server was
 * asked: a machine without IPv6 could otherwise never roll a key.
 */
static bool may_be_left_out(const struct targets *targets, const struct ask *asks, size_t stride,
                            size_t n)
{
    if (targets->items[n].trouble != NULL || asks[n * stride].outcome != ASK_NO_ROUTE)
        return false;
    for (size_t i = 0; i < targets->count; i++) {
        const struct target *target = &targets->items[i];
        if (target->group == targets->items[n].group && target->trouble == NULL &&
            asks[i * stride].outcome != ASK_NO_ROUTE)
            return true;
    }
    return false;
}

/* All direct questions of a look: two to each server, then one to each server of the parent. */
struct direct {
    size_t count;
    struct ask *asks;
    struct ask *to_parents; /* where those begin */
};

/* The questions to targets without anybody to ask are sent nowhere: they stay silent. */
static size_t add_asks(const struct targets *targets, const struct name *name,
                       const uint16_t *types, size_t type_count, struct ask *out)
{
    size_t count = 0;
    for (size_t i = 0; i < targets->count; i++) {
        for (size_t n = 0; n < type_count; n++)
            out[count++] =
                (struct ask){.to = targets->items[i].at, .name = *name, .type = types[n]};
    }
    return count;
}

static enum status ask_directly(const struct observer *observer, const struct config_zone *zone,
                                const struct targets *servers, const struct targets *parents,
                                struct direct *out)
{
    static const uint16_t of_server[] = {TYPE_DNSKEY, TYPE_SOA};
    static const uint16_t of_parent[] = {TYPE_DS};
    size_t room = 2 * servers->count + parents->count + 1;

    out->asks = arena_alloc(observer->arena, room * sizeof *out->asks);
    if (out->asks == NULL)
        return STATUS_SYSTEM;
    out->count = add_asks(servers, &zone->domain, of_server, 2, out->asks);
    out->to_parents = out->asks + out->count;
    out->count += add_asks(parents, &zone->domain, of_parent, 1, out->to_parents);
    return ask_all(out->asks, out->count, observer->deadline, observer->arena);
}

static void take_servers(const struct targets *targets, const struct direct *direct,
                         struct arena *arena, struct observation *out)
{
    for (size_t i = 0; i < targets->count; i++) {
        if (may_be_left_out(targets, direct->asks, 2, i))
            continue;
        struct observed_server *server = &out->servers[out->server_count++];
        *server = (struct observed_server){.text = targets->items[i].text,
                                           .trouble = targets->items[i].trouble};
        if (server->trouble == NULL)
            take_server(&direct->asks[2 * i], arena, server);
    }
}

static void take_parents(const struct targets *targets, const struct direct *direct,
                         struct arena *arena, struct observation *out)
{
    for (size_t i = 0; i < targets->count; i++) {
        if (may_be_left_out(targets, direct->to_parents, 1, i))
            continue;
        struct observed_parent *parent = &out->parents[out->parent_count++];
        *parent = (struct observed_parent){.text = targets->items[i].text,
                                           .trouble = targets->items[i].trouble};
        if (parent->trouble == NULL)
            take_parent(&direct->to_parents[i], arena, parent);
    }
}

/*
 * Servers of the parent that answer are believed, all of them; a resolver then adds only what it
 * has cached. Where none of them does, a firewall may be in the way: the resolver counts, with a
 * TTL that makes up for what it hides.
 */
static void choose_parents(const struct observer *observer, const struct ask *resolved,
                           struct observation *out)
{
    for (size_t i = 0; i < out->parent_count; i++) {
        if (out->parents[i].trouble == NULL)
            return;
    }
    out->by_resolver_only = true;
    out->parent_count = 1;
    out->parents[0] = (struct observed_parent){
        .text = arena_format(observer->arena, "resolver %s", observer->resolver_text)};
    take_resolved_ds(resolved, observer->arena, &out->parents[0]);
    if (out->parents[0].ds_count > 0 && out->parents[0].ttl < OBSERVE_RESOLVER_TTL)
        out->parents[0].ttl = OBSERVE_RESOLVER_TTL;
}

/* Finds out whom to ask, and what the resolver says of the DS. */
static enum status find_all(struct observer *observer, const struct config_zone *zone,
                            struct targets *servers, struct targets *parents, struct ask *ds)
{
    enum status status = delegation_find_servers(observer, zone, servers);
    if (status == STATUS_OK)
        status = delegation_find_parents(observer, &zone->domain, parents);
    if (status == STATUS_OK)
        status = delegation_ask_resolver(observer, ds, 1);
    return status;
}

static struct observer observer_of(const struct observe_means *means)
{
    return (struct observer){.config = means->config,
                             .resolv_conf = means->resolv_conf,
                             .deadline = ask_clock() + OBSERVE_MS,
                             .arena = means->arena};
}

enum status observe_zone(const struct observe_means *means, const struct config_zone *zone,
                         struct observation *out)
{
    struct observer observer = observer_of(means);
    struct arena *arena = means->arena;
    struct targets servers = {.count = 0};
    struct targets parents = {.count = 0};
    struct ask ds = {.name = zone->domain, .type = TYPE_DS};
    struct direct direct;

    *out = (struct observation){.trouble = NULL};
    enum status status = delegation_find_resolver(&observer, zone);
    if (status == STATUS_SYSTEM)
        return status;
    out->resolver = observer.resolver_text;
    if (status == STATUS_NOT_FOUND)
        out->trouble = arena_format(arena, "no resolver answers (%s)", observer.resolver_text);
    status = status == STATUS_OK ? find_all(&observer, zone, &servers, &parents, &ds)
                                 : delegation_find_configured(&observer, zone, &servers);
    if (status == STATUS_OK)
        status = ask_directly(&observer, zone, &servers, &parents, &direct);
    out->servers = arena_alloc(arena, (servers.count + 1) * sizeof *out->servers);
    out->parents = arena_alloc(arena, (parents.count + 1) * sizeof *out->parents);
    if (status != STATUS_OK || out->servers == NULL || out->parents == NULL)
        return STATUS_SYSTEM;
    take_servers(&servers, &direct, arena, out);
    take_parents(&parents, &direct, arena, out);
    choose_parents(&observer, &ds, out);
    return arena_failed(arena) ? STATUS_SYSTEM : STATUS_OK;
}

enum status observe_ds(const struct observe_means *means, const struct config_zone *const *zones,
                       size_t count, struct observed_parent *out)
{
    struct arena *arena = means->arena;
    struct observer observer = observer_of(means);
    struct ask *asks = arena_alloc(arena, (count + 1) * sizeof *asks);
    const struct config_policy *policy = NULL;
    enum status found = STATUS_OK;

    if (asks == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < count; i++) {
        asks[i] = (struct ask){.name = zones[i]->domain, .type = TYPE_DS, .recursive = true};
        if (zones[i]->policy != policy) /* zones of one policy stand together as a rule */
            found = delegation_find_resolver(&observer, zones[i]);
        if (found == STATUS_SYSTEM)
            return found;
        policy = zones[i]->policy;
        asks[i].to = observer.resolver;
        out[i] = (struct observed_parent){
            .text = observer.resolver_text,
            .trouble = found == STATUS_NOT_FOUND ? "no resolver answers" : NULL};
    }
    enum status status = ask_all(asks, count, observer.deadline, arena);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (out[i].trouble == NULL)
            take_resolved_ds(&asks[i], arena, &out[i]);
    }
    return status;
}

/* How a digest is named in a DS (RFC 8624 §3.3); NULL for one that is not computed here. */
static const EVP_MD *digest_of(uint8_t type)
{
    switch (type) {
    case 1:
        return EVP_sha1();
    case 2:
        return EVP_sha256();
    case 4:
        return EVP_sha384();
    default:
        return NULL;
    }
}

/* RFC 4034 §5.1.4: the owner in canonical form, then the DNSKEY RDATA. */
static bool digest_fits(const EVP_MD *md, const struct name *zone, const struct observed_key *key,
                        struct reader *digest)
{
    struct name owner = *zone;
    uint8_t made[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    name_lower(owner.octets);
    bool fits = context != NULL && EVP_DigestInit_ex(context, md, NULL) == 1 &&
                EVP_DigestUpdate(context, owner.octets, owner.length) == 1 &&
                EVP_DigestUpdate(context, key->octets, key->length) == 1 &&
                EVP_DigestFinal_ex(context, made, &length) == 1 && reader_left(digest) == length &&
                memcmp(reader_octets(digest, length), made, length) == 0;
    EVP_MD_CTX_free(context);
    return fits;
}

bool observe_ds_is_of(const struct rdata *ds, const struct name *zone, uint8_t algorithm,
                      uint16_t tag, const struct observed_key *key)
{
    struct reader r = reader_of(ds->octets, ds->length);

    bool is_named = reader_u16(&r) == tag && reader_u8(&r) == algorithm;
    const EVP_MD *md = digest_of(reader_u8(&r));
    if (r.failed || !is_named)
        return false;
    return md == NULL || key->octets == NULL || digest_fits(md, zone, key, &r);
}

static bool is_in_dnskeys(const struct observed_server *server, const struct signing_key *key)
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    for (size_t i = 0; i < server->dnskey_count; i++) {
        const struct rdata *dnskey = &server->dnskeys[i];
        if (EVP_Digest(dnskey->octets, dnskey->length, digest, NULL, EVP_sha256(), NULL) == 1 &&
            memcmp(digest, key->digest, STATE_DIGEST_OCTETS) == 0)
            return true;
    }
    return false;
}

static bool is_among(const struct observed_signers *signers, const struct signing_key *key)
{
    for (size_t i = 0; i < signers->count; i++) {
        if (signers->items[i].algorithm == key->algorithm && signers->items[i].tag == key->tag)
            return true;
    }
    return false;
}

static void view_server(const struct observed_server *server, const struct signing_state *state,
                        struct roll_server *out)
{
    *out = (struct roll_server){
        .text = server->text, .trouble = server->trouble, .serial = server->serial};
    for (size_t i = 0; i < state->key_count && server->trouble == NULL; i++) {
        const struct signing_key *key = &state->keys[i];
        unsigned bit = 1u << i;
        out->dnskeys |= (uint16_t)(is_in_dnskeys(server, key) ? bit : 0);
        out->signs_keys |= (uint16_t)(is_among(&server->of_dnskey, key) ? bit : 0);
        out->signs_data |= (uint16_t)(is_among(&server->of_soa, key) ? bit : 0);
    }
}

/* Which of the keys have a DS among these. */
static uint16_t view_ds(const struct observed_parent *parent, const struct observed_keys *keys)
{
    unsigned set = 0;

    for (size_t k = 0; k < keys->state->key_count; k++) {
        const struct signing_key *key = &keys->state->keys[k];
        for (size_t d = 0; d < parent->ds_count; d++) {
            if (observe_ds_is_of(&parent->ds[d], keys->zone, key->algorithm, key->tag,
                                 &keys->known[k]))
                set |= 1u << k;
        }
    }
    return (uint16_t)set;
}

enum status observe_view(const struct observation *observation, const struct observed_keys *keys,
                         struct arena *arena, struct roll_view *out)
{
    size_t server_count = observation->server_count;
    size_t parent_count = observation->parent_count;
    struct roll_server *servers = arena_alloc(arena, (server_count + 1) * sizeof *servers);
    struct roll_parent *parents = arena_alloc(arena, (parent_count + 1) * sizeof *parents);

    if (servers == NULL || parents == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < server_count; i++)
        view_server(&observation->servers[i], keys->state, &servers[i]);
    for (size_t i = 0; i < parent_count; i++) {
        const struct observed_parent *parent = &observation->parents[i];
        parents[i] = (struct roll_parent){.text = parent->text,
                                          .trouble = parent->trouble,
                                          .any = parent->ds_count > 0,
                                          .ds = view_ds(parent, keys),
                                          .ttl = parent->ttl};
    }
    *out = (struct roll_view){server_count, parent_count, servers, parents};
    return STATUS_OK;
}
