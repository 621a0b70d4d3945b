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
#include "conf/config.h"
#include "conf/diag.h"
#include "server/respond.h"
#include "server/scrub.h"
#include "server/transfer.h"
#include "store/fault.h"
#include "store/key.h"
#include "store/zones.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_QUESTIONS  40000
#define MESSAGE_OCTETS 65536
#define PAGE           4096
#define PUBLISH_EVERY  8
#define SAID_OCTETS    4096

struct octets {
    uint8_t *start;
    size_t length;
};

struct asked_for {
    uint8_t request[300];
    size_t length;
    struct octets answer;
};

struct bench {
    struct config *config;
    struct octets whole;    /* the database */
    struct octets transfer; /* of the zone */
    struct asked_for *questions;
    size_t count;
    struct store *store;
    struct view view;
};

/* How a child ends, beside 1: with a line. */
enum verdict { SAME = 0, ENDED = 1, SOME_SERVFAIL = 10, NOT_OPENED = 11, WRONG = 12 };

static const char *const path = "db/contacts.mdb";

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

/* ---- answers ---- */

static int64_t clock_now(void)
{
    return 1795305600;
}

static enum status open_view(struct bench *bench, char message[STORE_MESSAGE_OCTETS])
{
    struct zone_table *zones;

    enum status status = store_open(path, &bench->store, message);
    if (status != STATUS_OK)
        return status;
    bench->view = (struct view){.config = bench->config, .clock = clock_now};
    if (sha1_create(&bench->view.sha1) != STATUS_OK ||
        snapshot_create(bench->store, &bench->view.snapshot) != STATUS_OK ||
        zone_table_create(bench->config, bench->view.snapshot, &zones) != STATUS_OK)
        fault_end("database db/contacts.mdb: what basis.c says");
    bench->view.zones = zones;
    return STATUS_OK;
}

static void close_view(struct bench *bench)
{
    zone_table_destroy((struct zone_table *)(uintptr_t)bench->view.zones);
    snapshot_destroy(bench->view.snapshot);
    sha1_destroy(bench->view.sha1);
    store_close(bench->store);
}

static void respond_to(struct bench *bench, const uint8_t *request, size_t length,
                       enum transport transport, struct reply *reply)
{
    static const struct sockaddr_in client = {.sin_family = AF_INET,
                                              .sin_addr = {.s_addr = 0x0100007f}};
    const struct asker asker = {.address = (const struct sockaddr *)&client,
                                .transport = transport};
    respond(&bench->view, request, length, &asker, reply);
}

static size_t ask(struct bench *bench, const struct asked_for *question, uint8_t *message)
{
    static struct reply reply;
    size_t length = 0;

    respond_to(bench, question->request, question->length, TRANSPORT_TCP, &reply);
    for (size_t i = 0; reply.action == REPLY_SEND && i < reply.part_count; i++) {
        memcpy(message + length, reply.parts[i].iov_base, reply.parts[i].iov_len);
        length += reply.parts[i].iov_len;
    }
    return length;
}

/* The whole zone by AXFR; length 0 where it did not come to its end. */
static struct octets transfer(struct bench *bench)
{
    static struct reply reply;
    struct octets all = {NULL, 0};
    struct transfer *stream;
    struct name *apex = &bench->config->zones[0].domain;
    uint8_t request[300] = {0, 0, 0, 0, 0, 1};
    struct writer w = writer_of(request + 12, sizeof request - 12);

    writer_octets(&w, apex->octets, apex->length);
    writer_u16(&w, TYPE_AXFR);
    writer_u16(&w, CLASS_IN);
    respond_to(bench, request, 12 + writer_length(&w), TRANSPORT_TCP, &reply);
    if (reply.action != REPLY_TRANSFER ||
        transfer_create(bench->store, &reply, 0, &stream) != STATUS_OK)
        return all;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        size_t length = 0;
        all.start = realloc(all.start, all.length + MESSAGE_OCTETS);
        status = transfer_next(stream, all.start + all.length, MESSAGE_OCTETS - 1, &length);
        all.length += length;
    }
    transfer_destroy(stream);
    if (status != STATUS_NOT_FOUND)
        all.length = 0;
    return all;
}

/* ---- questions ---- */

