/*
 * Every answer for the signed sample before ldns: for each name and type that there is, for types
 * that a name has not, and for names that are not there, each signature must verify and each denial
 * must prove what the RCODE says. Run with the folder of the sample contacts as its argument.
 */
#include "tests/unit/server/asked.h"

#include "contacts/contacts.h"
#include "zone/build.h"
#include "zone/stored_source.h"

#include <ftw.h>
#include <ldns/ldns.h>
#include <time.h>

static const char *contacts_folder;

/* ldns 1.8.3 loses names when it verifies denials. contactd does not link it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libldns.so\n";
}

struct oracle {
    struct served served;
    char keys_folder[128];
    struct config_policy policy;
    struct config_nameserver nameserver;
    struct prefix address;
    ldns_rr_list *dnskeys;
    time_t now;
    size_t positive, negative; /* answers that were judged */
    size_t stride; /* of the names that are judged; sanitizers are slow: they get a sample */
};

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *at)
{
    (void)info;
    (void)flag;
    (void)at;
    return remove(path);
}

static void configure(struct oracle *oracle, enum dnssec_denial denial)
{
    struct config_zone *zone = &oracle->served.zone_configs[0];

    snprintf(oracle->keys_folder, sizeof oracle->keys_folder, "%s/keys",
             oracle->served.temporary.folder);
    oracle->policy = (struct config_policy){
        .algorithm = ALGORITHM_ECDSAP256SHA256,
        .key_dir = oracle->keys_folder,
        .rrsig_lifetime = 60 * 86400,
        .rrsig_refresh = 32 * 86400,
        .denial = denial,
    };
    oracle->address = (struct prefix){AF_INET, {192, 0, 2, 53}, 32};
    assert_int_equal(name_from_text(&oracle->nameserver.name, "ns1.cc.example", 14), STATUS_OK);
    oracle->nameserver.address_count = 1;
    oracle->nameserver.addresses = &oracle->address;
    *zone = (struct config_zone){
        .nameserver_count = 1,
        .nameservers = &oracle->nameserver,
        .ttl = 14400,
        .negative_ttl = 300,
        .refresh = 3600,
        .retry = 900,
        .expire = 2419200,
        .zonemd = true,
        .dnssec = true,
        .policy = &oracle->policy,
    };
    assert_int_equal(name_from_text(&zone->domain, "cc.example", 10), STATUS_OK);
    assert_int_equal(name_from_text(&zone->hostmaster, "hostmaster.cc.example", 21), STATUS_OK);
    oracle->served.config.zone_count = 1;
}

/* Reads the sample, builds, signs and publishes it. */
static void publish(struct oracle *oracle)
{
    struct served *served = &oracle->served;
    struct config_zone *zone = &served->zone_configs[0];
    struct delegated_list delegated;
    struct contacts contacts;
    struct keyfile key;
    struct build *build;
    struct commit_result result;
    struct edit *edit;
    char message[STORE_MESSAGE_OCTETS];

    assert_int_equal(delegated_read(NULL, served->arena, served->diag, &delegated), STATUS_OK);
    const struct contacts_rules rules = {.delegated = delegated,
                                         .freshness = {150, 180, 400},
                                         .today = (int32_t)(oracle->now / 86400)};
    assert_int_equal(
        contacts_read(&contacts_folder, 1, &rules, served->arena, served->diag, &contacts),
        STATUS_OK);
    const struct build_rules build_rules = {.zone = zone,
                                            .contacts = &contacts,
                                            .delegated = &delegated,
                                            .freshness = rules.freshness,
                                            .today = rules.today};
    assert_int_equal(build_open(&build_rules, served->arena, served->diag, &build), STATUS_OK);
    assert_int_equal(keyfile_generate(oracle->keys_folder, &zone->domain, ALGORITHM_ECDSAP256SHA256,
                                      DNSKEY_ZONE | DNSKEY_SEP, served->arena, served->diag, &key),
                     STATUS_OK);
    struct keyset keys = {.count = 1, .keys = {{&key, 15}}};
    assert_int_equal(edit_begin(served->store, &edit, message), STATUS_OK);
    const struct commit_request request = {.edit = edit,
                                           .zone = zone,
                                           .keys = &keys,
                                           .now = (int64_t)oracle->now,
                                           .diag = served->diag};
    assert_int_equal(commit_build(&request, build, &result), STATUS_OK);
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
    build_close(build);
    assert_true(result.entries_after >= 300);
}

