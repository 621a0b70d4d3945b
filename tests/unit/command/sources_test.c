/* What the database keeps of contacts files, and what is made of it. */
#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "command/accounts.h"
#include "command/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct temporary temporary;
    struct store *store;
    struct edit *edit;
    struct arena *arena;
};

static int set_up(void **state)
{
    static const struct store_access private_access = {.shared = false};
    struct bench *bench = calloc(1, sizeof *bench);
    char message[STORE_MESSAGE_OCTETS];

    assert_non_null(bench);
    assert_int_equal(temporary_create(&bench->temporary), 0);
    assert_int_equal(
        store_create(bench->temporary.database, &private_access, &bench->store, message),
        STATUS_OK);
    assert_int_equal(edit_begin(bench->store, &bench->edit, message), STATUS_OK);
    bench->arena = arena_create();
    assert_non_null(bench->arena);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    edit_abort(bench->edit);
    store_close(bench->store);
    temporary_destroy(&bench->temporary);
    arena_destroy(bench->arena);
    free(bench);
    return 0;
}

static struct entry_label one_label[] = {{.a_label = "xa"}};
static struct entry_label three_labels[] = {
    {.a_label = "xb"},
    {.a_label = "xn--9ca", .u_label = "\xc3\xa9", .upper = "\xc3\x89"},
    {.a_label = "xn--wgbh1c", .u_label = "\xd9\x85\xd8\xb5\xd8\xb1"},
};

static struct source sample(const char *name)
{
    struct source source = {
        .name = name,
        .stamp = {700, 12345, 1795352400123456789, 1795352400123456790},
        .made_days = 20779,
        .verified_days = -1,
        .public_count = 2,
        .members_count = 1,
        .label_count = 1,
        .labels = one_label,
        .fate = SOURCE_NEW,
    };
    memset(source.digest, 0x5a, sizeof source.digest);
    return source;
}

static struct sources read_all(struct bench *bench)
{
    struct sources sources;
    assert_int_equal(sources_read(edit_snapshot(bench->edit), bench->arena, &sources), STATUS_OK);
    return sources;
}

static void assert_same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void assert_same_source(const struct source *a, const struct source *b)
{
    assert_string_equal(a->name, b->name);
    assert_true(file_stamp_equals(&a->stamp, &b->stamp));
    assert_memory_equal(a->digest, b->digest, sizeof a->digest);
    assert_int_equal(a->made_days, b->made_days);
    assert_int_equal(a->verified_days, b->verified_days);
    assert_int_equal(a->public_count, b->public_count);
    assert_int_equal(a->members_count, b->members_count);
    assert_int_equal(a->label_count, b->label_count);
    for (size_t i = 0; i < a->label_count; i++) {
        assert_same_text(a->labels[i].a_label, b->labels[i].a_label);
        assert_same_text(a->labels[i].u_label, b->labels[i].u_label);
        assert_same_text(a->labels[i].upper, b->labels[i].upper);
    }
}

static void what_was_written_is_read(void **state)
{
    struct bench *bench = *state;
    struct source items[] = {sample("xa.yaml"), sample("xb.json"), sample("\xc3\xa9.yml")};
    items[1].label_count = 3;
    items[1].labels = three_labels;
    const struct sources written = {3, items};

    assert_int_equal(read_all(bench).count, 0);
    assert_int_equal(sources_write(bench->edit, &written), STATUS_OK);
    struct sources read = read_all(bench);
    assert_int_equal(read.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_same_source(&read.items[i], &items[i]);
        assert_int_equal(read.items[i].fate, SOURCE_STAYS);
        assert_ptr_equal(sources_find(&read, items[i].name), &read.items[i]);
    }
    assert_null(sources_find(&read, "xc.yaml"));
}

static void each_record_meets_its_fate(void **state)
{
    struct bench *bench = *state;
    struct source items[] = {sample("a.yaml"), sample("b.yaml"), sample("c.yaml")};
    const struct sources sources = {3, items};

    assert_int_equal(sources_write(bench->edit, &sources), STATUS_OK);
    for (size_t i = 0; i < 3; i++)
        items[i].verified_days = 7;
    items[0].fate = SOURCE_STAYS;
    items[1].fate = SOURCE_GONE;
    assert_int_equal(sources_write(bench->edit, &sources), STATUS_OK);
    assert_int_equal(sources_write(bench->edit, &sources), STATUS_OK); /* gone twice */
    struct sources read = read_all(bench);
    assert_int_equal(read.count, 2);
    assert_int_equal(read.items[0].verified_days, -1);
    assert_string_equal(read.items[1].name, "c.yaml");
    assert_int_equal(read.items[1].verified_days, 7);
}

