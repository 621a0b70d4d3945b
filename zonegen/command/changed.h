/*
 * Which contacts files differ from those that the database was published from, found without
 * opening those that do not.
 */
#ifndef COMMAND_CHANGED_H
#define COMMAND_CHANGED_H

#include "command/contents.h"
#include "command/sources.h"
#include "conf/arena.h"

#include <stdbool.h>

struct changed {
    struct arena *arena;
    const char *contacts; /* the folder, or the one file, without a slash at its end */
    bool is_folder;
    struct sources before; /* as stored; `fate` says what became of each */
    size_t path_count;     /* of files to be read */
    const char **paths;
};

/*
 * Opens it: looks at what is configured, and reads what is stored.
 *
 * STATUS_OK; STATUS_NOT_FOUND when the contacts are not there; STATUS_MALFORMED; STATUS_SYSTEM.
 */
MUST_CHECK enum status changed_open(const struct config *config, struct snapshot *snapshot,
                                    struct arena *arena, struct changed *out);

/*
 * Finds what changed among all files: those that are new, gone, of another content, or with an
 * entry that has crossed a threshold of freshness since its records were made. A file with another
 * stamp is read; where it has the same content all the same, its source gets the new stamp.
 *
 * STATUS_OK; STATUS_INVALID when the folder cannot be read, has no contacts, or the day is before
 * that of some records; STATUS_SYSTEM.
 */
MUST_CHECK enum status changed_find(struct changed *changed, const struct contents *contents);

/*
 * Takes files for changed, whatever they hold: one that is not there is gone.
 *
 *   names   within the folder
 *
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status changed_name(struct changed *changed, const char *const *names,
                                    size_t count);

/*
 * After the changed files were read: completes contents with summaries of the others, the labels of
 * earlier, and all sources.
 *
 * STATUS_OK; STATUS_INVALID when a label that came or went is one of another file, too, so that the
 * other's records may change with it; STATUS_SYSTEM.
 */
MUST_CHECK enum status changed_complete(struct changed *changed, struct contents *contents);

/*
 * All files as they are now: names and digests, nothing else of a source.
 *
 * STATUS_OK; STATUS_INVALID when the folder or one of its files cannot be read; STATUS_SYSTEM.
 */
MUST_CHECK enum status changed_digest_all(const struct changed *changed, struct sources *out);

/*
 * The name of a contacts file that somebody calls `path`: in the configured folder, or the one that
 * is configured. NULL where it is none, whether it exists or not.
 */
const char *changed_name_of(const struct config *config, const char *path);

/* The path of a file by its name, in the arena; NULL when memory is out. */
const char *changed_path_of(const struct changed *changed, const char *name);

/* True when `path` is the configured folder or file itself. */
bool changed_is_all(const struct config *config, const char *path);

#endif
