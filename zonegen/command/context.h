/*
 * What the commands share: the arguments, the streams, the clock, the configuration, the way to
 * the database. Everything that a command needs comes in through here.
 */
#ifndef COMMAND_CONTEXT_H
#define COMMAND_CONTEXT_H

#include "command/options.h"
#include "command/progress.h"
#include "conf/config.h"
#include "conf/diag.h"
#include "store/edit.h"
#include "wire/name.h"

#include <stdint.h>
#include <stdio.h>

struct context {
    const struct options *options;
    FILE *out;
    FILE *err;
    int64_t now;           /* seconds since 1970: --now, or the machine's clock */
    struct config *config; /* NULL until context_configure() */
    struct diag *diag;
    struct progress progress;
    bool output_told;     /* that standard output takes nothing */
    bool committed;       /* a change of the database is made */
    unsigned patience_ms; /* before it says that it waits for another process's change */
};

/* STATUS_OK, or STATUS_SYSTEM when memory is out. context_close() is fine after both. */
MUST_CHECK enum status context_open(struct context *context, const struct options *options,
                                    int64_t clock, FILE *out, FILE *err);
void context_close(struct context *context);

/* Prints "zonegen: " and one line on standard error. */
void context_say(struct context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says that memory is out. */
void context_say_memory(struct context *context);

/*
 * Reads the configuration: -c, or the default. Its warnings stay in `diag`.
 * STATUS_OK, or what config_read reports; its errors are then in `diag`.
 */
MUST_CHECK enum status context_read_config(struct context *context);

/*
 * The same for every command but check: errors go to standard error, and a configuration without a
 * zone is one.
 */
MUST_CHECK enum status context_configure(struct context *context);

/*
 * Says on standard error why something could not be read: a lone diagnostic without a line as one
 * line of our own ("zonegen: FILE: no such file"), several as they are. Empties nothing.
 */
void context_say_diagnostics(struct context *context);

/* False, and said, when the clock is one that no serial should be made from. */
MUST_CHECK bool context_clock_is_set(struct context *context);

/*
 * Opens the database for changes, readable for the server's group; forgets dead readers.
 * STATUS_OK, or another status, said on standard error.
 */
MUST_CHECK enum status context_open_store(struct context *context, struct store **out);

/* Begins a change of it; waits while another process has one open. Outcomes as above. */
MUST_CHECK enum status context_begin_edit(struct context *context, struct store *store,
                                          struct edit **out);

/*
 * Opens a database that must be there already, which context_open_store() would make, and begins a
 * change of it. Outcomes as above; `*store` is to be closed after all of them.
 */
MUST_CHECK enum status context_open_edit(struct context *context, struct store **store,
                                         struct edit **edit);

/*
 * Says why a change cannot be made durable, or prepared. LMDB reports a disk that fills up in the
 * middle of a write as an input/output error: where the disk is full, that is said instead.
 */
void context_say_commit(struct context *context, const char *message);

/*
 * Says that a change could not be brought into an edit, and why: errno, which was 0 before it.
 *
 *   outcome   "nothing is published"
 */
void context_say_unchanged(struct context *context, const char *outcome);

/*
 * Makes a change durable; the edit is gone afterwards either way. Nothing is changed where standard
 * output is seen to be unable to tell of it: a full disk, a pipe without a reader.
 * STATUS_OK, or STATUS_SYSTEM, said: then nothing has changed.
 */
MUST_CHECK enum status context_commit(struct context *context, struct edit *edit);

/*
 * Writes out what was printed so far, for a command that takes back what nobody could be told of.
 *
 *   outcome   "no key is made"
 *
 * STATUS_OK, or STATUS_SYSTEM, said.
 */
MUST_CHECK enum status context_tell(struct context *context, const char *outcome);

/*
 * Opens an empty database that has no name, and vanishes when it is closed: what plan compares with
 * where nothing was ever published. Outcomes as above.
 */
MUST_CHECK enum status context_open_empty_store(struct context *context, struct store **out);

/* Reads a domain name as the configuration has it, in any script (conf/names.h). STATUS_OK, or
 * STATUS_INVALID, said. */
MUST_CHECK enum status context_read_name(struct context *context, const char *text,
                                         struct name *out);

/*
 * The configured zone that an operand names, the only one where it is NULL.
 * STATUS_OK; STATUS_NOT_FOUND, said, when there is none or too many.
 */
MUST_CHECK enum status context_zone(struct context *context, const char *operand,
                                    const struct config_zone **out);

/* A name as people write it, without the final dot: "cc.example"; "." for the root. */
const char *context_name_text(const struct name *name, char text[NAME_TEXT_OCTETS]);

#endif
