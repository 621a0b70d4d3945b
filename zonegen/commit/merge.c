#include "commit/merge.h"

#include "commit/feed.h"
#include "commit/merge_nsec3.h"
#include "conf/arena.h"
#include "zone/card.h"
#include "zone/nsec3_node.h"
#include "zone/stored_source.h"

#include <stdlib.h>
#include <string.h>

/* The zone's nodes as they are in the store, one at a time. */
struct cursor {
    struct snapshot *snapshot;
    uint8_t prefix[KEY_PREFIX_OCTETS];
    bool valid;                  /* false after the last one */
    struct item item;            /* valid until the next write */
    uint8_t key[KEY_MAX_OCTETS]; /* of the item, a copy that outlives writes */
    size_t key_octets;
};

/* What one merge works with; all of it owned. */
struct bench {
    struct cursor cursor;
    struct feed *feed;
    struct arena *scratch; /* of decoded old nodes */
    bool is_between;       /* the last run has been closed: what the store has here stays */
    struct merge_nsec3 nsec3;
};

static enum status cursor_take(struct cursor *cursor, enum walk walk)
{
    enum status status =
        snapshot_walk(cursor->snapshot, walk, cursor->key, cursor->key_octets, &cursor->item);
    cursor->valid = status == STATUS_OK && cursor->item.key_octets >= KEY_PREFIX_OCTETS &&
                    cursor->item.key_octets <= KEY_MAX_OCTETS &&
                    memcmp(cursor->item.key, cursor->prefix, KEY_PREFIX_OCTETS) == 0;
    if (cursor->valid) {
        cursor->key_octets = cursor->item.key_octets;
        memcpy(cursor->key, cursor->item.key, cursor->item.key_octets);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The first node; also the way back to the present item after a write. */
static enum status cursor_seek(struct cursor *cursor)
{
    return cursor_take(cursor, WALK_AT_OR_AFTER);
}

static int compare_keys(const uint8_t *a, size_t a_octets, const uint8_t *b, size_t b_octets)
{
    int order = memcmp(a, b, a_octets < b_octets ? a_octets : b_octets);
    return order != 0 ? order : (a_octets > b_octets) - (a_octets < b_octets);
}

static enum status bench_open(struct bench *bench, const struct merge *merge)
{
    struct key key;

    *bench = (struct bench){.cursor = {.snapshot = edit_snapshot(merge->edit)}};
    bench->scratch = arena_create();
    if (!bench->scratch)
        return STATUS_SYSTEM;
    key_of_name(&key, merge->zone, merge->source->apex.octets, 0);
    memcpy(bench->cursor.prefix, key.octets, KEY_PREFIX_OCTETS);
    memcpy(bench->cursor.key, key.octets, KEY_PREFIX_OCTETS);
    bench->cursor.key_octets = KEY_PREFIX_OCTETS;
    return feed_open(merge->source, merge->zone, &bench->feed);
}

static void bench_close(struct bench *bench)
{
    feed_close(bench->feed);
    arena_destroy(bench->scratch);
}

static void observe(const struct merge *merge, const struct node *before, const struct node *after)
{
    if (merge->observer)
        merge->observer->changed(merge->observer->state, before, after);
}

static enum status decode(const struct merge *merge, struct bench *bench, struct node *out)
{
    arena_reset(bench->scratch);
    return stored_source_decode(&bench->cursor.item, merge->source->apex.octets, bench->scratch,
                                out);
}

/* The stored node has no counterpart: deletes it and moves on. */
static enum status drop_stored(struct merge *merge, struct bench *bench)
{
    struct node before;

    enum status status = decode(merge, bench, &before);
    if (status != STATUS_OK)
        return status;
    if (card_is_at(&merge->source->apex, &before)) {
        merge->result->entries_before++;
        merge->result->entries_deleted++;
    }
    merge->result->names_deleted++;
    observe(merge, &before, NULL);
    status = recorder_note(merge->recorder, bench->cursor.key, bench->cursor.key_octets,
                           &bench->cursor.item, NULL, 0);
    if (status == STATUS_OK)
        status = edit_delete(merge->edit, bench->cursor.key, bench->cursor.key_octets);
    return status == STATUS_OK ? cursor_seek(&bench->cursor) : status;
}

/* The ZONEMD of the store and its signatures are made after the merge: the source has none to
 * compare with. */
static void forget_zonemd(struct node *node)
{
    size_t kept = 0;
    for (size_t i = 0; i < node->rrset_count; i++) {
        struct rrset *rrset = &node->rrsets[i];
        size_t items = 0;
        for (size_t n = 0; n < rrset->count && rrset->type == TYPE_RRSIG; n++)
            if (rrsig_type_covered(&rrset->items[n]) != TYPE_ZONEMD)
                rrset->items[items++] = rrset->items[n];
        if (rrset->type == TYPE_RRSIG)
            rrset->count = (uint16_t)items;
        if (rrset->type != TYPE_ZONEMD && rrset->count > 0)
            node->rrsets[kept++] = *rrset;
    }
    node->rrset_count = kept;
}

/* What signing makes of the other records. */
static bool is_made_by_signing(uint16_t type)
{
    return type == TYPE_RRSIG || type == TYPE_NSEC;
}

enum difference { DIFFERS_NOT, DIFFERS_IN_SIGNATURES, DIFFERS_IN_CONTENTS };

/* The RRset at `*n` or after it, signatures and NSEC aside; NULL at the end. */
static const struct rrset *next_content(const struct node *node, size_t *n)
{
    while (*n < node->rrset_count && is_made_by_signing(node->rrsets[*n].type))
        (*n)++;
    return *n < node->rrset_count ? &node->rrsets[(*n)++] : NULL;
}

static bool has_same_contents(const struct node *a, const struct node *b)
{
    size_t at = 0;
    size_t bt = 0;

    for (;;) {
        const struct rrset *left = next_content(a, &at);
        const struct rrset *right = next_content(b, &bt);
        if (left == NULL || right == NULL)
            return left == right;
        if (!rrset_equals(left, right))
            return false;
    }
}

static bool has_same_signatures(const struct node *a, const struct node *b)
{
    static const uint16_t types[] = {TYPE_RRSIG, TYPE_NSEC};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct rrset *left = node_rrset(a, types[i]);
        const struct rrset *right = node_rrset(b, types[i]);
        if (left == NULL || right == NULL ? left != right : !rrset_equals(left, right))
            return false;
    }
    return true;
}

static enum difference compare_nodes(const struct node *a, const struct node *b)
{
    if (a->owner.length != b->owner.length ||
        memcmp(a->owner.octets, b->owner.octets, a->owner.length) != 0 || !has_same_contents(a, b))
        return DIFFERS_IN_CONTENTS;
    return has_same_signatures(a, b) ? DIFFERS_NOT : DIFFERS_IN_SIGNATURES;
}

/* Counts a name whose stored value differs: as changed only where its records do, since the value
 * of an alias also has what it leads to, and signatures are no contents. */
static enum status count_change(struct merge *merge, struct bench *bench, const struct node *node,
                                bool keep)
{
    struct node before;

    enum status status = decode(merge, bench, &before);
    if (status != STATUS_OK)
        return status;
    if (card_is_at(&merge->source->apex, &before)) {
        merge->result->entries_before++;
        if (!card_is_at(&merge->source->apex, node))
            merge->result->entries_deleted++;
    }
    if (keep)
        forget_zonemd(&before);
    switch (compare_nodes(&before, node)) {
    case DIFFERS_IN_CONTENTS:
        merge->result->names_changed++;
        observe(merge, &before, node);
        break;
    case DIFFERS_IN_SIGNATURES:
        merge->result->names_renewed++;
        break;
    case DIFFERS_NOT:
        break;
    }
    return STATUS_OK;
}

/* Puts what was compiled, whatever is there; `before` is what that is, or NULL. */
static enum status put(struct merge *merge, const struct feed_item *fed, const struct item *before)
{
    enum status status = recorder_note(merge->recorder, fed->key, fed->key_octets, before,
                                       fed->value, fed->value_octets);
    return status == STATUS_OK
               ? edit_put(merge->edit, fed->key, fed->key_octets, fed->value, fed->value_octets)
               : status;
}

/* The same name on both sides: writes it where the values differ, and moves on. */
static enum status meet(struct merge *merge, struct bench *bench, const struct feed_item *fed,
                        bool keep)
{
    struct cursor *cursor = &bench->cursor;
    bool equal = fed->value_octets == cursor->item.value_octets &&
                 memcmp(fed->value, cursor->item.value, cursor->item.value_octets) == 0;

    if (equal) {
        if (card_is_at(&merge->source->apex, &fed->node))
            merge->result->entries_before++;
        return cursor_take(cursor, WALK_NEXT);
    }
    enum status status = count_change(merge, bench, &fed->node, keep);
    if (status == STATUS_OK && !keep)
        status = put(merge, fed, &cursor->item);
    if (status == STATUS_OK)
        status = cursor_seek(cursor);
    return status == STATUS_OK ? cursor_take(cursor, WALK_NEXT) : status;
}

static enum status add(struct merge *merge, struct bench *bench, const struct feed_item *fed,
                       bool keep)
{
    merge->result->names_added++;
    observe(merge, NULL, &fed->node);
    if (keep)
        return STATUS_OK;
    enum status status = put(merge, fed, NULL);
    return status == STATUS_OK && bench->cursor.valid ? cursor_seek(&bench->cursor) : status;
}

/* What compiling came to; says so where it failed. */
static enum status judge(struct merge *merge, const struct feed_item *fed)
{
    char owner[NAME_TEXT_OCTETS];

