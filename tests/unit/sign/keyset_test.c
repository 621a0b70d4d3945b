#include "tests/unit/sign/keyfolder.h"
#include "tests/unit/store/temporary.h"

#include "sign/keyset.h"
#include "store/edit.h"
#include "wire/constants.h"

#include <ldns/ldns.h>

#define KSK (DNSKEY_ZONE | DNSKEY_SEP)
#define ZSK DNSKEY_ZONE

#define USE_KSK (KEY_PUBLISHED | KEY_SIGNS_KEYS | KEY_WANTS_DS)
#define USE_ZSK (KEY_PUBLISHED | KEY_SIGNS_DATA)
#define USE_CSK (USE_KSK | USE_ZSK)

struct signed_zone {
    struct keyfolder folder;
    struct temporary temporary;
    struct store *store;
    struct edit *edit;
    struct config_policy policy;
    struct config_zone zone;
    struct keyset keyset;
};

static int set_up(void **state)
{
    static const struct store_access access = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];
    struct signed_zone *z = calloc(1, sizeof *z);

    *state = z;
    if (z == NULL || temporary_create(&z->temporary) != 0)
        return -1;
    keyfolder_open(&z->folder);
    z->policy.key_dir = z->folder.path;
    z->zone.policy = &z->policy;
    z->zone.domain = z->folder.zone;
    assert_int_equal(store_create(z->temporary.database, &access, &z->store, message), STATUS_OK);
    assert_int_equal(edit_begin(z->store, &z->edit, message), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    struct signed_zone *z = *state;
    edit_abort(z->edit);
    store_close(z->store);
    temporary_destroy(&z->temporary);
    keyfolder_close(&z->folder);
    free(z);
    return 0;
}

static struct keyfile generate(struct signed_zone *z, enum dnssec_algorithm algorithm,
                               uint16_t flags)
{
    return keyfolder_generate(&z->folder, algorithm, flags);
}

static enum status open_with(struct signed_zone *z, const struct rrset *stored)
{
    const struct keyset_sources sources = {.snapshot = edit_snapshot(z->edit), .dnskeys = stored};
    return keyset_open(&z->zone, &sources, z->folder.arena, z->folder.diag, &z->keyset);
}

/* Publishes: from now on the database remembers the keys. */
static void write_state(struct signed_zone *z)
{
    assert_int_equal(state_write(z->edit, &z->zone.domain, &z->keyset.state), STATUS_OK);
}

/* The use that a key got; 0 when it is not among them. */
static unsigned use_of(const struct signed_zone *z, const struct keyfile *key)
{
    for (size_t i = 0; i < z->keyset.count; i++)
        if (z->keyset.keys[i].file->tag == key->tag)
            return z->keyset.keys[i].use;
    return 0;
}

static void expect(struct signed_zone *z, const char *rule, const char *part)
{
    keyfolder_expect(&z->folder, 0, rule, "", part);
}

static void a_zone_without_keys_is_told_what_to_generate(void **state)
{
    struct signed_zone *z = *state;
    assert_int_equal(open_with(z, NULL), STATUS_INVALID);
    assert_int_equal(diag_total(z->folder.diag), 1);
    expect(z, "key-none", "zone cc.example: it has no key; 'zonegen key generate cc.example'");
}

static void a_lone_sep_key_is_a_csk(void **state)
{
    struct signed_zone *z = *state;
    struct keyfile key = generate(z, ALGORITHM_ECDSAP256SHA256, KSK);

    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(z->keyset.count, 1);
    assert_int_equal(use_of(z, &key), USE_CSK);
    assert_int_equal(z->keyset.state.key_count, 1);
    assert_int_equal(z->keyset.state.keys[0].tag, key.tag);
    assert_int_equal(z->keyset.state.keys[0].use, USE_CSK);
    assert_int_equal(z->keyset.state.keys[0].part, KEY_STAYS);
    assert_int_equal(z->keyset.state.roll.kind, ROLL_NONE);
}

static void with_a_zsk_it_is_a_ksk(void **state)
{
    struct signed_zone *z = *state;
    struct keyfile ksk = generate(z, ALGORITHM_ED25519, KSK);
    struct keyfile zsk = generate(z, ALGORITHM_ED25519, ZSK);

    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(use_of(z, &ksk), USE_KSK);
    assert_int_equal(use_of(z, &zsk), USE_ZSK);
}

