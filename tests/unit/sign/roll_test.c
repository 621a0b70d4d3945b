/*
 * Rolls step by step: what each key does, every reason to refuse the next step, and what ends and
 * takes back a roll. That the tables are safe is proved by roll_cache_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rolls.h"

#define START       1000000
#define ZONE_TTL    14400
#define DS_TTL      3600
#define MAX_SERVERS 3

/* A view that shows what the state asks for, to be spoilt. */
struct sight {
    struct roll_server servers[MAX_SERVERS];
    struct roll_parent parents[2];
    struct roll_view view;
};

static void see_all(struct sight *sight, const struct signing_state *state)
{
    for (size_t i = 0; i < MAX_SERVERS; i++)
        sight->servers[i] =
            (struct roll_server){.text = "ns",
                                 .dnskeys = doing(state, KEY_PUBLISHED),
                                 .signs_keys = doing(state, KEY_PUBLISHED | KEY_SIGNS_KEYS),
                                 .signs_data = doing(state, KEY_SIGNS_DATA)};
    for (size_t i = 0; i < 2; i++)
        sight->parents[i] = (struct roll_parent){
            .text = "parent", .any = true, .ds = doing(state, KEY_WANTS_DS), .ttl = DS_TTL};
    sight->view = (struct roll_view){MAX_SERVERS, 2, sight->servers, sight->parents};
}

static enum roll_verdict judge(struct signing_state *state, const struct sight *sight, int64_t now)
{
    int64_t ready;
    return roll_judge(state, &sight->view, now, &ready);
}

/* Asserts that the view, as it was spoilt, keeps the roll from being seen. */
static void is_unseen(const struct signing_state *state, const struct sight *sight)
{
    struct signing_state copy = *state;
    char text[ROLL_LACK_OCTETS];
    size_t said = 0;

    assert_int_equal(judge(&copy, sight, START), ROLL_UNSEEN);
    assert_int_equal(copy.roll.seen, 0);
    for (size_t i = 0; i < MAX_SERVERS; i++) {
        roll_server_lacks(state, &sight->servers[i], text);
        assert_int_equal(text[0] == '\0', roll_server_is_right(state, &sight->servers[i]));
        said += text[0] != '\0';
    }
    for (size_t i = 0; i < 2; i++) {
        roll_parent_lacks(state, &sight->parents[i], text);
        said += text[0] != '\0';
    }
    assert_true(said > 0);
}

static void no_server_may_show_anything_else(const struct signing_state *state)
{
    for (size_t server = 0; server < MAX_SERVERS; server++) {
        for (size_t key = 0; key < state->key_count; key++) {
            struct sight sight;
            see_all(&sight, state);
            sight.servers[server].dnskeys ^= (uint16_t)(1u << key);
            is_unseen(state, &sight);
            see_all(&sight, state);
            sight.servers[server].signs_keys ^= (uint16_t)(1u << key);
            is_unseen(state, &sight);
            see_all(&sight, state);
            sight.servers[server].signs_data ^= (uint16_t)(1u << key);
            is_unseen(state, &sight);
        }
        struct sight sight;
        see_all(&sight, state);
        sight.servers[server].trouble = "no answer";
        is_unseen(state, &sight);
    }
}

static void the_parent_must_have_just_the_wanted_ds(const struct signing_state *state)
{
    for (size_t parent = 0; parent < 2; parent++) {
        struct sight sight;
        for (size_t key = 0; key < state->key_count; key++) {
            see_all(&sight, state);
            sight.parents[parent].ds ^= (uint16_t)(1u << key);
            is_unseen(state, &sight);
        }
        see_all(&sight, state);
        sight.parents[parent].trouble = "no answer";
        is_unseen(state, &sight);
    }
}

static void the_parent_does_not_matter(const struct signing_state *state)
{
    struct signing_state copy = *state;
    struct sight sight;

    see_all(&sight, state);
    sight.parents[0].trouble = "no answer";
    sight.parents[1].ds = 0;
    assert_int_not_equal(judge(&copy, &sight, START), ROLL_UNSEEN);
}

