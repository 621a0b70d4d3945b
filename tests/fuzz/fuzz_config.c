/* contactd.conf, as anybody may write it; and what is asked of one that is right. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/lines.h"

#include "conf/config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void run(const uint8_t *octets, size_t length)
{
    struct diag *diag = diag_create();
    struct config *config = NULL;
    char *control = NULL;

    if (length > MOST_OCTETS)
        length = MOST_OCTETS;
    RULE(diag != NULL);
    const char *path = fuzz_file(octets, length);
    enum status status = config_read(path, diag, &config);
    size_t errors = diag_count(diag, SEVERITY_ERROR);
    RULE(status == STATUS_OK || status == STATUS_INVALID);
    RULE((status == STATUS_OK) == (errors == 0));
    check_diagnostics(diag);
    if (status == STATUS_OK) {
        check_config(config);
        config_destroy(config);
    }
    if (config_read_control(path, diag, &control) == STATUS_OK)
        free(control);
    diag_destroy(diag);
}

const struct fuzz_target fuzz_config = {.name = "config", .run = run, .mutate = lines_mutate};
