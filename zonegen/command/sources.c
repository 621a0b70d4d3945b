#include "command/sources.h"

#include "conf/ordered.h"
#include "store/checksum.h"
#include "wire/reader.h"
#include "wire/writer.h"

#include <stdlib.h>
#include <string.h>

#define TABLE           0x07
#define KIND_HEADER     0
#define KIND_FILE       1
#define PREFIX_OCTETS   2
#define VERSION         1
#define CHECKSUM_OCTETS 4
#define FIXED_OCTETS    80
#define NAME_OCTETS     255 /* NAME_MAX of Linux */
/* Three forms of each label, none longer than 63 octets but in UTF-8: those that are, have no use.
 */
#define VALUE_OCTETS (FIXED_OCTETS + ENTRY_MAX_LABELS * 3 * 256)

static const uint8_t header_key[PREFIX_OCTETS] = {TABLE, KIND_HEADER};

struct file_key {
    uint8_t octets[PREFIX_OCTETS + NAME_OCTETS];
    size_t length;
};

static bool make_key(const char *name, struct file_key *out)
{
    size_t length = strlen(name);

    if (length > NAME_OCTETS)
        return false;
    out->octets[0] = TABLE;
    out->octets[1] = KIND_FILE;
    memcpy(out->octets + PREFIX_OCTETS, name, length);
    out->length = PREFIX_OCTETS + length;
    return true;
}

/* Puts the checksum in its place before the value. */
static void seal(const uint8_t *key, size_t key_octets, uint8_t *value, size_t value_octets)
{
    struct writer w = writer_of(value, CHECKSUM_OCTETS);
    writer_u32(
        &w, checksum_of(key, key_octets, value + CHECKSUM_OCTETS, value_octets - CHECKSUM_OCTETS));
}

static bool is_sealed(const struct item *item, size_t least_octets)
{
    struct reader r = reader_of(item->value, item->value_octets);
    return item->value_octets >= least_octets &&
           reader_u32(&r) == checksum_of(item->key, item->key_octets, item->value + CHECKSUM_OCTETS,
                                         item->value_octets - CHECKSUM_OCTETS);
}

/* ---- header ---- */

enum status sources_header_read(struct snapshot *snapshot, struct sources_header *out)
{
    struct item item;

    enum status status = snapshot_walk(snapshot, WALK_AT, header_key, sizeof header_key, &item);
    if (status != STATUS_OK)
        return status;
    if (item.value_octets != SOURCES_HEADER_OCTETS || !is_sealed(&item, SOURCES_HEADER_OCTETS))
        return STATUS_MALFORMED;
    struct reader r = reader_of(item.value + CHECKSUM_OCTETS, item.value_octets - CHECKSUM_OCTETS);
    if (reader_u32(&r) != (uint32_t)VERSION << 24)
        return STATUS_MALFORMED;
    out->renewed = (int64_t)reader_u64(&r);
    memcpy(out->shape, reader_octets(&r, sizeof out->shape), sizeof out->shape);
    memcpy(out->keys, reader_octets(&r, sizeof out->keys), sizeof out->keys);
    return STATUS_OK;
}

enum status sources_header_write(struct edit *edit, const struct sources_header *header)
{
    uint8_t value[SOURCES_HEADER_OCTETS];
    struct writer w = writer_of(value + CHECKSUM_OCTETS, sizeof value - CHECKSUM_OCTETS);

    writer_u32(&w, (uint32_t)VERSION << 24);
    writer_u64(&w, (uint64_t)header->renewed);
    writer_octets(&w, header->shape, sizeof header->shape);
    writer_octets(&w, header->keys, sizeof header->keys);
    seal(header_key, sizeof header_key, value, sizeof value);
    return edit_put(edit, header_key, sizeof header_key, value, sizeof value);
}

/* ---- one file ---- */

static struct file_stamp read_stamp(struct reader *r)
{
    struct file_stamp stamp;
    stamp.octets = reader_u64(r);
    stamp.inode = reader_u64(r);
    stamp.modified_ns = (int64_t)reader_u64(r);
    stamp.changed_ns = (int64_t)reader_u64(r);
    return stamp;
}