    if (fed->status == STATUS_NO_SPACE) {
        name_to_text(fed->node.owner.octets, owner);
        diag_error(merge->diag, (struct place){0}, "answer-size",
                   "the records of %s do not fit a DNS message of 65535 octets", owner);
    }
    return fed->status;
}

/* Deletes what the store has before a key. */
static enum status drop_before(struct merge *merge, struct bench *bench, const uint8_t *key,
                               size_t key_octets)
{
    struct cursor *cursor = &bench->cursor;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && cursor->valid &&
           compare_keys(cursor->key, cursor->key_octets, key, key_octets) < 0)
        status = drop_stored(merge, bench);
    return status;
}

/* Goes on where a run begins. */
static enum status begin_run(struct bench *bench, const struct feed_item *fed)
{
    bench->is_between = false;
    memcpy(bench->cursor.key, fed->key, fed->key_octets);
    bench->cursor.key_octets = fed->key_octets;
    return cursor_seek(&bench->cursor);
}

static enum status close_run(struct merge *merge, struct bench *bench, const struct node *node)
{
    size_t depth = name_labels(node->owner.octets) - name_labels(merge->source->apex.octets);
    struct key key;

    bench->is_between = true;
    key_of_name(&key, merge->zone, node->owner.octets, depth);
    return drop_before(merge, bench, key.octets, key.length);
}

