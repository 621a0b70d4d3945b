/* Whole files and folders into memory, with the errors that people make. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "wire/status.h"

#include <stddef.h>

/*
 * Reads a file whole into the arena, with a NUL after it.
 * STATUS_OK, or STATUS_INVALID with one diagnostic that names the file and why: missing,
 * unreadable, a folder, larger than `limit` octets.
 */
MUST_CHECK enum status file_read(const char *path, size_t limit, struct arena *arena,
                                 struct diag *diag, char **octets, size_t *length);

/*
 * Lists the files of a folder whose names end in one of `endings` (NULL-terminated list), not
 * below it, hidden ones aside, sorted by name, each as "FOLDER/NAME".
 * STATUS_OK (also for none), or STATUS_INVALID with a diagnostic.
 */
MUST_CHECK enum status file_list(const char *folder, const char *const *endings,
                                 struct arena *arena, struct diag *diag, char ***paths,
                                 size_t *count);

/*
 * A path that is written in `file`: as it is when absolute, else relative to the folder of `file`.
 * In the arena; NULL when memory is out.
 */
char *file_beside(struct arena *arena, const char *file, const char *path);

#endif
