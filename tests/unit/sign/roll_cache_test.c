/*
 * Proves the tables of rolls: at no moment of any roll may a validating resolver fail, whatever it
 * holds in its caches, however slowly servers and the parent follow, however hasty the operator is.
 *
 * The model. Time goes in ticks. In each, the operator does what may be done (publishes, lets the
 * parent change the DS, runs `key roll`, always as early as it is allowed), then resolvers fetch
 * and validate. A resolver may hold any DNSKEY RRset, any data and any DS RRset that some server
 * showed within the last TTL, in any combination: all of them are tried. Nothing of the tables and
 * of the order of their steps is known here but what the keys' uses mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rolls.h"

#define MAX_TICKS    160
#define AFTER_TICKS  12
#define MAX_CONTENTS 32
#define TAGS         8 /* bit n of a set below is the key with tag n */

/* What a publish brought: sets of tags. */
struct content {
    int at;
    unsigned dnskeys, signs_keys, signs_data;
};

struct ds_set {
    int at;
    unsigned ds;
};

/* How fast the world is. */
struct pace {
    int publish_delay, server_lag[2];
    int parent_delay, parent_lag[2];
    uint32_t zone_ttl, dnskey_ttl, ds_ttl;
    unsigned hasty_step; /* whose wait is too short: shows that it matters; 0: none */
    uint32_t haste;      /* ticks that it is too short */
};

struct world {
    const struct pace *pace;
    struct signing_state state;
    uint8_t algorithms[TAGS];
    size_t content_count, ds_count;
    struct content contents[MAX_CONTENTS]; /* oldest first */
    struct ds_set ds_sets[MAX_CONTENTS];
    int stepped; /* when the step began, or the roll ended */
    bool done;
};

static unsigned tags(const struct signing_state *state, unsigned use)
{
    unsigned set = 0;
    for (size_t i = 0; i < state->key_count; i++) {
        if ((state->keys[i].use & use) == use)
            set |= 1u << state->keys[i].tag;
    }
    return set;
}

static void publish(struct world *w, int tick)
{
    assert_true(w->content_count < MAX_CONTENTS);
    w->contents[w->content_count++] = (struct content){
        tick, tags(&w->state, KEY_PUBLISHED), tags(&w->state, KEY_PUBLISHED | KEY_SIGNS_KEYS),
        tags(&w->state, KEY_SIGNS_DATA)};
    if (w->state.roll.kind != ROLL_NONE && w->state.roll.published == 0)
        w->state.roll.published = tick;
}

/* What a server shows: the newest content that has reached it. */
static const struct content *shown_by(const struct world *w, int server, int tick)
{
    size_t n = w->content_count;
    while (n > 1 && w->contents[n - 1].at + w->pace->server_lag[server] > tick)
        n--;
    return &w->contents[n - 1];
}

static const struct ds_set *ds_shown_by(const struct world *w, int server, int tick)
{
    size_t n = w->ds_count;
    while (n > 1 && w->ds_sets[n - 1].at + w->pace->parent_lag[server] > tick)
        n--;
    return &w->ds_sets[n - 1];
}

static uint16_t to_indexes(const struct signing_state *state, unsigned set)
{
    unsigned out = 0;
    for (size_t i = 0; i < state->key_count; i++)
        out |= (set >> state->keys[i].tag & 1) << i;
    return (uint16_t)out;
}

/* Of what a step replaces. */
static uint32_t largest_ttl(const struct pace *pace, enum roll_wait wait, unsigned step)
{
    uint32_t zone = pace->zone_ttl > pace->dnskey_ttl ? pace->zone_ttl : pace->dnskey_ttl;
    uint32_t ttl = wait == ROLL_WAIT_DS ? pace->ds_ttl : zone;
    if (step != pace->hasty_step)
        return ttl;
    return ttl > pace->haste ? ttl - pace->haste : 0;
}

static enum roll_verdict run_key_roll(struct world *w, int tick)
{
    struct roll_server servers[2];
    struct roll_parent parents[2];
    int64_t ready = -1;

