/*
 * Damages a database in many ways and asks everything of what is left.
 *
 *     flips ZONEGEN SEED FIRST END      in a folder with site.conf, whole.mdb and its contacts
 *
 * Case n is damaged as SEED and n say. For each: what opens it at a start and asks every question,
 * in a process of its own; what had it open when the damage came; `zonegen verify`; now and then
 * `zonegen publish`. Each answer must be that of the whole database, octet for octet, or SERVFAIL;
 * a process may end, with one line that names the database. Prints "count WHAT N" and "found WHAT".
 */
#include "conf/diag.h"
#include "server/scrub.h"
#include "store/fault.h"
#include "tests/fault_parts/asking.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE          4096
#define PUBLISH_EVERY 8
#define SAID_OCTETS   4096

static const char *const path = ASKING_DATABASE;

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "flips: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---- files ---- */

static struct octets read_file(const char *name)
{
    struct octets octets = {NULL, 0};
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        give_up(name);
    octets.length = (size_t)ftell(file);
    octets.start = malloc(octets.length + 1);
    rewind(file);
    if (fread(octets.start, 1, octets.length, file) != octets.length)
        give_up(name);
    fclose(file);
    return octets;
}

static void write_file(const struct octets *octets)
{
    unlink(path);
    unlink("db/contacts.mdb-lock");
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(octets->start, 1, octets->length, file) != octets->length ||
        fclose(file) != 0)
        give_up(path);
}

/* ---- processes ---- */

/* Runs `body` in a process of its own; what it says goes to `said`. Its status as waitpid has it.
 */
static int in_child(struct bench *bench, const struct octets *octets,
                    enum verdict (*body)(struct bench *, const struct octets *), FILE *said)
{
    int status;

    fflush(stdout);
    if (ftruncate(fileno(said), 0) != 0 || lseek(fileno(said), 0, SEEK_SET) != 0)
        give_up("a temporary file");
    pid_t child = fork();
    if (child == 0) {
        alarm(120);
        dup2(fileno(said), STDERR_FILENO);
        _exit((int)body(bench, octets));
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        give_up("a child");
    return status;
}

static int zonegen(char *const arguments[], FILE *said)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status;

    if (ftruncate(fileno(said), 0) != 0 || lseek(fileno(said), 0, SEEK_SET) != 0)
        give_up("a temporary file");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(said), STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ) != 0 ||
        waitpid(child, &status, 0) != child)
        give_up(arguments[0]);
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

/* The first look that contactd takes at the whole is over when it has begun. */
static struct scrub *look(struct bench *bench)
{
    struct scrub *scrub;
    if (scrub_start(bench->store, NULL, &scrub) != STATUS_OK)
        fault_end("database " ASKING_DATABASE ": no memory");
    return scrub;
}

/* Opens what is damaged, as a start does. */
static enum verdict start(struct bench *bench, const struct octets *octets)
{
    char message[STORE_MESSAGE_OCTETS];
    (void)octets;

    if (asking_open(bench, message) != STATUS_OK) {
        fprintf(stderr, "%s\n", message);
        return NOT_OPENED;
    }
    struct scrub *scrub = look(bench);
    enum verdict verdict = asking_compare(bench, true);
    scrub_stop(scrub);
    asking_close(bench);
    return verdict;
}

static void say_line(void *state, const char *line)
{
    (void)state;
    fprintf(stderr, "%s\n", line);
}

/* The damage comes while the file is open: asks, looks at the whole, and asks again. */
static enum verdict live(struct bench *bench, const struct octets *octets)
{
    char message[STORE_MESSAGE_OCTETS] = "";

    if (asking_open(bench, message) != STATUS_OK)
        return WRONG;
    int file = open(path, O_WRONLY);
    if (pwrite(file, octets->start, octets->length, 0) != (ssize_t)octets->length ||
        ftruncate(file, (off_t)octets->length) != 0)
        return WRONG;
    if (asking_compare(bench, false) == WRONG)
        fprintf(stderr, "wrong at first\n");
    struct scrub *scrub = look(bench);
    snapshot_reset(bench->view.snapshot);
    if (snapshot_renew(bench->view.snapshot) != STATUS_OK)
        fault_end("database " ASKING_DATABASE " was replaced");
    enum verdict verdict = asking_compare(bench, true);
    scrub_stop(scrub);
    asking_close(bench);
    return verdict;
}

/* ---- what comes of it ---- */

struct tally {
    const char *what[64];
    unsigned long count[64];
    size_t used;
};

static void count(struct tally *tally, const char *what)
{
    size_t i = 0;
    while (i < tally->used && strcmp(tally->what[i], what) != 0)
        i++;
    if (i == tally->used && i < 63)
        tally->what[tally->used++] = what;
    tally->count[i]++;
}

