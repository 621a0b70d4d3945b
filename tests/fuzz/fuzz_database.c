/*
 * A database file with damaged pages, as a disk makes them: the input is up to MOST_PATCHES places
 * of eight octets: a page, an offset in it, what is done there, and with what.
 *
 * What the check of pages passes, LMDB reads to its end, and finds as many records; what is served
 * of it, once it was looked at as a whole, is what the undamaged one says, or SERVFAIL.
 *
 * The last two changes have the same contents, as have the pages that are free: which of two whole
 * contents is the newer one no octet of the file can prove.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/fuzz.h"

#include "server/log.h"
#include "server/scrub.h"
#include "store/checksum.h"
#include "store/key.h"
#include "store/machine.h"
#include "store/meta.h"
#include "store/page.h"
#include "store/tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#define PATCH_OCTETS   8
#define MOST_PATCHES   6
#define MOST_QUESTIONS 512
#define MOST_REWRITTEN 1024
#define REWRITES       3
#define SIZE_OF_PAGE   4096u
#define DIGEST_OCTETS  20

struct asked {
    struct name name;
    uint16_t type;
    size_t octets;
    uint8_t hash[DIGEST_OCTETS];
};

struct database {
    uint8_t *octets, *damaged;
    size_t length;
    size_t items;
    struct log *log;
    size_t count;
    struct asked asked[MOST_QUESTIONS];
};

/* A file of these octets, opened; nothing of it is left in any folder. */
static enum status open_file(const uint8_t *octets, size_t length, struct store **out)
{
    char message[STORE_MESSAGE_OCTETS] = "";
    struct temporary temporary;

    RULE(temporary_create(&temporary) == 0);
    int file = open(temporary.database, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    RULE(file >= 0 && pwrite(file, octets, length, 0) == (ssize_t)length);
    close(file);
    enum status status = store_open(temporary.database, out, message);
    temporary_destroy(&temporary);
    RULE(status == STATUS_OK || (message[0] != '\0' && !strchr(message, '\n')));
    return status;
}

/* ---- the undamaged one ---- */

/* Puts every record anew, so that there are free pages, and they are of these contents. */
static void rewrite(struct store *store)
{
    static const uint8_t elsewhere[2] = {0x05, 0xff}; /* a key of zonegen's */
    uint32_t sum = checksum_of(elsewhere, sizeof elsewhere, NULL, 0);
    const uint8_t sealed[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8),
                               (uint8_t)sum};
    char message[STORE_MESSAGE_OCTETS];
    struct snapshot *view;
    struct edit *edit;
    struct item item;

    RULE(edit_begin(store, &edit, message) == STATUS_OK);
    RULE(snapshot_create(store, &view) == STATUS_OK);
    enum status status = snapshot_walk(view, WALK_AT_OR_AFTER, (const uint8_t *)"\0", 1, &item);
    for (; status == STATUS_OK; status = snapshot_walk(view, WALK_NEXT, NULL, 0, &item))
        RULE(edit_put(edit, item.key, item.key_octets, item.value, item.value_octets) == STATUS_OK);
    RULE(edit_put(edit, elsewhere, sizeof elsewhere, sealed, sizeof sealed) == STATUS_OK);
    snapshot_destroy(view);
    RULE(edit_commit(edit, message) == STATUS_OK);
}

static void take_image(struct database *database, const struct store *store)
{
    struct stat file;

    RULE(fstat(store_file(store), &file) == 0);
    database->length = (size_t)file.st_size;
    database->octets = malloc(database->length);
    database->damaged = malloc(database->length);
    RULE(database->octets && database->damaged);
    RULE(pread(store_file(store), database->octets, database->length, 0) == file.st_size);
}

static void add_questions(struct database *database, const struct name *name)
{
    static const uint16_t types[] = {TYPE_TXT, TYPE_A, TYPE_DS, TYPE_ANY};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        RULE(database->count < MOST_QUESTIONS);
        database->asked[database->count++] = (struct asked){.name = *name, .type = types[i]};
    }
}

/* Every name there is, and below each one that may not be. */
static void choose_questions(struct database *database, struct snapshot *snapshot)
{
    const struct served *served = &answering()->served;
    struct item item;

    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, (const uint8_t *)"\0", 1, &item);
    for (; status == STATUS_OK; status = snapshot_walk(snapshot, WALK_NEXT, NULL, 0, &item)) {
        struct name name;
        database->items++;
        if (item.key[0] != STORE_TABLE_NODES)
            continue;
        const struct name *apex = NULL;
        for (size_t i = 0; i < zone_table_count(served->zones); i++)
            if (zone_table_at(served->zones, i)->number == (item.key[1] << 8 | item.key[2]))
                apex = &zone_table_at(served->zones, i)->apex;
        RULE(apex && key_to_name(&name, item.key, item.key_octets, apex->octets) == STATUS_OK);
        add_questions(database, &name);
        if (name_prepend(&name, (const uint8_t *)"x", 1, name.octets) == STATUS_OK)
            add_questions(database, &name);
    }
}

