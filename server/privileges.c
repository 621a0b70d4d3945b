#include "server/privileges.h"

#include "server/errno_text.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ACCOUNT_OCTETS 16384

struct account {
    uid_t user;
    gid_t group;
};

static enum status find_account(const char *name, struct account *out,
                                char message[PRIVILEGES_MESSAGE_OCTETS])
{
    struct passwd entry;
    struct passwd *found = NULL;
    char text[ERRNO_TEXT_OCTETS];
    char *buffer = malloc(ACCOUNT_OCTETS);
    int error = buffer ? getpwnam_r(name, &entry, buffer, ACCOUNT_OCTETS, &found) : ENOMEM;

    if (found)
        *out = (struct account){found->pw_uid, found->pw_gid};
    free(buffer);
    if (found)
        return STATUS_OK;
    if (error != 0) {
        snprintf(message, PRIVILEGES_MESSAGE_OCTETS, "cannot look up user '%.64s': %s", name,
                 errno_text(error, text));
        return STATUS_SYSTEM;
    }
    snprintf(message, PRIVILEGES_MESSAGE_OCTETS,
             "there is no user '%.64s'; create it (adduser --system --group), or change 'user'",
             name);
    return STATUS_INVALID;
}

/* True when neither root's number nor root's group can be had again. */
static bool is_final(const struct account *account)
{
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    if (getresuid(&real, &effective, &saved) != 0 ||
        getresgid(&real_group, &effective_group, &saved_group) != 0)
        return false;
    if (real != account->user || effective != account->user || saved != account->user ||
        real_group != account->group || effective_group != account->group ||
        saved_group != account->group)
        return false;
    /* A user who is root stays root; whoever writes that into the file has been asked for it. */
    return account->user == 0 || (setuid(0) != 0 && seteuid(0) != 0 &&
                                  (account->group == 0 || (setgid(0) != 0 && setegid(0) != 0)));
}

/* What could ever be had again, for what a file's set-user-ID bit or capabilities would give; all
 * but `kept`. Without CAP_SETPCAP it stays as the service manager made it. */
static void drop_bounds(uint64_t kept)
{
    for (unsigned long n = 0; prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0; n++) {
        if (n >= 64 || !(kept >> n & 1))
            (void)prctl(PR_CAPBSET_DROP, n, 0, 0, 0);
    }
}

/* Effective, permitted and inheritable. libcap would be a library for one system call. */
static int set_capabilities(uint64_t kept)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {
        {(uint32_t)kept, (uint32_t)kept, 0},
        {(uint32_t)(kept >> 32), (uint32_t)(kept >> 32), 0},
    };
    return (int)syscall(SYS_capset, &header, sets);
}

enum status privileges_shed(bool keeps_files, char message[PRIVILEGES_MESSAGE_OCTETS])
{
    uint64_t kept = 0;
    if (keeps_files && geteuid() == 0)
        kept = UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_CHOWN;
    drop_bounds(kept);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (set_capabilities(kept) == 0)
        return STATUS_OK;
    /* Root in a container may hold less than that: then it keeps nothing. */
    if (kept != 0 && set_capabilities(0) == 0)
        return STATUS_OK;
    char text[ERRNO_TEXT_OCTETS];
    snprintf(message, PRIVILEGES_MESSAGE_OCTETS, "cannot give up capabilities: %s",
             errno_text(errno, text));
    return STATUS_SYSTEM;
}

enum status privileges_drop(const char *user, char message[PRIVILEGES_MESSAGE_OCTETS])
{
    struct account account;
    enum status status = find_account(user, &account, message);
    if (status != STATUS_OK)
        return status;
    if (geteuid() != 0) {
        if (geteuid() == account.user)
            return STATUS_OK;
        snprintf(message, PRIVILEGES_MESSAGE_OCTETS,
                 "cannot become user '%.64s': only root can; start as root, or leave out 'user'",
                 user);
        return STATUS_DENIED;
    }
    drop_bounds(0);
    /* Groups first: afterwards there is no right to change them. */
    if (initgroups(user, account.group) != 0 ||
        setresgid(account.group, account.group, account.group) != 0 ||
        setresuid(account.user, account.user, account.user) != 0) {
        char text[ERRNO_TEXT_OCTETS];
        snprintf(message, PRIVILEGES_MESSAGE_OCTETS, "cannot become user '%.64s': %s", user,
                 errno_text(errno, text));
        return STATUS_SYSTEM;
    }
    if (!is_final(&account)) {
        snprintf(message, PRIVILEGES_MESSAGE_OCTETS,
                 "user '%.64s' could become root again: refusing to run", user);
        return STATUS_SYSTEM;
    }
    return STATUS_OK;
}

void privileges_freeze(void)
{
    /* Fails only on kernels before 3.5, and then nothing is worse than before. */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void privileges_hide_memory(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

bool privileges_is_root(void)
{
    return geteuid() == 0;
}

size_t privileges_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    struct rlimit raised = {limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) != 0)
        return limit.rlim_cur;
    return raised.rlim_cur;
}