static const char *read_said(FILE *said, char text[SAID_OCTETS])
{
    ssize_t length = pread(fileno(said), text, SAID_OCTETS - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void found(unsigned long n, const char *kind, const char *what, const char *said)
{
    printf("found case %lu, %s: %s: %.600s\n", n, kind, what, said);
}

/* One line that names the database. */
static bool is_clear(const char *said)
{
    const char *end = strchr(said, '\n');
    return strstr(said, path) != NULL && end != NULL && end[1] == '\0';
}

/* Judges a child; returns its verdict. */
static enum verdict judge(struct tally *tally, unsigned long n, const char *kind, int status,
                          FILE *said, const char *names[5])
{
    char text[SAID_OCTETS];
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

    read_said(said, text);
    if (strstr(text, "wrong at first"))
        count(tally, "wrong before the look at the whole");
    if (code == SAME) {
        count(tally, names[0]);
    } else if (code == SOME_SERVFAIL) {
        count(tally, names[1]);
    } else if (code == NOT_OPENED || code == ENDED) {
        count(tally, names[code == ENDED ? 2 : 3]);
        const char *line = strncmp(text, "wrong at first\n", 15) == 0 ? text + 15 : text;
        if (!is_clear(line))
            found(n, kind, "no clear line", text);
    } else {
        count(tally, names[4]);
        found(n, kind, code == WRONG ? "a wrong answer" : "a crash", text);
    }
    return code < 0 ? WRONG : (enum verdict)code;
}

static void try_commands(struct tally *tally, unsigned long n, const char *kind, char *program,
                         enum verdict served, FILE *said)
{
    char *verify[] = {program, (char[]){"verify"}, (char[]){"-c"}, (char[]){"site.conf"}, NULL};
    char *publish[] = {program,
                       (char[]){"publish"},
                       (char[]){"--force"},
                       (char[]){"-c"},
                       (char[]){"site.conf"},
                       (char[]){"--now"},
                       (char[]){"2026-11-25"},
                       NULL};
    char text[SAID_OCTETS];

    int status = zonegen(verify, said);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    count(tally, code == 0 ? "verify: whole" : "verify: damage found");
    if (code != 0 && code != 1)
        found(n, kind, "verify crashed", read_said(said, text));
    else if (code == 0 && served != SAME)
        found(n, kind, "verify finds nothing", "");
    else if (code == 1 && strstr(read_said(said, text), path) == NULL)
        found(n, kind, "verify does not name the database", text);
    if (n % PUBLISH_EVERY != 0)
        return;
    struct octets before = read_file(path);
    status = zonegen(publish, said);
    code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    struct octets after = read_file(path);
    bool changed =
        before.length != after.length || memcmp(before.start, after.start, before.length) != 0;
    count(tally, code == 0 ? "publish: done" : "publish: refused");
    if (code != 0 && code != 1)
        found(n, kind, "publish crashed", read_said(said, text));
    else if (code == 1 && changed)
        found(n, kind, "a publish that was refused has written", read_said(said, text));
    else if (code == 0 && served == NOT_OPENED)
        found(n, kind, "published into what cannot be opened", "");
    free(before.start);
    free(after.start);
}

static void try_case(struct bench *bench, struct tally *tally, char *program, uint64_t seed,
                     unsigned long n, FILE *said)
{
    static const char *starts[] = {"start: answers the same", "start: some SERVFAIL",
                                   "start: ended with a line", "start: refused", "start: WRONG"};
    static const char *lives[] = {"live: answers the same", "live: some SERVFAIL",
                                  "live: ended with a line", "live: refused", "live: WRONG"};
    struct random random = {seed * 1000003 + n};
    struct octets octets = {malloc(bench->whole.length), bench->whole.length};

    memcpy(octets.start, bench->whole.start, octets.length);
    const char *kind = damage_octets(&random, &octets);
    write_file(&octets);
    enum verdict served =
        judge(tally, n, kind, in_child(bench, &octets, start, said), said, starts);
    try_commands(tally, n, kind, program, served, said);
    write_file(&bench->whole);
    judge(tally, n, kind, in_child(bench, &octets, live, said), said, lives);
    count(tally, "cases");
    free(octets.start);
}

int main(int argc, char *argv[])
{
    static struct bench bench;
    static struct tally tally;
    char message[STORE_MESSAGE_OCTETS] = "";
    struct diag *diag = diag_create();

    if (argc != 5 || config_read("site.conf", diag, &bench.config) != STATUS_OK)
        give_up("site.conf");
    diag_destroy(diag);
    bench.whole = read_file("whole.mdb");
    write_file(&bench.whole);
    fault_set_voice(say_line, NULL);
    if (asking_open(&bench, message) != STATUS_OK)
        give_up(message);
    if (asking_prepare(&bench) != STATUS_OK)
        give_up("whole.mdb");
    bench.transfer = asking_transfer(&bench);
    asking_close(&bench); /* never a fork with an open environment */
    printf("questions %zu, a transfer of %zu octets, %zu pages\n", bench.count,
           bench.transfer.length, bench.whole.length / PAGE);
    unsigned long end = strtoul(argv[4], NULL, 10);
    FILE *said = tmpfile();
    for (unsigned long n = strtoul(argv[3], NULL, 10); said && n < end; n++) {
        try_case(&bench, &tally, argv[1], strtoull(argv[2], NULL, 10), n, said);
        fflush(stdout);
    }
    for (size_t i = 0; i < tally.used; i++)
        printf("count %s: %lu\n", tally.what[i], tally.count[i]);
    return 0;
}
