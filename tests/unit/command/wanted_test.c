/* What purge finds, in the forms that records and people write. */
#include "tests/unit/check.h"

#include "command/wanted.h"

#include <stdio.h>
#include <string.h>

static bool is_in(const char *wanted, const char *text)
{
    struct wanted parsed;
    size_t at;
    assert_int_equal(wanted_parse(wanted, &parsed), STATUS_OK);
    return wanted_in_text(&parsed, text, strlen(text), &at);
}

static void text_is_found_whatever_its_case(void **state)
{
    (void)state;
    assert_true(is_in("Jane Doe", "name=JANE doe; "));
    assert_true(is_in("a.b@c.example", "1 security A.B@c.Example x"));
    assert_true(is_in("Gr\xc3\xbc\xc3\x9f", "name-l10n=Gr\xc3\xbc\xc3\x9f"));
    assert_false(is_in("jane", "jan"));
}

static void text_is_found_however_it_is_folded(void **state)
{
    (void)state;
    assert_true(is_in("Jane Doe", "Jane  Doe"));
    assert_true(is_in("Jane Doe", "of Jane\r\n\t  Doe's"));
    assert_true(is_in(" Jane \t Doe ", "Jane Doe"));
    assert_true(is_in("+44 20 7946 0101", "+44 20\n    7946 0101"));
    assert_false(is_in("Jane Doe", "JaneDoe"));
    assert_false(is_in("JaneDoe", "Jane Doe"));
    assert_false(is_in("Jane Doe", "Jane "));
}

static void a_number_is_found_however_it_is_grouped(void **state)
{
    static const char *const forms[] = {"+442079460101", "+44 20 7946 0101", "(44) 20-7946.0101",
                                        "44/20/79460101"};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t n = 0; n < 4; n++) {
            char text[64];
            snprintf(text, sizeof text, "tel=%s; x", forms[n]);
            assert_true(is_in(forms[i], text));
        }
    assert_true(is_in("+44 20 7946 0101", "0044 20 7946 0101"));
    assert_false(is_in("+442079460101", "+442079460102"));
    assert_false(is_in("+442079460101", "+44207946; 0101"));
}

static void what_is_in_everything_cannot_be_looked_for(void **state)
{
    static const char *const texts[] = {"", "abc", "1", "12 ", "a/", "     ", " abc ", "a  b"};
    char text[WANTED_MOST_OCTETS + 2];
    struct wanted wanted;
    (void)state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(wanted_parse(texts[i], &wanted), STATUS_INVALID);
    memset(text, '1', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(wanted_parse(text, &wanted), STATUS_INVALID);
    text[WANTED_MOST_OCTETS] = '\0';
    assert_int_equal(wanted_parse(text, &wanted), STATUS_OK);
}

static void a_contact_is_its_label_and_id(void **state)
{
    struct wanted wanted;
    size_t at;
    (void)state;

    assert_int_equal(wanted_parse("XA/noc-2", &wanted), STATUS_OK);
    assert_true(wanted_is_contact(&wanted, "xa", "noc-2"));
    assert_false(wanted_is_contact(&wanted, "xa", "noc"));
    assert_false(wanted_is_contact(&wanted, "x", "noc-2"));
    assert_false(wanted_in_text(&wanted, "XA/noc-2", 8, &at));
    assert_int_equal(wanted_parse("Doe, Jane/Team", &wanted), STATUS_OK);
    assert_int_equal(wanted.kind, WANTED_TEXT);
}

/* One record at _noc.xa.cc.example. */
static bool is_in_record(const char *wanted, uint16_t type, const char *octets, size_t length)
{
    struct rdata rdata = {(const uint8_t *)octets, (uint16_t)length};
    struct rrset rrset = {type, 1, 300, &rdata};
    struct node node = {.rrset_count = 1, .rrsets = &rrset};
    struct arena *arena = arena_create();
    struct wanted parsed;
    struct name apex;

    assert_int_equal(name_from_text(&apex, "cc.example", 10), STATUS_OK);
    assert_int_equal(name_from_text(&node.owner, "_noc.Xa.cc.example", 18), STATUS_OK);
    assert_int_equal(wanted_parse(wanted, &parsed), STATUS_OK);
    bool found = wanted_in_node(&parsed, &apex, &node, arena);
    arena_destroy(arena);
    return found;
}

#define IS_IN(wanted, type, octets) is_in_record(wanted, type, octets, sizeof(octets) - 1)

static void records_are_read_in_their_own_forms(void **state)
{
    (void)state;
    assert_true(IS_IN("j.doe@c.example", TYPE_RP, "\5j.doe\1c\7example\0\4_noc\2xa\0"));
    assert_true(IS_IN("J.Doe@C.example", TYPE_RP, "\5j.doe\1c\7example\0\0"));
    assert_false(IS_IN("doe@d.example", TYPE_RP, "\5j.doe\1c\7example\0\0"));
    assert_true(IS_IN("h@c.example", TYPE_SOA,
                      "\2ns\0\1h\1c\7example\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"));
    assert_true(IS_IN("j+d@c.example", TYPE_URI, "\0\1\0\0mailto:j%2Bd@c.example"));
    assert_true(IS_IN("j%2bd@c.example", TYPE_URI, "\0\1\0\0mailto:j%2Bd@c.example"));
    assert_true(IS_IN("+44 20 7946 0101", TYPE_URI, "\0\1\0\0tel:+442079460101"));
    assert_true(IS_IN("Jane Doe", TYPE_TXT, "\5xJane\5 Doex"));
    assert_true(IS_IN("xa/noc", TYPE_TXT, "\17v=cc1; tld=xa; \10id=noc; "));
    assert_false(IS_IN("xa/oc", TYPE_TXT, "\17v=cc1; tld=xa; \10id=noc; "));
    assert_false(IS_IN("xb/noc", TYPE_TXT, "\17v=cc1; tld=xa; \10id=noc; "));
    /* Cut short, or no such record at all: nothing is read beyond it. */
    assert_false(IS_IN("Jane Doe", TYPE_TXT, "\377Jane"));
    assert_false(IS_IN("Jane Doe", TYPE_RP, "\77Jane"));
    assert_false(IS_IN("Jane Doe", TYPE_SOA, "\77Jane"));
    assert_false(IS_IN("Jane Doe", TYPE_URI, "%4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_found_whatever_its_case),
        cmocka_unit_test(text_is_found_however_it_is_folded),
        cmocka_unit_test(a_number_is_found_however_it_is_grouped),
        cmocka_unit_test(what_is_in_everything_cannot_be_looked_for),
        cmocka_unit_test(a_contact_is_its_label_and_id),
        cmocka_unit_test(records_are_read_in_their_own_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
