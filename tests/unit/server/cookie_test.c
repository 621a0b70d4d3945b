#include "tests/unit/server/decoded.h"
#include "tests/unit/server/signed.h"

#include "conf/units.h"
#include "server/edns.h"

/* Octets from hexadecimal digits; returns how many. */
static size_t unhex(const char *text, uint8_t *octets)
{
    size_t count = strlen(text) / 2;

    for (size_t i = 0; i < count; i++) {
        unsigned value;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &value), 1);
        octets[i] = (uint8_t)value;
    }
    return count;
}

static struct cookie_secrets secrets_of(const char *active, const char *staging)
{
    struct cookie_secrets secrets = {.count = staging ? 2 : 1};

    unhex(active, secrets.octets[0]);
    if (staging)
        unhex(staging, secrets.octets[1]);
    return secrets;
}

static struct prefix address_of(const char *text)
{
    struct prefix prefix;
    assert_int_equal(units_prefix(text, &prefix), STATUS_OK);
    return prefix;
}

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define MADE   1559731985 /* when the cookie of A.1 was made */
#define COOKIE "2464c4abcf10c957010000005cf79f111f8130c3eee29480"

/* RFC 9018 appendix A. The cookie of A.3 is 112 minutes old there, which §4.3 does not ask anyone
 * to take: judged at an earlier time it is good. */
static void cookies_are_those_of_rfc_9018(void **state)
{
    static const struct {
        const char *active, *staging, *client, *option;
        uint32_t now;
        enum cookie_state state;
        const char *reply;
    } cases[] = {
        {SECRET, NULL, "198.51.100.100", "2464c4abcf10c957", MADE, COOKIE_CLIENT_ONLY, COOKIE},
        {SECRET, NULL, "198.51.100.100", COOKIE, 1559734385, COOKIE_GOOD,
         "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"},
        {SECRET, NULL, "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
         1559727985, COOKIE_GOOD, "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"},
        {SECRET, NULL, "203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
         1559734700, COOKIE_BAD, "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"},
        {"445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715",
         "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
         1559741961, COOKIE_GOOD, "22681ab97d52c298010000005cf7c609a6bb79d16625507a"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cookie_secrets secrets = secrets_of(cases[i].active, cases[i].staging);
        struct prefix client_address = address_of(cases[i].client);
        uint8_t option[40], wanted[COOKIE_OCTETS], reply[COOKIE_OCTETS];
        size_t octets = unhex(cases[i].option, option);
        assert_int_equal(
            cookie_judge(&secrets, option, octets, &client_address, cases[i].now, reply),
            cases[i].state);
        unhex(cases[i].reply, wanted);
        assert_memory_equal(reply, wanted, COOKIE_OCTETS);
    }
}

/* RFC 9018 §4.3: an hour back, five minutes ahead, a new one after half an hour, by serial
 * arithmetic. */
static void time_counts_to_the_second_and_over_2106(void **state)
{
    static const struct {
        int32_t age;
        enum cookie_state state;
        bool kept;
    } cases[] = {
        {0, COOKIE_GOOD, true},     {1800, COOKIE_GOOD, true},    {1801, COOKIE_GOOD, false},
        {3600, COOKIE_GOOD, false}, {3601, COOKIE_BAD, false},    {-300, COOKIE_GOOD, true},
        {-301, COOKIE_BAD, false},  {1 << 30, COOKIE_BAD, false}, {-(1 << 30), COOKIE_BAD, false},
    };
    static const uint32_t moments[] = {MADE, 0, 10, UINT32_MAX, UINT32_MAX - 1799};
    const struct cookie_secrets secrets = secrets_of(SECRET, NULL);
    const struct prefix client_address = address_of("2001:db8::1");
    const uint8_t plain[COOKIE_CLIENT_OCTETS] = "abcdefg";
    (void)state;

    for (size_t m = 0; m < sizeof moments / sizeof moments[0]; m++) {
        uint8_t option[COOKIE_OCTETS], reply[COOKIE_OCTETS];
        assert_int_equal(
            cookie_judge(&secrets, plain, sizeof plain, &client_address, moments[m], option),
            COOKIE_CLIENT_ONLY);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            uint32_t now = moments[m] + (uint32_t)cases[i].age;
            assert_int_equal(
                cookie_judge(&secrets, option, sizeof option, &client_address, now, reply),
                cases[i].state);
            assert_memory_equal(reply, plain, sizeof plain);
            assert_int_equal(memcmp(reply, option, COOKIE_OCTETS) == 0, cases[i].kept);
        }
    }
}

