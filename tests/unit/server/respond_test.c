/*
 * Every message gets a sound answer or none: real messages, every prefix of them, every octet of
 * them changed, all types, all opcodes. What is right in an answer is the differential test's
 * question; here nothing may crash, lie about its counts, or exceed what was asked.
 */
#include "tests/unit/guard.h"
#include "tests/unit/server/decoded.h"
#include "tests/unit/server/judged.h"
#include "tests/unit/server/signed.h"

#include "store/key.h"

static const char zone_text[] =
    "example. 3600 IN SOA ns1.example. hostmaster.example. 7 3600 900 604800 300\n"
    "example. 3600 IN NS ns1.example.\n"
    "ns1.example. 3600 IN A 192.0.2.1\n"
    "ns1.example. 3600 IN AAAA 2001:db8::1\n"
    "xa.example. 3600 IN TXT \"0 Registry (.xa)\"\n"
    "xa.example. 3600 IN TXT \"1 security 24x7 +442079460101\"\n"
    "xa.example. 3600 IN RP noc.nic-xa.example. _security.xa.example.\n"
    "*.xa.example. 3600 IN TXT \"0 Registry (.xa)\"\n"
    "_security.xa.example. 3600 IN TXT \"v=cc1\"\n"
    "alias.example. 3600 IN CNAME xa.example.\n"
    "*.alias.example. 3600 IN CNAME xa.example.\n"
    "loop.example. 3600 IN CNAME loop.example.\n"
    "a.b.empty.example. 3600 IN TXT \"below two empty non-terminals\"\n"
    "cut.example. 3600 IN NS ns.cut.example.\n"
    "cut.example. 3600 IN DS 1 13 2 "
    "0000000000000000000000000000000000000000000000000000000000000000\n"
    "ns.cut.example. 3600 IN A 192.0.2.2\n"
    "big.example. 3600 IN TXT \"1 "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
    "\n"
    "big.example. 3600 IN TXT \"2 "
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\""
    "\n"
    "big.example. 3600 IN TXT \"3 "
    "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
    "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\""
    "\n"
    "big.example. 3600 IN TXT \"4 "
    "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
    "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\""
    "\n";

/* Answers one message flush against a page that faults, by UDP and by TCP. */
static void assert_survives(const struct served *served, uint8_t *guard, const uint8_t *octets,
                            size_t length)
{
    static struct reply reply;
    static uint8_t message[MESSAGE_OCTETS];
    const uint8_t *request = guard_put(guard, octets, length);

    for (int t = 0; t < 2; t++) {
        enum transport transport = t == 0 ? TRANSPORT_UDP : TRANSPORT_TCP;
        respond(
            &served->view, request, length,
            &(struct asker){.address = (const struct sockaddr *)&client, .transport = transport},
            &reply);
        if (reply.action == REPLY_SEND)
            assert_int_equal(join(&reply, message), reply.octets);
        const char *broken = judged(request, length, transport, &reply, message);
        if (broken)
            fail_msg("the rule that is broken: %s", broken);
    }
}

static const struct {
    const char *name;
    uint16_t type;
    uint16_t class;
    int udp_octets;
} samples[] = {
    {"xa.example", TYPE_TXT, CLASS_IN, 1232},
    {"XA.example", TYPE_TXT, CLASS_IN, -1},
    {"www.bank.xa.example", TYPE_TXT, CLASS_IN, 512},
    {"example", TYPE_SOA, CLASS_IN, 4096},
    {"example", TYPE_ANY, CLASS_IN, 1232},
    {"example", TYPE_AXFR, CLASS_IN, -1},
    {"alias.example", TYPE_TXT, CLASS_IN, 1232},
    {"x.alias.example", TYPE_TXT, CLASS_IN, -1},
    {"loop.example", TYPE_A, CLASS_IN, 1232},
    {"empty.example", TYPE_A, CLASS_IN, 0},
    {"x.cut.example", TYPE_A, CLASS_IN, 1232},
    {"cut.example", TYPE_DS, CLASS_IN, 1232},
    {"none.example", TYPE_A, CLASS_IN, 1232},
    {"big.example", TYPE_TXT, CLASS_IN, -1},
    {"version.bind", TYPE_TXT, CLASS_CH, 1232},
    {".", TYPE_NS, CLASS_IN, 1232},
    {"elsewhere", TYPE_A, CLASS_IN, 1232},
    {"xa.example", TYPE_TXT, 254, 1232},
};

