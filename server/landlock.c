#include "server/landlock.h"

#include "server/errno_text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's struct as of ABI 6. Headers of Debian 12 end at ABI 2; older kernels are given only
 * the members that they know. */
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
};

/* Rights of files by the ABI that brought them: bits 0..12, then REFER, TRUNCATE, IOCTL_DEV. */
#define FILES_ABI_1 ((UINT64_C(1) << 13) - 1)
#define FILES_ABI_2 (UINT64_C(1) << 13)
#define FILES_ABI_3 (UINT64_C(1) << 14)
#define FILES_ABI_5 (UINT64_C(1) << 15)
/* TCP: bind, connect. */
#define NETWORK_ABI_4 UINT64_C(3)
/* Abstract UNIX sockets and signals of whom this process did not start. */
#define SCOPED_ABI_6 UINT64_C(3)

static struct ruleset ruleset_of(long abi, size_t *octets)
{
    struct ruleset rules = {.files = FILES_ABI_1};
    *octets = sizeof rules.files;
    if (abi >= 2)
        rules.files |= FILES_ABI_2;
    if (abi >= 3)
        rules.files |= FILES_ABI_3;
    if (abi >= 4) {
        rules.network = NETWORK_ABI_4;
        *octets += sizeof rules.network;
    }
    if (abi >= 5)
        rules.files |= FILES_ABI_5;
    if (abi >= 6) {
        rules.scoped = SCOPED_ABI_6;
        *octets += sizeof rules.scoped;
    }
    return rules;
}

static uint64_t rights_of(unsigned grants, bool folder)
{
    uint64_t rights = 0;
    if (grants & LANDLOCK_GRANT_READ)
        rights |= LANDLOCK_ACCESS_FS_READ_FILE;
    if (grants & LANDLOCK_GRANT_REMOVE && folder)
        rights |= LANDLOCK_ACCESS_FS_REMOVE_FILE;
    return rights;
}

/* False with errno; a place that is not there is no failure. */
static bool grant(int ruleset, const struct landlock_place *place)
{
    struct stat what;
    struct landlock_path_beneath_attr rule = {
        .parent_fd = open(place->path, O_PATH | O_CLOEXEC),
    };
    if (rule.parent_fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    bool good = fstat(rule.parent_fd, &what) == 0;
    rule.allowed_access = rights_of(place->grants, good && S_ISDIR(what.st_mode));
    if (good && rule.allowed_access != 0)
        good = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    int error = errno;
    close(rule.parent_fd);
    errno = error;
    return good;
}

static enum status complain(char message[LANDLOCK_MESSAGE_OCTETS])
{
    int error = errno;
    char text[ERRNO_TEXT_OCTETS];
    snprintf(message, LANDLOCK_MESSAGE_OCTETS, "%s", errno_text(error, text));
    return error == ENOSYS || error == EOPNOTSUPP ? STATUS_NOT_FOUND : STATUS_SYSTEM;
}

enum status landlock_restrict(const struct landlock_place *places, size_t count, int *abi,
                              char message[LANDLOCK_MESSAGE_OCTETS])
{
    size_t octets;
    long known = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (known < 0)
        return complain(message);
    struct ruleset rules = ruleset_of(known, &octets);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, octets, 0);
    if (ruleset < 0)
        return complain(message);
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = grant(ruleset, &places[i]);
    if (good)
        good = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    enum status status = good ? STATUS_OK : complain(message);
    close(ruleset);
    *abi = (int)known;
    return status;
}
