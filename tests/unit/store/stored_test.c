#include "tests/unit/check.h"
#include "tests/unit/guard.h"

#include "store/checksum.h"
#include "store/key.h"
#include "store/stored.h"
#include "wire/constants.h"

#include <string.h>

#define VALUE_OCTETS 1024

static const uint8_t key[] = {2, 0, 1, 'x', 'a', 0};

static const struct stored_answer answers[] = {
    {.type = 0,
     .rcode = 3,
     .flags = STORED_ANSWERS | STORED_NEGATIVE,
     .records = {1, 0, 0, 0, 0},
     .octets = {3, 0, 0, 0, 0},
     .part = {(const uint8_t *)"abc", NULL, NULL, NULL, NULL}},
    {.type = 2,
     .flags = STORED_IN_ZONE,
     .records = {1},
     .octets = {1},
     .part = {(const uint8_t *)"n"}},
    {.type = 16,
     .flags = STORED_ANSWERS | STORED_IN_ZONE | STORED_AUTHORITATIVE,
     .records = {2, 1, 3, 4, 5},
     .octets = {4, 2, 1, 1, 2},
     .part = {(const uint8_t *)"card", (const uint8_t *)"sg", (const uint8_t *)"u",
              (const uint8_t *)"v", (const uint8_t *)"ad"}},
};

static size_t write_sample(uint8_t value[VALUE_OCTETS])
{
    const struct stored_draft draft = {
        .flags = STORED_CUT,
        .cut = 1,
        .owner = (const uint8_t *)"\2Xa",
        .owner_octets = 3,
        .proof = (const uint8_t *)"proof",
        .proof_octets = 5,
        .proof_records = 2,
        .answer_count = sizeof answers / sizeof answers[0],
        .answers = answers,
    };
    struct writer w = writer_of(value, VALUE_OCTETS);
    stored_write(&w, key, sizeof key, &draft);
    assert_false(w.failed);
    return writer_length(&w);
}

static void what_does_not_fit_is_not_written(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    const struct stored_draft draft = {.answer_count = 3, .answers = answers};
    const struct stored_draft many = {.answer_count = STORED_MAX_ANSWERS + 1, .answers = answers};

    size_t length = write_sample(value);
    for (size_t room = 0; room < length - 12; room += 7) {
        struct writer w = writer_of(value, room);
        stored_write(&w, key, sizeof key, &draft);
        assert_true(w.failed);
    }
    struct writer w = writer_of(value, sizeof value);
    stored_write(&w, key, sizeof key, &many);
    assert_true(w.failed);
    assert_int_equal(writer_length(&w), 0);
}

static void a_line_beyond_the_table_and_the_octets_is_refused(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    struct stored stored;
    struct stored_answer answer;

    size_t length = write_sample(value);
    assert_int_equal(stored_open(key, sizeof key, value, length, &stored), STATUS_OK);
    assert_int_equal(stored_answer_at(&stored, STORED_MAX_ANSWERS, &answer), STATUS_MALFORMED);
}

static void what_was_written_is_read_back(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    struct stored stored;
    struct stored_answer answer;

    size_t length = write_sample(value);
    assert_int_equal(stored_open(key, sizeof key, value, length, &stored), STATUS_OK);
    assert_int_equal(stored.flags, STORED_CUT);
    assert_int_equal(stored.cut, 1);
    assert_int_equal(stored.answer_count, 3);
    assert_memory_equal(stored.owner, "\2Xa", 3);
    assert_int_equal(stored.proof_records, 2);
    assert_memory_equal(stored.proof, "proof", 5);
    for (size_t n = 0; n < 3; n++) {
        assert_int_equal(stored_answer_at(&stored, n, &answer), STATUS_OK);
        assert_int_equal(answer.type, answers[n].type);
        assert_int_equal(answer.rcode, answers[n].rcode);
        assert_int_equal(answer.flags, answers[n].flags);
        for (size_t i = 0; i < STORED_PARTS; i++) {
            assert_int_equal(answer.records[i], answers[n].records[i]);
            assert_int_equal(answer.octets[i], answers[n].octets[i]);
            if (answer.octets[i] > 0)
                assert_memory_equal(answer.part[i], answers[n].part[i], answer.octets[i]);
        }
    }
}

static void the_parts_of_an_answer_stand_one_after_the_other(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    struct stored stored;
    struct stored_answer answer;

    size_t length = write_sample(value);
    assert_int_equal(stored_open(key, sizeof key, value, length, &stored), STATUS_OK);
    assert_int_equal(stored_find(&stored, 16, &answer), STATUS_OK);
    assert_memory_equal(answer.part[PART_ANSWER], "cardsguvad", 10);
}

