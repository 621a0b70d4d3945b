/*
 * Every NAME.zone of tests/golden/zonefile is a case: NAME.expect holds the diagnostics, sorted, in
 * GNU form, and then the zone as it is printed, when there is one. A file that begins with
 * ";zone: NAME" is read as that zone. Those that begin with "from-" were written by other programs.
 *
 *     zonefile_test FOLDER          runs all
 *     zonefile_test FOLDER write    writes every expectation anew, to be read before a commit
 */
#include "golden.h"

#include <dirent.h>
#include <unistd.h>

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text);
    size_t wanted = strlen(ending);
    return length > wanted && strcmp(text + length - wanted, ending) == 0;
}

/* Folder entries that are cases. */
static int is_case(const struct dirent *entry)
{
    return ends_in(entry->d_name, ".zone");
}

static char *read_text(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *in = fopen(path, "r");
    if (in == NULL || getdelim(&text, &size, '\0', in) < 0) {
        free(text);
        text = strdup("");
    }
    if (in != NULL)
        fclose(in);
    return text;
}

/* The name after ";zone: " in the first line, or NULL. */
static char *stated_apex(const char *file)
{
    char *text = read_text(file);
    char *apex = NULL;
    if (strncmp(text, ";zone: ", 7) == 0)
        apex = strndup(text + 7, strcspn(text + 7, "\n"));
    free(text);
    return apex;
}

/* What is expected of the file; to be freed. */
static char *outcome_of(const char *file, size_t octets)
{
    char *text = NULL;
    size_t length;
    char *apex = stated_apex(file);
    struct read_zone zone = read_zone_holding(file, apex, octets);
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    diag_print(zone.diag, DIAG_GNU, out);
    bool errors = diag_count(zone.diag, SEVERITY_ERROR) > 0;
    assert_int_equal(zone.status, errors ? STATUS_INVALID : STATUS_OK);
    if (zone.status == STATUS_OK) {
        char *printed = print_zone(&zone.source);
        struct read_zone again = read_zone_text(printed, strlen(printed));
        assert_int_equal(again.status, STATUS_OK);
        char *twice = print_zone(&again.source);
        assert_string_equal(twice, printed);
        fputs(printed, out);
        free(printed);
        free(twice);
        drop_zone(&again);
    }
    assert_int_equal(fclose(out), 0);
    drop_zone(&zone);
    free(apex);
    return text;
}

static char *expectation_of(const char *file)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%.*s.expect", (int)(strlen(file) - strlen(".zone")), file) > 0);
    return path;
}

static size_t run_cases(bool write, size_t *failed)
{
    struct dirent **entries;
    int count = scandir(".", &entries, is_case, alphasort);

    for (int i = 0; i < count; i++) {
        char *path = expectation_of(entries[i]->d_name);
        char *have = outcome_of(entries[i]->d_name, ZONEFILE_HELD_OCTETS);
        char *want = read_text(path);
        if (write) {
            FILE *out = fopen(path, "w");
            assert_non_null(out);
            fputs(have, out);
            assert_int_equal(fclose(out), 0);
        } else if (strcmp(have, want) != 0) {
            print_error("%s: expected\n%s\nbut got\n%s\n", entries[i]->d_name, want, have);
            (*failed)++;
        }
        for (size_t octets = 0; octets < 600; octets += 150) {
            char *other = outcome_of(entries[i]->d_name, octets);
            assert_string_equal(other, have);
            free(other);
        }
        free(path);
        free(have);
        free(want);
        free(entries[i]);
    }
    free(entries);
    return (size_t)count;
}

static void every_golden_file_is_read_as_expected(void **state)
{
    size_t failed = 0;
    (void)state;
    assert_true(run_cases(false, &failed) > 40);
    assert_int_equal(failed, 0);
}

#define HEAD "$ORIGIN cc.example.\n$TTL 300\n@ SOA ns1 h 1 3600 900 2419200 300\n@ NS ns1\n"

/* A zone of HEAD and `count` lines. */
static struct read_zone read_lines(size_t count, const char *format)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    fputs(HEAD, out);
    for (size_t i = 0; i < count; i++) {
        char number[8];
        snprintf(number, sizeof number, "%06zu", i % 1000000);
        for (const char *at = format; *at != '\0'; at++) {
            if (*at == '#')
                fputs(number, out);
            else
                fputc(*at, out);
        }
        fputc('\n', out);
    }
    assert_int_equal(fclose(out), 0);
    struct read_zone zone = read_zone_text(text, length);
    free(text);
    return zone;
}

