/*
 * Each rule that page.h, meta.h and tree.h have for LMDB's file, broken once in a small real one:
 * whoever looks says what is wrong, and nobody opens it.
 */
#include "tests/unit/check.h"
#include "tests/unit/failing.h"
#include "tests/unit/store/temporary.h"

#include "store/edit.h"
#include "store/meta.h"
#include "store/page.h"
#include "store/store.h"
#include "store/tree.h"

#include <fcntl.h>
#include <string.h>

#define RECORDS      80
#define LONG_OCTETS  10000 /* on three overflow pages */
#define FILE_OCTETS  (1 << 20)
#define PAGE_OCTETS  4096
#define ROUNDS       6
#define MAX_WRITES   2
#define MAX_FINDINGS 8

/* The pages that the cases damage. */
enum where { WHOLE, EVEN, ODD, NEWEST, ROOT, LEAF, OTHER_LEAF, LONG_LEAF, LONG, FREE, PLACES };

struct database {
    struct temporary temporary;
    uint8_t *octets; /* as it was made */
    size_t length;
    struct meta meta;
    uint64_t pages[PLACES]; /* numbers */
};

static void put_record(struct edit *edit, const char *key, size_t value_octets, uint8_t fill)
{
    static uint8_t value[LONG_OCTETS];
    memset(value, fill, value_octets);
    assert_int_equal(edit_put(edit, (const uint8_t *)key, strlen(key), value, value_octets),
                     STATUS_OK);
}

/* Several changes, so that there are free pages; keys of 8 octets, values of 200. */
static void fill(const char *path)
{
    const struct store_access owner = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;
    struct edit *edit;

    assert_int_equal(store_create(path, &owner, &store, message), STATUS_OK);
    for (uint8_t round = 0; round < ROUNDS; round++) {
        assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
        for (int i = round; i < RECORDS; i += 1 + round * 20) {
            char key[16];
            snprintf(key, sizeof key, "key-%04d", i);
            put_record(edit, key, 200, round);
        }
        if (round == 0)
            put_record(edit, "the-long", LONG_OCTETS, 0x5a);
        assert_int_equal(edit_commit(edit, message), STATUS_OK);
    }
    store_close(store);
}

static void open_page(const struct database *database, uint64_t number, struct page *out)
{
    assert_int_equal(page_open(database->octets + number * PAGE_OCTETS, PAGE_OCTETS, number, out),
                     STATUS_OK);
}

/* Where what the cases damage is. */
static void find_pages(struct database *database)
{
    struct page_entry entry;
    struct page page;

    database->pages[ODD] = 1;
    database->pages[NEWEST] = database->meta.change % 2;
    database->pages[ROOT] = database->meta.main.root;
    database->pages[FREE] = database->meta.free.root;
    open_page(database, database->pages[ROOT], &page);
    assert_int_equal(page.kind, PAGE_BRANCH);
    assert_true(page.count > 2);
    page_entry_at(&page, 0, &entry);
    database->pages[LEAF] = entry.child;
    page_entry_at(&page, 1, &entry);
    database->pages[OTHER_LEAF] = entry.child;
    page_entry_at(&page, page.count - 1, &entry);
    database->pages[LONG_LEAF] = entry.child;
    open_page(database, entry.child, &page);
    page_entry_at(&page, page.count - 1, &entry);
    assert_null(entry.value);
    database->pages[LONG] = entry.child;
}

static int setup(void **state)
{
    struct database *database = calloc(1, sizeof *database);
    char what[META_MESSAGE_OCTETS];

    *state = database;
    if (!database || temporary_create(&database->temporary) != 0)
        return -1;
    fill(database->temporary.database);
    database->octets = malloc(FILE_OCTETS);
    assert_non_null(database->octets);
    int file = open(database->temporary.database, O_RDONLY);
    ssize_t length = read(file, database->octets, FILE_OCTETS);
    assert_true(length > 0 && length < FILE_OCTETS);
    database->length = (size_t)length;
    assert_int_equal(meta_read(file, META_NEWEST, &database->meta, what), STATUS_OK);
    close(file);
    find_pages(database);
    return 0;
}

static int teardown(void **state)
{
    struct database *database = *state;
    temporary_destroy(&database->temporary);
    free(database->octets);
    free(database);
    return 0;
}

