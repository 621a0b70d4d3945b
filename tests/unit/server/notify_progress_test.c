#include "tests/unit/check.h"

#include "server/notify_progress.h"

#include <string.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define IDS    0xbbbbaaaau /* tell 0xaaaa, ask 0xbbbb */

/* Runs the clock in steps of 100 ms until something is due; what, and when in `*now`. */
static unsigned next(struct notify_progress *p, int64_t *now, int64_t until)
{
    for (; *now <= until; *now += 100) {
        unsigned actions = notify_progress_due(p, IDS, *now);
        if (actions)
            return actions;
    }
    return 0;
}

/* An answer to the question for the SOA; `serial` NULL: without one. */
static bool answered(struct notify_progress *p, uint16_t id, unsigned rcode, const uint32_t *serial,
                     int64_t now_ms)
{
    struct notify_look look = {.rcode = rcode, .authoritative = true};
    look.has_serial = serial != NULL;
    look.serial = serial ? *serial : 0;
    return notify_progress_answered(p, id, &look, now_ms);
}

/* Brings it into step with serial 7; the clock, and with it `*now`, goes on from there. */
static void bring_into_step(struct notify_progress *p, int64_t *now)
{
    static const uint32_t serial = 7;
    notify_progress_want(p, serial, *now);
    assert_int_equal(next(p, now, *now + MINUTE), NOTIFY_TELL);
    assert_true(notify_progress_told(p, p->tell_id, 0, *now));
    assert_int_equal(next(p, now, *now + MINUTE), NOTIFY_ASK);
    assert_true(answered(p, p->ask_id, 0, &serial, *now));
    assert_int_equal(notify_progress_state(p, *now), NOTIFY_STATE_IN_STEP);
}

static void notify_goes_out_at_once_and_backs_off(void **state)
{
    (void)state;
    static const int64_t wanted[] = {0, 1, 3, 7, 15, 31, 63, 123, 183};
    struct notify_progress p = {0};
    int64_t now = 50 * SECOND, start = now;
    assert_int_equal(notify_progress_due(&p, IDS, now), 0);
    notify_progress_want(&p, 7, now);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        unsigned actions = next(&p, &now, start + HOUR);
        assert_true(actions & NOTIFY_TELL);
        /* From the sixth on it is also asked what it serves. */
        assert_int_equal(!!(actions & NOTIFY_ASK), i >= 5);
        assert_int_equal((now - start) / SECOND, wanted[i]);
    }
}

static void a_repetition_keeps_its_id_and_a_late_response_counts(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    notify_progress_want(&p, 7, 0);
    assert_int_equal(notify_progress_due(&p, 0x1111, 0), NOTIFY_TELL);
    assert_int_equal(notify_progress_due(&p, 0x2222, SECOND), NOTIFY_TELL);
    assert_int_equal(p.tell_id, 0x1111);
    assert_false(notify_progress_told(&p, 0x2222, 0, SECOND + 1));
    assert_true(notify_progress_told(&p, 0x1111, 0, SECOND + 1));
    assert_int_equal(p.phase, NOTIFY_CHECKING);
    /* The same response again is no news. */
    assert_false(notify_progress_told(&p, 0x1111, 0, SECOND + 2));
}

static void a_secondary_that_serves_the_serial_is_in_step(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = 0;
    uint32_t old = 6, fresh = 7;
    notify_progress_want(&p, 7, now);
    next(&p, &now, MINUTE);
    assert_true(notify_progress_told(&p, 0xaaaa, 0, now));
    assert_int_equal(next(&p, &now, MINUTE), NOTIFY_ASK);
    assert_true(now < SECOND);
    assert_false(answered(&p, 0xbbbb, 0, &old, now));
    assert_int_equal(p.served, 6);
    assert_int_equal(next(&p, &now, MINUTE), NOTIFY_ASK);
    assert_false(answered(&p, 0xaaaa, 0, &fresh, now)); /* wrong ID */
    assert_true(answered(&p, 0xbbbb, 0, &fresh, now));
    assert_int_equal(p.phase, NOTIFY_IN_STEP);
    assert_int_equal(next(&p, &now, now + 10 * MINUTE), 0);
}

