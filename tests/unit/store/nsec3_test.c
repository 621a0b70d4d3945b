#include "tests/unit/check.h"

#include "store/nsec3.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

static bool sha1(void *state, const uint8_t *octets, size_t length, uint8_t hash[NSEC3_HASH_OCTETS])
{
    (void)state;
    return EVP_Digest(octets, length, hash, NULL, EVP_sha1(), NULL) == 1;
}

static bool no_sha1(void *state, const uint8_t *octets, size_t length,
                    uint8_t hash[NSEC3_HASH_OCTETS])
{
    (void)state;
    (void)octets;
    (void)length;
    (void)hash;
    return false;
}

static void label_of(const char *text, uint8_t label[64])
{
    label[0] = (uint8_t)strlen(text);
    memcpy(label + 1, text, strlen(text));
}

/* The names and hashes of RFC 5155 Appendix A. */
static void names_are_hashed_as_in_the_example_of_rfc_5155(void **state)
{
    static const struct {
        const char *name, *hash;
    } cases[] = {
        {"example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},
        {"EXAMPLE", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},
        {"a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl"},
        {"ai.example", "gjeqe526plbf1g8mklp59enfd789njgi"},
        {"ns1.example", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
        {"*.w.example", "R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN"},
        {"x.y.w.example", "2vptu5timamqttgl4luu9kg21e0aor3s"},
    };
    const struct nsec3_hashing hashing = {.iterations = 12,
                                          .salt_octets = 4,
                                          .salt = (const uint8_t *)"\xaa\xbb\xcc\xdd",
                                          .sha1 = sha1};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t have[NSEC3_HASH_OCTETS];
        uint8_t want[NSEC3_HASH_OCTETS];
        uint8_t label[64];
        struct name name;
        assert_int_equal(name_from_text(&name, cases[i].name, strlen(cases[i].name)), STATUS_OK);
        assert_int_equal(nsec3_hash(&hashing, name.octets, have), STATUS_OK);
        label_of(cases[i].hash, label);
        assert_true(nsec3_hash_of_label(label, want));
        assert_memory_equal(have, want, sizeof have);
        uint8_t again[NSEC3_LABEL_OCTETS];
        nsec3_label_of_hash(have, again);
        for (size_t n = 0; n < sizeof again; n++)
            assert_int_equal(again[n], tolower(cases[i].hash[n]));
    }
}

static void without_sha1_there_is_no_hash(void **state)
{
    const struct nsec3_hashing hashing = {.sha1 = no_sha1};
    uint8_t hash[NSEC3_HASH_OCTETS];
    (void)state;

    assert_int_equal(nsec3_hash(&hashing, (const uint8_t *)"\0", hash), STATUS_SYSTEM);
}

static void a_label_that_is_no_hash_is_refused(void **state)
{
    static const char *const labels[] = {
        "", "0p9mhaveqvm6t7vbl5lop2u3t2rp3to", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tomm",
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tow", "0p9mhaveqvm6t7vbl5lop2u3t2rp3to-"};
    uint8_t hash[NSEC3_HASH_OCTETS];
    (void)state;

    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        uint8_t label[64];
        label_of(labels[i], label);
        assert_false(nsec3_hash_of_label(label, hash));
    }
}

#define VALUE_OCTETS 64

static size_t write_value(const uint8_t key[NSEC3_KEY_OCTETS], uint8_t octets[VALUE_OCTETS])
{
    const struct nsec3_value value = {
        .records = 2, .flags = NSEC3_OPT_OUT, .octets = (const uint8_t *)"records", .length = 7};
    struct writer w = writer_of(octets, VALUE_OCTETS);

    nsec3_value_write(&w, key, &value);
    assert_false(w.failed);
    return writer_length(&w);
}

static void what_was_written_is_read_back(void **state)
{
    uint8_t key[NSEC3_KEY_OCTETS];
    uint8_t octets[VALUE_OCTETS];
    struct nsec3_value back;
    (void)state;

    nsec3_key(key, 0x0102, (const uint8_t *)"a hash of 20 octets!");
    assert_memory_equal(key, "\6\1\2a hash of 20 octets!", sizeof key);
    size_t length = write_value(key, octets);
    const struct item item = {key, sizeof key, octets, length};
    assert_int_equal(nsec3_value_read(&item, &back), STATUS_OK);
    assert_int_equal(back.records, 2);
    assert_int_equal(back.flags, NSEC3_OPT_OUT);
    assert_int_equal(back.length, 7);
    assert_memory_equal(back.octets, "records", 7);
}

static void every_flip_of_a_bit_and_every_prefix_is_refused(void **state)
{
    uint8_t key[NSEC3_KEY_OCTETS] = {STORE_TABLE_NSEC3};
    uint8_t octets[VALUE_OCTETS];
    struct nsec3_value back;
    (void)state;

    size_t length = write_value(key, octets);
    struct item item = {key, sizeof key, octets, length};
    for (size_t bit = 0; bit < length * 8; bit++) {
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(nsec3_value_read(&item, &back), STATUS_MALFORMED);
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (item.value_octets = 0; item.value_octets < length; item.value_octets++)
        assert_int_equal(nsec3_value_read(&item, &back), STATUS_MALFORMED);
    item.key_octets--;
    assert_int_equal(nsec3_value_read(&item, &back), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_hashed_as_in_the_example_of_rfc_5155),
        cmocka_unit_test(without_sha1_there_is_no_hash),
        cmocka_unit_test(a_label_that_is_no_hash_is_refused),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(every_flip_of_a_bit_and_every_prefix_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
