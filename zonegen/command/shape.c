#include "command/shape.h"

#include "wire/writer.h"

#include <openssl/evp.h>
#include <string.h>

/* Octets on their way into the digest; lengths come before what has one, so that nothing can pass
 * from one value into the next. */
struct shape {
    EVP_MD_CTX *digest;
    bool failed;
};

static void add_octets(struct shape *shape, const void *octets, size_t length)
{
    if (EVP_DigestUpdate(shape->digest, octets, length) != 1)
        shape->failed = true;
}

static void add_number(struct shape *shape, uint64_t number)
{
    uint8_t octets[8];
    struct writer w = writer_of(octets, sizeof octets);
    writer_u64(&w, number);
    add_octets(shape, octets, sizeof octets);
}

static void add_text(struct shape *shape, const char *text)
{
    add_number(shape, text != NULL ? strlen(text) + 1 : 0);
    if (text != NULL)
        add_octets(shape, text, strlen(text));
}

static void add_name(struct shape *shape, const struct name *name)
{
    add_octets(shape, name->octets, name->length); /* its end is in it */
}

static void add_nameserver(struct shape *shape, const struct config_nameserver *server)
{
    add_name(shape, &server->name);
    add_number(shape, server->address_count);
    for (size_t i = 0; i < server->address_count; i++) {
        add_number(shape, (uint64_t)server->addresses[i].family);
        add_octets(shape, server->addresses[i].octets, sizeof server->addresses[i].octets);
    }
}

static void add_policy(struct shape *shape, const struct config_policy *policy)
{
    add_number(shape, policy->algorithm);
    add_number(shape, policy->keys);
    add_text(shape, policy->key_dir);
    add_number(shape, policy->rrsig_lifetime);
    add_number(shape, policy->rrsig_refresh);
    add_number(shape, policy->denial);
    add_number(shape, policy->cds);
}

static void add_zone(struct shape *shape, const struct config_zone *zone)
{
    add_name(shape, &zone->domain);
    add_name(shape, &zone->hostmaster);
    add_number(shape, zone->catalog);
    add_number(shape, zone->audience);
    add_number(shape, zone->ttl);
    add_number(shape, zone->negative_ttl);
    add_number(shape, zone->refresh);
    add_number(shape, zone->retry);
    add_number(shape, zone->expire);
    add_number(shape, zone->serial);
    add_number(shape, zone->zonemd);
    add_number(shape, zone->dnssec);
    add_number(shape, zone->nameserver_count);
    for (size_t i = 0; i < zone->nameserver_count; i++)
        add_nameserver(shape, &zone->nameservers[i]);
    if (zone->dnssec)
        add_policy(shape, zone->policy);
}

static void add_delegated(struct shape *shape, const struct delegated_list *list)
{
    add_number(shape, list->any);
    add_number(shape, list->count);
    for (size_t i = 0; i < list->count; i++) {
        add_text(shape, list->items[i].a_label);
        add_text(shape, list->items[i].u_label);
        add_text(shape, list->items[i].territory);
    }
}

static void add_all(struct shape *shape, const struct config *config,
                    const struct delegated_list *delegated)
{
    add_text(shape, CONTACTD_VERSION);
    add_text(shape, config->contacts);
    add_number(shape, config->freshness.due_days);
    add_number(shape, config->freshness.stale_days);
    add_number(shape, config->freshness.expired_days);
    add_delegated(shape, delegated);
    add_number(shape, config->zone_count);
    for (size_t i = 0; i < config->zone_count; i++)
        add_zone(shape, &config->zones[i]);
}

enum status shape_digest(const struct config *config, const struct delegated_list *delegated,
                         uint8_t out[SOURCE_DIGEST_OCTETS])
{
    struct shape shape = {.digest = EVP_MD_CTX_new()};

    if (shape.digest == NULL)
        return STATUS_SYSTEM;
    shape.failed = EVP_DigestInit_ex(shape.digest, EVP_sha256(), NULL) != 1;
    add_all(&shape, config, delegated);
    if (EVP_DigestFinal_ex(shape.digest, out, NULL) != 1)
        shape.failed = true;
    EVP_MD_CTX_free(shape.digest);
    return shape.failed ? STATUS_SYSTEM : STATUS_OK;
}
