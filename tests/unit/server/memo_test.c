/* What is recalled is what respond() said, octet for octet but for the ID; what depends on who
 * asks, or when, or has changed since, is not. */
#include "tests/unit/server/asked.h"

#include "server/memo.h"

static const char zone_text[] =
    "example. 3600 IN SOA ns1.example. hostmaster.example. 7 3600 900 604800 300\n"
    "example. 3600 IN NS ns1.example.\n"
    "xa.example. 3600 IN TXT \"0 Registry (.xa)\"\n"
    "*.xa.example. 3600 IN TXT \"0 Registry (.xa)\"\n"
    "alias.example. 3600 IN CNAME xa.example.\n"
    "cut.example. 3600 IN NS ns.cut.example.\n"
    "ns.cut.example. 3600 IN A 192.0.2.2\n";

/* Of one zone, with what a worker has. */
struct asking {
    struct served served;
    struct memo *memo;
    struct reply reply;
};

static void setup(struct asking *asking)
{
    served_create(&asking->served, zone_text);
    asking->served.view.era = 1;
    asking->memo = memo_create(MEMO_MIN_REPLIES);
    assert_non_null(asking->memo);
}

static void teardown(struct asking *asking)
{
    memo_destroy(asking->memo);
    served_destroy(&asking->served);
}

/* As a worker does it. True when the reply was recalled. */
static bool answer(struct asking *asking, const struct query *query, enum transport transport)
{
    const struct view *view = &asking->served.view;
    const struct memo_request request =
        memo_request_of(asking->memo, view->era, query->octets, query->length);
    const struct asker asker = {.address = (const struct sockaddr *)&client,
                                .transport = transport};

    if (memo_has(asking->memo, &request) && memo_recall(asking->memo, &request, &asking->reply))
        return true;
    respond(view, query->octets, query->length, &asker, &asking->reply);
    memo_keep(asking->memo, &request, &asking->reply);
    return false;
}

static bool answer_again(struct asking *asking, const struct query *query)
{
    answer(asking, query, TRANSPORT_UDP);
    answer(asking, query, TRANSPORT_UDP);
    return answer(asking, query, TRANSPORT_UDP);
}

static const struct {
    const char *name;
    uint16_t type;
    int udp_octets;
} questions[] = {
    {"xa.example", TYPE_TXT, 1232},    {"xa.example", TYPE_TXT, -1},
    {"XA.example", TYPE_TXT, 1232},    {"xa.example", TYPE_A, 1232},
    {"www.xa.example", TYPE_TXT, 512}, {"nothing.example", TYPE_TXT, 1232},
    {"alias.example", TYPE_TXT, 1232}, {"www.cut.example", TYPE_TXT, 1232},
    {"cut.example", TYPE_TXT, -1},     {"example", TYPE_SOA, 4096},
    {"example", TYPE_ANY, 1232},       {"example", TYPE_DNSKEY, 1232},
};

static void what_is_recalled_is_what_was_said_but_for_the_id(void **state)
{
    static uint8_t want[MESSAGE_OCTETS], have[MESSAGE_OCTETS];
    struct asking asking;
    (void)state;

    setup(&asking);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        struct query query =
            make_query(questions[i].name, questions[i].type, CLASS_IN, questions[i].udp_octets);
        assert_false(answer(&asking, &query, TRANSPORT_UDP)); /* heard */
        assert_false(answer(&asking, &query, TRANSPORT_UDP)); /* kept */
        size_t octets = join(&asking.reply, want);
        uint16_t rcode = asking.reply.rcode;
        query.octets[0] ^= 0xff;
        query.octets[1] ^= 0x0f;
        assert_true(answer(&asking, &query, TRANSPORT_UDP));
        assert_int_equal(asking.reply.action, REPLY_SEND);
        assert_int_equal(asking.reply.rcode, rcode);
        assert_int_equal(asking.reply.octets, octets);
        assert_int_equal(asking.reply.cookie, COOKIE_NONE);
        assert_null(asking.reply.tsig);
        assert_int_equal(join(&asking.reply, have), octets);
        assert_memory_equal(have, query.octets, 2);
        assert_memory_equal(have + 2, want + 2, octets - 2);
    }
    teardown(&asking);
}

