#include "zone/zonefile_runs.h"

#include "store/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OUTPUT_OCTETS ((size_t)1 << 20)

void zonefile_runs_open(struct zonefile_runs *runs, const char *folder)
{
    *runs = (struct zonefile_runs){.folder = folder, .fd = -1};
    snprintf(runs->line, sizeof runs->line,
             "%s: the records of the zone file, put there for the time being, cannot be read; "
             "nothing is restored",
             folder);
}

static void unmap(struct zonefile_runs *runs)
{
    if (runs->map == NULL)
        return;
    fault_forget(runs->map);
    munmap(runs->map, runs->map_octets);
    runs->map = NULL;
}

void zonefile_runs_close(struct zonefile_runs *runs)
{
    unmap(runs);
    if (runs->fd >= 0)
        close(runs->fd);
    runs->fd = -1;
    free(runs->ends);
    runs->ends = NULL;
}

/* ---- the file ---- */

/* For file systems that make no file without a name. */
static int make_named(const char *folder)
{
    char path[4096];

    if ((size_t)snprintf(path, sizeof path, "%s/.zonegen-XXXXXX", folder) >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

/* A new file; -1 with errno. */
static int make_file(struct zonefile_runs *runs)
{
    int fd = open(runs->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        fd = make_named(runs->folder);
    runs->has_failed = fd < 0;
    return fd;
}

static enum status write_all(struct zonefile_runs *runs, int fd, const uint8_t *octets,
                             size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, octets, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            runs->has_failed = true;
            return STATUS_SYSTEM;
        }
        octets += written;
        length -= (size_t)written;
    }
    return STATUS_OK;
}

/* ---- records on their way into a file ---- */

struct output {
    struct zonefile_runs *runs;
    int fd;
    struct writer w;                 /* owned: OUTPUT_OCTETS */
    bool has_last;                   /* false: the next record gets its owner */
    struct zonefile_owner_copy last; /* the owner of the record before */
};

static bool output_open(struct output *output, struct zonefile_runs *runs, int fd)
{
    uint8_t *octets = malloc(OUTPUT_OCTETS);

    output->runs = runs;
    output->fd = fd;
    output->w = writer_of(octets, octets != NULL ? OUTPUT_OCTETS : 0);
    output->has_last = false;
    return octets != NULL;
}

static enum status output_flush(struct output *output)
{
    struct writer *w = &output->w;
    size_t length = writer_length(w);

    w->next = w->start;
    return write_all(output->runs, output->fd, w->start, length);
}

static enum status output_put(struct output *output, const struct zonefile_record *record)
{
    if (writer_left(&output->w) < ZONEFILE_RECORD_MAX_OCTETS) {
        enum status status = output_flush(output);
        if (status != STATUS_OK)
            return status;
    }
    bool same = output->has_last && zonefile_owner_is(&output->last.owner, record->owner->name);
    if (!same)
        zonefile_owner_copy(&output->last, record->owner);
    output->has_last = true;
    zonefile_record_write(&output->w, record, same);
    return STATUS_OK;
}

/* ---- sorting one batch ---- */

/* A record of a batch, and the one before it that has their owner. */
struct entry {
    const uint8_t *record;
    const uint8_t *owner;
};

static struct zonefile_record read_entry(const struct entry *entry, const uint8_t *end,
                                         struct zonefile_cursor *cursor)
{
    struct zonefile_record record = {.owner = NULL};

    *cursor = (struct zonefile_cursor){.next = entry->owner, .end = end};
    (void)zonefile_cursor_next(cursor, &record);
    if (entry->owner != entry->record) {
        cursor->next = entry->record;
        (void)zonefile_cursor_next(cursor, &record);
    }
    return record;
}

static int compare_owners(const struct zonefile_owner *a, const struct zonefile_owner *b)
{
    return zonefile_owner_compare(a, b->key, b->key_octets);
}

/* They stand in the order of their lines. */
static int compare_entries(const void *left, const void *right, void *end)
{
    const struct entry *a = left;
    const struct entry *b = right;
    struct zonefile_cursor a_cursor;
    struct zonefile_cursor b_cursor;

    if (a->owner != b->owner) {
        read_entry(&(struct entry){a->owner, a->owner}, end, &a_cursor);
        read_entry(&(struct entry){b->owner, b->owner}, end, &b_cursor);
        int order = compare_owners(&a_cursor.owner, &b_cursor.owner);
        if (order != 0)
            return order;
    }
    return (a->record > b->record) - (a->record < b->record);
}

static void list_entries(const struct zonefile_batch *batch, struct entry *entries)
{
    struct zonefile_cursor cursor = {.next = batch->octets, .end = batch->octets + batch->length};
    struct zonefile_record record;
    const uint8_t *owner = NULL;
    const uint8_t *name = NULL;

    for (size_t i = 0; i < batch->count; i++) {
        const uint8_t *at = cursor.next;
        (void)zonefile_cursor_next(&cursor, &record);
        if (cursor.owner.name != name)
            owner = at;
        name = cursor.owner.name;
        entries[i] = (struct entry){at, owner};
    }
}

static enum status put_entries(struct output *output, const struct entry *entries, size_t count,
                               const uint8_t *end)
{
    struct zonefile_cursor cursor;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct zonefile_record record = read_entry(&entries[i], end, &cursor);
        status = output_put(output, &record);
    }
    return status == STATUS_OK ? output_flush(output) : status;
}

