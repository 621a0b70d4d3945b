#include "sign/roll.h"

#include "sign/keyfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    P = KEY_PUBLISHED,
    K = KEY_SIGNS_KEYS,
    D = KEY_SIGNS_DATA,
    W = KEY_WANTS_DS,
    NOTHING = 0,
    KSK_PART = P | K | W,
    ZSK_PART = P | D,
    EVERYTHING = P | K | D | W,
};

/* RFC 7583 §3.2.1. */
static const struct roll_step zsk_pre_publish[] = {
    {P | D, P, false, ROLL_WAIT_ZONE, "the new key's DNSKEY is in the zone, the old key signs"},
    {P, P | D, false, ROLL_WAIT_ZONE,
     "the new key signs, the old key's DNSKEY stays for signatures in caches"},
    {NOTHING, P | D, false, ROLL_WAIT_NONE, "the old key has left the zone"},
};

/* RFC 7583 §3.3.1. */
static const struct roll_step ksk_double_signature[] = {
    {P | K | W, P | K, false, ROLL_WAIT_ZONE,
     "both DNSKEYs are in the zone and sign the DNSKEY RRset"},
    {P | K, P | K | W, true, ROLL_WAIT_DS, "the parent replaces the old key's DS by the new key's"},
    {NOTHING, P | K | W, false, ROLL_WAIT_NONE, "the old key has left the zone"},
};

/* RFC 7583 §3.3.2. */
static const struct roll_step ksk_double_ds[] = {
    {P | K | W, W, true, ROLL_WAIT_DS, "the parent adds the new key's DS to the old key's"},
    {W, P | K | W, false, ROLL_WAIT_ZONE,
     "the new DNSKEY has taken the old one's place and signs the DNSKEY RRset"},
    {NOTHING, P | K | W, true, ROLL_WAIT_NONE, "the parent removes the old key's DS"},
};

/* A KSK's roll for the DS, then a ZSK's for the data, in one. The old key signs DNSKEY no longer
 * when its DS has left the caches. */
static const struct roll_step csk_double_signature[] = {
    {P | K | D | W, P | K, false, ROLL_WAIT_ZONE,
     "both DNSKEYs are in the zone and sign the DNSKEY RRset, the old key signs all else"},
    {P | K | D, P | K | W, true, ROLL_WAIT_DS,
     "the parent replaces the old key's DS by the new key's"},
    {P, P | K | D | W, false, ROLL_WAIT_ZONE,
     "the new key signs everything, the old key's DNSKEY stays for signatures in caches"},
    {NOTHING, P | K | D | W, false, ROLL_WAIT_NONE, "the old key has left the zone"},
};

/* Both sign DNSKEY at the second step, unlike a KSK's swap: the old key has to stay in it for the
 * data, and its signature is a way more to validate. */
static const struct roll_step csk_double_ds[] = {
    {P | K | D | W, W, true, ROLL_WAIT_DS, "the parent adds the new key's DS to the old key's"},
    {P | K | D | W, P | K | W, false, ROLL_WAIT_ZONE,
     "both DNSKEYs are in the zone and sign the DNSKEY RRset, the old key signs all else"},
    {P, P | K | D | W, true, ROLL_WAIT_ZONE,
     "the new key signs everything; the parent removes the old key's DS"},
    {NOTHING, P | K | D | W, false, ROLL_WAIT_NONE, "the old key has left the zone"},
};

/* RFC 6781 §4.1.4, the conservative way: what is in a DNSKEY RRset signs all that caches hold. */
static const struct roll_step algorithm_double_signature[] = {
    {P | K | D | W, D, false, ROLL_WAIT_ZONE,
     "the zone is signed with both algorithms, the new DNSKEY is not in it yet"},
    {P | K | D | W, P | K | D, false, ROLL_WAIT_ZONE, "the new DNSKEY is in the zone as well"},
    {P | K | D, P | K | D | W, true, ROLL_WAIT_DS,
     "the parent replaces the old key's DS by the new key's"},
    {D, P | K | D | W, false, ROLL_WAIT_ZONE,
     "the old DNSKEY has left the zone, its signatures stay"},
    {NOTHING, P | K | D | W, false, ROLL_WAIT_NONE, "the zone is signed with the new key only"},
};

#define TABLE(kind, method, steps)                                                                 \
    {                                                                                              \
        (kind), (method), (steps), sizeof(steps) / sizeof((steps)[0])                              \
    }

