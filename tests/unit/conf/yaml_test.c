#include "conf_test.h"

#include "conf/yaml.h"

/* A reading of one text; free with done(). */
struct reading {
    struct arena *arena;
    struct diag *diag;
    struct yaml_node *root;
    enum status status;
    char *printed;
};

static struct reading parse_octets(const char *octets, size_t length)
{
    struct reading r = {.arena = arena_create(), .diag = diag_create()};
    /* Flush against the end of the allocation, so that the sanitizer sees a read beyond it. */
    char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, octets, length);
    r.status = yaml_parse("f", exact, length, r.arena, r.diag, &r.root);
    free(exact);
    r.printed = printed(r.diag, DIAG_GNU);
    return r;
}

static struct reading parse(const char *text)
{
    return parse_octets(text, strlen(text));
}

static void done(struct reading *r)
{
    free(r->printed);
    diag_destroy(r->diag);
    arena_destroy(r->arena);
}

/* A text, and the places and rules that it is refused with: "LINE:COLUMN RULE" each. */
struct refusal {
    const char *text;
    const char *expected[4];
};

static void check_refusals(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reading r = parse(refusals[i].text);
        size_t n = 0;
        assert_int_equal(r.status, STATUS_INVALID);
        for (; n < diag_total(r.diag); n++) {
            const struct diagnostic *item = diag_at(r.diag, n);
            char found[100];
            snprintf(found, sizeof found, "%u:%u %s", item->place.line, item->place.column,
                     item->rule);
            assert_string_equal(found,
                                refusals[i].expected[n] != NULL ? refusals[i].expected[n] : "");
        }
        assert_null(refusals[i].expected[n]);
        done(&r);
    }
}

#define CHECK(list) check_refusals(list, sizeof(list) / sizeof((list)[0]))

static void every_scalar_is_text(void **state)
{
    (void)state;
    struct reading r = parse("a: no\nb: +4722422098\nc: 22:30\nd: ~\ne: 0x1f\nf: 'null'\ng:\n");
    static const char *const texts[] = {"no", "+4722422098", "22:30", "~", "0x1f", "null", ""};
    assert_int_equal(r.status, STATUS_OK);
    assert_int_equal(r.root->count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(r.root->items[i]->kind, YAML_SCALAR);
        assert_string_equal(r.root->items[i]->text, texts[i]);
        assert_int_equal(r.root->items[i]->length, strlen(texts[i]));
        assert_int_equal(r.root->items[i]->plain, i != 5);
    }
    done(&r);
}

static void places_count_lines_and_characters_from_one(void **state)
{
    (void)state;
    struct reading r =
        parse("\xef\xbb\xbf# \xc3\xa9\r\nm: \xd0\xb6\n\xd0\xb6\xd0\xb6: [\xd0\xb6, x]\n");
    assert_int_equal(r.status, STATUS_OK);
    assert_string_equal(r.root->place.file, "f");
    assert_int_equal(r.root->items[0]->place.line, 2);
    assert_int_equal(r.root->items[0]->place.column, 4);
    const struct yaml_node *list = yaml_get(r.root, "\xd0\xb6\xd0\xb6");
    assert_int_equal(list->kind, YAML_SEQUENCE);
    assert_int_equal(list->items[1]->place.line, 3);
    assert_int_equal(list->items[1]->place.column, 9);
    assert_int_equal(r.root->keys[1]->place.column, 1);
    done(&r);
}

static void json_is_yaml(void **state)
{
    (void)state;
    struct reading r = parse("{\"tld\": \"xa\", \"list\": [\"a\", {\"b\": \"\\u00e9\"}]}");
    assert_int_equal(r.status, STATUS_OK);
    assert_string_equal(yaml_get(r.root, "tld")->text, "xa");
    assert_string_equal(yaml_get(yaml_get(r.root, "list")->items[1], "b")->text, "\xc3\xa9");
    assert_null(yaml_get(r.root, "b"));
    done(&r);
}

static void an_empty_document_has_no_root(void **state)
{
    (void)state;
    static const char *const texts[] = {"",      "\n",         "# nothing\n",
                                        "---\n", "---\n...\n", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct reading r = parse(texts[i]);
        assert_int_equal(r.status, STATUS_OK);
        assert_null(r.root);
        done(&r);
    }
}