static void one_in_step_is_looked_at_now_and_then(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = HOUR;
    uint32_t serial = 7;
    bring_into_step(&p, &now);
    for (int i = 0; i < 20; i++) {
        int64_t before = now;
        assert_int_equal(next(&p, &now, now + HOUR), NOTIFY_ASK);
        assert_in_range(now - before, NOTIFY_LOOK_MS * 9 / 10, NOTIFY_LOOK_MS * 11 / 10 + 100);
        now += 40;
        assert_false(answered(&p, p.ask_id, 0, &serial, now)); /* no news */
        assert_int_equal(p.looked_ms, now);
        assert_int_equal(p.look_asked_ms, now - 40);
        assert_int_equal(notify_progress_state(&p, now), NOTIFY_STATE_IN_STEP);
    }
}

static void a_lost_packet_is_no_loss_of_step(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = HOUR, in_step;
    uint32_t serial = 7;
    bring_into_step(&p, &now);
    in_step = p.in_step_ms;
    for (int i = 0; i < 4; i++)
        assert_int_equal(next(&p, &now, now + HOUR), NOTIFY_ASK);
    assert_int_equal(notify_progress_state(&p, now), NOTIFY_STATE_CHECKING);
    assert_false(answered(&p, p.ask_id, 0, &serial, now));
    assert_int_equal(notify_progress_state(&p, now), NOTIFY_STATE_IN_STEP);
    assert_int_equal(p.in_step_ms, in_step);
}

static void one_that_falls_silent_is_told_again_and_complained_of_once(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = HOUR, asked = 0;
    unsigned complaints = 0;
    uint32_t serial = 7;
    bring_into_step(&p, &now);
    next(&p, &now, now + HOUR);
    asked = now;
    while (p.phase == NOTIFY_IN_STEP)
        next(&p, &now, now + MINUTE);
    assert_in_range(now - asked, 30 * SECOND, 32 * SECOND);
    assert_int_equal(p.behind_ms, asked);
    assert_int_equal(notify_progress_state(&p, now), NOTIFY_STATE_SILENT);
    assert_int_equal(p.trouble, NOTIFY_SILENT);
    /* What it served is still said, as of when it was seen. */
    assert_true(p.has_served);
    assert_true(p.looked_ms < asked);
    while (now < asked + HOUR)
        complaints += next(&p, &now, asked + HOUR) & NOTIFY_COMPLAIN ? 1u : 0u;
    assert_int_equal(complaints, 1);
    assert_true(p.complained);
    next(&p, &now, now + HOUR);
    assert_true(answered(&p, p.ask_id, 0, &serial, now));
    assert_int_equal(notify_progress_state(&p, now), NOTIFY_STATE_IN_STEP);
}

static void one_that_goes_back_or_loses_the_zone_is_told_at_once(void **state)
{
    (void)state;
    uint32_t old = 6;
    for (int lost = 0; lost < 2; lost++) {
        struct notify_progress p = {0};
        int64_t now = HOUR;
        bring_into_step(&p, &now);
        next(&p, &now, now + HOUR);
        assert_false(answered(&p, p.ask_id, lost ? 2 : 0, lost ? NULL : &old, now));
        assert_int_equal(p.behind_ms, now);
        assert_int_equal(p.has_served, !lost);
        assert_int_equal(p.trouble, lost ? NOTIFY_REFUSED : NOTIFY_NO_TROUBLE);
        assert_int_equal(notify_progress_due(&p, IDS, now), NOTIFY_TELL);
        assert_int_equal(notify_progress_state(&p, now), NOTIFY_STATE_TOLD);
        assert_true(notify_progress_told(&p, p.tell_id, 0, now));
        assert_int_equal(notify_progress_state(&p, now), NOTIFY_STATE_CHECKING);
        assert_int_equal(notify_progress_state(&p, now + MINUTE), NOTIFY_STATE_BEHIND);
    }
}

