/* The card: DESIGN's session octet for octet, and 512 octets whatever the registry is called. */
#include "tests/unit/zone/fixture.h"

#include "contacts/tables.h"
#include "wire/record.h"

/* The lines of the card of entry 0's label, shortened as needed, each with a NUL. */
struct shown {
    struct view view;
    struct card card;
    bool fits;
    char lines[CARD_MAX_LINES][CARD_LINE_OCTETS + 1];
};

static void show(struct fixture *f, size_t label, struct shown *out)
{
    memset(out, 0, sizeof *out);
    assert_int_equal(view_make(&f->rules, &f->entries[0], label, &out->view), STATUS_OK);
    card_make(&out->view, &out->card);
    out->fits = card_fit(&out->card);
    for (size_t i = 0; i < out->card.line_count; i++) {
        struct writer w = writer_of((uint8_t *)out->lines[i], CARD_LINE_OCTETS);
        card_line_write(&out->card.lines[i], &w);
        if (out->fits) {
            assert_false(w.failed);
            assert_int_equal(writer_length(&w), card_line_octets(&out->card.lines[i]));
        }
    }
}

/* Octets of a real message with these lines: an own name's, an alias's, or a wildcard's answer. */
static size_t message_octets(const struct shown *shown, const char *alias, const char *below)
{
    static uint8_t buffer[65535];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct name question = shown->view.owner;
    header_write(&w, &(struct header){.id = 1, .flags = HEADER_QR | HEADER_AA, .qdcount = 1});
    if (alias != NULL)
        assert_int_equal(name_prepend(&question, (const uint8_t *)alias, strlen(alias),
                                      shown->view.rules->zone->domain.octets),
                         STATUS_OK);
    if (below != NULL)
        assert_int_equal(
            name_prepend(&question, (const uint8_t *)below, strlen(below), question.octets),
            STATUS_OK);
    writer_octets(&w, question.octets, question.length);
    writer_u16(&w, TYPE_TXT);
    writer_u16(&w, CLASS_IN);
    if (alias != NULL) {
        writer_u16(&w, 0xc00c);
        record_write_fixed(&w, TYPE_CNAME, CLASS_IN, 1, shown->view.owner.length);
        writer_octets(&w, shown->view.owner.octets, shown->view.owner.length);
    }
    for (size_t i = 0; i < shown->card.line_count; i++) {
        size_t length = strlen(shown->lines[i]);
        writer_u16(&w, 0xc00c);
        record_write_fixed(&w, TYPE_TXT, CLASS_IN, 1, (uint16_t)(1 + length));
        writer_u8(&w, (uint8_t)length);
        writer_octets(&w, (const uint8_t *)shown->lines[i], length);
    }
    assert_false(w.failed);
    return writer_length(&w);
}

static void the_session_of_the_design_is_what_dig_shows(void **state)
{
    struct fixture f;
    struct shown shown;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    show(&f, 0, &shown);
    assert_true(shown.fits);
    assert_int_equal(shown.card.line_count, 3);
    assert_string_equal(shown.lines[0],
                        "0 Xanadu Network Information Centre (.xa, Xanadu) - verified 2026-11-01");
    assert_string_equal(shown.lines[1],
                        "1 security 24x7 +442079460101 csirt@nic-xa.example Xanadu CSIRT");
    assert_string_equal(shown.lines[2], "2 dns Mo-Fr 08:00-18:00 Europe/London +442079460102 "
                                        "dns.ops@nic-xa.example DNS operations");
    fixture_end(&f);
}

static void a_line_leaves_out_what_the_contact_has_not(void **state)
{
    struct fixture f;
    struct shown shown;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    struct contact *bare = add_contact(&f, 0, "dns", ROLE_CSIRT | ROLE_DNS);
    bare->phone_count = 0;
    bare->email = NULL;
    bare->timezone = "Europe/London"; /* says nothing about 24x7 */
    struct contact *text = add_contact(&f, 0, "csirt", ROLE_CSIRT);
    text->phone_count = 2;
    text->phones[1] = (struct phone){"+442079460199", true};
    text->order = 9;
    show(&f, 0, &shown);
    assert_string_equal(shown.lines[0], "0 Some Registry (.xa) - verified 2026-11-01");
    assert_string_equal(shown.lines[1], "1 dns,csirt 24x7 Somebody");
    assert_string_equal(shown.lines[2],
                        "9 csirt 24x7 +442079460100,sms:+442079460199 noc@nic.example Somebody");
    fixture_end(&f);
}