/* RFC 9018 §4.2, §4.4: everything is under the hash, the address too. */
static void no_changed_bit_and_no_other_length_is_good(void **state)
{
    const struct cookie_secrets secrets = secrets_of(SECRET, NULL);
    const struct prefix client_address = address_of("198.51.100.100");
    const struct prefix other = address_of("198.51.100.101");
    uint8_t option[40] = {0}, reply[COOKIE_OCTETS];
    (void)state;

    unhex(COOKIE, option);
    assert_int_equal(cookie_judge(&secrets, option, COOKIE_OCTETS, &client_address, MADE, reply),
                     COOKIE_GOOD);
    assert_int_equal(cookie_judge(&secrets, option, COOKIE_OCTETS, &other, MADE, reply),
                     COOKIE_BAD);
    for (size_t octets = 16; octets <= 40; octets++)
        assert_int_equal(cookie_judge(&secrets, option, octets, &client_address, MADE, reply) ==
                             COOKIE_GOOD,
                         octets == COOKIE_OCTETS);
    for (size_t bit = 0; bit < COOKIE_OCTETS * 8; bit++) {
        option[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(
            cookie_judge(&secrets, option, COOKIE_OCTETS, &client_address, MADE, reply),
            COOKIE_BAD);
        option[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* RFC 9018 §5: three steps, at two servers that take each at its own time. */
static void cookies_stay_good_while_a_secret_is_rolled(void **state)
{
    static const char old[] = SECRET, new[] = "445536bcd2513298075a5d379663c962";
    const struct cookie_secrets steps[] = {secrets_of(old, NULL), secrets_of(old, new),
                                           secrets_of(new, old), secrets_of(new, NULL)};
    const struct prefix client_address = address_of("192.0.2.7");
    const uint8_t plain[COOKIE_CLIENT_OCTETS] = "abcdefg";
    uint8_t option[COOKIE_OCTETS], reply[COOKIE_OCTETS];
    (void)state;

    for (size_t step = 0; step < 3; step++) {
        for (int turn = 0; turn < 2; turn++) {
            const struct cookie_secrets *maker = &steps[step + (turn == 0)];
            const struct cookie_secrets *judge = &steps[step + (turn == 1)];
            assert_int_equal(
                cookie_judge(maker, plain, sizeof plain, &client_address, MADE, option),
                COOKIE_CLIENT_ONLY);
            assert_int_equal(
                cookie_judge(judge, option, COOKIE_OCTETS, &client_address, MADE, reply),
                COOKIE_GOOD);
        }
    }
    /* A cookie of the staging secret is good, and replaced by one of the active secret. */
    assert_int_equal(cookie_judge(&steps[3], option, COOKIE_OCTETS, &client_address, MADE, reply),
                     COOKIE_GOOD);
    assert_int_equal(cookie_judge(&steps[2], plain, sizeof plain, &client_address, MADE, option),
                     COOKIE_CLIENT_ONLY);
    assert_int_equal(cookie_judge(&steps[1], option, COOKIE_OCTETS, &client_address, MADE, reply),
                     COOKIE_GOOD);
    assert_memory_not_equal(option, reply, COOKIE_OCTETS);
    assert_int_equal(cookie_judge(&steps[0], option, COOKIE_OCTETS, &client_address, MADE, reply),
                     COOKIE_BAD);
}

static void legal_lengths_are_8_and_16_to_40(void **state)
{
    (void)state;
    for (size_t octets = 0; octets < 100; octets++)
        assert_int_equal(cookie_length_is_legal(octets),
                         octets == 8 || (octets >= 16 && octets <= 40));
}

/* In messages: what respond() makes of them. */

static const char zone_text[] =
    "example. 3600 IN SOA ns1.example. hostmaster.example. 7 3600 900 604800 300\n"
    "example. 3600 IN NS ns1.test.\n"
    "xa.example. 3600 IN TXT \"0 Registry (.xa)\"\n"
    "wide.example. 3600 IN TXT \"0 "
    "0123456789012345678901234567890123456789012345678901234567890\"\n";

static const struct cookie_secrets served_secrets = {.count = 1, .octets = {{1, 2, 3}}};

/* A query with an OPT of the given version and COOKIE options of the given lengths, which end with
 * 0; the octets of each come from `octets`. */
static struct query cookie_query(uint8_t version, const size_t *lengths, const uint8_t *octets)
{
    struct query query = make_query("xa.example", TYPE_TXT, CLASS_IN, -1);
    struct writer w = writer_of(query.octets, sizeof query.octets);
    size_t rdata = 0;

    for (size_t i = 0; lengths[i] != 0; i++)
        rdata += 4 + lengths[i];
    w.next += query.length;
    writer_u8(&w, 0);
    record_write_fixed(&w, TYPE_OPT, CLASS_IN * 1232, (uint32_t)version << 16, (uint16_t)rdata);
    for (size_t i = 0; lengths[i] != 0; i++) {
        writer_u16(&w, EDNS_COOKIE);
        writer_u16(&w, (uint16_t)lengths[i]);
        writer_octets(&w, octets, lengths[i]);
    }
    query.length = writer_length(&w);
    query.octets[11] = 1; /* ARCOUNT */
    return query;
}

/* Takes the question out. */
static void unask(struct query *query)
{
    size_t octets = 12 + 4; /* xa.example */

    memmove(query->octets + 12, query->octets + 12 + octets, query->length - 12 - octets);
    query->length -= octets;
    query->octets[5] = 0;
}

struct seen {
    unsigned rcode; /* of header and OPT */
    unsigned answers;
    bool has_opt;
    struct edns edns;
};

static struct seen see(const uint8_t *message, size_t length)
{
    struct reader r = reader_of(message, length);
    struct header header = header_read(&r);
    size_t at = DNS_HEADER_OCTETS;
    struct question question;
    struct record record;
    struct seen seen = {.rcode = header.flags & 0xf, .answers = header.ancount};

    for (unsigned i = 0; i < header.qdcount; i++)
        assert_int_equal(question_parse(message, length, &at, &question), STATUS_OK);
    for (unsigned i = 0; i < (unsigned)header.ancount + header.nscount + header.arcount; i++) {
        assert_int_equal(record_parse(message, length, &at, &record), STATUS_OK);
        if (record.type != TYPE_OPT)
            continue;
        seen.has_opt = true;
        seen.rcode |= record.ttl >> 24 << 4;
        assert_int_equal(edns_parse(&seen.edns, &record, message), STATUS_OK);
    }
    assert_int_equal(at, length);
    return seen;
}

static struct seen ask_and_see(const struct served *served, const struct query *query,
                               enum transport transport, uint8_t *message)
{
    size_t length = ask(served, query, transport, message);
    assert_true(transport != TRANSPORT_UDP || length <= 1232);
    return see(message, length);
}

static int setup(void **state)
{
    struct served *served = malloc(sizeof *served);
    if (!served)
        return -1;
    served_create(served, zone_text);
    *state = served;
    return 0;
}

static int teardown(void **state)
{
    served_destroy(*state);
    free(*state);
    return 0;
}

/* RFC 7873 §5.2.1-§5.2.5, by UDP and TCP. */
static void every_legal_cookie_is_answered_with_a_good_one(void **state)
{
    static const size_t lengths[][3] = {{8}, {16}, {24}, {40}, {8, 24}, {24, 7}};
    struct served *served = *state;
    uint8_t message[MESSAGE_OCTETS], again[MESSAGE_OCTETS];
    const uint8_t octets[40] = "client's";

    served->view.cookies = &served_secrets;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (int t = 0; t < 2; t++) {
            enum transport transport = t == 0 ? TRANSPORT_UDP : TRANSPORT_TCP;
            struct query query = cookie_query(0, lengths[i], octets);
            struct seen seen = ask_and_see(served, &query, transport, message);
            assert_int_equal(seen.rcode, RCODE_NOERROR);
            assert_int_equal(seen.answers, 1);
            assert_int_equal(seen.edns.cookie_octets, COOKIE_OCTETS);
            assert_memory_equal(seen.edns.cookie, octets, COOKIE_CLIENT_OCTETS);
            /* What was given is good, and comes back. */
            query = cookie_query(0, (size_t[]){24, 0}, seen.edns.cookie);
            struct seen second = ask_and_see(served, &query, transport, again);
            assert_memory_equal(second.edns.cookie, seen.edns.cookie, COOKIE_OCTETS);
        }
    }
}

/* RFC 7873 §5.2.2: FORMERR with OPT, without a cookie; only the first option counts (§5.2). */
static void an_illegal_length_is_formerr(void **state)
{
    struct served *served = *state;
    uint8_t message[MESSAGE_OCTETS];
    const uint8_t octets[100] = "client's";

    served->view.cookies = &served_secrets;
    for (size_t length = 1; length < sizeof octets; length++) {
        if (cookie_length_is_legal(length))
            continue;
        struct query query = cookie_query(0, (size_t[]){length, 8, 0}, octets);
        struct seen seen = ask_and_see(served, &query, TRANSPORT_UDP, message);
        assert_int_equal(seen.rcode, RCODE_FORMERR);
        assert_true(seen.has_opt);
        assert_null(seen.edns.cookie);
        /* Of another version nobody knows what is legal. */
        query = cookie_query(1, (size_t[]){length, 0}, octets);
        seen = ask_and_see(served, &query, TRANSPORT_UDP, message);
        assert_int_equal(seen.rcode, RCODE_BADVERS);
    }
}

/* RFC 7873 §5.3: a client that expects a cookie drops what has none. */
static void errors_have_the_cookie_too(void **state)
{
    struct served *served = *state;
    uint8_t message[MESSAGE_OCTETS];
    const uint8_t octets[8] = "client's";

    served->view.cookies = &served_secrets;
    struct query query = cookie_query(1, (size_t[]){8, 0}, octets);
    struct seen seen = ask_and_see(served, &query, TRANSPORT_UDP, message);
    assert_int_equal(seen.rcode, RCODE_BADVERS);
    assert_int_equal(seen.edns.cookie_octets, COOKIE_OCTETS);
    query = cookie_query(0, (size_t[]){8, 0}, octets);
    query.octets[12 + 12 + 3] = CLASS_NONE;
    seen = ask_and_see(served, &query, TRANSPORT_UDP, message);
    assert_int_equal(seen.rcode, RCODE_REFUSED);
    assert_int_equal(seen.edns.cookie_octets, COOKIE_OCTETS);
    query = cookie_query(0, (size_t[]){8, 0}, octets);
    query.octets[query.length++] = 0; /* an octet too many */
    seen = ask_and_see(served, &query, TRANSPORT_UDP, message);
    assert_int_equal(seen.rcode, RCODE_FORMERR);
    assert_int_equal(seen.edns.cookie_octets, COOKIE_OCTETS);
}

/* RFC 7873 §5.4 */
static void no_question_but_for_a_cookie(void **state)
{
    struct served *served = *state;
    uint8_t message[MESSAGE_OCTETS], good[COOKIE_OCTETS];
    uint8_t octets[COOKIE_OCTETS] = "client's";

    served->view.cookies = &served_secrets;
    struct query query = cookie_query(0, (size_t[]){8, 0}, octets);
    unask(&query);
    struct seen seen = ask_and_see(served, &query, TRANSPORT_UDP, message);
    assert_int_equal(seen.rcode, RCODE_NOERROR);
    assert_int_equal(seen.edns.cookie_octets, COOKIE_OCTETS);
    memcpy(good, seen.edns.cookie, sizeof good);
    query = cookie_query(0, (size_t[]){24, 0}, good);
    unask(&query);
    assert_int_equal(ask_and_see(served, &query, TRANSPORT_UDP, message).rcode, RCODE_NOERROR);
    query = cookie_query(0, (size_t[]){24, 0}, octets);
    unask(&query);
    seen = ask_and_see(served, &query, TRANSPORT_UDP, message);
    assert_int_equal(seen.rcode, RCODE_BADCOOKIE);
    assert_memory_equal(seen.edns.cookie, good, sizeof good);
    query = cookie_query(0, (size_t[]){7, 0}, octets);
    unask(&query);
    assert_int_equal(ask_and_see(served, &query, TRANSPORT_UDP, message).rcode, RCODE_FORMERR);
    query = cookie_query(0, (size_t[]){0}, octets);
    unask(&query);
    assert_int_equal(ask_and_see(served, &query, TRANSPORT_UDP, message).rcode, RCODE_FORMERR);
}

/* RFC 7873 §5.2: where cookies are off the option is ignored, whatever its length. */
static void where_cookies_are_off_the_option_is_ignored(void **state)
{
    struct served *served = *state;
    uint8_t message[MESSAGE_OCTETS];
    const uint8_t octets[100] = "client's";

    served->view.cookies = NULL;
    for (size_t length = 1; length < 50; length++) {
        struct query query = cookie_query(0, (size_t[]){length, 0}, octets);
        struct seen seen = ask_and_see(served, &query, TRANSPORT_UDP, message);
        assert_int_equal(seen.rcode, RCODE_NOERROR);
        assert_null(seen.edns.cookie);
    }
    struct query query = cookie_query(0, (size_t[]){8, 0}, octets);
    unask(&query);
    assert_int_equal(ask_and_see(served, &query, TRANSPORT_UDP, message).rcode, RCODE_FORMERR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_are_those_of_rfc_9018),
        cmocka_unit_test(time_counts_to_the_second_and_over_2106),
        cmocka_unit_test(no_changed_bit_and_no_other_length_is_good),
        cmocka_unit_test(cookies_stay_good_while_a_secret_is_rolled),
        cmocka_unit_test(legal_lengths_are_8_and_16_to_40),
        cmocka_unit_test(every_legal_cookie_is_answered_with_a_good_one),
        cmocka_unit_test(an_illegal_length_is_formerr),
        cmocka_unit_test(errors_have_the_cookie_too),
        cmocka_unit_test(no_question_but_for_a_cookie),
        cmocka_unit_test(where_cookies_are_off_the_option_is_ignored),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
