/* Zones that went through the compiler and the store come back as they were. Run with the folder of
 * the zone files as its argument. */
#include "golden.h"

#include "commit/commit.h"
#include "store/key.h"
#include "store/zones.h"
#include "tests/unit/store/temporary.h"
#include "zone/stored_source.h"

/* A database with zones in it, and a source over one of them. */
struct held {
    struct temporary temporary;
    struct store *store;
    struct snapshot *snapshot;
    struct stored_source *stored;
    struct node_source source;
};

static void held_open(struct held *held)
{
    char message[STORE_MESSAGE_OCTETS];
    struct store_access access = {.shared = false};

    *held = (struct held){.store = NULL};
    assert_int_equal(temporary_create(&held->temporary), 0);
    assert_int_equal(store_create(held->temporary.database, &access, &held->store, message),
                     STATUS_OK);
}

static void held_put(struct held *held, const struct read_zone *zone)
{
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit = NULL;
    struct commit_result result;

    assert_int_equal(zone->status, STATUS_OK);
    assert_int_equal(edit_begin(held->store, &edit, message), STATUS_OK);
    const struct config_zone config = {.domain = zone->source.apex};
    const struct commit_request request = {.edit = edit, .zone = &config, .diag = zone->diag};
    assert_int_equal(commit_restore(&request, &zone->source, &result), STATUS_OK);
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

static void held_show(struct held *held, const char *apex)
{
    struct zone_record record;
    struct name name;

    assert_int_equal(name_from_text(&name, apex, strlen(apex)), STATUS_OK);
    assert_int_equal(snapshot_create(held->store, &held->snapshot), STATUS_OK);
    assert_int_equal(zones_find(held->snapshot, name.octets, &record), STATUS_OK);
    assert_int_equal(stored_source_open(held->snapshot, &record, &held->stored), STATUS_OK);
    held->source = stored_source_nodes(held->stored);
}

static void held_close(struct held *held)
{
    stored_source_close(held->stored);
    snapshot_destroy(held->snapshot);
    store_close(held->store);
    temporary_destroy(&held->temporary);
}

static void a_zone_comes_back_as_it_was(void **state)
{
    static const struct {
        const char *file;
        const char *apex;
    } cases[] = {
        {"every-type-ok.zone", "cc.example"},      {"names-ok.zone", "cc.example"},
        {"letter-case-ok.zone", "CC.example"},     {"rfc8976-a2-ok.zone", "example"},
        {"rfc8976-a4-ok.zone", "uri.arpa"},        {"rfc8976-a5-ok.zone", "root-servers.net"},
        {"from-ldns-signzone.zone", "cc.example"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct held held;
        struct read_zone zone = read_zone(cases[i].file, NULL);
        held_open(&held);
        held_put(&held, &zone);
        held_show(&held, cases[i].apex);
        char *before = print_zone(&zone.source);
        char *after = print_zone(&held.source);
        assert_string_equal(after, before);
        free(before);
        free(after);
        held_close(&held);
        drop_zone(&zone);
    }
}

#define HEAD "$TTL 300\n@ SOA ns1 h 1 3600 900 2419200 300\n@ NS ns1\n"

static enum status find(const struct held *held, const char *text, struct node *out)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return held->source.find(held->source.state, name.octets, out);
}

static void names_are_found_and_empty_non_terminals_known(void **state)
{
    static const char text[] = "$ORIGIN cc.example.\n" HEAD "A.B.c TXT x\nb-x TXT y\n";
    static const char other[] = "$ORIGIN dd.example.\n" HEAD "b TXT z\n";
    struct held held;
    struct node node;
    (void)state;
    struct read_zone zone = read_zone_text(text, sizeof text - 1);
    struct read_zone next = read_zone_text(other, sizeof other - 1);
    held_open(&held);
    held_put(&held, &zone);
    held_put(&held, &next);
    held_show(&held, "cc.example");
    assert_int_equal(find(&held, "a.B.c.CC.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 1);
    assert_memory_equal(node.owner.octets, "\1A\1B\1c\2cc", 9);
    assert_int_equal(find(&held, "b.c.cc.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 0);
    assert_int_equal(find(&held, "c.cc.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 0);
    assert_int_equal(find(&held, "b.cc.example", &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&held, "z.cc.example", &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&held, "b.dd.example", &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&held, "example", &node), STATUS_NOT_FOUND);
    held_close(&held);
    drop_zone(&zone);
    drop_zone(&next);
}

/* Whatever happens to the snapshot's place between two calls, every node comes once. */
static void next_is_not_disturbed(void **state)
{
    static const char text[] = "$ORIGIN cc.example.\n" HEAD "a TXT x\nb TXT y\nb.b.b TXT z\n";
    static const char other[] = "$ORIGIN dd.example.\n" HEAD "b TXT z\n";
    struct held held;
    struct node node;
    struct item item;
    size_t nodes = 0;
    (void)state;
    struct read_zone zone = read_zone_text(text, sizeof text - 1);
    struct read_zone after = read_zone_text(other, sizeof other - 1);
    held_open(&held);
    held_put(&held, &zone);
    held_put(&held, &after);
    held_show(&held, "cc.example");
    for (int round = 0; round < 2; round++) {
        assert_int_equal(held.source.rewind(held.source.state), STATUS_OK);
        while (held.source.next(held.source.state, &node) == STATUS_OK) {
            struct node found;
            uint8_t first = 0;
            struct name owner = node.owner;
            assert_int_equal(find(&held, "a.cc.example", &found), STATUS_OK);
            assert_int_equal(snapshot_walk(held.snapshot, WALK_AT_OR_AFTER, &first, 1, &item),
                             STATUS_OK);
            assert_true(name_equals(owner.octets, node.owner.octets));
            nodes++;
        }
        for (int more = 0; more < 600; more++)
            assert_int_equal(held.source.next(held.source.state, &node), STATUS_NOT_FOUND);
    }
    assert_int_equal(nodes, 8);
    held_close(&held);
    drop_zone(&zone);
    drop_zone(&after);
}

#define FIRST  "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
#define SECOND "3msev9usmd4br9s97v51r2tdvmr9iqo1"
#define THIRD  "r53bq7cc2uvmubfu5ocmm6pers9tk9en"

/* NSEC3 records are kept elsewhere and come back where they stand in canonical order; what another
 * zone with the number after it has is not theirs. */
static void nsec3_records_come_among_the_nodes(void **state)
{
    static const char text[] =
        "$ORIGIN cc.example.\n" HEAD THIRD " NSEC3 1 0 0 - " FIRST " A\n" FIRST
        " NSEC3 1 0 0 - " SECOND "\n" SECOND " NSEC3 1 0 0 - " THIRD "\n"
        "a TXT x\n1 TXT x\nz TXT x\n";
    static const char other[] = "$ORIGIN dd.example.\n" HEAD FIRST " NSEC3 1 0 0 - " FIRST "\n";
    static const char *const owners[] = {
        "cc.example.",   FIRST ".cc.example.", "1.cc.example.", SECOND ".cc.example.",
        "a.cc.example.", THIRD ".cc.example.", "z.cc.example."};
    struct held held;
    struct node node;
    (void)state;
    struct read_zone zone = read_zone_text(text, sizeof text - 1);
    struct read_zone after = read_zone_text(other, sizeof other - 1);
    held_open(&held);
    held_put(&held, &zone);
    held_put(&held, &after);
    held_show(&held, "cc.example");
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        char have[NAME_TEXT_OCTETS];
        assert_int_equal(held.source.next(held.source.state, &node), STATUS_OK);
        name_to_text(node.owner.octets, have);
        assert_string_equal(have, owners[i]);
    }
    assert_int_equal(held.source.next(held.source.state, &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&held, SECOND ".cc.example", &node), STATUS_OK);
    assert_non_null(node_rrset(&node, TYPE_NSEC3));
    assert_int_equal(find(&held, "x." SECOND ".cc.example", &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&held, "2msev9usmd4br9s97v51r2tdvmr9iqo1.cc.example", &node),
                     STATUS_NOT_FOUND);
    held_close(&held);
    drop_zone(&zone);
    drop_zone(&after);
}

static void damage_is_told(void **state)
{
    static const char text[] = "$ORIGIN cc.example.\n" HEAD "a TXT x\n";
    static const uint8_t apex[] = "\2cc\7example";
    struct held held;
    struct item item;
    struct key key;
    struct name name;
    struct node node;
    uint8_t value[512];
    (void)state;
    struct read_zone zone = read_zone_text(text, sizeof text - 1);
    struct arena *scratch = arena_create();
    held_open(&held);
    held_put(&held, &zone);
    held_show(&held, "cc.example");
    assert_int_equal(name_from_text(&name, "a.cc.example", 12), STATUS_OK);
    key_of_name(&key, 0, name.octets, 1);
    assert_int_equal(snapshot_walk(held.snapshot, WALK_AT, key.octets, key.length, &item),
                     STATUS_OK);
    assert_true(item.value_octets <= sizeof value);
    memcpy(value, item.value, item.value_octets);
    struct item copy = {key.octets, key.length, value, item.value_octets};
    assert_int_equal(stored_source_decode(&copy, apex, scratch, &node), STATUS_OK);
    for (size_t i = 0; i < item.value_octets; i++) {
        value[i] ^= 0x10;
        assert_int_equal(stored_source_decode(&copy, apex, scratch, &node), STATUS_MALFORMED);
        value[i] ^= 0x10;
    }
    for (size_t length = 0; length < item.value_octets; length++) {
        copy.value_octets = length;
        assert_int_equal(stored_source_decode(&copy, apex, scratch, &node), STATUS_MALFORMED);
    }
    arena_destroy(scratch);
    held_close(&held);
    drop_zone(&zone);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_comes_back_as_it_was),
        cmocka_unit_test(names_are_found_and_empty_non_terminals_known),
        cmocka_unit_test(next_is_not_disturbed),
        cmocka_unit_test(nsec3_records_come_among_the_nodes),
        cmocka_unit_test(damage_is_told),
    };
    if (argc < 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: stored_source_test FOLDER\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
