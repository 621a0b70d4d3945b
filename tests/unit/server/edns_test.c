#include "tests/unit/check.h"

#include "server/edns.h"

#define BEFORE_OPT 40 /* octets of the message, in the same writer */

static const struct edns_reply plain = {.udp_octets = 1232, .keepalive = 100, .error = -1};

/* An OPT with padding; returns the octets that padding added. */
static size_t pad(uint8_t *message, size_t room, size_t after, size_t limit)
{
    struct writer w = writer_of(message, room);

    for (size_t i = 0; i < BEFORE_OPT; i++)
        writer_u8(&w, 0xff);
    edns_write(&w, &plain);
    size_t bare = writer_length(&w);
    edns_pad(&w, BEFORE_OPT, bare + after, limit);
    assert_false(w.failed);
    return writer_length(&w) - bare;
}

static void padding_reaches_the_next_multiple_or_the_limit(void **state)
{
    static const size_t limits[] = {512, 1232, 16384, 65535};
    uint8_t message[4096];
    (void)state;

    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
        for (size_t after = 0; after < 1500; after++) {
            size_t bare = pad(message, sizeof message, after, 0);
            assert_int_equal(bare, 0); /* no room, no option */
            size_t added = pad(message, sizeof message, after, limits[l]);
            size_t octets = BEFORE_OPT + 17 + after + added; /* 17: the OPT with keepalive */
            assert_true(added <= EDNS_PADDING_OCTETS);
            if (added == 0)
                assert_true(octets + EDNS_OPTION_OCTETS > limits[l]);
            else
                assert_true(octets == limits[l] ||
                            (octets < limits[l] && octets % EDNS_PADDED_OCTETS == 0));
        }
    }
}

/* RFC 7830: zeros, and the lengths fit. */
static void padding_is_an_option_like_any_other(void **state)
{
    uint8_t message[1024];
    struct record record;
    struct edns edns = {.present = false};
    size_t at = BEFORE_OPT;
    (void)state;

    size_t added = pad(message, sizeof message, 0, 65535);
    assert_int_equal(BEFORE_OPT + 17 + added, EDNS_PADDED_OCTETS);
    assert_int_equal(record_parse(message, EDNS_PADDED_OCTETS, &at, &record), STATUS_OK);
    assert_int_equal(at, EDNS_PADDED_OCTETS);
    assert_int_equal(edns_parse(&edns, &record, message), STATUS_OK);
    assert_true(edns.padding);
    for (size_t i = EDNS_PADDED_OCTETS - added + EDNS_OPTION_OCTETS; i < EDNS_PADDED_OCTETS; i++)
        assert_int_equal(message[i], 0);
}

/* RFC 6891 §6.1.2: unknown options are stepped over, as far as anyone sends so many. */
static void thirty_two_options_are_read_and_no_more(void **state)
{
    uint8_t message[1024];
    (void)state;

    for (unsigned count = 0; count < 80; count++) {
        struct writer w = writer_of(message, sizeof message);
        struct record record;
        struct edns edns = {.present = false};
        size_t at = 0;
        writer_u8(&w, 0);
        record_write_fixed(&w, TYPE_OPT, 1232, 0, (uint16_t)(count * 5));
        for (unsigned i = 0; i < count; i++) {
            writer_u16(&w, i == 3 ? EDNS_NSID : 65001);
            writer_u16(&w, 1);
            writer_u8(&w, 0);
        }
        assert_int_equal(record_parse(message, writer_length(&w), &at, &record), STATUS_OK);
        assert_int_equal(edns_parse(&edns, &record, message),
                         count <= EDNS_MAX_OPTIONS ? STATUS_OK : STATUS_MALFORMED);
        assert_true(edns.present);
        assert_int_equal(edns.nsid, count > 3);
    }
}

/* RFC 7873 §5.2 */
static void the_first_cookie_counts(void **state)
{
    static const uint8_t message[] = {0, 0,  41, 4, 208, 0, 0,  0, 0, 0, 11,
                                      0, 10, 0,  1, 7,   0, 10, 0, 2, 8, 9};
    struct edns edns = {.present = false};
    struct record record;
    size_t at = 0;
    (void)state;

    assert_int_equal(record_parse(message, sizeof message, &at, &record), STATUS_OK);
    assert_int_equal(edns_parse(&edns, &record, message), STATUS_OK);
    assert_int_equal(edns.cookie_octets, 1);
    assert_ptr_equal(edns.cookie, message + 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_reaches_the_next_multiple_or_the_limit),
        cmocka_unit_test(padding_is_an_option_like_any_other),
        cmocka_unit_test(thirty_two_options_are_read_and_no_more),
        cmocka_unit_test(the_first_cookie_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
