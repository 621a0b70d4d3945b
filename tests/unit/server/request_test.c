/* What a request may hold of each, so that nobody makes us read hundreds for nothing; the rules for
 * single records are those of respond_test.c and of the functional tests. */
#include "tests/unit/check.h"

#include "server/request.h"

struct message {
    uint8_t octets[8192];
    struct writer w;
};

static void begin(struct message *message, uint16_t flags, const uint16_t counts[4])
{
    const struct header header = {.id = 7,
                                  .flags = flags,
                                  .qdcount = counts[0],
                                  .ancount = counts[1],
                                  .nscount = counts[2],
                                  .arcount = counts[3]};
    message->w = writer_of(message->octets, sizeof message->octets);
    header_write(&message->w, &header);
}

static void add_question(struct message *message)
{
    writer_u8(&message->w, 0);
    writer_u16(&message->w, TYPE_TXT);
    writer_u16(&message->w, CLASS_IN);
}

/* A record whose owner has so many octets, of which 2 is none that a name can have. */
static void add_record(struct message *message, uint16_t type, size_t owner)
{
    for (size_t left = owner - 1; left > 0;) {
        size_t label = left > 64 ? 63 : left - 1;
        label -= left - label - 1 == 1; /* one octet alone is no label */
        writer_u8(&message->w, (uint8_t)label);
        for (size_t i = 0; i < label; i++)
            writer_u8(&message->w, 'a');
        left -= label + 1;
    }
    writer_u8(&message->w, 0);
    record_write_fixed(&message->w, type, CLASS_IN, 0, 0);
}

static struct request parse(const struct message *message)
{
    struct request request;
    assert_false(message->w.failed);
    request_parse(message->octets, writer_length(&message->w), &request);
    return request;
}

static void thirty_two_records_are_read_and_no_more(void **state)
{
    (void)state;
    for (uint16_t count = 0; count < 80; count++) {
        for (int section = 1; section < 4; section++) {
            struct message message;
            uint16_t counts[4] = {1, 0, 0, 0};
            counts[section] = count;
            begin(&message, 0, counts);
            add_question(&message);
            for (unsigned i = 0; i < count; i++)
                add_record(&message, TYPE_A, 1);
            struct request request = parse(&message);
            bool few = count <= REQUEST_MAX_RECORDS;
            assert_int_equal(request.verdict, few ? REQUEST_QUESTION : REQUEST_ERROR);
            assert_int_equal(request.rcode, few ? RCODE_NOERROR : RCODE_FORMERR);
            assert_true(request.has_question);
        }
    }
}

/* RFC 6891 §7: FORMERR with OPT, where it is among those that are read. */
static void an_opt_among_too_many_records_is_noticed(void **state)
{
    struct message message;
    (void)state;

    begin(&message, 0, (const uint16_t[]){1, 0, 0, 100});
    add_question(&message);
    add_record(&message, TYPE_OPT, 1);
    for (unsigned i = 0; i < 99; i++)
        add_record(&message, TYPE_A, 1);
    struct request request = parse(&message);
    assert_int_equal(request.rcode, RCODE_FORMERR);
    assert_true(request.edns.present);
}

static void owners_have_512_octets_together_and_no_more(void **state)
{
    (void)state;
    for (size_t last = 1; last <= 255; last += last == 1 ? 2 : 1) {
        struct message message;
        begin(&message, 0, (const uint16_t[]){1, 0, 0, 3});
        add_question(&message);
        add_record(&message, TYPE_A, 255);
        add_record(&message, TYPE_A, 240);
        add_record(&message, TYPE_A, last);
        struct request request = parse(&message);
        assert_int_equal(request.rcode,
                         255 + 240 + last <= REQUEST_MAX_OWNERS ? RCODE_NOERROR : RCODE_FORMERR);
    }
}

/* RFC 9619: FORMERR anyway; an OPT behind a few of them gets its answer (RFC 6891 §7). */
static void several_questions_are_stepped_over_for_their_opt(void **state)
{
    (void)state;
    for (uint16_t count = 2; count < 80; count++) {
        struct message message;
        begin(&message, 0, (const uint16_t[]){count, 0, 0, 1});
        for (unsigned i = 0; i < count; i++)
            add_question(&message);
        add_record(&message, TYPE_OPT, 1);
        struct request request = parse(&message);
        assert_int_equal(request.rcode, RCODE_FORMERR);
        assert_int_equal(request.edns.present, count <= REQUEST_MAX_RECORDS);
    }
}

/* What random octets are, half the time: the count is a lie. */
static void a_count_that_nothing_stands_behind_is_an_error(void **state)
{
    static const uint16_t opcodes[] = {0, 0x2800, 0x7800};
    struct message message;
    (void)state;

    for (size_t i = 0; i < sizeof opcodes / sizeof opcodes[0]; i++) {
        for (int which = 0; which < 4; which++) {
            uint16_t counts[4] = {0, 0, 0, 1};
            counts[which] = UINT16_MAX;
            begin(&message, opcodes[i], counts);
            struct request request = parse(&message);
            assert_int_equal(request.verdict, REQUEST_ERROR);
            assert_int_equal(request.rcode, opcodes[i] == 0 ? RCODE_FORMERR : RCODE_NOTIMP);
            assert_false(request.has_tsig);
            assert_false(request.edns.present);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirty_two_records_are_read_and_no_more),
        cmocka_unit_test(an_opt_among_too_many_records_is_noticed),
        cmocka_unit_test(owners_have_512_octets_together_and_no_more),
        cmocka_unit_test(several_questions_are_stepped_over_for_their_opt),
        cmocka_unit_test(a_count_that_nothing_stands_behind_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
