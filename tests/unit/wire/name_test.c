#include "tests/unit/check.h"
#include "tests/unit/guard.h"

#include "wire/name.h"

#include <stdlib.h>
#include <string.h>

static enum status parse(const char *octets, size_t length, size_t at, struct name *out)
{
    return name_parse((const uint8_t *)octets, length, &at, out);
}

static void a_plain_name_of_more_than_255_octets_is_not_taken(void **state)
{
    (void)state;
    uint8_t octets[5 * 64] = {0};
    size_t length;
    struct name name;

    for (size_t label = 0; label < 4; label++)
        octets[label * 64] = 63;
    struct reader r = reader_of(octets, sizeof octets);
    assert_null(name_take(&r, &length));
    assert_true(r.failed);
    assert_int_equal(length, 0);
    octets[3 * 64] = 61; /* with the root 255 */
    r = reader_of(octets, sizeof octets);
    assert_non_null(name_take(&r, &length));
    assert_int_equal(length, 255);
    for (size_t i = 0; i < sizeof octets; i++) /* the longest name as text, and one dot more */
        octets[i] = i % 64 == 63 ? '.' : 'a';
    assert_int_equal(name_from_text(&name, (const char *)octets, 253), STATUS_OK);
    octets[253] = '.';
    assert_int_equal(name_from_text(&name, (const char *)octets, 254), STATUS_OK);
    assert_int_equal(name.length, 255);
    octets[254] = '.';
    assert_int_equal(name_from_text(&name, (const char *)octets, 255), STATUS_MALFORMED);
    assert_int_equal(name_from_text(&name, "\\1.", 3), STATUS_MALFORMED);
}

static void a_plain_name_is_read_with_its_case(void **state)
{
    (void)state;
    static const char message[] = "\3WwW\2xa\0tail";
    size_t at = 0;
    struct name name;

    assert_int_equal(name_parse((const uint8_t *)message, sizeof message, &at, &name), STATUS_OK);
    assert_int_equal(at, 8);
    assert_int_equal(name.length, 8);
    assert_memory_equal(name.octets, "\3WwW\2xa", 8);
}

static void a_pointer_leads_backwards_and_ends_the_name(void **state)
{
    (void)state;
    static const char message[] = "\2xa\0\3www\xc0\0!";
    size_t at = 4;
    struct name name;

    assert_int_equal(name_parse((const uint8_t *)message, sizeof message, &at, &name), STATUS_OK);
    assert_int_equal(at, 10);
    assert_memory_equal(name.octets, "\3www\2xa", 8);
}

static void a_pointer_to_itself_is_malformed(void **state)
{
    (void)state;
    struct name name;
    assert_int_equal(parse("\xc0\0", 2, 0, &name), STATUS_MALFORMED);
}

static void a_pointer_forward_is_malformed(void **state)
{
    (void)state;
    struct name name;
    assert_int_equal(parse("\xc0\2\1a\0", 5, 0, &name), STATUS_MALFORMED);
}

static void pointers_that_do_not_go_further_back_are_malformed(void **state)
{
    (void)state;
    struct name name;
    /* At 0 a label, then a pointer to 0: reading from 4 goes to 0, and again to 0. */
    assert_int_equal(parse("\1a\xc0\0\xc0\0", 6, 4, &name), STATUS_MALFORMED);
}

static void reserved_label_types_are_malformed(void **state)
{
    (void)state;
    struct name name;
    assert_int_equal(parse("\x40"
                           "a\0",
                           3, 0, &name),
                     STATUS_MALFORMED);
    assert_int_equal(parse("\x80"
                           "a\0",
                           3, 0, &name),
                     STATUS_MALFORMED);
}

/* A name of `labels` labels of 63 octets and one of `rest`, with its root. Returns its octets. */
static size_t long_name(uint8_t *out, size_t labels, size_t rest)
{
    size_t length = 0;
    for (size_t i = 0; i < labels; i++) {
        out[length] = 63;
        memset(out + length + 1, 'a', 63);
        length += 64;
    }
    out[length] = (uint8_t)rest;
    memset(out + length + 1, 'b', rest);
    length += rest + 1;
    out[length] = 0;
    return length + 1;
}