static const struct roll_table {
    enum roll_kind kind;
    enum roll_method method;
    const struct roll_step *steps;
    size_t count;
} tables[] = {
    TABLE(ROLL_ZSK, ROLL_PRE_PUBLISH, zsk_pre_publish),
    TABLE(ROLL_KSK, ROLL_DOUBLE_SIGNATURE, ksk_double_signature),
    TABLE(ROLL_KSK, ROLL_DOUBLE_DS, ksk_double_ds),
    TABLE(ROLL_CSK, ROLL_DOUBLE_SIGNATURE, csk_double_signature),
    TABLE(ROLL_CSK, ROLL_DOUBLE_DS, csk_double_ds),
    TABLE(ROLL_ALGORITHM, ROLL_DOUBLE_SIGNATURE, algorithm_double_signature),
};

const struct roll_step *roll_steps(enum roll_kind kind, enum roll_method method, size_t *count)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (tables[i].kind == kind && tables[i].method == method) {
            *count = tables[i].count;
            return tables[i].steps;
        }
    }
    *count = 0;
    return NULL;
}

const struct roll_step *roll_step_of(const struct signing_state *state)
{
    const struct roll *roll = &state->roll;
    size_t count;
    const struct roll_step *steps = roll_steps(roll->kind, roll->method, &count);

    return steps != NULL && roll->step >= 1 && roll->step <= count ? &steps[roll->step - 1] : NULL;
}

const char *roll_kind_name(enum roll_kind kind)
{
    static const char *const names[] = {"no", "ZSK", "KSK", "CSK", "algorithm"};
    return names[kind];
}

const char *roll_method_name(enum roll_kind kind, enum roll_method method)
{
    static const char *const names[] = {"pre-publish", "double-signature", "double-DS"};
    return kind == ROLL_ALGORITHM ? "conservative" : names[method];
}

static bool is_sep(const struct signing_key *key)
{
    return (key->flags & DNSKEY_SEP) != 0;
}

/* True when a key of the same part is a ZSK: a KSK leaves the data to it. */
static bool has_zsk_beside(const struct signing_state *state, const struct signing_key *key)
{
    for (size_t i = 0; i < state->key_count; i++) {
        const struct signing_key *other = &state->keys[i];
        if (other->part == key->part && !is_sep(other))
            return true;
    }
    return false;
}

/* What a key can do: its share of what the table says for a CSK. */
static unsigned share_of(const struct signing_state *state, const struct signing_key *key)
{
    if (!is_sep(key))
        return ZSK_PART;
    if (state->roll.kind == ROLL_KSK || has_zsk_beside(state, key))
        return KSK_PART;
    return EVERYTHING;
}

/* Gives the keys that take part in the roll what its step says. */
static void apply_step(struct signing_state *state)
{
    const struct roll_step *step = roll_step_of(state);

    for (size_t i = 0; i < state->key_count && step != NULL; i++) {
        struct signing_key *key = &state->keys[i];
        if (key->part != KEY_STAYS)
            key->use = (uint8_t)((key->part == KEY_OUTGOING ? step->outgoing : step->incoming) &
                                 share_of(state, key));
    }
}

static enum status refuse(enum status status, char message[ROLL_MESSAGE_OCTETS], const char *text)
{
    snprintf(message, ROLL_MESSAGE_OCTETS, "%s", text);
    return status;
}

/* What the keys in use are. */
struct in_use {
    size_t count;
    bool zsk;
    bool other_algorithm;
};

static struct in_use look_at_keys(const struct signing_state *state, uint8_t algorithm)
{
    struct in_use found = {0, false, false};

    for (size_t i = 0; i < state->key_count; i++) {
        const struct signing_key *key = &state->keys[i];
        if (key->use == 0)
            continue;
        found.count++;
        found.zsk = found.zsk || !is_sep(key);
        found.other_algorithm = found.other_algorithm || key->algorithm != algorithm;
    }
    return found;
}

/* One of two keys, of a zone that has both and keeps its algorithm. */
static enum status choose_one(const struct roll_wish *wish, struct roll_plan *out,
                              char message[ROLL_MESSAGE_OCTETS])
{
    if (wish->ksk == wish->zsk)
        return refuse(STATUS_INVALID, message,
                      "the zone has a KSK and a ZSK; say which with --ksk or --zsk");
    if (wish->zsk && wish->double_ds)
        return refuse(STATUS_INVALID, message,
                      "a ZSK has no DS; --double-ds goes with --ksk or a CSK");
    out->kind = wish->ksk ? ROLL_KSK : ROLL_ZSK;
    if (wish->zsk)
        out->method = ROLL_PRE_PUBLISH;
    out->incoming_count = 1;
    out->flags[0] = wish->ksk ? DNSKEY_ZONE | DNSKEY_SEP : DNSKEY_ZONE;
    return STATUS_OK;
}

