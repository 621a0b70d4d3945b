#include "zone/catalog.h"

#include "zone/nodes.h"
#include "zone/rdata.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define UNIQUE_OCTETS 16 /* of hex digits: 64 bits tell the zones of one configuration apart */

static const uint8_t invalid[] = "\7invalid"; /* its NUL is the root */
static const uint8_t zones_label[] = {'z', 'o', 'n', 'e', 's'};
static const uint8_t version_label[] = {'v', 'e', 'r', 's', 'i', 'o', 'n'};
static const uint8_t group_label[] = {'g', 'r', 'o', 'u', 'p'};
static const uint8_t version_text[] = "\1"
                                      "2";
/* With the name of the producer before it (RFC 9432 §4.3.2): consumers may read several catalogs.
 */
static const uint8_t public_text[] = "\17contactd-public";
static const uint8_t members_text[] = "\20contactd-members";

struct catalog {
    const struct config_zone *zone;
    struct node_list list; /* in canonical order */
    size_t walk;           /* next() */
    uint8_t soa[2 * NAME_MAX_OCTETS + sizeof(struct soa_numbers)];
    struct rdata *soa_rdata;
};

/* A zone that is listed, and the label that it is listed under. */
struct member {
    char unique[UNIQUE_OCTETS];
    const struct config_zone *zone;
};

bool catalog_lists(const struct config_zone *catalog, const struct config_zone *zone)
{
    return !zone->catalog &&
           (catalog->audience == AUDIENCE_MEMBERS || zone->audience == AUDIENCE_PUBLIC);
}

static enum status make_unique(const struct config_zone *zone, char unique[UNIQUE_OCTETS])
{
    uint8_t octets[NAME_MAX_OCTETS + 1];
    uint8_t digest[EVP_MAX_MD_SIZE];

    memcpy(octets, zone->domain.octets, zone->domain.length);
    octets[zone->domain.length] = (uint8_t)zone->audience;
    if (EVP_Digest(octets, zone->domain.length + 1u, digest, NULL, EVP_sha256(), NULL) != 1)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < UNIQUE_OCTETS; i++)
        unique[i] = "0123456789abcdef"[i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15];
    return STATUS_OK;
}

/* Canonical order is that of the labels' octets (RFC 4034 §6.1). */
static int compare_members(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    return memcmp(a->unique, b->unique, UNIQUE_OCTETS);
}

static enum status add_record(struct node_list *list, const struct name *owner, uint16_t type,
                              const uint8_t *octets, size_t length)
{
    struct node *node = nodes_add(list, owner, 1);
    if (node == NULL)
        return STATUS_SYSTEM;
    return nodes_add_record(list, node, type, (struct rdata){octets, (uint16_t)length});
}

static enum status add_apex(struct catalog *catalog)
{
    struct node_list *list = &catalog->list;
    struct node *node = nodes_add(list, &catalog->zone->domain, 2);
    if (node == NULL)
        return STATUS_SYSTEM;
    enum status status =
        nodes_add_record(list, node, TYPE_NS, (struct rdata){invalid, sizeof invalid});
    if (status == STATUS_OK)
        status = nodes_add_record(list, node, TYPE_SOA, (struct rdata){catalog->soa, 0});
    if (status == STATUS_OK)
        catalog->soa_rdata = node->rrsets[1].items;
    return status;
}

static enum status add_version(struct catalog *catalog)
{
    struct name owner;

    enum status status =
        name_prepend(&owner, version_label, sizeof version_label, catalog->zone->domain.octets);
    return status == STATUS_OK
               ? add_record(&catalog->list, &owner, TYPE_TXT, version_text, sizeof version_text - 1)
               : status;
}

static enum status add_member(struct catalog *catalog, const struct member *member)
{
    const struct name *domain = &member->zone->domain;
    bool is_public = member->zone->audience == AUDIENCE_PUBLIC;
    struct name owner;

    enum status status =
        name_prepend(&owner, zones_label, sizeof zones_label, catalog->zone->domain.octets);
    if (status == STATUS_OK)
        status = name_prepend(&owner, (const uint8_t *)member->unique, UNIQUE_OCTETS, owner.octets);
    if (status == STATUS_OK)
        status = add_record(&catalog->list, &owner, TYPE_PTR, domain->octets, domain->length);
    if (status == STATUS_OK)
        status = name_prepend(&owner, group_label, sizeof group_label, owner.octets);
    if (status == STATUS_OK)
        status =
            add_record(&catalog->list, &owner, TYPE_TXT, is_public ? public_text : members_text,
                       (is_public ? sizeof public_text : sizeof members_text) - 1);
    return status;
}

