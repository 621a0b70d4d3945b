/*
 * Which records deny: a plain reading of RFC 4035 §3.1.3 and RFC 5155 §7.2 over random zones, where
 * each record that denies says nothing but the name it belongs to.
 */
#include "tests/unit/store/sample.h"
#include "tests/unit/store/temporary.h"

#include "store/denial.h"

#include <openssl/evp.h>

#define MAX_CHAIN 256

/* Who denies what in one zone: its names with NSEC or NSEC3, and the order that they have. */
struct chain {
    bool hashed;
    bool opt_out; /* cuts, and empty non-terminals for them alone, have no NSEC3 */
    size_t count;
    struct name names[MAX_CHAIN];
    uint8_t hashes[MAX_CHAIN][NSEC3_HASH_OCTETS];
};

static bool sha1(void *state, const uint8_t *octets, size_t length, uint8_t hash[NSEC3_HASH_OCTETS])
{
    (void)state;
    return EVP_Digest(octets, length, hash, NULL, EVP_sha1(), NULL) == 1;
}

static const struct nsec3_hashing hashing = {
    .iterations = 2, .salt_octets = 2, .salt = (const uint8_t *)"\xab\xcd", .sha1 = sha1};

static void hash_of(const uint8_t *name, uint8_t hash[NSEC3_HASH_OCTETS])
{
    assert_int_equal(nsec3_hash(&hashing, name, hash), STATUS_OK);
}

static const struct name *in_chain(const struct chain *chain, const uint8_t *name)
{
    for (size_t i = 0; i < chain->count; i++)
        if (name_equals(chain->names[i].octets, name))
            return &chain->names[i];
    return NULL;
}

static void add_to_chain(struct chain *chain, const uint8_t *name)
{
    if (in_chain(chain, name))
        return;
    assert_true(chain->count < MAX_CHAIN);
    name_set(&chain->names[chain->count], name);
    hash_of(name, chain->hashes[chain->count++]);
}

/* RFC 4034 §4, RFC 5155 §7.1. */
static void make_chain(struct chain *chain, const struct sample *zone, bool hashed, bool opt_out)
{
    *chain = (struct chain){.hashed = hashed, .opt_out = opt_out};
    for (size_t i = 0; i < zone->count; i++) {
        const uint8_t *name = zone->names[i].octets;
        if (!is_signed(zone, name) || (opt_out && zone->cut[i]))
            continue;
        add_to_chain(chain, name);
        for (; hashed && *name != 0; name = name_parent(name, 1)) /* empty non-terminals */
            add_to_chain(chain, name);
    }
}

/* The order of two names in the chain. */
static int chain_order(const struct chain *chain, const uint8_t *a, const uint8_t *b)
{
    uint8_t left[NSEC3_HASH_OCTETS];
    uint8_t right[NSEC3_HASH_OCTETS];

    if (!chain->hashed)
        return name_compare(a, b);
    hash_of(a, left);
    hash_of(b, right);
    return memcmp(left, right, sizeof left);
}

/* The name of the chain that comes last before another; before the first comes the last. */
static const struct name *before(const struct chain *chain, const uint8_t *name)
{
    const struct name *best = NULL;
    const struct name *last = NULL;

    for (size_t i = 0; i < chain->count; i++) {
        const struct name *at = &chain->names[i];
        if (!last || chain_order(chain, at->octets, last->octets) > 0)
            last = at;
        if (chain_order(chain, at->octets, name) < 0 &&
            (!best || chain_order(chain, at->octets, best->octets) > 0))
            best = at;
    }
    return best ? best : last;
}

/* What must be yielded. */
struct want {
    const struct chain *chain;
    size_t count;
    const struct name *names[8];
};

static void want(struct want *want, const struct name *name)
{
    assert_non_null(name);
    for (size_t i = 0; i < want->count; i++)
        if (want->names[i] == name)
            return;
    want->names[want->count++] = name;
}

static void want_match(struct want *out, const uint8_t *name)
{
    want(out, in_chain(out->chain, name));
}

static void want_cover(struct want *out, const uint8_t *name)
{
    want(out, before(out->chain, name));
}

