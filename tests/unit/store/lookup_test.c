#include "tests/unit/store/sample.h"
#include "tests/unit/store/temporary.h"

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