static void algorithms_are_looked_at_apart(void **state)
{
    struct signed_zone *z = *state;
    struct keyfile csk = generate(z, ALGORITHM_ECDSAP256SHA256, KSK);
    struct keyfile ksk = generate(z, ALGORITHM_ED25519, KSK);

    generate(z, ALGORITHM_ED25519, ZSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(use_of(z, &csk), USE_CSK);
    assert_int_equal(use_of(z, &ksk), USE_KSK);
}

static void a_zsk_alone_is_refused(void **state)
{
    struct signed_zone *z = *state;
    generate(z, ALGORITHM_ED25519, ZSK);
    generate(z, ALGORITHM_ECDSAP256SHA256, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_INVALID);
    assert_int_equal(diag_total(z->folder.diag), 1);
    expect(z, "key-no-ksk",
           "no key of algorithm 15 (ED25519) signs its keys; with that algorithm in the zone's "
           "policy, 'zonegen key generate --spare --ksk cc.example' makes a KSK");
}

static void the_stored_zone_decides_what_is_adopted(void **state)
{
    struct signed_zone *z = *state;
    struct keyfile used = generate(z, ALGORITHM_ED25519, KSK);
    struct keyfile spare = generate(z, ALGORITHM_ED25519, KSK);
    static const uint8_t strange[36] = {1, 1, 3, 15};
    struct rdata items[] = {{strange, sizeof strange}, {used.dnskey, used.dnskey_octets}};
    struct rrset stored = {.type = TYPE_DNSKEY, .count = 2, .items = items};

    assert_int_equal(open_with(z, &stored), STATUS_OK);
    assert_int_equal(z->keyset.count, 1);
    assert_int_equal(use_of(z, &used), USE_CSK);
    assert_int_equal(use_of(z, &spare), 0);
    stored.count = 1; /* none of ours: what the parent vouches for must not go */
    assert_int_equal(open_with(z, &stored), STATUS_INVALID);
    expect(
        z, "key-foreign",
        "it is signed with keys of which none is here, such as 1040 (algorithm 15); bring their "
        "files, or begin anew: have the DS removed, publish once with 'dnssec: off' and --force, "
        "then make a new key");
}

static void what_is_remembered_is_used_and_the_rest_is_spare(void **state)
{
    struct signed_zone *z = *state;
    struct keyfile used = generate(z, ALGORITHM_ED25519, KSK);

    assert_int_equal(open_with(z, NULL), STATUS_OK);
    z->keyset.state.roll.step = 2;
    write_state(z);
    struct keyfile spare = generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(z->keyset.count, 1);
    assert_int_equal(use_of(z, &used), USE_CSK);
    assert_int_equal(use_of(z, &spare), 0);
    assert_int_equal(z->keyset.state.roll.step, 2);
}

static void a_remembered_spare_needs_no_files(void **state)
{
    struct signed_zone *z = *state;
    generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    z->keyset.state.keys[1] = (struct signing_key){.tag = 1, .algorithm = 15, .use = 0};
    z->keyset.state.key_count = 2;
    write_state(z);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(z->keyset.count, 1);
    assert_int_equal(z->keyset.state.key_count, 2);
}

static void a_key_in_use_without_files_is_told(void **state)
{
    struct signed_zone *z = *state;
    struct keyfile ksk = generate(z, ALGORITHM_ED25519, KSK);
    struct keyfile zsk = generate(z, ALGORITHM_ED25519, ZSK);
    char said[64];

    assert_int_equal(open_with(z, NULL), STATUS_OK);
    write_state(z);
    assert_int_equal(keyfile_remove(&ksk, z->folder.arena, z->folder.diag), STATUS_OK);
    assert_int_equal(keyfile_remove(&zsk, z->folder.arena, z->folder.diag), STATUS_OK);
    assert_int_equal(open_with(z, NULL), STATUS_INVALID);
    assert_int_equal(diag_total(z->folder.diag), 2);
    snprintf(said, sizeof said, "bring K...+015+%05u.key", z->keyset.state.keys[0].tag);
    expect(z, "key-missing", said);
}

static void a_key_with_other_octets_under_the_same_tag_is_told(void **state)
{
    struct signed_zone *z = *state;
    generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    z->keyset.state.keys[0].digest[31] ^= 1;
    write_state(z);
    assert_int_equal(open_with(z, NULL), STATUS_INVALID);
    expect(z, "key-changed", "the files here hold another of that tag");
}

static void an_algorithm_that_signs_no_data_is_told(void **state)
{
    struct signed_zone *z = *state;
    generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    z->keyset.state.keys[0].use = USE_KSK;
    write_state(z);
    assert_int_equal(open_with(z, NULL), STATUS_INVALID);
    expect(z, "key-no-zsk", "no key of algorithm 15 (ED25519) signs its data");
}

/* In a roll of algorithms the signatures come before the keys (RFC 4035 §2.2). */
static void an_algorithm_that_is_not_published_need_not_sign_keys(void **state)
{
    struct signed_zone *z = *state;
    struct keyfile old = generate(z, ALGORITHM_ECDSAP256SHA256, KSK);
    struct keyfile fresh = generate(z, ALGORITHM_ED25519, KSK);

    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(z->keyset.state.keys[1].tag, fresh.tag);
    z->keyset.state.keys[1].use = KEY_SIGNS_DATA;
    write_state(z);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(use_of(z, &old), USE_CSK);
    assert_int_equal(use_of(z, &fresh), KEY_SIGNS_DATA);
}

static void damaged_state_is_not_guessed_at(void **state)
{
    struct signed_zone *z = *state;
    static const uint8_t key[] = "\x05\x02"
                                 "cc\x07"
                                 "example";

    generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(edit_put(z->edit, key, sizeof key, key, 5), STATUS_OK);
    assert_int_equal(open_with(z, NULL), STATUS_MALFORMED);
}

static void more_keys_than_can_be_remembered_are_refused(void **state)
{
    struct signed_zone *z = *state;
    for (int i = 0; i <= STATE_MAX_KEYS; i++)
        generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_INVALID);
    expect(z, "key-count", "more than 16 keys");
}

