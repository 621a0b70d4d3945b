/*
 * Every folder of tests/golden/contacts is a case: its contacts files are read on 2026-11-22 with
 * the built-in list of ccTLDs, and `expect` holds the diagnostics, sorted, in GNU form. A case is
 * named after the rule that it shows ("phone-e164-2"); one that shows how to obey has "-ok" in its
 * name and expects nothing of that rule.
 *
 *     golden_test FOLDER MANUAL          runs all
 *     golden_test FOLDER MANUAL write    writes every `expect` anew, to be read before a commit
 */
#include "contacts/contacts.h"

#include "conf/file.h"
#include "value.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct outcome {
    struct arena *arena;
    struct diag *diag;
    struct contacts contacts;
    char *text;
};

static struct outcome run(const char *name, bool any)
{
    struct outcome outcome = {.arena = arena_create(), .diag = diag_create()};
    struct contacts_rules rules = {.freshness = {150, 180, 400}, .today = TODAY};
    size_t length;

    assert_int_equal(delegated_read(NULL, outcome.arena, outcome.diag, &rules.delegated),
                     STATUS_OK);
    rules.delegated.any = any;
    enum status status =
        contacts_read(&name, 1, &rules, outcome.arena, outcome.diag, &outcome.contacts);
    assert_true(status == STATUS_OK || status == STATUS_INVALID);
    diag_sort(outcome.diag);
    FILE *out = open_memstream(&outcome.text, &length);
    assert_non_null(out);
    diag_print(outcome.diag, DIAG_GNU, out);
    assert_int_equal(fclose(out), 0);
    return outcome;
}

static void drop(struct outcome *outcome)
{
    arena_destroy(outcome->arena);
    diag_destroy(outcome->diag);
    free(outcome->text);
}

static char *read_text(const char *path)
{
    const size_t limit = 1u << 20;
    FILE *in = fopen(path, "r");
    char *text = calloc(1, limit);

    if (in == NULL)
        fail_msg("%s is missing", path);
    assert_non_null(text);
    assert_true(fread(text, 1, limit - 1, in) < limit - 1);
    fclose(in);
    return text;
}

/* Files with errors; the diagnostics are sorted, so those of a file stand together. */
static size_t count_wrong_files(const struct diag *diag)
{
    const char *last = "";
    size_t count = 0;

    for (size_t i = 0; i < diag_total(diag); i++) {
        const struct diagnostic *item = diag_at(diag, i);
        if (item->severity != SEVERITY_ERROR || strcmp(item->place.file, last) == 0)
            continue;
        last = item->place.file;
        count++;
    }
    return count;
}

/* True when the case is about the rule: "phone-e164-2" is about phone-e164. */
static bool is_about(const char *name, const char *rule)
{
    size_t length = strlen(rule);
    return strncmp(name, rule, length) == 0 && (name[length] == '\0' || name[length] == '-');
}

static void check_name(const char *name, const struct diag *diag)
{
    bool shown = false;

    for (size_t i = 0; i < diag_total(diag); i++)
        shown = shown || is_about(name, diag_at(diag, i)->rule);
    if (strstr(name, "-ok") != NULL)
        assert_false(shown);
    else if (strncmp(name, "all-", 4) != 0)
        assert_true(shown);
}

static void the_diagnostics_are_as_expected(void **state)
{
    const char *name = *state;
    char path[512];

    snprintf(path, sizeof path, "%s/expect", name);
    struct outcome outcome = run(name, false);
    char *expected = read_text(path);
    assert_string_equal(outcome.text, expected);
    check_name(name, outcome.diag);
    if (outcome.contacts.file_count > 0)
        assert_int_equal(outcome.contacts.entry_count + count_wrong_files(outcome.diag),
                         outcome.contacts.file_count);
    free(expected);
    drop(&outcome);
}

/* contacts(5) lists rules as ".It Cm phone-e164". */
static bool is_in_manual(const char *manual, const char *rule)
{
    char line[100];
    snprintf(line, sizeof line, "\n.It Cm %s\n", rule);
    return strstr(manual, line) != NULL;
}