/* The first ones are asked with a TSIG too. */
#define SIGNED_COUNT   4
#define UNSIGNED_COUNT (sizeof samples / sizeof samples[0])
#define SAMPLE_COUNT   (UNSIGNED_COUNT + SIGNED_COUNT)

static struct query sample(size_t i)
{
    if (i >= UNSIGNED_COUNT)
        return signed_query(samples[i - UNSIGNED_COUNT].name, samples[i - UNSIGNED_COUNT].type,
                            samples[i - UNSIGNED_COUNT].udp_octets, i % RING_KEYS);
    return make_query(samples[i].name, samples[i].type, samples[i].class, samples[i].udp_octets);
}

static struct ring ring;

static int setup(void **state)
{
    struct served *served = malloc(sizeof *served);
    if (!served)
        return -1;
    served_create(served, zone_text);
    ring_create(&ring);
    served->view.keys = ring.keys;
    *state = served;
    return 0;
}

static int teardown(void **state)
{
    ring_destroy(&ring);
    served_destroy(*state);
    free(*state);
    return 0;
}

/* Sanitizers are slow: in the short run they get one of so many. */
static unsigned sampled(unsigned of)
{
    return getenv("SHORT") != NULL ? of : 1;
}

static void every_prefix_of_every_message_is_survived(void **state)
{
    uint8_t *guard = guard_create();
    assert_non_null(guard);
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct query query = sample(i);
        for (size_t length = 0; length <= query.length; length++)
            assert_survives(*state, guard, query.octets, length);
    }
}

static void every_octet_of_every_message_may_be_anything(void **state)
{
    uint8_t *guard = guard_create();
    assert_non_null(guard);
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct query query = sample(i);
        for (size_t at = 0; at < query.length; at++) {
            uint8_t right = query.octets[at];
            for (unsigned value = 0; value < 256; value += sampled(3)) {
                query.octets[at] = (uint8_t)value;
                assert_survives(*state, guard, query.octets, query.length);
            }
            query.octets[at] = right;
        }
    }
}

static void all_65536_types_are_answered(void **state)
{
    static const char *const names[] = {"xa.example", "none.example", "cut.example",
                                        "alias.example", "b.empty.example"};
    uint8_t *guard = guard_create();
    assert_non_null(guard);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        struct query query = make_query(names[n], 0, CLASS_IN, 1232);
        size_t type_at = query.length - 15 - 4;
        for (unsigned type = 0; type <= UINT16_MAX; type += type < 512 ? 1 : sampled(11)) {
            query.octets[type_at] = (uint8_t)(type >> 8);
            query.octets[type_at + 1] = (uint8_t)type;
            assert_survives(*state, guard, query.octets, query.length);
        }
    }
}

/* Opcode, RCODE and every flag, in all combinations. */
static void all_65536_flags_are_answered(void **state)
{
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    uint8_t *guard = guard_create();
    assert_non_null(guard);
    for (unsigned flags = 0; flags <= UINT16_MAX; flags += sampled(11)) {
        query.octets[2] = (uint8_t)(flags >> 8);
        query.octets[3] = (uint8_t)flags;
        assert_survives(*state, guard, query.octets, query.length);
    }
}

static void all_65536_classes_are_answered(void **state)
{
    struct query query = make_query("xa.example", TYPE_TXT, 0, -1);
    uint8_t *guard = guard_create();
    assert_non_null(guard);
    for (unsigned class = 0; class <= UINT16_MAX; class += sampled(11)) {
        query.octets[query.length - 2] = (uint8_t)(class >> 8);
        query.octets[query.length - 1] = (uint8_t) class;
        assert_survives(*state, guard, query.octets, query.length);
    }
}

static void random_octets_are_survived(void **state)
{
    uint8_t *guard = guard_create();
    uint8_t octets[300];
    assert_non_null(guard);
    srandom(3);
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)random() % sizeof octets;
        for (size_t i = 0; i < length; i++)
            octets[i] = (uint8_t)(random() % 4 == 0 ? random() : 0);
        assert_survives(*state, guard, octets, length);
    }
}

static uint16_t rcode_of(const struct served *served, const struct query *query,
                         enum transport transport, uint16_t *flags, uint16_t *answers)
{
    static struct reply reply;
    static uint8_t message[MESSAGE_OCTETS];

    respond(&served->view, query->octets, query->length,
            &(struct asker){.address = (const struct sockaddr *)&client, .transport = transport},
            &reply);
    assert_int_equal(reply.action, REPLY_SEND);
    struct reader r = reader_of(message, join(&reply, message));
    struct header header = header_read(&r);
    *flags = header.flags;
    *answers = header.ancount;
    return header.flags & 0xf;
}

