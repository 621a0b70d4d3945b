#include "store/store.h"

#include "store/fault.h"
#include "store/machine.h"
#include "store/meta.h"
#include "store/store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Address space, not memory or disk: large enough that no size limit ever reaches a user. */
#define MAP_OCTETS ((size_t)256 << 30)
/* To hold contents that no two changes have overtaken in between. */
#define RENEW_ATTEMPTS 16

const uint8_t store_format_key[1] = {STORE_TABLE_FORMAT};
const uint8_t store_format_value[FORMAT_VALUE_OCTETS] = {'c', 'o', 'n', 't', 'a', 'c',
                                                         't', 'd', 0,   0,   0,   STORE_FORMAT};

void store_explain(const struct store *store, const char *what, int code,
                   char message[STORE_MESSAGE_OCTETS])
{
    const char *why = code == MDB_READERS_FULL ? "too many readers at once" : mdb_strerror(code);
    snprintf(message, STORE_MESSAGE_OCTETS, "database %s: %s: %s", store->path, what, why);
}

/* Tells what this account may not do: pass through a folder on the way, or use the file. */
static void explain_denied(const struct store *store, int code, char message[STORE_MESSAGE_OCTETS])
{
    char folder[STORE_PATH_OCTETS];

    snprintf(folder, sizeof folder, "%s", store->path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (access(folder, X_OK) != 0) {
            snprintf(message, STORE_MESSAGE_OCTETS,
                     "database %s: %s; this account must be let into the folder %s", store->path,
                     strerror(code), folder);
            return;
        }
        *slash = '/';
    }
    snprintf(message, STORE_MESSAGE_OCTETS,
             "database %s: %s; this account must read it and write its lock %s-lock", store->path,
             strerror(code), store->path);
}

static enum status explain_open(const struct store *store, int code,
                                char message[STORE_MESSAGE_OCTETS])
{
    switch (code) {
    case ENOENT:
        snprintf(message, STORE_MESSAGE_OCTETS,
                 "database %s does not exist; 'zonegen publish' makes it", store->path);
        return STATUS_NOT_FOUND;
    case EACCES:
    case EROFS:
        explain_denied(store, code, message);
        return STATUS_SYSTEM;
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        snprintf(message, STORE_MESSAGE_OCTETS,
                 "%s is not a database of contactd; move it away and run 'zonegen publish'",
                 store->path);
        return STATUS_INVALID;
    default:
        store_explain(store, "cannot open it", code, message);
        return STATUS_SYSTEM;
    }
}

enum format { FORMAT_OURS, FORMAT_NONE, FORMAT_OTHER, FORMAT_FOREIGN };

static enum format judge(const MDB_val *value)
{
    const size_t magic_octets = FORMAT_VALUE_OCTETS - 4;

    if (value->mv_size != FORMAT_VALUE_OCTETS ||
        memcmp(value->mv_data, store_format_value, magic_octets) != 0)
        return FORMAT_FOREIGN;
    if (memcmp(value->mv_data, store_format_value, FORMAT_VALUE_OCTETS) != 0)
        return FORMAT_OTHER;
    return FORMAT_OURS;
}

/* Opens the one table and reads what format it has. */
static int read_format(struct store *store, enum format *format)
{
    MDB_txn *txn = NULL;
    MDB_val key = {sizeof store_format_key, (void *)(uintptr_t)store_format_key};
    MDB_val value;
    MDB_stat stat = {.ms_entries = 0};

    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code != 0)
        return code;
    code = mdb_dbi_open(txn, NULL, 0, &store->dbi);
    if (code == 0)
        code = mdb_stat(txn, store->dbi, &stat);
    if (code == 0)
        code = mdb_get(txn, store->dbi, &key, &value);
    if (code == 0) {
        *format = judge(&value);
        return mdb_txn_commit(txn);
    }
    mdb_txn_abort(txn);
    *format = stat.ms_entries == 0 ? FORMAT_NONE : FORMAT_FOREIGN;
    return code == MDB_NOTFOUND ? 0 : code;
}

