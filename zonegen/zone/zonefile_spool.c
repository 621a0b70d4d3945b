#include "zone/zonefile_spool.h"

#include "zone/zonefile_runs.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_OCTETS ((size_t)1 << 16)

#define MOST_MARKS  ((size_t)1 << 17)
#define MARK_OCTETS ((size_t)1 << 12) /* between two of them, at least */

struct zonefile_spool {
    size_t limit;
    struct zonefile_runs runs;

    /* What is in memory: packed records, as they came. */
    uint8_t *octets;
    size_t size;
    size_t length;
    size_t count;
    bool is_ordered;                 /* no owner comes before the one before it */
    struct zonefile_owner_copy last; /* the owner of the last one */

    /* All of them, in order: in memory, or mapped. */
    struct zonefile_cursor all;
    /* Where every so many octets an owner begins: at most MOST_MARKS, for any number of records. */
    const uint8_t **marks;
    size_t mark_count;
};

struct zonefile_spool *zonefile_spool_create(const char *folder, size_t octets)
{
    struct zonefile_spool *spool = calloc(1, sizeof *spool);
    if (spool == NULL)
        return NULL;
    spool->limit = octets;
    spool->is_ordered = true;
    zonefile_runs_open(&spool->runs, folder);
    return spool;
}

void zonefile_spool_destroy(struct zonefile_spool *spool)
{
    if (spool == NULL)
        return;
    zonefile_runs_close(&spool->runs);
    free(spool->octets);
    free(spool->marks);
    free(spool);
}

const char *zonefile_spool_blames(const struct zonefile_spool *spool)
{
    return spool->runs.has_failed ? spool->runs.folder : NULL;
}

/* Makes room for the longest record. */
static bool make_room(struct zonefile_spool *spool)
{
    size_t size = spool->size > 0 ? spool->size : FIRST_OCTETS;

    while (size - spool->length < ZONEFILE_RECORD_MAX_OCTETS)
        size = size < spool->limit / 2 ? size * 2 : spool->limit + ZONEFILE_RECORD_MAX_OCTETS;
    if (size == spool->size)
        return true;
    uint8_t *octets = realloc(spool->octets, size);
    if (octets == NULL)
        return false;
    spool->octets = octets;
    spool->size = size;
    return true;
}

/* Moves what is in memory into the file. */
static enum status put_away(struct zonefile_spool *spool)
{
    const struct zonefile_batch batch = {.octets = spool->octets,
                                         .length = spool->length,
                                         .count = spool->count,
                                         .is_ordered = spool->is_ordered,
                                         .last = &spool->last.owner};

    spool->length = 0;
    spool->count = 0;
    spool->is_ordered = true;
    return zonefile_runs_put(&spool->runs, &batch);
}

enum status zonefile_spool_add(struct zonefile_spool *spool, const struct zonefile_record *record)
{
    if (spool->length >= spool->limit) {
        enum status status = put_away(spool);
        if (status != STATUS_OK)
            return status;
    }
    if (!make_room(spool))
        return STATUS_SYSTEM;
    bool same = spool->count > 0 && zonefile_owner_is(&spool->last.owner, record->owner->name);
    if (!same) {
        const struct zonefile_owner *owner = record->owner;
        if (spool->count > 0 &&
            zonefile_owner_compare(&spool->last.owner, owner->key, owner->key_octets) > 0)
            spool->is_ordered = false;
        zonefile_owner_copy(&spool->last, owner);
    }
    struct writer w = writer_of(spool->octets + spool->length, spool->size - spool->length);
    zonefile_record_write(&w, record, same);
    spool->length += writer_length(&w);
    spool->count++;
    return STATUS_OK;
}

/* Marks where owners begin, `stride` octets or more from one to the next. */
static void mark(struct zonefile_spool *spool, size_t stride)
{
    struct zonefile_cursor cursor = spool->all;
    struct zonefile_owner last = {.name = NULL};
    struct zonefile_record record;

    for (const uint8_t *at = cursor.next; zonefile_cursor_next(&cursor, &record);
         at = cursor.next) {
        const struct zonefile_owner *owner = record.owner;
        size_t count = spool->mark_count;
        bool is_far = count == 0 || (size_t)(at - spool->marks[count - 1]) >= stride;
        if (is_far && owner->name != last.name &&
            (last.name == NULL ||
             zonefile_owner_compare(&last, owner->key, owner->key_octets) != 0))
            spool->marks[spool->mark_count++] = at;
        last = *owner;
    }
}

enum status zonefile_spool_finish(struct zonefile_spool *spool)
{
    enum status status = STATUS_OK;

    if (spool->length > 0)
        spool->all =
            (struct zonefile_cursor){.next = spool->octets, .end = spool->octets + spool->length};
    if (spool->runs.fd >= 0 || !spool->is_ordered) {
        status = put_away(spool);
        free(spool->octets);
        spool->octets = NULL;
        if (status == STATUS_OK)
            status = zonefile_runs_finish(&spool->runs, &spool->all);
    }
    if (status != STATUS_OK)
        return status;
    size_t octets = (size_t)(spool->all.end - spool->all.next);
    size_t stride = octets / MOST_MARKS + MARK_OCTETS;
    spool->marks = reallocarray(NULL, octets / stride + 1, sizeof *spool->marks);
    if (spool->marks == NULL)
        return STATUS_SYSTEM;
    mark(spool, stride);
    return STATUS_OK;
}

struct zonefile_cursor zonefile_spool_begin(const struct zonefile_spool *spool)
{
    return spool->all;
}

/* The last mark whose owner is not behind `key`, or the first. */
static const uint8_t *find_mark(const struct zonefile_spool *spool, const uint8_t *key,
                                size_t key_octets)
{
    size_t low = 0;                  /* those before it are not behind the key, */
    size_t high = spool->mark_count; /* those from here on are */

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct zonefile_cursor cursor = {.next = spool->marks[middle], .end = spool->all.end};
        struct zonefile_record record;
        if (zonefile_cursor_next(&cursor, &record) &&
            zonefile_owner_compare(record.owner, key, key_octets) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? spool->marks[low - 1] : spool->all.next;
}

struct zonefile_cursor zonefile_spool_seek(const struct zonefile_spool *spool, const uint8_t *key,
                                           size_t key_octets)
{
    struct zonefile_cursor cursor = {.next = find_mark(spool, key, key_octets),
                                     .end = spool->all.end};
    struct zonefile_record record;

    for (;;) {
        struct zonefile_cursor before = cursor;
        if (!zonefile_cursor_next(&cursor, &record) ||
            zonefile_owner_compare(record.owner, key, key_octets) >= 0)
            return before;
    }
}