static struct name wildcard_at(const uint8_t *encloser)
{
    struct name wildcard;
    assert_int_equal(name_prepend(&wildcard, (const uint8_t *)"*", 1, encloser), STATUS_OK);
    return wildcard;
}

static const uint8_t *ancestor(const uint8_t *name, size_t depth)
{
    return name_parent(name, name_labels(name) - depth);
}

/* The closest encloser proof, for the closest encloser that has a record. Returns its depth. */
static size_t want_encloser(struct want *out, const uint8_t *name, size_t depth)
{
    while (!in_chain(out->chain, ancestor(name, depth)))
        depth--;
    want_match(out, ancestor(name, depth));
    want_cover(out, ancestor(name, depth + 1));
    return depth;
}

static void want_existing(struct want *out, const uint8_t *name)
{
    if (in_chain(out->chain, name))
        want_match(out, name);
    else
        want_encloser(out, name, name_labels(name));
}

/* RFC 5155 §7.2. */
static void want_nsec3(struct want *out, const uint8_t *name, const struct found *found,
                       enum denial_claim claim)
{
    size_t depth = found->encloser;
    struct name wildcard = wildcard_at(ancestor(name, depth));

    if (claim == DENIAL_OF_CLOSER) {
        want_cover(out, ancestor(name, depth + 1));
    } else if (claim == DENIAL_OF_DS) {
        want_existing(out, ancestor(name, found->node.cut));
    } else if (found->outcome == LOOKUP_NODE || depth == name_labels(name)) {
        want_existing(out, name);
    } else if (found->outcome == LOOKUP_NOTHING) {
        depth = want_encloser(out, name, depth);
        wildcard = wildcard_at(ancestor(name, depth));
        if (!in_chain(out->chain, wildcard.octets)) /* else nothing can deny it: see the test */
            want_cover(out, wildcard.octets);
    } else if (in_chain(out->chain, ancestor(name, depth))) {
        want_encloser(out, name, depth);
        if (in_chain(out->chain, wildcard.octets))
            want_match(out, wildcard.octets);
    }
}

/* RFC 4035 §3.1.3, §3.1.4. */
static void want_nsec(struct want *out, const uint8_t *name, const struct found *found,
                      enum denial_claim claim)
{
    struct name wildcard = wildcard_at(ancestor(name, found->encloser));

    if (claim == DENIAL_OF_DS) {
        want_match(out, ancestor(name, found->node.cut));
    } else if (claim == DENIAL_OF_CLOSER) {
        want_cover(out, name);
    } else if (found->outcome == LOOKUP_NODE) {
        want_match(out, name);
    } else {
        want_cover(out, name);
        if (found->outcome == LOOKUP_WILDCARD)
            want_match(out, wildcard.octets);
        else if (found->encloser < name_labels(name))
            want_cover(out, wildcard.octets);
    }
}