static void add_question(struct bench *bench, const struct name *name, uint16_t type)
{
    static uint8_t message[MESSAGE_OCTETS];
    struct asked_for *question = &bench->questions[bench->count];
    /* RD, one question, one OPT: 1232 octets, DO */
    static const uint8_t header[12] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    static const uint8_t opt[11] = {0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0};

    if (bench->count == MAX_QUESTIONS)
        return;
    struct writer w = writer_of(question->request, sizeof question->request);
    writer_octets(&w, header, sizeof header);
    writer_octets(&w, name->octets, name->length);
    writer_u16(&w, type);
    writer_u16(&w, CLASS_IN);
    writer_octets(&w, opt, sizeof opt);
    if (w.failed)
        return;
    question->length = writer_length(&w);
    question->answer.length = ask(bench, question, message);
    question->answer.start = malloc(question->answer.length + 1);
    memcpy(question->answer.start, message, question->answer.length);
    bench->count++;
}

/* Each name, a name beside it, one below it. */
static void add_questions(struct bench *bench, const struct name *owner, const uint8_t *apex)
{
    static const uint16_t types[] = {TYPE_TXT, TYPE_RP, TYPE_ANY, TYPE_A, TYPE_SOA, TYPE_NS};
    uint8_t label[NAME_MAX_OCTETS];
    struct name other;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        add_question(bench, owner, types[i]);
    if (name_prepend(&other, (const uint8_t *)"q", 1, owner->octets) == STATUS_OK)
        add_question(bench, &other, TYPE_TXT);
    if (name_equals(owner->octets, apex) || owner->octets[0] > 60)
        return;
    memcpy(label, owner->octets + 1, owner->octets[0]);
    label[owner->octets[0]] = '0';
    if (name_prepend(&other, label, owner->octets[0] + 1u, name_parent(owner->octets, 1)) ==
        STATUS_OK)
        add_question(bench, &other, TYPE_TXT);
}

static void make_questions(struct bench *bench)
{
    const uint8_t *apex = bench->config->zones[0].domain.octets;
    uint8_t key[KEY_PREFIX_OCTETS] = {STORE_TABLE_NODES, 0, 0};
    struct snapshot *walk;
    struct zone_record zone;
    struct name owner;
    struct item item;

    bench->questions = calloc(MAX_QUESTIONS, sizeof *bench->questions);
    if (snapshot_create(bench->store, &walk) != STATUS_OK ||
        zones_find(walk, apex, &zone) != STATUS_OK)
        give_up("whole.mdb");
    key[1] = (uint8_t)(zone.number >> 8);
    key[2] = (uint8_t)zone.number;
    enum status status = snapshot_walk(walk, WALK_AT_OR_AFTER, key, sizeof key, &item);
    while (status == STATUS_OK && memcmp(item.key, key, sizeof key) == 0) {
        if (key_to_name(&owner, item.key, item.key_octets, apex) == STATUS_OK)
            add_questions(bench, &owner, apex);
        status = snapshot_walk(walk, WALK_NEXT, NULL, 0, &item);
    }
    snapshot_destroy(walk);
}

static enum verdict compare_transfer(struct bench *bench)
{
    struct octets all = transfer(bench);
    bool same = all.length == bench->transfer.length &&
                memcmp(all.start, bench->transfer.start, all.length) == 0;
    free(all.start);
    return same ? SAME : all.length == 0 ? SOME_SERVFAIL : WRONG;
}

/* Asks everything. */
static enum verdict compare_all(struct bench *bench, bool say)
{
    static uint8_t message[MESSAGE_OCTETS];
    enum verdict verdict = SAME;

    for (size_t i = 0; i < bench->count; i++) {
        const struct asked_for *question = &bench->questions[i];
        size_t length = ask(bench, question, message);
        if (length == question->answer.length &&
            memcmp(message, question->answer.start, length) == 0)
            continue;
        bool servfail = length >= 12 && (message[3] & 15) == RCODE_SERVFAIL;
        if (!servfail && verdict != WRONG && say) {
            char text[NAME_TEXT_OCTETS];
            name_to_text(question->request + 12, text);
            fprintf(stderr, "wrong answer for %s, type %u: rcode %d\n", text,
                    question->request[question->length - 14], message[3] & 15);
        }
        if (verdict != WRONG)
            verdict = servfail ? SOME_SERVFAIL : WRONG;
    }
    enum verdict whole = compare_transfer(bench);
    if (whole == WRONG && say)
        fprintf(stderr, "wrong transfer\n");
    return verdict == WRONG || whole == WRONG ? WRONG : verdict > whole ? verdict : whole;
}

