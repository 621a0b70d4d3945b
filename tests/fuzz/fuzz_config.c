/*
 * contactd.conf, as anybody may write it; and what is asked of one that is right. Of the files that
 * it includes there is one, `more.conf`; nothing else of the machine is opened.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/lines.h"

#include "conf/config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_OCTETS 65536

/* Every diagnostic can be printed, in every form, and says something. */
static void check_diagnostics(struct diag *diag)
{
    static FILE *nowhere;

    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    diag_sort(diag);
    for (size_t i = 0; i < diag_total(diag); i++) {
        const struct diagnostic *d = diag_at(diag, i);
        RULE(d->message && d->message[0] != '\0' && !strchr(d->message, '\n'));
    }
    diag_print(diag, DIAG_GNU, nowhere);
    diag_print(diag, DIAG_JSON, nowhere);
    diag_print(diag, DIAG_GITHUB, nowhere);
}

static void check_acls(const struct config *config)
{
    const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};
    const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const char *const names[] = {"ns1.example", "xfr.example"};

    for (size_t i = 0; i < config->zone_count; i++)
        for (unsigned bits = 0; bits < 16; bits++) {
            const struct config_asker asker = {
                .address = bits & 1 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6,
                .key = bits & 2 && config->key_count > 0 ? &config->keys[0] : NULL,
                .tls = bits & 4,
                .name_count = bits & 8 ? 2 : 0,
                .names = names};
            bool open = config_acl_allows(&config->zones[i], ACL_TRANSFER, &asker, true);
            bool closed = config_acl_allows(&config->zones[i], ACL_TRANSFER, &asker, false);
            RULE(open || !closed);
        }
}

static void check_config(const struct config *config)
{
    RULE(config->zone_count > 0 && config->database);
    RULE(config->server.udp_max >= 512 && config->server.udp_max <= 4096);
    for (size_t i = 0; i < config->zone_count; i++) {
        const struct config_zone *zone = &config->zones[i];
        RULE(zone->policy && name_octets(zone->domain.octets) == zone->domain.length);
        RULE(zone->nameserver_count > 0 || zone->catalog);
    }
    RULE(config_needs_restart(config, config) == NULL);
    check_acls(config);
}

/* Opens the file itself, and counts what else it asks for. */
struct files {
    const char *path;
    size_t others;
};

static int more_file(void)
{
    static const char text[] = "log:\n  level: debug\nkey:\n  - id: more.example\n    "
                               "algorithm: hmac-sha256\n    secret: AAAAAAAAAAAAAAAAAAAAAA==\n";
    int file = memfd_create("more", MFD_CLOEXEC);

    RULE(file >= 0 && write(file, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    RULE(lseek(file, 0, SEEK_SET) == 0);
    return file;
}

static int open_file(void *context, const char *path)
{
    struct files *files = context;
    const char *last = strrchr(path, '/');

    if (strcmp(path, files->path) == 0)
        return open(path, O_RDONLY | O_CLOEXEC);
    files->others++;
    if (last && strcmp(last, "/more.conf") == 0)
        return more_file();
    errno = files->others % 2 ? ENOENT : OPENER_OUTSIDE;
    return -1;
}

static void run(const uint8_t *octets, size_t length)
{
    struct diag *diag = diag_create();
    struct config *config = NULL;
    char *control = NULL;

    if (length > MOST_OCTETS)
        length = MOST_OCTETS;
    RULE(diag != NULL);
    const char *path = fuzz_file(octets, length);
    struct files files = {.path = path};
    const struct opener opener = {.open = open_file, .context = &files};
    enum status status = config_read_by(path, &opener, diag, &config);
    size_t errors = diag_count(diag, SEVERITY_ERROR);
    RULE(status == STATUS_OK || status == STATUS_INVALID);
    RULE((status == STATUS_OK) == (errors == 0));
    check_diagnostics(diag);
    if (status == STATUS_OK) {
        check_config(config);
        config_destroy(config);
    }
    /* That one has no opener. */
    if (files.others == 0 && config_read_control(path, diag, &control) == STATUS_OK)
        free(control);
    diag_destroy(diag);
}

const struct fuzz_target fuzz_config = {.name = "config", .run = run, .mutate = lines_mutate};
