#include "tests/unit/check.h"
#include "tests/unit/guard.h"

#include "server/notify_message.h"

#include <string.h>

static const uint8_t zone[] = "\2cc\7example"; /* with the root's octet */

/* cc.example. 300 IN SOA . . 5 1 2 3 4 */
static const uint8_t soa[] = {2, 'c', 'c', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 6, 0,
                              1, 0,   0,   1, 44,  0,   22,  0,   0,   0,   0,   0, 5, 0, 0,
                              0, 1,   0,   0, 0,   2,   0,   0,   0,   3,   0,   0, 0, 4};

static void a_notify_is_as_rfc_1996_wants_it(void **state)
{
    (void)state;
    uint8_t out[NOTIFY_MESSAGE_OCTETS];
    size_t length = notify_message_write(out, 0x1234, zone, soa, sizeof soa);
    static const uint8_t header[] = {0x12, 0x34, 0x24, 0, 0, 1, 0, 1, 0, 0, 0, 0};
    assert_memory_equal(out, header, sizeof header);
    assert_memory_equal(out + 12, zone, sizeof zone);
    assert_memory_equal(out + 12 + sizeof zone, "\0\6\0\1", 4);
    assert_memory_equal(out + 16 + sizeof zone, soa, sizeof soa);
    assert_int_equal(length, 16 + sizeof zone + sizeof soa);
}

static void a_hint_that_is_no_soa_is_left_out(void **state)
{
    (void)state;
    uint8_t out[NOTIFY_MESSAGE_OCTETS];
    uint8_t twice[2 * sizeof soa];
    memcpy(twice, soa, sizeof soa);
    memcpy(twice + sizeof soa, soa, sizeof soa);
    size_t bare = 16 + sizeof zone;
    assert_int_equal(notify_message_write(out, 1, zone, soa, 0), bare);
    assert_int_equal(notify_message_write(out, 1, zone, soa, sizeof soa - 1), bare);
    assert_int_equal(notify_message_write(out, 1, zone, twice, sizeof twice), bare);
    assert_int_equal(out[7], 0);
}

static void a_question_for_the_soa_asks_no_recursion(void **state)
{
    (void)state;
    uint8_t out[NOTIFY_MESSAGE_OCTETS];
    static const uint8_t header[] = {0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    assert_int_equal(notify_question_write(out, 0x1234, zone), 16 + sizeof zone);
    assert_memory_equal(out, header, sizeof header);
}

/* The answer that a secondary gives, with compressed owner. */
static size_t write_answer(uint8_t out[NOTIFY_MESSAGE_OCTETS])
{
    size_t length = notify_question_write(out, 0x1234, zone);
    out[2] = 0x84;
    out[7] = 1;
    memcpy(out + length, "\xc0\x0c", 2);
    memcpy(out + length + 2, soa + sizeof zone, sizeof soa - sizeof zone);
    return length + 2 + sizeof soa - sizeof zone;
}

static void an_answer_is_read(void **state)
{
    (void)state;
    uint8_t out[NOTIFY_MESSAGE_OCTETS];
    struct notify_answer answer;
    assert_int_equal(notify_answer_read(out, write_answer(out), &answer), STATUS_OK);
    assert_int_equal(answer.id, 0x1234);
    assert_int_equal(answer.rcode, 0);
    assert_int_equal(answer.opcode, 0);
    assert_true(answer.has_serial);
    assert_int_equal(answer.serial, 5);
    assert_memory_equal(answer.zone.octets, zone, sizeof zone);
}

static void every_prefix_of_an_answer_has_no_serial(void **state)
{
    (void)state;
    uint8_t out[NOTIFY_MESSAGE_OCTETS];
    uint8_t *guard = guard_create();
    struct notify_answer answer;
    assert_non_null(guard);
    size_t length = write_answer(out);
    for (size_t prefix = 0; prefix < length; prefix++) {
        const uint8_t *start = guard_put(guard, out, prefix);
        if (notify_answer_read(start, prefix, &answer) == STATUS_OK)
            assert_false(answer.has_serial);
    }
}

static void what_is_no_response_to_such_a_question_is_malformed(void **state)
{
    (void)state;
    uint8_t out[NOTIFY_MESSAGE_OCTETS];
    struct notify_answer answer;
    size_t length = notify_question_write(out, 1, zone);
    assert_int_equal(notify_answer_read(out, length, &answer), STATUS_MALFORMED); /* QR clear */
    out[2] = 0x80;
    assert_int_equal(notify_answer_read(out, length, &answer), STATUS_OK);
    assert_false(answer.has_serial);
    out[5] = 2;
    assert_int_equal(notify_answer_read(out, length, &answer), STATUS_MALFORMED);
    out[5] = 1;
    out[length - 3] = 16; /* TXT */
    assert_int_equal(notify_answer_read(out, length, &answer), STATUS_MALFORMED);
}

static void the_soa_of_another_zone_is_no_serial(void **state)
{
    (void)state;
    uint8_t out[NOTIFY_MESSAGE_OCTETS];
    struct notify_answer answer;
    size_t length = write_answer(out);
    out[16 + sizeof zone + 1] = 15; /* the pointer now leads to example. */
    assert_int_equal(notify_answer_read(out, length, &answer), STATUS_OK);
    assert_false(answer.has_serial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notify_is_as_rfc_1996_wants_it),
        cmocka_unit_test(a_hint_that_is_no_soa_is_left_out),
        cmocka_unit_test(a_question_for_the_soa_asks_no_recursion),
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(every_prefix_of_an_answer_has_no_serial),
        cmocka_unit_test(what_is_no_response_to_such_a_question_is_malformed),
        cmocka_unit_test(the_soa_of_another_zone_is_no_serial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