    for (int i = 0; i < 2; i++) {
        const struct content *c = shown_by(w, i, tick);
        const struct ds_set *d = ds_shown_by(w, i, tick);
        servers[i] = (struct roll_server){.text = "ns",
                                          .dnskeys = to_indexes(&w->state, c->dnskeys),
                                          .signs_keys = to_indexes(&w->state, c->signs_keys),
                                          .signs_data = to_indexes(&w->state, c->signs_data)};
        parents[i] =
            (struct roll_parent){.text = "parent",
                                 .any = d->ds != 0,
                                 .ds = to_indexes(&w->state, d->ds),
                                 .ttl = largest_ttl(w->pace, ROLL_WAIT_DS, w->state.roll.step)};
    }
    const struct roll_view view = {2, 2, servers, parents};
    return roll_judge(&w->state, &view, tick, &ready);
}

static void publish_and_tell_the_parent(struct world *w, int tick)
{
    unsigned wanted = tags(&w->state, KEY_WANTS_DS);

    if (w->state.roll.published == 0 && tick >= w->stepped + w->pace->publish_delay)
        publish(w, tick);
    if (wanted != w->ds_sets[w->ds_count - 1].ds && tick >= w->stepped + w->pace->parent_delay)
        w->ds_sets[w->ds_count++] = (struct ds_set){tick, wanted};
}

/* What the operator and the parent do in a tick, before resolvers ask: all that they may. */
static void operate(struct world *w, int tick)
{
    for (int again = 0; again < 3 && !w->done; again++) {
        publish_and_tell_the_parent(w, tick);
        if (run_key_roll(w, tick) != ROLL_READY)
            continue;
        uint32_t ttl =
            largest_ttl(w->pace, roll_waits_next(&w->state, NULL), w->state.roll.step + 1u);
        w->done = roll_advance(&w->state, tick, ttl);
        w->stepped = tick;
        if (w->done) /* the next timer's publish, with what is left */
            publish(w, tick);
    }
}

/* Keys of one algorithm. */
static unsigned of_algorithm(const struct world *w, unsigned set, uint8_t algorithm)
{
    unsigned out = 0;
    for (unsigned i = 0; i < TAGS; i++) {
        if ((set >> i & 1) != 0 && w->algorithms[i] == algorithm)
            out |= 1u << i;
    }
    return out;
}

/* RFC 4035 §5.3, and what strict validators ask: RFC 6840 §5.11, RFC 4035 §2.2. */
static bool validates(const struct world *w, unsigned ds, const struct content *keys,
                      const struct content *data)
{
    static const uint8_t algorithms[] = {OLD_ALGORITHM, NEW_ALGORITHM};
    unsigned entry = ds & keys->dnskeys & keys->signs_keys;
    unsigned signers = keys->dnskeys & data->signs_data;

    if (entry == 0 || signers == 0)
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (of_algorithm(w, ds, algorithms[i]) != 0 && of_algorithm(w, entry, algorithms[i]) == 0)
            return false;
        if (of_algorithm(w, keys->dnskeys, algorithms[i]) != 0 &&
            of_algorithm(w, signers, algorithms[i]) == 0)
            return false;
    }
    return true;
}

/* True when some cache may hold it at `tick`: a server showed it within the TTL. */
static bool may_hold(const struct world *w, const struct content *c, uint32_t ttl, int tick)
{
    for (int fetched = tick; fetched >= tick - (int)ttl; fetched--) {
        if (shown_by(w, 0, fetched) == c || shown_by(w, 1, fetched) == c)
            return true;
    }
    return false;
}

static bool may_hold_ds(const struct world *w, const struct ds_set *d, int tick)
{
    for (int fetched = tick; fetched >= tick - (int)w->pace->ds_ttl; fetched--) {
        if (ds_shown_by(w, 0, fetched) == d || ds_shown_by(w, 1, fetched) == d)
            return true;
    }
    return false;
}

/* Every combination that caches may hold validates. */
static bool everyone_validates(const struct world *w, int tick)
{
    for (size_t k = 0; k < w->content_count; k++) {
        if (!may_hold(w, &w->contents[k], w->pace->dnskey_ttl, tick))
            continue;
        for (size_t d = 0; d < w->content_count; d++) {
            if (!may_hold(w, &w->contents[d], w->pace->zone_ttl, tick))
                continue;
            for (size_t s = 0; s < w->ds_count; s++) {
                if (may_hold_ds(w, &w->ds_sets[s], tick) &&
                    !validates(w, w->ds_sets[s].ds, &w->contents[k], &w->contents[d]))
                    return false;
            }
        }
    }
    return true;
}

/*
 * RFC 7344 §4.1: CDS are signed with a key that is in the DNSKEY and DS RRsets, and do not break
 * the delegation when the parent follows them.
 */