/* Every refusal of one step, then the moment from which the next is safe. */
static void walk_step(struct signing_state *state)
{
    const struct roll_step *step = roll_step_of(state);
    struct sight sight;
    int64_t ready = -1;

    assert_non_null(step);
    see_all(&sight, state);
    assert_int_equal(judge(state, &sight, START), ROLL_UNPUBLISHED);
    assert_int_equal(state->roll.seen, 0);
    state->roll.published = START;
    no_server_may_show_anything_else(state);
    if (step->at_parent)
        the_parent_must_have_just_the_wanted_ds(state);
    else
        the_parent_does_not_matter(state);
    struct sight nobody = {.view = {0, 2, sight.servers, sight.parents}};
    assert_int_equal(judge(state, &nobody, START), ROLL_UNSEEN);

    uint32_t ttl = step->wait == ROLL_WAIT_NONE ? 0 : state->roll.largest_ttl;
    if (step->wait == ROLL_WAIT_DS && ttl < DS_TTL)
        ttl = DS_TTL;
    enum roll_verdict first = roll_judge(state, &sight.view, START + 7, &ready);
    assert_int_equal(first, ttl > 0 ? ROLL_EARLY : ROLL_READY);
    assert_int_equal(state->roll.seen, START + 7);
    assert_int_equal(ready, START + 7 + ttl);
    if (ttl > 0)
        assert_int_equal(judge(state, &sight, ready - 1), ROLL_EARLY);
    assert_int_equal(judge(state, &sight, ready), ROLL_READY);
    assert_int_equal(judge(state, &sight, ready + 100000000), ROLL_READY);
}

static void every_step_is_refused_until_it_is_seen_everywhere_and_its_ttl_has_passed(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ROLL_CASES; i++) {
        struct signing_state state = state_of(&roll_cases[i]);
        begin(&roll_cases[i], &state, START, ZONE_TTL);
        size_t steps = 1;
        for (walk_step(&state); !roll_advance(&state, START, ZONE_TTL); walk_step(&state))
            assert_int_equal(state.roll.step, ++steps);
        size_t count;
        assert_non_null(roll_steps(roll_cases[i].kind, roll_cases[i].method, &count));
        assert_int_equal(steps, count);
    }
}

/* After a roll the new keys do what the old ones did, and nothing of the old ones is left. */
static void a_roll_ends_with_the_new_keys_at_work(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ROLL_CASES; i++) {
        const struct roll_case *c = &roll_cases[i];
        struct signing_state state = state_of(c);
        unsigned use = 0;
        begin(c, &state, START, ZONE_TTL);
        while (!roll_advance(&state, START, ZONE_TTL))
            ;
        assert_int_equal(state.roll.kind, ROLL_NONE);
        assert_int_equal(state.roll.step, 0);
        assert_int_equal(state.key_count, c->policy_keys == DNSSEC_KEYS_KSK_ZSK ? 2 : 1);
        for (size_t n = 0; n < state.key_count; n++) {
            assert_int_equal(state.keys[n].part, KEY_STAYS);
            assert_int_equal(state.keys[n].algorithm, c->policy_algorithm);
            use |= state.keys[n].use;
        }
        assert_int_equal(use, KEY_PUBLISHED | KEY_SIGNS_KEYS | KEY_SIGNS_DATA | KEY_WANTS_DS);
    }
}

/* The uses of all keys at each step, as one line: "1=PKDW 3=P" … */
static void describe(const struct signing_state *state, char text[200])
{
    size_t at = 0;
    for (size_t i = 0; i < state->key_count; i++) {
        const struct signing_key *key = &state->keys[i];
        at += (size_t)snprintf(
            text + at, 200 - at, "%s%u=%s%s%s%s", i > 0 ? " " : "", key->tag,
            (key->use & KEY_PUBLISHED) != 0 ? "P" : "", (key->use & KEY_SIGNS_KEYS) != 0 ? "K" : "",
            (key->use & KEY_SIGNS_DATA) != 0 ? "D" : "", (key->use & KEY_WANTS_DS) != 0 ? "W" : "");
    }
}

