/*
 * Which files may be opened for a server that runs: those in the folders of what its configuration
 * named at the start, but for what belongs to zonegen alone. Opens nothing itself.
 */
#ifndef SERVER_KEEPER_FOLDERS_H
#define SERVER_KEEPER_FOLDERS_H

#include "conf/config.h"

#include <stdbool.h>
#include <stddef.h>

#define KEEPER_FOLDERS_MAX 64

/* Absolute paths without links; the caller's memory. */
struct keeper_folders {
    size_t open_count;
    const char *open[KEEPER_FOLDERS_MAX]; /* folders; files where that would be the root folder */
    size_t closed_count;
    const char *closed[KEEPER_FOLDERS_MAX]; /* contacts and signing keys; these count first */
};

/*
 * Those of a configuration: its own files, what its items name, and what links among these lead
 * to. Beyond KEEPER_FOLDERS_MAX folders, or without memory, fewer are open: what is then asked for
 * needs a restart. The closed ones are never dropped: where they do not fit, nothing is open.
 */
void keeper_folders_find(const struct config *config, struct keeper_folders *out);

/* Closes one more place, which a reload names first. False where it does not fit, or without
 * memory: it stays as it was. */
bool keeper_folders_close(struct keeper_folders *folders, const char *path);

/* 0, OPENER_OUTSIDE or OPENER_FORBIDDEN of a path as realpath(3) gives it. */
int keeper_folders_check(const struct keeper_folders *folders, const char *resolved);

/* Writes the folder that a path lies in: "/", or ".", or what stands before its last slash. */
void keeper_folder_of(const char *path, char *out, size_t octets);

#endif
