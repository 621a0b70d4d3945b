#include "server/scrub.h"

#include "server/ticks.h"
#include "server/zone_text.h"
#include "store/checksum.h"
#include "store/fault.h"
#include "store/key.h"
#include "store/stored.h"
#include "store/tree.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_MS        100    /* between two looks at whether there is something to do */
#define ANYWAY_MS      600000 /* memory and disks rot without a change */
#define SHARE          100    /* a look takes at most one in so many of a core's time */
#define MOST_LINES     20     /* about damage, in one look */
#define AT_ONCE_OCTETS (4 << 20)
#define UNFIT_LOOKS    2       /* a publish is between two writes for less than one */
#define SETTLE_NS      1000000 /* a worker has looked at gaps within a thousandth of it */
#define LINE_OCTETS    (STORE_MESSAGE_OCTETS + 128)
#define TEXT_OCTETS    (NAME_TEXT_OCTETS + 96)

/* What a look has found. */
struct findings {
    size_t count;
    char lines[MOST_LINES][TEXT_OCTETS]; /* of the first */
    uint64_t digest;                     /* the same damage has the same, 0: none */
    bool in_gap;                         /* since the last whole record there was damage */
    uint8_t last[STORE_KEY_OCTETS];      /* its key */
    size_t last_octets;
    struct store_gaps *gaps; /* NULL: none yet, or no memory */
};

/* Apexes by the numbers of their zones; length 0 where none is known. */
struct apexes {
    size_t count;
    struct name *names;
};

struct scrub {
    struct store *store;
    struct log *log;
    struct snapshot *snapshot; /* reset, but for the moment of a look */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stopping;
    uint64_t change;          /* that was read last */
    struct timespec modified; /* the file, when it was read last */
    off_t size;
    bool deleted; /* and said so */
    bool begun;   /* at least one look was taken */
    int64_t last_ms;
    int64_t next_ms;  /* no look before */
    unsigned foreign; /* looks in a row that found another file's numbers */
    unsigned torn;    /* that found its first pages damaged */
    uint64_t told;    /* digest of the damage that was logged */
    struct findings found;
    struct apexes apexes;
    struct store_gaps *doubted; /* in use */
};

static void end(const struct scrub *scrub, const char *what)
{
    char line[LINE_OCTETS];

    snprintf(line, sizeof line, "database %s %s; a restart says what is wrong with it",
             store_path(scrub->store), what);
    fault_end(line);
}

/* ---- what is found ---- */

/* Keeps a line to be logged at the end, unless the last look found the same. */
static void tell(struct scrub *scrub, const char *what)
{
    struct findings *found = &scrub->found;

    found->digest =
        found->digest * 31 + 1 + checksum_of((const uint8_t *)what, strlen(what), NULL, 0);
    if (found->count < MOST_LINES)
        snprintf(found->lines[found->count], sizeof found->lines[0], "%s", what);
    found->count++;
}

/* From the last whole record on, nothing is certain. */
static void open_gap(struct findings *found)
{
    if (found->in_gap)
        return;
    found->in_gap = true;
    if (!found->gaps)
        found->gaps = calloc(1, sizeof *found->gaps);
    if (!found->gaps || found->gaps->count == STORE_MAX_GAPS)
        return;
    struct store_gap *gap = &found->gaps->gaps[found->gaps->count++];
    memcpy(gap->low, found->last, found->last_octets);
    gap->low_octets = (uint16_t)found->last_octets;
}

/* A record is whole. */
static void close_gap(struct findings *found, const struct item *item)
{
    size_t octets = item->key_octets < STORE_KEY_OCTETS ? item->key_octets : STORE_KEY_OCTETS;

    if (found->in_gap && found->gaps) {
        struct store_gap *gap = &found->gaps->gaps[found->gaps->count - 1];
        memcpy(gap->high, item->key, octets);
        gap->high_octets = (uint16_t)octets;
        found->gaps->everywhere |= found->gaps->count == STORE_MAX_GAPS;
    }
    found->in_gap = false;
    memcpy(found->last, item->key, octets);
    found->last_octets = octets;
}

static void on_damage(void *state, enum tree_damage damage, const char *what)
{
    struct scrub *scrub = state;
    char line[TREE_MESSAGE_OCTETS + 64];
    const char *then = damage == TREE_DAMAGE_LEAF ? "what may have been in it is SERVFAIL"
                                                  : "zonegen will refuse to change it";

    if (damage == TREE_DAMAGE_ROOT) {
        snprintf(line, sizeof line, "is damaged: %s", what);
        end(scrub, line);
    }
    if (damage == TREE_DAMAGE_LEAF)
        open_gap(&scrub->found);
    snprintf(line, sizeof line, "%s; %s", what, then);
    tell(scrub, line);
}

/* The apex of the zone that a key names; NULL where it is not known. */
static const struct name *apex_of(const struct scrub *scrub, const struct item *item)
{
    size_t number = (size_t)(item->key[1] << 8 | item->key[2]);
    bool known = number < scrub->apexes.count && scrub->apexes.names[number].length > 0;

    return known ? &scrub->apexes.names[number] : NULL;
}

