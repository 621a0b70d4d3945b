#include "store/edit.h"

#include "store/store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Makes the folders above `path` that are missing; where the file is shared the server can pass
 * through them, whatever the umask. 0, or an errno: where one could not be made that is not there,
 * opening the file would only tell that.
 */
static int make_folders(const char *path, const struct store_access *sharing)
{
    char folder[sizeof((struct store *)0)->path];

    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool is_missing = access(folder, F_OK) != 0;
        bool made = is_missing && mkdir(folder, 0755) == 0;
        if ((is_missing && !made && errno != EEXIST) ||
            (made && sharing->shared && chmod(folder, 0755) != 0))
            return errno;
        *slash = '/';
    }
    return 0;
}

/* Gives the file to the server's group: 0640 and the lock 0660, or both to the owner alone. */
static int set_access(const char *path, const struct store_access *access)
{
    char lock[sizeof((struct store *)0)->path + 8];

    snprintf(lock, sizeof lock, "%s-lock", path);
    if (!access->shared)
        return 0;
    if (chown(path, (uid_t)-1, access->group) != 0 || chmod(path, 0640) != 0 ||
        chown(lock, (uid_t)-1, access->group) != 0 || chmod(lock, 0660) != 0)
        return errno;
    return 0;
}

/* Puts the format record where the database is still empty. */
static int claim(struct store *store)
{
    MDB_txn *txn = NULL;
    MDB_val key = {sizeof store_format_key, (void *)(uintptr_t)store_format_key};
    MDB_val value = {FORMAT_VALUE_OCTETS, (void *)(uintptr_t)store_format_value};
    MDB_stat stat;

    int code = store_begin_change(store, &txn);
    if (code != 0)
        return code;
    code = mdb_dbi_open(txn, NULL, 0, &store->dbi);
    if (code == 0)
        code = mdb_stat(txn, store->dbi, &stat);
    if (code == 0 && stat.ms_entries == 0)
        code = mdb_put(txn, store->dbi, &key, &value, 0);
    if (code == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return code;
}

/*
 * Removes what a disk that was full let LMDB write of a new database's first two pages: the next
 * try would take it for a foreign file. Whoever has opened it meanwhile was refused as well; one
 * without any octets another process may be filling.
 */
static void remove_beginning(const char *path)
{
    struct stat what;

    if (stat(path, &what) == 0 && what.st_size > 0 && what.st_size < 2 * sysconf(_SC_PAGESIZE))
        unlink(path);
}

enum status store_create(const char *path, const struct store_access *access, struct store **out,
                         char message[STORE_MESSAGE_OCTETS])
{
    struct store *store;

    enum status status = store_prepare(path, &store, message);
    if (status != STATUS_OK)
        return status;
    store->patience = access->patience;
    int code = make_folders(path, access);
    struct stat what;
    bool is_new = stat(path, &what) != 0;
    if (code == 0)
        status = store_look_before(store, message);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    if (code == 0)
        code = mdb_env_open(store->env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    if (code != 0 && is_new)
        remove_beginning(path);
    if (code == 0)
        status = store_check(store, true, message);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    if (code == 0)
        code = set_access(path, access);
    if (code == 0)
        code = claim(store);
    status = store_finish(store, code, message);
    if (status == STATUS_OK)
        *out = store;
    return status;
}
