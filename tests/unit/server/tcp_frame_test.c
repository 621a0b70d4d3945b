#include "tests/unit/check.h"
#include "tests/unit/guard.h"

#include "server/tcp_frame.h"

#include <stdlib.h>
#include <string.h>

/* Two messages of 12 and 20 octets. */
static size_t two_messages(uint8_t *octets)
{
    memset(octets, 'a', 14);
    octets[0] = 0;
    octets[1] = 12;
    memset(octets + 14, 'b', 22);
    octets[14] = 0;
    octets[15] = 20;
    return 36;
}

static void whole_messages_are_taken_in_order(void **state)
{
    (void)state;
    uint8_t octets[64];
    const uint8_t *message = NULL;
    size_t length = 0;
    struct reader r = reader_of(octets, two_messages(octets));
    assert_int_equal(tcp_frame_take(&r, &message, &length), TCP_FRAME_WHOLE);
    assert_ptr_equal(message, octets + 2);
    assert_int_equal(length, 12);
    assert_int_equal(tcp_frame_take(&r, &message, &length), TCP_FRAME_WHOLE);
    assert_ptr_equal(message, octets + 16);
    assert_int_equal(length, 20);
    assert_int_equal(tcp_frame_take(&r, &message, &length), TCP_FRAME_PARTIAL);
}

static void every_prefix_is_partial_and_says_what_it_lacks(void **state)
{
    (void)state;
    uint8_t octets[64];
    uint8_t *guard = guard_create();
    const uint8_t *message = NULL;
    size_t length = 0;
    assert_non_null(guard);
    two_messages(octets);
    for (size_t there = 0; there < 14; there++) {
        const uint8_t *start = guard_put(guard, octets, there);
        struct reader r = reader_of(start, there);
        assert_int_equal(tcp_frame_take(&r, &message, &length), TCP_FRAME_PARTIAL);
        assert_ptr_equal(r.next, start);
        assert_int_equal(tcp_frame_lacks(&r), there < 2 ? 2 - there : 14 - there);
    }
}

static void a_length_below_a_header_is_broken(void **state)
{
    (void)state;
    const uint8_t *message = NULL;
    size_t length = 0;
    for (uint8_t octets_of_message = 0; octets_of_message < 12; octets_of_message++) {
        uint8_t octets[2] = {0, octets_of_message};
        struct reader r = reader_of(octets, sizeof octets);
        assert_int_equal(tcp_frame_take(&r, &message, &length), TCP_FRAME_BROKEN);
    }
}

/* A stream cut at every place gives the same messages, kept octets in between. */
static void a_stream_may_be_cut_anywhere(void **state)
{
    (void)state;
    uint8_t stream[64], room[64];
    size_t total = two_messages(stream);
    for (size_t step = 1; step <= total; step++) {
        struct tcp_kept kept = {0};
        size_t messages = 0;
        for (size_t at = 0; at < total; at += step) {
            size_t there = tcp_kept_take(&kept, room);
            size_t fresh = total - at < step ? total - at : step;
            memcpy(room + there, stream + at, fresh);
            struct reader r = reader_of(room, there + fresh);
            const uint8_t *message = NULL;
            size_t length = 0;
            while (tcp_frame_take(&r, &message, &length) == TCP_FRAME_WHOLE) {
                assert_int_equal(message[0], messages == 0 ? 'a' : 'b');
                messages++;
            }
            assert_int_equal(tcp_kept_set(&kept, r.next, reader_left(&r)), STATUS_OK);
        }
        assert_int_equal(messages, 2);
        assert_int_equal(kept.length, 0);
        tcp_kept_clear(&kept);
    }
}

static void the_longest_message_comes_octet_by_octet(void **state)
{
    (void)state;
    struct tcp_kept kept = {0};
    uint8_t *room = malloc(TCP_FRAME_OCTETS);
    const uint8_t *message = NULL;
    size_t length = 0;
    enum tcp_frame frame = TCP_FRAME_PARTIAL;
    assert_non_null(room);
    for (size_t at = 0; at < TCP_FRAME_OCTETS; at++) {
        size_t there = tcp_kept_take(&kept, room);
        assert_int_equal(there, at);
        room[there] = 0xff;
        struct reader r = reader_of(room, there + 1);
        frame = tcp_frame_take(&r, &message, &length);
        assert_int_equal(tcp_kept_set(&kept, r.next, reader_left(&r)), STATUS_OK);
        /* It grew once, to what was announced. */
        assert_true(kept.room == 0 || kept.room == TCP_FRAME_OCTETS);
    }
    assert_int_equal(frame, TCP_FRAME_WHOLE);
    assert_int_equal(length, 65535);
    tcp_kept_clear(&kept);
    free(room);
}

static void an_idle_connection_keeps_no_memory(void **state)
{
    (void)state;
    struct tcp_kept kept = {0};
    uint8_t octets[TCP_KEPT_INLINE_OCTETS + 1] = {1, 0};
    assert_int_equal(tcp_kept_set(&kept, octets, sizeof octets), STATUS_OK);
    assert_non_null(kept.heap);
    assert_int_equal(tcp_kept_set(&kept, octets, 0), STATUS_OK);
    assert_null(kept.heap);
    assert_int_equal(kept.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages_are_taken_in_order),
        cmocka_unit_test(every_prefix_is_partial_and_says_what_it_lacks),
        cmocka_unit_test(a_length_below_a_header_is_broken),
        cmocka_unit_test(a_stream_may_be_cut_anywhere),
        cmocka_unit_test(the_longest_message_comes_octet_by_octet),
        cmocka_unit_test(an_idle_connection_keeps_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