static void one_octet_more_or_another_is_another_question(void **state)
{
    struct asking asking;
    (void)state;

    setup(&asking);
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    assert_true(answer_again(&asking, &query));
    for (size_t at = 2; at < query.length; at++) {
        struct query other = query;
        other.octets[at] ^= 1;
        const struct memo_request request =
            memo_request_of(asking.memo, 1, other.octets, other.length);
        assert_false(memo_recall(asking.memo, &request, &asking.reply));
    }
    for (size_t length = 0; length < query.length; length++) {
        const struct memo_request request = memo_request_of(asking.memo, 1, query.octets, length);
        assert_false(memo_recall(asking.memo, &request, &asking.reply));
    }
    teardown(&asking);
}

static void another_era_has_replies_of_its_own(void **state)
{
    struct asking asking;
    (void)state;

    setup(&asking);
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    assert_true(answer_again(&asking, &query));
    asking.served.view.era++;
    assert_false(answer(&asking, &query, TRANSPORT_UDP)); /* it was asked for before: kept */
    assert_true(answer(&asking, &query, TRANSPORT_UDP));
    teardown(&asking);
}

static int64_t no_clock(void)
{
    return 1780000000;
}

static void who_asks_and_when_has_no_part_in_what_is_kept(void **state)
{
    static const struct cookie_secrets secrets = {.count = 1};
    static const uint8_t cookie[] = {0, EDNS_COOKIE, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    struct asking asking;
    (void)state;

    setup(&asking);
    struct served *served = &asking.served;
    served->view.cookies = &secrets;
    served->view.clock = no_clock;
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    struct query with_cookie = query;
    memcpy(with_cookie.octets + query.length, cookie, sizeof cookie);
    with_cookie.octets[query.length - 5] = 4 + sizeof cookie; /* behind NSID */
    with_cookie.length += sizeof cookie;
    assert_false(answer_again(&asking, &with_cookie));
    assert_int_equal(asking.reply.cookie, COOKIE_CLIENT_ONLY);

    answer(&asking, &query, TRANSPORT_TCP);
    assert_false(asking.reply.repeatable); /* by TCP: longer, and with a keepalive */
    struct query transfer = make_ixfr_query("example", 6);
    assert_false(answer_again(&asking, &transfer)); /* who may have one? */
    struct query elsewhere = make_query("other.test", TYPE_TXT, CLASS_IN, 1232);
    assert_false(answer_again(&asking, &elsewhere));
    struct query chaos = make_query("version.bind", TYPE_TXT, CLASS_CH, 1232);
    assert_false(answer_again(&asking, &chaos));
    served->view.rrl = rrl_create();
    assert_non_null(served->view.rrl);
    served->config.server.rrl_rate = 1000;
    served->config.server.rrl_octets = 1 << 20;
    assert_false(answer_again(&asking, &query)); /* each is counted */
    rrl_destroy(served->view.rrl);
    served->view.rrl = NULL;
    assert_true(answer_again(&asking, &query));
    teardown(&asking);
}

static void a_zone_with_rules_for_questions_is_not_open(void **state)
{
    const struct config_acl transfers = {.actions = ACL_TRANSFER};
    const struct config_acl questions_too = {.actions = ACL_TRANSFER | ACL_QUERY};
    const struct config_acl *acl[] = {&transfers, &questions_too};
    struct asking asking;
    (void)state;

    setup(&asking);
    struct served *served = &asking.served;
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    for (int step = 0; step < 4; step++) {
        struct config_zone *zone = &served->zone_configs[0];
        zone->acl = acl;
        zone->acl_count = step < 2 ? (size_t)step : 0;
        zone->acl_count += step == 1; /* both */
        zone->audience = step == 2 ? AUDIENCE_MEMBERS : AUDIENCE_PUBLIC;
        zone->catalog = step == 3;
        zone_table_destroy(served->zones);
        assert_int_equal(zone_table_create(&served->config, served->snapshot, &served->zones),
                         STATUS_OK);
        served->view.zones = served->zones;
        served->view.era++;
        assert_int_equal(answer_again(&asking, &query), step == 0);
    }
    served->zone_configs[0].acl_count = 0;
    teardown(&asking);
}

static void a_flood_of_names_that_never_come_again_puts_nothing_out(void **state)
{
    struct asking asking;
    char name[64];
    (void)state;

    setup(&asking);
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    assert_true(answer_again(&asking, &query));
    for (int i = 0; i < 4 * MEMO_MIN_REPLIES; i++) {
        snprintf(name, sizeof name, "n%d.xa.example", i);
        struct query other = make_query(name, TYPE_TXT, CLASS_IN, 1232);
        assert_false(answer(&asking, &other, TRANSPORT_UDP));
    }
    assert_true(answer(&asking, &query, TRANSPORT_UDP));
    teardown(&asking);
}

static void more_questions_than_there_is_room_for_are_all_answered_right(void **state)
{
    static uint8_t want[MESSAGE_OCTETS], have[MESSAGE_OCTETS];
    struct asking asking;
    char name[64];
    (void)state;

    setup(&asking);
    unsigned recalled = 0;
    for (int i = 0; i < 12 * MEMO_MIN_REPLIES; i++) {
        snprintf(name, sizeof name, "n%d.xa.example", i / 12 * 3 + i % 3);
        struct query query = make_query(name, TYPE_TXT, CLASS_IN, 1232);
        recalled += answer(&asking, &query, TRANSPORT_UDP);
        size_t octets = join(&asking.reply, have);
        assert_int_equal(ask(&asking.served, &query, TRANSPORT_UDP, want), octets);
        assert_memory_equal(want, have, octets);
    }
    assert_true(recalled > 2 * MEMO_MIN_REPLIES);
    teardown(&asking);
}

/* Whichever questions share a set, and in whatever order they come. */
static void what_comes_again_and_again_is_kept(void **state)
{
    const int names = MEMO_MIN_REPLIES / 2;
    struct asking asking;
    char name[64];
    (void)state;

    setup(&asking);
    int recalled = 0;
    for (int i = 0; i < 8 * names; i++) {
        snprintf(name, sizeof name, "n%d.xa.example", i % names);
        struct query query = make_query(name, TYPE_TXT, CLASS_IN, 1232);
        recalled = (i % names ? recalled : 0) + answer(&asking, &query, TRANSPORT_UDP);
    }
    assert_in_range(recalled, names * 99 / 100, names);
    teardown(&asking);
}

/* A sound question with a long option: however often it comes, it is neither hashed nor kept. */
static void what_is_too_long_to_be_kept_is_not_looked_for(void **state)
{
    const struct asker asker = {.address = (const struct sockaddr *)&client};
    const struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, 1232);
    const size_t option_octets = 800, rdlength_at = query.length - 6; /* NSID is there already */
    uint8_t octets[sizeof query.octets + 804] = {0};
    struct asking asking;
    (void)state;

    setup(&asking);
    memcpy(octets, query.octets, query.length);
    struct writer w = writer_of(octets + rdlength_at, 2);
    writer_u16(&w, (uint16_t)(4 + 4 + option_octets));
    w = writer_of(octets + query.length, 4);
    writer_u16(&w, 65001);
    writer_u16(&w, (uint16_t)option_octets);
    for (int times = 0; times < 3; times++) {
        const struct memo_request request = memo_request_of(
            asking.memo, asking.served.view.era, octets, query.length + 4 + option_octets);
        assert_int_equal(request.hash, 0);
        assert_false(memo_recall(asking.memo, &request, &asking.reply));
        respond(&asking.served.view, octets, request.length, &asker, &asking.reply);
        assert_int_equal(asking.reply.rcode, RCODE_NOERROR);
        assert_true(asking.reply.repeatable);
        memo_keep(asking.memo, &request, &asking.reply);
    }
    teardown(&asking);
}

