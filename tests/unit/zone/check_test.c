/* What `check` says of records: each rule once per entry, nothing where all is well. */
#include "tests/unit/zone/fixture.h"

#include "zone/build_parts.h"

/* Opens a build that must be refused. */
static void refuse(struct fixture *f)
{
    assert_int_equal(build_open(&f->rules, f->arena, f->diag, &f->build), STATUS_INVALID);
    assert_null(f->build);
}

static void many(struct fixture *f, size_t count, const char *hours)
{
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    for (size_t i = 0; i < count; i++) {
        struct contact *contact = add_contact(f, 0, ids[i], ROLE_DNS);
        contact->hours = hours;
        contact->name = "Operations centre";
    }
}

static void a_card_that_fits_is_not_mentioned(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    fixture_build(&f);
    assert_int_equal(diag_total(f.diag), 0);
    fixture_end(&f);
}

static void a_shortened_card_is_noted_with_what_became_of_it(void **state)
{
    struct fixture f;
    const struct diagnostic *item = NULL;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    f.entries[0].registry = "Telecommunications and Digital Government Regulatory Authority";
    many(&f, 7, "24x7");
    f.contacts[0][6].name = "Duty";
    fixture_build(&f);
    assert_int_equal(diag_of(&f, "card-shortened", &item), 1);
    assert_int_equal(item->severity, SEVERITY_NOTE);
    assert_string_equal(item->place.file, "contacts/xa.yaml");
    assert_int_equal(item->place.line, 1);
    assert_string_equal(item->message,
                        "the card of .xa is shortened: 686 octets of 512; registry "
                        "'Telecommunications and Digital Government Regulatory Authority' to "
                        "'Telecommunicati..'; contact a: name 'Operations centre' left out; "
                        "contact b: name 'Operations centre' left out; contact c: name 'Operations "
                        "centre' left out; contact d: name 'Operations centre' left out; contact "
                        "e: name 'Operations centre' left out; contact f: name 'Operations centre' "
                        "left out; contact g: name 'Duty' left out; contact g: mail address "
                        "noc@nic.example left out");
    fixture_end(&f);
}

static void a_shortened_name_is_noted_with_what_is_left(void **state)
{
    struct fixture f;
    const struct diagnostic *item = NULL;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    f.entries[0].registry = "NIC";
    many(&f, 5, "24x7");
    f.contacts[0][4].name = "The team that answers whenever nobody else does or knows";
    fixture_build(&f);
    assert_int_equal(diag_of(&f, "card-shortened", &item), 1);
    assert_string_equal(item->message,
                        "the card of .xa is shortened: 537 octets of 512; contact e: name 'The "
                        "team that answers whenever nobody else does or knows' to 'The team that "
                        "answers..'");
    fixture_end(&f);
}

static void the_worst_label_stands_for_its_entry(void **state)
{
    struct fixture f;
    const struct diagnostic *item = NULL;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    f.entries[0].registry = "Telecommunications and Digital Government Regulatory Authority";
    many(&f, 6, "24x7");
    add_label(&f, 0, "xn--a-label-that-is-rather-long", NULL, NULL);
    add_label(&f, 0, "xb", NULL, NULL);
    fixture_build(&f);
    assert_int_equal(diag_of(&f, "card-shortened", &item), 1);
    assert_non_null(strstr(item->message, ".xn--a-label-that-is-rather-long "));
    fixture_end(&f);
}

static void a_card_that_cannot_fit_is_refused(void **state)
{
    struct fixture f;
    const struct diagnostic *item = NULL;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    many(&f, 9, "Mo-Fr 08:00-18:00");
    refuse(&f);
    assert_int_equal(diag_of(&f, "card-too-long", &item), 1);
    assert_int_equal(item->severity, SEVERITY_ERROR);
    assert_int_equal(diag_of(&f, "card-shortened", NULL), 0);
    fixture_end(&f);
}

static void a_line_that_is_no_string_is_refused(void **state)
{
    struct fixture f;
    const struct diagnostic *item = NULL;
    char territory[300];
    (void)state;
    memset(territory, 't', sizeof territory - 1);
    territory[sizeof territory - 1] = '\0';
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", territory);
    add_contact(&f, 0, "dns", ROLE_DNS);
    refuse(&f);
    assert_int_equal(diag_of(&f, "card-too-long", &item), 1);
    assert_non_null(strstr(item->message, "line 0 of the card of .xa"));
    fixture_end(&f);
}