/* DESIGN §3, freshness: older than the threshold, so the day itself is not. */
static void age_is_said_in_one_word(void **state)
{
    static const struct {
        const char *today;
        const char *line;
    } cases[] = {
        {"2027-04-30", "0 Some Registry (.xa) - verified 2026-11-01"},
        {"2027-05-01", "0 Some Registry (.xa) - verified 2026-11-01 STALE"},
        {"2027-12-06", "0 Some Registry (.xa) - verified 2026-11-01 STALE"},
        {"2027-12-07", "0 Some Registry (.xa) - verified 2026-11-01 EXPIRED"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        struct shown shown;
        fixture_start(&f);
        add_entry(&f, "contacts/xa.yaml", "xa", NULL);
        f.rules.today = days(cases[i].today);
        show(&f, 0, &shown);
        assert_string_equal(shown.lines[0], cases[i].line);
        fixture_end(&f);
    }
}

/* The formula of card.h against messages that are really there. */
static void the_widest_of_three_answers_is_measured(void **state)
{
    static const char reserve[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    static const char *const aliases[] = {
        "\xe4\xb8\xad\xe5\x9b\xbd",
        "012345678901234567890123456789012345678901234567890123456789012",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        struct shown shown;
        fixture_start(&f);
        add_xanadu(&f);
        f.labels[0][0].u_label = aliases[i];
        show(&f, 0, &shown);
        size_t own = message_octets(&shown, NULL, NULL);
        size_t alias = message_octets(&shown, aliases[i], NULL);
        /* "*" and 64 octets more: two labels, 1 + 32 and 1 + 32 octets with their lengths. */
        size_t wildcard = message_octets(&shown, NULL, "*") + sizeof reserve - 1;
        size_t widest = wildcard > alias ? wildcard : alias;
        assert_true(own < widest);
        assert_int_equal(card_octets(&shown.card), widest);
        assert_int_equal(widest == alias, i == 1);
        fixture_end(&f);
    }
}

static void an_alias_that_is_no_label_is_not_measured(void **state)
{
    struct fixture f;
    struct shown shown;
    char u_label[65];
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    show(&f, 0, &shown);
    size_t without = card_octets(&shown.card);
    memset(u_label, 'x', 64);
    u_label[64] = '\0';
    f.labels[0][0].u_label = u_label;
    show(&f, 0, &shown);
    assert_int_equal(card_octets(&shown.card), without);
    u_label[63] = '\0';
    show(&f, 0, &shown);
    assert_true(card_octets(&shown.card) > without);
    fixture_end(&f);
}

/* RFC 1035 §2.3.4: no question is longer than 255 octets, so none is reckoned with. */
static void a_question_is_never_counted_beyond_255_octets(void **state)
{
    struct fixture f;
    struct shown shown;
    char domain[256] = "";
    (void)state;
    for (size_t i = 0; i < 110; i++)
        strcat(domain, "a.");
    fixture_start(&f);
    fixture_zone(&f, "cc.example");
    f.zone.domain = name_of(domain);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    show(&f, 0, &shown);
    assert_int_equal(shown.card.fixed_octets, 12 + 255 + 4);
    fixture_end(&f);
}

/* Contacts whose lines are `octets` long in all, mail and name included. */
static void fill(struct fixture *f, size_t count, const char *mail, const char *name)
{
    static const char *const ids[] = {"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"};
    for (size_t i = 0; i < count; i++) {
        struct contact *contact = add_contact(f, 0, ids[i], ROLE_SECURITY);
        contact->email = mail;
        contact->name = name;
    }
}

static void the_registry_is_shortened_first_at_a_word(void **state)
{
    struct fixture f;
    struct shown shown;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", "Xanadu");
    f.entries[0].registry = "Telecommunications and Digital Government Regulatory Authority";
    fill(&f, 4, "csirt@registry.example", "Security team");
    show(&f, 0, &shown);
    assert_true(shown.fits);
    assert_true(card_octets(&shown.card) <= 512);
    assert_string_equal(
        shown.lines[0],
        "0 Telecommunications and Digital Government.. (.xa, Xanadu) - verified 2026-11-01");
    for (size_t i = 1; i <= 4; i++)
        assert_non_null(strstr(shown.lines[i], " csirt@registry.example Security team"));
    fixture_end(&f);
}

static void a_card_that_fits_is_left_alone(void **state)
{
    struct fixture f;
    struct shown shown;
    (void)state;
    for (size_t spare = 0; spare < 3; spare++) {
        char registry[200] = "";
        fixture_start(&f);
        add_entry(&f, "contacts/xa.yaml", "xa", NULL);
        f.entries[0].registry = registry;
        fill(&f, 3, "csirt@registry.example", "Security team");
        show(&f, 0, &shown);
        memset(registry, 'x', 512 - card_octets(&shown.card) - spare); /* and a space */
        if (spare > 0)
            registry[strlen(registry) - 1] = 'y';
        show(&f, 0, &shown);
        assert_int_equal(strstr(shown.lines[0], "x..") != NULL, spare == 0);
        assert_true(card_octets(&shown.card) <= 512);
        fixture_end(&f);
    }
}

static void names_go_from_the_last_contact_up_then_mail(void **state)
{
    struct fixture f;
    struct shown shown;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", "Xanadu");
    f.entries[0].registry = "Telecommunications and Digital Government Regulatory Authority";
    fill(&f, 6, "csirt@registry.example", "Security operations");
    show(&f, 0, &shown);
    assert_true(shown.fits);
    for (size_t i = 1; i <= 6; i++) {
        assert_non_null(strstr(shown.lines[i], " security 24x7 +442079460100"));
        /* Once a line keeps its name whole, so do all before it; the same for mail. */
        if (i > 1 && strstr(shown.lines[i], "Security operations") != NULL)
            assert_non_null(strstr(shown.lines[i - 1], "Security operations"));
        if (i > 1 && strstr(shown.lines[i], "@") != NULL)
            assert_non_null(strstr(shown.lines[i - 1], "@"));
    }
    assert_string_equal(shown.lines[6], "6 security 24x7 +442079460100");
    fixture_end(&f);
}

static void the_registry_is_left_out_before_a_card_is_refused(void **state)
{
    size_t seen[3] = {0}; /* with the registry's name, without, refused */
    size_t last = 0;
    (void)state;
    for (size_t length = 0; length < 80; length++) {
        struct fixture f;
        struct shown shown;
        char territory[81] = "";
        memset(territory, 't', length);
        fixture_start(&f);
        add_entry(&f, "contacts/xa.yaml", "xa", territory);
        f.entries[0].registry = "Xanadu Network Information Centre";
        fill(&f, 7, "csirt@registry.example", "Security team");
        show(&f, 0, &shown);
        size_t now = !shown.fits ? 2 : shown.card.lines[0].name_kept == 0;
        if (now == 1)
            assert_memory_equal(shown.lines[0], "0 (.xa, ", 8);
        assert_true(now >= last);
        seen[now]++;
        last = now;
        fixture_end(&f);
    }
    assert_true(seen[0] > 0 && seen[1] > 5 && seen[2] > 0);
}

static void a_shortened_mail_address_is_a_wrong_one(void **state)
{
    struct fixture f;
    struct shown shown;
    (void)state;
    for (size_t count = 1; count <= 9; count++) {
        fixture_start(&f);
        add_entry(&f, "contacts/xa.yaml", "xa", NULL);
        fill(&f, count, "a.rather.long.mailbox@registry.example", "Name");
        show(&f, 0, &shown);
        for (size_t i = 1; i <= count; i++)
            if (strchr(shown.lines[i], '@') != NULL)
                assert_non_null(strstr(shown.lines[i], "a.rather.long.mailbox@registry.example"));
        fixture_end(&f);
    }
}

static void what_room_is_left_goes_back_to_the_registry(void **state)
{
    struct fixture f;
    struct shown shown;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    f.entries[0].registry = "One two three four five six seven eight nine ten eleven twelve";
    fill(&f, 5, "csirt@registry.example", "Security operations centre");
    show(&f, 0, &shown);
    assert_true(shown.fits);
    assert_null(strstr(shown.lines[5], "Security"));
    assert_true(card_octets(&shown.card) <= 512);
    /* Within a word of the limit, not at the least length. */
    assert_true(card_octets(&shown.card) > 512 - 8);
    fixture_end(&f);
}

/* RFC 1035 §3.3: a character string holds 255 octets. */
static void a_line_is_one_string(void **state)
{
    struct fixture f;
    struct shown shown;
    char name[300];
    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    f.entries[0].registry = "R";
    add_contact(&f, 0, "dns", ROLE_DNS)->name = name;
    show(&f, 0, &shown);
    assert_true(shown.fits);
    assert_int_equal(strlen(shown.lines[1]), 255);
    assert_string_equal(shown.lines[1] + 251, "nn..");
    fixture_end(&f);
}

static void phones_are_never_shortened(void **state)
{
    struct fixture f;
    struct shown shown;
    struct phone phones[20];
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    struct contact *contact = add_contact(&f, 0, "dns", ROLE_DNS);
    for (size_t i = 0; i < 20; i++)
        phones[i] = (struct phone){"+442079460100", false};
    contact->phones = phones;
    contact->phone_count = 20;
    show(&f, 0, &shown);
    assert_false(shown.fits);
    contact->phone_count = 16;
    show(&f, 0, &shown);
    assert_true(shown.fits);
    /* The name went, the mail address still has room. */
    assert_int_equal(strlen(shown.lines[1]),
                     strlen("1 dns 24x7 ") + 16 * 14 - 1 + strlen(" noc@nic.example"));
    fixture_end(&f);
}

static void a_territory_that_fills_a_line_is_an_error_not_a_cut(void **state)
{
    struct fixture f;
    struct shown shown;
    char territory[400];
    (void)state;
    memset(territory, 't', sizeof territory - 1);
    territory[sizeof territory - 1] = '\0';
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", territory);
    show(&f, 0, &shown);
    assert_false(shown.fits);
    fixture_end(&f);
}

/* The column of a line of cctlds.tsv, ASCII: every other octet shows as one x per character. */
static void column(const char *line, size_t index, char out[256])
{
    while (index-- > 0)
        line = strchr(line, '\t') + 1;
    size_t length = 0;
    for (; *line != '\0' && *line != '\t' && length < 255; line++)
        if (((unsigned char)*line & 0xc0) != 0x80)
            out[length++] = (unsigned char)*line < 0x80 ? *line : 'x';
    out[length] = '\0';
}

static void assert_kept(const struct shown *shown)
{
    for (size_t i = 1; i <= shown->view.contact_count; i++) {
        const struct contact *contact = shown->view.contacts[i - 1];
        char start[100];
        snprintf(start, sizeof start, "%u security,dns %s ", contact->order, contact->hours);
        assert_memory_equal(shown->lines[i], start, strlen(start));
        assert_non_null(strstr(shown->lines[i], contact->phones[0].number));
    }
    assert_non_null(strstr(shown->lines[0], " - verified 2026-01-01 STALE"));
}

/* The names that made naive cards overflow: each of the 309, with one to nine contacts. */
static void real_registries_fit_or_are_refused(void **state)
{
    size_t seen = 0;
    (void)state;
    assert_int_equal(tables_cctlds_count, 310);
    for (size_t line = 1; line < tables_cctlds_count; line++)
        for (size_t count = 1; count <= 9; count++) {
            struct fixture f;
            struct shown shown;
            char label[256], territory[256], manager[256];
            column(tables_cctlds[line], 0, label);
            column(tables_cctlds[line], 4, territory);
            column(tables_cctlds[line], 5, manager);
            fixture_start(&f);
            add_entry(&f, "contacts/xa.yaml", label, territory);
            f.entries[0].registry = manager;
            f.entries[0].verified_days = days("2026-01-01");
            for (size_t i = 0; i < count; i++) {
                static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
                struct contact *contact = add_contact(&f, 0, ids[i], ROLE_SECURITY | ROLE_DNS);
                contact->hours = i % 2 == 0 ? "24x7" : "Mo-Fr 08:00-18:00";
                contact->email = "incident.response@registry.example";
                contact->name = "Incident response coordination";
            }
            show(&f, 0, &shown);
            if (shown.fits) {
                assert_true(message_octets(&shown, NULL, "*") + 64 <= 512);
                assert_kept(&shown);
            } else {
                assert_true(card_octets(&shown.card) > 512);
                assert_true(count > 5); /* two roles, hours and a phone each fit five times */
            }
            seen++;
            fixture_end(&f);
        }
    assert_int_equal(seen, 309 * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_session_of_the_design_is_what_dig_shows),
        cmocka_unit_test(a_line_leaves_out_what_the_contact_has_not),
        cmocka_unit_test(age_is_said_in_one_word),
        cmocka_unit_test(the_widest_of_three_answers_is_measured),
        cmocka_unit_test(an_alias_that_is_no_label_is_not_measured),
        cmocka_unit_test(a_question_is_never_counted_beyond_255_octets),
        cmocka_unit_test(the_registry_is_shortened_first_at_a_word),
        cmocka_unit_test(a_card_that_fits_is_left_alone),
        cmocka_unit_test(names_go_from_the_last_contact_up_then_mail),
        cmocka_unit_test(the_registry_is_left_out_before_a_card_is_refused),
        cmocka_unit_test(a_shortened_mail_address_is_a_wrong_one),
        cmocka_unit_test(what_room_is_left_goes_back_to_the_registry),
        cmocka_unit_test(a_line_is_one_string),
        cmocka_unit_test(phones_are_never_shortened),
        cmocka_unit_test(a_territory_that_fills_a_line_is_an_error_not_a_cut),
        cmocka_unit_test(real_registries_fit_or_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