/* RFC 2181 §9; whole records in stored order, which is that of escalation. */
static void a_truncated_answer_keeps_whole_records_from_the_first_on(void **state)
{
    static struct reply reply;
    static uint8_t message[MESSAGE_OCTETS];
    const struct served *served = *state;
    struct query query = make_query("big.example", TYPE_TXT, CLASS_IN, -1);

    respond(
        &served->view, query.octets, query.length,
        &(struct asker){.address = (const struct sockaddr *)&client, .transport = TRANSPORT_UDP},
        &reply);
    size_t length = join(&reply, message);
    assert_true(length <= DNS_UDP_OCTETS);
    struct reader r = reader_of(message, length);
    struct header header = header_read(&r);
    assert_true(header.flags & HEADER_TC);
    assert_int_equal(header.ancount, 2);
    size_t at = DNS_HEADER_OCTETS;
    struct question question;
    assert_int_equal(question_parse(message, length, &at, &question), STATUS_OK);
    for (int order = '1'; order <= '2'; order++) {
        struct record record;
        assert_int_equal(record_parse(message, length, &at, &record), STATUS_OK);
        assert_int_equal(message[record.rdata + 1], order);
    }
    assert_int_equal(at, length);
}

static void the_whole_answer_comes_by_tcp(void **state)
{
    struct query query = make_query("big.example", TYPE_TXT, CLASS_IN, -1);
    uint16_t flags;
    uint16_t answers;
    assert_int_equal(rcode_of(*state, &query, TRANSPORT_TCP, &flags, &answers), RCODE_NOERROR);
    assert_false(flags & HEADER_TC);
    assert_int_equal(answers, 4);
}

static void transfers_are_closed_by_default(void **state)
{
    struct query query = make_query("example", TYPE_AXFR, CLASS_IN, -1);
    uint16_t flags;
    uint16_t answers;
    assert_int_equal(rcode_of(*state, &query, TRANSPORT_TCP, &flags, &answers), RCODE_REFUSED);
}

static void a_closed_zone_is_asked_by_who_may_ask_or_transfer_it(void **state)
{
    static const struct config_acl ask = {.actions = ACL_QUERY};
    static const struct config_acl transfer = {.actions = ACL_TRANSFER};
    static const struct config_acl *open_acl[2][1] = {{&ask}, {&transfer}};
    struct served *served = *state;
    struct config_zone *zone = &served->zone_configs[0];
    const struct config_zone before = *zone;
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, -1);
    uint16_t flags;
    uint16_t answers;

    for (int i = 0; i < 4; i++) {
        zone->audience = i % 2 == 0 ? AUDIENCE_MEMBERS : AUDIENCE_PUBLIC;
        zone->catalog = i % 2 == 1;
        assert_int_equal(rcode_of(served, &query, TRANSPORT_UDP, &flags, &answers), RCODE_REFUSED);
        zone->acl = open_acl[i / 2];
        zone->acl_count = 1;
        assert_int_equal(rcode_of(served, &query, TRANSPORT_UDP, &flags, &answers), RCODE_NOERROR);
        *zone = before;
    }
    zone->audience = AUDIENCE_PUBLIC;
    assert_int_equal(rcode_of(served, &query, TRANSPORT_UDP, &flags, &answers), RCODE_NOERROR);
    *zone = before;
}

/* RFC 4035 §3.1.4.1 */
static void ds_is_answered_from_above_the_cut(void **state)
{
    struct query at_cut = make_query("xa.example", TYPE_DS, CLASS_IN, -1);
    struct query at_top = make_query("example", TYPE_DS, CLASS_IN, -1);
    struct served served;
    uint16_t flags;
    uint16_t answers;
    (void)state;

    served_start(&served);
    served_restore(&served, "example. 60 IN SOA ns.test. a.test. 7 3600 900 604800 300\n"
                            "example. 60 IN NS ns.test.\nxa.example. 60 IN NS ns.test.\n"
                            "xa.example. 60 IN DS 1 13 2 00000000000000000000000000000000"
                            "00000000000000000000000000000000\n");
    served_restore(&served, "xa.example. 60 IN SOA ns.test. a.test. 7 3600 900 604800 300\n"
                            "xa.example. 60 IN NS ns.test.\n");
    served_show(&served);
    assert_int_equal(rcode_of(&served, &at_cut, TRANSPORT_UDP, &flags, &answers), RCODE_NOERROR);
    assert_int_equal(answers, 1);
    assert_int_equal(rcode_of(&served, &at_top, TRANSPORT_UDP, &flags, &answers), RCODE_NOERROR);
    assert_int_equal(answers, 0);
    served_destroy(&served);
}

