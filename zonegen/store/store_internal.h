/* What the reading half and the writing half of the store share. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "store/store.h"

#include <lmdb.h>

struct store {
    MDB_env *env;
    MDB_dbi dbi;
    char path[1024];
};

struct snapshot {
    MDB_txn *txn;
    MDB_cursor *cursor;
    bool past_end; /* the last WALK_AT_OR_AFTER found nothing: previous is the last item */
};

/* Says what LMDB or the system refused, with the file's name and what would be right. */
void store_explain(const struct store *store, const char *what, int code,
                   char message[STORE_MESSAGE_OCTETS]);

/* Makes a store of LMDB's settings, not opened yet. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status store_prepare(const char *path, struct store **out,
                                     char message[STORE_MESSAGE_OCTETS]);

/* Judges the format of a store that was opened with `code` as LMDB's outcome. On failure the store
 * is closed; outcomes as store_open. */
MUST_CHECK enum status store_finish(struct store *store, int code,
                                    char message[STORE_MESSAGE_OCTETS]);

/* The format record: its key, and the value that this version writes. */
#define FORMAT_VALUE_OCTETS 12
extern const uint8_t store_format_key[1];
extern const uint8_t store_format_value[FORMAT_VALUE_OCTETS];

#endif
