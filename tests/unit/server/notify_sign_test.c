#include "tests/unit/server/signed.h"

#include "server/notify_sign.h"

static struct ring ring;
static const uint8_t zone[] = "\7example";

static int setup(void **state)
{
    (void)state;
    ring_create(&ring);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ring_destroy(&ring);
    return 0;
}

/* The answer of a secondary that has the key, to the last message of `session`. */
static size_t answer_to(const struct tsig_session *session, uint8_t *message, int64_t now)
{
    struct tsig_session own = *session;
    size_t length = notify_question_write(message, session->original_id, zone);
    message[2] |= 0x80;
    own.continues = false;
    assert_true(tsig_append(&own, message, &length, now));
    return length;
}

static size_t send_question(struct notify_target *target, uint16_t id, int64_t now)
{
    uint8_t message[NOTIFY_SIGNED_OCTETS];
    size_t length = notify_question_write(message, id, zone);
    size_t expected = length + notify_sign_octets(target);
    assert_true(notify_sign(target, &target->asked, message, &length, now));
    assert_int_equal(length, expected);
    return length;
}

static void a_remote_without_a_key_is_asked_and_believed_as_it_is(void **state)
{
    struct notify_target target = {.key = NULL};
    uint8_t message[NOTIFY_SIGNED_OCTETS];
    uint16_t error;
    (void)state;
    assert_int_equal(notify_sign_octets(&target), 0);
    send_question(&target, 7, served_clock());
    size_t length = notify_question_write(message, 7, zone);
    assert_int_equal(
        notify_sign_check(&target, &target.asked, message, length, served_clock(), &error),
        STATUS_OK);
}

static void the_answer_to_a_signed_message_is_believed_when_it_is_signed(void **state)
{
    struct notify_target target = {.key = tsig_keys_find(ring.keys, ring.configs[0].name.octets)};
    uint8_t message[NOTIFY_SIGNED_OCTETS];
    uint16_t error;
    int64_t now = served_clock();
    (void)state;
    size_t length = notify_question_write(message, 7, zone);
    assert_int_equal(notify_sign_check(&target, &target.asked, message, length, now, &error),
                     STATUS_NOT_FOUND); /* nothing was asked */
    send_question(&target, 7, now);
    assert_int_equal(notify_sign_check(&target, &target.asked, message, length, now, &error),
                     STATUS_DENIED); /* not signed */
    length = answer_to(&target.asked, message, now);
    assert_int_equal(notify_sign_check(&target, &target.asked, message, length, now, &error),
                     STATUS_OK);
    assert_int_equal(notify_sign_check(&target, &target.told, message, length, now, &error),
                     STATUS_NOT_FOUND); /* that was another message */
    message[length - 10] ^= 1;
    assert_int_equal(notify_sign_check(&target, &target.asked, message, length, now, &error),
                     STATUS_DENIED);
}

/* A secondary that needs a second for its answer gets its question twice. */
static void a_late_answer_to_the_first_copy_counts(void **state)
{
    struct notify_target target = {.key = tsig_keys_find(ring.keys, ring.configs[1].name.octets)};
    uint8_t message[NOTIFY_SIGNED_OCTETS];
    uint16_t error;
    int64_t now = served_clock();
    (void)state;
    send_question(&target, 7, now);
    size_t length = answer_to(&target.asked, message, now + 20);
    send_question(&target, 7, now + 59);
    assert_int_equal(notify_sign_check(&target, &target.asked, message, length, now + 59, &error),
                     STATUS_OK);
    send_question(&target, 7, now + 60); /* long before the fudge is over */
    assert_int_equal(notify_sign_check(&target, &target.asked, message, length, now + 60, &error),
                     STATUS_DENIED);
    send_question(&target, 8, now + 61);
    assert_int_equal(notify_sign_check(&target, &target.asked, message, length, now + 61, &error),
                     STATUS_NOT_FOUND);
}

static void each_address_has_the_first_key_of_its_remote(void **state)
{
    const struct config_key *keys[] = {&ring.configs[2], &ring.configs[0]};
    struct endpoint addresses[2] = {{.address.v4.sin_family = AF_INET},
                                    {.address.v6.sin6_family = AF_INET6}};
    const struct config_remote with = {
        .id = "with", .address_count = 2, .addresses = addresses, .key_count = 2, .keys = keys};
    struct endpoint other = {.address.v4 = {.sin_family = AF_INET, .sin_port = 53}};
    const struct config_remote without = {.id = "out", .address_count = 1, .addresses = &other};
    const struct config_remote *remotes[] = {&with, &without};
    struct config_zone zones[2] = {{.domain = forged_name("a.example"), .notify_count = 2},
                                   {.domain = forged_name("b.example"), .notify_count = 1}};
    struct config config = {.zones = zones, .zone_count = 2};
    struct notify_targets *all = NULL;
    (void)state;
    zones[0].notify = remotes;
    zones[1].notify = remotes + 1;
    assert_int_equal(notify_targets_create(&config, NULL, &all), STATUS_OK);
    notify_sign_assign(all, &config, ring.keys);
    assert_int_equal(all->count, 4);
    for (size_t i = 0; i < 2; i++)
        assert_ptr_equal(all->targets[i].key->config, &ring.configs[2]);
    assert_null(all->targets[2].key);
    assert_null(all->targets[3].key);
    notify_targets_destroy(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_remote_without_a_key_is_asked_and_believed_as_it_is),
        cmocka_unit_test(the_answer_to_a_signed_message_is_believed_when_it_is_signed),
        cmocka_unit_test(a_late_answer_to_the_first_copy_counts),
        cmocka_unit_test(each_address_has_the_first_key_of_its_remote),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
