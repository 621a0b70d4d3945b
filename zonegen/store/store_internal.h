/* What the reading half and the writing half of the store share. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "store/descent.h"
#include "store/edit.h"
#include "store/meta.h"
#include "store/store.h"

#include <lmdb.h>
#include <stdatomic.h>

#define STORE_PATH_OCTETS 1024

struct store {
    MDB_env *env;
    MDB_dbi dbi;
    const uint8_t *map;                      /* NULL where it could not be found */
    _Atomic(const struct store_gaps *) gaps; /* NULL: none */
    atomic_uint gap_readers;                 /* threads that look at some gaps now */
    struct store_patience patience;          /* of a store for changes */
    atomic_uint_fast64_t doubts;             /* how often that has changed */
    char path[STORE_PATH_OCTETS];
    char fault_line[STORE_PATH_OCTETS + 256];
};

struct snapshot {
    MDB_txn *txn;
    MDB_cursor *cursor;
    bool past_end; /* the last WALK_AT_OR_AFTER found nothing: previous is the last item */
    struct store *store;
    uintptr_t low, high; /* what is found lies between these */
    uint64_t change;     /* that `stat` was taken of; 0: none */
    MDB_stat stat;
    uint8_t meta[META_CONTENTS_OCTETS]; /* its meta page, where `meta_known` */
    bool meta_known;
    /* What follows is walk.c's. */
    struct descent_pages pages; /* depth 0: not known, LMDB finds everything */
    struct descent expected[SNAPSHOT_EXPECTED];
    uint8_t expected_keys[SNAPSHOT_EXPECTED][SNAPSHOT_EXPECTED_OCTETS];
    size_t expected_count, expected_next;
    bool is_placed; /* it stands where `place` says, at entry `at`; else where LMDB's cursor does */
    struct descent place;
    size_t at;
};

/* True while anything is doubted: that costs a query no more than a look at a pointer. */
static inline bool snapshot_has_gaps(const struct snapshot *snapshot)
{
    return atomic_load_explicit(&snapshot->store->gaps, memory_order_acquire) != NULL;
}

/* Says what LMDB or the system refused, with the file's name and what would be right. */
void store_explain(const struct store *store, const char *what, int code,
                   char message[STORE_MESSAGE_OCTETS]);

/* Makes a store of LMDB's settings, not opened yet. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status store_prepare(const char *path, struct store **out,
                                     char message[STORE_MESSAGE_OCTETS]);

/* Reads the meta pages of a file before LMDB does. STATUS_OK also where there is no file, or
 * nothing in it; STATUS_INVALID with `message`, STATUS_SYSTEM too. */
MUST_CHECK enum status store_look_before(const struct store *store,
                                         char message[STORE_MESSAGE_OCTETS]);

/* After LMDB has opened the file: watches its map, and checks how its pages fit together, those of
 * records too where the file has no more than STORE_WHOLE_PAGES; of a larger one about as many of
 * them with `in_turn`, others after each change. STATUS_OK, STATUS_INVALID (damaged),
 * STATUS_SYSTEM; with `message`. */
MUST_CHECK enum status store_check(struct store *store, bool in_turn,
                                   char message[STORE_MESSAGE_OCTETS]);

/* Says that it is damaged, and what would be right. */
void store_explain_damage(const struct store *store, const char *what,
                          char message[STORE_MESSAGE_OCTETS]);

/* Judges the format of a store that was opened with `code` as LMDB's outcome. On failure the store
 * is closed; outcomes as store_open. */
MUST_CHECK enum status store_finish(struct store *store, int code,
                                    char message[STORE_MESSAGE_OCTETS]);

/* mdb_txn_begin() of a change; who is to be told that it has to wait is told. LMDB's outcome. */
MUST_CHECK int store_begin_change(struct store *store, MDB_txn **out);

/* The format record: its key, and the value that this version writes. */
#define FORMAT_VALUE_OCTETS 12
extern const uint8_t store_format_key[1];
extern const uint8_t store_format_value[FORMAT_VALUE_OCTETS];

#endif