static void an_answer_without_a_serial_that_counts_says_why(void **state)
{
    (void)state;
    static const struct {
        struct notify_look look;
        enum notify_trouble trouble;
    } cases[] = {
        {{.rcode = 5, .authoritative = true}, NOTIFY_REFUSED},
        {{.truncated = true, .authoritative = true}, NOTIFY_TRUNCATED},
        {{.authoritative = true}, NOTIFY_NO_SOA},
        {{.has_serial = true, .serial = 7}, NOTIFY_NO_AA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct notify_progress p = {0};
        int64_t now = HOUR;
        notify_progress_want(&p, 7, now);
        next(&p, &now, now + MINUTE);
        assert_true(notify_progress_told(&p, p.tell_id, 0, now));
        next(&p, &now, now + MINUTE);
        assert_false(notify_progress_answered(&p, p.ask_id, &cases[i].look, now));
        assert_int_equal(p.trouble, cases[i].trouble);
        assert_int_equal(p.trouble_ms, now);
        assert_int_equal(p.looked_ms, now);
        assert_false(p.has_served);
    }
}

static void one_that_is_told_again_by_hand_is_not_made_to_look_behind(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = HOUR;
    uint32_t serial = 7;
    notify_progress_again(&p, now); /* of nothing */
    assert_int_equal(notify_progress_due(&p, IDS, now), 0);
    bring_into_step(&p, &now);
    notify_progress_again(&p, now);
    assert_int_equal(notify_progress_due(&p, 0x33334444, now), NOTIFY_TELL);
    assert_true(notify_progress_serves(&p));
    assert_true(notify_progress_told(&p, 0x4444, 0, now));
    next(&p, &now, now + MINUTE);
    assert_true(answered(&p, p.ask_id, 0, &serial, now));
}

static void a_zone_that_has_gone_is_asked_for_no_more(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = HOUR;
    bring_into_step(&p, &now);
    notify_progress_rest(&p);
    assert_int_equal(notify_progress_state(&p, now), NOTIFY_STATE_WAITING);
    assert_int_equal(next(&p, &now, now + 3 * HOUR), 0);
    notify_progress_want(&p, 7, now);
    assert_int_equal(notify_progress_due(&p, IDS, now), NOTIFY_TELL);
}

static void serials_wrap(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = 0;
    uint32_t old = 0xfffffff0u, newer = 9;
    notify_progress_want(&p, 5, now);
    next(&p, &now, MINUTE);
    assert_true(notify_progress_told(&p, 0xaaaa, 0, now));
    next(&p, &now, MINUTE);
    assert_false(answered(&p, 0xbbbb, 0, &old, now));
    assert_true(answered(&p, 0xbbbb, 0, &newer, now));
}

static void one_that_answers_but_does_not_follow_is_told_again(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = 0;
    unsigned tells = 0, complaints = 0;
    uint32_t old = 1;
    notify_progress_want(&p, 2, now);
    while (now <= 10 * MINUTE) {
        unsigned actions = next(&p, &now, 10 * MINUTE);
        tells += actions & NOTIFY_TELL ? 1u : 0u;
        complaints += actions & NOTIFY_COMPLAIN ? 1u : 0u;
        if (actions & NOTIFY_COMPLAIN)
            assert_true(now >= NOTIFY_COMPLAIN_MS && now <= NOTIFY_COMPLAIN_MS + MINUTE);
        if (actions & NOTIFY_TELL)
            notify_progress_told(&p, p.tell_id, 5, now);
        if (actions & NOTIFY_ASK)
            assert_false(answered(&p, p.ask_id, 0, &old, now));
    }
    assert_in_range(tells, 7, 11); /* about one a minute */
    assert_int_equal(complaints, 1);
}

static void a_new_serial_takes_the_place_of_the_pending_one(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = 0;
    notify_progress_want(&p, 2, now);
    next(&p, &now, MINUTE);
    next(&p, &now, MINUTE);
    now += 100;
    notify_progress_want(&p, 3, now);
    assert_int_equal(notify_progress_due(&p, 0xccccdddd, now), NOTIFY_TELL);
    assert_int_equal(p.tell_id, 0xdddd);
    /* What the old one got counts no more. */
    assert_false(notify_progress_told(&p, 0xaaaa, 0, now));
    int64_t due = p.due_ms;
    notify_progress_want(&p, 3, now + 5); /* the same again changes nothing */
    assert_int_equal(p.due_ms, due);
}

static void one_that_was_away_for_a_week_is_soon_seen_in_step(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = 0, back = 7 * 24 * HOUR;
    uint32_t old = 1, fresh = 2;
    notify_progress_want(&p, 2, now);
    while (now < back)
        next(&p, &now, back);
    next(&p, &now, back + 2 * HOUR);
    assert_true(now - back <= HOUR + SECOND);
    int64_t told = now;
    assert_true(notify_progress_told(&p, p.tell_id, 0, now));
    assert_int_equal(next(&p, &now, told + MINUTE), NOTIFY_ASK);
    assert_false(answered(&p, p.ask_id, 0, &old, now));
    assert_int_equal(next(&p, &now, told + MINUTE), NOTIFY_ASK);
    assert_true(answered(&p, p.ask_id, 0, &fresh, now));
    assert_true(now - told < 2 * SECOND);
}

static void one_that_answers_for_weeks_but_never_follows_costs_little(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = 0;
    unsigned last_day = 0;
    uint32_t old = 1;
    notify_progress_want(&p, 2, now);
    while (now <= 30 * 24 * HOUR) {
        unsigned actions = next(&p, &now, 30 * 24 * HOUR);
        last_day += now > 29 * 24 * HOUR ? 1 : 0;
        if (actions & NOTIFY_TELL)
            notify_progress_told(&p, p.tell_id, 0, now);
        if (actions & NOTIFY_ASK)
            answered(&p, p.ask_id, 0, &old, now);
    }
    assert_in_range(last_day, 150, 180); /* once an hour: told, asked six times */
}

static void frequent_changes_do_not_hide_one_that_is_gone(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    unsigned complaints = 0;
    uint32_t serial = 0, current = 0;
    for (int64_t now = 0; now <= HOUR; now += 100) {
        if (now % MINUTE == 0)
            notify_progress_want(&p, ++serial, now);
        complaints += notify_progress_due(&p, IDS, now) & NOTIFY_COMPLAIN ? 1u : 0u;
    }
    assert_int_equal(complaints, 1);
    /* Once it is back, the next time is counted anew. */
    current = serial;
    int64_t now = HOUR + 100;
    next(&p, &now, 2 * HOUR);
    assert_true(notify_progress_told(&p, p.tell_id, 0, now));
    next(&p, &now, 2 * HOUR);
    assert_true(answered(&p, p.ask_id, 0, &current, now));
    notify_progress_want(&p, ++serial, now);
    assert_false(p.complained);
}

static void one_that_is_gone_for_good_costs_little(void **state)
{
    (void)state;
    struct notify_progress p = {0};
    int64_t now = 0;
    unsigned packets = 0, last_day = 0;
    notify_progress_want(&p, 2, now);
    while (now <= 30 * 24 * HOUR) {
        unsigned actions = next(&p, &now, 30 * 24 * HOUR);
        unsigned sent = (actions & NOTIFY_TELL ? 1u : 0u) + (actions & NOTIFY_ASK ? 1u : 0u);
        packets += sent;
        last_day += now > 29 * 24 * HOUR ? sent : 0;
    }
    assert_in_range(packets, 500, 3000);
    assert_in_range(last_day, 46, 50); /* NOTIFY and SOA, once an hour */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notify_goes_out_at_once_and_backs_off),
        cmocka_unit_test(a_repetition_keeps_its_id_and_a_late_response_counts),
        cmocka_unit_test(a_secondary_that_serves_the_serial_is_in_step),
        cmocka_unit_test(one_in_step_is_looked_at_now_and_then),
        cmocka_unit_test(a_lost_packet_is_no_loss_of_step),
        cmocka_unit_test(one_that_falls_silent_is_told_again_and_complained_of_once),
        cmocka_unit_test(one_that_goes_back_or_loses_the_zone_is_told_at_once),
        cmocka_unit_test(an_answer_without_a_serial_that_counts_says_why),
        cmocka_unit_test(one_that_is_told_again_by_hand_is_not_made_to_look_behind),
        cmocka_unit_test(a_zone_that_has_gone_is_asked_for_no_more),
        cmocka_unit_test(serials_wrap),
        cmocka_unit_test(one_that_answers_but_does_not_follow_is_told_again),
        cmocka_unit_test(a_new_serial_takes_the_place_of_the_pending_one),
        cmocka_unit_test(one_that_was_away_for_a_week_is_soon_seen_in_step),
        cmocka_unit_test(one_that_answers_for_weeks_but_never_follows_costs_little),
        cmocka_unit_test(frequent_changes_do_not_hide_one_that_is_gone),
        cmocka_unit_test(one_that_is_gone_for_good_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
