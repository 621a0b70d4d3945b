#include "server/exposure.h"

#include "server/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name), octets = strlen(ending);
    return length > octets && strcmp(name + length - octets, ending) == 0;
}

/* True when some file of the folder, or the file that it is, can be read; `ending` NULL: whatever
 * it is called. */
static bool can_read(const char *path, const char *ending)
{
    DIR *folder = opendir(path);
    bool readable = false;

    if (!folder)
        return errno == ENOTDIR && access(path, R_OK) == 0;
    for (const struct dirent *item = readdir(folder); item && !readable; item = readdir(folder)) {
        if (item->d_name[0] != '.' && (!ending || ends_in(item->d_name, ending)))
            readable = faccessat(dirfd(folder), item->d_name, R_OK, AT_EACCESS) == 0;
    }
    closedir(folder);
    return readable;
}

/* The same asked by a process that becomes the user: access lists and groups count as they will. */
static bool can_user_read(const char *user, const char *path, const char *ending)
{
    int outcome = 0;
    pid_t child = fork();

    if (child == 0) {
        char ignored[PRIVILEGES_MESSAGE_OCTETS];
        bool readable = privileges_drop(user, ignored) == STATUS_OK && can_read(path, ending);
        _exit(readable ? 1 : 0);
    }
    while (child > 0 && waitpid(child, &outcome, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    return child > 0 && WIFEXITED(outcome) && WEXITSTATUS(outcome) == 1;
}

static bool is_present_account(const char *user)
{
    struct passwd entry, *found = NULL;
    char room[16384];
    return getpwnam_r(user, &entry, room, sizeof room, &found) == 0 && found &&
           found->pw_uid == geteuid();
}

static bool is_exposed(const struct config_server *server, const char *path, const char *ending)
{
    if (server->user && privileges_is_root())
        return can_user_read(server->user, path, ending);
    if (privileges_is_root() || (server->user && !is_present_account(server->user)))
        return false;
    return can_read(path, ending);
}

void exposure_find(const struct config *config, struct diag *diag)
{
    const char *user = config->server.user ? config->server.user : "this account";

    for (size_t i = 0; i < config->zone_count; i++) {
        const struct config_policy *policy = config->zones[i].policy;
        struct place place = config->zones[i].place;
        if (!config->zones[i].dnssec || !is_exposed(&config->server, policy->key_dir, ".private"))
            continue;
        if (config->server.user)
            diag_error(diag, place, "keys-exposed",
                       "'%s', who serves, can read signing keys in %s; run: chown -R root %s; "
                       "chmod -R go= %s",
                       user, policy->key_dir, policy->key_dir, policy->key_dir);
        else
            diag_warning(diag, place, "keys-exposed",
                         "%s, which serves, can read the signing keys in %s; let another one serve "
                         "('user')",
                         user, policy->key_dir);
        break;
    }
    /* Who edits, signs and serves alike, as in a trial, knows it. */
    if (config->contacts && config->server.user &&
        is_exposed(&config->server, config->contacts, NULL))
        diag_warning(diag, config->contacts_place, "contacts-exposed",
                     "%s, which serves, can read the contacts, what is internal in them too; run: "
                     "chmod -R o= %s",
                     user, config->contacts);
}