static void a_text_loses_the_line_feeds_at_its_end_only(void **state)
{
    (void)state;
    struct reading r =
        parse("a: |\n  one\n  two\n\nb: >\n  one\n  two\nc: |+\n  x\n\n\nd: one\n  two\n");
    assert_int_equal(r.status, STATUS_OK);
    assert_string_equal(yaml_get(r.root, "a")->text, "one\ntwo");
    assert_string_equal(yaml_get(r.root, "b")->text, "one two");
    assert_string_equal(yaml_get(r.root, "c")->text, "x");
    assert_string_equal(yaml_get(r.root, "d")->text, "one two");
    done(&r);
}

static void text_cut_by_a_comment_is_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"note: room #5 ask\n", {"1:12 yaml-comment"}},
        {"note: #5 ask\n", {"1:7 yaml-comment"}},
        {"note: a\t#5\n", {"1:9 yaml-comment"}},
        {"note: a #", {"1:9 yaml-comment"}},
        {"l:\n  - a #b\n  - c #d\n", {"2:7 yaml-comment", "3:7 yaml-comment"}},
        {"l: [a, b #c\n ]\n", {"1:10 yaml-comment"}},
        {"\xd0\xb6: \xd0\xb6 #c\n", {"1:6 yaml-comment"}},
        {"note: one\n  two #c\n", {"2:7 yaml-comment"}},
    };
    CHECK(refusals);
}

static void a_comment_behind_two_blanks_or_quotes_is_one(void **state)
{
    (void)state;
    struct reading r =
        parse("a: b  # c\nd: 'e' # f\ng: h#i\n# j\nk: # l\n  m: n\no:  # p\nq: \"#\"\n"
              "r: [s, t] # u\nv: w   \t # x\ny: |  # z\n  # text\n");
    assert_string_equal(r.printed, "");
    assert_int_equal(r.status, STATUS_OK);
    assert_string_equal(yaml_get(r.root, "a")->text, "b");
    assert_string_equal(yaml_get(r.root, "g")->text, "h#i");
    assert_string_equal(yaml_get(r.root, "y")->text, "# text");
    done(&r);
}

static void a_duplicate_key_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"a: 1\nb: 2\na: 3\n", {"3:1 yaml-duplicate-key"}},
        {"{a: 1, 'a': 2, \"a\": 3}", {"1:8 yaml-duplicate-key", "1:16 yaml-duplicate-key"}},
        {"m:\n  x: 1\n  x: 2\n", {"3:3 yaml-duplicate-key"}},
    };
    CHECK(refusals);
    struct reading r = parse(refusals[0].text);
    assert_int_equal(r.root->count, 2);
    assert_string_equal(yaml_get(r.root, "a")->text, "1");
    assert_string_equal(r.printed, "f:3:1: error: 'a' is given twice; the first is in line 1 "
                                   "[yaml-duplicate-key]\n");
    done(&r);
}

static void what_yaml_has_beyond_need_is_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"a: &x 1\nb: *x\n", {"1:4 yaml-anchor", "2:4 yaml-anchor"}},
        {"a: &x\n  b: c\n", {"1:4 yaml-anchor"}},
        {"<<: *b\n", {"1:5 yaml-anchor"}},
        {"a: !!str 1\n", {"1:4 yaml-tag"}},
        {"a: ! 1\n", {"1:4 yaml-tag"}},
        {"a: !x [b]\n", {"1:4 yaml-tag"}},
        {"a: !y!z b\n", {"1:4 yaml-tag"}},
        {"%YAML 1.1\n---\na: b\n", {"1:1 yaml-directive"}},
        {"%YAML 3.1\n---\na: b\n", {"1:1 yaml-directive"}},
        {"%TAG ! x:\n---\na: b\n", {"1:1 yaml-directive"}},
        {"%FOO\n---\na: b\n", {"1:1 yaml-directive"}},
        {"a: 1\n---\nb: 2\n", {"2:1 yaml-documents"}},
        {"a: 1\n...\nb: 2\n", {"3:1 yaml-syntax"}},
        {"? [a]\n: b\n", {"1:3 yaml-key"}},
        {"? {a: b}\n: c\n", {"1:3 yaml-key"}},
        {"{'': b}\n", {"1:2 yaml-key"}},
        {"- a\n", {"1:1 yaml-root"}},
        {"text\n", {"1:1 yaml-root"}},
        {"''\n", {"1:1 yaml-root"}},
    };
    CHECK(refusals);
}

static void nesting_ends_at_the_limit(void **state)
{
    (void)state;
    struct reading r = parse("{a: [[[[[[[x]]]]]]]}");
    assert_int_equal(r.status, STATUS_OK);
    done(&r);
    static const struct refusal refusals[] = {{"{a: [[[[[[[[x]]]]]]]]}", {"1:12 yaml-depth"}}};
    CHECK(refusals);
}

