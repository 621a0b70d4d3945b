#include "contacts/contacts.h"

#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test, read with any TLD allowed. */
struct fixture {
    char folder[32];
    struct arena *arena;
    struct diag *diag;
    struct contacts_rules rules;
    struct contacts contacts;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/contacts-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    assert_int_equal(chdir(fixture->folder), 0);
    fixture->arena = arena_create();
    fixture->diag = diag_create();
    fixture->rules = (struct contacts_rules){.freshness = {150, 180, 400}, .today = TODAY};
    assert_int_equal(delegated_read(NULL, fixture->arena, fixture->diag, &fixture->rules.delegated),
                     STATUS_OK);
    fixture->rules.delegated.any = true;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[64];

    arena_destroy(fixture->arena);
    diag_destroy(fixture->diag);
    snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

static void put(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

/* An entry with one contact, for the label. */
static void put_entry(const char *path, const char *label)
{
    char text[512];
    snprintf(text, sizeof text,
             "tld: %s\nregistry: R\nverified: 2026-11-01\nverified-by: mail\ncontacts:\n"
             "  - {role: security, name: N, phone: +4722422098, hours: 24x7}\n",
             label);
    put(path, text);
}

static enum status read_paths(struct fixture *fixture, const char *const *paths, size_t count)
{
    return contacts_read(paths, count, &fixture->rules, fixture->arena, fixture->diag,
                         &fixture->contacts);
}

static enum status read_here(struct fixture *fixture)
{
    return read_paths(fixture, (const char *const[]){"."}, 1);
}

static const char whole[] = "tld: xa\n"
                            "also: [ax, \xd1\x80\xd1\x84]\n"
                            "registry: X\xc3\xa1n\n"
                            "registry-ascii: Xan\n"
                            "timezone: Europe/London\n"
                            "languages: [en, fr]\n"
                            "verified: 2026-11-01\n"
                            "verified-by: callback\n"
                            "contacts:\n"
                            "  - role: [dns, csirt]\n"
                            "    order: 2\n"
                            "    name: DNS\n"
                            "    phone: [+44 20 7946 0101, \"sms:+44 20 7946 0102\"]\n"
                            "    hours: Mo-Fr 08:00-18:00\n"
                            "    timezone: UTC\n"
                            "    languages: nl\n"
                            "    visibility: members\n"
                            "  - id: first\n"
                            "    role: security\n"
                            "    order: 1\n"
                            "    name: \xc3\x89quipe\n"
                            "    name-ascii: Equipe\n"
                            "    email: Team@NIC.Example\n"
                            "    hours: 24x7\n"
                            "    wait: 15m\n"
                            "    pgp: 0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567\n"
                            "    note: ask\n";

static void check_first(const struct contact *contact)
{
    assert_string_equal(contact->id, "first");
    assert_int_equal(contact->roles, ROLE_SECURITY);
    assert_int_equal(contact->order, 1);
    assert_string_equal(contact->name, "Equipe");
    assert_string_equal(contact->name_l10n, "\xc3\x89quipe");
    assert_int_equal(contact->phone_count, 0);
    assert_string_equal(contact->email, "Team@nic.example");
    assert_string_equal(contact->hours, "24x7");
    assert_string_equal(contact->wait, "15m");
    assert_string_equal(contact->timezone, "Europe/London");
    assert_string_equal(contact->languages, "en,fr");
    assert_string_equal(contact->pgp, "0123456789ABCDEF0123456789ABCDEF01234567");
    assert_string_equal(contact->note, "ask");
    assert_int_equal(contact->visibility, VISIBILITY_PUBLIC);
    assert_int_equal(contact->place.line, 18);
}

static void check_second(const struct contact *contact)
{
    assert_string_equal(contact->id, "dns");
    assert_int_equal(contact->roles, ROLE_DNS | ROLE_CSIRT);
    assert_int_equal(contact->order, 2);
    assert_null(contact->name_l10n);
    assert_int_equal(contact->phone_count, 2);
    assert_string_equal(contact->phones[0].number, "+442079460101");
    assert_false(contact->phones[0].text_only);
    assert_true(contact->phones[1].text_only);
    assert_null(contact->email);
    assert_null(contact->wait);
    assert_null(contact->pgp);
    assert_string_equal(contact->timezone, "UTC");
    assert_string_equal(contact->languages, "nl");
    assert_int_equal(contact->visibility, VISIBILITY_MEMBERS);
}

static void everything_in_a_file_arrives(void **state)
{
    struct fixture *fixture = *state;

    put("xa.yaml", whole);
    assert_int_equal(read_here(fixture), STATUS_OK);
    assert_int_equal(diag_total(fixture->diag), 0);
    assert_int_equal(fixture->contacts.file_count, 1);
    assert_int_equal(fixture->contacts.contact_count, 2);
    assert_int_equal(fixture->contacts.entry_count, 1);
    const struct entry *entry = fixture->contacts.entries;
    assert_string_equal(entry->file, "./xa.yaml");
    assert_string_equal(entry->registry, "Xan");
    assert_string_equal(entry->registry_l10n, "X\xc3\xa1n");
    assert_int_equal(entry->verified_days, TODAY - 21);
    assert_int_equal(entry->verified_place.line, 7);
    assert_string_equal(entry->verified_by, "callback");
    assert_int_equal(entry->contact_count, 2);
    check_first(&entry->contacts[0]);
    check_second(&entry->contacts[1]);
}

static void a_label_knows_its_forms_and_its_own_territory(void **state)
{
    struct fixture *fixture = *state;

    put("xa.yaml", whole);
    assert_int_equal(read_here(fixture), STATUS_OK);
    const struct entry *entry = fixture->contacts.entries;
    assert_int_equal(entry->label_count, 3);
    assert_string_equal(entry->labels[0].a_label, "xa");
    assert_null(entry->labels[0].u_label);
    assert_null(entry->labels[0].upper);
    assert_null(entry->labels[0].territory);
    assert_string_equal(entry->labels[1].territory, "Aland Islands");
    assert_string_equal(entry->labels[2].a_label, "xn--p1ai");
    assert_string_equal(entry->labels[2].u_label, "\xd1\x80\xd1\x84");
    assert_string_equal(entry->labels[2].upper, "\xd0\xa0\xd0\xa4");
    assert_string_equal(entry->labels[2].territory, "Russian Federation");
    assert_int_equal(entry->labels[2].place.line, 2);
}

static void a_given_territory_holds_for_all_labels(void **state)
{
    struct fixture *fixture = *state;
    char text[sizeof whole + 100];

    snprintf(text, sizeof text, "territory: X\xc3\xa1\nterritory-ascii: Xa\n%s", whole);
    put("xa.yaml", text);
    assert_int_equal(read_here(fixture), STATUS_OK);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(fixture->contacts.entries[0].labels[i].territory, "Xa");
}

static void entries_come_out_sorted_by_label(void **state)
{
    struct fixture *fixture = *state;

    put_entry("\xd1\x80\xd1\x84.yaml", "\xd1\x80\xd1\x84");
    put_entry("xb.yaml", "xb");
    put_entry("xc.json", "xc");
    put_entry("xa.yml", "xa");
    assert_int_equal(read_here(fixture), STATUS_OK);
    assert_int_equal(fixture->contacts.entry_count, 4);
    static const char *const wanted[] = {"xa", "xb", "xc", "xn--p1ai"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(fixture->contacts.entries[i].labels[0].a_label, wanted[i]);
}

static void a_file_that_comes_twice_is_read_once(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(mkdir("sub", 0700), 0);
    put_entry("xa.yaml", "xa");
    put_entry("xb.yaml", "xb");
    const char *const paths[] = {"xb.yaml", "./xb.yaml", ".",       "sub/../xa.yaml",
                                 "./",      "sub/..",    "xa.yaml", fixture->folder};
    assert_int_equal(read_paths(fixture, paths, 8), STATUS_OK);
    assert_int_equal(diag_total(fixture->diag), 0);
    assert_int_equal(fixture->contacts.file_count, 2);
    assert_int_equal(fixture->contacts.entry_count, 2);
    assert_string_equal(fixture->contacts.entries[1].file, "xb.yaml");
}

static void a_path_that_cannot_be_read_does_not_hide_the_others(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(mkdir("empty", 0700), 0);
    put_entry("xa.yaml", "xb");
    const char *const paths[] = {"missing.yaml", "empty", "xa.yaml"};
    assert_int_equal(read_paths(fixture, paths, 3), STATUS_INVALID);
    diag_sort(fixture->diag);
    assert_int_equal(diag_total(fixture->diag), 3);
    assert_string_equal(diag_at(fixture->diag, 0)->rule, "folder-empty");
    assert_string_equal(diag_at(fixture->diag, 1)->rule, "file-missing");
    assert_string_equal(diag_at(fixture->diag, 2)->rule, "file-name");
    assert_int_equal(fixture->contacts.file_count, 1);
    assert_int_equal(fixture->contacts.entry_count, 0);
}

static void a_file_that_is_named_may_have_any_ending(void **state)
{
    struct fixture *fixture = *state;

    put_entry("xa.draft", "xa");
    assert_int_equal(read_paths(fixture, (const char *const[]){"xa.draft"}, 1), STATUS_OK);
    assert_int_equal(fixture->contacts.entry_count, 1);
}

static void of_two_files_with_one_label_the_first_stays(void **state)
{
    struct fixture *fixture = *state;

    put_entry("xa.yaml", "xa");
    put_entry("xa.yml", "xa");
    put_entry("xb.yaml", "xb");
    assert_int_equal(read_here(fixture), STATUS_OK);
    assert_int_equal(diag_count(fixture->diag, SEVERITY_ERROR), 1);
    assert_string_equal(diag_at(fixture->diag, 0)->place.file, "./xa.yml");
    assert_int_equal(fixture->contacts.entry_count, 2);
    assert_int_equal(fixture->contacts.contact_count, 2);
    assert_string_equal(fixture->contacts.entries[0].file, "./xa.yaml");
}

static void of_many_files_each_collision_is_told(void **state)
{
    struct fixture *fixture = *state;
    const unsigned count = 2000;

    for (unsigned i = 0; i < count; i++) {
        char path[32];
        char label[16];
        snprintf(label, sizeof label, "e%06u", i);
        snprintf(path, sizeof path, "%s.yaml", label);
        put_entry(path, label);
        snprintf(path, sizeof path, "%s.yml", label);
        put_entry(path, label);
    }
    assert_int_equal(read_here(fixture), STATUS_OK);
    assert_int_equal(fixture->contacts.file_count, 2 * count);
    assert_int_equal(fixture->contacts.entry_count, count);
    assert_int_equal(diag_count(fixture->diag, SEVERITY_ERROR), count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* What was said of all files, in the order in which it was. */
static char *said(const struct diag *diag)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    diag_print(diag, DIAG_GNU, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void count_file(void *state, const char *path, const struct file_content *content)
{
    size_t *count = state;
    assert_non_null(path);
    assert_true(content->length > 0);
    ++*count;
}

/* A mistake in every seventh file, and every fifth has the label of the one before it. */
static void put_many(size_t count)
{
    for (size_t n = 0; n < count; n++) {
        char path[16];
        char label[8];
        size_t of = n % 5 == 4 ? n - 1 : n;
        snprintf(path, sizeof path, "%04zu.yaml", n);
        snprintf(label, sizeof label, "%c%c", (char)('a' + of / 26 % 26), (char)('a' + of % 26));
        put_entry(path, n % 7 == 6 ? "no label" : label);
    }
}

/* Reads the files once more, with so many threads: the same comes of them. */
static void read_as_one(const struct fixture *alone, size_t count, unsigned threads)
{
    struct fixture other = *alone;
    size_t seen = 0;
    const struct contacts_witness witness = {&seen, count_file};

    other.arena = arena_create();
    other.diag = diag_create();
    other.rules.threads = threads;
    other.rules.witness = &witness;
    assert_int_equal(read_here(&other), STATUS_OK);
    assert_int_equal(seen, count);
    assert_int_equal(other.contacts.file_count, alone->contacts.file_count);
    assert_int_equal(other.contacts.contact_count, alone->contacts.contact_count);
    assert_int_equal(other.contacts.entry_count, alone->contacts.entry_count);
    for (size_t i = 0; i < alone->contacts.entry_count; i++) {
        const struct entry *left = &alone->contacts.entries[i];
        const struct entry *right = &other.contacts.entries[i];
        assert_string_equal(right->file, left->file);
        assert_string_equal(right->labels[0].a_label, left->labels[0].a_label);
        assert_string_equal(right->contacts[0].id, left->contacts[0].id);
    }
    char *expected = said(alone->diag);
    char *found = said(other.diag);
    assert_string_equal(found, expected);
    assert_int_equal(diag_count(other.diag, SEVERITY_ERROR),
                     diag_count(alone->diag, SEVERITY_ERROR));
    free(expected);
    free(found);
    diag_destroy(other.diag);
    arena_destroy(other.arena);
}

static void threads_read_what_one_reads_and_say_the_same(void **state)
{
    struct fixture *fixture = *state;

    put_many(40);
    fixture->rules.threads = 1;
    assert_int_equal(read_here(fixture), STATUS_OK);
    for (unsigned threads = 2; threads < 50; threads += 9)
        read_as_one(fixture, 40, threads);
}

/* So many that one place has several parts. */
static void many_files_are_read_in_small_parts(void **state)
{
    struct fixture *fixture = *state;

    put_many(2600);
    fixture->rules.threads = 1;
    assert_int_equal(read_here(fixture), STATUS_OK);
    read_as_one(fixture, 2600, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_in_a_file_arrives),
        TEST(a_label_knows_its_forms_and_its_own_territory),
        TEST(a_given_territory_holds_for_all_labels),
        TEST(entries_come_out_sorted_by_label),
        TEST(a_file_that_comes_twice_is_read_once),
        TEST(a_path_that_cannot_be_read_does_not_hide_the_others),
        TEST(a_file_that_is_named_may_have_any_ending),
        TEST(of_two_files_with_one_label_the_first_stays),
        TEST(of_many_files_each_collision_is_told),
        TEST(threads_read_what_one_reads_and_say_the_same),
        TEST(many_files_are_read_in_small_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
