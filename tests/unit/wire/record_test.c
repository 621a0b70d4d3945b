#include "tests/unit/check.h"
#include "tests/unit/guard.h"

#include "wire/record.h"
#include "wire/serial.h"
#include "wire/writer.h"

#include <string.h>

static const uint8_t message[] = {
    0x12, 0x34, 0x01, 0x10, 0,    1,  0, 0,    0, 0, 0, 1,          /* header */
    2,    'X',  'a',  0,    0,    16, 0, 1,                         /* question */
    0,    0,    41,   4,    0xd0, 0,  0, 0x80, 0, 0, 4, 0, 3, 0, 0, /* OPT with NSID */
};

static void a_header_and_a_question_are_read(void **state)
{
    (void)state;
    struct reader r = reader_of(message, sizeof message);
    struct header header = header_read(&r);
    struct question question;
    size_t at = DNS_HEADER_OCTETS;

    assert_false(r.failed);
    assert_int_equal(header.id, 0x1234);
    assert_int_equal(header.flags, HEADER_RD | HEADER_CD);
    assert_int_equal(header.qdcount, 1);
    assert_int_equal(header.arcount, 1);
    assert_int_equal(question_parse(message, sizeof message, &at, &question), STATUS_OK);
    assert_int_equal(at, 20);
    assert_int_equal(question.type, TYPE_TXT);
    assert_int_equal(question.class, CLASS_IN);
    assert_memory_equal(question.name.octets, "\2Xa", 4);
}

static void a_record_is_read_and_stepped_over(void **state)
{
    (void)state;
    struct record record;
    size_t at = 20;

    assert_int_equal(record_parse(message, sizeof message, &at, &record), STATUS_OK);
    assert_int_equal(at, sizeof message);
    assert_int_equal(record.owner, 20);
    assert_int_equal(record.type, TYPE_OPT);
    assert_int_equal(record.class, 1232);
    assert_int_equal(record.ttl, 0x8000);
    assert_int_equal(record.rdata_octets, 4);
    assert_memory_equal(message + record.rdata, "\0\3\0\0", 4);
}

static void every_prefix_is_malformed(void **state)
{
    (void)state;
    uint8_t *guard = guard_create();

    assert_non_null(guard);
    for (size_t length = 20; length < sizeof message; length++) {
        const uint8_t *octets = guard_put(guard, message, length);
        struct record record;
        size_t at = 20;
        assert_int_equal(record_parse(octets, length, &at, &record), STATUS_MALFORMED);
    }
    for (size_t length = 12; length < 20; length++) {
        const uint8_t *octets = guard_put(guard, message, length);
        struct question question;
        size_t at = 12;
        assert_int_equal(question_parse(octets, length, &at, &question), STATUS_MALFORMED);
    }
}

static void a_header_is_written_as_it_was_read(void **state)
{
    (void)state;
    uint8_t out[DNS_HEADER_OCTETS];
    struct reader r = reader_of(message, sizeof message);
    struct writer w = writer_of(out, sizeof out);
    struct header header = header_read(&r);

    header_write(&w, &header);
    assert_false(w.failed);
    assert_memory_equal(out, message, sizeof out);
}

static void a_full_writer_writes_nothing_more(void **state)
{
    (void)state;
    uint8_t out[4] = {9, 9, 9, 9};
    struct writer w = writer_of(out, 3);

    writer_u16(&w, 0x0102);
    writer_u16(&w, 0x0304);
    writer_u8(&w, 5);
    assert_true(w.failed);
    assert_int_equal(writer_length(&w), 2);
    assert_memory_equal(out, "\1\2\11\11", 4);
}

static void a_failed_reader_yields_zeroes(void **state)
{
    (void)state;
    static const uint8_t octets[] = {1, 2, 3};
    struct reader r = reader_of(octets, sizeof octets);

    assert_int_equal(reader_u32(&r), 0);
    assert_true(r.failed);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_left(&r), 0);
    assert_null(reader_octets(&r, 1));
    struct reader slice = reader_slice(&r, 1);
    assert_true(slice.failed);
}

static void nothing_is_patched_outside_of_what_was_written(void **state)
{
    (void)state;
    uint8_t out[8];
    struct writer w = writer_of(out, sizeof out);

    writer_u32(&w, 0);
    writer_patch_u16(&w, 2, 0x0102);
    assert_false(w.failed);
    assert_memory_equal(out, "\0\0\1\2", 4);
    writer_patch_u16(&w, 3, 0x0304);
    assert_true(w.failed);
    writer_patch_u16(&w, 0, 0x0506);
    assert_memory_equal(out, "\0\0\1\2", 4);
}

static void serials_compare_by_rfc_1982(void **state)
{
    (void)state;
    assert_true(serial_is_newer(1, 0));
    assert_true(serial_is_newer(0, 0xffffffffu));
    assert_true(serial_is_newer(0x7fffffffu, 0));
    assert_false(serial_is_newer(0, 1));
    assert_false(serial_is_newer(5, 5));
    assert_false(serial_is_newer(0x80000000u, 0));
    assert_false(serial_is_newer(0, 0x80000000u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_and_a_question_are_read),
        cmocka_unit_test(a_record_is_read_and_stepped_over),
        cmocka_unit_test(every_prefix_is_malformed),
        cmocka_unit_test(a_header_is_written_as_it_was_read),
        cmocka_unit_test(a_full_writer_writes_nothing_more),
        cmocka_unit_test(a_failed_reader_yields_zeroes),
        cmocka_unit_test(nothing_is_patched_outside_of_what_was_written),
        cmocka_unit_test(serials_compare_by_rfc_1982),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