static void replacing_leaves_no_other_record(void **state)
{
    struct bench *bench = *state;
    struct source items[40];
    char names[40][8];
    struct sources sources = {40, items};

    for (size_t i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "%02zu", i);
        items[i] = sample(names[i]);
    }
    assert_int_equal(sources_write(bench->edit, &sources), STATUS_OK);
    struct sources some = {2, items + 7};
    assert_int_equal(sources_replace(bench->edit, &some), STATUS_OK);
    struct sources read = read_all(bench);
    assert_int_equal(read.count, 2);
    assert_string_equal(read.items[0].name, "07");
    assert_string_equal(read.items[1].name, "08");
}

/* Puts back what a key has with one octet changed, and with the end cut off. */
static void damage(struct bench *bench, const uint8_t *key, size_t key_octets, size_t at, bool cut)
{
    struct item item;
    uint8_t value[512];
    assert_int_equal(snapshot_walk(edit_snapshot(bench->edit), WALK_AT, key, key_octets, &item),
                     STATUS_OK);
    size_t octets = item.value_octets;
    assert_true(octets <= sizeof value);
    memcpy(value, item.value, octets);
    value[at] ^= 1;
    assert_int_equal(edit_put(bench->edit, key, key_octets, value, cut ? at : octets), STATUS_OK);
}

static void damage_is_seen(void **state)
{
    struct bench *bench = *state;
    const uint8_t key[] = {0x07, 0x01, 'x', 'b'};
    const uint8_t header_key[] = {0x07, 0x00};
    struct source items[] = {sample("xa"), sample("xb")};
    const struct sources sources = {2, items};
    const struct sources_header header = {.renewed = 1795352400};
    struct sources_header read_header;
    struct sources read;
    struct item item;

    items[1].label_count = 3;
    items[1].labels = three_labels;
    assert_int_equal(sources_write(bench->edit, &sources), STATUS_OK);
    assert_int_equal(snapshot_walk(edit_snapshot(bench->edit), WALK_AT, key, sizeof key, &item),
                     STATUS_OK);
    size_t octets = item.value_octets;
    for (size_t i = 0; i < 2 * octets; i++) {
        assert_int_equal(sources_write(bench->edit, &sources), STATUS_OK);
        damage(bench, key, sizeof key, i % octets, i < octets);
        assert_int_equal(sources_read(edit_snapshot(bench->edit), bench->arena, &read),
                         STATUS_MALFORMED);
    }
    for (size_t i = 0; i < 2 * (size_t)SOURCES_HEADER_OCTETS; i++) {
        assert_int_equal(sources_header_write(bench->edit, &header), STATUS_OK);
        damage(bench, header_key, sizeof header_key, i % SOURCES_HEADER_OCTETS,
               i < SOURCES_HEADER_OCTETS);
        assert_int_equal(sources_header_read(edit_snapshot(bench->edit), &read_header),
                         STATUS_MALFORMED);
    }
}

static void the_header_is_read_as_it_was_written(void **state)
{
    struct bench *bench = *state;
    struct sources_header written = {.renewed = 1795352400};
    struct sources_header read;

    memset(written.shape, 1, sizeof written.shape);
    memset(written.keys, 2, sizeof written.keys);
    assert_int_equal(sources_header_read(edit_snapshot(bench->edit), &read), STATUS_NOT_FOUND);
    assert_int_equal(sources_header_write(bench->edit, &written), STATUS_OK);
    assert_int_equal(sources_header_read(edit_snapshot(bench->edit), &read), STATUS_OK);
    assert_int_equal(read.renewed, written.renewed);
    assert_memory_equal(read.shape, written.shape, sizeof read.shape);
    assert_memory_equal(read.keys, written.keys, sizeof read.keys);
    assert_int_equal(read_all(bench).count, 0); /* it is no file */
}

