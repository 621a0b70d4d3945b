#include "tests/unit/server/decoded.h"
#include "tests/unit/server/signed.h"

#include "conf/units.h"
#include "server/rrl.h"
#include "server/rrl_watch.h"

#include <pthread.h>

#define NOW  5000000 /* ms */
#define HOUR 3600000

static struct prefix address_of(const char *text)
{
    struct prefix prefix;
    assert_int_equal(units_prefix(text, &prefix), STATUS_OK);
    return prefix;
}

static struct config_server limits_of(unsigned rate, uint32_t octets, unsigned slip)
{
    return (struct config_server){.rrl_rate = rate, .rrl_octets = octets, .rrl_slip = slip};
}

/* One answer of 100 octets. */
static enum rrl_verdict judge(struct rrl *rrl, const struct config_server *limits,
                              const char *address, enum rrl_kind kind, uint64_t of, int64_t now_ms)
{
    struct prefix prefix = address_of(address);
    const struct rrl_answer answer = {&prefix, kind, of, 100};
    return rrl_judge(rrl, limits, &answer, now_ms);
}

/* How many of `count` answers at one moment pass. */
static unsigned passing(struct rrl *rrl, const struct config_server *limits, const char *address,
                        uint64_t of, unsigned count, int64_t now_ms)
{
    unsigned passed = 0;
    for (unsigned i = 0; i < count; i++)
        passed += judge(rrl, limits, address, RRL_ANSWER, of, now_ms) == RRL_PASS;
    return passed;
}

static void a_second_holds_its_rate_and_so_does_every_other(void **state)
{
    static const unsigned rates[] = {1, 2, 3, 7, 20, 200, 1000};
    (void)state;

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct config_server limits = limits_of(rates[i], 1 << 30, 0);
        struct rrl *rrl = rrl_create();
        unsigned later = 0;
        assert_int_equal(passing(rrl, &limits, "192.0.2.1", 1, 3000, NOW), rates[i]);
        for (int64_t ms = 1; ms <= 10000; ms++)
            later += passing(rrl, &limits, "192.0.2.1", 1, 2, NOW + ms);
        assert_in_range(later, rates[i] * 10 - 1, rates[i] * 10);
        rrl_destroy(rrl);
    }
}

static void octets_are_counted_whatever_is_asked_and_headers_too(void **state)
{
    const struct config_server limits = limits_of(1000000, 12800, 0);
    struct rrl *rrl = rrl_create();
    unsigned passed4 = 0, passed6 = 0;
    (void)state;

    for (uint64_t of = 0; of < 1000; of++) {
        enum rrl_kind kind = (enum rrl_kind)(of % (RRL_ERROR + 1));
        passed4 += judge(rrl, &limits, "192.0.2.1", kind, of, NOW) == RRL_PASS;
        passed6 += judge(rrl, &limits, "2001:db8::1", kind, of, NOW) == RRL_PASS;
    }
    assert_int_equal(passed4, 12800 / (100 + 28));
    assert_int_equal(passed6, 12800 / (100 + 48));
    rrl_destroy(rrl);
}

/* One answer that is larger than all of a second's octets goes, and then none for as long as it
 * takes. */
static void one_answer_is_never_too_large(void **state)
{
    const struct config_server limits = limits_of(1000000, 4096, 0);
    struct rrl *rrl = rrl_create();
    struct prefix client_address = address_of("192.0.2.1");
    const struct rrl_answer large = {&client_address, RRL_ANSWER, 1, 4096};
    (void)state;

    assert_int_equal(rrl_judge(rrl, &limits, &large, NOW), RRL_PASS);
    assert_int_equal(rrl_judge(rrl, &limits, &large, NOW + 900), RRL_DROP);
    assert_int_equal(rrl_judge(rrl, &limits, &large, NOW + 1100), RRL_PASS);
    rrl_destroy(rrl);
}

