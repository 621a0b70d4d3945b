#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "store/edit.h"
#include "store/lookup.h"

#include <string.h>

#define MAX_NODES 64

/* A small zone: names below the apex, some of them cuts. */
struct sample {
    size_t count;
    struct name names[MAX_NODES];
    bool cut[MAX_NODES];
};

static const struct sample *find_name(const struct sample *zone, const uint8_t *name, size_t *at)
{
    for (*at = 0; *at < zone->count; (*at)++)
        if (name_equals(zone->names[*at].octets, name))
            return zone;
    return NULL;
}

/* Depth of the topmost cut at or above a name, 0 for none. */
static uint8_t cut_above(const struct sample *zone, const uint8_t *name)
{
    size_t labels = name_labels(name);
    size_t at;
    for (size_t depth = 1; depth <= labels; depth++)
        if (find_name(zone, name_parent(name, labels - depth), &at) && zone->cut[at])
            return (uint8_t)depth;
    return 0;
}

static bool exists(const struct sample *zone, const uint8_t *name)
{
    for (size_t i = 0; i < zone->count; i++)
        if (name_is_within(zone->names[i].octets, name))
            return true;
    return false;
}

/* The plain reading of RFC 1034 §4.3.2 and RFC 4592: slow, and nothing like the code under test. */
static enum lookup_outcome expected(const struct sample *zone, const uint8_t *name)
{
    size_t labels = name_labels(name);
    size_t at;
    uint8_t cut = cut_above(zone, name);

    if (cut > 0 && cut < labels)
        return LOOKUP_CUT;
    if (find_name(zone, name, &at))
        return LOOKUP_NODE;
    if (exists(zone, name))
        return LOOKUP_EMPTY;
    const uint8_t *encloser = name;
    while (*encloser != 0 && !exists(zone, encloser))
        encloser = name_parent(encloser, 1);
    struct name wildcard;
    assert_int_equal(name_prepend(&wildcard, (const uint8_t *)"*", 1, encloser), STATUS_OK);
    if (find_name(zone, wildcard.octets, &at))
        return LOOKUP_WILDCARD;
    return exists(zone, wildcard.octets) ? LOOKUP_EMPTY : LOOKUP_NOTHING; /* RFC 4592 §4.9 */
}

static struct name random_name(void)
{
    static const char *const labels[] = {"a", "b", "c", "*", "_x", "0", "zz"};
    struct name name = {.length = 1};
    for (long count = random() % 5; count > 0; count--) {
        const char *label = labels[random() % 7];
        assert_int_equal(name_prepend(&name, (const uint8_t *)label, strlen(label), name.octets),
                         STATUS_OK);
    }
    return name;
}

static struct sample random_zone(void)
{
    struct sample zone = {.count = 1, .names = {{.length = 1}}}; /* the apex */
    for (long count = random() % 12; count > 0; count--) {
        struct name name = random_name();
        size_t at;
        if (find_name(&zone, name.octets, &at))
            continue;
        zone.cut[zone.count] = random() % 5 == 0 && name.octets[1] != '*';
        zone.names[zone.count++] = name;
    }
    return zone;
}

static void put_zone(struct store *store, const struct sample *zone, uint16_t number)
{
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;

    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    for (size_t i = 0; i < zone->count; i++) {
        uint8_t value[64];
        struct writer w = writer_of(value, sizeof value);
        struct key key;
        /* The index of the name, to tell which node was found. */
        uint8_t body[1] = {(uint8_t)i};
        const struct stored_answer answer = {
            .type = 16, .flags = STORED_ANSWERS, .records = {1}, .octets = {1}, .part = {body}};
        const struct stored_draft draft = {
            .cut = cut_above(zone, zone->names[i].octets), .answer_count = 1, .answers = &answer};
        key_of_name(&key, number, zone->names[i].octets, name_labels(zone->names[i].octets));
        stored_write(&w, key.octets, key.length, &draft);
        assert_int_equal(edit_put(edit, key.octets, key.length, value, writer_length(&w)),
                         STATUS_OK);
    }
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

static void assert_found_as_expected(struct snapshot *snapshot, const struct sample *zone,
                                     uint16_t number, const struct name *name)
{
    struct stored_answer answer;
    struct found found;
    struct key key;

    enum lookup_outcome outcome = expected(zone, name->octets);
    key_of_name(&key, number, name->octets, name_labels(name->octets));
    assert_int_equal(lookup(snapshot, &key, &found), STATUS_OK);
    assert_int_equal(found.outcome, outcome);
    if (outcome == LOOKUP_EMPTY || outcome == LOOKUP_NOTHING)
        return;
    assert_int_equal(stored_find(&found.node, 16, &answer), STATUS_OK);
    const struct name *owner = &zone->names[answer.part[0][0]];
    if (outcome == LOOKUP_NODE)
        assert_true(name_equals(owner->octets, name->octets));
    if (outcome == LOOKUP_CUT)
        assert_int_equal(name_labels(owner->octets), cut_above(zone, name->octets));
    if (outcome == LOOKUP_WILDCARD)
        assert_int_equal(name_labels(owner->octets), found.encloser + 1);
}

/* Three zones side by side, so that neighbours of one lie in another. */
static void lookups_agree_with_the_plain_reading_of_the_rfcs(void **state)
{
    (void)state;
    srandom(42);
    for (int round = 0; round < 60; round++) {
        char message[STORE_MESSAGE_OCTETS];
        const struct store_access access = {.shared = false};
        struct temporary temporary;
        struct sample zones[3];
        struct store *store;
        struct snapshot *snapshot;

        assert_int_equal(temporary_create(&temporary), 0);
        assert_int_equal(store_create(temporary.database, &access, &store, message), STATUS_OK);
        for (uint16_t z = 0; z < 3; z++) {
            zones[z] = random_zone();
            put_zone(store, &zones[z], z);
        }
        assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
        for (int query = 0; query < 500; query++) {
            struct name name = random_name();
            uint16_t z = (uint16_t)(query % 3);
            assert_found_as_expected(snapshot, &zones[z], z, &name);
        }
        snapshot_destroy(snapshot);
        store_close(store);
        temporary_destroy(&temporary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups_agree_with_the_plain_reading_of_the_rfcs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