/* Zones come before what is in them. */
static void keep_apex(struct apexes *apexes, const struct item *item)
{
    struct zone_record zone;

    if (zone_record_read(item->key, item->key_octets, item->value, item->value_octets, &zone) !=
        STATUS_OK)
        return;
    if (zone.number >= apexes->count) {
        size_t count = zone.number + 1u;
        struct name *names = realloc(apexes->names, count * sizeof *names);
        if (!names)
            return;
        memset(names + apexes->count, 0, (count - apexes->count) * sizeof *names);
        apexes->names = names;
        apexes->count = count;
    }
    name_set(&apexes->names[zone.number], zone.apex);
}

/* The name of a record, as far as it can be told. */
static void name_record(const struct scrub *scrub, const struct item *item,
                        char text[NAME_TEXT_OCTETS])
{
    const struct name *apex = apex_of(scrub, item);
    struct name owner;

    if (apex && item->key[0] == STORE_TABLE_NODES &&
        key_to_name(&owner, item->key, item->key_octets, apex->octets) == STATUS_OK)
        zone_text(owner.octets, text);
    else if (apex)
        zone_text(apex->octets, text);
    else
        snprintf(text, NAME_TEXT_OCTETS, "a zone");
}

static bool is_served(const struct item *item)
{
    return item->key_octets >= KEY_PREFIX_OCTETS &&
           (item->key[0] == STORE_TABLE_ZONES || item->key[0] == STORE_TABLE_NODES ||
            item->key[0] == STORE_TABLE_HISTORY || item->key[0] == STORE_TABLE_NSEC3);
}

static bool is_whole(const struct item *item)
{
    bool format = item->key_octets == 1 && item->key[0] == STORE_TABLE_FORMAT;
    return format || checksum_fits_item(item);
}

static void on_item(void *state, const struct item *item)
{
    struct scrub *scrub = state;
    char name[NAME_TEXT_OCTETS];
    char line[TEXT_OCTETS];

    if (is_whole(item)) {
        if (item->key[0] == STORE_TABLE_ZONES)
            keep_apex(&scrub->apexes, item);
        close_gap(&scrub->found, item);
        return;
    }
    open_gap(&scrub->found); /* it may be its key that is damaged */
    name_record(scrub, item, name);
    if (!is_served(item))
        snprintf(line, sizeof line,
                 "a record that is none to serve is damaged; what may have "
                 "stood in its place is SERVFAIL");
    else if (item->key[0] == STORE_TABLE_HISTORY)
        snprintf(line, sizeof line,
                 "a record of the past of %s is damaged; differences from it are "
                 "not sent",
                 name);
    else
        snprintf(line, sizeof line, "a record of %s is damaged; what needs it is SERVFAIL", name);
    tell(scrub, line);
}

static bool goes_on(void *state)
{
    return !atomic_load_explicit(&((struct scrub *)state)->stopping, memory_order_relaxed);
}

/* ---- looks ---- */

/* A worker may be looking at what was in doubt before, and may have to wait in the middle of that
 * for as long as others have the processors: what it looks at is freed when it has looked. */
static void doubt(struct scrub *scrub, struct store_gaps *gaps)
{
    const struct timespec pause = {0, SETTLE_NS};

    store_doubt(scrub->store, gaps);
    while (scrub->doubted && !store_doubt_is_settled(scrub->store))
        nanosleep(&pause, NULL);
    free(scrub->doubted);
    scrub->doubted = gaps;
}

static void conclude(struct scrub *scrub)
{
    struct findings *found = &scrub->found;
    const char *path = store_path(scrub->store);

    doubt(scrub, found->gaps);
    found->gaps = NULL;
    if (found->digest == scrub->told)
        return;
    for (size_t i = 0; i < found->count && i < MOST_LINES; i++)
        log_write(scrub->log, LOG_LEVEL_ERROR, "database %s: %s", path, found->lines[i]);
    if (found->count > MOST_LINES)
        log_write(scrub->log, LOG_LEVEL_ERROR, "database %s: and %zu more; 'zonegen verify' counts",
                  path, found->count - MOST_LINES);
    if (found->count == 0)
        log_write(scrub->log, LOG_LEVEL_INFO, "database %s is whole again", path);
    scrub->told = found->digest;
}

static void read_all(struct scrub *scrub)
{
    const struct tree_check check = {
        .file = store_file(scrub->store),
        .leaves = true,
        .state = scrub,
        .damaged = on_damage,
        .item = on_item,
        .goes_on = goes_on,
    };
    char what[STORE_MESSAGE_OCTETS] = "";

    free(scrub->found.gaps);
    memset(&scrub->found, 0, sizeof scrub->found);
    for (size_t i = 0; i < scrub->apexes.count; i++)
        scrub->apexes.names[i].length = 0;
    enum status status = store_check_tree(scrub->store, &check, what);
    if (status == STATUS_OK)
        conclude(scrub);
    scrub->torn = status == STATUS_MALFORMED ? scrub->torn + 1 : 0;
    if (scrub->torn >= UNFIT_LOOKS) {
        char line[STORE_MESSAGE_OCTETS + 16];
        snprintf(line, sizeof line, "is damaged: %s", what);
        end(scrub, line);
    }
}