static void as_much_is_kept_as_the_database_has(void **state)
{
    const size_t least = (size_t)MEMO_MIN_REPLIES * MEMO_REPLY_OCTETS;
    (void)state;

    assert_int_equal(memo_replies_for(0), MEMO_MIN_REPLIES);
    assert_int_equal(memo_replies_for(least), MEMO_MIN_REPLIES);
    assert_int_equal(memo_replies_for(least + 1), 2 * MEMO_MIN_REPLIES);
    assert_int_equal(memo_replies_for(2 * least), 2 * MEMO_MIN_REPLIES);
    assert_int_equal(memo_replies_for(SIZE_MAX), MEMO_MAX_REPLIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_recalled_is_what_was_said_but_for_the_id),
        cmocka_unit_test(one_octet_more_or_another_is_another_question),
        cmocka_unit_test(another_era_has_replies_of_its_own),
        cmocka_unit_test(who_asks_and_when_has_no_part_in_what_is_kept),
        cmocka_unit_test(a_zone_with_rules_for_questions_is_not_open),
        cmocka_unit_test(a_flood_of_names_that_never_come_again_puts_nothing_out),
        cmocka_unit_test(more_questions_than_there_is_room_for_are_all_answered_right),
        cmocka_unit_test(what_comes_again_and_again_is_kept),
        cmocka_unit_test(what_is_too_long_to_be_kept_is_not_looked_for),
        cmocka_unit_test(as_much_is_kept_as_the_database_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