static void no_more_than_100_errors_are_shown(void **state)
{
    (void)state;
    struct read_zone zone = read_lines(150, "t# FOO x");
    assert_int_equal(diag_total(zone.diag), 101);
    drop_zone(&zone);
    zone = read_lines(150, "t#.outside. TXT x");
    assert_int_equal(zone.status, STATUS_INVALID);
    assert_int_equal(diag_total(zone.diag), 101);
    assert_string_equal(diag_at(zone.diag, 0)->message,
                        "50 more errors of records that do not go together");
    drop_zone(&zone);
}

static void no_more_than_100_notes_are_shown(void **state)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    (void)state;
    assert_non_null(out);
    fputs(HEAD, out);
    for (int i = 0; i < 130; i++)
        fprintf(out, "n%d A 192.0.2.1\nn%d A 192.0.2.1\n", i, i);
    assert_int_equal(fclose(out), 0);
    struct read_zone zone = read_zone_text(text, length);
    assert_int_equal(zone.status, STATUS_OK);
    assert_int_equal(diag_count(zone.diag, SEVERITY_NOTE), 100);
    assert_non_null(strstr(diag_at(zone.diag, 0)->message, "30 more RRsets"));
    drop_zone(&zone);
    free(text);
}

static void a_line_without_end_is_refused_not_held(void **state)
{
    const size_t length = (size_t)5 << 20;
    char *text = malloc(length);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', length);
    for (size_t at = 0; at + 1 < length; at += 5000)
        text[at] = ' ';
    const size_t head = sizeof HEAD "a TXT " - 1;
    memcpy(text, HEAD "a TXT ", head);
    memcpy(text + length - 11, "\nb TXT \"y\"\n", 11);
    struct read_zone zone = read_zone_text(text, length);
    assert_int_equal(zone.status, STATUS_INVALID);
    assert_int_equal(diag_total(zone.diag), 1);
    assert_string_equal(diag_at(zone.diag, 0)->rule, "zonefile-line");
    drop_zone(&zone);
    free(text);
}

static void an_rrset_that_no_message_carries_is_refused(void **state)
{
    struct read_zone zone;
    (void)state;
    zone = read_lines(60000, "a TXT equal");
    assert_int_equal(zone.status, STATUS_OK); /* kept once */
    drop_zone(&zone);
    zone = read_lines(3400, "a TXT #");
    assert_int_equal(zone.status, STATUS_OK);
    assert_int_equal(diag_count(zone.diag, SEVERITY_WARNING), 1);
    drop_zone(&zone);
    zone = read_lines(3500, "a TXT #");
    assert_int_equal(zone.status, STATUS_INVALID);
    assert_string_equal(diag_at(zone.diag, 0)->rule, "zonefile-size");
    drop_zone(&zone);
    zone = read_lines(65546, "a TXT #"); /* the count must not wrap to 10 */
    assert_int_equal(zone.status, STATUS_INVALID);
    drop_zone(&zone);
}

/* A TXT of `strings` strings of 255 octets. */
static struct read_zone read_long_txt(size_t strings)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    fputs(HEAD "a TXT (", out);
    for (size_t i = 0; i < strings; i++)
        fprintf(out, "\"%0255d\"\n", 0);
    fputs(")\nb TXT after\n", out);
    assert_int_equal(fclose(out), 0);
    struct read_zone zone = read_zone_text(text, length);
    free(text);
    return zone;
}

static void rdata_beyond_65535_octets_is_refused_not_cut(void **state)
{
    (void)state;
    struct read_zone zone = read_long_txt(256);
    assert_int_equal(zone.status, STATUS_INVALID);
    assert_int_equal(diag_total(zone.diag), 1);
    assert_string_equal(diag_at(zone.diag, 0)->rule, "zonefile-rdata");
    drop_zone(&zone);
    zone = read_long_txt(255);
    assert_string_equal(diag_at(zone.diag, 0)->rule, "zonefile-size");
    drop_zone(&zone);
    zone = read_long_txt(250);
    assert_int_equal(zone.status, STATUS_OK);
    drop_zone(&zone);
}

