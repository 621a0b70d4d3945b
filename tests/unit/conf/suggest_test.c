#include "conf_test.h"

#include "conf/suggest.h"

static void the_distance_counts_slips_of_the_pen(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        {"listen", "listen", 0},  {"listn", "listen", 1},   {"lisetn", "listen", 1},
        {"listenn", "listen", 1}, {"Listen", "listen", 0},  {"udp_max", "udp-max", 0},
        {"zone", "zonemd", 2},    {"", "abc", 3},           {"abc", "", 3},
        {"ab", "ba", 1},          {"kitten", "sitting", 3}, {"", "", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(suggest_distance(cases[i].a, cases[i].b), cases[i].distance);
}

static void words_of_any_length_are_compared_safely(void **state)
{
    (void)state;
    char longest[SUGGEST_MAX_OCTETS + 1] = "";
    char longer[SUGGEST_MAX_OCTETS + 2] = "";
    memset(longest, 'a', SUGGEST_MAX_OCTETS);
    memset(longer, 'a', SUGGEST_MAX_OCTETS + 1);
    assert_int_equal(suggest_distance(longest, longest), 0);
    assert_int_equal(suggest_distance(longest, longer), SUGGEST_MAX_OCTETS + 1);
}

static void the_nearest_of_those_near_enough_is_suggested(void **state)
{
    (void)state;
    static const char *const candidates[] = {"stderr", "warning", "zone", "zonemd",
                                             "ns1",    "ns2",     "nsec", "nsec3"};
    static const struct {
        const char *wanted, *expected;
    } cases[] = {
        {"stdrr", "stderr"}, {"warn", "warning"}, {"zon", "zone"}, {"zonemb", "zonemd"},
        {"ns3", "ns1"},      {"apple", NULL},     {"x", NULL},     {"", NULL},
        {"ZONE", "zone"},    {"NSEC3", "nsec3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct suggestion suggestion;
        suggest_start(&suggestion, cases[i].wanted);
        for (size_t j = 0; j < sizeof candidates / sizeof candidates[0]; j++)
            suggest_candidate(&suggestion, candidates[j]);
        if (cases[i].expected == NULL)
            assert_null(suggestion.best);
        else
            assert_string_equal(suggestion.best, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distance_counts_slips_of_the_pen),
        cmocka_unit_test(words_of_any_length_are_compared_safely),
        cmocka_unit_test(the_nearest_of_those_near_enough_is_suggested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
