#include "zone/zonefile_group.h"

#include <stdlib.h>

enum status zonefile_group_open(struct zonefile_group *group)
{
    *group = (struct zonefile_group){.scratch = arena_create()};
    return group->scratch != NULL ? STATUS_OK : STATUS_SYSTEM;
}

void zonefile_group_close(struct zonefile_group *group)
{
    arena_destroy(group->scratch);
    free(group->records);
    free(group->owners);
}

static bool make_room(struct zonefile_group *group)
{
    if (group->count < group->room)
        return true;
    size_t room = group->room == 0 ? 16 : group->room * 2;
    struct zonefile_record *records = reallocarray(group->records, room, sizeof *records);
    if (records != NULL)
        group->records = records;
    struct zonefile_owner *owners = reallocarray(group->owners, room, sizeof *owners);
    if (owners != NULL)
        group->owners = owners;
    if (records == NULL || owners == NULL)
        return false;
    group->room = room;
    return true;
}

static int compare_records(const void *left, const void *right)
{
    const struct zonefile_record *a = left;
    const struct zonefile_record *b = right;
    if (a->type != b->type)
        return a->type - b->type;
    return (a->line > b->line) - (a->line < b->line);
}

/* Most files have them in order. The owners move when there are more of them, so that records are
 * told of them last. */
static void sort(struct zonefile_group *group)
{
    size_t i = 1;

    for (size_t n = 0; n < group->count; n++)
        group->records[n].owner = &group->owners[n];
    while (i < group->count && compare_records(&group->records[i - 1], &group->records[i]) <= 0)
        i++;
    if (i < group->count)
        qsort(group->records, group->count, sizeof *group->records, compare_records);
}

enum status zonefile_group_take(struct zonefile_group *group, struct zonefile_cursor *cursor)
{
    struct zonefile_record record;

    group->count = 0;
    for (;;) {
        struct zonefile_cursor before = *cursor;
        bool found = zonefile_cursor_next(cursor, &record);
        if (found && group->count > 0 &&
            cursor->owner.name != group->owners[group->count - 1].name &&
            zonefile_owner_compare(&cursor->owner, group->owners[0].key,
                                   group->owners[0].key_octets) != 0) {
            *cursor = before;
            found = false;
        }
        if (!found)
            break;
        if (!make_room(group))
            return STATUS_SYSTEM;
        group->owners[group->count] = cursor->owner;
        group->records[group->count++] = record;
    }
    sort(group);
    return group->count > 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

/* How many records from `at` on share the type. */
static size_t run_length(const struct zonefile_group *group, size_t at)
{
    size_t count = 1;

    while (at + count < group->count && group->records[at + count].type == group->records[at].type)
        count++;
    return count;
}

/* Makes the RRset of the `count` records at `records`, which share owner and type. */
static enum status make_rrset(const struct zonefile_record *records, size_t count,
                              struct arena *arena, struct rrset *out)
{
    if (count > UINT16_MAX) /* zonefile_check_rrset complains */
        count = UINT16_MAX;
    struct rdata *items = arena_alloc(arena, count * sizeof *items);
    if (items == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < count; i++)
        items[i] = (struct rdata){records[i].rdata, records[i].rdata_octets};
    *out = (struct rrset){records->type, (uint16_t)count, records->ttl, items};
    for (size_t i = 1; i < count && out->ttl > records[i].ttl; i++)
        out->ttl = records[i].ttl;
    rrset_sort(out);
    return STATUS_OK;
}

enum status zonefile_group_node(struct zonefile_group *group, struct zonefile_check *check,
                                struct node *out)
{
    const struct zonefile_record *first = group->records;
    size_t types = 0;

    arena_reset(group->scratch);
    for (size_t i = 0; i < group->count; i += run_length(group, i))
        types++;
    out->rrset_count = types;
    out->rrsets = arena_alloc(group->scratch, types * sizeof *out->rrsets);
    if (out->rrsets == NULL)
        return STATUS_SYSTEM;
    name_set(&out->owner, first->owner->name);
    for (size_t i = 0, n = 0; i < group->count; n++) {
        size_t run = run_length(group, i);
        enum status status = make_rrset(first + i, run, group->scratch, &out->rrsets[n]);
        if (status != STATUS_OK)
            return status;
        if (check != NULL)
            zonefile_check_rrset(check, first + i, run, &out->rrsets[n]);
        i += run;
    }
    if (check != NULL)
        zonefile_check_node(check, first, group->count, out->rrsets, types);
    return STATUS_OK;
}
