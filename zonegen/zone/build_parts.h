/*
 * What the files of the builder share; nobody else includes it. build.c walks the subtrees,
 * build_entry.c, build_apex.c and build_lists.c make their nodes, build_check.c looks at what comes
 * out before anything is published, where build_bound.c does not know that it is right.
 */
#ifndef ZONE_BUILD_PARTS_H
#define ZONE_BUILD_PARTS_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "zone/build.h"
#include "zone/node.h"
#include "zone/nodes.h"
#include "zone/rdata.h"
#include "zone/subtree.h"
#include "zone/view.h"

struct build {
    const struct build_rules *rules;
    struct subtrees subtrees;
    size_t label_count;             /* ccTLDs that have an entry, `also` counted */
    size_t contact_count;           /* of all entries, each once however many labels it has */
    size_t stale_count;             /* labels */
    struct rdata lists[LIST_COUNT]; /* _index, _missing and _stale */
    uint32_t serial;
    int64_t published;

    /* next(): the nodes at hand, and which subtree comes after them; 0 is the apex. */
    struct node_list walk;
    size_t walk_node;
    size_t walk_subtree;
    size_t walk_end; /* after the last subtree */
    /* find(): the same for one name. */
    struct node_list found;
};

/* How many threads are to make its records beside the caller. */
unsigned build_threads(const struct build *build);

/* build_entry.c: all nodes of one label of an entry. */
MUST_CHECK enum status entry_nodes(const struct view *view, struct node_list *list);

/* The CNAME nodes of an alias, raw octets before the zone's name, to the label's own name. */
MUST_CHECK enum status alias_nodes(const struct view *view, const char *alias,
                                   struct node_list *list);

/* build_apex.c: the zone's own name. */
MUST_CHECK enum status apex_nodes(const struct build *build, struct node_list *list);

/* Adds the addresses of name servers below a first label (of the apex: NULL) to nodes in order. */
MUST_CHECK enum status host_nodes(const struct config_zone *zone, const struct subtree *subtree,
                                  struct node_list *list);

/* build_lists.c: makes _index, _missing and _stale and counts what _meta says. */
MUST_CHECK enum status lists_make(struct build *build, struct arena *arena);

/* The node of one list. */
MUST_CHECK enum status list_nodes(const struct build *build, enum list_name name,
                                  struct node_list *list);

/* build_contact.c: the RDATA of one contact below one label. */
struct contact_rdata {
    struct rdata txt;     /* empty: did not fit, see too_long */
    const char *too_long; /* the key whose pair no string holds, or NULL */
    bool mailbox_fits;    /* false: the address is too long for a domain name; RP says "." */
    struct rdata rp;
    size_t uri_count;
    struct rdata *uris;
    struct rdata cert; /* empty: no fingerprint */
};

MUST_CHECK enum status contact_rdata_make(const struct view *view, const struct contact *contact,
                                          struct arena *arena, struct contact_rdata *out);

/*
 * build_bound.c: true when every answer at a `_id` or `_role` of the view, and the RP of its card,
 * certainly fits 512 octets, and every value its record: then build_check has nothing to say of
 * them. Makes no record. False does not tell that one is too long.
 */
bool bound_is_small(const struct view *view);

/*
 * build_check.c: every diagnostic that depends on records; `list` is scratch. STATUS_OK or
 * STATUS_SYSTEM.
 */
MUST_CHECK enum status build_check(const struct build *build, struct node_list *list,
                                   struct diag *diag);

#endif