static void the_uses_of_keys_follow_the_rfcs(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        const char *steps[6];
    } wanted[] = {
        {"zsk", {"1=PKW 2=PD 3=P", "1=PKW 2=P 3=PD", "1=PKW 2= 3=PD"}},
        {"ksk", {"1=PKW 2=PD 3=PK", "1=PK 2=PD 3=PKW", "1= 2=PD 3=PKW"}},
        {"ksk double-ds", {"1=PKW 2=PD 3=W", "1=W 2=PD 3=PKW", "1= 2=PD 3=PKW"}},
        {"csk", {"1=PKDW 3=PK", "1=PKD 3=PKW", "1=P 3=PKDW", "1= 3=PKDW"}},
        {"csk double-ds", {"1=PKDW 3=W", "1=PKDW 3=PKW", "1=P 3=PKDW", "1= 3=PKDW"}},
        {"csk to ksk-zsk",
         {"1=PKDW 3=PK 4=P", "1=PKD 3=PKW 4=P", "1=P 3=PKW 4=PD", "1= 3=PKW 4=PD"}},
        {"algorithm of a csk",
         {"1=PKDW 3=D", "1=PKDW 3=PKD", "1=PKD 3=PKDW", "1=D 3=PKDW", "1= 3=PKDW"}},
        {"algorithm of ksk-zsk",
         {"1=PKW 2=PD 3= 4=D", "1=PKW 2=PD 3=PK 4=PD", "1=PK 2=PD 3=PKW 4=PD", "1= 2=D 3=PKW 4=PD",
          "1= 2= 3=PKW 4=PD"}},
    };
    for (size_t w = 0; w < sizeof wanted / sizeof wanted[0]; w++) {
        size_t i = 0;
        while (strcmp(roll_cases[i].name, wanted[w].name) != 0)
            i++;
        struct signing_state state = state_of(&roll_cases[i]);
        char text[200];
        size_t step = 0;
        begin(&roll_cases[i], &state, START, ZONE_TTL);
        do {
            describe(&state, text);
            assert_non_null(wanted[w].steps[step]);
            assert_string_equal(text, wanted[w].steps[step++]);
        } while (!roll_advance(&state, START, ZONE_TTL));
        assert_null(wanted[w].steps[step]);
    }
}

static const struct roll_case *case_named(const char *name)
{
    size_t i = 0;
    while (strcmp(roll_cases[i].name, name) != 0)
        i++;
    return &roll_cases[i];
}

/* The state at the n-th step of a case, published. */
static struct signing_state at_step(const char *name, unsigned n)
{
    const struct roll_case *c = case_named(name);
    struct signing_state state = state_of(c);
    begin(c, &state, START, ZONE_TTL);
    while (state.roll.step < n)
        assert_false(roll_advance(&state, START, ZONE_TTL));
    state.roll.published = START;
    return state;
}

static void a_server_that_falls_back_starts_the_wait_again(void **unused)
{
    (void)unused;
    struct signing_state state = at_step("csk", 1);
    struct sight sight;

    see_all(&sight, &state);
    assert_int_equal(judge(&state, &sight, START), ROLL_EARLY);
    sight.servers[1].dnskeys = 1;
    assert_int_equal(judge(&state, &sight, START + ZONE_TTL), ROLL_UNSEEN);
    assert_int_equal(state.roll.seen, 0);
    see_all(&sight, &state);
    assert_int_equal(judge(&state, &sight, START + ZONE_TTL), ROLL_EARLY);
}

static void a_server_that_is_silent_only_withholds_the_verdict(void **unused)
{
    (void)unused;
    struct signing_state state = at_step("csk", 1);
    struct sight sight;

    see_all(&sight, &state);
    assert_int_equal(judge(&state, &sight, START), ROLL_EARLY);
    sight.servers[1].trouble = "no answer";
    assert_int_equal(judge(&state, &sight, START + ZONE_TTL), ROLL_UNSEEN);
    assert_int_equal(state.roll.seen, START);
    see_all(&sight, &state);
    assert_int_equal(judge(&state, &sight, START + ZONE_TTL), ROLL_READY);
}