static void prefixes_kinds_and_owners_are_told_apart(void **state)
{
    static const struct {
        const char *client;
        enum rrl_kind kind;
        uint64_t of;
        enum rrl_verdict verdict;
    } cases[] = {
        {"192.0.2.1", RRL_ANSWER, 1, RRL_PASS},
        {"192.0.2.255", RRL_ANSWER, 1, RRL_DROP},
        {"192.0.3.1", RRL_ANSWER, 1, RRL_PASS},
        {"192.0.2.1", RRL_ANSWER, 2, RRL_PASS},
        {"192.0.2.1", RRL_NXDOMAIN, 1, RRL_PASS},
        {"192.0.2.1", RRL_NODATA, 1, RRL_PASS},
        {"192.0.2.1", RRL_REFERRAL, 1, RRL_PASS},
        {"192.0.2.1", RRL_CHAOS, 0, RRL_PASS},
        {"192.0.2.1", RRL_ERROR, 0, RRL_PASS},
        {"192.0.2.9", RRL_ERROR, 0, RRL_DROP},
        {"2001:db8::1", RRL_ANSWER, 1, RRL_PASS},
        {"2001:db8:0:ff:ffff::1", RRL_ANSWER, 1, RRL_DROP},
        {"2001:db8:0:100::1", RRL_ANSWER, 1, RRL_PASS},
    };
    const struct config_server limits = limits_of(1, 1 << 30, 0);
    struct rrl *rrl = rrl_create();
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(judge(rrl, &limits, cases[i].client, cases[i].kind, cases[i].of, NOW),
                         cases[i].verdict);
    rrl_destroy(rrl);
}

static void every_nth_limited_answer_slips(void **state)
{
    (void)state;
    for (unsigned slip = 0; slip <= 10; slip++) {
        const struct config_server limits = limits_of(1, 1 << 30, slip);
        struct rrl *rrl = rrl_create();
        assert_int_equal(judge(rrl, &limits, "192.0.2.1", RRL_ANSWER, 1, NOW), RRL_PASS);
        for (unsigned i = 1; i <= 100; i++)
            assert_int_equal(judge(rrl, &limits, "192.0.2.1", RRL_ANSWER, 1, NOW),
                             slip > 0 && i % slip == 0 ? RRL_SLIP : RRL_DROP);
        rrl_destroy(rrl);
    }
}

static void whom_the_configuration_exempts_is_never_limited(void **state)
{
    struct prefix exempt[] = {address_of("127.0.0.0/8"), address_of("2001:db8::/32")};
    struct config_server limits = limits_of(1, 4096, 0);
    struct rrl *rrl = rrl_create();
    (void)state;

    limits.rrl_exempt = exempt;
    limits.rrl_exempt_count = 2;
    assert_int_equal(passing(rrl, &limits, "127.255.0.1", 1, 1000, NOW), 1000);
    assert_int_equal(passing(rrl, &limits, "2001:db8:ffff::1", 1, 1000, NOW), 1000);
    assert_int_equal(passing(rrl, &limits, "128.0.0.1", 1, 1000, NOW), 1);
    assert_int_equal(passing(rrl, &limits, "2001:db9::1", 1, 1000, NOW), 1);
    rrl_destroy(rrl);
}

/* Also where the time of a bucket comes round again, after nineteen hours. */
static void who_was_limited_is_forgiven_however_long_ago(void **state)
{
    const struct config_server limits = limits_of(5, 1 << 30, 0);
    struct rrl *rrl = rrl_create();
    int64_t now = NOW;
    (void)state;

    for (int64_t hours = 0; hours < 60; hours++) {
        assert_int_equal(passing(rrl, &limits, "192.0.2.1", 1, 100, now), 5);
        now += hours * HOUR + 7001;
    }
    rrl_destroy(rrl);
}

/* Fixed memory: who floods from all over the net does not free the one who is limited. */
static void a_flood_of_other_prefixes_frees_nobody(void **state)
{
    const struct config_server limits = limits_of(100, 1 << 30, 0);
    struct rrl *rrl = rrl_create();
    struct prefix other = address_of("10.0.0.0");
    const struct rrl_answer answer = {&other, RRL_ANSWER, 1, 100};
    unsigned passed = 0;
    (void)state;

    assert_int_equal(passing(rrl, &limits, "192.0.2.1", 1, 200, NOW), 100);
    for (uint32_t i = 0; i < 2 * RRL_BUCKETS; i++) {
        other.octets[0] = (uint8_t)(10 + (i >> 16));
        other.octets[1] = (uint8_t)(i >> 8);
        other.octets[2] = (uint8_t)i;
        passed += rrl_judge(rrl, &limits, &answer, NOW) == RRL_PASS;
        if (i % 4096 == 0)
            assert_int_equal(judge(rrl, &limits, "192.0.2.1", RRL_ANSWER, 1, NOW), RRL_DROP);
    }
    /* And hardly anyone is limited for another: tags have 24 bits. */
    assert_in_range(passed, 2 * RRL_BUCKETS - 20, 2 * RRL_BUCKETS);
    rrl_destroy(rrl);
}

#define THREADS 4

static struct rrl *shared;
static const struct config_server shared_limits = {.rrl_rate = 1000, .rrl_octets = 1 << 30};