/* ---- damage ---- */

struct random {
    uint64_t state;
};

static uint64_t draw(struct random *random, uint64_t below)
{
    random->state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = random->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

static void flip(struct random *random, struct octets *octets, size_t from, size_t length)
{
    octets->start[from + draw(random, length)] ^= (uint8_t)(1 << draw(random, 8));
}

/* A bit of what holds a page together: its header, where its entries are, an entry's header. */
static void flip_structure(struct random *random, struct octets *octets)
{
    size_t page = draw(random, octets->length / PAGE) * PAGE;
    const uint8_t *p = octets->start + page;
    size_t count = (size_t)((p[12] | p[13] << 8) - 16) / 2;
    uint64_t where = draw(random, 3);

    if (where == 0 || count == 0 || count > PAGE / 4) {
        flip(random, octets, page, 16);
        return;
    }
    size_t pointer = 16 + 2 * draw(random, count);
    size_t entry = (size_t)(p[pointer] | p[pointer + 1] << 8);
    if (where == 1 || entry + 16 > PAGE)
        flip(random, octets, page + pointer, 2);
    else
        flip(random, octets, page + entry, 16);
}

static const char *damage(struct random *random, struct octets *octets)
{
    size_t pages = octets->length / PAGE;
    size_t page = draw(random, pages) * PAGE;
    uint64_t kind = draw(random, 20);

    if (kind < 6) {
        flip(random, octets, 0, octets->length);
        return "bit";
    }
    if (kind < 13) {
        flip_structure(random, octets);
        return "bit of a page's structure";
    }
    if (kind < 14) {
        flip(random, octets, draw(random, 2) * PAGE + 16, 136);
        return "bit of a meta page";
    }
    if (kind < 16) {
        for (uint64_t n = 2 + draw(random, 7); n > 0; n--)
            flip_structure(random, octets);
        return "several bits";
    }
    if (kind < 17) {
        memset(octets->start + page, 0, PAGE);
        return "page of zeros";
    }
    if (kind < 18) {
        memcpy(octets->start + page, octets->start + draw(random, pages) * PAGE, PAGE);
        return "page of another place";
    }
    if (kind < 19) {
        octets->length = draw(random, octets->length);
        return "cut";
    }
    for (size_t i = draw(random, 64); i < PAGE; i += 1 + draw(random, 64))
        octets->start[page + i] = (uint8_t)draw(random, 256);
    return "page of garbage";
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
        fault_end("database db/contacts.mdb: no memory");
    return scrub;
}

/* Opens what is damaged, as a start does. */
static enum verdict start(struct bench *bench, const struct octets *octets)
{
    char message[STORE_MESSAGE_OCTETS];
    (void)octets;

    if (open_view(bench, message) != STATUS_OK) {
        fprintf(stderr, "%s\n", message);
        return NOT_OPENED;
    }
    struct scrub *scrub = look(bench);
    enum verdict verdict = compare_all(bench, true);
    scrub_stop(scrub);
    close_view(bench);
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

    if (open_view(bench, message) != STATUS_OK)
        return WRONG;
    int file = open(path, O_WRONLY);
    if (pwrite(file, octets->start, octets->length, 0) != (ssize_t)octets->length ||
        ftruncate(file, (off_t)octets->length) != 0)
        return WRONG;
    if (compare_all(bench, false) == WRONG)
        fprintf(stderr, "wrong at first\n");
    struct scrub *scrub = look(bench);
    snapshot_reset(bench->view.snapshot);
    if (snapshot_renew(bench->view.snapshot) != STATUS_OK)
        fault_end("database db/contacts.mdb was replaced");
    enum verdict verdict = compare_all(bench, true);
    scrub_stop(scrub);
    close_view(bench);
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
    const char *kind = damage(&random, &octets);
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
    if (open_view(&bench, message) != STATUS_OK)
        give_up(message);
    make_questions(&bench);
    bench.transfer = transfer(&bench);
    close_view(&bench); /* never a fork with an open environment */
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
