/*
 * Requests with a TSIG (RFC 8945 §5.2, §5.3): each answer is reckoned again here, and whoever is
 * not known gets nothing that is signed.
 */
#include "tests/unit/server/signed.h"

static const char zone_text[] =
    "$ORIGIN example.\n$TTL 3600\n@ SOA ns1 hostmaster 7 3600 900 604800 300\n@ NS ns1\n"
    "ns1 A 192.0.2.1\nxa TXT \"0 Registry (.xa)\"\n"
    "big TXT \"1 "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n"
    "big TXT \"2 "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n"
    "big TXT \"3 "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n"
    "big TXT \"4 "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n";

struct fixture {
    struct served served;
    struct ring ring;
    struct config_acl acl;
    const struct config_acl *acls[1];
    const struct config_key *keys[2];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    served_create(&fixture->served, zone_text);
    ring_create(&fixture->ring);
    fixture->served.view.keys = fixture->ring.keys;
    fixture->acls[0] = &fixture->acl;
    fixture->acl.keys = fixture->keys;
    fixture->acl.actions = ACL_TRANSFER;
    fixture->served.zone_configs[0].acl = fixture->acls;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    served_destroy(&fixture->served);
    ring_destroy(&fixture->ring);
    free(fixture);
    return 0;
}

/* An answer taken apart; its TSIG, where it has one. */
struct answer {
    uint8_t octets[MESSAGE_OCTETS];
    size_t length;
    struct header header;
    uint16_t rcode;
    bool has_tsig;
    bool has_opt;
    struct tsig_record tsig;
};

static void read_answer(struct answer *answer)
{
    struct reader r = reader_of(answer->octets, answer->length);
    size_t at = DNS_HEADER_OCTETS;
    struct question question;
    struct record record;

    answer->header = header_read(&r);
    answer->rcode = answer->header.flags & 0xf;
    answer->has_tsig = answer->has_opt = false;
    for (unsigned i = 0; i < answer->header.qdcount; i++)
        assert_int_equal(question_parse(answer->octets, answer->length, &at, &question), STATUS_OK);
    unsigned records =
        (unsigned)answer->header.ancount + answer->header.nscount + answer->header.arcount;
    for (unsigned i = 0; i < records; i++) {
        assert_false(answer->has_tsig); /* it is the last */
        assert_int_equal(record_parse(answer->octets, answer->length, &at, &record), STATUS_OK);
        answer->has_tsig = record.type == TYPE_TSIG;
        answer->has_opt = answer->has_opt || record.type == TYPE_OPT;
        if (record.type == TYPE_OPT)
            answer->rcode |= (uint16_t)(record.ttl >> 24 << 4);
    }
    assert_int_equal(at, answer->length);
    if (answer->has_tsig)
        assert_int_equal(tsig_parse(answer->octets, answer->length, &record, &answer->tsig),
                         STATUS_OK);
}

static void put(const struct fixture *fixture, const struct query *query, enum transport transport,
                struct answer *answer)
{
    answer->length = ask(&fixture->served, query, transport, answer->octets);
    read_answer(answer);
}

/* The MAC of a request, behind which stand 6 octets where nothing is in Other. */
static const uint8_t *mac_of(const struct query *query, size_t octets)
{
    return query->octets + query->length - 6 - octets;
}

/* Asserts a whole MAC of the n-th key over the answer and the request's MAC. */
static void assert_signed(const struct answer *answer, size_t n, const uint8_t *prior,
                          size_t prior_octets)
{
    uint8_t message[MESSAGE_OCTETS];
    uint8_t mac[EVP_MAX_MD_SIZE];

    assert_true(answer->has_tsig);
    struct forged forged = forged_of(n, answer->octets);
    assert_true(name_equals(answer->tsig.key.octets, forged.owner.octets));
    assert_true(name_equals(answer->tsig.algorithm, forged.algorithm.octets));
    assert_int_equal(answer->tsig.mac_octets, forged.mac_octets);
    forged.time = answer->tsig.time;
    forged.fudge = answer->tsig.fudge;
    forged.error = answer->tsig.error;
    forged.original_id = answer->tsig.original_id;
    forged.prior = prior;
    forged.prior_octets = prior_octets;
    memcpy(message, answer->octets, answer->tsig.at);
    message[11]--;
    if (answer->tsig.error != TSIG_BADTIME) { /* whose Other is not zero: see there */
        forged_mac(&forged, message, answer->tsig.at, mac);
        assert_memory_equal(answer->tsig.mac, mac, forged.mac_octets);
        assert_int_equal(answer->tsig.other_octets, 0);
    }
}

