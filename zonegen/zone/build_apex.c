/* The zone's own name, and the addresses of name servers within the zone. */
#include "zone/build_parts.h"

#include "zone/txt.h"

#include <string.h>
#include <strings.h>

/* A name as people type it: without the final dot. */
static void short_text(const struct name *name, char text[NAME_TEXT_OCTETS])
{
    size_t length = name_to_text(name->octets, text);
    if (length > 1)
        text[length - 1] = '\0';
}

static enum status add_soa(const struct build *build, struct node_list *list, struct node *node)
{
    const struct config_zone *zone = build->rules->zone;
    const struct soa_numbers numbers = {
        .serial = build->serial,
        .refresh = zone->refresh,
        .retry = zone->retry,
        .expire = zone->expire,
        .minimum = zone->negative_ttl,
    };
    uint8_t buffer[2 * NAME_MAX_OCTETS + sizeof numbers];
    struct writer w = writer_of(buffer, sizeof buffer);

    rdata_write_soa(&w, &zone->nameservers[0].name, &zone->hostmaster, &numbers);
    return nodes_add_record(list, node, TYPE_SOA, rdata_keep(&w, list->arena));
}

static enum status add_ns(const struct build *build, struct node_list *list, struct node *node)
{
    const struct config_zone *zone = build->rules->zone;
    struct rrset *rrset = nodes_add_rrset(list, node, TYPE_NS, zone->nameserver_count);
    if (rrset == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < zone->nameserver_count; i++) {
        const struct name *name = &zone->nameservers[i].name;
        rrset->items[rrset->count++] = (struct rdata){name->octets, name->length};
    }
    rrset_sort(rrset);
    return STATUS_OK;
}

/* A label to show in an example: the first entry's. */
static const char *example_label(const struct build *build)
{
    const struct subtrees *subtrees = &build->subtrees;
    for (size_t i = 0; i < subtrees->count; i++)
        if (subtrees->items[i].kind == SUBTREE_ENTRY)
            return subtrees->items[i].label;
    return "LABEL";
}

static struct rdata text_rdata(const char *const *parts, size_t count, struct arena *arena)
{
    uint8_t buffer[4 * NAME_TEXT_OCTETS];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct txt txt = txt_begin(&w);
    for (size_t i = 0; i < count; i++)
        txt_text(&txt, parts[i]);
    txt_end(&txt);
    return rdata_keep(&w, arena);
}

/* Two lines, how to ask, with questions that work as they stand. */
static enum status add_help(const struct build *build, struct node_list *list, struct node *node)
{
    char zone[NAME_TEXT_OCTETS];
    const char *label = example_label(build);
    struct rrset *rrset = nodes_add_rrset(list, node, TYPE_TXT, 2);
    if (rrset == NULL)
        return STATUS_SYSTEM;

    short_text(&build->rules->zone->domain, zone);
    const char *first[] = {
        "1 contacts of a ccTLD, here .", label, ": dig +short TXT ", label, ".", zone, " | sort"};
    const char *second[] = {"2 all labels: dig +short TXT _index.", zone,
                            "; what the keys mean: _schema.", zone};
    rrset->items[0] = text_rdata(first, sizeof first / sizeof *first, list->arena);
    rrset->items[1] = text_rdata(second, sizeof second / sizeof *second, list->arena);
    rrset->count = 2;
    rrset_sort(rrset);
    return STATUS_OK;
}

/* Adds the addresses of one family that the node's name server has. */
static enum status add_addresses(const struct config_zone *zone, sa_family_t family,
                                 struct node_list *list, struct node *node)
{
    struct rrset *rrset = NULL;
    size_t room = 0;

