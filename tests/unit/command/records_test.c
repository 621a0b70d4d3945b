/* Which lines a changed name is shown with. */
#include "command/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t one[] = "\1a";
static const uint8_t two[] = "\1b";
static const uint8_t three[] = "\1c";

static struct node node_of(struct rrset *rrsets, size_t count)
{
    struct node node = {.rrset_count = count, .rrsets = rrsets};
    assert_int_equal(name_from_text(&node.owner, "xa.example", 10), STATUS_OK);
    return node;
}

static void expect(const struct node *before, const struct node *after, enum records_which which,
                   const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    records_print_difference(before, after, which, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void only_records_that_differ_are_printed(void **state)
{
    (void)state;
    struct rdata old[] = {{one, 2}, {two, 2}};
    struct rdata new[] = {{two, 2}, {three, 2}};
    struct rrset old_set = {TYPE_TXT, 2, 60, old};
    struct rrset new_set = {TYPE_TXT, 2, 60, new};
    struct node before = node_of(&old_set, 1);
    struct node after = node_of(&new_set, 1);
    expect(&before, &after, RECORDS_CONTENTS,
           "- xa.example. 60 IN TXT \"a\"\n+ xa.example. 60 IN TXT \"c\"\n");
    expect(&before, &before, RECORDS_ALL, "");
}

static void another_ttl_is_another_record(void **state)
{
    (void)state;
    struct rdata items[] = {{one, 2}};
    struct rrset old_set = {TYPE_TXT, 1, 60, items};
    struct rrset new_set = {TYPE_TXT, 1, 61, items};
    struct node before = node_of(&old_set, 1);
    struct node after = node_of(&new_set, 1);
    expect(&before, &after, RECORDS_CONTENTS,
           "- xa.example. 60 IN TXT \"a\"\n+ xa.example. 61 IN TXT \"a\"\n");
}

static void types_stand_in_order_whichever_side_has_them(void **state)
{
    (void)state;
    struct rdata items[] = {{one, 2}};
    struct rrset old_sets[] = {{TYPE_TXT, 1, 60, items}, {65280, 1, 60, items}};
    struct rrset new_sets[] = {{300, 1, 60, items}};
    struct node before = node_of(old_sets, 2);
    struct node after = node_of(new_sets, 1);
    expect(&before, &after, RECORDS_CONTENTS,
           "- xa.example. 60 IN TXT \"a\"\n"
           "+ xa.example. 60 IN TYPE300 \\# 2 0161\n"
           "- xa.example. 60 IN TYPE65280 \\# 2 0161\n");
}

static void the_seal_is_soa_and_zonemd(void **state)
{
    (void)state;
    static const char soa[] = "+ xa.example. 60 IN TYPE6 \\# 2 0161\n";
    static const char txt[] = "+ xa.example. 60 IN TXT \"a\"\n";
    static const char zonemd[] = "+ xa.example. 60 IN TYPE63 \\# 2 0161\n";
    struct rdata items[] = {{one, 2}};
    struct rrset sets[] = {
        {TYPE_SOA, 1, 60, items}, {TYPE_TXT, 1, 60, items}, {TYPE_ZONEMD, 1, 60, items}};
    struct node node = node_of(sets, 3);
    char seal[128];
    char all[128];
    snprintf(seal, sizeof seal, "%s%s", soa, zonemd);
    snprintf(all, sizeof all, "%s%s%s", soa, txt, zonemd);
    expect(NULL, &node, RECORDS_CONTENTS, txt);
    expect(NULL, &node, RECORDS_SEAL, seal);
    expect(NULL, &node, RECORDS_ALL, all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_records_that_differ_are_printed),
        cmocka_unit_test(another_ttl_is_another_record),
        cmocka_unit_test(types_stand_in_order_whichever_side_has_them),
        cmocka_unit_test(the_seal_is_soa_and_zonemd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