static void every_answer_to_a_signed_request_is_signed(void **state)
{
    static const struct {
        const char *name;
        uint16_t type, class;
        int udp_octets;
        uint16_t rcode;
    } cases[] = {
        {"xa.example", TYPE_TXT, CLASS_IN, 1232, RCODE_NOERROR},
        {"XA.example", TYPE_TXT, CLASS_IN, -1, RCODE_NOERROR},
        {"xa.example", TYPE_A, CLASS_IN, 1232, RCODE_NOERROR},
        {"none.example", TYPE_A, CLASS_IN, 1232, RCODE_NXDOMAIN},
        {"elsewhere.test", TYPE_A, CLASS_IN, 1232, RCODE_REFUSED},
        {"version.bind", TYPE_TXT, CLASS_CH, 1232, RCODE_NOERROR},
        {"example", TYPE_AXFR, CLASS_IN, -1, RCODE_REFUSED},
        {"xa.example", TYPE_MAILA, CLASS_IN, -1, RCODE_NOTIMP},
        {"xa.example", TYPE_TSIG, CLASS_IN, -1, RCODE_FORMERR},
    };
    static struct answer answer;
    for (size_t n = 0; n < RING_KEYS; n++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct query query =
                make_query(cases[i].name, cases[i].type, cases[i].class, cases[i].udp_octets);
            struct forged forged = forged_of(n, query.octets);
            forge(&query, &forged);
            put(*state, &query, i % 2 == 0 ? TRANSPORT_UDP : TRANSPORT_TCP, &answer);
            assert_int_equal(answer.rcode, cases[i].rcode);
            assert_signed(&answer, n, mac_of(&query, forged.mac_octets), forged.mac_octets);
            assert_int_equal(answer.tsig.error, TSIG_NO_ERROR);
            assert_int_equal(answer.tsig.time, served_clock());
            assert_int_equal(answer.tsig.fudge, TSIG_FUDGE);
        }
    }
}

/* §4.3.2: who forwards a request may give it another ID. The answer has that ID; whoever verifies
 * it puts the original one back, which the MAC is over. */
static void an_answer_to_a_forwarded_request_verifies_with_the_original_id(void **state)
{
    static struct answer answer;
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    struct forged forged = forged_of(0, query.octets);
    forge(&query, &forged);
    query.octets[0] ^= 0xff;
    put(*state, &query, TRANSPORT_UDP, &answer);
    assert_int_equal(answer.rcode, RCODE_NOERROR);
    assert_memory_equal(answer.octets, query.octets, 2);
    assert_int_equal(answer.tsig.original_id, 0x1234);
    assert_signed(&answer, 0, mac_of(&query, 32), 32);
}

/* Malformed requests too, where their TSIG stands in its place; and opcodes that are not ours. */
static void errors_before_the_question_are_signed(void **state)
{
    static struct answer answer;
    for (unsigned kind = 0; kind < 5; kind++) {
        static const uint16_t rcodes[] = {RCODE_NOTIMP, RCODE_NOTIMP, RCODE_BADVERS, RCODE_FORMERR,
                                          RCODE_FORMERR};
        struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
        size_t opt_at = query.length - 15;
        if (kind == 0)
            query.octets[2] |= OPCODE_NOTIFY << 3;
        if (kind == 1)
            query.octets[2] |= OPCODE_UPDATE << 3;
        if (kind == 2)
            query.octets[opt_at + 6] = 1; /* EDNS version */
        if (kind == 3)
            query.octets[opt_at + 14] = 9; /* an option longer than its OPT */
        if (kind == 4) { /* no question, but what looks like one belongs to no section */
            struct query none = {.length = DNS_HEADER_OCTETS};
            memcpy(none.octets, query.octets, DNS_HEADER_OCTETS);
            none.octets[5] = none.octets[11] = 0;
            query = none;
        }
        struct forged forged = forged_of(0, query.octets);
        forge(&query, &forged);
        put(*state, &query, TRANSPORT_UDP, &answer);
        assert_int_equal(answer.rcode, rcodes[kind]);
        assert_signed(&answer, 0, mac_of(&query, 32), 32);
    }
}