/* A text that an octet 0 ends; NULL for an empty one. */
static const char *read_text(struct reader *r)
{
    const uint8_t *text = r->next;
    const uint8_t *end = memchr(text, 0, reader_left(r));

    if (end == NULL) {
        r->failed = true;
        return NULL;
    }
    (void)reader_octets(r, (size_t)(end - text) + 1);
    return end > text ? (const char *)text : NULL;
}

static enum status read_labels(struct reader *r, struct arena *arena, struct source *out)
{
    out->labels = arena_alloc(arena, out->label_count * sizeof *out->labels);
    if (out->labels == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < out->label_count && !r->failed; i++) {
        out->labels[i].a_label = read_text(r);
        out->labels[i].u_label = read_text(r);
        out->labels[i].upper = read_text(r);
        r->failed = r->failed || out->labels[i].a_label == NULL;
    }
    return STATUS_OK;
}

static enum status read_source(const struct item *item, struct arena *arena, struct source *out)
{
    if (!is_sealed(item, FIXED_OCTETS))
        return STATUS_MALFORMED;
    out->name = arena_copy(arena, item->key + PREFIX_OCTETS, item->key_octets - PREFIX_OCTETS);
    const char *labels =
        arena_copy(arena, item->value + FIXED_OCTETS, item->value_octets - FIXED_OCTETS);
    if (out->name == NULL || labels == NULL)
        return STATUS_SYSTEM;
    struct reader r =
        reader_of(item->value + CHECKSUM_OCTETS, item->value_octets - CHECKSUM_OCTETS);
    out->stamp = read_stamp(&r);
    memcpy(out->digest, reader_octets(&r, sizeof out->digest), sizeof out->digest);
    out->made_days = (int32_t)reader_u32(&r);
    out->verified_days = (int32_t)reader_u32(&r);
    out->public_count = reader_u8(&r);
    out->members_count = reader_u8(&r);
    out->label_count = reader_u8(&r);
    /* What an edit yields lasts until it writes: the labels are read from their copy. */
    r = reader_of((const uint8_t *)labels, item->value_octets - FIXED_OCTETS);
    enum status status = read_labels(&r, arena, out);
    if (status != STATUS_OK)
        return status;
    bool is_right = !r.failed && reader_left(&r) == 0 && out->label_count > 0 &&
                    out->label_count <= ENTRY_MAX_LABELS &&
                    out->public_count + out->members_count <= ENTRY_MAX_PUBLISHED;
    return is_right ? STATUS_OK : STATUS_MALFORMED;
}

static void write_text(struct writer *w, const char *text)
{
    if (text != NULL)
        writer_octets(w, (const uint8_t *)text, strlen(text));
    writer_u8(w, 0);
}

static void write_source(struct writer *w, const struct source *source)
{
    writer_u64(w, source->stamp.octets);
    writer_u64(w, source->stamp.inode);
    writer_u64(w, (uint64_t)source->stamp.modified_ns);
    writer_u64(w, (uint64_t)source->stamp.changed_ns);
    writer_octets(w, source->digest, sizeof source->digest);
    writer_u32(w, (uint32_t)source->made_days);
    writer_u32(w, (uint32_t)source->verified_days);
    writer_u8(w, source->public_count);
    writer_u8(w, source->members_count);
    writer_u8(w, source->label_count);
    writer_u8(w, 0);
    for (size_t i = 0; i < source->label_count; i++) {
        write_text(w, source->labels[i].a_label);
        write_text(w, source->labels[i].u_label);
        write_text(w, source->labels[i].upper);
    }
}

/* ---- all files ---- */

static const uint8_t first_key[PREFIX_OCTETS] = {TABLE, KIND_FILE};

