#include "zone/build.h"

#include "conf/ahead.h"
#include "zone/build_parts.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_NODES (2 + VIEW_MAX_CONTACTS + ROLE_COUNT)

/* Entries that a thread is worth: starting it takes as long as a few. */
#define LEAST_ENTRIES 128

/* Subtrees of a run: some 200 KB of nodes and answers. */
#define RUN_SUBTREES 16

/* The nodes of a subtree that an entry has to do with. */
static enum status contacts_nodes(const struct build *build, const struct subtree *subtree,
                                  struct node_list *list)
{
    const struct entry *entry = &build->rules->contacts->entries[subtree->entry];
    struct view view;
    enum status status = view_make(build->rules, entry, subtree->which, &view);
    if (status != STATUS_OK)
        return status;
    if (subtree->kind == SUBTREE_ENTRY)
        return entry_nodes(&view, list);
    return alias_nodes(&view, subtree->label, list);
}

/* Makes the nodes of a subtree, in order; of the apex for NULL. */
static enum status make_nodes(const struct build *build, const struct subtree *subtree,
                              struct node_list *list)
{
    size_t hosts = build->rules->zone->nameserver_count;
    enum status status = nodes_start(list, ENTRY_NODES + hosts);
    if (status != STATUS_OK)
        return status;
    if (subtree == NULL)
        return apex_nodes(build, list);
    if (subtree->kind == SUBTREE_LIST)
        status = list_nodes(build, (enum list_name)subtree->which, list);
    else if (subtree->kind != SUBTREE_HOSTS)
        status = contacts_nodes(build, subtree, list);
    if (status == STATUS_OK && subtree->has_hosts)
        status = host_nodes(build->rules->zone, subtree, list);
    /* What could be too long was looked at by build_check; anything else is memory. */
    return status == STATUS_OK && !arena_failed(list->arena) ? STATUS_OK : STATUS_SYSTEM;
}

static enum status source_rewind(void *state)
{
    struct build *build = state;
    build->walk.count = 0;
    build->walk_node = 0;
    build->walk_subtree = 0;
    build->walk_end = build->subtrees.count + 1;
    return STATUS_OK;
}

/* How often a subtree that is kept is named: where a run of nodes before it ends, and where one
 * begins after it. */
static size_t count_marks(const struct subtrees *subtrees, size_t at)
{
    const struct subtree *item = &subtrees->items[at];
    bool ends = at == 0 || !item[-1].is_kept || item->gap_before;
    bool begins =
        at + 1 == subtrees->count ? subtrees->gap_at_end : !item[1].is_kept || item[1].gap_before;
    return (size_t)ends + begins;
}

static enum status make_marks(const struct build *build, const struct subtree *subtree,
                              size_t count, struct node_list *list)
{
    struct name owner;

    if (nodes_start(list, count) != STATUS_OK ||
        name_prepend(&owner, (const uint8_t *)subtree->label, subtree->label_octets,
                     build->rules->zone->domain.octets) != STATUS_OK)
        return STATUS_SYSTEM;
    while (count-- > 0)
        if (nodes_add(list, &owner, 0) == NULL)
            return STATUS_SYSTEM;
    return STATUS_OK;
}

/* What next() yields of a subtree; of the apex for 0, else of the one before that number. */
static enum status make_step(struct build *build, size_t step)
{
    const struct subtrees *subtrees = &build->subtrees;

    if (step == 0 || !subtrees->items[step - 1].is_kept)
        return make_nodes(build, step == 0 ? NULL : &subtrees->items[step - 1], &build->walk);
    size_t marks = count_marks(subtrees, step - 1);
    return marks > 0 ? make_marks(build, &subtrees->items[step - 1], marks, &build->walk)
                     : STATUS_OK;
}

static enum status source_next(void *state, struct node *out)
{
    struct build *build = state;
    while (build->walk_node == build->walk.count) {
        if (build->walk_subtree >= build->walk_end)
            return STATUS_NOT_FOUND;
        build->walk_node = build->walk.count = 0;
        if (make_step(build, build->walk_subtree) != STATUS_OK)
            return STATUS_SYSTEM;
        build->walk_subtree++;
    }
    *out = build->walk.items[build->walk_node++];
    return STATUS_OK;
}

/* The owner's node among those of its subtree, or the empty non-terminal that it is. */
static enum status pick_node(const struct node_list *list, const uint8_t *owner, struct node *out)
{
    bool something_below = false;
    for (size_t i = 0; i < list->count; i++) {
        if (name_equals(list->items[i].owner.octets, owner)) {
            *out = list->items[i];
            return STATUS_OK;
        }
        something_below = something_below || name_is_within(list->items[i].owner.octets, owner);
    }
    if (!something_below)
        return STATUS_NOT_FOUND;
    name_set(&out->owner, owner);
    out->rrset_count = 0;
    out->rrsets = NULL;
    return STATUS_OK;
}