static void unsigned_requests_get_no_tsig(void **state)
{
    static struct answer answer;
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    put(*state, &query, TRANSPORT_UDP, &answer);
    assert_false(answer.has_tsig);
}

/* §5.2.1, §5.2.2, §5.3.2: NOTAUTH, an empty MAC, names as sent, and nothing of any zone. */
static void bad_keys_and_macs_are_answered_unsigned(void **state)
{
    static const struct {
        const char *key, *algorithm;
        bool spoilt;
        uint16_t error;
    } cases[] = {
        {"XFR.Example", "HMAC-SHA256", true, TSIG_BADSIG},
        {"No.Such.Key", "hmac-sha256", false, TSIG_BADKEY},
        {"xfr.example", "hmac-sha512", false, TSIG_BADKEY},
        {"xfr.example", "hmac-md5.sig-alg.reg.int", false, TSIG_BADKEY},
    };
    static struct answer answer;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
        struct forged forged = forged_of(0, query.octets);
        forged.owner = forged_name(cases[i].key);
        forged.algorithm = forged_name(cases[i].algorithm);
        forged.spoilt = cases[i].spoilt;
        forge(&query, &forged);
        put(*state, &query, TRANSPORT_UDP, &answer);
        assert_int_equal(answer.rcode, RCODE_NOTAUTH);
        assert_int_equal(answer.header.ancount, 0);
        assert_true(answer.has_tsig && answer.has_opt);
        assert_int_equal(answer.tsig.error, cases[i].error);
        assert_int_equal(answer.tsig.mac_octets, 0);
        assert_int_equal(answer.tsig.original_id, 0x1234);
        assert_memory_equal(answer.tsig.key.octets, forged.owner.octets, forged.owner.length);
        assert_memory_equal(answer.tsig.algorithm, forged.algorithm.octets,
                            forged.algorithm.length);
    }
}

/* §5.2.3 */
static void badtime_is_signed_and_tells_the_servers_time(void **state)
{
    static struct answer answer;
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    struct forged forged = forged_of(0, query.octets);
    forged.time -= 1000;
    forged.fudge = 999;
    forge(&query, &forged);
    put(*state, &query, TRANSPORT_UDP, &answer);
    assert_int_equal(answer.rcode, RCODE_NOTAUTH);
    assert_int_equal(answer.header.ancount, 0);
    assert_signed(&answer, 0, NULL, 0);
    assert_int_equal(answer.tsig.error, TSIG_BADTIME);
    assert_int_equal(answer.tsig.time, served_clock() - 1000);
    assert_int_equal(answer.tsig.fudge, 999);
    assert_int_equal(answer.tsig.other_octets, 6);
    struct reader r = reader_of(answer.tsig.other, 6);
    uint64_t high = reader_u16(&r);
    assert_int_equal(high << 32 | reader_u32(&r), served_clock());

    /* A client verifies it with its own clock: its answer to a request of that time. */
    struct tsig_session session = {
        .key = tsig_keys_find(((struct fixture *)*state)->ring.keys, forged.owner.octets),
        .mac_octets = 32};
    uint16_t error = 0;
    memcpy(session.mac, mac_of(&query, 32), 32);
    assert_int_equal(
        tsig_verify_answer(&session, answer.octets, answer.length, served_clock() - 1000, &error),
        STATUS_DENIED);
    assert_int_equal(error, TSIG_BADTIME);
}