static void *hammer(void *arg)
{
    unsigned *passed = arg;
    *passed = passing(shared, &shared_limits, "192.0.2.1", 1, 20000, NOW);
    return NULL;
}

static void several_workers_have_one_rate(void **state)
{
    pthread_t threads[THREADS];
    unsigned passed[THREADS];
    unsigned sum = 0;
    (void)state;

    shared = rrl_create();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &passed[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        sum += passed[i];
    }
    /* The very first ones may each have made a bucket. */
    assert_in_range(sum, 1000, 1000 + THREADS);
    rrl_destroy(shared);
}

/* What the log has by now, to be freed. */
static char *logged(FILE *file)
{
    char *text = calloc(1, 65536);
    assert_non_null(text);
    rewind(file);
    assert_true(fread(text, 1, 65535, file) < 65535);
    return text;
}

static unsigned count_of(const char *text, const char *what)
{
    unsigned count = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        count++;
    return count;
}

static void the_log_tells_of_a_prefix_once_when_it_begins_and_once_when_it_has_ended(void **state)
{
    const struct config_log settings = {.target = LOG_TARGET_STDERR, .level = LOG_LEVEL_INFO};
    const struct config_server limits = limits_of(1, 1 << 30, 2);
    FILE *file = tmpfile();
    struct log *log = log_create(&settings, fileno(file), "/dev/log");
    struct rrl *rrl = rrl_create();
    (void)state;

    for (int64_t s = 0; s < 100; s++) {
        for (int i = 0; i < 7; i++)
            (void)judge(rrl, &limits, s < 10 ? "192.0.2.77" : "198.51.100.1", RRL_ANSWER, 1,
                        NOW + s * 1000);
        for (int i = 0; i < 3 && s < 2; i++)
            (void)judge(rrl, &limits, "2001:db8::1", RRL_ANSWER, 1, NOW + s * 1000);
        rrl_report(rrl, log, NOW + s * 1000);
    }
    char *text = logged(file);
    assert_int_equal(count_of(text, "rate limiting of 192.0.2.0/24 begins"), 1);
    assert_int_equal(count_of(text, "rate limiting of 192.0.2.0/24 has ended: 30 answers were "
                                    "dropped, 30 truncated"),
                     1);
    assert_int_equal(count_of(text, "rate limiting of 198.51.100.0/24 begins"), 1);
    assert_int_equal(count_of(text, "rate limiting of 2001:db8::/56 begins"), 1);
    assert_int_equal(count_of(text, "\n"), 5);
    free(text);
    rrl_destroy(rrl);
    log_destroy(log);
    fclose(file);
}

static void a_thousand_prefixes_make_few_lines(void **state)
{
    const struct config_log settings = {.target = LOG_TARGET_STDERR, .level = LOG_LEVEL_INFO};
    struct rrl_watch watch = {0};
    FILE *file = tmpfile();
    struct log *log = log_create(&settings, fileno(file), "/dev/log");
    (void)state;

    for (uint64_t i = 0; i < 60000; i++) {
        rrl_watch_note(&watch, (uint64_t)4 << 56 | (i % 1000) << 32, true, NOW + (int64_t)i);
        if (i % 1000 == 0)
            rrl_watch_report(&watch, log, NOW + (int64_t)i);
    }
    char *text = logged(file);
    assert_int_equal(count_of(text, "\n"), RRL_WATCHED);
    free(text);
    log_destroy(log);
    fclose(file);
}

/* In messages: what respond() makes of it. */

static const char zone_text[] =
    "example. 3600 IN SOA ns1.example. hostmaster.example. 7 3600 900 604800 300\n"
    "example. 3600 IN NS ns1.test.\n"
    "xa.example. 3600 IN TXT \"0 Registry (.xa)\"\n"
    "xb.example. 3600 IN TXT \"0 Registry (.xb)\"\n"
    "*.xa.example. 3600 IN TXT \"0 Registry (.xa)\"\n"
    "sub.example. 3600 IN NS ns1.test.\n"
    "dub.example. 3600 IN NS ns1.test.\n";

static const struct cookie_secrets served_secrets = {.count = 1, .octets = {{1, 2, 3}}};

static int setup(void **state)
{
    struct served *served = malloc(sizeof *served);
    if (!served)
        return -1;
    served_create(served, zone_text);
    served->config.server.rrl_rate = 1;
    served->config.server.rrl_octets = 1 << 20;
    *state = served;
    return 0;
}

static int teardown(void **state)
{
    served_destroy(*state);
    free(*state);
    return 0;
}

