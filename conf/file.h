/* Whole files and folders into memory, with the errors that people make. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "conf/opener.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a file whole into the arena, with a NUL after it.
 * STATUS_OK, or STATUS_INVALID with one diagnostic that names the file and why: missing,
 * unreadable, a folder, larger than `limit` octets.
 */
MUST_CHECK enum status file_read(const char *path, size_t limit, struct arena *arena,
                                 struct diag *diag, char **octets, size_t *length);

/*
 * What tells, without reading it, that a file is still the one that was read. All zero: nothing
 * does. Times are in nanoseconds since 1970.
 */
struct file_stamp {
    uint64_t octets;
    uint64_t inode;
    int64_t modified_ns; /* mtime: set back by whoever likes */
    int64_t changed_ns;  /* ctime: not by them */
};

bool file_stamp_equals(const struct file_stamp *a, const struct file_stamp *b);

/* A file as it was read; its stamp was taken before its octets. */
struct file_content {
    char *octets; /* in the arena, a NUL after them */
    size_t length;
    struct file_stamp stamp;
};

/* file_read(), with the stamp; that of a pipe is zero. */
MUST_CHECK enum status file_read_stamped(const char *path, size_t limit, struct arena *arena,
                                         struct diag *diag, struct file_content *out);

/* file_read_stamped(), opened by `opener`; the limit is FILE_OPENED_OCTETS. */
#define FILE_OPENED_OCTETS (1 << 24)
MUST_CHECK enum status file_read_by(const struct opener *opener, const char *path,
                                    struct arena *arena, struct diag *diag,
                                    struct file_content *out);

/* A file of a folder; its stamp is zero where it could not be taken. */
struct file_item {
    const char *name;
    struct file_stamp stamp;
};

struct file_survey {
    size_t count;
    struct file_item *items; /* by name */
};

/* The files that file_list() lists, as they are now; none is opened. Outcomes as there. */
MUST_CHECK enum status file_survey(const char *folder, const char *const *endings,
                                   struct arena *arena, struct diag *diag, struct file_survey *out);

/* The same of one file, called by the last part of its path. */
MUST_CHECK enum status file_survey_one(const char *path, struct arena *arena, struct diag *diag,
                                       struct file_survey *out);

/* True for names that file_list() lists: not hidden, with one of the endings. */
bool file_is_listed(const char *name, const char *const *endings);

/*
 * Lists the files of a folder whose names end in one of `endings` (NULL-terminated list), not
 * below it, hidden ones aside, sorted by name, each as "FOLDER/NAME".
 * STATUS_OK (also for none), or STATUS_INVALID with a diagnostic.
 */
MUST_CHECK enum status file_list(const char *folder, const char *const *endings,
                                 struct arena *arena, struct diag *diag, char ***paths,
                                 size_t *count);

/* "FOLDER/NAME", in the arena; NULL when memory is out. */
char *file_join(struct arena *arena, const char *folder, const char *name);

/*
 * A path that is written in `file`: as it is when absolute, else relative to the folder of `file`.
 * In the arena; NULL when memory is out.
 */
char *file_beside(struct arena *arena, const char *file, const char *path);

#endif