/* §5.2.4, §5.3.2, §7: signed with the whole MAC, over the request's as it came. */
static void badtrunc_is_signed_with_a_whole_mac(void **state)
{
    static struct answer answer;
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    struct forged forged = forged_of(0, query.octets);
    forged.mac_octets = 16;
    forge(&query, &forged);
    put(*state, &query, TRANSPORT_UDP, &answer);
    assert_int_equal(answer.rcode, RCODE_NOTAUTH);
    assert_int_equal(answer.header.ancount, 0);
    assert_int_equal(answer.tsig.error, TSIG_BADTRUNC);
    assert_signed(&answer, 0, mac_of(&query, 16), 16);
}

/* §5.2.2.1 */
static void a_mac_of_a_forbidden_length_is_formerr_without_tsig(void **state)
{
    static const size_t lengths[] = {0, 1, 15, 33, 64};
    static struct answer answer;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
        struct forged forged = forged_of(0, query.octets);
        forged.mac_octets = lengths[i];
        forge(&query, &forged);
        put(*state, &query, TRANSPORT_UDP, &answer);
        assert_int_equal(answer.rcode, RCODE_FORMERR);
        assert_int_equal(answer.header.ancount, 0);
        assert_false(answer.has_tsig);
    }
}

/* §5.2: last and single. */
static void a_tsig_in_any_other_place_is_formerr_without_tsig(void **state)
{
    static struct answer answer;
    for (unsigned kind = 0; kind < 5; kind++) {
        struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, -1);
        struct forged forged = forged_of(0, query.octets);
        if (kind < 2) { /* in the answer or the authority section */
            forge(&query, &forged);
            query.octets[11]--;
            count_record(query.octets, kind);
        } else if (kind == 2) { /* before an OPT */
            struct query with_opt = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
            forge(&query, &forged);
            memcpy(query.octets + query.length, with_opt.octets + with_opt.length - 15, 15);
            query.length += 15;
            count_record(query.octets, 2);
        } else if (kind == 3) { /* twice, the second over the first */
            forge(&query, &forged);
            forge(&query, &forged);
        } else { /* something behind it */
            forge(&query, &forged);
            query.octets[query.length++] = 0;
        }
        put(*state, &query, TRANSPORT_UDP, &answer);
        assert_int_equal(answer.rcode, RCODE_FORMERR);
        assert_int_equal(answer.header.ancount, 0);
        assert_false(answer.has_tsig);
    }
}

/* §5.3: no room for the TSIG: the question and the TSIG, TC, NOERROR. */
static void what_a_tsig_leaves_no_room_for_is_asked_again_by_tcp(void **state)
{
    static struct answer answer;
    struct query query = signed_query("big.example", TYPE_TXT, -1, 2);
    struct query bare = make_query("big.example", TYPE_TXT, CLASS_IN, -1);

    put(*state, &bare, TRANSPORT_UDP, &answer);
    assert_false(answer.header.flags & HEADER_TC); /* it is the TSIG that is too much */
    put(*state, &query, TRANSPORT_UDP, &answer);
    assert_true(answer.header.flags & HEADER_TC);
    assert_int_equal(answer.rcode, RCODE_NOERROR);
    assert_int_equal(answer.header.ancount + answer.header.nscount, 0);
    assert_int_equal(answer.header.arcount, 1);
    assert_signed(&answer, 2, mac_of(&query, 64), 64);
    put(*state, &query, TRANSPORT_TCP, &answer);
    assert_int_equal(answer.header.ancount, 4);
    assert_signed(&answer, 2, mac_of(&query, 64), 64);
    query = signed_query("big.example", TYPE_TXT, 512, 2);
    put(*state, &query, TRANSPORT_UDP, &answer);
    assert_true(answer.header.flags & HEADER_TC);
    assert_true(answer.has_opt); /* RFC 6891 §7 */
    assert_true(answer.length <= 512);
    assert_signed(&answer, 2, mac_of(&query, 64), 64);
}