static void octets_that_are_not_utf8_are_refused_one_per_line(void **state)
{
    (void)state;
    struct reading r = parse("a: caf\xe9 \xe9\nb: \x93x\x94\nc: \xc3\xa9\n");
    assert_string_equal(
        r.printed,
        "f:1:7: error: octet 0xe9 is not UTF-8; save the file as UTF-8 (it looks like Latin-1) "
        "[yaml-utf8]\n"
        "f:2:4: error: octet 0x93 is not UTF-8; save the file as UTF-8 (it looks like "
        "Windows-1252) [yaml-utf8]\n");
    assert_int_equal(r.status, STATUS_INVALID);
    assert_string_equal(yaml_get(r.root, "a")->text, "caf_ _");
    assert_string_equal(yaml_get(r.root, "c")->text, "\xc3\xa9");
    done(&r);
    static const struct refusal refusals[] = {
        {"\xff\xfe"
         "a",
         {"1:1 yaml-utf8"}},
        {"\xfe\xff"
         "a",
         {"1:1 yaml-utf8"}},
        {"a: \xc3\xa9\xc3", {"1:5 yaml-utf8"}},
        {"a: \xed\xa0\x80\n", {"1:4 yaml-utf8"}},
    };
    CHECK(refusals);
}

static void control_characters_are_refused_raw_and_escaped(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"a: \033[2J\n", {"1:4 yaml-control"}},
        {"a: x\x7f\n", {"1:5 yaml-control"}},
        {"a: x\xc2\x85y\n", {"1:5 yaml-control"}},
        {"a: x\xe2\x80\xa8y: \xef\xbb\xbf\n", {"1:5 yaml-control", "1:7 yaml-colon"}},
        {"a: b\rc: d\n", {"1:5 yaml-control", "1:7 yaml-colon"}},
        {"a: \"\\e[2J\"\n", {"1:4 yaml-control"}},
        {"a: \"x\\0y\"\n", {"1:4 yaml-control"}},
        {"a: \"\\x9b\"\n", {"1:4 yaml-control"}},
        {"a: \"\\uFEFF\"\n", {"1:4 yaml-control"}},
        {"\"\\a\": b\n", {"1:1 yaml-control"}},
    };
    CHECK(refusals);
    struct reading r = parse_octets("a: \0b\n", 6);
    assert_string_equal(r.printed, "f:1:4: error: control character U+0000; remove it "
                                   "[yaml-control]\n");
    assert_string_equal(yaml_get(r.root, "a")->text, "_b");
    done(&r);
}

static void no_more_bad_characters_are_listed_than_fit_a_screen(void **state)
{
    (void)state;
    char text[4000] = "";
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\001\n", 3);
    struct reading r = parse(text);
    assert_in_range(diag_count(r.diag, SEVERITY_ERROR), 20, 22);
    done(&r);
}

static void tabs_are_refused_where_they_indent_and_in_values(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"a:\n\tb: c\n", {"2:1 yaml-tab"}}, {"a:\n  - b\n\t- c\n", {"3:1 yaml-tab"}},
        {"a: b\n\tc\n", {"2:1 yaml-tab"}},  {"a: |\n\tb\n", {"2:1 yaml-tab"}},
        {"a: b\tc\n", {"1:4 yaml-tab"}},    {"a: \"b\\tc\"\n", {"1:4 yaml-tab"}},
    };
    CHECK(refusals);
    struct reading r = parse("a:\tb\t\n\n# \t\n");
    assert_string_equal(r.printed, "");
    assert_string_equal(yaml_get(r.root, "a")->text, "b");
    done(&r);
}

