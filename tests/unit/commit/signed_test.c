/* Publishing signed zones: what is signed, what is kept, what is renewed when. */
#include "tests/unit/commit/published.h"
#include "tests/unit/zone/golden.h"

#include "sign/keyfile.h"
#include "sign/nsec.h"
#include "sign/signature.h"

#include <ftw.h>

#define NOW 1795352400 /* 2026-11-22T13:00:00Z */
#define DAY 86400

/* A zone with its keys. */
struct zone_with_keys {
    struct published p;
    struct config_policy policy;
    char folder[128];
    struct arena *arena;
    struct keyset keys;
};

static void start(struct zone_with_keys *z)
{
    published_start(&z->p);
    snprintf(z->folder, sizeof z->folder, "%s/keys", z->p.temporary.folder);
    z->arena = arena_create();
    assert_non_null(z->arena);
    z->policy = (struct config_policy){
        .id = "default",
        .algorithm = ALGORITHM_ECDSAP256SHA256,
        .key_dir = z->folder,
        .rrsig_lifetime = 60 * DAY,
        .rrsig_refresh = 32 * DAY,
        .cds = DNSSEC_CDS_ON,
    };
    z->p.f.zone.dnssec = true;
    z->p.f.zone.policy = &z->policy;
    z->keys = (struct keyset){.count = 0};
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *at)
{
    (void)info;
    (void)flag;
    (void)at;
    return remove(path);
}

static void end(struct zone_with_keys *z)
{
    nftw(z->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_destroy(z->arena);
    published_end(&z->p);
}

static void add_key(struct zone_with_keys *z, enum dnssec_algorithm algorithm, unsigned use)
{
    struct keyfile *file = arena_alloc(z->arena, sizeof *file);
    assert_non_null(file);
    assert_int_equal(keyfile_generate(z->folder, &z->p.f.zone.domain, algorithm,
                                      DNSKEY_ZONE | DNSKEY_SEP, z->arena, z->p.f.diag, file),
                     STATUS_OK);
    z->keys.keys[z->keys.count++] = (struct keyset_key){file, use};
}

#define KEY_ALL (KEY_PUBLISHED | KEY_SIGNS_KEYS | KEY_SIGNS_DATA | KEY_WANTS_DS)

static struct commit_result publish_signed(struct zone_with_keys *z, int64_t now)
{
    struct commit_result result;
    struct arena *arena = arena_create();
    struct build *build = NULL;
    struct edit *edit = begin_edit(z->p.store);

    assert_int_equal(build_open(&z->p.f.rules, arena, z->p.f.diag, &build), STATUS_OK);
    const struct commit_request request = {.edit = edit,
                                           .zone = &z->p.f.zone,
                                           .keys = &z->keys,
                                           .threads = 2,
                                           .now = now,
                                           .diag = z->p.f.diag};
    assert_int_equal(commit_build(&request, build, &result), STATUS_OK);
    build_close(build);
    arena_destroy(arena);
    end_edit(edit);
    return result;
}

static struct commit_result renew(struct zone_with_keys *z, int64_t now)
{
    struct commit_result result;
    struct edit *edit = begin_edit(z->p.store);
    const struct commit_request request = {.edit = edit,
                                           .zone = &z->p.f.zone,
                                           .keys = &z->keys,
                                           .threads = 2,
                                           .now = now,
                                           .diag = z->p.f.diag};
    assert_int_equal(commit_renew(&request, &result), STATUS_OK);
    end_edit(edit);
    return result;
}

/* What a walk over the stored zone finds. */
struct census {
    size_t rrsets;     /* that have to be signed */
    size_t signatures; /* in all */
    size_t unsigned_rrsets;
    uint32_t first_end; /* of the signatures */
    uint32_t last_start;
    size_t chain; /* NSEC records that name the next name */
};

static bool covers(const struct rdata *rdata, uint16_t type, struct signature *out)
{
    assert_int_equal(signature_read(rdata, out), STATUS_OK);
    return out->covered == type;
}

static void count_rrset(struct census *census, const struct node *node, const struct rrset *rrset)
{
    const struct rrset *signatures = node_rrset(node, TYPE_RRSIG);
    size_t found = 0;

    for (size_t i = 0; signatures != NULL && i < signatures->count; i++) {
        struct signature signature;
        if (!covers(&signatures->items[i], rrset->type, &signature))
            continue;
        assert_int_equal(signature.ttl, rrset->ttl);
        if (signature.expiration < census->first_end)
            census->first_end = signature.expiration;
        if (signature.inception > census->last_start)
            census->last_start = signature.inception;
        found++;
    }
    census->rrsets++;
    census->signatures += found;
    census->unsigned_rrsets += found == 0;
}

static struct census take_census(struct zone_with_keys *z)
{
    struct census census = {.first_end = UINT32_MAX};
    struct authority_track track = {.cut = {.length = 0}};
    struct name next = {.length = 0};
    struct name apex = z->p.f.zone.domain;
    struct snapshot *snapshot;
    struct stored_source *stored;
    struct node node;

    assert_int_equal(snapshot_create(z->p.store, &snapshot), STATUS_OK);
    struct zone_record record = record_of(snapshot, "cc.example");
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    while (source.next(source.state, &node) == STATUS_OK) {
        enum authority authority = authority_next(&track, &source, &node);
        const struct rrset *nsec = node_rrset(&node, TYPE_NSEC);
        if (nsec != NULL) {
            census.chain += next.length == 0 || name_equals(next.octets, node.owner.octets);
            name_set(&next, nsec->items[0].octets);
        }
        for (size_t i = 0; i < node.rrset_count; i++)
            if (authority_signs(authority, node.rrsets[i].type))
                count_rrset(&census, &node, &node.rrsets[i]);
    }
    assert_true(next.length == 0 || name_equals(next.octets, apex.octets));
    stored_source_close(stored);
    snapshot_destroy(snapshot);
    return census;
}

static size_t nsec3_count(struct zone_with_keys *z)
{
    static const uint8_t prefix[] = {0x06, 0, 0};
    struct snapshot *snapshot;
    struct item item;
    size_t count = 0;

    assert_int_equal(snapshot_create(z->p.store, &snapshot), STATUS_OK);
    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, prefix, sizeof prefix, &item);
    for (; status == STATUS_OK && memcmp(item.key, prefix, sizeof prefix) == 0; count++)
        status = snapshot_walk(snapshot, WALK_NEXT, NULL, 0, &item);
    snapshot_destroy(snapshot);
    return count;
}