enum status roll_choose(const struct signing_state *state, const struct roll_wish *wish,
                        struct roll_plan *out, char message[ROLL_MESSAGE_OCTETS])
{
    const struct in_use found = look_at_keys(state, (uint8_t)wish->algorithm);
    bool split = wish->keys == DNSSEC_KEYS_KSK_ZSK;

    if (state->roll.kind != ROLL_NONE)
        return refuse(STATUS_DENIED, message, "a roll is under way");
    if (found.count == 0)
        return refuse(STATUS_DENIED, message, "no key is in use; run 'zonegen publish' first");
    *out = (struct roll_plan){
        .kind = found.other_algorithm ? ROLL_ALGORITHM : ROLL_CSK,
        .method = wish->double_ds ? ROLL_DOUBLE_DS : ROLL_DOUBLE_SIGNATURE,
        .algorithm = (uint8_t)wish->algorithm,
        .incoming_count = split ? 2 : 1,
        .flags = {DNSKEY_ZONE | DNSKEY_SEP, DNSKEY_ZONE},
    };
    if (split && found.zsk && !found.other_algorithm)
        return choose_one(wish, out, message);
    if (wish->ksk || wish->zsk)
        return refuse(STATUS_INVALID, message,
                      found.other_algorithm
                          ? "the policy has a new algorithm: all keys roll together, without --ksk "
                            "and --zsk"
                          : "a CSK is involved: all keys roll together, without --ksk and --zsk");
    /* RFC 6840 §5.11: no DS of an algorithm without a DNSKEY of it. */
    if (found.other_algorithm && wish->double_ds)
        return refuse(STATUS_INVALID, message,
                      "a new algorithm's DS comes after its DNSKEY; leave --double-ds out");
    return STATUS_OK;
}

uint16_t roll_outgoing(const struct signing_state *state, const struct roll_plan *plan)
{
    unsigned set = 0;

    for (size_t i = 0; i < state->key_count; i++) {
        const struct signing_key *key = &state->keys[i];
        bool is_meant =
            (plan->kind != ROLL_KSK || is_sep(key)) && (plan->kind != ROLL_ZSK || !is_sep(key));
        if (key->use != 0 && is_meant)
            set |= 1u << i;
    }
    return (uint16_t)set;
}

static bool is_same_key(const struct signing_key *a, const struct signing_key *b)
{
    return a->tag == b->tag && a->algorithm == b->algorithm &&
           memcmp(a->digest, b->digest, STATE_DIGEST_OCTETS) == 0;
}

/* Puts one key into the state as incoming, over its entry as a spare where it has one. */
static enum status add_incoming(struct signing_state *state, const struct signing_key *incoming)
{
    size_t at = 0;
    while (at < state->key_count && !is_same_key(&state->keys[at], incoming))
        at++;
    if (at == STATE_MAX_KEYS)
        return STATUS_NO_SPACE;
    if (at < state->key_count && state->keys[at].use != 0)
        return STATUS_DENIED;
    if (at == state->key_count)
        state->key_count++;
    state->keys[at] = *incoming;
    state->keys[at].use = 0;
    state->keys[at].part = KEY_INCOMING;
    return STATUS_OK;
}

enum status roll_begin(struct signing_state *state, const struct roll_plan *plan,
                       const struct signing_key *incoming, int64_t now, uint32_t largest_ttl)
{
    struct signing_state next = *state;
    uint16_t outgoing = roll_outgoing(state, plan);

    if (state->roll.kind != ROLL_NONE)
        return STATUS_DENIED;
    for (size_t i = 0; i < next.key_count; i++)
        next.keys[i].part = (outgoing >> i & 1) != 0 ? KEY_OUTGOING : KEY_STAYS;
    for (size_t i = 0; i < plan->incoming_count; i++) {
        enum status status = add_incoming(&next, &incoming[i]);
        if (status != STATUS_OK)
            return status;
    }
    next.roll = (struct roll){.kind = (uint8_t)plan->kind,
                              .method = (uint8_t)plan->method,
                              .step = 1,
                              .begun = now,
                              .largest_ttl = largest_ttl};
    apply_step(&next);
    *state = next;
    return STATUS_OK;
}

/* The keys of the state that do `use`; bit n for keys[n]. */
static unsigned users_of(const struct signing_state *state, unsigned use)
{
    unsigned set = 0;
    for (size_t i = 0; i < state->key_count; i++) {
        if ((state->keys[i].use & use) == use)
            set |= 1u << i;
    }
    return set;
}

