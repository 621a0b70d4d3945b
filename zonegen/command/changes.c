#include "command/changes.h"

#include "conf/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct line {
    const char *text;
    size_t zone;
    size_t sequence;
    const char *zones; /* "a.example, b.example": all that share the text */
};

struct changes {
    struct arena *arena;
    struct line *lines;
    size_t count;
    size_t room;
    bool failed;
};

enum status changes_create(struct changes **out)
{
    struct changes *changes = calloc(1, sizeof *changes);
    if (changes == NULL)
        return STATUS_SYSTEM;
    changes->arena = arena_create();
    if (changes->arena == NULL) {
        free(changes);
        return STATUS_SYSTEM;
    }
    *out = changes;
    return STATUS_OK;
}

void changes_destroy(struct changes *changes)
{
    if (changes == NULL)
        return;
    arena_destroy(changes->arena);
    free(changes->lines);
    free(changes);
}

static bool make_room(struct changes *changes)
{
    if (changes->count < changes->room)
        return true;
    size_t room = changes->room == 0 ? 64 : changes->room * 2;
    struct line *lines = reallocarray(changes->lines, room, sizeof *lines);
    if (lines == NULL)
        return false;
    changes->lines = lines;
    changes->room = room;
    return true;
}

void changes_add(struct changes *changes, size_t zone, const char *text)
{
    const char *copy = arena_copy(changes->arena, text, strlen(text));
    if (copy == NULL || !make_room(changes)) {
        changes->failed = true;
        return;
    }
    changes->lines[changes->count] = (struct line){copy, zone, changes->count, NULL};
    changes->count++;
}

static int by_size(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* Brings lines with the same text together, zones in order. */
static int by_text(const void *left, const void *right)
{
    const struct line *a = left;
    const struct line *b = right;
    int order = strcmp(a->text, b->text);
    if (order == 0)
        order = by_size(a->zone, b->zone);
    return order != 0 ? order : by_size(a->sequence, b->sequence);
}

/* Brings lines of the same zones together, in the order of the first zone's first line. */
static int by_zones(const void *left, const void *right)
{
    const struct line *a = left;
    const struct line *b = right;
    int order = by_size(a->zone, b->zone);
    if (order == 0)
        order = strcmp(a->zones, b->zones);
    return order != 0 ? order : by_size(a->sequence, b->sequence);
}

/* Makes one line of each run of equal ones, and names their zones. False without memory. */
static bool merge_lines(struct changes *changes, const char *const *names)
{
    size_t kept = 0;

    for (size_t i = 0, next; i < changes->count; i = next) {
        struct line line = changes->lines[i];
        line.zones = names[line.zone];
        size_t last = line.zone;
        for (next = i + 1;
             next < changes->count && strcmp(changes->lines[next].text, line.text) == 0; next++) {
            if (changes->lines[next].zone == last)
                continue;
            last = changes->lines[next].zone;
            line.zones = arena_format(changes->arena, "%s, %s", line.zones, names[last]);
            if (line.zones == NULL)
                return false;
        }
        changes->lines[kept++] = line;
    }
    changes->count = kept;
    return true;
}

enum status changes_order(struct changes *changes, const char *const *names)
{
    if (changes->failed)
        return STATUS_SYSTEM;
    if (changes->count == 0)
        return STATUS_OK;
    qsort(changes->lines, changes->count, sizeof changes->lines[0], by_text);
    if (!merge_lines(changes, names))
        return STATUS_SYSTEM;
    qsort(changes->lines, changes->count, sizeof changes->lines[0], by_zones);
    return STATUS_OK;
}

size_t changes_count(const struct changes *changes)
{
    return changes->count;
}

const char *changes_text(const struct changes *changes, size_t n)
{
    return changes->lines[n].text;
}

enum status changes_print(struct changes *changes, const char *const *names, size_t name_count,
                          FILE *out)
{
    const char *heading = NULL;

    enum status status = changes_order(changes, names);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < changes->count; i++) {
        const struct line *line = &changes->lines[i];
        if (name_count > 1 && (heading == NULL || strcmp(heading, line->zones) != 0))
            fprintf(out, "in %s:\n", line->zones);
        heading = line->zones;
        fprintf(out, "%s\n", line->text);
    }
    return STATUS_OK;
}
