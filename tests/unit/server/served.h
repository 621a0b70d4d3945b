/* Zones put into a database of their own and ready to be answered from. */
#ifndef TESTS_SERVED_H
#define TESTS_SERVED_H

#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "commit/commit.h"
#include "conf/config.h"
#include "conf/diag.h"
#include "server/respond.h"
#include "store/edit.h"
#include "zone/zonefile.h"

#include <stdio.h>
#include <string.h>

#define SERVED_ZONES 4

struct served {
    struct temporary temporary;
    struct arena *arena;
    struct diag *diag;
    struct store *store;
    struct zonefile *zonefiles[SERVED_ZONES];
    struct node_source sources[SERVED_ZONES]; /* what was restored */
    struct config_zone zone_configs[SERVED_ZONES];
    struct config config;
    struct snapshot *snapshot;
    struct zone_table *zones;
    struct view view;
};

/* A fresh database without a zone. */
static inline void served_start(struct served *served)
{
    static const struct store_access private_access = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];

    memset(served, 0, sizeof *served);
    assert_int_equal(temporary_create(&served->temporary), 0);
    served->arena = arena_create();
    served->diag = diag_create();
    assert_int_equal(
        store_create(served->temporary.database, &private_access, &served->store, message),
        STATUS_OK);
    served->config.zones = served->zone_configs;
    served->config.server.udp_max = 1232;
    served->config.server.tcp_idle_ms = 10000;
    served->config.server.version = "contactd test";
    served->config.server.identity = "here";
}

/* Reads a zone file into the n-th source, without restoring it. */
static inline enum status served_read(struct served *served, size_t n, const char *file)
{
    zonefile_destroy(served->zonefiles[n]);
    served->zonefiles[n] = zonefile_create(served->temporary.folder, ZONEFILE_HELD_OCTETS);
    assert_non_null(served->zonefiles[n]);
    return zonefile_read(file, NULL, served->zonefiles[n], served->diag, &served->sources[n]);
}

/* Restores a zone from a file. */
static inline void served_restore_file(struct served *served, const char *file)
{
    char message[STORE_MESSAGE_OCTETS];
    size_t n = served->config.zone_count++;
    struct commit_result result;
    struct edit *edit;

    assert_true(n < SERVED_ZONES);
    enum status status = served_read(served, n, file);
    if (status != STATUS_OK)
        diag_print(served->diag, DIAG_GNU, stderr);
    assert_int_equal(status, STATUS_OK);
    served->zone_configs[n].history = (struct config_history){86400, 1u << 26};
    assert_int_equal(edit_begin(served->store, &edit, message), STATUS_OK);
    const struct commit_request request = {
        .edit = edit, .zone = &served->zone_configs[n], .diag = served->diag};
    assert_int_equal(commit_restore(&request, &served->sources[n], &result), STATUS_OK);
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
    served->zone_configs[n].domain = served->sources[n].apex;
}

/* Restores a zone from text. */
static inline void served_restore(struct served *served, const char *text)
{
    char file[128];

    snprintf(file, sizeof file, "%s/zone", served->temporary.folder);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    served_restore_file(served, file);
    unlink(file);
}

/* A moment of 2026, seconds since 1970. */
static inline int64_t served_clock(void)
{
    return 1780000000;
}

/* Makes the view of what was restored. */
static inline void served_show(struct served *served)
{
    assert_int_equal(snapshot_create(served->store, &served->snapshot), STATUS_OK);
    assert_int_equal(zone_table_create(&served->config, served->snapshot, &served->zones),
                     STATUS_OK);
    assert_int_equal(sha1_create(&served->view.sha1), STATUS_OK);
    served->view.snapshot = served->snapshot;
    served->view.config = &served->config;
    served->view.zones = served->zones;
    served->view.clock = served_clock;
}

/* All of it for one zone. */
static inline void served_create(struct served *served, const char *text)
{
    served_start(served);
    served_restore(served, text);
    served_show(served);
}

static inline void served_destroy(struct served *served)
{
    sha1_destroy(served->view.sha1);
    zone_table_destroy(served->zones);
    snapshot_destroy(served->snapshot);
    store_close(served->store);
    diag_destroy(served->diag);
    arena_destroy(served->arena);
    for (size_t n = 0; n < SERVED_ZONES; n++)
        zonefile_destroy(served->zonefiles[n]);
    temporary_destroy(&served->temporary);
}

#endif