static void every_rrset_is_signed_and_every_name_in_the_chain(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    struct commit_result result = publish_signed(&z, NOW);
    struct census census = take_census(&z);
    assert_int_equal(census.unsigned_rrsets, 0);
    assert_int_equal(census.signatures, census.rrsets);
    assert_int_equal(census.chain, result.names_after);
    assert_zonemd_fits(z.p.store, "cc.example");
    end(&z);
}

static void unchanged_contents_make_no_signature_and_write_nothing(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    publish_signed(&z, NOW);
    uint64_t change = store_last_change(z.p.store);
    struct commit_result result = publish_signed(&z, NOW + DAY);
    assert_false(result.changed);
    assert_int_equal(result.serial, NOW);
    assert_int_equal(result.signatures_made, 0);
    assert_int_equal(store_last_change(z.p.store), change);
    end(&z);
}

static void a_change_signs_what_changed_and_what_says_the_serial(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    publish_signed(&z, NOW);
    z.p.f.zone.ttl++; /* of everything */
    uint32_t all = publish_signed(&z, NOW + 1).signatures_made;
    z.p.f.contacts[0][0].note = "ask for the duty officer";
    struct commit_result result = publish_signed(&z, NOW + 2);
    assert_true(result.changed);
    assert_int_equal(result.serial, NOW + 2);
    assert_true(result.names_changed > 0);
    assert_int_equal(result.names_renewed, 0);
    /* One TXT for each changed name; SOA, ZONEMD, _meta. */
    assert_int_equal(result.signatures_made, result.names_changed + 3);
    assert_true(result.signatures_made * 4 < all);
    assert_int_equal(take_census(&z).unsigned_rrsets, 0);
    assert_zonemd_fits(z.p.store, "cc.example");
    end(&z);
}

static void a_new_name_mends_the_chain(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    publish_signed(&z, NOW);
    add_entry(&z.p.f, "contacts/xb.yaml", "xb", "Somewhere");
    add_contact(&z.p.f, 1, "noc", ROLE_SECURITY);
    struct commit_result result = publish_signed(&z, NOW + 1);
    assert_int_equal(take_census(&z).chain, result.names_after);
    z.p.f.all.entry_count--;
    result = publish_signed(&z, NOW + 2);
    assert_int_equal(take_census(&z).chain, result.names_after);
    end(&z);
}