/* A record whose octets changed on disk is never served. */
static void a_damaged_record_is_servfail_and_told(void **state)
{
    struct served *served = *state;
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, -1);
    struct damage damage = {.count = 0};
    char message[STORE_MESSAGE_OCTETS];
    uint8_t value[2048];
    struct item item;
    struct edit *edit;
    struct key key;
    uint16_t flags;
    uint16_t answers;

    key_of_name(&key, 0, (const uint8_t *)"\2xa\7example", 1);
    assert_int_equal(edit_begin(served->store, &edit, message), STATUS_OK);
    assert_int_equal(snapshot_walk(edit_snapshot(edit), WALK_AT, key.octets, key.length, &item),
                     STATUS_OK);
    assert_true(item.value_octets <= sizeof value);
    memcpy(value, item.value, item.value_octets);
    value[item.value_octets - 1] ^= 1;
    assert_int_equal(edit_put(edit, key.octets, key.length, value, item.value_octets), STATUS_OK);
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
    snapshot_reset(served->snapshot);
    assert_int_equal(snapshot_renew(served->snapshot), STATUS_OK);
    for (int told = 0; told < 2; told++) {
        served->view.damage = told ? &damage : NULL;
        assert_int_equal(rcode_of(served, &query, TRANSPORT_UDP, &flags, &answers), RCODE_SERVFAIL);
        assert_int_equal(answers, 0);
        assert_int_equal(damage.count, told);
    }
    served->view.damage = NULL;
    assert_true(name_equals(damage.name.octets, (const uint8_t *)"\2xa\7example"));
}

/* Asks one question and has ldns read the reply. */
static struct decoded answer_of(const struct served *served, const char *name, uint16_t type,
                                enum transport transport, int udp_octets)
{
    static uint8_t message[MESSAGE_OCTETS];
    struct query query = make_query(name, type, CLASS_IN, udp_octets);
    return decoded_of(message, ask(served, &query, transport, message));
}

#define SOA(apex) apex " 300 IN SOA ns. h. 7 3600 900 604800 300\n" apex " 300 IN NS ns.test.\n"
#define DS_DATA   "1 13 2 0000000000000000000000000000000000000000000000000000000000000000\n"

static const struct {
    const char *name;
    uint16_t type;
    bool authoritative;
    size_t answers;
    const char *begins; /* the first record of the answer, else of the authority section */
} nested[] = {
    {"secure.example", TYPE_DS, true, 1, "secure.example.\t300\tIN\tDS"},
    {"plain.example", TYPE_DS, true, 0, "example.\t300\tIN\tSOA"},
    {"SECURE.example", TYPE_DNSKEY, true, 0, "secure.example.\t300\tIN\tSOA"},
    {"secure.example", TYPE_NS, true, 1, "secure.example.\t300\tIN\tNS"},
    {"x.secure.example", TYPE_DS, true, 0, "secure.example.\t300\tIN\tSOA"},
    {"x.secure.example", TYPE_TXT, true, 1, "x.secure.example.\t300\tIN\tTXT\t\"child\""},
    {"x.plain.example", TYPE_TXT, false, 0, "plain.example.\t300\tIN\tNS"},
    {"a.b.example", TYPE_DS, true, 0, "example.\t300\tIN\tSOA"}, /* the next one above is ours */
    {"example", TYPE_DS, true, 0, "example.\t300\tIN\tSOA"},     /* none above is ours */
};

/* RFC 4035 §3.1.4.1, RFC 1034 §4.3.2 step 2. */
static void a_zone_within_a_zone_is_answered_from_the_right_side(void **state)
{
    struct served served;
    (void)state;

    served_start(&served);
    served_restore(&served, SOA("example.") "secure.example. 300 IN NS ns.test.\n"
                                            "secure.example. 300 IN DS " DS_DATA
                                            "x.secure.example. 300 IN TXT parent\n"
                                            "plain.example. 300 IN NS ns.test.\n"
                                            "x.plain.example. 300 IN TXT parent\n");
    served_restore(&served, SOA("secure.example.") "x.secure.example. 300 IN TXT child\n");
    served_restore(&served, SOA("a.b.example."));
    served_show(&served);
    for (size_t i = 0; i < sizeof nested / sizeof nested[0]; i++) {
        struct decoded have =
            answer_of(&served, nested[i].name, nested[i].type, TRANSPORT_UDP, 1232);
        bool answered = nested[i].answers > 0;
        const struct lines *lines = answered ? &have.answer : &have.authority;
        assert_int_equal(have.authoritative, nested[i].authoritative);
        assert_int_equal(have.answer.count, nested[i].answers);
        assert_true(lines->count > 0);
        assert_memory_equal(lines->items[0], nested[i].begins, strlen(nested[i].begins));
        decoded_free(&have);
    }
    served_destroy(&served);
}