static void a_type_without_a_line_gets_line_zero(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    struct stored stored;
    struct stored_answer answer;

    size_t length = write_sample(value);
    assert_int_equal(stored_open(key, sizeof key, value, length, &stored), STATUS_OK);
    assert_int_equal(stored_find(&stored, 1, &answer), STATUS_OK);
    assert_int_equal(answer.type, 0);
    assert_int_equal(stored_find(&stored, 65535, &answer), STATUS_OK);
    assert_int_equal(answer.type, 0);
}

static void a_line_that_only_belongs_to_the_zone_is_no_answer(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    struct stored stored;
    struct stored_answer answer;

    size_t length = write_sample(value);
    assert_int_equal(stored_open(key, sizeof key, value, length, &stored), STATUS_OK);
    assert_int_equal(stored_find(&stored, 2, &answer), STATUS_OK);
    assert_int_equal(answer.type, 0);
}

/* What a transfer copies at once. */
static void own_rrsets_that_stand_together_are_given_together(void **state)
{
    (void)state;
#define OWN(number, answer, sg, extra)                                                             \
    {                                                                                              \
        .type = (number), .flags = STORED_IN_ZONE, .records = {1, 1, 0, 0, 1},                     \
        .octets = {sizeof(answer) - 1, sizeof(sg) - 1, 0, 0, sizeof(extra) - 1}, .part = {         \
            (const uint8_t *)(answer),                                                             \
            (const uint8_t *)(sg),                                                                 \
            NULL,                                                                                  \
            NULL,                                                                                  \
            (const uint8_t *)(extra)                                                               \
        }                                                                                          \
    }
    static const struct stored_answer lines[] = {
        {.type = 0, .flags = STORED_ANSWERS},
        OWN(1, "first", "-signed", ""),
        {.type = 5, .flags = STORED_ANSWERS},
        OWN(2, "second", "", "beside"),
        OWN(TYPE_SOA, "soa", "+", ""),
        OWN(16, "third", "", ""),
        OWN(17, "fourth", "", ""),
    };
#undef OWN
    static const struct {
        uint16_t type, answer_octets;
        const char *octets;
    } runs[] = {{1, 5, "first-signedsecond"}, {TYPE_SOA, 3, "soa+"}, {16, 5, "thirdfourth"}};
    const struct stored_draft draft = {.answer_count = sizeof lines / sizeof lines[0],
                                       .answers = lines};
    uint8_t value[VALUE_OCTETS];
    struct writer w = writer_of(value, sizeof value);
    struct stored stored;
    struct stored_own own;
    size_t line = 0;

    stored_write(&w, key, sizeof key, &draft);
    assert_int_equal(stored_open(key, sizeof key, value, writer_length(&w), &stored), STATUS_OK);
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        assert_int_equal(stored_next_own(&stored, &line, &own), STATUS_OK);
        assert_int_equal(own.type, runs[i].type);
        assert_int_equal(own.answer_octets, runs[i].answer_octets);
        assert_int_equal(reader_left(&own.records), strlen(runs[i].octets));
        assert_memory_equal(own.records.next, runs[i].octets, strlen(runs[i].octets));
    }
    assert_int_equal(stored_next_own(&stored, &line, &own), STATUS_NOT_FOUND);
    assert_int_equal(stored_next_own(&stored, &line, &own), STATUS_NOT_FOUND);
}

static void no_line_at_all_is_no_data(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    struct writer w = writer_of(value, sizeof value);
    const struct stored_draft draft = {.answer_count = 0};
    struct stored stored;
    struct stored_answer answer;

    stored_write(&w, key, sizeof key, &draft);
    assert_int_equal(stored_open(key, sizeof key, value, writer_length(&w), &stored), STATUS_OK);
    assert_null(stored.owner);
    assert_int_equal(stored_find(&stored, 16, &answer), STATUS_NOT_FOUND);
}

