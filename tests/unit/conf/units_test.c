#include "conf_test.h"

#include "conf/units.h"

#include <arpa/inet.h>
#include <time.h>

struct number_case {
    const char *text;
    int64_t value; /* -1: malformed */
};

static void check_numbers(enum status (*read)(const char *, uint64_t, uint64_t *), uint64_t limit,
                          const struct number_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 4711;
        enum status status = read(cases[i].text, limit, &value);
        assert_int_equal(status, cases[i].value < 0 ? STATUS_MALFORMED : STATUS_OK);
        assert_int_equal(value, cases[i].value < 0 ? 4711 : cases[i].value);
    }
}

#define CHECK(read, limit, list) check_numbers(read, limit, list, sizeof(list) / sizeof((list)[0]))

static void a_number_is_decimal_and_within_its_limit(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"0", 0},
        {"65535", 65535},
        {"007", 7},
        {"65536", -1},
        {"", -1},
        {"-1", -1},
        {"+1", -1},
        {" 1", -1},
        {"1 ", -1},
        {"0x1", -1},
        {"1.5", -1},
        {"1k", -1},
        {"99999999999999999999999", -1},
    };
    CHECK(units_number, 65535, cases);
    uint64_t value = 0;
    assert_int_equal(units_number("18446744073709551615", UINT64_MAX, &value), STATUS_OK);
    assert_true(value == UINT64_MAX);
    assert_int_equal(units_number("18446744073709551616", UINT64_MAX, &value), STATUS_MALFORMED);
}

static void seconds_take_units_that_fall(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"90", 90},
        {"90s", 90},
        {"15m", 900},
        {"4h", 14400},
        {"150d", 12960000},
        {"4w", 2419200},
        {"1h30m", 5400},
        {"1w2d3h4m5s", 788645},
        {"4H", 14400},
        {"0", 0},
        {"", -1},
        {"h", -1},
        {"1x", -1},
        {"1h30", -1},
        {"30m1h", -1},
        {"1d1d", -1},
        {"1.5h", -1},
        {"1 h", -1},
        {"-1h", -1},
        {"1h ", -1},
        {"2147483648", -1},
        {"3551w", -1},
        {"2147483647", 2147483647},
        {"99999999999999999999w", -1},
        {"3550w5000000s", -1},
    };
    CHECK(units_seconds, 0x7fffffff, cases);
}

static void the_text_of_seconds_has_one_unit_and_reads_the_same(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } cases[] = {{1, "1s"},
                 {60, "1m"},
                 {90, "90s"},
                 {3600, "1h"},
                 {90000, "25h"},
                 {86400, "1d"},
                 {2419200, "28d"},
                 {5184000, "60d"},
                 {2147483647, "2147483647s"},
                 {INT64_MAX, "9223372036854775807s"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t seconds = 0;
        char text[32];
        units_seconds_text(cases[i].seconds, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(units_seconds(text, INT64_MAX, &seconds), STATUS_OK);
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void octets_take_powers_of_1024(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"1232", 1232},
        {"64K", 65536},
        {"64k", 65536},
        {"16M", 16777216},
        {"1G", 1073741824},
        {"2G", -1},
        {"1KB", -1},
        {"K", -1},
        {"", -1},
        {"1T", -1},
        {"1 K", -1},
        {"-1", -1},
        {"18446744073709551615K", -1},
    };
    CHECK(units_octets, 0x7fffffff, cases);
}

static void a_date_exists_and_has_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t days;
    } right[] = {
        {"1970-01-01", 0},       {"1969-12-31", -1},    {"2000-02-29", 11016},
        {"2026-11-01", 20758},   {"2024-02-29", 19782}, {"0000-01-01", -719528},
        {"9999-12-31", 2932896},
    };
    static const char *const wrong[] = {
        "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31",  "2026-01-00",
        "2026-1-1",   "26-01-01",   "2026/01/01", "01-01-2026", "2026-01-01 ", "2026-01-011",
        "",           "2026-01-0",  "+026-01-01", "2026-01-0x",
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        int32_t days = 99;
        char text[16];
        assert_int_equal(units_date(right[i].text, &days), STATUS_OK);
        assert_int_equal(days, right[i].days);
        units_date_text(days, text);
        assert_string_equal(text, right[i].text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int32_t days = 99;
        assert_int_equal(units_date(wrong[i], &days), STATUS_MALFORMED);
        assert_int_equal(days, 99);
    }
}

