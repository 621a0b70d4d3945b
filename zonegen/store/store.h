/*
 * The database: one LMDB file of sorted keys, read through snapshots, changed in one transaction
 * per publish. Knows tables and keys, not what the values mean. This half only reads: contactd
 * links it without the writer (edit.h).
 *
 * Keys. The first octet is the table:
 *
 *   OFFSET SIZE  FIELD
 *   0      1     0x00: the format record, alone
 *   0      1     0x01: zones
 *   1      2       zone number
 *   0      1     0x02: nodes
 *   1      2       zone number
 *   3      n       the name below the apex, see key.h
 *
 *   0      1     0x06: NSEC3 records
 *   1      2       zone number
 *   3      20      hash, see nsec3.h
 *
 *   0      1     0x03: what zones were before, see history.h
 *   1      2       zone number
 *   3      …
 *
 * 0x04 is the fingerprint of the contacts, 0x05 the state of signing, 0x07 what is known of the
 * contacts files (command/sources.h). The value of the format record is "contactd" and a 32-bit
 * STORE_FORMAT; a database with another one is refused.
 *
 * Both programs reserve 256 GiB of address space, so that no size limit ever reaches a user; the
 * file is as large as what is in it. No MDB_WRITEMAP, no MDB_NOSYNC; MDB_NOTLS, so that one thread
 * may hold several snapshots.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "wire/reader.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_FORMAT         2u
#define STORE_MESSAGE_OCTETS 2400
#define STORE_MAX_READERS    1024
#define STORE_KEY_OCTETS     511 /* the longest key */

enum store_table {
    STORE_TABLE_FORMAT = 0,
    STORE_TABLE_ZONES = 1,
    STORE_TABLE_NODES = 2,
    STORE_TABLE_HISTORY = 3,
    STORE_TABLE_NSEC3 = 6,
};

struct store;

/*
 * Opens a database for reading. Makes nothing, but needs to write the lock beside it, PATH-lock.
 *
 *   message   on failure: one line that names the file and what would be right
 *
 * How its pages lead to records is checked, and in a file of up to STORE_WHOLE_PAGES those of
 * records too (tree.h); what is in records shows when they are read. Where more than
 * STORE_START_BRANCHES lead to records (beyond thirty thousand entries) the upper levels of them
 * are: a start takes no longer for a larger database.
 *
 * STATUS_OK, STATUS_NOT_FOUND (no such file, or nothing published yet), STATUS_INVALID (not a
 * database of this format, or damaged), STATUS_SYSTEM. At most once per process for one file.
 */
#define STORE_WHOLE_PAGES    1024 /* 4 MiB take a millisecond */
#define STORE_START_BRANCHES 256  /* so do these, with their hundred entries each */
MUST_CHECK enum status store_open(const char *path, struct store **out,
                                  char message[STORE_MESSAGE_OCTETS]);

/* All snapshots must be destroyed before. NULL is fine. */
void store_close(struct store *store);

/* Number of the last committed transaction; costs no snapshot and no lock. */
uint64_t store_last_change(const struct store *store);

/* Removes the readers of processes that died; returns how many. */
int store_clear_readers(struct store *store);

/*
 * Checks the present contents as tree.h has it, while they are held.
 * Outcomes as tree_check(); STATUS_MALFORMED with `what` where the meta pages are damaged; and
 * STATUS_NOT_FOUND when changes came faster than it could look.
 */
struct tree_check;
MUST_CHECK enum status store_check_tree(struct store *store, const struct tree_check *check,
                                        char what[STORE_MESSAGE_OCTETS]);

/* As it was opened; stays the store's. */
const char *store_path(const struct store *store);

/* The file descriptor of the file; stays the store's. */
int store_file(const struct store *store);

/* Where the keys of damaged records may be: between the last whole one before and the first one
 * after. Octets 0: no end on that side. */