static void put_chain(struct store *store, const struct chain *chain, uint16_t number)
{
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit;

    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    for (size_t i = 0; i < chain->count; i++) {
        const struct nsec3_value made = {.records = 1,
                                         .flags = chain->opt_out ? NSEC3_OPT_OUT : 0,
                                         .octets = chain->names[i].octets,
                                         .length = chain->names[i].length};
        uint8_t key[NSEC3_KEY_OCTETS];
        uint8_t value[64];
        struct writer w = writer_of(value, sizeof value);
        nsec3_key(key, number, chain->hashes[i]);
        nsec3_value_write(&w, key, &made);
        assert_int_equal(edit_put(edit, key, sizeof key, value, writer_length(&w)), STATUS_OK);
    }
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

static void assert_proofs(const struct denial *denial, const struct want *want)
{
    assert_int_equal(denial->count, want->count);
    for (size_t i = 0; i < denial->count; i++) {
        bool wanted = false;
        for (size_t k = 0; k < want->count; k++)
            wanted = wanted || name_equals(want->names[k]->octets, denial->proofs[i].octets);
        assert_true(wanted);
        assert_int_equal(denial->proofs[i].records, 1);
    }
}

static void assert_denied(struct snapshot *snapshot, const struct chain *chain, uint16_t number,
                          const struct name *name)
{
    const struct denial_zone zone = {snapshot, chain->hashed ? &hashing : NULL};
    struct denial denial = {.count = 0};
    struct want want = {.chain = chain};
    struct found found;
    struct key key;

    key_of_name(&key, number, name->octets, name_labels(name->octets));
    assert_int_equal(lookup(snapshot, &key, &found), STATUS_OK);
    const struct denial_name asked = {name->octets, &key, &found};
    enum denial_claim claim = found.outcome == LOOKUP_CUT ? DENIAL_OF_DS : DENIAL_OF_DATA;
    if (found.outcome == LOOKUP_WILDCARD && random() % 2 == 0)
        claim = DENIAL_OF_CLOSER;
    (chain->hashed ? want_nsec3 : want_nsec)(&want, name->octets, &found, claim);
    assert_int_equal(denial_add(&zone, &asked, claim, &denial), STATUS_OK);
    assert_proofs(&denial, &want);
    /* The same again adds nothing (RFC 4035 §3.1.3.2). */
    assert_int_equal(denial_add(&zone, &asked, claim, &denial), STATUS_OK);
    assert_int_equal(denial.count, want.count);
}

/* Two zones side by side, so that neighbours of one lie in the other. */
static void deny_in_random_zones(bool hashed, bool opt_out)
{
    static struct chain chains[2];

    int rounds = getenv("SHORT") != NULL ? 8 : 40; /* sanitizers are slow: they get a sample */

    for (int round = 0; round < rounds; round++) {
        char message[STORE_MESSAGE_OCTETS];
        const struct store_access access = {.shared = false};
        struct temporary temporary;
        struct store *store;
        struct snapshot *snapshot;

        assert_int_equal(temporary_create(&temporary), 0);
        assert_int_equal(store_create(temporary.database, &access, &store, message), STATUS_OK);
        for (uint16_t z = 0; z < 2; z++) {
            struct sample zone = random_zone();
            put_zone(store, &zone, (uint16_t)(z * 0xffff));
            make_chain(&chains[z], &zone, hashed, opt_out);
            if (hashed)
                put_chain(store, &chains[z], (uint16_t)(z * 0xffff));
        }
        assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
        for (int query = 0; query < 500; query++) {
            struct name name = random_name();
            int z = query % 2;
            assert_denied(snapshot, &chains[z], (uint16_t)(z * 0xffff), &name);
        }
        snapshot_destroy(snapshot);
        store_close(store);
        temporary_destroy(&temporary);
    }
}

static void nsec_is_chosen_by_a_plain_reading_of_rfc_4035(void **state)
{
    (void)state;
    srandom(1);
    deny_in_random_zones(false, false);
}

static void nsec3_is_chosen_by_a_plain_reading_of_rfc_5155(void **state)
{
    (void)state;
    srandom(2);
    deny_in_random_zones(true, false);
}

static void what_opted_out_is_denied_by_the_closest_provable_encloser(void **state)
{
    (void)state;
    srandom(3);
    deny_in_random_zones(true, true);
}

/* A zone of an apex, and NSEC3 records of some names, all with these flags. */
struct small {
    struct temporary temporary;
    struct store *store;
    struct snapshot *snapshot;
};

static void small_create(struct small *small, const char *const *names, size_t count, bool opt_out)
{
    static struct chain chain;
    char message[STORE_MESSAGE_OCTETS];
    const struct store_access access = {.shared = false};
    const struct sample zone = {.count = 1, .names = {{.length = 1}}};

    chain = (struct chain){.hashed = true, .opt_out = opt_out};
    assert_int_equal(temporary_create(&small->temporary), 0);
    assert_int_equal(store_create(small->temporary.database, &access, &small->store, message),
                     STATUS_OK);
    put_zone(small->store, &zone, 0);
    for (size_t i = 0; i < count; i++) {
        struct name name;
        assert_int_equal(name_from_text(&name, names[i], strlen(names[i])), STATUS_OK);
        add_to_chain(&chain, name.octets);
    }
    put_chain(small->store, &chain, 0);
    assert_int_equal(snapshot_create(small->store, &small->snapshot), STATUS_OK);
}

static void small_destroy(struct small *small)
{
    snapshot_destroy(small->snapshot);
    store_close(small->store);
    temporary_destroy(&small->temporary);
}

static enum status deny(const struct small *small, const char *text, struct denial *denial)
{
    const struct denial_zone zone = {small->snapshot, &hashing};
    struct name name;
    struct found found;
    struct key key;

    denial->count = 0;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    key_of_name(&key, 0, name.octets, name_labels(name.octets));
    assert_int_equal(lookup(small->snapshot, &key, &found), STATUS_OK);
    const struct denial_name asked = {name.octets, &key, &found};
    return denial_add(&zone, &asked, DENIAL_OF_DATA, denial);
}

/* RFC 5155 §7.2.9: the hash of a name that does not exist, or of its wildcard, is in the chain. */
static void a_collision_is_servfail(void **state)
{
    static const char *const next_closer[] = {".", "a", "zz"};
    static const char *const wildcard[] = {".", "*", "zz"};
    struct denial denial;
    struct small small;
    (void)state;

    small_create(&small, next_closer, 3, false);
    assert_int_equal(deny(&small, "x.a", &denial), STATUS_MALFORMED);
    assert_int_equal(deny(&small, "b", &denial), STATUS_OK);
    small_destroy(&small);
    small_create(&small, wildcard, 3, false);
    assert_int_equal(deny(&small, "b", &denial), STATUS_MALFORMED);
    small_destroy(&small);
}

/* The apex has no NSEC3, and what covers it has not opted out: it would deny what exists. */
static void a_broken_chain_proves_nothing_wrong(void **state)
{
    static const char *const names[] = {"a", "b"};
    struct denial denial;
    struct small small;
    (void)state;

    small_create(&small, names, 2, false);
    assert_int_equal(deny(&small, ".", &denial), STATUS_OK);
    assert_int_equal(denial.count, 0);
    small_destroy(&small);
    small_create(&small, names, 0, false);
    assert_int_equal(deny(&small, "c", &denial), STATUS_OK);
    assert_int_equal(denial.count, 0);
    small_destroy(&small);
}

/* However much glue there is: the NSEC before a name is that of the cut. */
static void what_lies_below_a_cut_is_jumped_over(void **state)
{
    char message[STORE_MESSAGE_OCTETS];
    const struct store_access access = {.shared = false};
    struct sample zone = {.count = 2, .names = {{.length = 1}}, .cut = {false, true}};
    struct temporary temporary;
    struct store *store;
    struct snapshot *snapshot;
    static struct chain chain;
    (void)state;

    assert_int_equal(name_from_text(&zone.names[1], "cut", 3), STATUS_OK);
    for (; zone.count < MAX_NODES; zone.count++) {
        char text[32];
        int length = snprintf(text, sizeof text, "ns%zu.cut", zone.count);
        assert_int_equal(name_from_text(&zone.names[zone.count], text, (size_t)length), STATUS_OK);
    }
    assert_int_equal(temporary_create(&temporary), 0);
    assert_int_equal(store_create(temporary.database, &access, &store, message), STATUS_OK);
    put_zone(store, &zone, 0);
    make_chain(&chain, &zone, false, false);
    assert_int_equal(chain.count, 2);
    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    struct name behind;
    assert_int_equal(name_from_text(&behind, "d", 1), STATUS_OK);
    assert_denied(snapshot, &chain, 0, &behind);
    snapshot_destroy(snapshot);
    store_close(store);
    temporary_destroy(&temporary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nsec_is_chosen_by_a_plain_reading_of_rfc_4035),
        cmocka_unit_test(nsec3_is_chosen_by_a_plain_reading_of_rfc_5155),
        cmocka_unit_test(what_opted_out_is_denied_by_the_closest_provable_encloser),
        cmocka_unit_test(what_lies_below_a_cut_is_jumped_over),
        cmocka_unit_test(a_collision_is_servfail),
        cmocka_unit_test(a_broken_chain_proves_nothing_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
