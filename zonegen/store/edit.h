/*
 * The single writer: one LMDB transaction, all or nothing. Only zonegen links this.
 */
#ifndef STORE_EDIT_H
#define STORE_EDIT_H

#include "store/store.h"

#include <sys/types.h>

/* Who is told, and when, that a change waits for another process that has one open. */
struct store_patience {
    unsigned after_ms;
    /* Called once, by a thread of its own while the caller waits, with one line; NULL: nobody. */
    void (*tell)(void *state, const char *line);
    void *state; /* outlives the store */
};

/* Who may read a database that zonegen creates, and who is told of waiting. */
struct store_access {
    bool shared; /* false: owner only; true: database 0640, lock 0660, with `group` */
    gid_t group;
    struct store_patience patience;
};

/*
 * Opens a database for writing; makes the file and its folder where they are missing.
 * What is there already is checked as store_open does it, since a change of damaged pages would
 * spread, or crash; of a file that is larger than STORE_WHOLE_PAGES about as many pages of records,
 * others after each change.
 *
 * Waits while another process has a change open. Outcomes as store_open, but never
 * STATUS_NOT_FOUND. At most once per process for one file.
 */
MUST_CHECK enum status store_create(const char *path, const struct store_access *access,
                                    struct store **out, char message[STORE_MESSAGE_OCTETS]);

struct edit;

/*
 * Begins a change; waits while another process has one open.
 * STATUS_OK, or STATUS_SYSTEM with `message`, also where the lock's number of the last change is
 * not the database's: a reader has written it.
 */
MUST_CHECK enum status edit_begin(struct store *store, struct edit **out,
                                  char message[STORE_MESSAGE_OCTETS]);

/* The contents with this edit's changes so far. What it yields is valid until the next put or
 * delete; its place in a walk survives them. Owned by the edit; never reset, renew or destroy it.
 */
struct snapshot *edit_snapshot(struct edit *edit);

/*
 * A second reading of the same contents with a place of its own, for one who walks while another
 * does. To be closed with edit_close_view before the edit ends. STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status edit_open_view(struct edit *edit, struct snapshot **out);
void edit_close_view(struct snapshot *view);

/* Puts a value under a key of 1..511 octets. STATUS_OK or STATUS_SYSTEM; the edit can then only be
 * aborted, and edit_commit says why. */
MUST_CHECK enum status edit_put(struct edit *edit, const uint8_t *key, size_t key_octets,
                                const uint8_t *value, size_t value_octets);

/* Deletes a key. STATUS_OK, STATUS_NOT_FOUND or STATUS_SYSTEM. */
MUST_CHECK enum status edit_delete(struct edit *edit, const uint8_t *key, size_t key_octets);

/*
 * Makes everything durable and visible at once, and frees the edit.
 * STATUS_OK, or STATUS_SYSTEM with `message` (disk full, I/O error): nothing has changed.
 */
MUST_CHECK enum status edit_commit(struct edit *edit, char message[STORE_MESSAGE_OCTETS]);

/* Forgets all changes and frees the edit. NULL is fine. */
void edit_abort(struct edit *edit);

#endif