/* A file with other octets than it was made with, or fewer. */
static int write_file(const struct database *database, const uint8_t *octets, size_t length)
{
    int file = open(database->temporary.database, O_RDWR | O_TRUNC);
    assert_true(file >= 0);
    assert_int_equal(write(file, octets, length), length);
    return file;
}

/* What a check has found. */
struct findings {
    size_t count, items;
    size_t goes_on; /* pages before it is to end; 0: none */
    enum tree_damage damage;
    char what[TREE_MESSAGE_OCTETS];
};

static void on_damage(void *state, enum tree_damage damage, const char *what)
{
    struct findings *findings = state;
    if (findings->count++ > 0)
        return;
    findings->damage = damage;
    snprintf(findings->what, sizeof findings->what, "%s", what);
}

static void on_item(void *state, const struct item *item)
{
    struct findings *findings = state;
    assert_true(item->key_octets > 0);
    for (size_t i = 1; i < item->value_octets && item->value_octets >= 200; i++)
        assert_int_equal(item->value[i], item->value[0]);
    findings->items++;
}

static bool on_page(void *state)
{
    struct findings *findings = state;
    return findings->goes_on == 0 || --findings->goes_on > 0;
}

static enum status look(int file, const struct meta *meta, struct findings *findings)
{
    const struct tree_check check = {.file = file,
                                     .leaves = true,
                                     .state = findings,
                                     .damaged = on_damage,
                                     .item = on_item,
                                     .goes_on = on_page};
    return tree_check(&check, meta);
}

/* Octets that take others' place. */
struct write {
    enum where page;
    size_t at;     /* from the page's start, or from the entry's */
    size_t octets; /* of value; 0: the number of the page that value, an enum where, stands for */
    uint64_t value;
    int entry; /* 0: none; 1: the first */
};

struct damage_case {
    const char *what;
    enum tree_damage damage;
    struct write writes[MAX_WRITES];
};

static void apply(const struct database *database, const struct write *write, uint8_t *octets)
{
    size_t at = database->pages[write->page] * PAGE_OCTETS;
    uint16_t place = 0;

    if (write->entry > 0)
        memcpy(&place, octets + at + PAGE_HEADER_OCTETS + 2 * (size_t)(write->entry - 1), 2);
    if (write->page == WHOLE)
        return;
    if (write->octets == 0)
        memcpy(octets + at + place + write->at, &database->pages[write->value], 8);
    else
        memcpy(octets + at + place + write->at, &write->value, write->octets);
}

static void refuse_to_open(const struct database *database, const char *what)
{
    const struct store_access owner = {.shared = false};
    char message[STORE_MESSAGE_OCTETS] = "";
    struct store *store;

    assert_int_equal(store_open(database->temporary.database, &store, message), STATUS_INVALID);
    assert_non_null(strstr(message, database->temporary.database));
    if (!strstr(message, what))
        fail_msg("'%s' is not in '%s'", what, message);
    assert_int_equal(store_create(database->temporary.database, &owner, &store, message),
                     STATUS_INVALID);
}

/* A case of which the meta pages tell, or one of which the other pages do. */
static void try_case(const struct database *database, const struct damage_case *tried, bool in_meta)
{
    uint8_t *octets = malloc(database->length);
    struct findings findings = {.count = 0};
    struct meta meta;
    char what[META_MESSAGE_OCTETS] = "";

    assert_non_null(octets);
    memcpy(octets, database->octets, database->length);
    for (int i = 0; i < MAX_WRITES; i++)
        apply(database, &tried->writes[i], octets);
    int file = write_file(database, octets, database->length);
    enum status status = meta_read(file, META_NEWEST, &meta, what);
    if (in_meta) {
        assert_int_equal(status, STATUS_MALFORMED);
        assert_string_equal(what, tried->what);
    } else {
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(look(file, &meta, &findings), STATUS_OK);
        if (findings.count == 0 || !strstr(findings.what, tried->what))
            fail_msg("'%s' is not in '%s'", tried->what, findings.what);
        assert_int_equal(findings.damage, tried->damage);
    }
    close(file);
    refuse_to_open(database, tried->what);
    free(octets);
}

