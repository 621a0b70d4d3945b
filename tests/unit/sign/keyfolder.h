/* A folder with keys for one test, what was said of them, and where files are put by hand. */
#ifndef TESTS_KEYFOLDER_H
#define TESTS_KEYFOLDER_H

#include "conf/arena.h"
#include "conf/diag.h"
#include "sign/keyfile.h"
#include "tests/unit/check.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct keyfolder {
    char base[64];
    char path[96]; /* the folder of the keys; made by whoever needs it */
    struct arena *arena;
    struct diag *diag;
    struct name zone;
};

static inline struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return name;
}

static inline void keyfolder_open(struct keyfolder *folder)
{
    const char *where = access("/dev/shm", R_OK | W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";

    // cppcheck-suppress ctuuninitvar; it is written here, not read
    snprintf(folder->base, sizeof folder->base, "%s/contactd-keys-XXXXXX", where);
    assert_non_null(mkdtemp(folder->base));
    snprintf(folder->path, sizeof folder->path, "%s/keys", folder->base);
    folder->arena = arena_create();
    folder->diag = diag_create();
    assert_non_null(folder->arena);
    assert_non_null(folder->diag);
    folder->zone = name_of("cc.example");
}

static inline int keyfolder_remove_one(const char *path, const struct stat *info, int flag,
                                       struct FTW *at)
{
    (void)info;
    (void)flag;
    (void)at;
    return remove(path);
}

static inline void keyfolder_close(struct keyfolder *folder)
{
    nftw(folder->base, keyfolder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    diag_destroy(folder->diag);
    arena_destroy(folder->arena);
}

/* "FOLDER/NAME", in the arena. */
static inline const char *keyfolder_path(struct keyfolder *folder, const char *name)
{
    return arena_format(folder->arena, "%s/%s", folder->path, name);
}

/* Writes a file into the folder, which is made where it is missing. */
static inline void keyfolder_put(struct keyfolder *folder, const char *name, const char *text,
                                 mode_t mode)
{
    mkdir(folder->path, 0700);
    const char *path = keyfolder_path(folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    assert_int_equal(chmod(path, mode), 0);
}

/* Generates a key, which must succeed. */
static inline struct keyfile keyfolder_generate(struct keyfolder *folder,
                                                enum dnssec_algorithm algorithm, uint16_t flags)
{
    struct keyfile key;
    assert_int_equal(keyfile_generate(folder->path, &folder->zone, algorithm, flags, folder->arena,
                                      folder->diag, &key),
                     STATUS_OK);
    assert_int_equal(diag_total(folder->diag), 0);
    return key;
}

/* The n-th diagnostic is of this rule, about a path that ends so, and its text has `part`. */
static inline void keyfolder_expect(const struct keyfolder *folder, size_t n, const char *rule,
                                    const char *path_end, const char *part)
{
    assert_true(n < diag_total(folder->diag));
    const struct diagnostic *said = diag_at(folder->diag, n);
    assert_string_equal(said->rule, rule);
    size_t length = strlen(said->place.file);
    assert_true(length >= strlen(path_end));
    assert_string_equal(said->place.file + length - strlen(path_end), path_end);
    if (strstr(said->message, part) == NULL)
        fail_msg("'%s' does not say '%s'", said->message, part);
}

#endif
