#include "conf_test.h"

#include "conf/names.h"

#define LABEL63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

static void a_domain_is_lower_case_with_or_without_its_dot(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"CC.Example", "cc.example."},
        {"cc.example.", "cc.example."},
        {"a", "a."},
        {"_x.a-b.c0", "_x.a-b.c0."},
        {"контакты.рф", "xn--80atbkezc6e.xn--p1ai."},
        {LABEL63 ".a", LABEL63 ".a."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct name name;
        char text[NAME_TEXT_OCTETS];
        assert_null(names_domain(cases[i].text, false, &name));
        name_to_text(name.octets, text);
        assert_string_equal(text, cases[i].shown);
        assert_int_equal(name.length, name_octets(name.octets));
    }
}

static void what_is_no_domain_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        bool host;
    } cases[] = {
        {"", "it is empty", false},
        {".", "it is the root", false},
        {"a..b", "it has an empty label", false},
        {".a", "it has an empty label", false},
        {"a..", "it has an empty label", false},
        {"a b.c", "a label holds more than letters, digits, '-' and '_'", false},
        {"a\\.b.c", "a label holds more than letters, digits, '-' and '_'", false},
        {"a_b.c", "a label holds more than letters, digits and '-'", true},
        {"-a.b", "a label begins or ends with '-'", false},
        {"a-.b", "a label begins or ends with '-'", false},
        {LABEL63 "x", "a label is longer than 63 octets", false},
        {"☃.example", "a label is none that IDNA2008 allows", false},
        {LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, "it is longer than 255 octets", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct name name = {.length = 99};
        const char *why = names_domain(cases[i].text, cases[i].host, &name);
        assert_non_null(why);
        assert_string_equal(why, cases[i].why);
        assert_int_equal(name.length, 99);
    }
}

static void a_mailbox_becomes_a_name_with_one_label_before_its_domain(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"noc@registry.example", "noc.registry.example."},
        {"noc.24x7@registry.example", "noc\\.24x7.registry.example."},
        {"a+b@c", "a\\+b.c."},
        {"Noc@Registry.example", "Noc.registry.example."},
        {"hostmaster.cc.example", "hostmaster.cc.example."},
        {"noc\\.24x7.registry.example.", "noc\\.24x7.registry.example."},
        {"x@рф", "x.xn--p1ai."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct name name;
        char text[NAME_TEXT_OCTETS];
        assert_null(names_mailbox(cases[i].text, &name));
        name_to_text(name.octets, text);
        assert_string_equal(text, cases[i].shown);
    }
}

static void what_is_no_mailbox_is_refused(void **state)
{
    (void)state;
    static const char long_label[] = LABEL63 "x@b";
    static const char *const texts[] = {
        "",      "@b",      "a@",    ".a@b",       "a.@b", "a..b@c", "a b@c", "é@b",
        "a@b c", "\"a\"@b", "a@b@c", "hostmaster", "a..b", "a b.c",  "é.b.c", long_label,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct name name;
        assert_non_null(names_mailbox(texts[i], &name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_lower_case_with_or_without_its_dot),
        cmocka_unit_test(what_is_no_domain_is_refused_with_the_reason),
        cmocka_unit_test(a_mailbox_becomes_a_name_with_one_label_before_its_domain),
        cmocka_unit_test(what_is_no_mailbox_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