/* Whatever is kept lives on for `rrsig-refresh`; nothing is renewed before it is due. */
static void daily_publishes_keep_every_signature_alive(void **state)
{
    struct zone_with_keys z;
    size_t renewals = 0;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    uint32_t all = publish_signed(&z, NOW).signatures_made;
    for (int64_t day = 1; day <= 120; day++) {
        int64_t now = NOW + day * DAY;
        struct commit_result result = publish_signed(&z, now);
        struct census census = take_census(&z);
        assert_int_equal(census.unsigned_rrsets, 0);
        assert_true(census.first_end >= now + 32 * DAY);
        assert_true(census.last_start <= now);
        assert_int_equal(result.changed, result.signatures_made > 0);
        assert_int_equal(result.names_changed, 0);
        if (day <= 20)
            assert_int_equal(result.signatures_made, 0);
        renewals += result.signatures_made;
        if (result.changed)
            assert_zonemd_fits(z.p.store, "cc.example");
    }
    assert_in_range(renewals, 3 * all, 8 * all);
    end(&z);
}

static void signatures_of_a_clock_that_was_ahead_are_made_anew(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    uint32_t all = publish_signed(&z, NOW + 365 * DAY).signatures_made;
    struct commit_result result = publish_signed(&z, NOW);
    assert_true(result.changed);
    assert_true(result.signatures_made >= all - 2); /* what says the serial is signed once now */
    assert_int_equal(take_census(&z).last_start, NOW - 3600);
    end(&z);
}

static void a_key_that_comes_signs_everything_and_one_that_goes_leaves_nothing(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    publish_signed(&z, NOW);
    size_t before = take_census(&z).signatures;
    add_key(&z, ALGORITHM_ED25519, KEY_ALL);
    struct commit_result result = publish_signed(&z, NOW + 1);
    assert_true(result.changed);
    assert_int_equal(take_census(&z).signatures, 2 * before);
    z.keys.keys[0] = z.keys.keys[1];
    z.keys.count = 1;
    result = publish_signed(&z, NOW + 2);
    assert_true(result.changed);
    assert_int_equal(take_census(&z).signatures, before);
    assert_false(publish_signed(&z, NOW + 3).changed);
    end(&z);
}

/* A ZSK signs data, a KSK the keys (RFC 4034 §2.1.1). */
static void each_key_signs_what_it_is_for(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_PUBLISHED | KEY_SIGNS_KEYS | KEY_WANTS_DS);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_PUBLISHED | KEY_SIGNS_DATA);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_PUBLISHED);
    publish_signed(&z, NOW);
    struct census census = take_census(&z);
    assert_int_equal(census.unsigned_rrsets, 0);
    assert_int_equal(census.signatures, census.rrsets);
    end(&z);
}

/* The records of a zone without what signing makes, as a zone file; to be freed. */
static char *print_contents(struct zone_with_keys *z)
{
    struct snapshot *snapshot;
    struct stored_source *stored;

    assert_int_equal(snapshot_create(z->p.store, &snapshot), STATUS_OK);
    struct zone_record record = record_of(snapshot, "cc.example");
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    char *text = print_zone(&source);
    stored_source_close(stored);
    snapshot_destroy(snapshot);
    char *kept = calloc(1, strlen(text) + 1);
    assert_non_null(kept);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (!strstr(line, " RRSIG ") && !strstr(line, " NSEC ") && !strstr(line, " SOA ") &&
            !strstr(line, " ZONEMD ") && !strstr(line, "; published="))
            strcat(strcat(kept, line), "\n");
    free(text);
    return kept;
}

static void renewing_leaves_the_contents_as_they_are(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    publish_signed(&z, NOW);
    char *before = print_contents(&z);
    assert_false(renew(&z, NOW + DAY).changed);
    struct commit_result result = renew(&z, NOW + 30 * DAY);
    assert_true(result.changed);
    assert_int_equal(result.serial, NOW + 30 * DAY);
    assert_int_equal(result.names_changed, 0);
    struct census census = take_census(&z);
    assert_int_equal(census.unsigned_rrsets, 0);
    assert_true(census.first_end >= NOW + 62 * DAY);
    char *after = print_contents(&z);
    assert_string_equal(before, after);
    assert_zonemd_fits(z.p.store, "cc.example");
    assert_false(publish_signed(&z, NOW + 31 * DAY).changed);
    free(before);
    free(after);
    end(&z);
}

