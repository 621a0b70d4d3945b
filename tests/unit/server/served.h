/* A zone put into a database of its own and ready to be answered from. */
#ifndef TESTS_SERVED_H
#define TESTS_SERVED_H

#include "tests/unit/check.h"
#include "tests/unit/store/temporary.h"

#include "conf/config.h"
#include "conf/diag.h"
#include "server/respond.h"
#include "store/edit.h"
#include "zone/commit.h"
#include "zone/zonefile.h"

#include <stdio.h>
#include <string.h>

struct served {
    struct temporary temporary;
    struct arena *arena;
    struct diag *diag;
    struct store *store;
    struct config_zone zone;
    struct config config;
    struct snapshot *snapshot;
    struct zone_table *zones;
    struct view view;
};

/* Restores a zone file, text, whose apex is example., into a fresh database. */
static inline void served_create(struct served *served, const char *text)
{
    static const struct store_access private_access = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];
    char file[128];
    struct node_source source;
    struct commit_result result;
    struct edit *edit;

    memset(served, 0, sizeof *served);
    assert_int_equal(temporary_create(&served->temporary), 0);
    snprintf(file, sizeof file, "%s/zone", served->temporary.folder);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    served->arena = arena_create();
    served->diag = diag_create();
    assert_int_equal(zonefile_read(file, NULL, served->arena, served->diag, &source), STATUS_OK);
    unlink(file);
    assert_int_equal(
        store_create(served->temporary.database, &private_access, &served->store, message),
        STATUS_OK);
    assert_int_equal(edit_begin(served->store, &edit, message), STATUS_OK);
    assert_int_equal(commit_restore(edit, &source, 0, NULL, served->diag, &result), STATUS_OK);
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
    served->zone.domain = source.apex;
    served->config.zone_count = 1;
    served->config.zones = &served->zone;
    served->config.server.udp_max = 1232;
    served->config.server.tcp_idle_ms = 10000;
    served->config.server.version = "contactd test";
    served->config.server.identity = "here";
    assert_int_equal(snapshot_create(served->store, &served->snapshot), STATUS_OK);
    assert_int_equal(zone_table_create(&served->config, served->snapshot, &served->zones),
                     STATUS_OK);
    served->view = (struct view){served->snapshot, &served->config, served->zones};
}

static inline void served_destroy(struct served *served)
{
    zone_table_destroy(served->zones);
    snapshot_destroy(served->snapshot);
    store_close(served->store);
    diag_destroy(served->diag);
    arena_destroy(served->arena);
    temporary_destroy(&served->temporary);
}

#endif