/* A file system may count time in steps: what is changed twice within one looks unchanged. */
static void the_stamp_of_a_file_that_was_just_changed_is_not_kept(void **state)
{
    struct bench *bench = *state;
    const int64_t second = 1000000000;
    struct accounts accounts;
    char text[] = "tld: xa\n";
    struct file_content content = {text, strlen(text), {8, 1, 100 * second, 100 * second}};

    accounts_open(bench->arena, &accounts);
    accounts.clock_ns = 102 * second;
    accounts.witness.see(accounts.witness.state, "contacts/xa.yaml", &content);
    accounts.clock_ns++;
    accounts.witness.see(accounts.witness.state, "xa.yaml", &content);
    content.stamp.changed_ns++; /* mtime may be set back, ctime not */
    accounts.witness.see(accounts.witness.state, "xa.yaml", &content);
    assert_int_equal(accounts.count, 3);
    assert_string_equal(accounts.items[0].name, "xa.yaml");
    assert_int_equal(accounts.items[0].stamp.modified_ns, 0);
    assert_int_equal(accounts.items[1].stamp.modified_ns, 100 * second);
    assert_int_equal(accounts.items[2].stamp.modified_ns, 0);
    assert_memory_equal(accounts.items[0].digest, accounts.items[1].digest, SOURCE_DIGEST_OCTETS);
    accounts_close(&accounts);
}

static void a_source_is_completed_from_its_entry(void **state)
{
    struct bench *bench = *state;
    struct contact seen[] = {{.visibility = VISIBILITY_PUBLIC},
                             {.visibility = VISIBILITY_INTERNAL},
                             {.visibility = VISIBILITY_MEMBERS},
                             {.visibility = VISIBILITY_MEMBERS}};
    struct entry entries[] = {{.file = "contacts/xb.yaml",
                               .label_count = 3,
                               .labels = three_labels,
                               .verified_days = 9,
                               .contact_count = 4,
                               .contacts = seen}};
    const struct contacts contacts = {.entry_count = 1, .entries = entries};
    struct accounts accounts;
    struct file_content content = {(char[]){""}, 0, {.octets = 0}};
    struct sources sources;

    accounts_open(bench->arena, &accounts);
    accounts.witness.see(accounts.witness.state, "contacts/xz.yaml", &content);
    accounts.witness.see(accounts.witness.state, "contacts/xb.yaml", &content);
    assert_int_equal(accounts_complete(&accounts, &contacts, 20779, &sources), STATUS_OK);
    assert_int_equal(sources.count, 1);
    const struct source *source = &sources.items[0];
    assert_string_equal(source->name, "xb.yaml");
    assert_int_equal(source->public_count, 1);
    assert_int_equal(source->members_count, 2);
    assert_int_equal(source->made_days, 20779);
    assert_int_equal(source->verified_days, 9);
    assert_int_equal(source->label_count, 3);
    accounts_close(&accounts);
}

static void a_summary_has_as_many_contacts_of_each_visibility(void **state)
{
    struct bench *bench = *state;

    for (uint8_t open = 0; open <= ENTRY_MAX_PUBLISHED; open++) {
        for (uint8_t closed = 0; open + closed <= ENTRY_MAX_PUBLISHED; closed++) {
            struct source items[] = {sample("a"), sample("b")};
            const struct sources sources = {2, items};
            struct contacts contacts = {.entry_count = 0};
            size_t found[2] = {0, 0};
            items[0].fate = SOURCE_STAYS; /* the other one is read */
            items[0].public_count = open;
            items[0].members_count = closed;
            assert_int_equal(accounts_summarise(&sources, bench->arena, &contacts), STATUS_OK);
            assert_int_equal(contacts.entry_count, 1);
            const struct entry *entry = &contacts.entries[0];
            assert_true(entry->is_summary);
            assert_int_equal(entry->as_of_days, items[0].made_days);
            for (size_t i = 0; i < entry->contact_count; i++)
                found[entry->contacts[i].visibility == VISIBILITY_MEMBERS]++;
            assert_int_equal(found[0], open);
            assert_int_equal(found[1], closed);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read),
        TEST(each_record_meets_its_fate),
        TEST(replacing_leaves_no_other_record),
        TEST(damage_is_seen),
        TEST(the_header_is_read_as_it_was_written),
        TEST(the_stamp_of_a_file_that_was_just_changed_is_not_kept),
        TEST(a_source_is_completed_from_its_entry),
        TEST(a_summary_has_as_many_contacts_of_each_visibility),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