/* The keys that sign the DNSKEY RRset: those that are in it. */
static unsigned key_signers(const struct signing_state *state)
{
    return users_of(state, KEY_PUBLISHED | KEY_SIGNS_KEYS);
}

bool roll_server_is_right(const struct signing_state *state, const struct roll_server *server)
{
    return server->trouble == NULL && server->dnskeys == users_of(state, KEY_PUBLISHED) &&
           server->signs_keys == key_signers(state) &&
           server->signs_data == users_of(state, KEY_SIGNS_DATA);
}

bool roll_parent_is_right(const struct signing_state *state, const struct roll_parent *parent)
{
    return parent->trouble == NULL && (!parent->any || parent->ds == users_of(state, KEY_WANTS_DS));
}

/* A text that is put together from parts, and cut where its room ends. */
struct text {
    char *out;
    size_t at;
};

static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct text *text, const char *format, ...)
{
    char part[ROLL_LACK_OCTETS];
    va_list list;

    va_start(list, format);
    vsnprintf(part, sizeof part, format, list);
    va_end(list);
    size_t left = ROLL_LACK_OCTETS - text->at;
    int length = snprintf(text->out + text->at, left, "%s%s", text->at > 0 ? ", " : "", part);
    text->at += (size_t)length < left ? (size_t)length : left - 1;
}

/* Says which keys are in one of two sets only, each with its tag. */
static void say_difference(struct text *text, const struct signing_state *state, unsigned wanted,
                           unsigned got, const char *const words[2])
{
    for (size_t i = 0; i < state->key_count; i++) {
        unsigned bit = 1u << i;
        if ((wanted & ~got & bit) != 0)
            say(text, "%s %u", words[0], state->keys[i].tag);
        else if ((got & ~wanted & bit) != 0)
            say(text, "%s %u", words[1], state->keys[i].tag);
    }
}

void roll_server_lacks(const struct signing_state *state, const struct roll_server *server,
                       char text[ROLL_LACK_OCTETS])
{
    static const char *const dnskeys[] = {"is without DNSKEY", "has DNSKEY"};
    static const char *const keys[] = {"its DNSKEY RRset is not signed by",
                                       "its DNSKEY RRset is signed by"};
    static const char *const data[] = {"its SOA is not signed by", "its SOA is signed by"};
    struct text out = {text, 0};

    text[0] = '\0';
    if (server->trouble != NULL) {
        say(&out, "%s", server->trouble);
        return;
    }
    say_difference(&out, state, users_of(state, KEY_PUBLISHED), server->dnskeys, dnskeys);
    say_difference(&out, state, key_signers(state), server->signs_keys, keys);
    say_difference(&out, state, users_of(state, KEY_SIGNS_DATA), server->signs_data, data);
}

void roll_parent_lacks(const struct signing_state *state, const struct roll_parent *parent,
                       char text[ROLL_LACK_OCTETS])
{
    static const char *const ds[] = {"is without a DS of", "has a DS of"};
    struct text out = {text, 0};

    text[0] = '\0';
    if (parent->trouble != NULL)
        say(&out, "%s", parent->trouble);
    else if (parent->any)
        say_difference(&out, state, users_of(state, KEY_WANTS_DS), parent->ds, ds);
}

/* What a look found, somebody's contradiction before anybody's silence. */
enum sight { SIGHT_EVERYWHERE, SIGHT_UNKNOWN, SIGHT_WRONG };

static enum sight worse(enum sight a, enum sight b)
{
    return a > b ? a : b;
}

static enum sight look(const struct signing_state *state, const struct roll_step *step,
                       const struct roll_view *view)
{
    enum sight sight = view->server_count > 0 ? SIGHT_EVERYWHERE : SIGHT_UNKNOWN;

    for (size_t i = 0; i < view->server_count; i++) {
        const struct roll_server *server = &view->servers[i];
        if (!roll_server_is_right(state, server))
            sight = worse(sight, server->trouble != NULL ? SIGHT_UNKNOWN : SIGHT_WRONG);
    }
    if (!step->at_parent)
        return sight;
    if (view->parent_count == 0)
        sight = worse(sight, SIGHT_UNKNOWN);
    for (size_t i = 0; i < view->parent_count; i++) {
        const struct roll_parent *parent = &view->parents[i];
        if (!roll_parent_is_right(state, parent))
            sight = worse(sight, parent->trouble != NULL ? SIGHT_UNKNOWN : SIGHT_WRONG);
    }
    return sight;
}