static void a_name_of_255_octets_is_the_longest(void **state)
{
    (void)state;
    uint8_t message[300];
    struct name name;
    size_t at = 0;

    size_t length = long_name(message, 3, 61);
    assert_int_equal(length, 255);
    assert_int_equal(name_parse(message, length, &at, &name), STATUS_OK);
    assert_int_equal(name.length, 255);
    at = 0;
    length = long_name(message, 3, 62);
    assert_int_equal(name_parse(message, length, &at, &name), STATUS_MALFORMED);
}

/* Of any octets: what is a name is stepped over, and what is not as far as its pointer tells. */
static void a_name_is_stepped_over_without_its_pointer(void **state)
{
    uint8_t message[400];
    uint32_t random = 1;
    unsigned names = 0;
    (void)state;

    for (unsigned round = 0; round < 200000; round++) {
        size_t length = round % sizeof message;
        for (size_t i = 0; i < length; i++) {
            random = random * 1103515245 + 12345;
            /* Short labels, roots and pointers among them. */
            message[i] = (uint8_t)(random >> 28 ? random >> 16 & 7 : random >> 8);
        }
        for (size_t start = 0; start < length; start += 37) {
            struct name name;
            size_t parsed = start, skipped = start;
            enum status status = name_skip(message, length, &skipped);
            if (name_parse(message, length, &parsed, &name) != STATUS_OK) {
                assert_true(status == STATUS_OK || skipped == start);
                continue;
            }
            assert_int_equal(status, STATUS_OK);
            assert_int_equal(skipped, parsed);
            names++;
        }
    }
    assert_true(names > 10000);
}

static void what_is_no_name_is_not_stepped_over(void **state)
{
    static const struct {
        const char *octets;
        size_t length, start;
        enum status status;
    } cases[] = {
        {"\0", 1, 0, STATUS_OK},
        {"\1a\0", 3, 0, STATUS_OK},
        {"\0\1a\xc0\0", 5, 1, STATUS_OK},
        {"", 0, 0, STATUS_MALFORMED},
        {"\1a", 2, 0, STATUS_MALFORMED},
        {"\2a", 2, 0, STATUS_MALFORMED},
        {"\xc0", 1, 0, STATUS_MALFORMED},
        {"\xc0\0", 2, 0, STATUS_MALFORMED},   /* to itself */
        {"\0\xc0\2", 3, 1, STATUS_MALFORMED}, /* forward */
        {"\x40\0", 2, 0, STATUS_MALFORMED},
        {"\x80\0", 2, 0, STATUS_MALFORMED},
    };
    uint8_t *guard = guard_create();
    (void)state;

    assert_non_null(guard);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t *octets = guard_put(guard, (const uint8_t *)cases[i].octets, cases[i].length);
        size_t at = cases[i].start;
        assert_int_equal(name_skip(octets, cases[i].length, &at), cases[i].status);
        assert_true(cases[i].status == STATUS_OK || at == cases[i].start);
    }
    uint8_t long_name[258];
    for (size_t labels = 126; labels <= 128; labels++) {
        size_t at = 0;
        memset(long_name, 1, sizeof long_name);
        long_name[2 * labels] = 0; /* 2 * labels + 1 octets */
        assert_int_equal(name_skip(long_name, sizeof long_name, &at),
                         labels <= 127 ? STATUS_OK : STATUS_MALFORMED);
    }
}

static void every_prefix_of_a_name_is_malformed(void **state)
{
    (void)state;
    static const char message[] = "\3www\4bank\2xa";
    uint8_t *guard = guard_create();
    struct name name;

    assert_non_null(guard);
    for (size_t length = 0; length < sizeof message; length++) {
        const uint8_t *octets = guard_put(guard, message, length);
        size_t at = 0;
        assert_int_equal(name_parse(octets, length, &at, &name), STATUS_MALFORMED);
        struct reader r = reader_of(octets, length);
        size_t taken;
        assert_null(name_take(&r, &taken));
        assert_true(r.failed);
    }
}

