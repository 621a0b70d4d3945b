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
        uint32_t serial = next_serial_after(serials[i].policy, serials[i].old, serials[i].now);
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
        uint32_t serial = next_serial_after(policy, old, (int64_t)random() * 3);
        assert_int_not_equal(serial, 0);
        assert_true(serial_is_newer(serial, old));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_serial_follows_its_rule),
        cmocka_unit_test(a_serial_is_always_newer_and_never_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