static void respond_to(struct served *served, const struct query *query, enum transport transport,
                       struct reply *reply)
{
    respond(&served->view, query->octets, query->length,
            &(struct asker){.address = (const struct sockaddr *)&client, .transport = transport},
            reply);
}

/* Whether the second of two questions is held to be of the first one's kind. */
static void kinds_of_answers_are_those_of_the_manual(void **state)
{
    static const struct {
        const char *first, *second;
        uint16_t first_type, second_type;
        uint16_t class;
        bool same;
    } cases[] = {
        {"xa.example", "XA.example", TYPE_TXT, TYPE_TXT, CLASS_IN, true},
        {"xa.example", "xb.example", TYPE_TXT, TYPE_TXT, CLASS_IN, false},
        {"a.xa.example", "b.c.xa.example", TYPE_TXT, TYPE_TXT, CLASS_IN, true},
        {"a.xa.example", "xa.example", TYPE_TXT, TYPE_TXT, CLASS_IN, false},
        {"a.example", "b.example", TYPE_TXT, TYPE_A, CLASS_IN, true},
        {"xa.example", "xb.example", TYPE_A, TYPE_A, CLASS_IN, true},
        {"xa.example", "a.example", TYPE_A, TYPE_A, CLASS_IN, false},
        {"sub.example", "x.dub.example", TYPE_A, TYPE_TXT, CLASS_IN, true},
        {"sub.example", "xa.example", TYPE_A, TYPE_A, CLASS_IN, false},
        {"a.test", "b.test", TYPE_A, TYPE_TXT, CLASS_IN, true},
        {"version.bind", "id.server", TYPE_TXT, TYPE_TXT, CLASS_CH, true},
        {"version.bind", "none.bind", TYPE_TXT, TYPE_TXT, CLASS_CH, false},
    };
    struct served *served = *state;
    struct reply reply = {.spare = NULL};

    served->view.cookies = NULL;
    served->config.server.rrl_slip = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        served->view.rrl = rrl_create();
        struct query query = make_query(cases[i].first, cases[i].first_type, cases[i].class, -1);
        respond_to(served, &query, TRANSPORT_UDP, &reply);
        assert_int_equal(reply.action, REPLY_SEND);
        query = make_query(cases[i].second, cases[i].second_type, cases[i].class, -1);
        respond_to(served, &query, TRANSPORT_UDP, &reply);
        assert_int_equal(reply.action, cases[i].same ? REPLY_DROP : REPLY_SEND);
        assert_int_equal(reply.limited, cases[i].same ? RRL_DROP : RRL_PASS);
        respond_to(served, &query, TRANSPORT_TCP, &reply);
        assert_int_equal(reply.action, REPLY_SEND);
        rrl_destroy(served->view.rrl);
    }
    served->view.rrl = NULL;
}

/* TC and the question, the OPT too; an error is sent as it is. */
static void what_slips_has_no_contents(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        int udp_octets;
        bool error;
    } cases[] = {
        {"xa.example", TYPE_TXT, -1, false},   {"xa.example", TYPE_TXT, 1232, false},
        {"no.example", TYPE_TXT, 1232, false}, {"xa.example", TYPE_A, 1232, false},
        {"sub.example", TYPE_A, 1232, false},  {"a.test", TYPE_A, 1232, true},
    };
    static uint8_t message[MESSAGE_OCTETS];
    struct served *served = *state;
    struct reply reply = {.spare = NULL};

    served->view.cookies = NULL;
    served->config.server.rrl_slip = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        served->view.rrl = rrl_create();
        struct query query =
            make_query(cases[i].name, cases[i].type, CLASS_IN, cases[i].udp_octets);
        respond_to(served, &query, TRANSPORT_UDP, &reply);
        assert_int_equal(reply.limited, RRL_PASS);
        size_t before = reply.octets;
        respond_to(served, &query, TRANSPORT_UDP, &reply);
        assert_int_equal(reply.limited, RRL_SLIP);
        struct decoded have = decoded_of(message, join(&reply, message));
        assert_int_equal(have.truncated, !cases[i].error);
        assert_int_equal(have.rcode, cases[i].error ? RCODE_REFUSED : RCODE_NOERROR);
        assert_false(have.authoritative);
        assert_int_equal(have.answer.count + have.authority.count, 0);
        assert_true(reply.octets <= before);
        decoded_free(&have);
        rrl_destroy(served->view.rrl);
    }
    served->view.rrl = NULL;
}