static void a_taken_name_is_not_compressed(void **state)
{
    (void)state;
    static const uint8_t octets[] = {1, 'a', 0xc0, 0};
    struct reader r = reader_of(octets, sizeof octets);
    size_t length;
    assert_null(name_take(&r, &length));
}

struct text_case {
    const char *text;
    const char *octets; /* NULL: malformed */
    size_t length;
    const char *printed;
};

static void text_and_octets_correspond(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {".", "", 1, "."},
        {"xa", "\2xa", 4, "xa."},
        {"xa.", "\2xa", 4, "xa."},
        {"noc\\.24x7.nic-xa", "\10noc.24x7\6nic-xa", 17, "noc\\.24x7.nic-xa."},
        {"\\000\\255", "\2\0\xff", 4, "\\000\\255."},
        {"a\\+b", "\3a+b", 5, "a\\+b."},
        {"*.xa", "\1*\2xa", 6, "*.xa."},
        {"a*", "\2a*", 4, "a\\*."},
        {"A_-9", "\4A_-9", 6, "A_-9."},
        {"", NULL, 0, NULL},
        {"..", NULL, 0, NULL},
        {".a", NULL, 0, NULL},
        {"a..b", NULL, 0, NULL},
        {"a\\", NULL, 0, NULL},
        {"a\\25", NULL, 0, NULL},
        {"a\\256", NULL, 0, NULL},
        {"\\2x5", NULL, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct text_case *c = &cases[i];
        struct name name;
        char text[NAME_TEXT_OCTETS];
        enum status status = name_from_text(&name, c->text, strlen(c->text));
        if (!c->octets) {
            assert_int_equal(status, STATUS_MALFORMED);
            continue;
        }
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(name.length, c->length);
        assert_memory_equal(name.octets, c->octets, c->length);
        assert_int_equal(name_to_text(name.octets, text), strlen(c->printed));
        assert_string_equal(text, c->printed);
    }
}

static void labels_of_64_and_names_of_256_octets_are_refused_in_text(void **state)
{
    (void)state;
    char text[300];
    struct name name;

    memset(text, 'a', 64);
    assert_int_equal(name_from_text(&name, text, 63), STATUS_OK);
    assert_int_equal(name_from_text(&name, text, 64), STATUS_MALFORMED);
    memset(text, 'a', sizeof text);
    text[63] = text[127] = text[191] = '.';
    assert_int_equal(name_from_text(&name, text, 253), STATUS_OK);
    assert_int_equal(name.length, 255);
    assert_int_equal(name_from_text(&name, text, 254), STATUS_MALFORMED);
}

static void any_name_survives_text(void **state)
{
    (void)state;
    srandom(1);
    for (int round = 0; round < 5000; round++) {
        struct name name = {.length = 1};
        struct name back;
        char text[NAME_TEXT_OCTETS];
        for (long labels = random() % 8; labels > 0; labels--) {
            uint8_t label[NAME_MAX_LABEL];
            size_t octets = 1 + (size_t)random() % NAME_MAX_LABEL;
            for (size_t i = 0; i < octets; i++)
                label[i] = (uint8_t)random();
            if (name_prepend(&name, label, octets, name.octets) != STATUS_OK)
                break;
        }
        size_t length = name_to_text(name.octets, text);
        assert_true(length < NAME_TEXT_OCTETS);
        assert_int_equal(name_from_text(&back, text, length), STATUS_OK);
        assert_int_equal(back.length, name.length);
        assert_memory_equal(back.octets, name.octets, name.length);
    }
}