static void every_flip_of_a_bit_is_found(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    uint8_t other_key[sizeof key];
    struct stored stored;

    size_t length = write_sample(value);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        value[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(stored_open(key, sizeof key, value, length, &stored), STATUS_MALFORMED);
        value[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof key; bit++) {
        memcpy(other_key, key, sizeof key);
        other_key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(stored_open(other_key, sizeof key, value, length, &stored),
                         STATUS_MALFORMED);
    }
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    uint8_t *guard = guard_create();
    struct stored stored;

    assert_non_null(guard);
    size_t length = write_sample(value);
    for (size_t cut = 0; cut < length; cut++)
        assert_int_equal(stored_open(key, sizeof key, guard_put(guard, value, cut), cut, &stored),
                         STATUS_MALFORMED);
}

/* Even under a right checksum nothing is read past the value. */
static void a_table_that_points_outside_is_refused(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    uint8_t *guard = guard_create();
    struct stored stored;
    struct stored_answer answer;

    assert_non_null(guard);
    size_t length = write_sample(value);
    for (size_t at = 4; at < STORED_HEADER_OCTETS + 3 * STORED_LINE_OCTETS; at++) {
        uint8_t damaged[VALUE_OCTETS];
        memcpy(damaged, value, length);
        damaged[at] = 0xff;
        uint32_t sum = checksum_of(key, sizeof key, damaged + 4, length - 4);
        for (int i = 0; i < 4; i++)
            damaged[i] = (uint8_t)(sum >> (24 - 8 * i));
        const uint8_t *flush = guard_put(guard, damaged, length);
        if (stored_open(key, sizeof key, flush, length, &stored) != STATUS_OK)
            continue;
        for (size_t n = 0; n < stored.answer_count; n++) {
            if (stored_answer_at(&stored, n, &answer) != STATUS_OK)
                continue;
            for (size_t i = 0; i < STORED_PARTS; i++)
                assert_true(answer.part[i] + answer.octets[i] <= flush + length);
        }
    }
}

static void a_zone_record_is_read_back(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    struct writer w = writer_of(value, sizeof value);
    struct zone_record back;
    const struct zone_record zone = {
        .number = 0x0102,
        .serial = 4000000000u,
        .published = 1795000000,
        .names = 70000,
        .entries = 309,
        .flags = ZONE_RESTORED,
        .apex = (const uint8_t *)"\2CC\7example",
        .soa = (const uint8_t *)"soa",
        .soa_octets = 3,
    };

    zone_record_write(&w, &zone);
    uint8_t zone_key[KEY_PREFIX_OCTETS];
    key_of_zone(zone_key, zone.number);
    assert_int_equal(zone_record_read(zone_key, sizeof zone_key, value, writer_length(&w), &back),
                     STATUS_OK);
    assert_int_equal(back.number, zone.number);
    assert_int_equal(back.serial, zone.serial);
    assert_int_equal(back.published, zone.published);
    assert_int_equal(back.names, zone.names);
    assert_int_equal(back.entries, zone.entries);
    assert_int_equal(back.flags, zone.flags);
    assert_memory_equal(back.apex, zone.apex, 12);
    assert_memory_equal(back.soa, "soa", 3);
    for (size_t cut = 0; cut < writer_length(&w); cut++)
        assert_int_equal(zone_record_read(zone_key, sizeof zone_key, value, cut, &back),
                         STATUS_MALFORMED);
    assert_int_equal(
        zone_record_read(zone_key, sizeof zone_key - 1, value, writer_length(&w), &back),
        STATUS_MALFORMED);
}

static void a_zone_record_that_keeps_no_newest_serial_says_the_present_one(void **state)
{
    (void)state;
    uint8_t value[VALUE_OCTETS];
    uint8_t zone_key[KEY_PREFIX_OCTETS];
    struct zone_record zone = {.serial = 4711, .apex = (const uint8_t *)"\2cc", .newest_serial = 5};
    struct zone_record back;

    key_of_zone(zone_key, zone.number);
    struct writer old = writer_of(value, sizeof value);
    zone_record_write(&old, &zone);
    assert_int_equal(zone_record_read(zone_key, sizeof zone_key, value, writer_length(&old), &back),
                     STATUS_OK);
    assert_false(back.has_newest);
    assert_int_equal(back.newest_serial, 4711);
    zone.has_newest = true;
    zone.newest_serial = 4800;
    struct writer new = writer_of(value, sizeof value);
    zone_record_write(&new, &zone);
    assert_int_equal(writer_length(&new), writer_length(&old) + 4);
    assert_int_equal(zone_record_read(zone_key, sizeof zone_key, value, writer_length(&new), &back),
                     STATUS_OK);
    assert_true(back.has_newest);
    assert_int_equal(back.serial, 4711);
    assert_int_equal(back.newest_serial, 4800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_not_written),
        cmocka_unit_test(a_line_beyond_the_table_and_the_octets_is_refused),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(the_parts_of_an_answer_stand_one_after_the_other),
        cmocka_unit_test(a_type_without_a_line_gets_line_zero),
        cmocka_unit_test(a_line_that_only_belongs_to_the_zone_is_no_answer),
        cmocka_unit_test(own_rrsets_that_stand_together_are_given_together),
        cmocka_unit_test(no_line_at_all_is_no_data),
        cmocka_unit_test(every_flip_of_a_bit_is_found),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(a_table_that_points_outside_is_refused),
        cmocka_unit_test(a_zone_record_is_read_back),
        cmocka_unit_test(a_zone_record_that_keeps_no_newest_serial_says_the_present_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