/* Writes a batch in order; its last owner becomes the tail. */
static enum status put_sorted(struct zonefile_runs *runs, const struct zonefile_batch *batch,
                              struct entry *entries)
{
    const uint8_t *end = batch->octets + batch->length;
    struct output output;
    enum status status = STATUS_SYSTEM;

    if (output_open(&output, runs, runs->fd))
        status = put_entries(&output, entries, batch->count, end);
    free(output.w.start);
    if (status == STATUS_OK)
        zonefile_owner_copy(&runs->tail, &output.last.owner);
    return status;
}

/* ---- batches ---- */

/* True when what begins with that owner belongs behind what is there. */
static bool goes_on(const struct zonefile_runs *runs, const struct zonefile_owner *first)
{
    return runs->count > 0 && compare_owners(&runs->tail.owner, first) <= 0;
}

static bool add_run(struct zonefile_runs *runs)
{
    if (runs->count == runs->room) {
        size_t room = runs->room == 0 ? 16 : runs->room * 2;
        off_t *ends = reallocarray(runs->ends, room, sizeof *ends);
        if (ends == NULL)
            return false;
        runs->ends = ends;
        runs->room = room;
    }
    runs->count++;
    return true;
}

/* A batch in order: it is written as it is. */
static enum status put_ordered(struct zonefile_runs *runs, const struct zonefile_batch *batch)
{
    struct zonefile_cursor cursor = {.next = batch->octets, .end = batch->octets + batch->length};
    struct zonefile_record record;

    (void)zonefile_cursor_next(&cursor, &record);
    if (!goes_on(runs, record.owner) && !add_run(runs))
        return STATUS_SYSTEM;
    zonefile_owner_copy(&runs->tail, batch->last);
    return write_all(runs, runs->fd, batch->octets, batch->length);
}

static enum status put_unordered(struct zonefile_runs *runs, const struct zonefile_batch *batch)
{
    uint8_t *end = (uint8_t *)(uintptr_t)(batch->octets + batch->length);
    struct zonefile_cursor cursor;
    enum status status = STATUS_SYSTEM;

    struct entry *entries = reallocarray(NULL, batch->count, sizeof *entries);
    if (entries == NULL)
        return status;
    list_entries(batch, entries);
    qsort_r(entries, batch->count, sizeof *entries, compare_entries, end);
    read_entry(&entries[0], end, &cursor);
    if (goes_on(runs, &cursor.owner) || add_run(runs))
        status = put_sorted(runs, batch, entries);
    free(entries);
    return status;
}