#define UNSIGNED                                                                                   \
    "$ORIGIN cc.example.\n$TTL 300\n@ SOA ns1 h 4711 3600 900 604800 300\n@ NS ns1\n"              \
    "ns1 A 192.0.2.1\nalias CNAME zz\n*.wild CNAME alias\nzz TXT x\na.b.c TXT y\n"                 \
    "cut NS ns.cut\nns.cut A 192.0.2.2\nsecure NS ns1\n"                                           \
    "secure DS 1 13 2 "                                                                            \
    "0123456789012345678901234567890123456789012345678901234567890123\n"

static void a_zone_that_was_restored_unsigned_is_signed(void **state)
{
    struct zone_with_keys z;
    struct commit_result result;
    (void)state;

    start(&z);
    add_key(&z, ALGORITHM_ED25519, KEY_ALL);
    struct read_zone zone = read_zone_text(UNSIGNED, strlen(UNSIGNED));
    assert_int_equal(zone.status, STATUS_OK);
    struct edit *edit = begin_edit(z.p.store);
    const struct commit_request request = {
        .edit = edit, .zone = &z.p.f.zone, .now = NOW, .diag = zone.diag};
    assert_int_equal(commit_restore(&request, &zone.source, &result), STATUS_OK);
    end_edit(edit);
    drop_zone(&zone);
    result = renew(&z, NOW + 1);
    assert_true(result.changed);
    struct census census = take_census(&z);
    assert_int_equal(census.unsigned_rrsets, 0);
    assert_int_equal(census.chain, 8); /* all names but ns.cut, which is glue */
    /* Aliases answer with the same signatures as their targets, whichever comes first. */
    assert_false(renew(&z, NOW + 2).changed);
    end(&z);
}

/* RFC 5155 §7.1: one record for each name and empty non-terminal, in place of the NSECs. */
static void a_zone_may_be_denied_by_hashes(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    z.policy.denial = DNSSEC_DENIAL_NSEC3;
    struct commit_result result = publish_signed(&z, NOW);
    struct census census = take_census(&z);
    assert_int_equal(census.unsigned_rrsets, 0);
    assert_int_equal(census.chain, 0);
    assert_int_equal(nsec3_count(&z), result.names_after);
    assert_zonemd_fits(z.p.store, "cc.example");
    assert_false(publish_signed(&z, NOW + 1).changed);
    z.p.f.contacts[0][0].note = "ask for the duty officer";
    result = publish_signed(&z, NOW + 2);
    assert_int_equal(result.signatures_made, result.names_changed + 3);
    end(&z);
}

static void the_way_of_denial_can_change_both_ways(void **state)
{
    struct zone_with_keys z;
    (void)state;

    start(&z);
    add_xanadu(&z.p.f);
    add_key(&z, ALGORITHM_ECDSAP256SHA256, KEY_ALL);
    uint32_t names = publish_signed(&z, NOW).names_after;
    z.policy.denial = DNSSEC_DENIAL_NSEC3;
    assert_true(publish_signed(&z, NOW + 1).changed);
    assert_int_equal(take_census(&z).chain, 0);
    assert_int_equal(nsec3_count(&z), names);
    z.policy.denial = DNSSEC_DENIAL_NSEC;
    assert_true(publish_signed(&z, NOW + 2).changed);
    assert_int_equal(take_census(&z).chain, names);
    assert_int_equal(nsec3_count(&z), 0);
    assert_int_equal(take_census(&z).unsigned_rrsets, 0);
    end(&z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rrset_is_signed_and_every_name_in_the_chain),
        cmocka_unit_test(unchanged_contents_make_no_signature_and_write_nothing),
        cmocka_unit_test(a_change_signs_what_changed_and_what_says_the_serial),
        cmocka_unit_test(a_new_name_mends_the_chain),
        cmocka_unit_test(daily_publishes_keep_every_signature_alive),
        cmocka_unit_test(signatures_of_a_clock_that_was_ahead_are_made_anew),
        cmocka_unit_test(a_key_that_comes_signs_everything_and_one_that_goes_leaves_nothing),
        cmocka_unit_test(each_key_signs_what_it_is_for),
        cmocka_unit_test(renewing_leaves_the_contents_as_they_are),
        cmocka_unit_test(a_zone_that_was_restored_unsigned_is_signed),
        cmocka_unit_test(a_zone_may_be_denied_by_hashes),
        cmocka_unit_test(the_way_of_denial_can_change_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