static void the_manual_knows_every_rule(void **state)
{
    const char *const *names = ((const char *const *)*state) + 1;
    char *manual = read_text(((const char *const *)*state)[0]);

    for (; *names != NULL; names++) {
        struct outcome outcome = run(*names, false);
        for (size_t i = 0; i < diag_total(outcome.diag); i++) {
            const char *rule = diag_at(outcome.diag, i)->rule;
            if (!is_in_manual(manual, rule))
                fail_msg("contacts(5) does not explain %s", rule);
        }
        drop(&outcome);
    }
    free(manual);
}

static void every_rule_of_the_manual_has_a_case(void **state)
{
    const char *const *names = ((const char *const *)*state) + 1;
    char *manual = read_text(((const char *const *)*state)[0]);

    for (char *at = strstr(manual, "\n.It Cm "); at != NULL; at = strstr(at, "\n.It Cm ")) {
        at += strlen("\n.It Cm ");
        char rule[64];
        bool found = false;
        snprintf(rule, sizeof rule, "%.*s", (int)strcspn(at, "\n"), at);
        for (size_t i = 0; names[i] != NULL; i++)
            found = found || (strcmp(names[i], rule) == 0);
        if (!found)
            fail_msg("no case is named %s", rule);
    }
    free(manual);
}

/* The file that contacts(5) shows is read with `tlds: any`: .xa is nobody's. */
static void the_example_of_the_manual_is_right(void **state)
{
    char *manual = read_text(((const char *const *)*state)[0]);
    char folder[] = "/tmp/contacts-XXXXXX";
    char path[64];

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/xa.yaml", folder);
    const char *start = strstr(manual, "\n.Bd -literal\n") + strlen("\n.Bd -literal\n");
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "%.*s", (int)(strstr(start, "\n.Ed") - start), start);
    assert_int_equal(fclose(out), 0);
    struct outcome outcome = run(folder, true);
    assert_string_equal(outcome.text, "");
    assert_int_equal(outcome.contacts.contact_count, 2);
    drop(&outcome);
    unlink(path);
    rmdir(folder);
    free(manual);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The folders here, sorted, behind one free place; NULL ends them. */
static char **list_cases(size_t *count)
{
    DIR *folder = opendir(".");
    char **names = calloc(1000, sizeof *names);

    *count = 0;
    for (struct dirent *item; folder != NULL && (item = readdir(folder)) != NULL;) {
        struct stat info;
        if (item->d_name[0] != '.' && *count < 900 && stat(item->d_name, &info) == 0 &&
            S_ISDIR(info.st_mode))
            names[1 + (*count)++] = strdup(item->d_name);
    }
    if (folder != NULL)
        closedir(folder);
    qsort(names + 1, *count, sizeof *names, compare_names);
    return names;
}

static int write_all(char *const *names)
{
    for (; *names != NULL; names++) {
        char path[512];
        struct outcome outcome = run(*names, false);
        snprintf(path, sizeof path, "%s/expect", *names);
        FILE *out = fopen(path, "w");
        if (out == NULL || fputs(outcome.text, out) < 0 || fclose(out) != 0)
            return 1;
        drop(&outcome);
    }
    return 0;
}

int main(int argc, char **argv)
{
    size_t count;
    char *manual = argc > 2 ? realpath(argv[2], NULL) : NULL;

    if (manual == NULL || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: golden_test FOLDER MANUAL [write]\n");
        return 64;
    }
    char **names = list_cases(&count);
    if (argc > 3)
        return write_all(names + 1);
    names[0] = manual;
    struct CMUnitTest *tests = calloc(count + 3, sizeof *tests);
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){names[i + 1], the_diagnostics_are_as_expected, NULL, NULL,
                                       names[i + 1]};
    tests[count] = (struct CMUnitTest)cmocka_unit_test_prestate(the_manual_knows_every_rule, names);
    tests[count + 1] =
        (struct CMUnitTest)cmocka_unit_test_prestate(every_rule_of_the_manual_has_a_case, names);
    tests[count + 2] =
        (struct CMUnitTest)cmocka_unit_test_prestate(the_example_of_the_manual_is_right, names);
    int failed = _cmocka_run_group_tests("contacts", tests, count + 3, NULL, NULL);
    for (size_t i = 0; i <= count; i++)
        free(names[i]);
    free(names);
    free(tests);
    return failed;
}
