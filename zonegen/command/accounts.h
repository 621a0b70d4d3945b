/*
 * Files and entries, and what sources.h remembers of them, one made from the other: an account is
 * taken of each file while it is read and completed from its entry; a source that is still right is
 * an entry in summary.
 */
#ifndef COMMAND_ACCOUNTS_H
#define COMMAND_ACCOUNTS_H

#include "command/sources.h"
#include "contacts/contacts.h"

#include <stdbool.h>

/* What was seen of the files so far. */
struct accounts {
    struct arena *arena; /* owns the names */
    int64_t clock_ns;    /* the machine's, before the first file: nanoseconds since 1970 */
    struct contacts_witness witness;
    size_t count, room;
    struct source *items; /* freed by accounts_close() */
    struct evp_md_ctx_st *digester;
    bool failed; /* memory is out */
};

/* `out` must stay where it is: its witness is what contacts_read() is given. */
void accounts_open(struct arena *arena, struct accounts *out);
void accounts_close(struct accounts *accounts);

/*
 * Completes the account of each file from its entry.
 *
 *   today   the day that the records are made for
 *   out     in the arena
 *
 * STATUS_OK, or STATUS_SYSTEM. Files whose entry is not there are left out.
 */
MUST_CHECK enum status accounts_complete(const struct accounts *accounts,
                                         const struct contacts *contacts, int32_t today,
                                         struct sources *out);

/* SHA-256 of octets. */
void accounts_digest(const void *octets, size_t length, uint8_t out[SOURCE_DIGEST_OCTETS]);

/* The name within its folder: what follows the last slash. */
const char *accounts_base_name(const char *path);

/*
 * Adds the sources that stay to the contacts that were read, in summary. STATUS_OK or
 * STATUS_SYSTEM.
 */
MUST_CHECK enum status accounts_summarise(const struct sources *sources, struct arena *arena,
                                          struct contacts *contacts);

#endif