static void syntax_errors_say_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"note: ask: me\n",
         "f:1:10: error: ': ' inside a value; quote a value that holds ': ' [yaml-colon]\n"},
        {"a: b\n   c: d\n",
         "f:2:5: error: this line is indented too far to be an item of its own; align it with the "
         "items that it belongs to [yaml-indent]\n"},
        {"a:b\nc: d\n", "f:1:1: error: no ': ' on this line; write 'item: value', with a space "
                        "after the ':' [yaml-syntax]\n"},
        {"a: b\nfoo\nc: d\n",
         "f:2:1: error: no ': ' on this line; write 'item: value' [yaml-syntax]\n"},
        {"a: b\nfoo:bar\nc: d\n", "f:2:1: error: no ': ' on this line; put a space after the ':' "
                                  "of 'item: value' [yaml-syntax]\n"},
        {"a: \"x\nb: c\n", "f:1:4: error: the quote that begins here never ends [yaml-quote]\n"},
        {"a: 'it's'\n", "f:1:8: error: this does not fit the items above; check the indentation, "
                        "and that no text follows a closing quote or bracket [yaml-indent]\n"},
        {"a: [b, c\nd: e\n",
         "f:1:4: error: the list that begins here lacks a ',' or its ']' [yaml-syntax]\n"},
        {"a: {b: c\n",
         "f:1:4: error: the mapping that begins here lacks a ',' or its '}' [yaml-syntax]\n"},
        {"a: [::1]\n",
         "f:1:5: error: inside [ ] or { } a value cannot begin with ':'; quote it [yaml-syntax]\n"},
        {"a: @x\n", "f:1:4: error: a value cannot begin with '@'; quote it [yaml-syntax]\n"},
        {"a: - b\n", "f:1:4: error: '- ' cannot stand here; put each item of a list on a line of "
                     "its own, or quote the value [yaml-syntax]\n"},
        {"{\"a\": \"x\\ud83d\\ude00\"}\n",
         "f:1:11: error: '\\ud83d\\ude00' is one character in two halves; write the character "
         "itself, or '\\U0001F600' [yaml-quote]\n"},
        {"a: \"\\udbff\\udfff\"\n",
         "f:1:7: error: '\\udbff\\udfff' is one character in two halves; write the character "
         "itself, or '\\U0010FFFF' [yaml-quote]\n"},
        {"a: \"\\ud83d\"\n", "f:1:7: error: this escape names no character [yaml-quote]\n"},
        {"a: \"\\ude00\\ud83d\"\n", "f:1:7: error: this escape names no character [yaml-quote]\n"},
        {"a: \"\\ud83d\\ude0", "f:1:7: error: this escape names no character [yaml-quote]\n"},
        {"a: \"\\U00110000\"\n", "f:1:7: error: this escape names no character [yaml-quote]\n"},
        {"a: \"\\z\"\n", "f:1:5: error: this escape is unknown; in single quotes '\\' stands for "
                         "itself [yaml-quote]\n"},
        {"a:\n  - b\n  c: d\n",
         "f:3:3: error: this line is not part of the list above; check its indentation "
         "[yaml-indent]\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reading r = parse(cases[i].text);
        assert_string_equal(r.printed, cases[i].expected);
        assert_int_equal(r.status, STATUS_INVALID);
        assert_null(r.root);
        done(&r);
    }
}

static void every_prefix_of_a_document_is_read_or_refused(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf# c\na: 'b' # c\n\"\\u00e9\": [x, {y: z}]  # d\r\n"
                               "e: |\n  f\n\xd0\xb6:\n  - g: h\n    i: &j *k\n? l\n: !m n\n---\n";
    for (size_t length = 0; length < sizeof text; length++) {
        struct reading r = parse_octets(text, length);
        assert_int_equal(r.status == STATUS_OK, diag_total(r.diag) == 0);
        done(&r);
    }
}

static void a_file_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    size_t length = YAML_MAX_OCTETS + 1;
    char *text = malloc(length);
    memset(text, '\n', length);
    struct reading r = parse_octets(text, length);
    assert_string_equal(r.printed, "f: error: larger than 16777216 octets [yaml-size]\n");
    done(&r);
    r = parse_octets(text, length - 1);
    assert_int_equal(r.status, STATUS_OK);
    done(&r);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_is_text),
        cmocka_unit_test(places_count_lines_and_characters_from_one),
        cmocka_unit_test(json_is_yaml),
        cmocka_unit_test(an_empty_document_has_no_root),
        cmocka_unit_test(a_text_loses_the_line_feeds_at_its_end_only),
        cmocka_unit_test(text_cut_by_a_comment_is_refused),
        cmocka_unit_test(a_comment_behind_two_blanks_or_quotes_is_one),
        cmocka_unit_test(a_duplicate_key_is_refused_with_its_place),
        cmocka_unit_test(what_yaml_has_beyond_need_is_refused),
        cmocka_unit_test(nesting_ends_at_the_limit),
        cmocka_unit_test(octets_that_are_not_utf8_are_refused_one_per_line),
        cmocka_unit_test(control_characters_are_refused_raw_and_escaped),
        cmocka_unit_test(no_more_bad_characters_are_listed_than_fit_a_screen),
        cmocka_unit_test(tabs_are_refused_where_they_indent_and_in_values),
        cmocka_unit_test(syntax_errors_say_what_would_be_right),
        cmocka_unit_test(every_prefix_of_a_document_is_read_or_refused),
        cmocka_unit_test(a_file_beyond_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