static void a_parent_without_any_ds_holds_up_nothing(void **unused)
{
    (void)unused;
    struct signing_state state = at_step("csk", 2);
    struct sight sight;

    state.roll.largest_ttl = 0;
    see_all(&sight, &state);
    for (size_t i = 0; i < 2; i++)
        sight.parents[i] = (struct roll_parent){.text = "parent"};
    assert_int_equal(judge(&state, &sight, START), ROLL_READY);
    sight.view.parent_count = 0; /* but nobody asked is not an answer */
    state.roll.seen = 0;
    assert_int_equal(judge(&state, &sight, START), ROLL_UNSEEN);
}

static void the_ds_ttl_is_the_larger_of_then_and_now(void **unused)
{
    (void)unused;
    struct signing_state state = at_step("csk", 2);
    struct sight sight;
    int64_t ready;

    see_all(&sight, &state);
    state.roll.largest_ttl = 86400;
    assert_int_equal(roll_judge(&state, &sight.view, START, &ready), ROLL_EARLY);
    assert_int_equal(ready, START + 86400);
    sight.parents[1].ttl = 172800;
    assert_int_equal(roll_judge(&state, &sight.view, START, &ready), ROLL_EARLY);
    assert_int_equal(ready, START + 172800);
}

static void what_is_wrong_is_said_with_key_tags(void **unused)
{
    (void)unused;
    struct signing_state state = at_step("csk", 3); /* 1=P 3=PKDW */
    struct roll_server server = {.text = "ns", .dnskeys = 1, .signs_keys = 1, .signs_data = 1};
    struct roll_parent parent = {.text = "parent", .any = true, .ds = 1};
    char text[ROLL_LACK_OCTETS];

    roll_server_lacks(&state, &server, text);
    assert_string_equal(text, "is without DNSKEY 3, its DNSKEY RRset is signed by 1, "
                              "its DNSKEY RRset is not signed by 3, its SOA is signed by 1, "
                              "its SOA is not signed by 3");
    roll_parent_lacks(&state, &parent, text);
    assert_string_equal(text, "has a DS of 1, is without a DS of 3");
    server.trouble = "no answer";
    roll_server_lacks(&state, &server, text);
    assert_string_equal(text, "no answer");
}

/* Sixteen keys, all of them wrong: the text ends where its room does. */
static void a_long_complaint_is_cut(void **unused)
{
    (void)unused;
    struct signing_state state = {.key_count = STATE_MAX_KEYS};
    char text[ROLL_LACK_OCTETS];

    for (size_t i = 0; i < STATE_MAX_KEYS; i++)
        state.keys[i] = a_key((uint16_t)(60000 + i), 13, SEP_KEY, 15);
    roll_server_lacks(&state, &(struct roll_server){.text = "ns"}, text);
    assert_true(strlen(text) < ROLL_LACK_OCTETS);
    assert_true(strlen(text) > ROLL_LACK_OCTETS - 60);
}

static enum status choose(const char *name, struct roll_wish wish)
{
    const struct roll_case *c = case_named(name);
    struct signing_state state = state_of(c);
    char message[ROLL_MESSAGE_OCTETS] = "";
    struct roll_plan plan;

    wish = wish_of(c, wish);
    enum status status = roll_choose(&state, &wish, &plan, message);
    assert_int_equal(status == STATUS_OK, message[0] == '\0');
    return status;
}

