/*
 * Answers from the net: what belongs to a question, what is whole, what records say. How servers
 * are asked is shown by tests/functional/test_roll_look.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/ask.h"
#include "sign/reply.h"
#include "tests/unit/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID 0x1234

/* "cc.example" SOA, with an RRSIG: names are compressed wherever that is allowed. */
struct message {
    uint8_t octets[512];
    size_t length;
};

static void write_answer(struct message *out, uint16_t flags, unsigned answers)
{
    static const uint8_t question[] = "\2cc\7example\0\0\6\0\1";
    static const uint8_t soa[] = "\xc0\x0c\0\6\0\1\0\0\x0e\x10\0\x1d\2ns\xc0\x0c\1h\xc0\x0c"
                                 "\0\0\0\7\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4";
    static const uint8_t rrsig[] = "\xc0\x0c\0\x2e\0\1\0\0\x0e\x10\0\x22"
                                   "\0\6\x0d\2\0\0\x0e\x10\1\2\3\4\1\2\3\3\x10\xe1"
                                   "\2cc\7example\0sign";
    struct writer w = writer_of(out->octets, sizeof out->octets);
    const struct header header = {
        .id = ID, .flags = flags, .qdcount = 1, .ancount = (uint16_t)answers};

    header_write(&w, &header);
    writer_octets(&w, question, sizeof question - 1);
    if (answers > 0)
        writer_octets(&w, soa, sizeof soa - 1);
    if (answers > 1)
        writer_octets(&w, rrsig, sizeof rrsig - 1);
    assert_false(w.failed);
    out->length = writer_length(&w);
}

static struct ask soa_question(void)
{
    struct ask ask = {.type = TYPE_SOA};
    assert_int_equal(name_from_text(&ask.name, "CC.example", 10), STATUS_OK);
    return ask;
}

static void an_answer_tells_serial_and_signer(void **state)
{
    (void)state;
    struct ask ask = soa_question();
    struct message message;
    struct reply_walk walk = {0};
    struct reply_record record;
    struct reply_signature signature;
    uint32_t serial = 0;

    write_answer(&message, HEADER_QR | HEADER_AA, 2);
    assert_int_equal(ask_check(&ask, ID, message.octets, message.length), STATUS_OK);
    ask.message = message.octets;
    ask.octets = message.length;
    assert_true(reply_is_authoritative(&ask));
    assert_int_equal(reply_rcode(&ask), RCODE_NOERROR);
    assert_true(reply_next_of(&ask, REPLY_ANSWER, &ask.name, TYPE_SOA, &walk, &record));
    assert_int_equal(record.ttl, 3600);
    assert_int_equal(reply_serial(&ask, &record, &serial), STATUS_OK);
    assert_int_equal(serial, 7);
    assert_true(reply_next_of(&ask, REPLY_ANSWER, &ask.name, TYPE_RRSIG, &walk, &record));
    assert_int_equal(reply_signature(&ask, &record, &signature), STATUS_OK);
    assert_int_equal(signature.covered, TYPE_SOA);
    assert_int_equal(signature.algorithm, 13);
    assert_int_equal(signature.tag, 4321);
    assert_int_equal(signature.ttl, 3600);
    assert_true(name_equals(signature.signer.octets, ask.name.octets));
    assert_false(reply_next(&ask, REPLY_ANSWER, &walk, &record));
    walk = (struct reply_walk){0};
    assert_false(reply_next(&ask, REPLY_AUTHORITY, &walk, &record));
}

static void what_belongs_to_another_question_is_not_ours(void **state)
{
    (void)state;
    struct ask ask = soa_question();
    struct message message;

    write_answer(&message, HEADER_QR | HEADER_AA, 2);
    assert_int_equal(ask_check(&ask, ID + 1, message.octets, message.length), STATUS_DENIED);
    ask.type = TYPE_NS;
    assert_int_equal(ask_check(&ask, ID, message.octets, message.length), STATUS_DENIED);
    ask = soa_question();
    ask.name.octets[1] ^= 1;
    assert_int_equal(ask_check(&ask, ID, message.octets, message.length), STATUS_DENIED);
    ask = soa_question();
    write_answer(&message, HEADER_AA, 2);
    assert_int_equal(ask_check(&ask, ID, message.octets, message.length), STATUS_DENIED);
    write_answer(&message, HEADER_QR | OPCODE_NOTIFY << 11, 2);
    assert_int_equal(ask_check(&ask, ID, message.octets, message.length), STATUS_DENIED);
}

static void a_truncated_answer_is_one_but_is_not_read(void **state)
{
    (void)state;
    struct ask ask = soa_question();
    struct message message;

    write_answer(&message, HEADER_QR | HEADER_TC, 2);
    assert_int_equal(ask_check(&ask, ID, message.octets, message.length - 9), STATUS_OK);
}

/* Flush against a page that must not be read. */
static void no_prefix_of_an_answer_passes(void **state)
{
    (void)state;
    struct ask ask = soa_question();
    struct message message;
    uint8_t *guard = guard_create();

    assert_non_null(guard);
    write_answer(&message, HEADER_QR | HEADER_AA, 2);
    for (size_t length = 0; length < message.length; length++) {
        const uint8_t *octets = guard_put(guard, message.octets, length);
        assert_int_not_equal(ask_check(&ask, ID, octets, length), STATUS_OK);
    }
    message.octets[message.length++] = 0;
    assert_int_equal(ask_check(&ask, ID, message.octets, message.length), STATUS_MALFORMED);
}

/* Whatever ask_check() lets pass, the readers survive: no read outside, no walk without end. */
static void mutations_are_survived(void **state)
{
    (void)state;
    struct ask ask = soa_question();
    struct message message;
    uint8_t *guard = guard_create();
    size_t passed = 0;

    assert_non_null(guard);
    for (size_t n = 0; n < 40000; n++) {
        write_answer(&message, HEADER_QR | HEADER_AA, 2);
        for (size_t k = 0; k <= n % 3; k++)
            message.octets[12 + (n * 31 + k * 57) % (message.length - 12)] = (uint8_t)(n * 7 >> k);
        const uint8_t *octets = guard_put(guard, message.octets, message.length);
        if (ask_check(&ask, ID, octets, message.length) == STATUS_OK) {
            struct reply_walk walk = {0};
            struct reply_record record;
            struct reply_signature signature;
            struct name name;
            uint32_t serial;
            ask.message = octets;
            ask.octets = message.length;
            while (reply_next(&ask, REPLY_ANSWER, &walk, &record)) {
                passed += reply_serial(&ask, &record, &serial) == STATUS_OK;
                passed += reply_signature(&ask, &record, &signature) == STATUS_OK;
                passed += reply_name(&ask, &record, &name) == STATUS_OK;
            }
        }
    }
    assert_true(passed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_tells_serial_and_signer),
        cmocka_unit_test(what_belongs_to_another_question_is_not_ours),
        cmocka_unit_test(a_truncated_answer_is_one_but_is_not_read),
        cmocka_unit_test(no_prefix_of_an_answer_passes),
        cmocka_unit_test(mutations_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
