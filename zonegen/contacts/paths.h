/* From the paths that somebody names to the contacts files that are read, each once. */
#ifndef CONTACTS_PATHS_H
#define CONTACTS_PATHS_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "conf/file.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>

struct paths {
    size_t count;
    const char **items;
};

/*
 * Lists the files: those named, and of folders the *.yaml *.yml *.json directly in them, in the
 * order of `paths`, a folder's by name. A file that comes again, by whatever path to its folder, is
 * left out; two names in one folder are two files, links or not.
 *
 *   out   in the arena; whether a file exists is seen when it is read
 *
 * STATUS_OK; STATUS_INVALID when a folder cannot be read or has no such file (diagnostics added,
 * rule folder-empty among them; `out` holds the files of the other paths); STATUS_SYSTEM when
 * memory is out.
 */
MUST_CHECK enum status paths_collect(const char *const *paths, size_t path_count,
                                     struct arena *arena, struct diag *diag, struct paths *out);

/* True for a name that a contacts file in a folder may have. */
bool paths_is_contacts(const char *name);

/*
 * The contacts files of a folder, or the one that `path` itself is, as they are now; none is
 * opened. Outcomes as of file_survey().
 */
MUST_CHECK enum status paths_survey(const char *path, struct arena *arena, struct diag *diag,
                                    struct file_survey *out);

#endif