/* The subtree of a name below the zone's own, or NULL. */
static const struct subtree *find_subtree(const struct build *build, const uint8_t *owner)
{
    size_t below = name_labels(owner) - name_labels(build->rules->zone->domain.octets);
    const uint8_t *label = name_parent(owner, below - 1);
    return subtrees_find(&build->subtrees, (const char *)label + 1, label[0]);
}

bool build_is_partial(const struct build *build)
{
    return build->subtrees.kept_count > 0;
}

bool build_has(const struct build *build, const uint8_t *owner)
{
    const uint8_t *apex = build->rules->zone->domain.octets;

    if (!name_is_within(owner, apex) || name_equals(owner, apex))
        return true;
    const struct subtree *subtree = find_subtree(build, owner);
    return subtree == NULL || !subtree->is_kept;
}

static enum status source_find(void *state, const uint8_t *owner, struct node *out)
{
    struct build *build = state;
    const uint8_t *apex = build->rules->zone->domain.octets;
    const struct subtree *subtree = NULL;

    if (!name_is_within(owner, apex))
        return STATUS_NOT_FOUND;
    if (!name_equals(owner, apex)) {
        subtree = find_subtree(build, owner);
        if (subtree == NULL || subtree->is_kept)
            return STATUS_NOT_FOUND;
    }
    if (make_nodes(build, subtree, &build->found) != STATUS_OK)
        return STATUS_SYSTEM;
    return pick_node(&build->found, owner, out);
}

/* Everything that can fail in build_open, so that it has one way out. */
static enum status prepare(struct build *build, struct arena *arena, struct diag *diag)
{
    size_t errors = diag_count(diag, SEVERITY_ERROR);
    enum status status = subtrees_collect(build->rules, arena, diag, &build->subtrees);
    if (status == STATUS_OK)
        status = lists_make(build, arena);
    if (status == STATUS_OK)
        status = build_check(build, &build->walk, diag);
    if (status == STATUS_OK && diag_count(diag, SEVERITY_ERROR) > errors)
        status = STATUS_INVALID;
    return status;
}

enum status build_open(const struct build_rules *rules, struct arena *arena, struct diag *diag,
                       struct build **out)
{
    *out = NULL;
    struct build *build = arena_alloc(arena, sizeof *build);
    if (build == NULL)
        return STATUS_SYSTEM;
    build->rules = rules;
    build->walk = (struct node_list){.arena = arena_create(), .ttl = rules->zone->ttl};
    build->found = (struct node_list){.arena = arena_create(), .ttl = rules->zone->ttl};

    enum status status = STATUS_SYSTEM;
    if (build->walk.arena != NULL && build->found.arena != NULL)
        status = prepare(build, arena, diag);
    if (status != STATUS_OK) {
        build_close(build);
        return status;
    }
    (void)source_rewind(build);
    *out = build;
    return STATUS_OK;
}

void build_stamp(struct build *build, uint32_t serial, int64_t published)
{
    build->serial = serial;
    build->published = published;
}

unsigned build_threads(const struct build *build)
{
    size_t made = build->subtrees.count - build->subtrees.kept_count;
    return build->rules->threads > 0 ? build->rules->threads : ahead_threads(made, LEAST_ENTRIES);
}

/* ---- views ---- */

static size_t count_runs(void *state)
{
    const struct build *build = state;
    return build->subtrees.count / RUN_SUBTREES + 1; /* the apex is counted */
}

static unsigned count_threads(void *state)
{
    return build_threads(state);
}

static void close_view(struct node_source *view)
{
    build_close(view->state);
    free(view->state);
    view->state = NULL;
}

static enum status open_view(void *state, struct node_source *out)
{
    const struct build *build = state;
    struct build *view = malloc(sizeof *view);

    if (view == NULL)
        return STATUS_SYSTEM;
    *view = *build;
    view->walk = (struct node_list){
        .arena = arena_create(), .ttl = build->rules->zone->ttl, .keeps_arena = true};
    view->found = (struct node_list){.arena = arena_create(), .ttl = build->rules->zone->ttl};
    *out = build_source(view);
    out->views = NULL;
    if (view->walk.arena != NULL && view->found.arena != NULL)
        return STATUS_OK;
    close_view(out);
    return STATUS_SYSTEM;
}

static void go_to_run(struct node_source *source, size_t run)
{
    struct build *view = source->state;
    size_t end = (run + 1) * RUN_SUBTREES;

    arena_reset(view->walk.arena);
    view->walk.count = view->walk_node = 0;
    view->walk_subtree = run * RUN_SUBTREES;
    view->walk_end = end <= view->subtrees.count ? end : view->subtrees.count + 1;
}

static const struct node_views build_views = {count_runs, count_threads, open_view, close_view,
                                              go_to_run};

struct node_source build_source(struct build *build)
{
    return (struct node_source){
        .state = build,
        .apex = build->rules->zone->domain,
        .next = source_next,
        .rewind = source_rewind,
        .find = source_find,
        .views = build_is_partial(build) ? NULL : &build_views,
    };
}

void build_close(struct build *build)
{
    if (build == NULL)
        return;
    arena_destroy(build->walk.arena);
    arena_destroy(build->found.arena);
    build->walk.arena = NULL;
    build->found.arena = NULL;
}