static bool cds_are_acceptable(const struct world *w)
{
    unsigned wanted = tags(&w->state, KEY_WANTS_DS);
    unsigned signers = tags(&w->state, KEY_PUBLISHED | KEY_SIGNS_KEYS);
    return (signers & w->ds_sets[w->ds_count - 1].ds) != 0 && (signers & wanted) != 0;
}

/* Plays one roll to its end. True when nobody ever failed to validate. */
static bool play(const struct roll_case *c, const struct pace *pace)
{
    struct world w = {.pace = pace, .state = state_of(c)};

    for (unsigned tag = 0; tag < TAGS; tag++)
        w.algorithms[tag] = tag < 3 ? OLD_ALGORITHM : (uint8_t)c->policy_algorithm;
    publish(&w, -1000);
    w.ds_sets[w.ds_count++] = (struct ds_set){-1000, tags(&w.state, KEY_WANTS_DS)};
    size_t count;
    const struct roll_step *steps = roll_steps(c->kind, c->method, &count);
    begin(c, &w.state, 0, largest_ttl(pace, steps[0].wait, 1));
    bool fine = true;
    int tick = 0;
    for (; tick < MAX_TICKS && !(w.done && tick > w.stepped + AFTER_TICKS); tick++) {
        operate(&w, tick);
        fine = fine && everyone_validates(&w, tick) && cds_are_acceptable(&w);
    }
    assert_true(w.done); /* the roll ended */
    assert_int_equal(w.state.roll.kind, ROLL_NONE);
    return fine;
}

/* Plays a roll at every pace; returns how many of them left somebody unable to validate. */
static size_t failing_paces(const struct roll_case *c, unsigned hasty_step, uint32_t haste)
{
    static const int lags[][2] = {{0, 0}, {0, 1}, {3, 0}, {2, 3}, {1, 4}};
    static const uint32_t ttls[][3] = {{1, 1, 1}, {4, 2, 1}, {2, 4, 3}, {3, 3, 5}, {5, 1, 2}};
    size_t failed = 0;

    for (size_t n = 0; n < 5 * 5 * 5 * 2 * 2; n++) {
        const int *servers = lags[n % 5];
        const int *parents = lags[n / 5 % 5];
        const uint32_t *ttl = ttls[n / 25 % 5];
        const struct pace pace = {.publish_delay = n / 125 % 2 != 0 ? 3 : 0,
                                  .server_lag = {servers[0], servers[1]},
                                  .parent_delay = n / 250 % 2 != 0 ? 4 : 0,
                                  .parent_lag = {parents[0], parents[1]},
                                  .zone_ttl = ttl[0],
                                  .dnskey_ttl = ttl[1],
                                  .ds_ttl = ttl[2],
                                  .hasty_step = hasty_step,
                                  .haste = haste};
        failed += !play(c, &pace);
    }
    return failed;
}

static void no_resolver_fails_at_any_moment_of_any_roll(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLL_CASES; i++) {
        size_t failed = failing_paces(&roll_cases[i], 0, 0);
        if (failed > 0)
            print_error("%s: %zu paces\n", roll_cases[i].name, failed);
        assert_int_equal(failed, 0);
    }
}

/* A double-DS roll of a CSK has both keys sign DNSKEY at its second step, so that DS TTLs up to
 * that step's length do no harm; longer ones do. */
static bool needed_for_long_ds_only(const struct roll_case *c, unsigned step)
{
    return c->kind == ROLL_CSK && c->method == ROLL_DOUBLE_DS && step == 1;
}

/* The model would notice: a wait that is a tick too short, at any step that has one, breaks. */
static void every_wait_of_every_roll_is_needed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLL_CASES; i++) {
        const struct roll_case *c = &roll_cases[i];
        size_t count;
        const struct roll_step *steps = roll_steps(c->kind, c->method, &count);
        for (unsigned n = 1; n <= count; n++) {
            if (steps[n - 1].wait == ROLL_WAIT_NONE)
                continue;
            size_t failed = failing_paces(c, n, needed_for_long_ds_only(c, n) ? 5 : 1);
            if (failed == 0)
                print_error("%s, step %u\n", c->name, n);
            assert_true(failed > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_resolver_fails_at_any_moment_of_any_roll),
        cmocka_unit_test(every_wait_of_every_roll_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
