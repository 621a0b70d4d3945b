/* The serials that rules make. */
#include "tests/unit/check.h"

#include "commit/next_serial.h"
#include "wire/serial.h"

#include <stdlib.h>

#define NOW 1795352400 /* 2026-11-22T13:00:00Z */

static const struct {
    enum serial_policy policy;
    uint32_t old;
    int64_t now;
    uint32_t serial;
} serials[] = {
    {SERIAL_UNIXTIME, 5, NOW, NOW},
    {SERIAL_UNIXTIME, NOW, NOW, NOW + 1u},                        /* twice in a second */
    {SERIAL_UNIXTIME, NOW + 9u, NOW, NOW + 10u},                  /* a clock that went back */
    {SERIAL_UNIXTIME, NOW + 0x80000000u, NOW, NOW + 0x80000001u}, /* RFC 1982 §3.2: undefined */
    {SERIAL_UNIXTIME, 0xffffffffu, NOW, NOW},                     /* newer by RFC 1982 */
    {SERIAL_UNIXTIME, 0xfffffff0u, 0x100000000, 0xfffffff1u},
    {SERIAL_COUNTER, 1, NOW, 2},
    {SERIAL_COUNTER, 0xfffffffeu, NOW, 0xffffffffu},
    {SERIAL_COUNTER, 0xffffffffu, NOW, 1}, /* never 0 */
    {SERIAL_DATE, 5, NOW, 2026112200u},
    {SERIAL_DATE, 2026112199u, NOW, 2026112200u},
    {SERIAL_DATE, 2026112200u, NOW, 2026112201u},
    {SERIAL_DATE, 2026112399u, NOW, 2026112400u},
    {SERIAL_DATE, 2147123199u, 5632848000, 2148070100u}, /* 2148-07-01: beyond an int */
};

static void a_serial_follows_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof serials / sizeof *serials; i++) {
        uint32_t serial =
            next_serial_after(serials[i].policy, serials[i].old, serials[i].old, serials[i].now);
        assert_int_equal(serial, serials[i].serial);
    }
}

static void a_serial_is_always_newer_and_never_zero(void **state)
{
    (void)state;
    srandom(6);
    for (int i = 0; i < 100000; i++) {
        uint32_t old = i < 4 ? 0xfffffffeu + (uint32_t)i : (uint32_t)random() * 2u;
        enum serial_policy policy = (enum serial_policy)(i % 3);
        uint32_t serial = next_serial_after(policy, old, old, (int64_t)random() * 3);
        assert_int_not_equal(serial, 0);
        assert_true(serial_is_newer(serial, old));
    }
}

static const struct {
    enum serial_policy policy;
    uint32_t old, newest;
    int64_t now;
    uint32_t serial;
} set_back[] = {
    {SERIAL_COUNTER, 2, 5, NOW, 6},
    {SERIAL_COUNTER, 0xfffffffeu, 3, NOW, 4},
    {SERIAL_UNIXTIME, NOW - 60u, NOW - 1u, NOW, NOW},
    {SERIAL_UNIXTIME, NOW - 60u, NOW, NOW, NOW + 1u}, /* published and restored within a second */
    {SERIAL_UNIXTIME, 7, NOW + 9u, NOW, NOW + 10u},   /* ahead of the clock */
    {SERIAL_UNIXTIME, NOW + 0x7ffffffeu, NOW - 5u, NOW, NOW - 4u}, /* NOW is not after both */
    {SERIAL_DATE, 2026112100u, 2026112203u, NOW, 2026112204u},
    {SERIAL_DATE, 2026112001u, 2026112103u, NOW, 2026112200u},
};

static void a_serial_follows_the_newest_that_the_zone_ever_had(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof set_back / sizeof *set_back; i++)
        assert_int_equal(next_serial_after(set_back[i].policy, set_back[i].old, set_back[i].newest,
                                           set_back[i].now),
                         set_back[i].serial);
}

static void a_serial_is_newer_than_both_where_one_can_be(void **state)
{
    (void)state;
    srandom(8);
    for (int i = 0; i < 100000; i++) {
        uint32_t newest = (uint32_t)random() * 2u;
        uint32_t behind = (uint32_t)random() % 0x7fffffffu; /* 2^31 - 1 more: newest + 1 is not */
        uint32_t serial = next_serial_after((enum serial_policy)(i % 3), newest - behind, newest,
                                            (int64_t)random() * 3);
        assert_int_not_equal(serial, 0);
        assert_true(serial_is_newer(serial, newest));
        if (behind < 0x7ffffffeu) /* 0 is left out, which takes one more */
            assert_true(serial_is_newer(serial, newest - behind));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_serial_follows_its_rule),
        cmocka_unit_test(a_serial_is_always_newer_and_never_zero),
        cmocka_unit_test(a_serial_follows_the_newest_that_the_zone_ever_had),
        cmocka_unit_test(a_serial_is_newer_than_both_where_one_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