enum status zonefile_runs_put(struct zonefile_runs *runs, const struct zonefile_batch *batch)
{
    if (batch->count == 0)
        return STATUS_OK;
    if (runs->fd < 0)
        runs->fd = make_file(runs);
    if (runs->fd < 0)
        return STATUS_SYSTEM;
    enum status status = batch->is_ordered ? put_ordered(runs, batch) : put_unordered(runs, batch);
    if (status == STATUS_OK)
        runs->ends[runs->count - 1] = lseek(runs->fd, 0, SEEK_CUR);
    return status;
}

/* ---- the merge ---- */

/* The next record of one run. */
struct head {
    struct zonefile_cursor cursor;
    struct zonefile_record record; /* its owner is the cursor's: heads stay where they are */
};

static int compare_heads(const struct head *a, const struct head *b)
{
    int order = compare_owners(a->record.owner, b->record.owner);
    return order != 0 ? order
                      : (a->record.line > b->record.line) - (a->record.line < b->record.line);
}

/* Lets the head at `at` sink to its place: none is before its children at 2n + 1 and 2n + 2. */
static void sink(struct head **heap, size_t count, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            return;
        if (child + 1 < count && compare_heads(heap[child + 1], heap[child]) < 0)
            child++;
        if (compare_heads(heap[at], heap[child]) <= 0)
            return;
        struct head *head = heap[at];
        heap[at] = heap[child];
        heap[child] = head;
        at = child;
    }
}

/* Empties the heap into the output. */
static enum status drain(struct head **heap, size_t count, struct output *output)
{
    for (size_t at = count / 2; at-- > 0;)
        sink(heap, count, at);
    while (count > 0) {
        enum status status = output_put(output, &heap[0]->record);
        if (status != STATUS_OK)
            return status;
        if (!zonefile_cursor_next(&heap[0]->cursor, &heap[0]->record))
            heap[0] = heap[--count];
        sink(heap, count, 0);
    }
    return output_flush(output);
}

/* Merges the runs of the map into another file. */
static enum status merge_into(struct zonefile_runs *runs, struct output *output)
{
    struct head *heads = calloc(runs->count, sizeof *heads);
    struct head **heap = calloc(runs->count, sizeof *heap);
    enum status status = STATUS_SYSTEM;

    for (size_t i = 0; heads != NULL && heap != NULL && i < runs->count; i++) {
        heads[i].cursor.next = runs->map + (i == 0 ? 0 : runs->ends[i - 1]);
        heads[i].cursor.end = runs->map + runs->ends[i];
        (void)zonefile_cursor_next(&heads[i].cursor, &heads[i].record);
        heap[i] = &heads[i];
    }
    if (heads != NULL && heap != NULL)
        status = drain(heap, runs->count, output);
    free(heads);
    free(heap);
    return status;
}

/* Maps the file, and watches the map: a disk that cannot be read is told, not a crash. */
static enum status map_file(struct zonefile_runs *runs)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t octets = (size_t)lseek(runs->fd, 0, SEEK_CUR);
    void *map = mmap(NULL, octets, PROT_READ, MAP_SHARED, runs->fd, 0);

    if (map == MAP_FAILED) {
        runs->has_failed = true;
        return STATUS_SYSTEM;
    }
    runs->map = map;
    runs->map_octets = octets;
    (void)fault_watch((octets + page - 1) / page * page, runs->line);
    return STATUS_OK;
}

/* Puts one run, in a file of its own, in the place of several. */
static enum status merge(struct zonefile_runs *runs)
{
    struct output output;
    enum status status = STATUS_SYSTEM;

    int fd = make_file(runs);
    if (fd < 0)
        return status;
    if (output_open(&output, runs, fd))
        status = merge_into(runs, &output);
    free(output.w.start);
    unmap(runs);
    close(runs->fd);
    runs->fd = fd;
    return status == STATUS_OK ? map_file(runs) : status;
}

enum status zonefile_runs_finish(struct zonefile_runs *runs, struct zonefile_cursor *out)
{
    enum status status = map_file(runs);
    if (status == STATUS_OK && runs->count > 1)
        status = merge(runs);
    if (status == STATUS_OK)
        *out = (struct zonefile_cursor){.next = runs->map, .end = runs->map + runs->map_octets};
    return status;
}
