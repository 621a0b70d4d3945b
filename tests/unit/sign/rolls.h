/* Zones with keys, and every roll that they can have: what the tests of rolls walk through. */
#ifndef TESTS_ROLLS_H
#define TESTS_ROLLS_H

#include "sign/keyfile.h"
#include "sign/roll.h"

#include <string.h>

#define SEP_KEY  (DNSKEY_ZONE | DNSKEY_SEP)
#define ZONE_KEY DNSKEY_ZONE

/* A roll: what the zone has, what the policy says, what is wished. */
struct roll_case {
    const char *name;
    bool split; /* the zone has a KSK and a ZSK */
    enum dnssec_keys policy_keys;
    enum dnssec_algorithm policy_algorithm; /* the zone's keys are ECDSAP256SHA256 */
    struct roll_wish wish;
    enum roll_kind kind; /* what comes of it */
    enum roll_method method;
};

#define OLD_ALGORITHM ALGORITHM_ECDSAP256SHA256
#define NEW_ALGORITHM ALGORITHM_ED25519

static const struct roll_case roll_cases[] = {
    {"zsk", true, DNSSEC_KEYS_KSK_ZSK, OLD_ALGORITHM, {.zsk = true}, ROLL_ZSK, ROLL_PRE_PUBLISH},
    {"ksk",
     true,
     DNSSEC_KEYS_KSK_ZSK,
     OLD_ALGORITHM,
     {.ksk = true},
     ROLL_KSK,
     ROLL_DOUBLE_SIGNATURE},
    {"ksk double-ds",
     true,
     DNSSEC_KEYS_KSK_ZSK,
     OLD_ALGORITHM,
     {.ksk = true, .double_ds = true},
     ROLL_KSK,
     ROLL_DOUBLE_DS},
    {"csk", false, DNSSEC_KEYS_CSK, OLD_ALGORITHM, {.ksk = false}, ROLL_CSK, ROLL_DOUBLE_SIGNATURE},
    {"csk double-ds",
     false,
     DNSSEC_KEYS_CSK,
     OLD_ALGORITHM,
     {.double_ds = true},
     ROLL_CSK,
     ROLL_DOUBLE_DS},
    {"csk to ksk-zsk",
     false,
     DNSSEC_KEYS_KSK_ZSK,
     OLD_ALGORITHM,
     {.ksk = false},
     ROLL_CSK,
     ROLL_DOUBLE_SIGNATURE},
    {"csk to ksk-zsk double-ds",
     false,
     DNSSEC_KEYS_KSK_ZSK,
     OLD_ALGORITHM,
     {.double_ds = true},
     ROLL_CSK,
     ROLL_DOUBLE_DS},
    {"ksk-zsk to csk",
     true,
     DNSSEC_KEYS_CSK,
     OLD_ALGORITHM,
     {.ksk = false},
     ROLL_CSK,
     ROLL_DOUBLE_SIGNATURE},
    {"ksk-zsk to csk double-ds",
     true,
     DNSSEC_KEYS_CSK,
     OLD_ALGORITHM,
     {.double_ds = true},
     ROLL_CSK,
     ROLL_DOUBLE_DS},
    {"algorithm of a csk",
     false,
     DNSSEC_KEYS_CSK,
     NEW_ALGORITHM,
     {.ksk = false},
     ROLL_ALGORITHM,
     ROLL_DOUBLE_SIGNATURE},
    {"algorithm of ksk-zsk",
     true,
     DNSSEC_KEYS_KSK_ZSK,
     NEW_ALGORITHM,
     {.ksk = false},
     ROLL_ALGORITHM,
     ROLL_DOUBLE_SIGNATURE},
    {"algorithm, csk to ksk-zsk",
     false,
     DNSSEC_KEYS_KSK_ZSK,
     NEW_ALGORITHM,
     {.ksk = false},
     ROLL_ALGORITHM,
     ROLL_DOUBLE_SIGNATURE},
    {"algorithm, ksk-zsk to csk",
     true,
     DNSSEC_KEYS_CSK,
     NEW_ALGORITHM,
     {.ksk = false},
     ROLL_ALGORITHM,
     ROLL_DOUBLE_SIGNATURE},
};
#define ROLL_CASES (sizeof roll_cases / sizeof roll_cases[0])

static inline struct signing_key a_key(uint16_t tag, uint8_t algorithm, uint16_t flags,
                                       unsigned use)
{
    struct signing_key key = {
        .tag = tag, .algorithm = algorithm, .flags = flags, .use = (uint8_t)use};
    memset(key.digest, tag & 0xff, sizeof key.digest);
    return key;
}

/* Old keys have the tags 1 and 2. */
static inline struct signing_state state_of(const struct roll_case *c)
{
    struct signing_state state = {.key_count = c->split ? 2 : 1};

    if (c->split) {
        state.keys[0] =
            a_key(1, OLD_ALGORITHM, SEP_KEY, KEY_PUBLISHED | KEY_SIGNS_KEYS | KEY_WANTS_DS);
        state.keys[1] = a_key(2, OLD_ALGORITHM, ZONE_KEY, KEY_PUBLISHED | KEY_SIGNS_DATA);
    } else {
        state.keys[0] = a_key(1, OLD_ALGORITHM, SEP_KEY,
                              KEY_PUBLISHED | KEY_SIGNS_KEYS | KEY_SIGNS_DATA | KEY_WANTS_DS);
    }
    return state;
}

/* A wish with the policy of a case. */
static inline struct roll_wish wish_of(const struct roll_case *c, struct roll_wish wish)
{
    wish.algorithm = c->policy_algorithm;
    wish.keys = c->policy_keys;
    return wish;
}

/* Begins the case's roll; new keys have the tags 3 and 4. */
static inline void begin(const struct roll_case *c, struct signing_state *state, int64_t now,
                         uint32_t largest_ttl)
{
    char message[ROLL_MESSAGE_OCTETS] = "";
    struct signing_key incoming[2];
    struct roll_plan plan;

    const struct roll_wish wish = wish_of(c, c->wish);

    enum status status = roll_choose(state, &wish, &plan, message);
    assert_string_equal(message, "");
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(plan.kind, c->kind);
    assert_int_equal(plan.method, c->method);
    for (size_t i = 0; i < plan.incoming_count; i++)
        incoming[i] = a_key((uint16_t)(3 + i), plan.algorithm, plan.flags[i], 0);
    assert_int_equal(roll_begin(state, &plan, incoming, now, largest_ttl), STATUS_OK);
}

/* The keys of a state that do all of `use`: bit n for keys[n]. */
static inline uint16_t doing(const struct signing_state *state, unsigned use)
{
    unsigned set = 0;
    for (size_t i = 0; i < state->key_count; i++) {
        if ((state->keys[i].use & use) == use)
            set |= 1u << i;
    }
    return (uint16_t)set;
}

#endif
