#include "store/edit.h"

#include "store/fault.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What LMDB has no room for in memory it writes before the commit, some 64 MB at a time. The disk
 * is told to take that at once, and does so while the rest is made: else all waits for the commit.
 */
#define WRITE_OUT_OCTETS ((size_t)64 << 20)

struct edit {
    struct store *store;
    struct snapshot snapshot; /* the same transaction, read */
    MDB_cursor *writer;       /* where the last put was: the next is mostly right behind it */
    uint8_t bound[STORE_KEY_OCTETS]; /* no key is greater: of `bound_octets` */
    size_t bound_octets;
    size_t put_octets; /* since the disk was told */
    int failure;       /* of the first put or delete that failed */
};

/* A change builds on the contents whose number the lock has, and readers can write the lock. What
 * it takes for the newest must be that: on older contents the change after them would be made once
 * more, under the same serial. Nobody else writes now; one that was killed between the two LMDB has
 * made good. */
static enum status check_number(const struct edit *edit, char message[STORE_MESSAGE_OCTETS])
{
    const char *path = edit->store->path;

    if (store_last_change(edit->store) + 1 == mdb_txn_id(edit->snapshot.txn))
        return STATUS_OK;
    snprintf(message, STORE_MESSAGE_OCTETS,
             "database %s: its lock %s-lock has another number of the last change than the "
             "database; stop contactd, delete the lock, and start contactd again",
             path, path);
    return STATUS_SYSTEM;
}

/* Notes a key that no other one is greater than. What is put behind all others LMDB puts into pages
 * without room between: else it leaves one value's room in each. */
static void note_bound(struct edit *edit, const uint8_t *key, size_t key_octets)
{
    memcpy(edit->bound, key, key_octets);
    edit->bound_octets = key_octets;
}

/* Finds the last key. LMDB's outcome, or that the database is damaged. */
static int find_bound(struct edit *edit)
{
    MDB_val key;
    MDB_val value;

    fault_enter(edit->store->fault_line);
    int code = mdb_cursor_get(edit->writer, &key, &value, MDB_LAST);
    if (code == 0 && key.mv_size > sizeof edit->bound)
        code = MDB_CORRUPTED;
    if (code == 0)
        note_bound(edit, key.mv_data, key.mv_size);
    fault_leave();
    return code == MDB_NOTFOUND ? 0 : code;
}

/* True for a key behind all others. */
static bool is_beyond(const struct edit *edit, const uint8_t *key, size_t key_octets)
{
    bool is_longer = key_octets > edit->bound_octets;
    int order = memcmp(key, edit->bound, is_longer ? edit->bound_octets : key_octets);

    return order > 0 || (order == 0 && is_longer);
}

enum status edit_begin(struct store *store, struct edit **out, char message[STORE_MESSAGE_OCTETS])
{
    struct edit *edit = calloc(1, sizeof *edit);
    int code = edit ? store_begin_change(store, &edit->snapshot.txn) : ENOMEM;

    if (code == 0) {
        edit->store = store;
        edit->snapshot.store = store;
        edit->snapshot.high = UINTPTR_MAX; /* changed pages lie outside of the map */
        code = mdb_cursor_open(edit->snapshot.txn, store->dbi, &edit->snapshot.cursor);
    }
    if (code == 0)
        code = mdb_cursor_open(edit->snapshot.txn, store->dbi, &edit->writer);
    if (code == 0)
        code = find_bound(edit);
    if (code != 0) {
        store_explain(store, "cannot begin a change", code, message);
        edit_abort(edit);
        return STATUS_SYSTEM;
    }
    enum status status = check_number(edit, message);
    if (status == STATUS_OK)
        *out = edit;
    else
        edit_abort(edit);
    return status;
}

struct snapshot *edit_snapshot(struct edit *edit)
{
    return &edit->snapshot;
}

enum status edit_open_view(struct edit *edit, struct snapshot **out)
{
    struct snapshot *view = calloc(1, sizeof *view);

    if (!view)
        return STATUS_SYSTEM;
    view->txn = edit->snapshot.txn;
    view->store = edit->store;
    view->high = UINTPTR_MAX;
    if (mdb_cursor_open(view->txn, edit->store->dbi, &view->cursor) != 0) {
        free(view);
        return STATUS_SYSTEM;
    }
    *out = view;
    return STATUS_OK;
}

void edit_close_view(struct snapshot *view)
{
    if (!view)
        return;
    mdb_cursor_close(view->cursor);
    free(view);
}

static enum status outcome(struct edit *edit, int code)
{
    if (code == 0)
        return STATUS_OK;
    if (code == MDB_NOTFOUND)
        return STATUS_NOT_FOUND;
    if (edit->failure == 0)
        edit->failure = code;
    return STATUS_SYSTEM;
}

static void write_out(struct edit *edit, size_t octets)
{
    int file;

    edit->put_octets += octets;
    if (edit->put_octets < WRITE_OUT_OCTETS)
        return;
    edit->put_octets = 0;
    if (mdb_env_get_fd(edit->store->env, &file) == 0)
        (void)sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE); /* the commit sees to the rest */
}

enum status edit_put(struct edit *edit, const uint8_t *key, size_t key_octets, const uint8_t *value,
                     size_t value_octets)
{
    MDB_val k = {key_octets, (void *)(uintptr_t)key};
    MDB_val v = {value_octets, (void *)(uintptr_t)value};
    bool is_last = is_beyond(edit, key, key_octets);
    fault_enter(edit->store->fault_line);
    int code = mdb_cursor_put(edit->writer, &k, &v, is_last ? MDB_APPEND : 0);
    fault_leave();
    if (code == 0 && is_last)
        note_bound(edit, key, key_octets);
    write_out(edit, key_octets + value_octets);
    return outcome(edit, code);
}

enum status edit_delete(struct edit *edit, const uint8_t *key, size_t key_octets)
{
    MDB_val k = {key_octets, (void *)(uintptr_t)key};
    fault_enter(edit->store->fault_line);
    int code = mdb_del(edit->snapshot.txn, edit->store->dbi, &k, NULL);
    fault_leave();
    return outcome(edit, code);
}

/* Cursors of a write transaction must be closed before it ends. */
static void close_cursors(struct edit *edit)
{
    if (edit->writer)
        mdb_cursor_close(edit->writer);
    if (edit->snapshot.cursor)
        mdb_cursor_close(edit->snapshot.cursor);
    edit->writer = edit->snapshot.cursor = NULL;
}

enum status edit_commit(struct edit *edit, char message[STORE_MESSAGE_OCTETS])
{
    int code = edit->failure;

    close_cursors(edit);
    if (code == 0) {
        fault_enter(edit->store->fault_line);
        code = mdb_txn_commit(edit->snapshot.txn);
        fault_leave();
        edit->snapshot.txn = NULL;
    }
    if (code != 0)
        store_explain(edit->store, "nothing is published", code, message);
    edit_abort(edit);
    return code == 0 ? STATUS_OK : STATUS_SYSTEM;
}

void edit_abort(struct edit *edit)
{
    if (!edit)
        return;
    close_cursors(edit);
    if (edit->snapshot.txn)
        mdb_txn_abort(edit->snapshot.txn);
    free(edit);
}
