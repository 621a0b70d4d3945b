#include "conf_test.h"

#include "conf/yaml_simple.h"

/* What libyaml leaves alone and the simple reader does not: whatever it stands behind is read by
 * libyaml. */
#define NOT_SIMPLE "\n# \xc3\xa9\n"

static const char entry[] = "tld: xa\n"
                            "registry: Xanadu (NIC), O'Hara & Co; 50%\n"
                            "# since 2010\n"
                            "\n"
                            "languages: [en, fr, zh-Hant]\n"
                            "also:\n"
                            "- xb\n"
                            "-   xc\n"
                            "verified: 2026-11-01\n"
                            "contacts:\n"
                            "  # whom to call first\n"
                            "  - id: security\n"
                            "    role: [security]\n"
                            "    phone:\n"
                            "      - +44 20 7946 0101\n"
                            "      - sms:+447700900123\n"
                            "    email: csirt@nic-xa.example\n"
                            "  - id:   dns\n"
                            "    hours: Mo-Fr 08:00-18:00\n"
                            "note: a::b";

static void assert_same(const struct yaml_node *a, const struct yaml_node *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_string_equal(a->place.file, b->place.file);
    assert_int_equal(a->place.line, b->place.line);
    assert_int_equal(a->place.column, b->place.column);
    assert_int_equal(a->count, b->count);
    if (a->kind == YAML_SCALAR) {
        assert_int_equal(a->length, b->length);
        assert_string_equal(a->text, b->text);
        assert_int_equal(a->plain, b->plain);
    }
    for (size_t i = 0; i < a->count; i++) {
        assert_same(a->items[i], b->items[i]);
        if (a->kind == YAML_MAPPING)
            assert_same(a->keys[i], b->keys[i]);
    }
}

/* True where a text is simple; libyaml must then read the same. */
static bool is_simple(const char *text, size_t length)
{
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();
    struct yaml_node *simple = NULL;
    struct yaml_node *other = NULL;
    /* Flush against the end of the allocation, so that the sanitizer sees a read beyond it. */
    char *exact = malloc(length > 0 ? length : 1);
    char *marked = malloc(length + sizeof NOT_SIMPLE);

    memcpy(exact, text, length);
    memcpy(marked, text, length);
    memcpy(marked + length, NOT_SIMPLE, sizeof NOT_SIMPLE - 1);
    enum status status = yaml_simple_parse("f", exact, length, arena, &simple);
    memset(exact, '?', length); /* the tree has its own octets */
    if (status == STATUS_OK) {
        assert_int_equal(
            yaml_parse("f", marked, length + sizeof NOT_SIMPLE - 1, arena, diag, &other),
            STATUS_OK);
        assert_int_equal(diag_total(diag), 0);
        assert_same(simple, other);
    } else {
        assert_int_equal(status, STATUS_NOT_FOUND);
        assert_null(simple);
    }
    free(exact);
    free(marked);
    diag_destroy(diag);
    arena_destroy(arena);
    return status == STATUS_OK;
}

static bool is_simple_text(const char *text)
{
    return is_simple(text, strlen(text));
}

static void what_people_write_most_is_simple(void **state)
{
    (void)state;
    static const char *const texts[] = {
        entry,
        "a: b",
        "a: b\n\n",
        "a:\n- b\n- c: d\n  e: f\nb: x\n",
        "  a: b\n  c: d\n",
        "a: [b]\n",
        "a:\n  b:\n    c: d\ne: f\n",
        "a: x y  z\n",
        "a:   b\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(is_simple_text(texts[i]));
}

static void whatever_yaml_has_rules_for_is_left_to_libyaml(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "# only a comment\n",
        "a",
        "- a\n",
        "a: 'b'\n",
        "a: \"b\"\n",
        "a: b # c\n",
        "a: b #c\n",
        "a: #c\n",
        "a: b: c\n",
        "a: b:\n",
        "a: &b c\n",
        "a: *b\n",
        "a: !b c\n",
        "a: |\n  b\n",
        "a: >\n b\n",
        "a: ? b\n",
        "a: -\n",
        "a: - b\n",
        "a: b\n  c\n",
        "a:\n",
        "a: b\nc:\n",
        "a: b\na: c\n",
        "---\na: b\n",
        "a: b\n...\n",
        "%YAML 1.1\n",
        "a: {b: c}\n",
        "{a: b}\n",
        "a: []\n",
        "a: [b,]\n",
        "a: [b\n",
        "a: [b,\n  c]\n",
        "a: [b] c\n",
        "a: [b c]\n",
        "a: [b: c]\n",
        "a: b \n",
        "a:\tb\n",
        "a: b\r\n",
        "a: \xc3\xa9\n",
        "\xef\xbb\xbf"
        "a: b\n",
        "a: b\n c: d\n",
        "a:\n    b: c\n  d: e\n",
        "a:\nb: c\n",
        "- a: b\n",
        "a:\n- - b\n",
        "a:\n-\n",
        "a:\n- b\n  c\n",
        "a:\n  - b\n  c: d\n",
        "a : b\n",
        "? a\n",
        "a: b\n\x7f: c\n",
        "a: @b\n",
        "a: `b\n",
        "a:\n  b:\n    c:\n      d:\n        e:\n          f:\n            g:\n              h:\n"
        "                i: j\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (is_simple_text(texts[i]))
            fail_msg("taken for simple: %s", texts[i]);
    assert_false(is_simple("a: b\0c", 6));
}

static void every_prefix_of_an_entry_reads_as_libyaml_reads_it(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof entry; length++)
        (void)is_simple(entry, length);
}

/* The same numbers at each run. */
static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static void changed_entries_read_as_libyaml_reads_them(void **state)
{
    (void)state;
    static const char octets[] = " \n-:#[],.a'\"&*!|>?%@`{}~0\t\r\x7f";
    const size_t length = sizeof entry - 1;
    uint64_t seed = 1;
    size_t simple = 0;

    for (size_t turn = 0; turn < 4000; turn++) {
        char text[sizeof entry + 8];
        size_t left = length;
        memcpy(text, entry, length);
        for (uint32_t changes = 1 + draw(&seed) % 3; changes > 0; changes--) {
            size_t at = draw(&seed) % left;
            char octet = octets[draw(&seed) % (sizeof octets - 1)];
            switch (draw(&seed) % 3) {
            case 0:
                text[at] = octet;
                break;
            case 1:
                memmove(text + at + 1, text + at, left++ - at);
                text[at] = octet;
                break;
            default:
                memmove(text + at, text + at + 1, --left - at);
                break;
            }
        }
        simple += is_simple(text, left);
    }
    assert_in_range(simple, 400, 3900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_write_most_is_simple),
        cmocka_unit_test(whatever_yaml_has_rules_for_is_left_to_libyaml),
        cmocka_unit_test(every_prefix_of_an_entry_reads_as_libyaml_reads_it),
        cmocka_unit_test(changed_entries_read_as_libyaml_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
