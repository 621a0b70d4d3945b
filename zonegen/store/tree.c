#include "store/tree.h"

#include "store/machine.h"
#include "store/page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FREE_KEY_OCTETS 8
#define LEVELS          32

/* Octets that someone else owns. */
struct slice {
    const uint8_t *octets;
    size_t length;
};

/* What a tree's pages counted to. */
struct tally {
    uint64_t branches, leaves, overflows, entries;
};

/* One check under way. */
struct tree_walk {
    const struct tree_check *check;
    const struct meta *meta;
    const struct meta_tree *tree; /* that is walked: the records', then that of free pages */
    bool free_pages;
    bool stopped;
    bool no_memory;
    bool damaged;        /* in this tree: its counts cannot fit */
    unsigned read_depth; /* levels of it that are read */
    struct tally tally;
    uint8_t *used;           /* a bit for each page */
    uint64_t file_pages;     /* whole ones */
    uint64_t free_after_end; /* free pages that the file does not reach */
    uint8_t *levels[LEVELS]; /* a page for each level, from the root down */
    uint8_t *value;          /* of a record on overflow pages */
    size_t value_room;
};

/* The keys that a page may have: from `low` on, before `high`. NULL octets: no bound. */
struct bounds {
    struct slice low, high;
};

static void say(struct tree_walk *walk, enum tree_damage damage, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct tree_walk *walk, enum tree_damage damage, const char *format, ...)
{
    char what[TREE_MESSAGE_OCTETS];
    va_list list;

    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    walk->damaged = true;
    walk->check->damaged(walk->check->state, damage, what);
}

/* Damage of the tree of free pages hides no record. */
static enum tree_damage rank(const struct tree_walk *walk, enum tree_damage damage)
{
    return walk->free_pages ? TREE_DAMAGE_FREE : damage;
}

/* Takes a page into use; says when it is none that can be. */
static bool claim(struct tree_walk *walk, uint64_t number)
{
    if (number < META_FIRST_PAGE || number > walk->meta->last_page) {
        say(walk, rank(walk, TREE_DAMAGE_ROOT), "page %" PRIu64 " is led to, and there is none",
            number);
        return false;
    }
    uint8_t bit = (uint8_t)(1 << number % 8);
    if (walk->used[number / 8] & bit) {
        /* Also of a free one: a branch may lead to what was there before. */
        say(walk, TREE_DAMAGE_ROOT, "page %" PRIu64 " is used twice", number);
        return false;
    }
    walk->used[number / 8] |= bit;
    return true;
}

static bool read_octets(struct tree_walk *walk, uint64_t number, uint8_t *octets, size_t length)
{
    off_t at = (off_t)(number * walk->meta->page_octets);

    for (size_t done = 0; done < length;) {
        ssize_t taken = pread(walk->check->file, octets + done, length - done, at + (off_t)done);
        if (taken <= 0)
            return false;
        done += (size_t)taken;
    }
    return true;
}

