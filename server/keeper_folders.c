#include "server/keeper_folders.h"

#include "conf/opener.h"
#include "conf/options.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void keeper_folder_of(const char *path, char *out, size_t octets)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, octets, ".");
    else if (slash == path)
        snprintf(out, octets, "/");
    else
        snprintf(out, octets, "%.*s", (int)(slash - path), path);
}

static bool has(const char *const *paths, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(paths[i], path) == 0)
            return true;
    }
    return false;
}

/* False when there is no room or no memory. */
static bool add(const char **paths, size_t *count, const char *path)
{
    if (has((const char *const *)paths, *count, path))
        return true;
    char *copy = *count < KEEPER_FOLDERS_MAX ? strdup(path) : NULL;
    if (!copy)
        return false;
    paths[(*count)++] = copy;
    return true;
}

/* The folder that a name lies in, without links; of one in the root folder, the name itself. */
static void open_folder(struct keeper_folders *folders, const char *path)
{
    char folder[PATH_MAX], resolved[PATH_MAX];
    keeper_folder_of(path, folder, sizeof folder);
    if (!realpath(folder, resolved))
        return;
    add(folders->open, &folders->open_count, strcmp(resolved, "/") == 0 ? path : resolved);
}

/* Where the name is, and where the file is that it leads to: a renewed certificate is a new file
 * there. */
static void open_file(struct keeper_folders *folders, const char *path)
{
    char resolved[PATH_MAX];
    if (!path)
        return;
    open_folder(folders, path);
    if (realpath(path, resolved))
        open_folder(folders, resolved);
}

bool keeper_folders_close(struct keeper_folders *folders, const char *path)
{
    char resolved[PATH_MAX];
    if (!path)
        return true;
    /* Not there yet: its name counts as it stands. */
    return add(folders->closed, &folders->closed_count, realpath(path, resolved) ? resolved : path);
}

static bool is_opened_by_server(const struct option *option)
{
    return option->section == SECTION_SERVER && option->kind == OPTION_PATH &&
           strcmp(option->item, "control") != 0;
}

static void open_named(struct keeper_folders *folders, const struct config *config)
{
    size_t count = 0;
    const struct option *table = option_table(&count);

    for (size_t i = 0; i < config->file_count; i++)
        open_file(folders, config->files[i]);
    for (size_t i = 0; i < config->key_count; i++)
        open_file(folders, config->keys[i].secret_file);
    /* Whatever file the section `server` has an item for. */
    for (size_t i = 0; i < count; i++) {
        const char *path = NULL;
        if (!is_opened_by_server(&table[i]))
            continue;
        memcpy(&path, (const uint8_t *)&config->server + table[i].offset, sizeof path);
        open_file(folders, path);
    }
}

void keeper_folders_find(const struct config *config, struct keeper_folders *out)
{
    *out = (struct keeper_folders){.open_count = 0};
    bool closed = keeper_folders_close(out, config->contacts);
    for (size_t i = 0; i < config->policy_count; i++)
        closed = keeper_folders_close(out, config->policies[i].key_dir) && closed;
    if (closed)
        open_named(out, config);
}

static bool lies_in(const char *path, const char *const *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(places[i]);
        if (strncmp(path, places[i], length) == 0 && (path[length] == '/' || path[length] == '\0'))
            return true;
    }
    return false;
}

int keeper_folders_check(const struct keeper_folders *folders, const char *resolved)
{
    if (lies_in(resolved, folders->closed, folders->closed_count))
        return OPENER_FORBIDDEN;
    return lies_in(resolved, folders->open, folders->open_count) ? 0 : OPENER_OUTSIDE;
}