static void a_damaged_meta_page_is_refused(void **state)
{
    static const struct damage_case cases[] = {
        {"its second page is damaged", 0, {{ODD, 16, 4, 0xBEEFC0DF, 0}}},
        {"its second page is damaged", 0, {{ODD, 20, 4, 2, 0}}},
        {"its second page is damaged", 0, {{ODD, 10, 2, 2, 0}}},
        {"its second page is damaged", 0, {{ODD, 40, 4, 0, 0}}},
        {"its second page is damaged", 0, {{EVEN, 40, 4, 8192, 0}}},
        {"its first two pages contradict each other", 0, {{ODD, 40, 4, 8192, 0}}},
        {"the size of its pages is wrong", 0, {{EVEN, 40, 4, 256, 0}}},
        {"the size of its pages is wrong", 0, {{EVEN, 40, 4, 65536, 0}}},
        {"the size of its pages is wrong", 0, {{EVEN, 40, 4, 4098, 0}}},
        {"the numbers of its changes do not fit together", 0, {{EVEN, 144, 8, 99, 0}}},
        {"the numbers of its changes do not fit together", 0, {{ODD, 144, 8, 98, 0}}},
        {"the numbers of its changes do not fit together", 0, {{ODD, 144, 8, 99, 0}}},
        {"the number of its pages is wrong", 0, {{NEWEST, 136, 8, 0, 0}}},
        {"the number of its pages is wrong", 0, {{NEWEST, 136, 8, (uint64_t)1 << 40, 0}}},
        {"the size of its map is wrong", 0, {{NEWEST, 32, 8, 8192, 0}}},
        {"the size of its map is wrong", 0, {{NEWEST, 24, 8, 4096, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 44, 2, 0, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 44, 2, 12, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 88, 4, 1, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 92, 2, 4, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 94, 2, 0, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 94, 2, 32, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 46, 2, 0, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 96, 8, 1 << 20, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 104, 8, 1 << 20, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 112, 8, 1 << 20, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 128, 8, 1, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 128, 8, 1 << 20, 0}}},
        {"where its trees begin is damaged", 0, {{NEWEST, 128, 8, UINT64_MAX, 0}}},
        {"where its trees begin is damaged",
         0,
         {{NEWEST, 128, 8, UINT64_MAX, 0}, {NEWEST, 94, 2, 0, 0}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        try_case(*state, &cases[i], true);
}

#define KEY_0004 0x343030302d79656bu /* "key-0004" in the machine's order */

static void a_damaged_page_is_found_and_ranked(void **state)
{
    static const struct damage_case cases[] = {
        /* page.h */
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 0, 8, 1, 0}}},
        {"is damaged", TREE_DAMAGE_ROOT, {{ROOT, 0, 8, 1, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 10, 2, 4, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 10, 2, PAGE_BRANCH, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 12, 2, 14, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 12, 2, 17, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 12, 2, 4094, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 14, 2, 4098, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 14, 2, 100, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 16, 2, 16, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 16, 2, 4083, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 16, 2, 4092, 0}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 4, 2, 2, 1}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 0, 4, 5000, 1}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 0, 4, 198, 1}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 4, 2, 1, 1}}},
        {"is damaged", TREE_DAMAGE_ROOT, {{ROOT, 6, 2, 500, 2}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{LEAF, 12, 2, 16, 0}, {LEAF, 14, 2, 4096, 0}}},
        {"is damaged", TREE_DAMAGE_FREE, {{FREE, 0, 8, 1, 0}}},
        /* tree.h: where branches lead */
        {"is led to, and there is none", TREE_DAMAGE_ROOT, {{ROOT, 0, 4, 1, 1}}},
        {"is led to, and there is none", TREE_DAMAGE_ROOT, {{ROOT, 0, 4, 1 << 20, 1}}},
        {"is led to, and there is none", TREE_DAMAGE_ROOT, {{ROOT, 4, 2, 1, 1}}},
        {"is damaged", TREE_DAMAGE_LEAF, {{NEWEST, 94, 2, 1, 0}}},
        {"is damaged", TREE_DAMAGE_ROOT, {{NEWEST, 94, 2, 3, 0}}},
        /* keys */
        {"holds what does not belong there", TREE_DAMAGE_LEAF, {{LEAF, 8, 1, 0xff, 2}}},
        {"holds what does not belong there", TREE_DAMAGE_LEAF, {{LEAF, 8, 8, KEY_0004, 5}}},
        {"holds what does not belong there",
         TREE_DAMAGE_LEAF,
         {{LEAF, 6, 2, 0, 3}, {LEAF, 0, 4, 208, 3}}},
        {"holds what does not belong there", TREE_DAMAGE_LEAF, {{OTHER_LEAF, 8, 8, KEY_0004, 1}}},
        {"holds what does not belong there", TREE_DAMAGE_ROOT, {{ROOT, 8, 1, 0xff, 2}}},
        {"holds what does not belong there", TREE_DAMAGE_FREE, {{FREE, 6, 2, 7, 1}}},
        /* long records */
        {"does not hold the long record", TREE_DAMAGE_LEAF, {{LONG, 0, 8, 1, 0}}},
        {"does not hold the long record", TREE_DAMAGE_LEAF, {{LONG, 10, 2, 2, 0}}},
        {"does not hold the long record", TREE_DAMAGE_LEAF, {{LONG, 12, 4, 2, 0}}},
        {"does not hold the long record", TREE_DAMAGE_LEAF, {{LONG, 12, 4, 1 << 30, 0}}},
        {"its pages are not as many as it says", TREE_DAMAGE_ROOT, {{LONG, 12, 4, 4, 0}}},
        /* what is free */
        {"is used twice", TREE_DAMAGE_ROOT, {{FREE, 24, 0, LEAF, 1}}},
        {"is used twice", TREE_DAMAGE_ROOT, {{FREE, 24, 0, FREE, 1}}},
        {"what is free is damaged", TREE_DAMAGE_FREE, {{FREE, 16, 8, 1000, 1}}},
        {"what is free is damaged", TREE_DAMAGE_FREE, {{FREE, 16, 8, UINT64_MAX, 1}}},
        {"is led to, and there is none", TREE_DAMAGE_FREE, {{FREE, 24, 8, 1 << 20, 1}}},
        {"is led to, and there is none", TREE_DAMAGE_FREE, {{FREE, 24, 8, 1, 1}}},
        /* counts */
        {"its pages are not as many as it says", TREE_DAMAGE_ROOT, {{NEWEST, 96, 8, 0, 0}}},
        {"its pages are not as many as it says", TREE_DAMAGE_ROOT, {{NEWEST, 104, 8, 2, 0}}},
        {"its pages are not as many as it says", TREE_DAMAGE_ROOT, {{NEWEST, 112, 8, 0, 0}}},
        {"its pages are not as many as it says", TREE_DAMAGE_ROOT, {{NEWEST, 120, 8, 9, 0}}},
        {"its pages are not as many as it says", TREE_DAMAGE_FREE, {{NEWEST, 72, 8, 99, 0}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        try_case(*state, &cases[i], false);
}

/* Cut after so many pages. True when that is found; else what is missing was free, and all records
 * are there. */
static bool cut_is_found(const struct database *database, size_t pages)
{
    struct findings findings = {.count = 0};

    int file = write_file(database, database->octets, pages * PAGE_OCTETS);
    assert_int_equal(look(file, &database->meta, &findings), STATUS_OK);
    close(file);
    if (findings.count > 0)
        assert_non_null(strstr(findings.what, "cut"));
    else
        assert_int_equal(findings.items, RECORDS + 2);
    return findings.count > 0;
}

static void a_file_that_was_cut_is_refused(void **state)
{
    const struct database *database = *state;
    const size_t pages = database->length / PAGE_OCTETS;
    size_t left = pages - 1;

    while (!cut_is_found(database, left))
        left--;
    assert_true(left > pages / 2);
    for (; left > 0; left--) {
        assert_true(cut_is_found(database, left));
        refuse_to_open(database, "cut");
    }
}

static void what_is_no_file_of_lmdb_is_told_from_a_damaged_one(void **state)
{
    const struct database *database = *state;
    struct meta meta;
    char what[META_MESSAGE_OCTETS];

    int file = write_file(database, database->octets, 0);
    assert_int_equal(meta_read(file, META_NEWEST, &meta, what), STATUS_NOT_FOUND);
    close(file);
    file = write_file(database, database->octets, 100);
    assert_int_equal(meta_read(file, META_NEWEST, &meta, what), STATUS_INVALID);
    close(file);
    file = write_file(database, database->octets + 2 * PAGE_OCTETS, PAGE_OCTETS);
    assert_int_equal(meta_read(file, META_NEWEST, &meta, what), STATUS_INVALID);
    close(file);
}

static void the_last_two_changes_can_be_read_and_no_other(void **state)
{
    const struct database *database = *state;
    const uint64_t change = database->meta.change;
    struct meta meta;
    char what[META_MESSAGE_OCTETS];

    int file = write_file(database, database->octets, database->length);
    assert_int_equal(meta_read(file, change, &meta, what), STATUS_OK);
    assert_int_equal(meta.change, change);
    assert_int_equal(meta_read(file, change - 1, &meta, what), STATUS_OK);
    assert_int_equal(meta.change, change - 1);
    assert_int_equal(meta_read(file, change - 2, &meta, what), STATUS_NOT_FOUND);
    assert_int_equal(meta_read(file, change + 1, &meta, what), STATUS_NOT_FOUND);
    close(file);
}

static void a_whole_file_yields_every_record_once(void **state)
{
    const struct database *database = *state;
    struct findings findings = {.count = 0};
    char message[STORE_MESSAGE_OCTETS];
    struct store *store;

    int file = write_file(database, database->octets, database->length);
    assert_int_equal(look(file, &database->meta, &findings), STATUS_OK);
    assert_int_equal(findings.count, 0);
    assert_int_equal(findings.items, RECORDS + 2); /* the long one and the format */
    close(file);
    assert_int_equal(store_open(database->temporary.database, &store, message), STATUS_OK);
    store_close(store);
}

static void without_leaves_damage_in_them_is_not_looked_at(void **state)
{
    const struct database *database = *state;
    struct findings findings = {.count = 0};

    int file = write_file(database, database->octets, database->length);
    assert_int_equal(pwrite(file, "damage", 6, (off_t)(database->pages[LEAF] * PAGE_OCTETS)), 6);
    const struct tree_check check = {.file = file, .state = &findings, .damaged = on_damage};
    assert_int_equal(tree_check(&check, &database->meta), STATUS_OK);
    assert_int_equal(findings.count, 0);
    close(file);
}

static void a_check_ends_when_it_is_told_to(void **state)
{
    const struct database *database = *state;

    int file = write_file(database, database->octets, database->length);
    for (size_t pages = 1; pages <= 3; pages++) {
        struct findings findings = {.goes_on = pages};
        assert_int_equal(look(file, &database->meta, &findings), STATUS_NOT_FOUND);
        assert_int_equal(findings.count, 0);
        assert_true(findings.items < RECORDS);
    }
    close(file);
}

static void a_check_without_memory_says_so_whichever_allocation_fails(void **state)
{
    const struct database *database = *state;
    enum status status = STATUS_SYSTEM;
    size_t n = 0;

    int file = write_file(database, database->octets, database->length);
    while (status == STATUS_SYSTEM) {
        struct findings findings = {.count = 0};
        failing_left = ++n;
        status = look(file, &database->meta, &findings);
        assert_int_equal(findings.count, 0);
    }
    failing_left = 0;
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(n, 5); /* used pages, two levels, the long record; the fifth is none */
    close(file);
    assert_int_equal(look(-1, &database->meta, &(struct findings){.count = 0}), STATUS_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_yields_every_record_once),
        cmocka_unit_test(a_damaged_meta_page_is_refused),
        cmocka_unit_test(a_damaged_page_is_found_and_ranked),
        cmocka_unit_test(a_file_that_was_cut_is_refused),
        cmocka_unit_test(what_is_no_file_of_lmdb_is_told_from_a_damaged_one),
        cmocka_unit_test(the_last_two_changes_can_be_read_and_no_other),
        cmocka_unit_test(without_leaves_damage_in_them_is_not_looked_at),
        cmocka_unit_test(a_check_ends_when_it_is_told_to),
        cmocka_unit_test(a_check_without_memory_says_so_whichever_allocation_fails),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