static enum status explain_format(const struct store *store, enum format format,
                                  char message[STORE_MESSAGE_OCTETS])
{
    switch (format) {
    case FORMAT_OURS:
        return STATUS_OK;
    case FORMAT_NONE:
        snprintf(message, STORE_MESSAGE_OCTETS, "database %s is empty; 'zonegen publish' fills it",
                 store->path);
        return STATUS_NOT_FOUND;
    case FORMAT_OTHER:
        snprintf(message, STORE_MESSAGE_OCTETS,
                 "database %s was written by another version of zonegen; move it away and run "
                 "'zonegen publish'",
                 store->path);
        return STATUS_INVALID;
    case FORMAT_FOREIGN:
        break;
    }
    return explain_open(store, MDB_INVALID, message);
}

/* LMDB has found what cannot be, in the file or in itself; it would abort. */
static void on_assertion(MDB_env *env, const char *text)
{
    const struct store *store = mdb_env_get_userctx(env);
    char line[STORE_MESSAGE_OCTETS];
    (void)text; /* a line of LMDB's source helps nobody who has this database */

    store_explain_damage(store, "its pages contradict each other", line);
    fault_end(line);
}

enum status store_prepare(const char *path, struct store **out, char message[STORE_MESSAGE_OCTETS])
{
    struct store *store = calloc(1, sizeof *store);

    if (!store || strlen(path) >= sizeof store->path) {
        snprintf(message, STORE_MESSAGE_OCTETS, "database: %s",
                 store ? "its path is too long" : "out of memory");
        free(store);
        return STATUS_SYSTEM;
    }
    memcpy(store->path, path, strlen(path) + 1);
    snprintf(
        store->fault_line, sizeof store->fault_line,
        "database %s cannot be read any more: it was cut or replaced while in use, or its disk "
        "fails; 'zonegen verify' tells what is left",
        path);
    int code = mdb_env_create(&store->env);
    if (code == 0)
        code = mdb_env_set_userctx(store->env, store);
    if (code == 0)
        code = mdb_env_set_assert(store->env, on_assertion);
    if (code == 0)
        code = mdb_env_set_mapsize(store->env, MAP_OCTETS);
    if (code == 0)
        code = mdb_env_set_maxreaders(store->env, STORE_MAX_READERS);
    if (code != 0) {
        enum status status = explain_open(store, code, message);
        store_close(store);
        return status;
    }
    *out = store;
    return STATUS_OK;
}

enum status store_finish(struct store *store, int code, char message[STORE_MESSAGE_OCTETS])
{
    enum format format = FORMAT_FOREIGN;

    if (code == 0)
        code = read_format(store, &format);
    enum status status =
        code == 0 ? explain_format(store, format, message) : explain_open(store, code, message);
    if (status != STATUS_OK)
        store_close(store);
    return status;
}

enum status store_open(const char *path, struct store **out, char message[STORE_MESSAGE_OCTETS])
{
    struct store *store;

    enum status status = store_prepare(path, &store, message);
    if (status != STATUS_OK)
        return status;
    struct stat what;
    int code = stat(path, &what) == 0 ? 0 : errno; /* LMDB would leave a lock file behind */
    if (code == 0)
        status = what.st_size == 0 ? explain_format(store, FORMAT_NONE, message)
                                   : store_look_before(store, message);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    if (code == 0)
        code = mdb_env_open(store->env, path, MDB_NOSUBDIR | MDB_NOTLS | MDB_RDONLY, 0600);
    if (code == 0)
        status = store_check(store, false, message);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    status = store_finish(store, code, message);
    if (status == STATUS_OK)
        *out = store;
    return status;
}

void store_close(struct store *store)
{
    if (store && store->env) {
        fault_forget(store->map);
        mdb_env_close(store->env);
    }
    free(store);
}

uint64_t store_last_change(const struct store *store)
{
    MDB_envinfo info = {.me_last_txnid = 0};
    mdb_env_info(store->env, &info);
    return info.me_last_txnid;
}

int store_clear_readers(struct store *store)
{
    int dead = 0;
    mdb_reader_check(store->env, &dead);
    return dead;
}

