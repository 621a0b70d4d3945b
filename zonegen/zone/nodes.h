/* A list of nodes being made: one place for the records of a name server, an entry, an apex. */
#ifndef ZONE_NODES_H
#define ZONE_NODES_H

#include "conf/arena.h"
#include "zone/node.h"

/* Nodes being made; all of it lies in one arena. */
struct node_list {
    struct arena *arena;
    uint32_t ttl;
    bool keeps_arena; /* all that was made stays until its owner resets the arena */
    size_t count;
    size_t room;
    struct node *items;
};

/* Empties the list, and its arena unless that is kept, and makes room for `room` nodes. */
MUST_CHECK enum status nodes_start(struct node_list *list, size_t room);

/* A new node at the end, with room for `types` RRsets, or NULL. */
struct node *nodes_add(struct node_list *list, const struct name *owner, size_t types);

/* A new RRset with room for `room` records and none yet, or NULL. Types come in ascending order. */
struct rrset *nodes_add_rrset(struct node_list *list, struct node *node, uint16_t type,
                              size_t room);

/* An RRset of one record. */
MUST_CHECK enum status nodes_add_record(struct node_list *list, struct node *node, uint16_t type,
                                        struct rdata rdata);

#endif