/* Asks with DO; by TCP, so that nothing is left out. */
static ldns_pkt *ask_ldns(const struct oracle *oracle, const struct name *name, uint16_t type)
{
    static uint8_t message[MESSAGE_OCTETS];
    struct query query = query_of(name, type, CLASS_IN, 1232);
    ldns_pkt *packet = NULL;

    size_t length = ask(&oracle->served, &query, TRANSPORT_TCP, message);
    assert_int_equal(ldns_wire2pkt(&packet, message, length), LDNS_STATUS_OK);
    return packet;
}

static void complain(const struct name *name, uint16_t type, const char *what, ldns_pkt *packet)
{
    char text[NAME_TEXT_OCTETS];
    name_to_text(name->octets, text);
    print_error("%s type %u: %s\n", text, type, what);
    ldns_pkt_print(stderr, packet);
    fail();
}

/* The records of one type in a section, owners aside. */
static ldns_rr_list *pick(const ldns_rr_list *section, ldns_rr_type type)
{
    ldns_rr_list *found = ldns_rr_list_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
        if (ldns_rr_get_type(ldns_rr_list_rr(section, i)) == type)
            ldns_rr_list_push_rr(found, ldns_rr_list_rr(section, i));
    return found;
}

/* The records, or the signatures over them, of one owner and type. */
static ldns_rr_list *pick_set(const ldns_rr_list *section, const ldns_rr *like, bool signatures)
{
    ldns_rr_list *found = ldns_rr_list_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        ldns_rr *rr = ldns_rr_list_rr(section, i);
        bool is_signature = ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG;
        ldns_rr_type type =
            is_signature ? ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) : ldns_rr_get_type(rr);
        if (is_signature == signatures && type == ldns_rr_get_type(like) &&
            ldns_dname_compare(ldns_rr_owner(rr), ldns_rr_owner(like)) == 0)
            ldns_rr_list_push_rr(found, rr);
    }
    return found;
}

/* Each RRset of a section has signatures, and they verify. */
static const char *judge_section(const struct oracle *oracle, const ldns_rr_list *section)
{
    const char *complaint = NULL;

    for (size_t i = 0; i < ldns_rr_list_rr_count(section) && complaint == NULL; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(section, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG)
            continue;
        ldns_rr_list *set = pick_set(section, rr, false);
        ldns_rr_list *signatures = pick_set(section, rr, true);
        if (ldns_rr_list_rr(set, 0) == rr) { /* once for each RRset */
            if (ldns_rr_list_rr_count(signatures) == 0)
                complaint = "a record without its signature";
            else if (ldns_verify_time(set, signatures, oracle->dnskeys, oracle->now, NULL) !=
                     LDNS_STATUS_OK)
                complaint = "a signature that does not verify";
        }
        ldns_rr_list_free(set);
        ldns_rr_list_free(signatures);
    }
    return complaint;
}

/* The denying records prove that the name, or the type at it, does not exist. */
static const char *judge_denial(const struct oracle *oracle, const struct name *name, uint16_t type,
                                ldns_pkt *packet)
{
    bool hashed = oracle->policy.denial == DNSSEC_DENIAL_NSEC3;
    const ldns_rr_list *authority = ldns_pkt_authority(packet);
    ldns_rr_list *nsecs = pick(authority, hashed ? LDNS_RR_TYPE_NSEC3 : LDNS_RR_TYPE_NSEC);
    ldns_rr_list *signatures = pick(authority, LDNS_RR_TYPE_RRSIG);
    ldns_rr *question = ldns_rr_new();
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(packet);

    ldns_rr_set_owner(question, ldns_dname_new_frm_data(name->length, name->octets));
    ldns_rr_set_type(question, (ldns_rr_type)type);
    ldns_status status =
        hashed ? ldns_dnssec_verify_denial_nsec3(question, nsecs, signatures, rcode,
                                                 (ldns_rr_type)type, rcode == LDNS_RCODE_NOERROR)
               : ldns_dnssec_verify_denial(question, nsecs, signatures);
    ldns_rr_free(question);
    ldns_rr_list_free(nsecs);
    ldns_rr_list_free(signatures);
    return status == LDNS_STATUS_OK ? NULL : ldns_get_errorstr_by_id(status);
}