static void answers_above_512_octets_are_warned_of_by_kind(void **state)
{
    struct fixture f;
    size_t seen[5] = {0};
    static const char *const starts[] = {
        "the RP answer for xa.cc.example and names below it takes ",
        "the TXT answer for _dns.xa.cc.example takes ",
        "the RP answer for _dns.xa.cc.example takes ",
        "the URI answer for _dns.xa.cc.example takes ",
        "the CERT answer for _dns.xa.cc.example takes ",
    };
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    many(&f, 7, "24x7");
    for (size_t i = 0; i < 7; i++)
        f.contacts[0][i].email = "incident.response.desk@registry.example";
    add_label(&f, 0, "xb", NULL, NULL);
    fixture_build(&f);
    for (size_t i = 0; i < diag_total(f.diag); i++) {
        const struct diagnostic *item = diag_at(f.diag, i);
        if (strcmp(item->rule, "answer-over-512") != 0)
            continue;
        assert_int_equal(item->severity, SEVERITY_WARNING);
        for (size_t k = 0; k < 5; k++)
            seen[k] += strncmp(item->message, starts[k], strlen(starts[k])) == 0;
    }
    for (size_t k = 0; k < 4; k++)
        assert_int_equal(seen[k], 1);
    assert_int_equal(seen[4], 0);
    assert_int_equal(diag_of(&f, "answer-over-512", NULL), 4);
    fixture_end(&f);
}

/* The TXT answer of one contact as drill would get it: header, question, one record. */
static size_t answer_octets(const struct node_source *source)
{
    struct rrset txt = rrset_of(source, "_dns.xa.cc.example", TYPE_TXT);
    assert_int_equal(txt.count, 1);
    return 12 + (5 + 3 + 3 + 8 + 1) + 4 + 12 + txt.items[0].length;
}

static void an_answer_is_measured_to_the_octet(void **state)
{
    char native[201], note[300];
    (void)state;
    memset(native, 'x', 200);
    native[200] = '\0';
    for (size_t over = 0; over <= 1; over++) {
        struct fixture f;
        fixture_start(&f);
        add_entry(&f, "contacts/xa.yaml", "xa", NULL);
        struct contact *contact = add_contact(&f, 0, "dns", ROLE_DNS);
        contact->name_l10n = native;
        contact->note = strcpy(note, "");
        struct node_source source = fixture_build(&f);
        /* The longer note takes a string of its own, with its length octet. */
        size_t more = 512 - answer_octets(&source) - 1 + over;
        memset(note, 'n', more);
        note[more] = '\0';
        build_close(f.build);
        source = fixture_build(&f);
        assert_int_equal(answer_octets(&source), 512 + over);
        assert_int_equal(diag_of(&f, "answer-over-512", NULL), over);
        fixture_end(&f);
    }
}

static void more_than_a_hundred_records_are_refused(void **state)
{
    struct fixture f;
    struct config_nameserver servers[101];
    const struct diagnostic *item = NULL;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    for (size_t i = 0; i < 101; i++) {
        char text[32];
        snprintf(text, sizeof text, "ns%zu.example.net", i);
        servers[i] = (struct config_nameserver){.name = name_of(text)};
    }
    f.zone.nameservers = servers;
    f.zone.nameserver_count = 100;
    fixture_build(&f);
    build_close(f.build);
    f.build = NULL;
    f.zone.nameserver_count = 101;
    refuse(&f);
    assert_int_equal(diag_of(&f, "rrset-count", &item), 1);
    assert_string_equal(item->place.file, "contactd.conf");
    fixture_end(&f);
}

static void more_than_16_kb_of_rdata_are_refused(void **state)
{
    static struct config_nameserver servers[100];
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    for (size_t i = 0; i < 100; i++) {
        char text[256] = "";
        snprintf(text, sizeof text, "%060zu.%060d.%060d.example", i, 0, 0);
        servers[i] = (struct config_nameserver){.name = name_of(text)};
    }
    f.zone.nameservers = servers;
    f.zone.nameserver_count = 80;
    fixture_build(&f);
    build_close(f.build);
    f.build = NULL;
    f.zone.nameserver_count = 100;
    refuse(&f);
    assert_int_equal(diag_of(&f, "rrset-size", NULL), 1);
    fixture_end(&f);
}

static void values_that_no_record_holds_are_refused_by_name(void **state)
{
    static char mail[320];
    static char note[260];
    struct fixture f;
    const struct diagnostic *item = NULL;
    (void)state;
    memset(mail, 'm', 64);
    strcpy(mail + 64, "@nic.example");
    memset(note, 'n', 250);
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    add_contact(&f, 0, "dns", ROLE_DNS)->email = mail;
    add_contact(&f, 0, "night", ROLE_DNS)->note = note;
    add_label(&f, 0, "xb", NULL, NULL);
    refuse(&f);
    assert_int_equal(diag_of(&f, "mail-too-long", NULL), 1);
    assert_int_equal(diag_of(&f, "value-too-long", &item), 1);
    assert_string_equal(item->message, "contact 'night' does not fit its TXT record: 'note=' and "
                                       "its value may have 253 octets; shorten it");
    fixture_end(&f);
}