struct store_gap {
    uint16_t low_octets, high_octets;
    uint8_t low[STORE_KEY_OCTETS], high[STORE_KEY_OCTETS];
};

#define STORE_MAX_GAPS 256

struct store_gaps {
    size_t count;
    bool everywhere; /* there are more, or they cannot be told */
    struct store_gap gaps[STORE_MAX_GAPS];
};

/*
 * From now on whatever is looked for in a gap counts as damaged (lookup.h, nsec3.h): what is
 * missing would else be denied, and what is there may be of earlier contents.
 *
 *   gaps   kept by pointer, and still read for a while when others take their place; NULL: none
 */
void store_doubt(struct store *store, const struct store_gaps *gaps);

/* True when nobody looks any more at gaps that store_doubt() has replaced: those may be freed. */
bool store_doubt_is_settled(const struct store *store);

/*
 * One consistent reading of everything: a read transaction and its cursor. Not for two threads at
 * once. What it yields points into the map and is valid until reset, renew or destroy.
 */
struct snapshot;

/* A snapshot of the present contents, not reset. STATUS_OK or STATUS_SYSTEM (too many readers,
 * memory). */
MUST_CHECK enum status snapshot_create(struct store *store, struct snapshot **out);

/* Lets go of the contents, keeps the reader's slot. */
void snapshot_reset(struct snapshot *snapshot);

/* After a reset: takes the present contents. STATUS_OK; STATUS_SYSTEM; STATUS_MALFORMED when the
 * file is not the one any more that its lock and its map speak of: it was replaced, or its lock was
 * deleted. */
MUST_CHECK enum status snapshot_renew(struct snapshot *snapshot);

void snapshot_destroy(struct snapshot *snapshot);

/* Number of the transaction that this snapshot shows. */
uint64_t snapshot_change(const struct snapshot *snapshot);

/* How large the database is; 0: it cannot be told. */
size_t snapshot_octets(const struct snapshot *snapshot);

/* True when a key lies in a gap of store_doubt(). */
bool snapshot_doubts(const struct snapshot *snapshot, const uint8_t *key, size_t key_octets);

/* True when a key that begins so may lie in one. */
bool snapshot_doubts_any(const struct snapshot *snapshot, const uint8_t *start, size_t octets);

/* How often what is doubted has changed, for who remembers what was found. */
uint64_t store_doubts(const struct store *store);

/* Keys that can be expected at once, and how long they may be: longer ones come as they come. */
#define SNAPSHOT_EXPECTED        32
#define SNAPSHOT_EXPECTED_OCTETS 64

/* Says that a key will be walked to, in the order of such calls, before the next reset. */
void snapshot_expect(struct snapshot *snapshot, const uint8_t *key, size_t key_octets);

/* Goes to all that is expected, all at once: what memory is slow to bring is on its way for many
 * while one is looked at. Changes nothing but how long the walks take. */
void snapshot_foresee(struct snapshot *snapshot);

/* A key and its value in the map. */
struct item {
    const uint8_t *key;
    size_t key_octets;
    const uint8_t *value;
    size_t value_octets;
};

/* Where a walk goes from the snapshot's place. */
enum walk {
    WALK_AT_OR_AFTER, /* the first item whose key is not before `key` */
    WALK_AT,          /* exactly `key` */
    WALK_NEXT,        /* the item after the last one found */
    WALK_PREVIOUS, /* the item before it; after a WALK_AT_OR_AFTER that found nothing: the last */
};

/*
 * Moves and reads.
 *
 *   key    for WALK_AT_OR_AFTER and WALK_AT, else ignored
 *
 * STATUS_OK, STATUS_NOT_FOUND, or STATUS_SYSTEM (the map is damaged). What it yields lies within
 * the file.
 */
MUST_CHECK enum status snapshot_walk(struct snapshot *snapshot, enum walk walk, const uint8_t *key,
                                     size_t key_octets, struct item *out);

#endif