static void judge(struct oracle *oracle, const struct name *name, uint16_t type)
{
    ldns_pkt *packet = ask_ldns(oracle, name, type);
    const char *complaint = judge_section(oracle, ldns_pkt_answer(packet));

    if (complaint == NULL)
        complaint = judge_section(oracle, ldns_pkt_authority(packet));
    if (complaint == NULL && ldns_rr_list_rr_count(ldns_pkt_answer(packet)) == 0) {
        complaint = judge_denial(oracle, name, type, packet);
        oracle->negative++;
    } else {
        oracle->positive++;
    }
    if (complaint != NULL)
        complain(name, type, complaint, packet);
    ldns_pkt_free(packet);
}

/* Names that are not there: beside the name, below it, and where the next one would be. */
static void judge_neighbours(struct oracle *oracle, const struct name *owner)
{
    struct name name;

    if (name_prepend(&name, (const uint8_t *)"www", 3, owner->octets) == STATUS_OK)
        judge(oracle, &name, TYPE_TXT);
    if (owner->octets[0] == 0 || owner->octets[0] == NAME_MAX_LABEL)
        return;
    uint8_t label[NAME_MAX_LABEL + 1];
    memcpy(label, owner->octets + 1, owner->octets[0]);
    label[owner->octets[0]] = '-';
    if (name_prepend(&name, label, owner->octets[0] + 1u, name_parent(owner->octets, 1)) ==
            STATUS_OK &&
        name_is_within(name.octets, oracle->served.zone_configs[0].domain.octets))
        judge(oracle, &name, TYPE_TXT);
}

static void judge_all(struct oracle *oracle)
{
    struct zone_record record = {.number = 0, .apex = oracle->served.zone_configs[0].domain.octets};
    struct snapshot *snapshot;
    struct stored_source *stored;
    struct node node;

    /* A snapshot of its own: the view's is walked by each answer. */
    assert_int_equal(snapshot_create(oracle->served.store, &snapshot), STATUS_OK);
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    for (size_t n = 0; source.next(source.state, &node) == STATUS_OK; n++) {
        if (node_rrset(&node, TYPE_NSEC3) != NULL || n % oracle->stride != 0)
            continue;
        for (size_t i = 0; i < node.rrset_count; i++)
            if (node.rrsets[i].type != TYPE_RRSIG && node.rrsets[i].type != TYPE_NSEC)
                judge(oracle, &node.owner, node.rrsets[i].type);
        judge(oracle, &node.owner, TYPE_AAAA);
        judge_neighbours(oracle, &node.owner);
    }
    stored_source_close(stored);
    snapshot_destroy(snapshot);
}

static void judge_sample(enum dnssec_denial denial)
{
    struct oracle oracle = {
        .now = 1795352400, /* 2026-11-22T13:00:00Z */
        .stride = getenv("SHORT") != NULL ? 8 : 1,
    };

    served_start(&oracle.served);
    configure(&oracle, denial);
    publish(&oracle);
    served_show(&oracle.served);
    ldns_pkt *packet = ask_ldns(&oracle, &oracle.served.zone_configs[0].domain, TYPE_DNSKEY);
    oracle.dnskeys = pick(ldns_pkt_answer(packet), LDNS_RR_TYPE_DNSKEY);
    judge_all(&oracle);
    assert_true(oracle.positive > 5000 / oracle.stride);
    assert_true(oracle.negative > 2000 / oracle.stride);
    ldns_rr_list_free(oracle.dnskeys);
    ldns_pkt_free(packet);
    nftw(oracle.keys_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    served_destroy(&oracle.served);
}

static void ldns_verifies_every_answer_and_denial(void **state)
{
    (void)state;
    judge_sample(DNSSEC_DENIAL_NSEC);
}

static void ldns_verifies_them_with_nsec3(void **state)
{
    (void)state;
    judge_sample(DNSSEC_DENIAL_NSEC3);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ldns_verifies_every_answer_and_denial),
        cmocka_unit_test(ldns_verifies_them_with_nsec3),
    };

    if (argc != 2)
        return 64;
    contacts_folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
