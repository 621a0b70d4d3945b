/* The forms for people who are offline, on a zone with all that can go wrong in a field. */
#include "golden.h"

#include "zone/export_forms.h"

#define HEAD "$ORIGIN cc.example.\n$TTL 300\n@ SOA ns1 h 7 3600 900 2419200 300\n@ NS ns1\n"

/* What a form makes of a zone; to be freed. */
static char *export(const char *zone_text,
                    enum status (*form)(const struct node_source *source, FILE *out))
{
    char *text = NULL;
    size_t length;
    struct read_zone zone = read_zone_text(zone_text, strlen(zone_text));
    FILE *out = open_memstream(&text, &length);

    assert_int_equal(zone.status, STATUS_OK);
    assert_non_null(out);
    assert_int_equal(form(&zone.source, out), STATUS_OK);
    assert_int_equal(fclose(out), 0);
    drop_zone(&zone);
    return text;
}

static void check(const char *zone, enum status (*form)(const struct node_source *, FILE *),
                  const char *expected)
{
    char *text = export(zone, form);
    assert_string_equal(text, expected);
    free(text);
}

/* Two contacts, each found by id and by role; names that are no contacts. */
static const char plain[] =
    HEAD "@ TXT \"how to ask\"\n_meta TXT \"v=cc1; serial=7\"\n_index TXT \"xa \"\n"
         "xa TXT \"0 Xanadu (.xa, Xanadu) - verified 2026-11-01\"\n"
         "xa TXT \"2 dns,csirt Mo-Fr 08:00-18:00 Europe/London +442079460102 d@x.example DNS\"\n"
         "xa TXT \"1 security 24x7 +442079460101,sms:+442079460109 CSIRT\"\n"
         "*.xa TXT \"0 Xanadu (.xa, Xanadu) - verified 2026-11-01\"\n"
         "_abuse.xa TXT \"v=cc1; tld=xa; id=abuse; order=1; role=security; hours=24x7; "
         "tel=+442079460101; sms=+442079460109; mail=c@x.example; oob=yes; name=CSIRT; \" "
         "\"verified=2026-11-01; by=callback; new=1\"\n"
         "_security.xa TXT \"v=cc1; tld=xa; id=abuse; order=1; role=security; hours=24x7; \"\n"
         "_dns.xa TXT \"v=cc1; tld=xa; id=dns; order=2; role=dns,csirt; hours=Mo-Fr 08:00-18:00; "
         "tel=+442079460102; mail=d@x.example; tz=Europe/London; lang=en,fr; oob=no; name=DNS\"\n"
         "_csirt.xa TXT \"v=cc1; tld=xa; id=dns; order=2; role=dns,csirt; hours=Mo-Fr 08:00-18:00; "
         "tel=+442079460102; mail=d@x.example; tz=Europe/London; lang=en,fr; oob=no; name=DNS\"\n"
         "\\230\\151 CNAME xa\nns1 A 192.0.2.1\nns1 TXT \"no card\"\n";

static void text_is_the_card_and_what_it_has_no_room_for(void **state)
{
    (void)state;
    check(plain, export_text,
          "cc.example. serial 7\n"
          "\n.xa\n"
          "  0 Xanadu (.xa, Xanadu) - verified 2026-11-01\n"
          "  1 security 24x7 +442079460101,sms:+442079460109 CSIRT\n"
          "    id=abuse; mail=c@x.example; oob=yes; by=callback; new=1\n"
          "  2 dns,csirt Mo-Fr 08:00-18:00 Europe/London +442079460102 d@x.example DNS\n"
          "    lang=en,fr; oob=no\n");
}

static void csv_has_one_row_per_contact(void **state)
{
    (void)state;
    check(plain, export_csv,
          "\"label\",\"registry\",\"id\",\"order\",\"role\",\"hours\",\"tel\",\"sms\",\"mail\","
          "\"tz\",\"lang\",\"oob\",\"name\",\"name-l10n\",\"wait\",\"note\",\"pgp\",\"verified\","
          "\"by\",\"expires\",\"status\",\"other\"\r\n"
          "\"xa\",\"Xanadu\",\"abuse\",\"1\",\"security\",\"24x7\",\"+442079460101\","
          "\"+442079460109\",\"c@x.example\",\"\",\"\",\"yes\",\"CSIRT\",\"\",\"\",\"\",\"\","
          "\"2026-11-01\",\"callback\",\"\",\"\",\"new=1\"\r\n"
          "\"xa\",\"Xanadu\",\"dns\",\"2\",\"dns,csirt\",\"Mo-Fr 08:00-18:00\","
          "\"+442079460102\",\"\",\"d@x.example\",\"Europe/London\",\"en,fr\",\"no\",\"DNS\",\"\","
          "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n");
}