static enum status merge_node(struct merge *merge, struct bench *bench, const struct feed_item *fed)
{
    const struct cursor *cursor = &bench->cursor;

    enum status status = judge(merge, fed);
    if (status == STATUS_OK && bench->is_between)
        status = begin_run(bench, fed);
    if (status == STATUS_OK)
        status = drop_before(merge, bench, fed->key, fed->key_octets);
    if (status != STATUS_OK)
        return status;
    merge->result->names_after++;
    if (card_is_at(&merge->source->apex, &fed->node))
        merge->result->entries_after++;
    bool keep = merge->keep_apex && fed->key_octets == KEY_PREFIX_OCTETS;
    if (cursor->valid &&
        compare_keys(cursor->key, cursor->key_octets, fed->key, fed->key_octets) == 0)
        return meet(merge, bench, fed, keep);
    return add(merge, bench, fed, keep);
}

static enum status merge_all(struct merge *merge, struct bench *bench)
{
    const struct feed_item *fed;

    enum status status = feed_begin(bench->feed);
    while (status == STATUS_OK) {
        status = feed_next(bench->feed, &fed);
        if (status == STATUS_NOT_FOUND) /* from the source only: else it is no end, but damage */
            return STATUS_OK;
        if (status == STATUS_OK && nsec3_node_is(&fed->node))
            status = merge_nsec3_put(&bench->nsec3, &fed->node);
        else if (status == STATUS_OK)
            status = fed->node.rrset_count > 0 ? merge_node(merge, bench, fed)
                                               : close_run(merge, bench, &fed->node);
    }
    return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
}

static enum status drop_rest(struct merge *merge, struct bench *bench)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && bench->cursor.valid)
        status = drop_stored(merge, bench);
    return status;
}

/* Merges what `take` takes from the source, and deletes the rest of what is stored. */
static enum status merge_with(struct merge *merge,
                              enum status (*take)(struct merge *merge, struct bench *bench))
{
    struct bench bench;

    enum status status = bench_open(&bench, merge);
    bench.nsec3 = (struct merge_nsec3){.merge = merge};
    if (status == STATUS_OK)
        status = merge_nsec3_open(merge, &bench.nsec3);
    if (status == STATUS_OK)
        status = cursor_seek(&bench.cursor);
    if (status == STATUS_OK)
        status = take(merge, &bench);
    if (status == STATUS_OK && !bench.is_between)
        status = drop_rest(merge, &bench);
    if (status == STATUS_OK)
        status = merge_nsec3_finish(&bench.nsec3);
    merge_nsec3_close(&bench.nsec3);
    bench_close(&bench);
    return status;
}

enum status merge_zone(struct merge *merge)
{
    return merge_with(merge, merge_all);
}

static enum status take_nothing(struct merge *merge, struct bench *bench)
{
    (void)merge;
    (void)bench;
    return STATUS_OK;
}

enum status merge_nothing(struct merge *merge)
{
    return merge_with(merge, take_nothing);
}

/* Puts what was compiled in the place of what the store has under its key. */
static enum status put_at(struct merge *merge, const struct feed_item *fed)
{
    struct item before;

    enum status status =
        snapshot_walk(edit_snapshot(merge->edit), WALK_AT, fed->key, fed->key_octets, &before);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    return put(merge, fed, status == STATUS_OK ? &before : NULL);
}

enum status merge_put_node(struct merge *merge, const struct node *node)
{
    struct feed *feed = NULL;

    enum status status = feed_open(merge->source, merge->zone, &feed);
    if (status == STATUS_OK) {
        const struct feed_item *fed = feed_compile(feed, node);
        status = judge(merge, fed);
        if (status == STATUS_OK)
            status = put_at(merge, fed);
    }
    feed_close(feed);
    return status;
}
