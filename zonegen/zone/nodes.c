#include "zone/nodes.h"

enum status nodes_start(struct node_list *list, size_t room)
{
    if (!list->keeps_arena)
        arena_reset(list->arena);
    list->count = 0;
    list->room = room;
    list->items = arena_room(list->arena, room * sizeof *list->items);
    return list->items == NULL ? STATUS_SYSTEM : STATUS_OK;
}

struct node *nodes_add(struct node_list *list, const struct name *owner, size_t types)
{
    if (list->count == list->room)
        return NULL;
    struct rrset *rrsets = arena_alloc(list->arena, types * sizeof *rrsets);
    if (rrsets == NULL)
        return NULL;
    struct node *node = &list->items[list->count++];
    name_set(&node->owner, owner->octets);
    node->rrset_count = 0;
    node->rrsets = rrsets;
    return node;
}

struct rrset *nodes_add_rrset(struct node_list *list, struct node *node, uint16_t type, size_t room)
{
    struct rdata *items = arena_alloc(list->arena, room * sizeof *items);
    if (items == NULL)
        return NULL;
    size_t at = node->rrset_count++;
    for (; at > 0 && node->rrsets[at - 1].type > type; at--)
        node->rrsets[at] = node->rrsets[at - 1];
    node->rrsets[at] = (struct rrset){.type = type, .ttl = list->ttl, .items = items};
    return &node->rrsets[at];
}

enum status nodes_add_record(struct node_list *list, struct node *node, uint16_t type,
                             struct rdata rdata)
{
    struct rrset *rrset = nodes_add_rrset(list, node, type, 1);
    if (rrset == NULL)
        return STATUS_SYSTEM;
    rrset->items[0] = rdata;
    rrset->count = 1;
    return STATUS_OK;
}
