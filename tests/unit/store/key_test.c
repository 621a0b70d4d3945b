#include "tests/unit/check.h"

#include "store/key.h"
#include "store/store.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

static struct name random_name(size_t max_labels)
{
    /* Few octets, so that names often share labels and prefixes; those that need escapes among
     * them. */
    static const uint8_t alphabet[] = {0,   1,   2,   '*', '-', '0',  'A',
                                       'Z', '[', '_', 'a', 'z', 0x80, 0xff};
    struct name name = {.length = 1};

    for (size_t labels = (size_t)random() % (max_labels + 1); labels > 0; labels--) {
        uint8_t label[NAME_MAX_LABEL];
        size_t octets = 1 + (size_t)random() % (random() % 8 == 0 ? NAME_MAX_LABEL : 3);
        for (size_t i = 0; i < octets; i++)
            label[i] = alphabet[(size_t)random() % sizeof alphabet];
        if (name_prepend(&name, label, octets, name.octets) != STATUS_OK)
            break;
    }
    return name;
}

static int compare_keys(const struct key *a, const struct key *b)
{
    int order = memcmp(a->octets, b->octets, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : a->length - b->length;
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static ldns_rdf *as_dname(const struct name *name)
{
    return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name->length, name->octets);
}

static void key_order_is_canonical_order(void **state)
{
    (void)state;
    srandom(7);
    for (int round = 0; round < 20000; round++) {
        struct name a = random_name(5);
        struct name b = random_name(5);
        struct key key_a;
        struct key key_b;
        key_of_name(&key_a, 3, a.octets, name_labels(a.octets));
        key_of_name(&key_b, 3, b.octets, name_labels(b.octets));
        int order = sign(compare_keys(&key_a, &key_b));

        ldns_rdf *dname_a = as_dname(&a);
        ldns_rdf *dname_b = as_dname(&b);
        ldns_dname2canonical(dname_a);
        ldns_dname2canonical(dname_b);
        assert_int_equal(order, sign(ldns_dname_compare(dname_a, dname_b)));
        assert_int_equal(order, sign(name_compare(a.octets, b.octets)));
        ldns_rdf_deep_free(dname_a);
        ldns_rdf_deep_free(dname_b);
    }
}

static void a_key_turns_back_into_its_name(void **state)
{
    (void)state;
    static const uint8_t apex[] = "\2cc\7example";
    srandom(8);
    for (int round = 0; round < 5000; round++) {
        struct name name;
        struct name back;
        struct key key;
        name_set(&name, apex);
        struct name relative = random_name(4);
        size_t depth = name_labels(relative.octets);
        for (size_t i = depth; i > 0; i--) {
            const uint8_t *label = name_parent(relative.octets, i - 1);
            if (name_prepend(&name, label + 1, label[0], name.octets) != STATUS_OK)
                break;
        }
        key_of_name(&key, 9, name.octets, name_labels(name.octets) - 2);
        name_lower(name.octets);
        assert_int_equal(key_to_name(&back, key.octets, key.length, apex), STATUS_OK);
        assert_int_equal(back.length, name.length);
        assert_memory_equal(back.octets, name.octets, name.length);
    }
}

static void an_ancestors_key_is_a_prefix(void **state)
{
    (void)state;
    struct key key;
    struct key parent;
    const uint8_t *name = (const uint8_t *)"\3www\4Bank\2xa";

    key_of_name(&key, 1, name, 3);
    for (size_t depth = 0; depth <= 3; depth++) {
        key_of_name(&parent, 1, name_parent(name, 3 - depth), depth);
        assert_int_equal(parent.length, key.ends[depth]);
        assert_memory_equal(parent.octets, key.octets, parent.length);
        assert_int_equal(key_common_depth(&key, parent.octets, parent.length), depth);
    }
    key_of_wildcard(&parent, &key, 1);
    assert_memory_equal(parent.octets + KEY_PREFIX_OCTETS, "xa\0*\0", 5);
    assert_int_equal(parent.length, KEY_PREFIX_OCTETS + 5);
}

static void a_label_is_not_the_prefix_of_a_longer_one(void **state)
{
    (void)state;
    struct key a;
    struct key b;

    key_of_name(&a, 1, (const uint8_t *)"\1y\2xa", 2);
    key_of_name(&b, 1, (const uint8_t *)"\1y\3xab", 2);
    assert_int_equal(key_common_depth(&a, b.octets, b.length), 0);
}

static void the_longest_key_fits_lmdb(void **state)
{
    (void)state;
    struct name name = {.length = 1};
    struct key key;
    uint8_t label[NAME_MAX_LABEL] = {0};

    for (int i = 0; i < 3; i++)
        assert_int_equal(name_prepend(&name, label, 63, name.octets), STATUS_OK);
    assert_int_equal(name_prepend(&name, label, 61, name.octets), STATUS_OK);
    key_of_name(&key, 0xffff, name.octets, 4);
    assert_int_equal(key.length, 507);
    key_of_wildcard(&key, &key, 3);
    assert_true(key.length <= 511);
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    static const uint8_t root[] = {0};
    static const struct {
        const char *octets;
        size_t length;
    } cases[] = {
        {"\2\0", 2}, {"\1\0\1xa\0", 6}, {"\2\0\1xa", 5}, {"\2\0\1xa\0\1", 7}, {"\2\0\1\0", 4},
    };
    struct name name;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            key_to_name(&name, (const uint8_t *)cases[i].octets, cases[i].length, root),
            STATUS_MALFORMED);
}

static void labels_that_an_apex_leaves_no_room_for_are_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {"\2\0\1xa\0_dns", "\2\0\1x\1\2\0_dns"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const uint8_t *key = (const uint8_t *)keys[i];
        size_t length = 3 + strlen(keys[i] + 3) + 6; /* the last end, too */
        uint8_t room[NAME_MAX_OCTETS];
        const uint8_t *labels = NULL;
        size_t octets = 0;
        assert_int_equal(key_to_labels(key, length, 8, room, &labels, &octets), STATUS_OK);
        assert_int_equal(octets, 8);
        assert_memory_equal(labels, i == 0 ? "\4_dns\2xa" : "\4_dns\2x\1", 8);
        assert_int_equal(key_to_labels(key, length, 7, room, &labels, &octets), STATUS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_order_is_canonical_order),
        cmocka_unit_test(a_key_turns_back_into_its_name),
        cmocka_unit_test(an_ancestors_key_is_a_prefix),
        cmocka_unit_test(a_label_is_not_the_prefix_of_a_longer_one),
        cmocka_unit_test(the_longest_key_fits_lmdb),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(labels_that_an_apex_leaves_no_room_for_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