/* ---- what is served ---- */

/* The digest of an answer; false for SERVFAIL. */
static bool ask_for(const struct view *view, const struct asked *asked, uint8_t hash[DIGEST_OCTETS])
{
    static uint8_t message[MESSAGE_OCTETS], spare[REPLY_SPARE_OCTETS];
    static struct reply reply;
    const struct query query = query_of(&asked->name, asked->type, CLASS_IN, 1232);
    const struct asker asker = {.address = answering_address(CLIENT_MEMBER),
                                .transport = TRANSPORT_TCP};

    reply.spare = spare;
    respond(view, query.octets, query.length, &asker, &reply);
    RULE(reply.action == REPLY_SEND && join(&reply, message) == reply.octets);
    const char *broken = judged(query.octets, query.length, TRANSPORT_TCP, &reply, message);
    if (broken)
        fuzz_broken(broken, __FILE__, __LINE__);
    RULE(sha1_digest(view->sha1, message, reply.octets, hash));
    return reply.rcode != RCODE_SERVFAIL;
}

static void serve(struct database *database, struct store *store, bool learns)
{
    struct view view = answering()->served.view;
    struct snapshot *snapshot;
    struct zone_table *zones;
    uint8_t hash[DIGEST_OCTETS];

    RULE(snapshot_create(store, &snapshot) == STATUS_OK);
    if (learns)
        choose_questions(database, snapshot);
    RULE(zone_table_create(view.config, snapshot, &zones) == STATUS_OK);
    view.snapshot = snapshot;
    view.zones = zones;
    for (size_t i = 0; i < database->count; i++) {
        bool answered = ask_for(&view, &database->asked[i], hash);
        if (learns)
            memcpy(database->asked[i].hash, hash, sizeof hash);
        RULE(answered || !learns);
        RULE(!answered || memcmp(database->asked[i].hash, hash, sizeof hash) == 0);
    }
    zone_table_destroy(zones);
    snapshot_destroy(snapshot);
}

static struct database *undamaged(void)
{
    static const struct config_log quiet = {.level = LOG_LEVEL_DEBUG};
    static struct database *database;
    struct store *store;

    if (database)
        return database;
    database = calloc(1, sizeof *database);
    RULE(database != NULL);
    database->log = log_create(&quiet, open("/dev/null", O_WRONLY), "/nonexistent");
    RULE(database->log != NULL);
    snapshot_reset(answering()->served.snapshot); /* else pages of earlier contents stay */
    for (int i = 0; i < REWRITES; i++)
        rewrite(answering()->served.store);
    take_image(database, answering()->served.store);
    RULE(open_file(database->octets, database->length, &store) == STATUS_OK);
    serve(database, store, true);
    store_close(store);
    return database;
}

/* ---- damage ---- */

enum patch_kind {
    PATCH_FLIP,
    PATCH_OCTET,
    PATCH_NUMBER_16,
    PATCH_NUMBER_64,
    PATCH_ONES,
    PATCH_PAGE, /* another page's octets, as a write to the wrong place leaves them */
    PATCH_CUT,
    PATCH_KINDS
};

static void put_number(uint8_t *at, uint64_t value, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        at[i] = (uint8_t)(value >> 8 * i); /* as the machines do that the store is for */
}

/* Returns how much of the file is left. */
static size_t damage(struct database *database, const uint8_t patch[PATCH_OCTETS], size_t left)
{
    size_t pages = database->length / SIZE_OF_PAGE;
    size_t page = (size_t)(patch[0] << 8 | patch[1]) % pages;
    size_t offset = (size_t)(patch[2] << 8 | patch[3]) % SIZE_OF_PAGE;
    uint32_t value = (uint32_t)(patch[5] << 16 | patch[6] << 8 | patch[7]);
    uint8_t *at = database->damaged + page * SIZE_OF_PAGE + offset;
    size_t room = (size_t)(database->damaged + database->length - at);

    switch ((enum patch_kind)(patch[4] % PATCH_KINDS)) {
    case PATCH_FLIP:
        *at ^= patch[7];
        break;
    case PATCH_OCTET:
        *at = patch[7];
        break;
    case PATCH_NUMBER_16:
        put_number(at, value & 0xffff, room < 2 ? room : 2);
        break;
    case PATCH_NUMBER_64:
        put_number(at, value, room < 8 ? room : 8);
        break;
    case PATCH_ONES:
        memset(at, 0xff, room < value % 64 ? room : value % 64);
        break;
    case PATCH_PAGE:
        memmove(at - offset, database->damaged + value % pages * SIZE_OF_PAGE, SIZE_OF_PAGE);
        break;
    default:
        left = page * SIZE_OF_PAGE + offset < left ? page * SIZE_OF_PAGE + offset : left;
        break;
    }
    return left;
}

/* ---- what is told of it ---- */

struct told {
    size_t damages, items;
    uint64_t sum;
};

static void count_damage(void *state, enum tree_damage damage, const char *what)
{
    RULE(damage <= TREE_DAMAGE_FREE && what[0] != '\0' && !strchr(what, '\n'));
    ((struct told *)state)->damages++;
}