/* Every length of answer, so that the TSIG is at each distance from the limit. */
static void no_answer_outgrows_its_limit_for_its_tsig(void **state)
{
    static struct answer answer;
    for (int udp_octets = 512; udp_octets < 700; udp_octets++) {
        struct query query = signed_query("big.example", TYPE_TXT, udp_octets, 2);
        put(*state, &query, TRANSPORT_UDP, &answer);
        assert_true(answer.length <= (size_t)udp_octets);
        assert_int_equal((answer.header.flags & HEADER_TC) != 0, answer.header.ancount == 0);
        assert_signed(&answer, 2, mac_of(&query, 64), 64);
    }
}

static enum reply_action transfer_with(const struct fixture *fixture, const struct query *query)
{
    static struct reply reply;
    respond(
        &fixture->served.view, query->octets, query->length,
        &(struct asker){.address = (const struct sockaddr *)&client, .transport = TRANSPORT_TCP},
        &reply);
    assert_int_equal(reply.transfer_denied, reply.action == REPLY_SEND);
    assert_false(reply.transfer_unsafe);
    if (reply.action == REPLY_TRANSFER)
        assert_non_null(reply.tsig->key);
    return reply.action;
}

/* What an acl asks for can't be met by less: no key, another, an old one, a wrong signature. */
static void an_acl_with_a_key_opens_for_that_key_alone(void **state)
{
    struct fixture *fixture = *state;
    fixture->served.zone_configs[0].acl_count = 1;
    fixture->acl.key_count = 2; /* two at once: one takes over from the other */
    fixture->keys[0] = &fixture->ring.configs[0];
    fixture->keys[1] = &fixture->ring.configs[1];
    for (size_t n = 0; n < RING_KEYS; n++) {
        struct query query = signed_query("example", TYPE_AXFR, -1, n);
        assert_int_equal(transfer_with(fixture, &query), n < 2 ? REPLY_TRANSFER : REPLY_SEND);
        query.octets[query.length - 10] ^= 1;
        assert_int_equal(transfer_with(fixture, &query), REPLY_SEND);
    }
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    assert_int_equal(transfer_with(fixture, &query), REPLY_SEND);
    struct forged forged = forged_of(0, query.octets);
    forged.time -= 301;
    forge(&query, &forged);
    assert_int_equal(transfer_with(fixture, &query), REPLY_SEND);
    fixture->served.zone_configs[0].acl_count = 0;
}

static void signatures_are_counted(void **state)
{
    static const struct {
        uint16_t error;
        enum statistic count;
    } cases[] = {{TSIG_NO_ERROR, COUNT_TSIG_GOOD},
                 {TSIG_BADSIG, COUNT_TSIG_BADSIG},
                 {TSIG_BADKEY, COUNT_TSIG_BADKEY},
                 {TSIG_BADTIME, COUNT_TSIG_BADTIME},
                 {TSIG_BADTRUNC, COUNT_TSIG_BADTRUNC}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct statistics statistics = {0};
        struct tsig_session session = {.error = cases[i].error};
        struct reply reply = {.tsig = &session};
        reply_count(&reply, &statistics);
        assert_int_equal(statistics_get(&statistics, cases[i].count), 1);
        reply.tsig = NULL;
        reply_count(&reply, &statistics);
        assert_int_equal(statistics_get(&statistics, cases[i].count), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_to_a_signed_request_is_signed),
        cmocka_unit_test(an_answer_to_a_forwarded_request_verifies_with_the_original_id),
        cmocka_unit_test(errors_before_the_question_are_signed),
        cmocka_unit_test(unsigned_requests_get_no_tsig),
        cmocka_unit_test(bad_keys_and_macs_are_answered_unsigned),
        cmocka_unit_test(badtime_is_signed_and_tells_the_servers_time),
        cmocka_unit_test(badtrunc_is_signed_with_a_whole_mac),
        cmocka_unit_test(a_mac_of_a_forbidden_length_is_formerr_without_tsig),
        cmocka_unit_test(a_tsig_in_any_other_place_is_formerr_without_tsig),
        cmocka_unit_test(what_a_tsig_leaves_no_room_for_is_asked_again_by_tcp),
        cmocka_unit_test(no_answer_outgrows_its_limit_for_its_tsig),
        cmocka_unit_test(an_acl_with_a_key_opens_for_that_key_alone),
        cmocka_unit_test(signatures_are_counted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