static enum status add_nodes(struct catalog *catalog, const struct member *members, size_t count)
{
    enum status status = add_apex(catalog);
    if (status == STATUS_OK)
        status = add_version(catalog);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = add_member(catalog, &members[i]);
    return status;
}

enum status catalog_open(const struct config_zone *zone, const struct config_zone *zones,
                         size_t count, struct arena *arena, struct catalog **out)
{
    struct catalog *catalog = arena_alloc(arena, sizeof *catalog);
    struct member *members = arena_alloc(arena, (count + 1) * sizeof *members);
    struct node *nodes = arena_alloc(arena, (2 * count + 2) * sizeof *nodes);
    size_t listed = 0;

    *out = NULL;
    if (catalog == NULL || members == NULL || nodes == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < count; i++) {
        if (!catalog_lists(zone, &zones[i]))
            continue;
        members[listed].zone = &zones[i];
        if (make_unique(&zones[i], members[listed++].unique) != STATUS_OK)
            return STATUS_SYSTEM;
    }
    qsort(members, listed, sizeof *members, compare_members);
    catalog->zone = zone;
    catalog->list =
        (struct node_list){.arena = arena, .ttl = zone->ttl, .room = 2 * count + 2, .items = nodes};
    enum status status = add_nodes(catalog, members, listed);
    if (status != STATUS_OK)
        return status;
    catalog_stamp(catalog, 0);
    *out = catalog;
    return STATUS_OK;
}

void catalog_stamp(struct catalog *catalog, uint32_t serial)
{
    const struct config_zone *zone = catalog->zone;
    const struct soa_numbers numbers = {serial, zone->refresh, zone->retry, zone->expire,
                                        zone->negative_ttl};
    struct writer w = writer_of(catalog->soa, sizeof catalog->soa);
    struct name server;

    name_set(&server, invalid); /* as in RFC 9432, appendix A: nobody asks it */
    rdata_write_soa(&w, &server, &zone->hostmaster, &numbers);
    *catalog->soa_rdata = (struct rdata){catalog->soa, (uint16_t)writer_length(&w)};
}

static enum status source_rewind(void *state)
{
    struct catalog *catalog = state;
    catalog->walk = 0;
    return STATUS_OK;
}

static enum status source_next(void *state, struct node *out)
{
    struct catalog *catalog = state;
    if (catalog->walk == catalog->list.count)
        return STATUS_NOT_FOUND;
    *out = catalog->list.items[catalog->walk++];
    return STATUS_OK;
}

static enum status source_find(void *state, const uint8_t *owner, struct node *out)
{
    const struct catalog *catalog = state;
    const struct node_list *list = &catalog->list;
    size_t at = 0;
    size_t end = list->count;

    while (at < end) { /* the first node that does not come before the owner */
        size_t middle = at + (end - at) / 2;
        if (name_compare(list->items[middle].owner.octets, owner) < 0)
            at = middle + 1;
        else
            end = middle;
    }
    if (at == list->count || !name_is_within(list->items[at].owner.octets, owner) ||
        !name_is_within(owner, catalog->zone->domain.octets))
        return STATUS_NOT_FOUND;
    *out = list->items[at];
    if (name_equals(out->owner.octets, owner))
        return STATUS_OK;
    name_set(&out->owner, owner); /* `zones`, which has no records of its own */
    out->rrset_count = 0;
    return STATUS_OK;
}

struct node_source catalog_source(struct catalog *catalog)
{
    return (struct node_source){
        .state = catalog,
        .apex = catalog->zone->domain,
        .next = source_next,
        .rewind = source_rewind,
        .find = source_find,
    };
}

const uint8_t *catalog_listed(const struct name *apex, const struct node *node)
{
    const struct rrset *ptr = node_rrset(node, TYPE_PTR);
    struct name zones;

    if (ptr == NULL ||
        name_prepend(&zones, zones_label, sizeof zones_label, apex->octets) != STATUS_OK ||
        name_labels(node->owner.octets) != name_labels(zones.octets) + 1 ||
        !name_is_within(node->owner.octets, zones.octets))
        return NULL;
    return ptr->items[0].octets;
}
