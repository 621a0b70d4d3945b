#include "conf_test.h"

#include "conf/idn.h"

static void a_label_has_an_a_label_and_a_u_label(void **state)
{
    (void)state;
    static const struct {
        const char *text, *a_label, *u_label;
    } cases[] = {
        {"xa", "xa", "xa"},
        {"XA", "xa", "xa"},
        {"a-b", "a-b", "a-b"},
        {"рф", "xn--p1ai", "рф"},
        {"РФ", "xn--p1ai", "рф"},
        {"XN--P1AI", "xn--p1ai", "рф"},
        {"テスト", "xn--zckzah", "テスト"},
        {"இலங்கை", "xn--xkc2al3hye2a", "இலங்கை"},
        {"გე", "xn--node", "გე"},
        {"امارات", "xn--mgbaam7a8h", "امارات"},
        {"straße", "xn--strae-oqa", "straße"}, /* IDNA2008 keeps the sharp s */
        {"e\xcc\x81", "xn--9ca", "é"},         /* a combining accent is composed */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char a_label[IDN_LABEL_OCTETS];
        char u_label[IDN_LABEL_OCTETS];
        assert_int_equal(idn_to_a_label(cases[i].text, a_label), STATUS_OK);
        assert_string_equal(a_label, cases[i].a_label);
        assert_int_equal(idn_to_u_label(a_label, u_label), STATUS_OK);
        assert_string_equal(u_label, cases[i].u_label);
    }
}

static void what_idna2008_does_not_allow_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "a.b",
        "a。b",
        "-a",
        "a-",
        "a b",
        "a_b",
        "ab--c",
        "☃",
        "xn--a",
        "xn--",
        "xn--a-",
        "a\xcc",
        "\xe9",
        "xn--ls8h", /* an emoji */
        "xn--P1AI.",
        "\xcc\x81z", /* begins with a combining mark */
        "aאb",       /* mixes directions (RFC 5893) */
        "0123456789012345678901234567890123456789012345678901234567890123",
        "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char label[IDN_LABEL_OCTETS];
        assert_int_equal(idn_to_a_label(texts[i], label), STATUS_MALFORMED);
        assert_int_equal(idn_to_u_label(texts[i], label), STATUS_MALFORMED);
    }
}

static void a_u_label_may_exceed_63_octets(void **state)
{
    (void)state;
    char text[IDN_LABEL_OCTETS] = "";
    char label[IDN_LABEL_OCTETS];
    char back[IDN_LABEL_OCTETS];
    for (int i = 0; i < 50; i++)
        strcat(text, "ப");
    assert_int_equal(strlen(text), 150);
    assert_int_equal(idn_to_a_label(text, label), STATUS_OK);
    assert_true(strlen(label) <= 63);
    assert_int_equal(idn_to_u_label(label, back), STATUS_OK);
    assert_string_equal(back, text);
}

static void only_scripts_with_letter_case_have_an_upper_case_form(void **state)
{
    (void)state;
    static const struct {
        const char *u_label, *upper; /* NULL: none */
    } cases[] = {
        {"рф", "РФ"}, {"ελ", "ΕΛ"},     {"über", "ÜBER"}, {"հայ", "ՀԱՅ"},
        {"xa", NULL}, {"テスト", NULL}, {"中国", NULL},   {"امارات", NULL},
        {"РФ", NULL}, {"straße", NULL}, {"", NULL},       {"\xe9", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char upper[IDN_LABEL_OCTETS];
        enum status status = idn_upper(cases[i].u_label, upper);
        assert_int_equal(status, cases[i].upper != NULL ? STATUS_OK : STATUS_NOT_FOUND);
        if (cases[i].upper != NULL)
            assert_string_equal(upper, cases[i].upper);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_has_an_a_label_and_a_u_label),
        cmocka_unit_test(what_idna2008_does_not_allow_is_refused),
        cmocka_unit_test(a_u_label_may_exceed_63_octets),
        cmocka_unit_test(only_scripts_with_letter_case_have_an_upper_case_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