/* Walks to a record of a file. */
static enum status walk_files(struct snapshot *snapshot, enum walk walk, const uint8_t *key,
                              size_t key_octets, struct item *out)
{
    enum status status = snapshot_walk(snapshot, walk, key, key_octets, out);
    if (status != STATUS_OK)
        return status;
    bool is_file = out->key_octets > PREFIX_OCTETS &&
                   out->key_octets <= PREFIX_OCTETS + NAME_OCTETS &&
                   memcmp(out->key, first_key, PREFIX_OCTETS) == 0;
    return is_file ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status sources_read(struct snapshot *snapshot, struct arena *arena, struct sources *out)
{
    struct source *items = NULL;
    struct item item;
    size_t count = 0;
    size_t room = 0;

    enum status status = walk_files(snapshot, WALK_AT_OR_AFTER, first_key, sizeof first_key, &item);
    while (status == STATUS_OK) {
        if (count == room) {
            room = room * 2 + 64;
            struct source *larger = reallocarray(items, room, sizeof *items);
            if (larger == NULL)
                break;
            items = larger;
        }
        items[count] = (struct source){.fate = SOURCE_STAYS};
        status = read_source(&item, arena, &items[count++]);
        if (status == STATUS_OK)
            status = walk_files(snapshot, WALK_NEXT, NULL, 0, &item);
    }
    *out = (struct sources){count, arena_alloc(arena, (count + 1) * sizeof *items)};
    if (status == STATUS_OK || out->items == NULL)
        status = STATUS_SYSTEM;
    else if (count > 0)
        memcpy(out->items, items, count * sizeof *items);
    free(items);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Writes one record where it differs from what the edit has. */
static enum status put_source(struct edit *edit, const struct file_key *key,
                              const struct source *source)
{
    uint8_t value[VALUE_OCTETS];
    struct writer w = writer_of(value + CHECKSUM_OCTETS, sizeof value - CHECKSUM_OCTETS);
    struct item item;

    write_source(&w, source);
    if (w.failed)
        return STATUS_SYSTEM;
    size_t octets = CHECKSUM_OCTETS + writer_length(&w);
    seal(key->octets, key->length, value, octets);
    enum status status =
        snapshot_walk(edit_snapshot(edit), WALK_AT, key->octets, key->length, &item);
    if (status == STATUS_OK && item.value_octets == octets &&
        memcmp(item.value, value, octets) == 0)
        return STATUS_OK;
    return edit_put(edit, key->octets, key->length, value, octets);
}

enum status sources_write(struct edit *edit, const struct sources *sources)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sources->count && status == STATUS_OK; i++) {
        const struct source *source = &sources->items[i];
        struct file_key key;
        if (source->fate == SOURCE_STAYS)
            continue;
        if (!make_key(source->name, &key))
            return STATUS_SYSTEM;
        status = source->fate == SOURCE_GONE ? edit_delete(edit, key.octets, key.length)
                                             : put_source(edit, &key, source);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK;
    }
    return status;
}

static enum status drop_others(struct edit *edit, const struct sources *sources)
{
    struct snapshot *snapshot = edit_snapshot(edit);
    struct item item;

    enum status status = walk_files(snapshot, WALK_AT_OR_AFTER, first_key, sizeof first_key, &item);
    while (status == STATUS_OK) {
        char name[NAME_OCTETS + 1] = "";
        struct file_key key;
        memcpy(name, item.key + PREFIX_OCTETS, item.key_octets - PREFIX_OCTETS);
        if (sources_find(sources, name) != NULL) {
            status = walk_files(snapshot, WALK_NEXT, NULL, 0, &item);
            continue;
        }
        key.length = item.key_octets;
        memcpy(key.octets, item.key, item.key_octets);
        status = edit_delete(edit, key.octets, key.length);
        if (status == STATUS_OK)
            status = walk_files(snapshot, WALK_AT_OR_AFTER, key.octets, key.length, &item);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status sources_replace(struct edit *edit, const struct sources *sources)
{
    enum status status = sources_write(edit, sources);
    return status == STATUS_OK ? drop_others(edit, sources) : status;
}

static int compare_names(const void *left, const void *right)
{
    const struct source *a = left;
    const struct source *b = right;
    return strcmp(a->name, b->name);
}

struct source *sources_find(const struct sources *sources, const char *name)
{
    const struct source wanted = {.name = name};
    return bsearch(&wanted, sources->items, sources->count, sizeof *sources->items, compare_names);
}

void sources_sort(struct sources *sources)
{
    ordered_sort(sources->items, sources->count, sizeof *sources->items, compare_names);
}