static void every_day_of_five_centuries_agrees_with_libc(void **state)
{
    (void)state;
    for (int32_t days = -100000; days < 100000; days++) {
        time_t seconds = (time_t)days * 86400;
        struct tm date;
        char expected[64];
        char text[16];
        int32_t back = 0;
        assert_non_null(gmtime_r(&seconds, &date));
        assert_int_equal(strftime(expected, sizeof expected, "%Y-%m-%d", &date), 10);
        units_date_text(days, text);
        assert_string_equal(text, expected);
        assert_int_equal(units_date(text, &back), STATUS_OK);
        assert_int_equal(back, days);
    }
}

static void the_text_of_any_date_fits(void **state)
{
    (void)state;
    char text[16];
    units_date_text(INT32_MAX, text);
    assert_string_equal(text, "5881580-07-11");
    units_date_text(INT32_MIN, text);
    assert_string_equal(text, "-5877641-06-23");
}

static void an_endpoint_is_an_address_with_or_without_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } right[] = {
        {"127.0.0.1", "127.0.0.1@53"},
        {"127.0.0.1@5300", "127.0.0.1@5300"},
        {"0.0.0.0", "0.0.0.0@53"},
        {"::1", "::1@53"},
        {"::1@65535", "::1@65535"},
        {"2001:DB8::1@1", "2001:db8::1@1"},
        {"::", "::@53"},
        {"fe80::1%1@53", "fe80::1%1@53"},
        {"fe80::1%lo", "fe80::1%1@53"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1@53"},
    };
    static const char *const wrong[] = {
        "",
        "localhost",
        "127.0.0.1@0",
        "127.0.0.1@65536",
        "127.0.0.1@",
        "127.0.0.1@x",
        "127.0.0.1:53",
        "[::1]@53",
        "127.1",
        "127.0.0.01",
        "127.0.0.1 ",
        "::1%nosuch",
        "::1%",
        "127.0.0.1%lo",
        "127.0.0.1@53@53",
        "1.2.3.4.5",
        "@53",
        "12345::1",
        "2001:db8:0000:0000:0000:0000:0000:0001:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct endpoint endpoint;
        char text[ENDPOINT_TEXT_OCTETS];
        assert_int_equal(units_endpoint(right[i].text, 53, &endpoint), STATUS_OK);
        endpoint_to_text(&endpoint, text);
        assert_string_equal(text, right[i].shown);
        assert_int_equal(endpoint.length, endpoint.address.any.sa_family == AF_INET
                                              ? sizeof(struct sockaddr_in)
                                              : sizeof(struct sockaddr_in6));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct endpoint endpoint;
        assert_int_equal(units_endpoint(wrong[i], 53, &endpoint), STATUS_MALFORMED);
    }
}

static void a_prefix_has_no_host_bits(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } right[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.0/24", "192.0.2.0/24"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"192.0.2.128/25", "192.0.2.128/25"},
        {"192.0.2.1/32", "192.0.2.1"},
        {"::/0", "::/0"},
        {"2001:db8::/32", "2001:db8::/32"},
        {"::1/128", "::1"},
        {"::ffff:192.0.2.0/120", "192.0.2.0/24"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
    };
    static const char *const wrong[] = {
        "192.0.2.1/24",
        "192.0.2.0/33",
        "2001:db8::1/64",
        "::/129",
        "192.0.2.0/",
        "192.0.2/24",
        "192.0.2.0/-1",
        "",
        "/8",
        "x",
        "192.0.2.0/255.255.255.0",
        "fe80::%lo/64",
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct prefix prefix;
        char text[PREFIX_TEXT_OCTETS];
        assert_int_equal(units_prefix(right[i].text, &prefix), STATUS_OK);
        prefix_to_text(&prefix, text);
        assert_string_equal(text, right[i].shown);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct prefix prefix;
        assert_int_equal(units_prefix(wrong[i], &prefix), STATUS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_decimal_and_within_its_limit),
        cmocka_unit_test(seconds_take_units_that_fall),
        cmocka_unit_test(the_text_of_seconds_has_one_unit_and_reads_the_same),
        cmocka_unit_test(octets_take_powers_of_1024),
        cmocka_unit_test(a_date_exists_and_has_one_form),
        cmocka_unit_test(every_day_of_five_centuries_agrees_with_libc),
        cmocka_unit_test(the_text_of_any_date_fits),
        cmocka_unit_test(an_endpoint_is_an_address_with_or_without_port),
        cmocka_unit_test(a_prefix_has_no_host_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
