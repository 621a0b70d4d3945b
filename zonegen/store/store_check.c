/* What store.h says of a database before LMDB reads it, and of its structure. */
#include "store/fault.h"
#include "store/meta.h"
#include "store/store_internal.h"
#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ATTEMPTS 8 /* to hold contents whose meta page is still there: a publish may overtake */

void store_explain_damage(const struct store *store, const char *what,
                          char message[STORE_MESSAGE_OCTETS])
{
    snprintf(message, STORE_MESSAGE_OCTETS,
             "database %s is damaged: %s; move it away, then publish again or restore the zones "
             "from a secondary",
             store->path, what);
}

enum status store_look_before(const struct store *store, char message[STORE_MESSAGE_OCTETS])
{
    char what[META_MESSAGE_OCTETS] = "";
    struct meta meta;

    int file = open(store->path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return STATUS_OK; /* LMDB will find the same, and that is said */
    enum status status = meta_read(file, META_NEWEST, &meta, what);
    close(file);
    if (status != STATUS_MALFORMED)
        return STATUS_OK;
    store_explain_damage(store, what, message);
    return STATUS_INVALID;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

int store_file(const struct store *store)
{
    mdb_filehandle_t file = -1;
    mdb_env_get_fd(store->env, &file);
    return file;
}

/* Holds the present contents, and reads where they begin. */
static enum status hold(struct store *store, MDB_txn **txn, struct meta *meta,
                        char what[META_MESSAGE_OCTETS])
{
    enum status status = STATUS_NOT_FOUND;

    for (int attempt = 0; attempt < ATTEMPTS && status == STATUS_NOT_FOUND; attempt++) {
        if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn) != 0)
            return STATUS_SYSTEM;
        status = meta_read(store_file(store), mdb_txn_id(*txn), meta, what);
        if (status != STATUS_OK)
            mdb_txn_abort(*txn);
    }
    return status;
}

enum status store_check_tree(struct store *store, const struct tree_check *check,
                             char what[STORE_MESSAGE_OCTETS])
{
    struct meta meta;
    MDB_txn *txn;

    enum status status = hold(store, &txn, &meta, what);
    if (status != STATUS_OK)
        return status == STATUS_INVALID ? STATUS_MALFORMED : status;
    status = tree_check(check, &meta);
    mdb_txn_abort(txn);
    return status;
}

/* The first piece of damage. */
struct first {
    bool any;
    char what[TREE_MESSAGE_OCTETS];
};

static void keep_first(void *state, enum tree_damage damage, const char *what)
{
    struct first *first = state;
    (void)damage;
    if (!first->any)
        snprintf(first->what, sizeof first->what, "%s", what);
    first->any = true;
}

static bool none_yet(void *state)
{
    return !((const struct first *)state)->any;
}

enum status store_check(struct store *store, bool in_turn, char message[STORE_MESSAGE_OCTETS])
{
    char what[STORE_MESSAGE_OCTETS] = "its first two pages are damaged";
    struct first first = {.any = false};
    struct tree_check check = {
        .file = store_file(store), .state = &first, .damaged = keep_first, .goes_on = none_yet};
    MDB_envinfo info;

    if (mdb_env_info(store->env, &info) != 0)
        return STATUS_SYSTEM;
    store->map = fault_watch(info.me_mapsize, store->fault_line);
    if (info.me_last_txnid == 0) /* nothing has ever been in it */
        return STATUS_OK;
    check.share = info.me_last_pgno / STORE_WHOLE_PAGES + 1;
    check.turn = info.me_last_txnid % check.share;
    check.leaves = check.share == 1 || in_turn;
    check.most_branches = in_turn ? 0 : STORE_START_BRANCHES;
    enum status status = store_check_tree(store, &check, what);
    if (first.any || status == STATUS_MALFORMED) {
        store_explain_damage(store, first.any ? first.what : what, message);
        return STATUS_INVALID;
    }
    if (status == STATUS_NOT_FOUND)
        snprintf(message, STORE_MESSAGE_OCTETS,
                 "database %s was replaced while a program has it open: stop that first",
                 store->path);
    else if (status != STATUS_OK)
        store_explain(store, "cannot check it", ENOMEM, message);
    return status == STATUS_OK ? STATUS_OK : STATUS_SYSTEM;
}
