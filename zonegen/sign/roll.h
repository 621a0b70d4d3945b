/*
 * Key rolls as tables (RFC 7583; algorithms: RFC 6781 §4.1.4): what each key does at each step,
 * what must be seen in the DNS before the next one, and for how long. Pure: the clock and what was
 * seen come in as arguments; files, the database and the network are others' work.
 *
 * What holds for every step:
 *
 *   - It counts only after a publish (`roll.published`). That publish signs with the keys that sign
 *     at this step and no others: no signature is kept whose key has stopped to sign, so that the
 *     signatures over SOA and DNSKEY tell for the whole zone.
 *   - It is seen when every name server shows exactly what the keys do, no more and no less:
 *     DNSKEYs, and whose signatures are over DNSKEY and over SOA; at a step of the parent, also
 * when every server of the parent has the DS of the keys that want one, and none of the others. A
 *     parent without any DS is fine: nobody validates, nothing can break. What is not known is not
 *     seen.
 *   - Then a TTL must pass, counted from the look that found it everywhere (`roll.seen`): the last
 *     server changed before it. It is the largest one that what the step replaces was published
 *     with (`roll.largest_ttl`): of the whole zone, though the DNSKEY's alone would do at some
 *     steps, since our zones have one TTL for all; of the DS RRset where the parent's is replaced.
 *
 * The DNSKEY RRset is signed by keys that are in it, and only by those: it travels with its
 * signatures, so that none is needed in advance. In an algorithm roll, whose new keys sign before
 * they are published and whose old ones go on signing after they have left (RFC 6840 §5.11: an
 * algorithm that is in the DNSKEY RRset must have signed everything), that is about all RRsets but
 * DNSKEY, CDS and CDNSKEY, which the published keys sign: KEY_SIGNS_DATA without KEY_PUBLISHED.
 */
#ifndef SIGN_ROLL_H
#define SIGN_ROLL_H

#include "conf/settings.h"
#include "sign/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROLL_MESSAGE_OCTETS 200

enum roll_wait {
    ROLL_WAIT_NONE,
    ROLL_WAIT_ZONE, /* until what it replaces in the zone has left the caches */
    ROLL_WAIT_DS,   /* the same of the DS RRset */
};

struct roll_step {
    uint8_t outgoing, incoming; /* enum key_use of a CSK; a KSK or ZSK does its part of it */
    bool at_parent;             /* seen only with the DS as KEY_WANTS_DS says */
    enum roll_wait wait;
    const char *meaning; /* what holds at this step, for people */
};

/* The steps of a kind and method; NULL and `*count` 0 for a pair that does not go together. */
const struct roll_step *roll_steps(enum roll_kind kind, enum roll_method method, size_t *count);

/* The step where a roll stands; NULL without a roll, and where the state holds none that exists. */
const struct roll_step *roll_step_of(const struct signing_state *state);

/* "ZSK", "KSK", "CSK", "algorithm"; "pre-publish", "double-signature", "double-DS". */
const char *roll_kind_name(enum roll_kind kind);
const char *roll_method_name(enum roll_kind kind, enum roll_method method);

/* What people ask for: the policy, and the options. */
struct roll_wish {
    enum dnssec_algorithm algorithm;
    enum dnssec_keys keys;
    bool ksk, zsk;  /* --ksk, --zsk */
    bool double_ds; /* --double-ds */
};

/* What is to be done. */
struct roll_plan {
    enum roll_kind kind;
    enum roll_method method;
    uint8_t algorithm;     /* of the new keys */
    size_t incoming_count; /* 1 or 2 */
    uint16_t flags[2];     /* of their DNSKEYs: DNSKEY_ZONE, with DNSKEY_SEP for a KSK or CSK */
};

/*
 * Chooses what to roll: all keys to the policy's algorithm where one in use has another; all keys
 * where they are not the policy's kind (a CSK for a KSK and a ZSK, or the reverse); a CSK; or the
 * KSK or ZSK, as is wished.
 *
 *   message   on failure: what is wrong with the wish, and what would be right
 *
 * STATUS_OK; STATUS_DENIED (a roll is under way, or no key is in use); STATUS_INVALID (the wish).
 */
MUST_CHECK enum status roll_choose(const struct signing_state *state, const struct roll_wish *wish,
                                   struct roll_plan *out, char message[ROLL_MESSAGE_OCTETS]);

/* The keys that a plan takes out of use: bit n for state->keys[n]. */
uint16_t roll_outgoing(const struct signing_state *state, const struct roll_plan *plan);