static void a_missing_file_is_a_diagnostic(void **state)
{
    (void)state;
    struct read_zone zone = read_zone("no-such-file", NULL);
    assert_int_equal(zone.status, STATUS_INVALID);
    assert_string_equal(diag_at(zone.diag, 0)->message, "No such file or directory");
    drop_zone(&zone);
    zone = read_zone(".", NULL);
    assert_int_not_equal(zone.status, STATUS_OK);
    assert_string_equal(diag_at(zone.diag, 0)->message, "Is a directory");
    drop_zone(&zone);
}

static enum status find(const struct read_zone *zone, const char *text, struct node *out)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return zone->source.find(zone->source.state, name.octets, out);
}

static void find_knows_empty_non_terminals(void **state)
{
    static const char text[] = HEAD "A.B.c TXT x\nb-x TXT y\n*.w TXT z\n";
    struct node node;
    (void)state;
    struct read_zone zone = read_zone_text(text, sizeof text - 1);
    assert_int_equal(zone.status, STATUS_OK);
    assert_int_equal(find(&zone, "cc.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 2);
    assert_int_equal(find(&zone, "a.b.C.cc.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 1);
    assert_memory_equal(node.owner.octets, "\1A\1B\1c", 6);
    assert_int_equal(find(&zone, "b.c.cc.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 0);
    assert_int_equal(find(&zone, "c.cc.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 0);
    assert_int_equal(find(&zone, "w.cc.example", &node), STATUS_OK);
    assert_int_equal(node.rrset_count, 0);
    assert_int_equal(find(&zone, "b.cc.example", &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&zone, "x.w.cc.example", &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&zone, "zz.cc.example", &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&zone, "example", &node), STATUS_NOT_FOUND);
    assert_int_equal(find(&zone, ".", &node), STATUS_NOT_FOUND);
    drop_zone(&zone);
}

static void find_does_not_disturb_next(void **state)
{
    static const char text[] = HEAD "a TXT x\nb TXT y\n";
    struct node node;
    size_t nodes = 0;
    (void)state;
    struct read_zone zone = read_zone_text(text, sizeof text - 1);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(zone.source.rewind(zone.source.state), STATUS_OK);
        while (zone.source.next(zone.source.state, &node) == STATUS_OK) {
            struct node found;
            assert_int_equal(find(&zone, "a.cc.example", &found), STATUS_OK);
            nodes++;
        }
    }
    assert_int_equal(nodes, 6);
    drop_zone(&zone);
}

/* A zone of many names, in canonical order or not. */
static char *write_many(size_t count, bool ordered, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);

    assert_non_null(out);
    fputs(HEAD, out);
    for (size_t i = 0; i < count; i++) {
        size_t n = ordered ? i : i * 7919 % count; /* prime */
        fprintf(out, "n%06zu A 192.0.2.1\nn%06zu TXT \"%zu\"\nb.a.n%06zu TXT x\n", n, n, n, n);
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_many(const struct read_zone *zone, size_t count)
{
    char text[64];
    struct node node;

    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "N%06zu.cc.example", i);
        assert_int_equal(find(zone, text, &node), STATUS_OK);
        assert_int_equal(node.rrset_count, 2);
        snprintf(text, sizeof text, "a.n%06zu.cc.example", i);
        assert_int_equal(find(zone, text, &node), STATUS_OK);
        assert_int_equal(node.rrset_count, 0);
        snprintf(text, sizeof text, "n%06zux.cc.example", i);
        assert_int_equal(find(zone, text, &node), STATUS_NOT_FOUND);
    }
}

static void what_is_held_and_in_which_order_it_came_changes_nothing(void **state)
{
    static const size_t held[] = {1, 1000, 50000, 300000, ZONEFILE_HELD_OCTETS};
    const size_t count = 3000;
    size_t length;
    (void)state;
    char *text = write_many(count, true, &length);
    struct read_zone zone = read_zone_text(text, length);
    assert_int_equal(zone.status, STATUS_OK);
    char *want = print_zone(&zone.source);
    drop_zone(&zone);
    free(text);
    for (size_t i = 0; i < 2 * sizeof held / sizeof *held; i++) {
        text = write_many(count, i % 2 == 0, &length);
        zone = read_zone_text_holding(text, length, held[i / 2]);
        assert_int_equal(zone.status, STATUS_OK);
        char *have = print_zone(&zone.source);
        assert_string_equal(have, want);
        assert_many(&zone, count);
        drop_zone(&zone);
        free(have);
        free(text);
    }
    free(want);
}

static void records_that_find_no_place_are_told_with_the_folder(void **state)
{
    struct diag *diag = diag_create();
    struct zonefile *zonefile = zonefile_create("/nowhere/at/all", 1);
    struct node_source source;
    (void)state;
    assert_int_equal(zonefile_read("every-type-ok.zone", NULL, zonefile, diag, &source),
                     STATUS_INVALID);
    assert_int_equal(diag_total(diag), 1);
    assert_string_equal(diag_at(diag, 0)->place.file, "/nowhere/at/all");
    assert_non_null(strstr(diag_at(diag, 0)->message, "No such file or directory"));
    zonefile_destroy(zonefile);
    diag_destroy(diag);
}

static void a_folder_is_no_zone_file(void **state)
{
    (void)state;
    struct read_zone zone = read_zone("/", NULL);
    assert_int_equal(zone.status, STATUS_INVALID);
    assert_string_equal(diag_at(zone.diag, 0)->message, "Is a directory");
    drop_zone(&zone);
}

static void every_beginning_of_a_file_is_read_without_harm(void **state)
{
    (void)state;
    char *text = read_text("every-type-ok.zone");
    size_t length = strlen(text);
    for (size_t cut = 0; cut < length; cut += cut < 4000 ? 7 : 41) {
        struct read_zone zone = read_zone_text(text, cut);
        assert_true(zone.status == STATUS_OK || zone.status == STATUS_INVALID);
        drop_zone(&zone);
    }
    free(text);
}

static void a_rrset_is_printed_behind_a_prefix(void **state)
{
    static const uint8_t owner[] = "\x01*\x02x+";
    static const uint8_t text[] = "\x03\"\\\x7f";
    struct rdata item = {text, 4};
    struct rrset rrset = {TYPE_TXT, 1, 60, &item};
    char *printed = NULL;
    size_t length;
    (void)state;
    FILE *out = open_memstream(&printed, &length);
    zonefile_print_rrset(owner, &rrset, "+", out);
    item.length = 3; /* cut: no TXT to anybody */
    zonefile_print_rrset(owner, &rrset, "-", out);
    item.length = 0;
    zonefile_print_rrset(owner, &rrset, "", out);
    fclose(out);
    assert_string_equal(printed, "+*.x\\+. 60 IN TXT \"\\\"\\\\\\127\"\n"
                                 "-*.x\\+. 60 IN TYPE16 \\# 3 03225c\n"
                                 "*.x\\+. 60 IN TYPE16 \\# 0\n");
    free(printed);
}

static void a_full_disk_is_told(void **state)
{
    static const char text[] = HEAD;
    (void)state;
    struct read_zone zone = read_zone_text(text, sizeof text - 1);
    FILE *out = fopen("/dev/full", "w");
    if (out != NULL) {
        assert_int_equal(zonefile_print(&zone.source, out), STATUS_SYSTEM);
        fclose(out);
    }
    drop_zone(&zone);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_golden_file_is_read_as_expected),
        cmocka_unit_test(no_more_than_100_errors_are_shown),
        cmocka_unit_test(no_more_than_100_notes_are_shown),
        cmocka_unit_test(a_line_without_end_is_refused_not_held),
        cmocka_unit_test(an_rrset_that_no_message_carries_is_refused),
        cmocka_unit_test(rdata_beyond_65535_octets_is_refused_not_cut),
        cmocka_unit_test(a_missing_file_is_a_diagnostic),
        cmocka_unit_test(find_knows_empty_non_terminals),
        cmocka_unit_test(find_does_not_disturb_next),
        cmocka_unit_test(what_is_held_and_in_which_order_it_came_changes_nothing),
        cmocka_unit_test(records_that_find_no_place_are_told_with_the_folder),
        cmocka_unit_test(a_folder_is_no_zone_file),
        cmocka_unit_test(every_beginning_of_a_file_is_read_without_harm),
        cmocka_unit_test(a_rrset_is_printed_behind_a_prefix),
        cmocka_unit_test(a_full_disk_is_told),
    };

    if (argc < 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: zonefile_test FOLDER [write]\n");
        return 1;
    }
    if (argc > 2 && strcmp(argv[2], "write") == 0) {
        size_t failed;
        return run_cases(true, &failed) > 0 ? 0 : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