    for (size_t i = 0; i < zone->nameserver_count; i++)
        room += zone->nameservers[i].address_count;
    for (size_t i = 0; i < zone->nameserver_count; i++) {
        const struct config_nameserver *server = &zone->nameservers[i];
        for (size_t k = 0; k < server->address_count; k++) {
            const struct prefix *address = &server->addresses[k];
            if (address->family != family || !name_equals(server->name.octets, node->owner.octets))
                continue;
            uint16_t type = family == AF_INET ? TYPE_A : TYPE_AAAA;
            if (rrset == NULL)
                rrset = nodes_add_rrset(list, node, type, room);
            if (rrset == NULL)
                return STATUS_SYSTEM;
            rrset->items[rrset->count++] =
                (struct rdata){address->octets, family == AF_INET ? 4 : 16};
        }
    }
    if (rrset != NULL)
        rrset_sort(rrset);
    return STATUS_OK;
}

/* The node of an owner, new where there is none yet, with room for two more RRsets. */
static struct node *take_node(struct node_list *list, const struct name *owner)
{
    for (size_t i = 0; i < list->count; i++) {
        struct node *node = &list->items[i];
        if (!name_equals(node->owner.octets, owner->octets))
            continue;
        /* A copy: the array has no room left, and `*` shares it with the name above. */
        struct rrset *rrsets =
            arena_alloc(list->arena, (node->rrset_count + 2) * sizeof *node->rrsets);
        if (rrsets == NULL)
            return NULL;
        memcpy(rrsets, node->rrsets, node->rrset_count * sizeof *rrsets);
        node->rrsets = rrsets;
        return node;
    }
    return nodes_add(list, owner, 2);
}

/* True when the host is the apex (no subtree asked for), or lies in the subtree. */
static bool lies_there(const struct config_zone *zone, const struct config_nameserver *server,
                       const struct subtree *subtree)
{
    if (server->address_count == 0 || !name_is_within(server->name.octets, zone->domain.octets))
        return false;
    size_t below = name_labels(server->name.octets) - name_labels(zone->domain.octets);
    if (subtree == NULL || below == 0)
        return subtree == NULL && below == 0;
    const uint8_t *label = name_parent(server->name.octets, below - 1);
    return label[0] == subtree->label_octets &&
           strncasecmp((const char *)label + 1, subtree->label, label[0]) == 0;
}

/* Addresses come under each name once, however often the name is listed. */
static bool listed_before(const struct config_zone *zone, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (zone->nameservers[i].address_count > 0 &&
            name_equals(zone->nameservers[i].name.octets, zone->nameservers[index].name.octets))
            return true;
    return false;
}

/* Few nodes, nearly in order already. */
static void sort_nodes(struct node_list *list)
{
    for (size_t i = 1; i < list->count; i++) {
        struct node moved = list->items[i];
        size_t at = i;
        for (; at > 0; at--) {
            if (name_compare(list->items[at - 1].owner.octets, moved.owner.octets) <= 0)
                break;
            list->items[at] = list->items[at - 1];
        }
        list->items[at] = moved;
    }
}

enum status host_nodes(const struct config_zone *zone, const struct subtree *subtree,
                       struct node_list *list)
{
    for (size_t i = 0; i < zone->nameserver_count; i++) {
        const struct config_nameserver *server = &zone->nameservers[i];
        if (!lies_there(zone, server, subtree) || listed_before(zone, i))
            continue;
        struct node *node = take_node(list, &server->name);
        if (node == NULL)
            return STATUS_SYSTEM;
        enum status status = add_addresses(zone, AF_INET, list, node);
        if (status == STATUS_OK)
            status = add_addresses(zone, AF_INET6, list, node);
        if (status != STATUS_OK)
            return status;
    }
    sort_nodes(list);
    return STATUS_OK;
}

enum status apex_nodes(const struct build *build, struct node_list *list)
{
    struct node *node = nodes_add(list, &build->rules->zone->domain, 3);
    if (node == NULL)
        return STATUS_SYSTEM;
    enum status status = add_ns(build, list, node);
    if (status == STATUS_OK)
        status = add_soa(build, list, node);
    if (status == STATUS_OK)
        status = add_help(build, list, node);
    if (status == STATUS_OK)
        status = host_nodes(build->rules->zone, NULL, list);
    return status == STATUS_OK && arena_failed(list->arena) ? STATUS_SYSTEM : status;
}