static void comparison_knows_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(name_equals((const uint8_t *)"\2Xa", (const uint8_t *)"\2xA"));
    assert_false(name_equals((const uint8_t *)"\2@a", (const uint8_t *)"\2`a"));
    assert_false(name_equals((const uint8_t *)"\2\xc3\x85", (const uint8_t *)"\2\xc3\xa5"));
    assert_false(name_equals((const uint8_t *)"\2xa", (const uint8_t *)"\3xab"));
}

/* The example of RFC 4034 §6.1, in its order. */
static void canonical_order_is_that_of_the_rfc(void **state)
{
    (void)state;
    static const char *const names[] = {"example",         "a.example",      "yljkjljk.a.example",
                                        "Z.a.example",     "zABC.a.EXAMPLE", "z.example",
                                        "\\001.z.example", "*.z.example",    "\\200.z.example"};
    const size_t count = sizeof names / sizeof names[0];
    struct name parsed[sizeof names / sizeof names[0]];

    for (size_t i = 0; i < count; i++)
        assert_int_equal(name_from_text(&parsed[i], names[i], strlen(names[i])), STATUS_OK);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            int order = name_compare(parsed[i].octets, parsed[k].octets);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
}

static void a_name_is_within_itself_and_its_ancestors(void **state)
{
    (void)state;
    const uint8_t *name = (const uint8_t *)"\3www\2XA\2cc";
    assert_true(name_is_within(name, name));
    assert_true(name_is_within(name, (const uint8_t *)"\2xa\2cc"));
    assert_true(name_is_within(name, (const uint8_t *)""));
    assert_false(name_is_within(name, (const uint8_t *)"\2ww\2xa\2cc"));
    assert_false(name_is_within((const uint8_t *)"\2cc", name));
    assert_false(name_is_within((const uint8_t *)"\3yxa\2cc", (const uint8_t *)"\2xa\2cc"));
}

static void a_label_too_many_leaves_the_name_untouched(void **state)
{
    (void)state;
    struct name name;
    struct name before;
    uint8_t label[NAME_MAX_LABEL + 1] = {0};

    long_name(name.octets, 3, 30);
    name.length = (uint8_t)name_octets(name.octets);
    before = name;
    assert_int_equal(name_prepend(&name, label, 31, name.octets), STATUS_NO_SPACE);
    assert_int_equal(name_prepend(&name, label, 0, name.octets), STATUS_NO_SPACE);
    assert_int_equal(name_prepend(&name, label, 64, name.octets), STATUS_NO_SPACE);
    assert_memory_equal(&name, &before, sizeof name);
    assert_int_equal(name_prepend(&name, label, 30, name.octets), STATUS_OK);
    assert_int_equal(name.length, 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_name_of_more_than_255_octets_is_not_taken),
        cmocka_unit_test(a_plain_name_is_read_with_its_case),
        cmocka_unit_test(a_pointer_leads_backwards_and_ends_the_name),
        cmocka_unit_test(a_pointer_to_itself_is_malformed),
        cmocka_unit_test(a_pointer_forward_is_malformed),
        cmocka_unit_test(pointers_that_do_not_go_further_back_are_malformed),
        cmocka_unit_test(reserved_label_types_are_malformed),
        cmocka_unit_test(a_name_of_255_octets_is_the_longest),
        cmocka_unit_test(a_name_is_stepped_over_without_its_pointer),
        cmocka_unit_test(what_is_no_name_is_not_stepped_over),
        cmocka_unit_test(every_prefix_of_a_name_is_malformed),
        cmocka_unit_test(a_taken_name_is_not_compressed),
        cmocka_unit_test(text_and_octets_correspond),
        cmocka_unit_test(labels_of_64_and_names_of_256_octets_are_refused_in_text),
        cmocka_unit_test(any_name_survives_text),
        cmocka_unit_test(comparison_knows_ascii_letters_only),
        cmocka_unit_test(canonical_order_is_that_of_the_rfc),
        cmocka_unit_test(a_name_is_within_itself_and_its_ancestors),
        cmocka_unit_test(a_label_too_many_leaves_the_name_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