void store_doubt(struct store *store, const struct store_gaps *gaps)
{
    if (atomic_exchange(&store->gaps, gaps) != gaps)
        atomic_fetch_add(&store->doubts, 1);
}

uint64_t store_doubts(const struct store *store)
{
    return atomic_load_explicit(&store->doubts, memory_order_acquire);
}

/* Who counts himself in later finds the newer gaps: he counts before he looks (hold_gaps). */
bool store_doubt_is_settled(const struct store *store)
{
    return atomic_load(&store->gap_readers) == 0;
}

/* Where the map has the meta page of this snapshot's change, past what does not tell contents. */
static const uint8_t *meta_in_map(const struct snapshot *snapshot)
{
    return snapshot->store->map + (snapshot->change & 1) * snapshot->stat.ms_psize +
           META_CONTENTS_AT;
}

static void keep_meta(struct snapshot *snapshot)
{
    snapshot->pages.depth = 0;
    snapshot->meta_known = snapshot->store->map != NULL;
    if (!snapshot->meta_known)
        return;
    memcpy(snapshot->meta, meta_in_map(snapshot), sizeof snapshot->meta);
    snapshot->pages.start = snapshot->store->map;
    snapshot->pages.octets = snapshot->high - snapshot->low;
    snapshot->pages.page_octets = snapshot->stat.ms_psize;
    snapshot->pages.root = machine_u64(snapshot->meta + (META_ROOT_AT - META_CONTENTS_AT));
}

/* True when a transaction that has just begun shows what was judged before: this is all that a
 * batch of queries pays between two publishes. Then its meta page was read twice, by no chance
 * while it was being written, and says where the pages are. */
static bool is_known(struct snapshot *snapshot)
{
    if (!snapshot->meta_known || mdb_txn_id(snapshot->txn) != snapshot->change ||
        memcmp(snapshot->meta, meta_in_map(snapshot), sizeof snapshot->meta) != 0)
        return false;
    snapshot->pages.depth = snapshot->stat.ms_depth;
    return true;
}

/*
 * Judges a transaction that has just begun. LMDB takes its number from the lock, its contents from
 * where the file has those of that number, and compares nothing. Two changes later other contents
 * are there: a thread that had to wait between the two has the newer ones under the older number,
 * STATUS_NOT_FOUND. Where the file was replaced under a running server, number and contents are of
 * two different databases, STATUS_MALFORMED.
 */
static enum status admit(struct snapshot *snapshot)
{
    const struct store *store = snapshot->store;
    uint64_t change = mdb_txn_id(snapshot->txn);
    MDB_envinfo info;
    MDB_stat stat;

    if (is_known(snapshot))
        return STATUS_OK;
    if (mdb_env_info(store->env, &info) != 0 || mdb_stat(snapshot->txn, store->dbi, &stat) != 0)
        return STATUS_SYSTEM;
    if (info.me_last_txnid > change + 1)
        return STATUS_NOT_FOUND;
    if (info.me_last_txnid < change ||
        (change == snapshot->change && memcmp(&stat, &snapshot->stat, sizeof stat) != 0))
        return STATUS_MALFORMED;
    snapshot->change = change;
    snapshot->stat = stat;
    snapshot->low = (uintptr_t)store->map;
    snapshot->high =
        store->map ? snapshot->low + (info.me_last_pgno + 1) * stat.ms_psize : UINTPTR_MAX;
    keep_meta(snapshot);
    return STATUS_OK;
}

enum status snapshot_create(struct store *store, struct snapshot **out)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);

    if (!snapshot)
        return STATUS_SYSTEM;
    snapshot->store = store;
    if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &snapshot->txn) == 0 &&
        mdb_cursor_open(snapshot->txn, store->dbi, &snapshot->cursor) == 0) {
        mdb_txn_reset(snapshot->txn);
        if (snapshot_renew(snapshot) == STATUS_OK) {
            *out = snapshot;
            return STATUS_OK;
        }
    }
    snapshot_destroy(snapshot);
    return STATUS_SYSTEM;
}