static void wishes_that_do_not_fit_are_refused(void **unused)
{
    (void)unused;
    assert_int_equal(choose("zsk", (struct roll_wish){.ksk = false}), STATUS_INVALID);
    assert_int_equal(choose("zsk", (struct roll_wish){.ksk = true, .zsk = true}), STATUS_INVALID);
    assert_int_equal(choose("zsk", (struct roll_wish){.zsk = true, .double_ds = true}),
                     STATUS_INVALID);
    assert_int_equal(choose("csk", (struct roll_wish){.ksk = true}), STATUS_INVALID);
    assert_int_equal(choose("csk", (struct roll_wish){.zsk = true}), STATUS_INVALID);
    assert_int_equal(choose("algorithm of a csk", (struct roll_wish){.double_ds = true}),
                     STATUS_INVALID);
    assert_int_equal(choose("algorithm of ksk-zsk", (struct roll_wish){.zsk = true}),
                     STATUS_INVALID);
    assert_int_equal(choose("csk", (struct roll_wish){.double_ds = true}), STATUS_OK);
}

static void one_roll_at_a_time(void **unused)
{
    (void)unused;
    const struct roll_wish wish = wish_of(case_named("csk"), (struct roll_wish){.ksk = false});
    struct signing_state state = at_step("csk", 1);
    struct signing_state before = state;
    char message[ROLL_MESSAGE_OCTETS];
    struct roll_plan plan = {
        .kind = ROLL_CSK, .method = ROLL_DOUBLE_SIGNATURE, .incoming_count = 1, .flags = {SEP_KEY}};
    struct signing_key incoming = a_key(5, OLD_ALGORITHM, SEP_KEY, 0);

    assert_int_equal(roll_choose(&state, &wish, &plan, message), STATUS_DENIED);
    assert_int_equal(roll_begin(&state, &plan, &incoming, START, 0), STATUS_DENIED);
    assert_memory_equal(&state, &before, sizeof state);
}

static void a_zone_without_keys_in_use_has_nothing_to_roll(void **unused)
{
    (void)unused;
    const struct roll_wish wish = wish_of(case_named("csk"), (struct roll_wish){.ksk = false});
    struct signing_state state = {.key_count = 1, .keys = {a_key(1, OLD_ALGORITHM, SEP_KEY, 0)}};
    char message[ROLL_MESSAGE_OCTETS];
    struct roll_plan plan;

    assert_int_equal(roll_choose(&state, &wish, &plan, message), STATUS_DENIED);
}

static void a_spare_in_the_state_is_taken_and_a_key_in_use_is_not(void **unused)
{
    (void)unused;
    struct signing_state state = state_of(case_named("csk"));
    const struct roll_plan plan = {
        .kind = ROLL_CSK, .method = ROLL_DOUBLE_SIGNATURE, .incoming_count = 1, .flags = {SEP_KEY}};
    struct signing_key spare = a_key(3, OLD_ALGORITHM, SEP_KEY, 0);

    state.keys[state.key_count++] = spare;
    assert_int_equal(roll_begin(&state, &plan, &state.keys[0], START, 0), STATUS_DENIED);
    assert_int_equal(roll_begin(&state, &plan, &spare, START, 0), STATUS_OK);
    assert_int_equal(state.key_count, 2);
    assert_int_equal(state.keys[1].part, KEY_INCOMING);
    assert_int_equal(state.keys[1].use, KEY_PUBLISHED | KEY_SIGNS_KEYS);
}

static void a_full_state_takes_no_key(void **unused)
{
    (void)unused;
    struct signing_state state = {.key_count = STATE_MAX_KEYS};
    const struct roll_plan plan = {
        .kind = ROLL_CSK, .method = ROLL_DOUBLE_SIGNATURE, .incoming_count = 1, .flags = {SEP_KEY}};
    struct signing_key incoming = a_key(99, OLD_ALGORITHM, SEP_KEY, 0);

    for (size_t i = 0; i < STATE_MAX_KEYS; i++)
        state.keys[i] = a_key((uint16_t)(i + 1), OLD_ALGORITHM, SEP_KEY, i == 0 ? 15 : 0);
    struct signing_state before = state;
    assert_int_equal(roll_begin(&state, &plan, &incoming, START, 0), STATUS_NO_SPACE);
    assert_memory_equal(&state, &before, sizeof state);
}

