/* What the keeper opens for a server that may open nothing, and what it does not. */
#include "tests/unit/check.h"

#include "conf/opener.h"
#include "server/keeper.h"
#include "server/keeper_folders.h"
#include "server/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder with a configuration in it, its contacts, and a control socket. */
struct premises {
    char folder[64];
    char path[128], contacts[128], secret[128], control[128];
    const char *files[1];
    struct config config;
    struct control_socket socket;
    struct keeper *keeper;
};

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    char message[KEEPER_MESSAGE_OCTETS + CONTROL_MESSAGE_OCTETS];
    struct premises *at = calloc(1, sizeof *at);

    *state = at;
    snprintf(at->folder, sizeof at->folder, "/tmp/contactd-keeper-XXXXXX");
    assert_non_null(mkdtemp(at->folder));
    snprintf(at->path, sizeof at->path, "%s/contactd.conf", at->folder);
    snprintf(at->contacts, sizeof at->contacts, "%s/contacts", at->folder);
    snprintf(at->secret, sizeof at->secret, "%s/contacts/no.yaml", at->folder);
    snprintf(at->control, sizeof at->control, "%s/control", at->folder);
    assert_int_equal(mkdir(at->contacts, 0700), 0);
    write_text(at->path, "first");
    write_text(at->secret, "internal");
    at->files[0] = at->path;
    at->config = (struct config){
        .path = at->path,
        .file_count = 1,
        .files = at->files,
        .contacts = at->contacts,
        .server = {.control = at->control, .control_mode = 0600},
    };
    assert_int_equal(control_socket_open(&at->config.server, &at->socket, message), STATUS_OK);
    privileges_freeze(); /* as main does: a filter wants it */
    assert_int_equal(keeper_start(&at->config, &at->socket, &at->keeper, message), STATUS_OK);
    return 0;
}

static int teardown(void **state)
{
    struct premises *at = *state;
    keeper_stop(at->keeper);
    control_socket_close(&at->socket);
    unlink(at->control);
    unlink(at->path);
    unlink(at->secret);
    rmdir(at->contacts);
    assert_int_equal(rmdir(at->folder), 0);
    free(at);
    return 0;
}

static void assert_refused(const struct premises *at, const char *path, int error)
{
    errno = 0;
    assert_int_equal(opener_open(keeper_opener(at->keeper), path, 0), -1);
    assert_int_equal(errno, error);
}

static void assert_opened(const struct premises *at, const char *path, const char *text)
{
    char octets[64] = "";
    int file = opener_open(keeper_opener(at->keeper), path, 0);
    assert_true(file >= 0);
    assert_int_equal(read(file, octets, sizeof octets - 1), strlen(text));
    assert_string_equal(octets, text);
    assert_int_equal(fcntl(file, F_GETFL) & O_ACCMODE, O_RDONLY);
    close(file);
}

static void what_was_named_is_opened_as_it_is_now(void **state)
{
    const struct premises *at = *state;
    char other[128];

    assert_opened(at, at->path, "first");
    snprintf(other, sizeof other, "%s/new", at->folder);
    write_text(other, "second");
    assert_int_equal(rename(other, at->path), 0);
    assert_opened(at, at->path, "second");
    snprintf(other, sizeof other, "%s/contacts/../contactd.conf", at->folder);
    assert_opened(at, other, "second");
}

static void contacts_other_places_and_links_to_them_stay_closed(void **state)
{
    const struct premises *at = *state;
    char path[PATH_MAX + 16];

    assert_refused(at, at->secret, OPENER_FORBIDDEN);
    assert_refused(at, "/etc/hostname", OPENER_OUTSIDE);
    snprintf(path, sizeof path, "%s/contacts/../contacts/no.yaml", at->folder);
    assert_refused(at, path, OPENER_FORBIDDEN);
    snprintf(path, sizeof path, "%s/link", at->folder);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_refused(at, path, OPENER_OUTSIDE);
    unlink(path);
    assert_int_equal(symlink(at->secret, path), 0);
    assert_refused(at, path, OPENER_FORBIDDEN);
    unlink(path);
    snprintf(path, sizeof path, "%s/missing", at->folder);
    assert_refused(at, path, ENOENT);
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_refused(at, path, ENAMETOOLONG);
}

/* A reload may name another folder for signing keys, in one that is open: from then on it is
 * closed.
 */
static void what_a_reload_names_as_private_is_closed_from_then_on(void **state)
{
    const struct premises *at = *state;
    char message[CONTROL_MESSAGE_OCTETS] = "";
    char folder[128], key[160];
    struct config_policy policies[KEEPER_FOLDERS_MAX] = {{.key_dir = folder}};
    struct config fresh = at->config;

    snprintf(folder, sizeof folder, "%s/keys", at->folder);
    snprintf(key, sizeof key, "%s/Kcc.example.private", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_text(key, "secret");
    assert_opened(at, key, "secret");
    fresh.policies = policies;
    fresh.policy_count = 1;
    assert_int_equal(keeper_close(at->keeper, &fresh, message), STATUS_OK);
    assert_refused(at, key, OPENER_FORBIDDEN);
    assert_refused(at, at->secret, OPENER_FORBIDDEN);
    assert_opened(at, at->path, "first");

    /* More than it can remember: said, and what was closed stays so. */
    char names[KEEPER_FOLDERS_MAX][8];
    for (size_t i = 0; i < KEEPER_FOLDERS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "/n%zu", i);
        policies[i].key_dir = names[i];
    }
    fresh.policy_count = KEEPER_FOLDERS_MAX;
    assert_int_equal(keeper_close(at->keeper, &fresh, message), STATUS_SYSTEM);
    assert_non_null(strstr(message, "/n62 is not yet closed"));
    assert_non_null(strstr(message, "needs a restart"));
    assert_refused(at, key, OPENER_FORBIDDEN);
    unlink(key);
    assert_int_equal(rmdir(folder), 0);
}

static void the_control_socket_takes_its_mode_and_goes_through_it(void **state)
{
    struct premises *at = *state;
    char message[CONTROL_MESSAGE_OCTETS] = "";
    struct config_server server = at->config.server;
    struct stat before, after;

    assert_int_equal(stat(at->control, &before), 0);
    assert_int_equal(before.st_mode & 0777, 0600);
    server.control_mode = 0660;
    assert_int_equal(keeper_permit(at->keeper, &server, message), STATUS_OK);
    assert_int_equal(stat(at->control, &after), 0);
    assert_int_equal(after.st_mode & 0777, 0660);
    server.control_group = "no-such-group-here";
    assert_int_equal(keeper_permit(at->keeper, &server, message), STATUS_INVALID);
    assert_non_null(strstr(message, "there is no group 'no-such-group-here'"));
    keeper_remove_control(at->keeper);
    assert_int_equal(stat(at->control, &after), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_named_is_opened_as_it_is_now, setup, teardown),
        cmocka_unit_test_setup_teardown(contacts_other_places_and_links_to_them_stay_closed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_a_reload_names_as_private_is_closed_from_then_on,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_control_socket_takes_its_mode_and_goes_through_it,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