static void json_is_one_document(void **state)
{
    (void)state;
    check(plain, export_json,
          "{\"zone\":\"cc.example.\",\"serial\":7,\"entries\":[\n"
          "{\"label\":\"xa\",\"registry\":\"Xanadu\",\"card\":["
          "\"0 Xanadu (.xa, Xanadu) - verified 2026-11-01\","
          "\"1 security 24x7 +442079460101,sms:+442079460109 CSIRT\","
          "\"2 dns,csirt Mo-Fr 08:00-18:00 Europe/London +442079460102 d@x.example DNS\"],"
          "\"contacts\":[{\"id\":\"abuse\",\"order\":1,\"role\":[\"security\"],\"hours\":\"24x7\","
          "\"tel\":[\"+442079460101\"],\"sms\":[\"+442079460109\"],\"mail\":\"c@x.example\","
          "\"oob\":\"yes\",\"name\":\"CSIRT\",\"verified\":\"2026-11-01\",\"by\":\"callback\","
          "\"new\":\"1\"},{\"id\":\"dns\",\"order\":2,\"role\":[\"dns\",\"csirt\"],"
          "\"hours\":\"Mo-Fr 08:00-18:00\",\"tel\":[\"+442079460102\"],\"mail\":\"d@x.example\","
          "\"tz\":\"Europe/London\",\"lang\":[\"en\",\"fr\"],\"oob\":\"no\",\"name\":\"DNS\"}]}\n"
          "]}\n");
}

/* Quotes, backslashes, controls, commas, octets that are not UTF-8, a key twice, an order that is
 * none, an entry without contacts, contacts without a line. */
static const char hard[] = HEAD
    "a TXT \"0 A, \\\"B\\\" \\\\ \\007 \\255 (.a) - x\"\n"
    "_x.a TXT \"id=x; order=ten; name=\\\"Q\\\",\\009\\010; name=second; note=\\226\\128\\174; "
    "=no key; no value; empty=; \"\n"
    "b TXT \"0 other form\"\nb TXT \"9 csirt\"\nc TXT \"prose\"\n_y.b TXT \"order=1; role=dns\"\n";

static void text_shows_what_a_terminal_would_obey(void **state)
{
    (void)state;
    check(hard, export_text,
          "cc.example. serial 7\n"
          "\n.a\n"
          "  0 A, \"B\" \\ \\x07 \\xff (.a) - x\n"
          "  x\n"
          "    id=x; name=\"Q\",\\x09\\x0a; note=\\xe2\\x80\\xae; empty=\n"
          "\n.b\n"
          "  0 other form\n"
          "  9 csirt\n");
}

static void csv_doubles_quotes(void **state)
{
    (void)state;
    char *text = export(hard, export_csv);
    const char *rows = strchr(text, '\n') + 1;
    assert_string_equal(rows, "\"a\",\"A, \"\"B\"\" \\ \a \xff\",\"x\",\"ten\",\"\",\"\",\"\",\"\","
                              "\"\",\"\",\"\",\"\",\"\"\"Q\"\",\t\n\",\"\",\"\","
                              "\"\xe2\x80\xae\",\"\",\"\",\"\",\"\",\"\",\"empty=\"\r\n"
                              "\"b\",\"other form\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
                              "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n");
    free(text);
}

static void json_escapes_what_rfc_8259_asks_for(void **state)
{
    (void)state;
    check(hard, export_json,
          "{\"zone\":\"cc.example.\",\"serial\":7,\"entries\":[\n"
          "{\"label\":\"a\",\"registry\":\"A, \\\"B\\\" \\\\ \\u0007 \xef\xbf\xbd\",\"card\":["
          "\"0 A, \\\"B\\\" \\\\ \\u0007 \xef\xbf\xbd (.a) - x\"],\"contacts\":[{\"id\":\"x\","
          "\"order\":\"ten\",\"name\":\"\\\"Q\\\",\\u0009\\u000a\",\"note\":\"\xe2\x80\xae\","
          "\"empty\":\"\"}]},\n"
          "{\"label\":\"b\",\"registry\":\"other form\",\"card\":[\"0 other form\",\"9 csirt\"],"
          "\"contacts\":[]}\n"
          "]}\n");
}

static void a_zone_without_entries_is_exported_too(void **state)
{
    (void)state;
    check(HEAD, export_text, "cc.example. serial 7\n");
    check(HEAD, export_json, "{\"zone\":\"cc.example.\",\"serial\":7,\"entries\":[\n]}\n");
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct read_zone zone = read_zone_text(plain, sizeof plain - 1);
    for (int form = 0; form < 3; form++) {
        FILE *out = fopen("/dev/full", "w");
        if (out == NULL)
            break;
        enum status status = form == 0   ? export_text(&zone.source, out)
                             : form == 1 ? export_csv(&zone.source, out)
                                         : export_json(&zone.source, out);
        assert_int_equal(status, STATUS_SYSTEM);
        fclose(out);
    }
    drop_zone(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_the_card_and_what_it_has_no_room_for),
        cmocka_unit_test(csv_has_one_row_per_contact),
        cmocka_unit_test(json_is_one_document),
        cmocka_unit_test(text_shows_what_a_terminal_would_obey),
        cmocka_unit_test(csv_doubles_quotes),
        cmocka_unit_test(json_escapes_what_rfc_8259_asks_for),
        cmocka_unit_test(a_zone_without_entries_is_exported_too),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
