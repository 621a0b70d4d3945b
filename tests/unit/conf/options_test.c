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

/* Where the manual describes the item, in the part about its section, up to `end`; or NULL. */
static const char *description_of(const char *manual, const struct option *option, const char **end)
{
    char text[100];
    if (option->section == SECTION_TOP)
        snprintf(text, sizeof text, "\n.Ss Top level\n");
    else
        snprintf(text, sizeof text, "\n.Ss The section %s\n", option_section_name(option->section));
    const char *part = strstr(manual, text);
    assert_non_null(part);
    const char *part_end = strstr(part, "\n.El\n");
    assert_non_null(part_end);
    snprintf(text, sizeof text, "\n.It Ic %s : ", option->item);
    const char *start = strstr(part, text);
    if (start == NULL || start > part_end)
        return NULL;
    *end = strstr(start + 1, "\n.It ");
    if (*end == NULL || *end > part_end)
        *end = part_end;
    return start;
}

static void the_manual_describes_exactly_the_items_of_the_table(void **state)
{
    (void)state;
    size_t count;
    size_t described = 0;
    size_t entries = 0;
    const struct option *table = option_table(&count);
    char *manual = read_manual();
    for (size_t i = 0; i < count; i++) {
        const char *end;
        bool told = description_of(manual, &table[i], &end) != NULL;
        described += told ? 1 : 0;
        if (!told)
            fail_msg("the manual lacks '%s' in '%s'", table[i].item,
                     option_section_name(table[i].section));
    }
    for (const char *at = manual; (at = strstr(at, "\n.It Ic ")) != NULL; at++)
        entries++;
    assert_int_equal(described, entries);
    free(manual);
}

static void the_manual_tells_the_defaults_of_the_table(void **state)
{
    (void)state;
    size_t count;
    const struct option *table = option_table(&count);
    char *manual = read_manual();
    for (size_t i = 0; i < count; i++) {
        char text[100];
        const char *end;
        const char *fallback = table[i].fallback;
        if (fallback == NULL || strchr(fallback, ' ') != NULL)
            continue; /* lists, and the version's number, are told in other words */
        const char *start = description_of(manual, &table[i], &end);
        assert_non_null(start);
        snprintf(text, sizeof text, "Default: %s.\n", fallback);
        const char *told = strstr(start, text);
        if (told == NULL || told > end)
            fail_msg("the manual lacks '%s' of '%s'", text, table[i].item);
    }
    free(manual);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_item_stands_twice_in_a_section),
        cmocka_unit_test(a_misspelt_item_has_a_suggestion_in_its_section),
        cmocka_unit_test(the_manual_describes_exactly_the_items_of_the_table),
        cmocka_unit_test(the_manual_tells_the_defaults_of_the_table),
    };
    if (argc != 2)
        return 64;
    manual_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