/*
 * Puts a roll's first step into the state.
 *
 *   incoming      plan->incoming_count keys: tag, algorithm, flags and digest count. One that is in
 *                 the state as a spare is taken from there
 *   now           seconds since 1970
 *   largest_ttl   of what the first step replaces, seconds; see roll_waits_for()
 *
 * STATUS_OK; STATUS_DENIED (a roll is under way, or one of them is in use); STATUS_NO_SPACE (more
 * than STATE_MAX_KEYS). On failure the state is untouched.
 */
MUST_CHECK enum status roll_begin(struct signing_state *state, const struct roll_plan *plan,
                                  const struct signing_key *incoming, int64_t now,
                                  uint32_t largest_ttl);

/* What a name server shows. Bit n of a set is about state->keys[n]. */
struct roll_server {
    const char *text;    /* "ns1.cc.example 192.0.2.1@53" */
    const char *trouble; /* why nothing is known of it; NULL: the rest holds */
    uint32_t serial;     /* of its SOA */
    uint16_t dnskeys;    /* in its DNSKEY RRset */
    uint16_t signs_keys; /* whose signatures are over that */
    uint16_t signs_data; /* whose signatures are over SOA */
};

/* What someone says about the DS at the parent. */
struct roll_parent {
    const char *text;    /* "resolver", "a.nic.example 192.0.2.9@53" */
    const char *trouble; /* as above */
    bool any;            /* it has a DS RRset */
    uint16_t ds;         /* with a DS of these keys */
    uint32_t ttl;        /* seconds, as its zone has it */
};

struct roll_view {
    size_t server_count, parent_count;
    const struct roll_server *servers;
    const struct roll_parent *parents;
};

/* True when the server, or the parent, shows what the step asks for. Without a roll: what the keys
 * in use ask for. */
bool roll_server_is_right(const struct signing_state *state, const struct roll_server *server);
bool roll_parent_is_right(const struct signing_state *state, const struct roll_parent *parent);

/*
 * Writes what is not as it should be: "DNSKEY 4711 is missing, SOA is not signed by 4711", or what
 * keeps it from being known; "" for one that is right.
 */
#define ROLL_LACK_OCTETS 512
void roll_server_lacks(const struct signing_state *state, const struct roll_server *server,
                       char text[ROLL_LACK_OCTETS]);
void roll_parent_lacks(const struct signing_state *state, const struct roll_parent *parent,
                       char text[ROLL_LACK_OCTETS]);

enum roll_verdict {
    ROLL_UNPUBLISHED, /* the step was not published yet */
    ROLL_UNSEEN,      /* not everywhere */
    ROLL_EARLY,       /* everywhere, its TTL has not passed */
    ROLL_READY,       /* the next step is safe */
};

/*
 * Judges the step where a roll stands.
 *
 *   state   its `roll.seen` is set when the step is first seen everywhere, cleared when somebody
 *           shows again what he must not: caches then fill anew. An answer that is missing only
 *           withholds the verdict.
 *   now     not before the last answer of the view came
 *   ready   when ROLL_EARLY or ROLL_READY: from when on the next step is safe
 */
enum roll_verdict roll_judge(struct signing_state *state, const struct roll_view *view, int64_t now,
                             int64_t *ready);

/*
 * Goes to the next step, or ends the roll after the last one: outgoing keys leave the state,
 * incoming ones stay. Only after ROLL_READY. True when the roll has ended.
 *
 *   largest_ttl   of what the new step replaces, see roll_waits_for(); none after the last
 */
bool roll_advance(struct signing_state *state, int64_t now, uint32_t largest_ttl);

/*
 * What the step after `state`'s replaces, whose largest TTL is then to be handed over. With a plan:
 * of the plan's first step. ROLL_WAIT_NONE where it does not matter.
 */
enum roll_wait roll_waits_next(const struct signing_state *state, const struct roll_plan *plan);

/*
 * Takes a roll back: incoming keys leave the state. Nothing depends on them in the first step, if
 * the parent has not been ahead.
 *
 * STATUS_OK; STATUS_DENIED with `message`: there is no roll, it is beyond its first step, the
 * parent has a DS of an incoming key and none of the others, or is not known though the step was
 * published. The state is then untouched.
 */
MUST_CHECK enum status roll_abort(struct signing_state *state, const struct roll_view *view,
                                  char message[ROLL_MESSAGE_OCTETS]);

#endif
