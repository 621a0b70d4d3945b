/* A folder for one test, and a database in it. */
#ifndef TESTS_TEMPORARY_H
#define TESTS_TEMPORARY_H

#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct temporary {
    char folder[64];
    char database[96];
};

/* In memory where the machine has such a place: tests commit often, and need no disk to wait for.
 */
static inline int temporary_create(struct temporary *temporary)
{
    const char *where = access("/dev/shm", R_OK | W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";

    // cppcheck-suppress ctuuninitvar; it is written here, not read
    snprintf(temporary->folder, sizeof temporary->folder, "%s/contactd-test-XXXXXX", where);
    if (!mkdtemp(temporary->folder))
        return -1;
    snprintf(temporary->database, sizeof temporary->database, "%s/test.mdb", temporary->folder);
    return 0;
}

static inline void temporary_destroy(const struct temporary *temporary)
{
    char lock[128];
    snprintf(lock, sizeof lock, "%s-lock", temporary->database);
    unlink(temporary->database);
    unlink(lock);
    rmdir(temporary->folder);
}

#endif