static void without_a_database_keys_are_adopted(void **state)
{
    struct signed_zone *z = *state;
    const struct keyset_sources sources = {.files = NULL};
    generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(keyset_open(&z->zone, &sources, z->folder.arena, z->folder.diag, &z->keyset),
                     STATUS_OK);
    assert_int_equal(z->keyset.count, 1);
}

/* The DNSKEY of a key as ldns has it, for cc.example. */
static ldns_rr *ldns_dnskey(const struct keyfile *key)
{
    uint8_t wire[128] = {2, 'c', 'c', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 48, 0, 1};
    size_t at = 0;
    ldns_rr *rr = NULL;

    wire[21] = key->dnskey_octets;
    memcpy(wire + 22, key->dnskey, key->dnskey_octets);
    assert_int_equal(ldns_wire2rr(&rr, wire, 22u + key->dnskey_octets, &at, LDNS_SECTION_ANSWER),
                     LDNS_STATUS_OK);
    return rr;
}

static void ds_records_are_those_of_ldns(void **state)
{
    struct signed_zone *z = *state;
    static const struct {
        enum ds_digest ours;
        ldns_hash theirs;
    } digests[] = {{DS_SHA256, LDNS_SHA256}, {DS_SHA384, LDNS_SHA384}};
    const struct name upper = name_of("CC.Example");
    struct keyfile key = generate(z, ALGORITHM_ECDSAP256SHA256, KSK);

    for (size_t i = 0; i < 2; i++) {
        struct rdata ours;
        uint8_t theirs[128];
        ldns_buffer buffer;
        ldns_rr *dnskey = ldns_dnskey(&key);
        ldns_rr *ds = ldns_key_rr2ds(dnskey, digests[i].theirs);
        assert_int_equal(keyset_ds(&key, &upper, digests[i].ours, z->folder.arena, &ours),
                         STATUS_OK);
        ldns_buffer_new_frm_data(&buffer, theirs, sizeof theirs);
        ldns_buffer_clear(&buffer);
        assert_int_equal(ldns_rr_rdata2buffer_wire(&buffer, ds), LDNS_STATUS_OK);
        assert_int_equal(ldns_buffer_position(&buffer), ours.length);
        assert_memory_equal(ldns_buffer_begin(&buffer), ours.octets, ours.length);
        free(ldns_buffer_export(&buffer));
        ldns_rr_free(dnskey);
        ldns_rr_free(ds);
    }
}

static size_t make_rrsets(struct signed_zone *z, enum dnssec_cds cds, struct rrset out[3])
{
    size_t count = 0;
    z->policy.cds = cds;
    assert_int_equal(keyset_rrsets(&z->keyset, &z->zone, 3600, z->folder.arena, out, &count),
                     STATUS_OK);
    return count;
}