static void more_than_nine_contacts_are_refused(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    many(&f, 10, "24x7");
    refuse(&f);
    assert_int_equal(diag_of(&f, "too-many-contacts", NULL), 1);
    fixture_end(&f);
}

static void a_zone_name_without_room_below_it_is_refused(void **state)
{
    struct fixture f;
    char domain[256] = "";
    (void)state;
    for (size_t i = 0; i < 120; i++)
        strcat(domain, "a.");
    fixture_start(&f);
    f.zone.domain = name_of(domain);
    add_xanadu(&f);
    refuse(&f);
    assert_int_equal(diag_of(&f, "name-too-long", NULL), 1);
    fixture_end(&f);
}

/* Builds an entry with a card of nearly 512 octets in a zone whose name takes so many octets, 14 at
 * least; how often it is warned of, and of how many octets. */
static size_t warnings_of_signed(bool dnssec, size_t name_octets, unsigned *octets)
{
    static const char start[] = "the card of .xa may take ";
    struct fixture f;
    const struct diagnostic *item = NULL;
    char domain[NAME_TEXT_OCTETS] = "";

    fixture_start(&f);
    for (size_t left = name_octets - sizeof "\7example"; left > 0;) {
        size_t label = left < 52 ? left : 50;
        memset(domain + strlen(domain), 'z', label - 1);
        strcat(domain, ".");
        left -= label;
    }
    strcat(domain, "example");
    f.zone.domain = name_of(domain);
    assert_int_equal(f.zone.domain.length, name_octets);
    f.zone.dnssec = dnssec;
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    many(&f, 7, "24x7");
    fixture_build(&f);
    size_t count = diag_of(&f, "card-signed", &item);
    if (count > 0) {
        assert_int_equal(item->severity, SEVERITY_WARNING);
        assert_string_equal(item->place.file, "contacts/xa.yaml");
        assert_memory_equal(item->message, start, strlen(start));
        *octets = (unsigned)strtoul(item->message + strlen(start), NULL, 10);
        assert_non_null(
            strstr(item->message, ", 1232 fit an answer over UDP; serve a shorter domain"));
    }
    fixture_end(&f);
    return count;
}

static void a_card_too_long_with_its_signatures_is_warned_of(void **state)
{
    unsigned octets = 0;
    size_t first = 14;
    (void)state;
    while (warnings_of_signed(true, first, &octets) == 0)
        assert_true(++first < 150);
    /* The name stands in the answer some times over: what is just too long is by no more. */
    assert_in_range(octets, 1233, 1233 + 8);
    assert_true(first > 40);
    for (size_t more = first; more < first + 20; more++) {
        unsigned grown = 0;
        assert_int_equal(warnings_of_signed(true, more, &grown), 1);
        assert_true(grown >= octets);
        assert_int_equal(warnings_of_signed(false, more, &grown), 0);
    }
}

static void an_entry_that_nobody_sees_is_not_checked(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_entry(&f, "contacts/xa.yaml", "xa", NULL);
    many(&f, 10, "Mo-Fr 08:00-18:00");
    for (size_t i = 0; i < 10; i++)
        f.contacts[0][i].visibility = VISIBILITY_INTERNAL;
    fixture_build(&f);
    assert_int_equal(diag_total(f.diag), 0);
    fixture_end(&f);
}

static void errors_from_before_do_not_refuse_a_build(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f);
    add_xanadu(&f);
    diag_error(f.diag, f.entries[0].place, "other", "something else");
    fixture_build(&f);
    fixture_end(&f);
}

static size_t some(unsigned *seed, size_t below)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed / 65536 % below;
}

/* A text of up to `most` characters, or NULL. */
static const char *some_text(unsigned *seed, char *room, size_t most, bool may_lack)
{
    size_t length = some(seed, most + 1);
    if (length == 0 && may_lack)
        return NULL;
    memset(room, 'x', length);
    room[length] = '\0';
    return room;
}