/* A query with a COOKIE option of `octets`. */
static struct query with_cookie(const uint8_t *cookie, size_t octets)
{
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, -1);
    struct writer w = writer_of(query.octets, sizeof query.octets);

    w.next += query.length;
    writer_u8(&w, 0);
    record_write_fixed(&w, TYPE_OPT, 1232, 0, (uint16_t)(4 + octets));
    writer_u16(&w, EDNS_COOKIE);
    writer_u16(&w, (uint16_t)octets);
    writer_octets(&w, cookie, octets);
    query.length = writer_length(&w);
    query.octets[11] = 1;
    return query;
}

/* RFC 7873 §5.2.3: a client that is limited learns its cookie, and is limited no more (§5.2.5). */
static void a_client_that_would_like_a_cookie_gets_badcookie_and_is_free(void **state)
{
    struct served *served = *state;
    struct reply reply = {.spare = NULL};
    static uint8_t message[MESSAGE_OCTETS];
    uint8_t plain[COOKIE_CLIENT_OCTETS] = "client's";

    served->view.cookies = &served_secrets;
    served->view.rrl = rrl_create();
    served->config.server.rrl_slip = 1;
    struct query query = with_cookie(plain, sizeof plain);
    respond_to(served, &query, TRANSPORT_UDP, &reply);
    assert_int_equal(reply.rcode, RCODE_NOERROR);
    respond_to(served, &query, TRANSPORT_UDP, &reply);
    assert_int_equal(reply.rcode, RCODE_BADCOOKIE);
    assert_int_equal(reply.limited, RRL_SLIP);
    size_t length = join(&reply, message);
    assert_int_equal(message[7] + message[9], 0); /* no records but the OPT */
    assert_false(message[2] & 0x02);              /* TC would send it to TCP */
    query = with_cookie(message + length - COOKIE_OCTETS, COOKIE_OCTETS);
    for (int i = 0; i < 10; i++) {
        respond_to(served, &query, TRANSPORT_UDP, &reply);
        assert_int_equal(reply.rcode, RCODE_NOERROR);
        assert_int_equal(reply.limited, RRL_PASS);
        assert_int_equal(reply.cookie, COOKIE_GOOD);
    }
    rrl_destroy(served->view.rrl);
    served->view.rrl = NULL;
    served->view.cookies = NULL;
}

/* A good signature proves more than a cookie does; one that is not good proves nothing. */
static void signed_requests_are_not_limited(void **state)
{
    struct served *served = *state;
    struct reply reply = {.spare = NULL};
    static struct ring ring;

    ring_create(&ring);
    served->view.keys = ring.keys;
    served->view.rrl = rrl_create();
    served->config.server.rrl_slip = 0;
    struct query query = signed_query("xa.example", TYPE_TXT, -1, 0);
    for (int i = 0; i < 10; i++) {
        respond_to(served, &query, TRANSPORT_UDP, &reply);
        assert_int_equal(reply.action, REPLY_SEND);
        assert_int_equal(reply.rcode, RCODE_NOERROR);
    }
    served->view.keys = NULL; /* the key is not known any more */
    for (int i = 0; i < 10; i++) {
        respond_to(served, &query, TRANSPORT_UDP, &reply);
        assert_int_equal(reply.action, i == 0 ? REPLY_SEND : REPLY_DROP);
    }
    rrl_destroy(served->view.rrl);
    served->view.rrl = NULL;
    ring_destroy(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_holds_its_rate_and_so_does_every_other),
        cmocka_unit_test(octets_are_counted_whatever_is_asked_and_headers_too),
        cmocka_unit_test(one_answer_is_never_too_large),
        cmocka_unit_test(prefixes_kinds_and_owners_are_told_apart),
        cmocka_unit_test(every_nth_limited_answer_slips),
        cmocka_unit_test(whom_the_configuration_exempts_is_never_limited),
        cmocka_unit_test(who_was_limited_is_forgiven_however_long_ago),
        cmocka_unit_test(a_flood_of_other_prefixes_frees_nobody),
        cmocka_unit_test(several_workers_have_one_rate),
        cmocka_unit_test(the_log_tells_of_a_prefix_once_when_it_begins_and_once_when_it_has_ended),
        cmocka_unit_test(a_thousand_prefixes_make_few_lines),
        cmocka_unit_test(kinds_of_answers_are_those_of_the_manual),
        cmocka_unit_test(what_slips_has_no_contents),
        cmocka_unit_test(a_client_that_would_like_a_cookie_gets_badcookie_and_is_free),
        cmocka_unit_test(signed_requests_are_not_limited),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
