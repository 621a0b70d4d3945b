#include "contacts/language.h"

#include "contacts/entry.h"
#include "contacts/tables.h"
#include "value.h"

static void check(const char *text, const char *wanted)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);
    const char *result = language_read(&value.reading, &node);

    assert_non_null(result);
    assert_string_equal(result, wanted);
    value_end(&value);
}

static void refuse(const char *text, const char *fix)
{
    struct value value = value_start();
    struct yaml_node node = value_node(text);

    assert_null(language_read(&value.reading, &node));
    assert_string_equal(value_rule(&value), "language");
    assert_non_null(strstr(value_message(&value), fix));
    value_end(&value);
}

/* RFC 5646 §2.1.1 */
static void letter_case_is_set_right(void **state)
{
    (void)state;
    check("en", "en");
    check("EN-gb", "en-GB");
    check("ZH-HANT-tw", "zh-Hant-TW");
    check("es-419", "es-419");
    check("sl-ROZAJ-biske", "sl-rozaj-biske");
    check("de-1996", "de-1996");
    check("yue", "yue");
    check("no", "no"); /* not a boolean */
}

static void a_mistake_is_refused_with_the_right_tag(void **state)
{
    static const char *const pairs[][2] = {
        {"en_GB", "'en-GB'"},  {"en-UK", "'en-GB'"}, {"eng", "'en'"},  {"ger", "'de'"},
        {"English", "'en'"},   {"jp", "'ja'"},       {"cz", "'cs'"},   {"zh-yue", "'yue'"},
        {"norwegian", "'no'"}, {"iw", "'he'"},       {"thai", "'th'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        refuse(pairs[i][0], pairs[i][1]);
}

static void what_is_no_tag_is_refused(void **state)
{
    static const char *const wrong[] = {
        "xx",
        "e",
        "",
        "-",
        "en-",
        "-en",
        "en--GB",
        "en-GB-Latn",
        "x-a",
        "i-klingon",
        "en-u-co-phonebk",
        "en,fr",
        "en fr",
        "en-ZZ",
        "en-Zzzz",
        "abcdefghi",
        "en-a",
        "zz-abcdefghijklmnopqrstuvwxyz-abcdefgh",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refuse(wrong[i], "");
}

static struct yaml_node list_of(struct yaml_node *items, struct yaml_node **pointers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pointers[i] = &items[i];
    return (struct yaml_node){.kind = YAML_SEQUENCE, .count = count, .items = pointers};
}

static void a_list_keeps_its_order(void **state)
{
    struct value value = value_start();
    struct yaml_node items[] = {value_node("fr"), value_node("EN"), value_node("ar")};
    struct yaml_node *pointers[3];
    struct yaml_node list = list_of(items, pointers, 3);

    (void)state;
    assert_string_equal(language_read(&value.reading, &list), "fr,en,ar");
    items[2] = value_node("FR");
    assert_null(language_read(&value.reading, &list));
    assert_string_equal(value_rule(&value), "duplicate-language");
    value_end(&value);
}

static void as_many_as_the_limit_fit(void **state)
{
    static const char *const tags[] = {"aa", "ab", "af", "ak", "am", "ar", "as", "av", "ay",
                                       "az", "ba", "be", "bg", "bi", "bm", "bn", "bo"};
    struct value value = value_start();
    struct yaml_node items[ENTRY_MAX_LANGUAGES + 1];
    struct yaml_node *pointers[ENTRY_MAX_LANGUAGES + 1];

    (void)state;
    for (size_t i = 0; i <= ENTRY_MAX_LANGUAGES; i++)
        items[i] = value_node(tags[i]);
    struct yaml_node list = list_of(items, pointers, ENTRY_MAX_LANGUAGES);
    assert_non_null(language_read(&value.reading, &list));
    list = list_of(items, pointers, ENTRY_MAX_LANGUAGES + 1);
    assert_null(language_read(&value.reading, &list));
    assert_string_equal(value_rule(&value), "language-many");
    value_end(&value);
}

static void nothing_is_nothing(void **state)
{
    struct value value = value_start();
    (void)state;
    assert_null(language_read(&value.reading, NULL));
    assert_string_equal(value_rule(&value), "");
    value_end(&value);
}

/* Every line that is a mistake has a remedy that is a tag; every other one is found. */
static void every_line_of_the_table_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < tables_languages_count; i++) {
        const char *line = tables_languages[i];
        const char *tab = strchr(line, '\t');
        if (tab != NULL)
            check(tab + 1, tab + 1);
        else if (strlen(line) <= 3 && line[0] >= 'a')
            check(line, line);
        assert_true(i == 0 || strcmp(tables_languages[i - 1], line) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letter_case_is_set_right),
        cmocka_unit_test(a_mistake_is_refused_with_the_right_tag),
        cmocka_unit_test(what_is_no_tag_is_refused),
        cmocka_unit_test(a_list_keeps_its_order),
        cmocka_unit_test(as_many_as_the_limit_fit),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(every_line_of_the_table_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