/* A name with more than one message holds, in RRsets of which each fits; to be freed. */
static char *crowded_zone(size_t addresses, size_t long_addresses)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    fputs(SOA("example.") "big.example. 300 IN TXT x\n", out);
    for (size_t i = 0; i < addresses; i++)
        fprintf(out, "big.example. 300 IN A 10.0.%zu.%zu\n", i / 256, i % 256);
    for (size_t i = 0; i < long_addresses; i++)
        fprintf(out, "big.example. 300 IN AAAA 2001:db8::%zx\n", i);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* TC would send nobody anywhere; RFC 8482 §4.1 lets some RRsets be left out. */
static void any_by_tcp_has_whole_rrsets_and_no_tc(void **state)
{
    static const size_t crowds[][2] = {{2500, 1500}, {4031, 2000}, {1, 2300}, {0, 0}};
    static const size_t answers[] = {2501, 4032, 2302, 1};
    (void)state;

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct served served;
        char *text = crowded_zone(crowds[i][0], crowds[i][1]);
        served_create(&served, text);
        struct decoded have = answer_of(&served, "big.example", TYPE_ANY, TRANSPORT_TCP, 1232);
        assert_false(have.truncated);
        assert_true(have.authoritative);
        assert_int_equal(have.answer.count, answers[i]);
        decoded_free(&have);
        served_destroy(&served);
        free(text);
    }
}

/* RFC 9471 §3.1, also behind a CNAME; RFC 2181 §9 for what is no glue. */
static void only_missing_glue_sets_tc(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        bool truncated;
        size_t answers, authorities;
    } cases[] = {
        {"x.cut.example", TYPE_A, true, 0, 0},
        {"alias.example", TYPE_A, true, 1, 0},
        {"mx.example", TYPE_MX, false, 9, 0},
    };
    struct served served;
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    (void)state;

    assert_non_null(out);
    fputs(SOA("example.") "alias.example. 300 IN CNAME x.cut.example.\n", out);
    for (int i = 1; i <= 9; i++)
        fprintf(out,
                "cut.example. 300 IN NS n%d.cut.example.\nn%d.cut.example. 300 IN A 10.0.0.%d\n"
                "mx.example. 300 IN MX %d n%d.cut.example.\n"
                "n%d.cut.example. 300 IN AAAA 2001:db8::%d\n",
                i, i, i, i, i, i, i);
    assert_int_equal(fclose(out), 0);
    served_create(&served, text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decoded have = answer_of(&served, cases[i].name, cases[i].type, TRANSPORT_UDP, -1);
        assert_int_equal(have.truncated, cases[i].truncated);
        assert_int_equal(have.answer.count, cases[i].answers);
        assert_int_equal(have.authority.count, cases[i].authorities);
        assert_int_equal(have.additional.count, 0);
        decoded_free(&have);
    }
    served_destroy(&served);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prefix_of_every_message_is_survived),
        cmocka_unit_test(every_octet_of_every_message_may_be_anything),
        cmocka_unit_test(all_65536_types_are_answered),
        cmocka_unit_test(all_65536_flags_are_answered),
        cmocka_unit_test(all_65536_classes_are_answered),
        cmocka_unit_test(random_octets_are_survived),
        cmocka_unit_test(a_truncated_answer_keeps_whole_records_from_the_first_on),
        cmocka_unit_test(the_whole_answer_comes_by_tcp),
        cmocka_unit_test(transfers_are_closed_by_default),
        cmocka_unit_test(a_closed_zone_is_asked_by_who_may_ask_or_transfer_it),
        cmocka_unit_test(ds_is_answered_from_above_the_cut),
        cmocka_unit_test(a_damaged_record_is_servfail_and_told),
        cmocka_unit_test(a_zone_within_a_zone_is_answered_from_the_right_side),
        cmocka_unit_test(any_by_tcp_has_whole_rrsets_and_no_tc),
        cmocka_unit_test(only_missing_glue_sets_tc),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