static void count_item(void *state, const struct item *item)
{
    struct told *told = state;
    /* Every octet can be read. */
    told->sum += checksum_of(item->key, item->key_octets, item->value, item->value_octets);
    told->items++;
}

/* The check by itself, which goes on after damage; true where it finds none. */
static bool check_pages(const uint8_t *octets, size_t length, struct told *told)
{
    char what[META_MESSAGE_OCTETS];
    struct meta meta;
    const char *path = fuzz_file(octets, length);
    int file = open(path, O_RDONLY | O_CLOEXEC);

    RULE(file >= 0);
    *told = (struct told){.damages = 0};
    const struct tree_check check = {
        .file = file, .leaves = true, .state = told, .damaged = count_damage, .item = count_item};
    enum status status = meta_read(file, META_NEWEST, &meta, what);
    if (status == STATUS_OK)
        RULE(tree_check(&check, &meta) == STATUS_OK);
    close(file);
    return status == STATUS_OK && told->damages == 0;
}

/* LMDB finds what the check has found, in order. */
static void read_all(struct store *store, const struct told *told)
{
    struct snapshot *snapshot;
    struct told read = {.damages = 0};
    struct item item;

    RULE(snapshot_create(store, &snapshot) == STATUS_OK);
    enum status status = snapshot_walk(snapshot, WALK_AT_OR_AFTER, (const uint8_t *)"\0", 1, &item);
    for (; status == STATUS_OK; status = snapshot_walk(snapshot, WALK_NEXT, NULL, 0, &item))
        count_item(&read, &item);
    RULE(status == STATUS_NOT_FOUND && read.items == told->items && read.sum == told->sum);
    snapshot_destroy(snapshot);
}

static void run(const uint8_t *octets, size_t length)
{
    struct database *database = undamaged();
    size_t left = database->length;
    struct scrub *scrub;
    struct store *store;
    struct told told;

    memcpy(database->damaged, database->octets, database->length);
    for (size_t i = 0; i < MOST_PATCHES && length >= PATCH_OCTETS; i++) {
        left = damage(database, octets, left);
        octets += PATCH_OCTETS;
        length -= PATCH_OCTETS;
    }
    bool is_whole = check_pages(database->damaged, left, &told);
    enum status status = open_file(database->damaged, left, &store);
    RULE(is_whole || status != STATUS_OK);
    if (status != STATUS_OK)
        return;
    read_all(store, &told);
    RULE(scrub_start(store, database->log, &scrub) == STATUS_OK);
    serve(database, store, false);
    scrub_stop(scrub);
    store_close(store);
}

/* ---- where damage matters ---- */

/* An offset of a field: of a meta page, of a header, of the list of entries, or of an entry. */
static size_t field_of(const uint8_t *page, bool is_meta, unsigned seed)
{
    static const uint16_t in_header[] = {0, 10, 12, 14};
    size_t count = ((size_t)machine_u16(page + 12) - PAGE_HEADER_OCTETS) / 2;

    if (is_meta)
        return 16 + seed / 4 % 136;
    if (seed % 4 == 0 || count == 0 || count > SIZE_OF_PAGE / 4)
        return in_header[seed / 4 % 4];
    size_t entry = seed / 4 % count;
    if (seed % 4 == 1)
        return PAGE_HEADER_OCTETS + 2 * entry;
    return (machine_u16(page + PAGE_HEADER_OCTETS + 2 * entry) + seed / 4096 % 24) % SIZE_OF_PAGE;
}

/* One place more, or another in place of one. */
static size_t mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                     fuzz_plain_mutation *plain)
{
    const struct database *database = undamaged();
    size_t places = length / PATCH_OCTETS;
    size_t pages = database->length / SIZE_OF_PAGE;
    size_t n = seed % (places + 1) < MOST_PATCHES ? seed % (places + 1) : 0;
    size_t page = seed / 8 % pages;
    unsigned kind = seed / 512 % 4 < 2 ? seed / 2048 % 2 : seed / 2048 % PATCH_KINDS;

    if ((n + 1) * PATCH_OCTETS > room)
        return plain(octets, length, room);
    size_t offset = field_of(database->octets + page * SIZE_OF_PAGE, page < 2, seed / 16384);
    uint8_t *at = octets + n * PATCH_OCTETS;
    const uint8_t patch[PATCH_OCTETS] = {(uint8_t)(page >> 8),   (uint8_t)page,
                                         (uint8_t)(offset >> 8), (uint8_t)offset,
                                         (uint8_t)kind,          0,
                                         (uint8_t)(seed / 31u),  (uint8_t)(1u << seed / 7u % 8)};
    memcpy(at, patch, sizeof patch);
    if (kind > PATCH_FLIP)
        plain(at + 5, 3, 3);
    return n < places ? length : (n + 1) * PATCH_OCTETS;
}

const struct fuzz_target fuzz_database = {.name = "database", .run = run, .mutate = mutate};