void snapshot_reset(struct snapshot *snapshot)
{
    snapshot->expected_count = 0;
    snapshot->is_placed = false;
    mdb_txn_reset(snapshot->txn);
}

static enum status renew_once(struct snapshot *snapshot)
{
    if (mdb_txn_renew(snapshot->txn) != 0)
        return STATUS_SYSTEM;
    enum status status =
        mdb_cursor_renew(snapshot->txn, snapshot->cursor) == 0 ? admit(snapshot) : STATUS_SYSTEM;
    if (status != STATUS_OK)
        mdb_txn_reset(snapshot->txn);
    return status;
}

enum status snapshot_renew(struct snapshot *snapshot)
{
    enum status status = renew_once(snapshot);

    for (int attempt = 1; attempt < RENEW_ATTEMPTS && status == STATUS_NOT_FOUND; attempt++)
        status = renew_once(snapshot);
    /* Nobody publishes so fast: the lock is another file's. */
    return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
}

void snapshot_destroy(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    if (snapshot->cursor)
        mdb_cursor_close(snapshot->cursor);
    if (snapshot->txn)
        mdb_txn_abort(snapshot->txn);
    free(snapshot);
}

uint64_t snapshot_change(const struct snapshot *snapshot)
{
    return mdb_txn_id(snapshot->txn);
}

size_t snapshot_octets(const struct snapshot *snapshot)
{
    return snapshot->store->map ? snapshot->high - snapshot->low : 0;
}

/* The gaps, which stay until let_go_gaps(); NULL, and nothing to let go, where there are none:
 * that costs a query no more than a look at a pointer. */
static const struct store_gaps *hold_gaps(const struct snapshot *snapshot)
{
    struct store *store = snapshot->store;

    if (!snapshot_has_gaps(snapshot))
        return NULL;
    atomic_fetch_add(&store->gap_readers, 1);
    const struct store_gaps *gaps = atomic_load(&store->gaps);
    if (!gaps)
        atomic_fetch_sub(&store->gap_readers, 1);
    return gaps;
}

static void let_go_gaps(const struct snapshot *snapshot)
{
    atomic_fetch_sub(&snapshot->store->gap_readers, 1);
}

static int compare_keys(const uint8_t *a, size_t a_octets, const uint8_t *b, size_t b_octets)
{
    int order = memcmp(a, b, a_octets < b_octets ? a_octets : b_octets);
    return order != 0 ? order : (a_octets > b_octets) - (a_octets < b_octets);
}

static bool are_around(const struct store_gaps *gaps, const uint8_t *key, size_t key_octets)
{
    for (size_t i = 0; i < gaps->count; i++) {
        const struct store_gap *gap = &gaps->gaps[i];
        if (compare_keys(key, key_octets, gap->low, gap->low_octets) > 0 &&
            (gap->high_octets == 0 ||
             compare_keys(key, key_octets, gap->high, gap->high_octets) < 0))
            return true;
    }
    return gaps->everywhere;
}

static bool reach_into(const struct store_gaps *gaps, const uint8_t *start, size_t octets)
{
    for (size_t i = 0; i < gaps->count; i++) {
        const struct store_gap *gap = &gaps->gaps[i];
        size_t common = gap->low_octets < octets ? gap->low_octets : octets;
        if (memcmp(gap->low, start, common) <= 0 &&
            (gap->high_octets == 0 || compare_keys(gap->high, gap->high_octets, start, octets) > 0))
            return true;
    }
    return gaps->everywhere;
}

bool snapshot_doubts(const struct snapshot *snapshot, const uint8_t *key, size_t key_octets)
{
    const struct store_gaps *gaps = hold_gaps(snapshot);

    if (!gaps)
        return false;
    bool doubted = are_around(gaps, key, key_octets);
    let_go_gaps(snapshot);
    return doubted;
}

bool snapshot_doubts_any(const struct snapshot *snapshot, const uint8_t *start, size_t octets)
{
    const struct store_gaps *gaps = hold_gaps(snapshot);

    if (!gaps)
        return false;
    bool doubted = reach_into(gaps, start, octets);
    let_go_gaps(snapshot);
    return doubted;
}