/* Abort puts back what was there before the roll, to the last bit. */
static void the_first_step_can_be_taken_back(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ROLL_CASES; i++) {
        const struct roll_case *c = &roll_cases[i];
        struct signing_state state = state_of(c);
        struct signing_state before = state;
        char message[ROLL_MESSAGE_OCTETS];
        struct sight sight;

        begin(c, &state, START, ZONE_TTL);
        state.roll.published = START;
        see_all(&sight, &state);
        assert_int_equal(roll_abort(&state, &sight.view, message), STATUS_OK);
        assert_memory_equal(&state, &before, sizeof state);
    }
}

static void no_later_step_can_be_taken_back(void **unused)
{
    (void)unused;
    for (unsigned step = 2; step <= 4; step++) {
        struct signing_state state = at_step("csk", step);
        char message[ROLL_MESSAGE_OCTETS];
        struct sight sight;
        see_all(&sight, &state);
        assert_int_equal(roll_abort(&state, &sight.view, message), STATUS_DENIED);
        assert_int_equal(state.roll.step, step);
    }
}

static void a_parent_that_is_ahead_or_unknown_keeps_the_roll(void **unused)
{
    (void)unused;
    struct signing_state state = at_step("csk", 1);
    char message[ROLL_MESSAGE_OCTETS];
    struct sight sight;

    see_all(&sight, &state);
    sight.parents[1].ds = 2; /* the new key alone */
    assert_int_equal(roll_abort(&state, &sight.view, message), STATUS_DENIED);
    see_all(&sight, &state);
    sight.parents[1].trouble = "no answer";
    assert_int_equal(roll_abort(&state, &sight.view, message), STATUS_DENIED);
    state.roll.published = 0; /* nobody has seen the new key */
    assert_int_equal(roll_abort(&state, &sight.view, message), STATUS_OK);
    assert_int_equal(roll_abort(&state, &sight.view, message), STATUS_DENIED); /* none left */
}

static void a_stored_roll_that_no_table_has_goes_nowhere(void **unused)
{
    (void)unused;
    struct signing_state state = at_step("csk", 1);
    struct sight sight;

    see_all(&sight, &state);
    state.roll.step = 5;
    assert_null(roll_step_of(&state));
    assert_int_equal(judge(&state, &sight, START), ROLL_UNPUBLISHED);
    state.roll.step = 1;
    state.roll.method = ROLL_PRE_PUBLISH;
    assert_null(roll_step_of(&state));
    state.roll.kind = 200;
    assert_null(roll_step_of(&state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_is_refused_until_it_is_seen_everywhere_and_its_ttl_has_passed),
        cmocka_unit_test(a_roll_ends_with_the_new_keys_at_work),
        cmocka_unit_test(the_uses_of_keys_follow_the_rfcs),
        cmocka_unit_test(a_server_that_falls_back_starts_the_wait_again),
        cmocka_unit_test(a_server_that_is_silent_only_withholds_the_verdict),
        cmocka_unit_test(a_parent_without_any_ds_holds_up_nothing),
        cmocka_unit_test(the_ds_ttl_is_the_larger_of_then_and_now),
        cmocka_unit_test(what_is_wrong_is_said_with_key_tags),
        cmocka_unit_test(a_long_complaint_is_cut),
        cmocka_unit_test(wishes_that_do_not_fit_are_refused),
        cmocka_unit_test(one_roll_at_a_time),
        cmocka_unit_test(a_zone_without_keys_in_use_has_nothing_to_roll),
        cmocka_unit_test(a_spare_in_the_state_is_taken_and_a_key_in_use_is_not),
        cmocka_unit_test(a_full_state_takes_no_key),
        cmocka_unit_test(the_first_step_can_be_taken_back),
        cmocka_unit_test(no_later_step_can_be_taken_back),
        cmocka_unit_test(a_parent_that_is_ahead_or_unknown_keeps_the_roll),
        cmocka_unit_test(a_stored_roll_that_no_table_has_goes_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