static int compare(const struct tree_walk *walk, struct slice a, struct slice b)
{
    if (walk->free_pages) {
        uint64_t x = machine_u64(a.octets);
        uint64_t y = machine_u64(b.octets);
        return (x > y) - (x < y);
    }
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = memcmp(a.octets, b.octets, shorter);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static struct slice key_of(const struct page_entry *entry)
{
    return (struct slice){entry->key, entry->key_octets};
}

static bool key_is_sound(const struct tree_walk *walk, const struct page_entry *entry)
{
    return walk->free_pages ? entry->key_octets == FREE_KEY_OCTETS
                            : entry->key_octets > 0 && entry->key_octets <= STORE_KEY_OCTETS;
}

/* True when the keys are in order and within the bounds. A branch's first key is not looked at:
 * LMDB does not either. */
static bool keys_fit(const struct tree_walk *walk, const struct page *page,
                     const struct bounds *bounds)
{
    struct slice last = bounds->low;
    bool is_bound = true;

    for (size_t n = page->kind == PAGE_BRANCH ? 1 : 0; n < page->count; n++) {
        struct page_entry entry;
        page_entry_at(page, n, &entry);
        if (!key_is_sound(walk, &entry))
            return false;
        struct slice key = key_of(&entry);
        int order = last.octets ? compare(walk, last, key) : -1;
        if (order > 0 || (order == 0 && !is_bound))
            return false;
        last = key;
        is_bound = false;
    }
    return !last.octets || !bounds->high.octets || compare(walk, last, bounds->high) < 0;
}

/* ---- leaves ---- */

/* A value on pages of its own, in one piece; NULL after damage was said, or without memory. */
static const uint8_t *take_overflow(struct tree_walk *walk, const struct page_entry *entry)
{
    size_t size = walk->meta->page_octets;
    uint8_t header[PAGE_HEADER_OCTETS];

    if (!claim(walk, entry->child))
        return NULL;
    uint64_t pages = read_octets(walk, entry->child, header, sizeof header)
                         ? page_open_overflow(header, entry->child)
                         : 0;
    if (page_overflow_count(entry->value_octets, size) > pages ||
        pages > walk->meta->last_page - entry->child + 1) {
        say(walk, rank(walk, TREE_DAMAGE_LEAF),
            "page %" PRIu64 " does not hold the long record that it should", entry->child);
        return NULL;
    }
    walk->tally.overflows += pages;
    for (uint64_t more = 1; more < pages; more++)
        if (!claim(walk, entry->child + more))
            return NULL;
    size_t needed = PAGE_HEADER_OCTETS + entry->value_octets;
    if (needed > walk->value_room) {
        uint8_t *larger = realloc(walk->value, needed);
        walk->no_memory = larger == NULL;
        if (!larger)
            return NULL;
        walk->value = larger;
        walk->value_room = needed;
    }
    if (read_octets(walk, entry->child, walk->value, needed))
        return walk->value + PAGE_HEADER_OCTETS;
    say(walk, rank(walk, TREE_DAMAGE_LEAF), "page %" PRIu64 " cannot be read: the file was cut",
        entry->child);
    return NULL;
}

/* What a change has left free: a count, and as many pages. */
static void take_free(struct tree_walk *walk, const struct item *item)
{
    const size_t word = sizeof(uint64_t);
    uint64_t count = item->value_octets >= word ? machine_u64(item->value) : UINT64_MAX;

    if (count > item->value_octets / word - 1) {
        say(walk, TREE_DAMAGE_FREE, "what is free is damaged");
        return;
    }
    for (uint64_t n = 1; n <= count; n++) {
        uint64_t number = machine_u64(item->value + n * word);
        if (!claim(walk, number))
            return;
        walk->free_after_end += number >= walk->file_pages;
    }
}

static void take_leaf(struct tree_walk *walk, const struct page *page)
{
    walk->tally.leaves++;
    walk->tally.entries += page->count;
    for (size_t n = 0; n < page->count && !walk->stopped && !walk->no_memory; n++) {
        struct page_entry entry;
        page_entry_at(page, n, &entry);
        const uint8_t *value = entry.value ? entry.value : take_overflow(walk, &entry);
        const struct item item = {entry.key, entry.key_octets, value, entry.value_octets};
        if (value && walk->free_pages)
            take_free(walk, &item);
        else if (value && walk->check->item)
            walk->check->item(walk->check->state, &item);
    }
}

/* ---- the way down ---- */

static void visit(struct tree_walk *walk, uint64_t number, size_t level,
                  const struct bounds *bounds);

static void descend(struct tree_walk *walk, const struct page *page, size_t level,
                    const struct bounds *bounds)
{
    walk->tally.branches++;
    for (size_t n = 0; n < page->count && !walk->stopped && !walk->no_memory; n++) {
        struct bounds within = *bounds;
        struct page_entry entry, next;
        page_entry_at(page, n, &entry);
        if (n > 0)
            within.low = key_of(&entry);
        if (n + 1 < page->count) {
            page_entry_at(page, n + 1, &next);
            within.high = key_of(&next);
        }
        visit(walk, entry.child, level + 1, &within);
    }
}

/* Reads and judges a page of the tree; false after damage was said. */
static bool take_page(struct tree_walk *walk, uint64_t number, size_t level,
                      const struct bounds *bounds, struct page *page)
{
    bool is_leaf = level + 1 == walk->tree->depth;
    enum tree_damage damage = rank(walk, is_leaf ? TREE_DAMAGE_LEAF : TREE_DAMAGE_ROOT);
    size_t size = walk->meta->page_octets;
    uint8_t **octets = &walk->levels[level];

    if (!*octets)
        *octets = malloc(size);
    walk->no_memory = *octets == NULL;
    if (walk->no_memory)
        return false;
    if (!read_octets(walk, number, *octets, size))
        say(walk, damage, "page %" PRIu64 " cannot be read: the file was cut", number);
    else if (page_open(*octets, size, number, page) != STATUS_OK ||
             page->kind != (is_leaf ? PAGE_LEAF : PAGE_BRANCH) || page->count < (is_leaf ? 1 : 2))
        say(walk, damage, "page %" PRIu64 " is damaged", number);
    else if (!keys_fit(walk, page, bounds))
        say(walk, damage, "page %" PRIu64 " holds what does not belong there", number);
    else
        return true;
    return false;
}

static bool has_turn(const struct tree_check *check, uint64_t number)
{
    return check->leaves && (check->share < 2 || number % check->share == check->turn);
}

static void visit(struct tree_walk *walk, uint64_t number, size_t level,
                  const struct bounds *bounds)
{
    const struct tree_check *check = walk->check;
    bool is_leaf = level + 1 == walk->tree->depth;
    struct page page;

    if (!claim(walk, number) || level >= walk->read_depth)
        return;
    if (is_leaf && !walk->free_pages && !has_turn(check, number)) {
        walk->tally.leaves++;
        return;
    }
    walk->stopped = check->goes_on && !check->goes_on(check->state);
    if (walk->stopped || !take_page(walk, number, level, bounds, &page))
        return;
    if (is_leaf)
        take_leaf(walk, &page);
    else
        descend(walk, &page, level, bounds);
}

/* What the pages counted to is what the meta page says. */
static void compare_counts(struct tree_walk *walk)
{
    const struct meta_tree *tree = walk->tree;
    const struct tally *tally = &walk->tally;
    bool whole = (walk->check->leaves && walk->check->share < 2) || walk->free_pages;

    if (walk->damaged || walk->stopped || walk->no_memory || walk->read_depth < tree->depth)
        return;
    if (tally->branches != tree->branches || tally->leaves != tree->leaves ||
        (whole && (tally->overflows != tree->overflows || tally->entries != tree->entries)))
        say(walk, rank(walk, TREE_DAMAGE_ROOT), "its pages are not as many as it says");
}

/* How many levels of a tree are read, its leaves too. A page of the lowest branches has about as
 * many children as there are leaves for each branch, and so on upwards. */
static unsigned read_depth_of(const struct tree_walk *walk)
{
    const struct meta_tree *tree = walk->tree;
    uint64_t most = walk->check->most_branches;
    uint64_t children = tree->branches > 0 ? tree->leaves / tree->branches : 0;
    uint64_t branches = tree->branches;
    unsigned levels = tree->depth;

    if (most == 0 || branches <= most || walk->free_pages)
        return levels;
    for (levels--; levels > 1 && branches > most && children > 1; levels--)
        branches /= children;
    return levels;
}

static void walk_tree(struct tree_walk *walk, const struct meta_tree *tree, bool free_pages)
{
    const struct bounds everything = {.low = {NULL, 0}};

    walk->tree = tree;
    walk->free_pages = free_pages;
    walk->damaged = false;
    walk->tally = (struct tally){0};
    walk->read_depth = read_depth_of(walk);
    if (!tree->is_empty)
        visit(walk, tree->root, 0, &everything);
    compare_counts(walk);
}

/* A file may end before its last pages where these are free: then they were never written. */
static void check_end(struct tree_walk *walk)
{
    uint64_t pages = walk->meta->last_page + 1;
    uint64_t missing = pages > walk->file_pages ? pages - walk->file_pages : 0;

    if (walk->damaged || walk->stopped || walk->no_memory || missing == walk->free_after_end)
        return;
    say(walk, TREE_DAMAGE_ROOT, "it was cut: %" PRIu64 " pages of %" PRIu64 " are left",
        walk->file_pages, pages);
}

enum status tree_check(const struct tree_check *check, const struct meta *meta)
{
    struct tree_walk walk = {.check = check, .meta = meta};
    struct stat file;

    if (fstat(check->file, &file) != 0)
        return STATUS_SYSTEM;
    walk.file_pages = (uint64_t)file.st_size / meta->page_octets;
    if (walk.file_pages <
        meta->last_page / 2) { /* also keeps the map of used pages in proportion */
        check_end(&walk);
        return STATUS_OK;
    }
    walk.used = calloc(meta->last_page / 8 + 1, 1);
    walk.no_memory = walk.used == NULL;
    if (!walk.no_memory)
        walk_tree(&walk, &meta->main, false);
    if (!walk.no_memory && !walk.stopped)
        walk_tree(&walk, &meta->free, true);
    check_end(&walk);
    for (size_t level = 0; level < LEVELS; level++)
        free(walk.levels[level]);
    free(walk.value);
    free(walk.used);
    if (walk.no_memory)
        return STATUS_SYSTEM;
    return walk.stopped ? STATUS_NOT_FOUND : STATUS_OK;
}