/* RFC 7344 §4: the same keys in both. */
static void cds_and_cdnskey_name_the_keys_that_want_a_ds(void **state)
{
    struct signed_zone *z = *state;
    struct rrset out[3];
    struct keyfile ksk = generate(z, ALGORITHM_ED25519, KSK);
    struct rdata ds;

    generate(z, ALGORITHM_ED25519, ZSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(make_rrsets(z, DNSSEC_CDS_ON, out), 3);
    assert_int_equal(out[0].type, TYPE_DNSKEY);
    assert_int_equal(out[0].ttl, 3600);
    assert_int_equal(out[0].count, 2);
    assert_int_equal(out[0].items[0].octets[1], 0); /* canonical order: 256 before 257 */
    assert_int_equal(out[1].type, TYPE_CDS);
    assert_int_equal(out[1].count, 1);
    assert_int_equal(keyset_ds(&ksk, &z->zone.domain, DS_SHA256, z->folder.arena, &ds), STATUS_OK);
    assert_int_equal(out[1].items[0].length, ds.length);
    assert_memory_equal(out[1].items[0].octets, ds.octets, ds.length);
    assert_int_equal(out[2].type, TYPE_CDNSKEY);
    assert_int_equal(out[2].count, 1);
    assert_memory_equal(out[2].items[0].octets, ksk.dnskey, ksk.dnskey_octets);
}

static void with_cds_off_there_is_only_dnskey(void **state)
{
    struct signed_zone *z = *state;
    struct rrset out[3];

    generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(make_rrsets(z, DNSSEC_CDS_OFF, out), 1);
    assert_int_equal(out[0].count, 1);
}

static void without_a_key_that_wants_a_ds_there_is_no_cds(void **state)
{
    struct signed_zone *z = *state;
    struct rrset out[3];

    generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    z->keyset.keys[0].use &= ~(unsigned)KEY_WANTS_DS;
    assert_int_equal(make_rrsets(z, DNSSEC_CDS_ON, out), 1);
}

/* RFC 8078 §4. */
static void cds_delete_is_one_record_of_zeros_each(void **state)
{
    struct signed_zone *z = *state;
    struct rrset out[3];

    generate(z, ALGORITHM_ED25519, KSK);
    assert_int_equal(open_with(z, NULL), STATUS_OK);
    assert_int_equal(make_rrsets(z, DNSSEC_CDS_DELETE, out), 3);
    assert_int_equal(out[1].count, 1);
    assert_int_equal(out[1].items[0].length, 5);
    assert_memory_equal(out[1].items[0].octets, "\0\0\0\0\0", 5);
    assert_int_equal(out[2].count, 1);
    assert_int_equal(out[2].items[0].length, 5);
    assert_memory_equal(out[2].items[0].octets, "\0\0\3\0\0", 5);
}

#define WITH_ZONE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_ZONE(a_zone_without_keys_is_told_what_to_generate),
        WITH_ZONE(a_lone_sep_key_is_a_csk),
        WITH_ZONE(with_a_zsk_it_is_a_ksk),
        WITH_ZONE(algorithms_are_looked_at_apart),
        WITH_ZONE(a_zsk_alone_is_refused),
        WITH_ZONE(the_stored_zone_decides_what_is_adopted),
        WITH_ZONE(what_is_remembered_is_used_and_the_rest_is_spare),
        WITH_ZONE(a_remembered_spare_needs_no_files),
        WITH_ZONE(a_key_in_use_without_files_is_told),
        WITH_ZONE(a_key_with_other_octets_under_the_same_tag_is_told),
        WITH_ZONE(an_algorithm_that_signs_no_data_is_told),
        WITH_ZONE(an_algorithm_that_is_not_published_need_not_sign_keys),
        WITH_ZONE(damaged_state_is_not_guessed_at),
        WITH_ZONE(more_keys_than_can_be_remembered_are_refused),
        WITH_ZONE(without_a_database_keys_are_adopted),
        WITH_ZONE(ds_records_are_those_of_ldns),
        WITH_ZONE(cds_and_cdnskey_name_the_keys_that_want_a_ds),
        WITH_ZONE(with_cds_off_there_is_only_dnskey),
        WITH_ZONE(without_a_key_that_wants_a_ds_there_is_no_cds),
        WITH_ZONE(cds_delete_is_one_record_of_zeros_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
