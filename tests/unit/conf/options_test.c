#include "conf_test.h"

#include "conf/options.h"
#include "conf/suggest.h"

static const char *manual_path;

static void no_item_stands_twice_in_a_section(void **state)
{
    (void)state;
    size_t count;
    const struct option *table = option_table(&count);
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(option_find(table[i].section, table[i].item), &table[i]);
}

static void a_misspelt_item_has_a_suggestion_in_its_section(void **state)
{
    (void)state;
    assert_string_equal(option_suggest(SECTION_SERVER, "listn"), "listen");
    assert_string_equal(option_suggest(SECTION_SERVER, "udp_max"), "udp-max");
    assert_string_equal(option_suggest(SECTION_ZONE, "name-servers"), "nameservers");
    assert_string_equal(option_suggest(SECTION_TOP, "zones"), "zone");
    assert_null(option_suggest(SECTION_TOP, "listen"));
}

static void an_item_of_a_later_version_is_never_suggested(void **state)
{
    (void)state;
    size_t count;
    const struct option *table = option_table(&count);
    for (size_t i = 0; i < count; i++) {
        const char *near = option_suggest(table[i].section, table[i].item);
        if (table[i].kind == OPTION_LATER && near != NULL)
            assert_string_not_equal(near, table[i].item);
    }
}

/* Reads the manual page whole; the caller frees. */
static char *read_manual(void)
{
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(manual_path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static void the_manual_describes_exactly_the_items_of_the_table(void **state)
{
    (void)state;
    size_t count;
    const struct option *table = option_table(&count);
    char *manual = read_manual();
    for (size_t i = 0; i < count; i++) {
        char entry[100];
        snprintf(entry, sizeof entry, "\n.It Ic %s : ", table[i].item);
        bool described = strstr(manual, entry) != NULL;
        bool later = table[i].kind == OPTION_LATER;
        /* "key" and the like may be described where another section has them already. */
        if (later && option_find_anywhere(table[i].item)->kind == OPTION_LATER)
            assert_false(described);
        if (!later && !described)
            fail_msg("the manual lacks '%s'", table[i].item);
    }
    free(manual);
}

static void the_manual_tells_the_defaults_of_the_table(void **state)
{
    (void)state;
    size_t count;
    const struct option *table = option_table(&count);
    char *manual = read_manual();
    for (size_t i = 0; i < count; i++) {
        char entry[100];
        const char *fallback = table[i].fallback;
        snprintf(entry, sizeof entry, "\n.It Ic %s : ", table[i].item);
        if (fallback == NULL || strchr(fallback, ' ') != NULL)
            continue; /* lists, and the version's number, are told in other words */
        const char *start = strstr(manual, entry);
        assert_non_null(start);
        const char *end = strstr(start + 1, "\n.It ");
        snprintf(entry, sizeof entry, "Default: %s", fallback);
        const char *told = strstr(start, entry);
        if (told == NULL || (end != NULL && told > end))
            fail_msg("the manual lacks '%s' of '%s'", entry, table[i].item);
    }
    free(manual);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_item_stands_twice_in_a_section),
        cmocka_unit_test(a_misspelt_item_has_a_suggestion_in_its_section),
        cmocka_unit_test(an_item_of_a_later_version_is_never_suggested),
        cmocka_unit_test(the_manual_describes_exactly_the_items_of_the_table),
        cmocka_unit_test(the_manual_tells_the_defaults_of_the_table),
    };
    if (argc != 2)
        return 64;
    manual_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