/* Seconds that must pass. The parent may have raised its TTL since the step began. */
static uint32_t seconds_to_wait(const struct roll *roll, const struct roll_step *step,
                                const struct roll_view *view)
{
    uint32_t seconds = step->wait != ROLL_WAIT_NONE ? roll->largest_ttl : 0;

    for (size_t i = 0; i < view->parent_count && step->wait == ROLL_WAIT_DS; i++) {
        const struct roll_parent *parent = &view->parents[i];
        if (parent->trouble == NULL && parent->any && parent->ttl > seconds)
            seconds = parent->ttl;
    }
    return seconds;
}

enum roll_verdict roll_judge(struct signing_state *state, const struct roll_view *view, int64_t now,
                             int64_t *ready)
{
    const struct roll_step *step = roll_step_of(state);
    struct roll *roll = &state->roll;

    if (step == NULL || roll->published == 0)
        return ROLL_UNPUBLISHED;
    enum sight sight = look(state, step, view);
    if (sight == SIGHT_WRONG)
        roll->seen = 0;
    if (sight != SIGHT_EVERYWHERE)
        return ROLL_UNSEEN;
    if (roll->seen == 0)
        roll->seen = now;
    *ready = roll->seen + seconds_to_wait(roll, step, view);
    return now >= *ready ? ROLL_READY : ROLL_EARLY;
}

/* Takes the keys of one part out of the state; the others stay for good. */
static void end_roll(struct signing_state *state, enum key_part leaving)
{
    size_t kept = 0;
    for (size_t i = 0; i < state->key_count; i++) {
        if (state->keys[i].part == leaving)
            continue;
        state->keys[kept] = state->keys[i];
        state->keys[kept++].part = KEY_STAYS;
    }
    memset(&state->keys[kept], 0, (STATE_MAX_KEYS - kept) * sizeof state->keys[0]);
    state->key_count = kept;
    state->roll = (struct roll){.kind = ROLL_NONE};
}

bool roll_advance(struct signing_state *state, int64_t now, uint32_t largest_ttl)
{
    struct roll *roll = &state->roll;
    size_t count;

    roll_steps(roll->kind, roll->method, &count);
    if (roll->step >= count) {
        end_roll(state, KEY_OUTGOING);
        return true;
    }
    *roll = (struct roll){.kind = roll->kind,
                          .method = roll->method,
                          .step = (uint8_t)(roll->step + 1),
                          .begun = now,
                          .largest_ttl = largest_ttl};
    apply_step(state);
    return false;
}

enum roll_wait roll_waits_next(const struct signing_state *state, const struct roll_plan *plan)
{
    enum roll_kind kind = plan != NULL ? plan->kind : state->roll.kind;
    enum roll_method method = plan != NULL ? plan->method : state->roll.method;
    size_t next = plan != NULL ? 0 : state->roll.step;
    size_t count;

    const struct roll_step *steps = roll_steps(kind, method, &count);
    return next < count ? steps[next].wait : ROLL_WAIT_NONE;
}

/* True when validators that follow the parent would find incoming keys only, or might. */
static bool parent_is_ahead(const struct signing_state *state, const struct roll_parent *parent)
{
    unsigned incoming = 0;
    for (size_t i = 0; i < state->key_count; i++) {
        if (state->keys[i].part == KEY_INCOMING)
            incoming |= 1u << i;
    }
    return parent->trouble == NULL && (parent->ds & incoming) != 0 && (parent->ds & ~incoming) == 0;
}

enum status roll_abort(struct signing_state *state, const struct roll_view *view,
                       char message[ROLL_MESSAGE_OCTETS])
{
    if (state->roll.kind == ROLL_NONE)
        return refuse(STATUS_DENIED, message, "no roll is under way");
    if (state->roll.step != 1)
        return refuse(STATUS_DENIED, message,
                      "only the first step of a roll can be taken back: caches may already need "
                      "the new key; finish this roll, then roll again");
    for (size_t i = 0; i < view->parent_count; i++) {
        if (parent_is_ahead(state, &view->parents[i]))
            return refuse(STATUS_DENIED, message,
                          "the parent has the new key's DS and none of the old key; have the old "
                          "DS put back first");
        if (view->parents[i].trouble != NULL && state->roll.published != 0)
            return refuse(STATUS_DENIED, message,
                          "which DS the parent has is not known; the roll stays");
    }
    for (size_t i = 0; i < state->key_count; i++) {
        if (state->keys[i].part == KEY_OUTGOING)
            state->keys[i].use = (uint8_t)share_of(state, &state->keys[i]);
    }
    end_roll(state, KEY_INCOMING);
    return STATUS_OK;
}