/* An entry with two contacts of values as long as it comes. */
static void fill_at_random(struct fixture *f, unsigned *seed, char rooms[2][8][256])
{
    static const char *const ids[] = {"a", "dns"};
    static const char *const mails[] = {NULL,   "a@b.example", "a.b+c!d@nic.example", "@", "x@",
                                        "a@.b", "a@b..c",      "a@B.example"};

    add_entry(f, "contacts/xa.yaml", "xa", NULL);
    for (size_t i = 0; i < 2; i++) {
        struct contact *contact = add_contact(f, 0, ids[i], 1u << i | (unsigned)some(seed, 32));
        size_t most = 4 + some(seed, 60);
        contact->email = mails[some(seed, some(seed, 4) == 0 ? 8 : 3)];
        contact->hours = some_text(seed, rooms[i][0], most, false);
        contact->timezone = some_text(seed, rooms[i][1], most, true);
        contact->languages = some_text(seed, rooms[i][2], most, true);
        contact->name = some_text(seed, rooms[i][3], most, false);
        contact->name_l10n = some_text(seed, rooms[i][4], most, true);
        contact->note = some_text(seed, rooms[i][5], some(seed, 4) == 0 ? 255 : most, true);
        contact->wait = some_text(seed, rooms[i][6], 4, true);
        contact->pgp = some(seed, 2) == 0 ? NULL : "0123456789ABCDEF0123456789ABCDEF01234567";
        contact->phones[0].number = some_text(seed, rooms[i][7], most, false);
        contact->phones[0].text_only = some(seed, 2) == 0;
    }
}

/* Octets of the widest answer at the names below the card's; SIZE_MAX where a record is missing. */
static size_t widest_answer(const struct view *view, struct node_list *list)
{
    size_t widest = 0;

    assert_int_equal(nodes_start(list, 2 + VIEW_MAX_CONTACTS + ROLE_COUNT), STATUS_OK);
    assert_int_equal(entry_nodes(view, list), STATUS_OK);
    for (size_t i = 2; i < list->count; i++) {
        const struct node *node = &list->items[i];
        for (size_t k = 0; k < node->rrset_count; k++) {
            const struct rrset *rrset = &node->rrsets[k];
            size_t octets = 16u + node->owner.length;
            for (size_t n = 0; n < rrset->count; n++) {
                if (rrset->items[n].length == 0)
                    return SIZE_MAX;
                octets += 12u + rrset->items[n].length;
            }
            widest = octets > widest ? octets : widest;
        }
    }
    return widest;
}

static void what_is_reckoned_small_is_small(void **state)
{
    unsigned seed = 1;
    size_t small = 0;
    size_t widest = 0;
    (void)state;

    for (size_t round = 0; round < 20000; round++) {
        static char rooms[2][8][256];
        struct fixture f;
        struct view view;
        fixture_start(&f);
        fill_at_random(&f, &seed, rooms);
        struct node_list list = {.arena = arena_create(), .ttl = 1};
        assert_non_null(list.arena);
        assert_int_equal(view_make(&f.rules, &f.entries[0], 0, &view), STATUS_OK);
        if (bound_is_small(&view)) {
            size_t octets = widest_answer(&view, &list);
            assert_in_range(octets, 1, 512);
            widest = octets > widest ? octets : widest;
            small++;
            struct contact_rdata rdata;
            for (size_t i = 0; i < 2; i++) {
                assert_int_equal(contact_rdata_make(&view, view.contacts[i], list.arena, &rdata),
                                 STATUS_OK);
                assert_true(rdata.mailbox_fits);
            }
        }
        arena_destroy(list.arena);
        fixture_end(&f);
    }
    assert_in_range(small, 500, 19500);
    assert_in_range(widest, 450, 512); /* near enough to the limit to have been tried */
}

static void the_usual_entry_is_reckoned_small(void **state)
{
    struct fixture f;
    struct view view;
    (void)state;

    fixture_start(&f);
    add_xanadu(&f);
    assert_int_equal(view_make(&f.rules, &f.entries[0], 0, &view), STATUS_OK);
    assert_true(bound_is_small(&view));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_that_fits_is_not_mentioned),
        cmocka_unit_test(a_shortened_card_is_noted_with_what_became_of_it),
        cmocka_unit_test(a_shortened_name_is_noted_with_what_is_left),
        cmocka_unit_test(the_worst_label_stands_for_its_entry),
        cmocka_unit_test(a_card_that_cannot_fit_is_refused),
        cmocka_unit_test(a_line_that_is_no_string_is_refused),
        cmocka_unit_test(answers_above_512_octets_are_warned_of_by_kind),
        cmocka_unit_test(an_answer_is_measured_to_the_octet),
        cmocka_unit_test(more_than_a_hundred_records_are_refused),
        cmocka_unit_test(more_than_16_kb_of_rdata_are_refused),
        cmocka_unit_test(values_that_no_record_holds_are_refused_by_name),
        cmocka_unit_test(more_than_nine_contacts_are_refused),
        cmocka_unit_test(a_zone_name_without_room_below_it_is_refused),
        cmocka_unit_test(a_card_too_long_with_its_signatures_is_warned_of),
        cmocka_unit_test(an_entry_that_nobody_sees_is_not_checked),
        cmocka_unit_test(errors_from_before_do_not_refuse_a_build),
        cmocka_unit_test(what_is_reckoned_small_is_small),
        cmocka_unit_test(the_usual_entry_is_reckoned_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