static int64_t now_us(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* What can be told without reading it. */
static void look_at_file(struct scrub *scrub, const struct stat *file)
{
    if (file->st_size < scrub->size)
        end(scrub, "was cut while it was in use");
    scrub->size = file->st_size;
    if (file->st_nlink == 0 && !scrub->deleted)
        log_write(scrub->log, LOG_LEVEL_ERROR,
                  "database %s was deleted or moved over: what was in it is served on; restart to "
                  "serve what is there now",
                  store_path(scrub->store));
    scrub->deleted = file->st_nlink == 0;
    enum status status = snapshot_renew(scrub->snapshot);
    if (status == STATUS_OK)
        snapshot_reset(scrub->snapshot);
    scrub->foreign = status == STATUS_MALFORMED ? scrub->foreign + 1 : 0;
    if (scrub->foreign >= UNFIT_LOOKS)
        end(scrub, "was replaced, or its lock deleted, while it was in use");
}

static bool is_due(const struct scrub *scrub, const struct stat *file, int64_t now)
{
    bool changed = store_last_change(scrub->store) != scrub->change ||
                   file->st_mtim.tv_sec != scrub->modified.tv_sec ||
                   file->st_mtim.tv_nsec != scrub->modified.tv_nsec;

    return !scrub->begun || scrub->torn > 0 ||
           (now >= scrub->next_ms && (changed || now - scrub->last_ms >= ANYWAY_MS));
}

static void look(struct scrub *scrub)
{
    struct stat file;

    if (fstat(store_file(scrub->store), &file) != 0)
        return;
    look_at_file(scrub, &file);
    if (!is_due(scrub, &file, ticks_now()))
        return;
    scrub->change = store_last_change(scrub->store);
    scrub->modified = file.st_mtim;
    int64_t began = now_us();
    read_all(scrub);
    scrub->last_ms = ticks_now();
    scrub->next_ms = scrub->last_ms + (now_us() - began) * SHARE / 1000;
    scrub->begun = true;
}

/* Runs when nobody else wants the core: who has a query to answer interrupts it at once. Where the
 * system does not let it, it is a thread like any other. */
static void step_back(void)
{
    const struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_IDLE, &none);
}

static void *run(void *arg)
{
    struct scrub *scrub = arg;

    step_back();
    pthread_mutex_lock(&scrub->lock);
    while (!atomic_load(&scrub->stopping)) {
        pthread_mutex_unlock(&scrub->lock);
        look(scrub);
        pthread_mutex_lock(&scrub->lock);
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (!atomic_load(&scrub->stopping))
            pthread_cond_timedwait(&scrub->wake, &scrub->lock, &until);
    }
    pthread_mutex_unlock(&scrub->lock);
    return NULL;
}

static bool begin_thread(struct scrub *scrub)
{
    pthread_condattr_t monotonic;
    sigset_t all, before;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&scrub->lock, NULL);
    pthread_cond_init(&scrub->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sigfillset(&all); /* signals are the main thread's; faults reach their thread all the same */
    sigdelset(&all, SIGSYS);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGSEGV);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&scrub->thread, NULL, run, scrub);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

enum status scrub_start(struct store *store, struct log *log, struct scrub **out)
{
    struct scrub *scrub = calloc(1, sizeof *scrub);
    struct stat file;

    if (!scrub || snapshot_create(store, &scrub->snapshot) != STATUS_OK) {
        free(scrub);
        return STATUS_SYSTEM;
    }
    snapshot_reset(scrub->snapshot);
    scrub->store = store;
    scrub->log = log;
    if (fstat(store_file(store), &file) == 0 && file.st_size <= AT_ONCE_OCTETS)
        look(scrub); /* before the first query: a few milliseconds */
    if (!begin_thread(scrub)) {
        snapshot_destroy(scrub->snapshot);
        free(scrub);
        return STATUS_SYSTEM;
    }
    *out = scrub;
    return STATUS_OK;
}

void scrub_stop(struct scrub *scrub)
{
    if (!scrub)
        return;
    pthread_mutex_lock(&scrub->lock);
    atomic_store(&scrub->stopping, true);
    pthread_cond_signal(&scrub->wake);
    pthread_mutex_unlock(&scrub->lock);
    pthread_join(scrub->thread, NULL);
    pthread_cond_destroy(&scrub->wake);
    pthread_mutex_destroy(&scrub->lock);
    snapshot_destroy(scrub->snapshot);
    store_doubt(scrub->store, NULL);
    free(scrub->found.gaps);
    free(scrub->doubted);
    free(scrub->apexes.names);
    free(scrub);
}
