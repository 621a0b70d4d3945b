/* The contacts of fixture.h published into a database, and shorthands to compare what it holds. */
#ifndef TESTS_UNIT_COMMIT_PUBLISHED_H
#define TESTS_UNIT_COMMIT_PUBLISHED_H

#include "tests/unit/store/temporary.h"
#include "tests/unit/zone/fixture.h"

#include "commit/commit.h"
#include "store/zones.h"
#include "zone/stored_source.h"
#include "zone/zonemd.h"

#include <stdio.h>

struct published {
    struct fixture f;
    struct temporary temporary;
    struct store *store;
};

static inline void published_start(struct published *p)
{
    static const struct store_access private_access = {.shared = false};
    char message[STORE_MESSAGE_OCTETS];

    fixture_start(&p->f);
    p->f.zone.zonemd = true;
    p->f.zone.history = (struct config_history){86400, 1u << 26};
    assert_int_equal(temporary_create(&p->temporary), 0);
    assert_int_equal(store_create(p->temporary.database, &private_access, &p->store, message),
                     STATUS_OK);
}

static inline void published_end(struct published *p)
{
    store_close(p->store);
    temporary_destroy(&p->temporary);
    fixture_end(&p->f);
}

static inline struct edit *begin_edit(struct store *store)
{
    char message[STORE_MESSAGE_OCTETS];
    struct edit *edit = NULL;
    assert_int_equal(edit_begin(store, &edit, message), STATUS_OK);
    return edit;
}

static inline void end_edit(struct edit *edit)
{
    char message[STORE_MESSAGE_OCTETS];
    assert_int_equal(edit_commit(edit, message), STATUS_OK);
}

/* Builds the contacts for the zone of `rules` into an edit. */
static inline enum status put_build(struct edit *edit, const struct build_rules *rules, int64_t now,
                                    const struct commit_observer *observer,
                                    struct commit_result *out)
{
    struct arena *arena = arena_create();
    struct diag *diag = diag_create();
    struct build *build = NULL;

    assert_non_null(arena);
    assert_non_null(diag);
    enum status status = build_open(rules, arena, diag, &build);
    if (status != STATUS_OK)
        diag_print(diag, DIAG_GNU, stderr);
    assert_int_equal(status, STATUS_OK);
    const struct commit_request request = {
        .edit = edit, .zone = rules->zone, .now = now, .observer = observer, .diag = diag};
    status = commit_build(&request, build, out);
    build_close(build);
    diag_destroy(diag);
    arena_destroy(arena);
    return status;
}

/* Publishes; must succeed. */
static inline struct commit_result publish(struct published *p, int64_t now,
                                           const struct commit_observer *observer)
{
    struct commit_result result;
    struct edit *edit = begin_edit(p->store);
    assert_int_equal(put_build(edit, &p->f.rules, now, observer, &result), STATUS_OK);
    end_edit(edit);
    return result;
}

/* Every key and value of a table from `number` on, or of everything for a table of -1, in one
 * string of octets; to be freed. */
struct dump {
    char *octets;
    size_t length;
};

static inline struct dump dump_of(struct snapshot *snapshot, int table, uint16_t number)
{
    const uint8_t first[3] = {(uint8_t)table, (uint8_t)(number >> 8), (uint8_t)number};
    size_t prefix = table < 0 ? 0 : sizeof first;
    struct dump dump = {.octets = NULL};
    struct item item;
    FILE *out = open_memstream(&dump.octets, &dump.length);

    assert_non_null(out);
    enum status status =
        snapshot_walk(snapshot, WALK_AT_OR_AFTER, prefix > 0 ? first : (const uint8_t *)"\0",
                      prefix > 0 ? prefix : 1, &item);
    while (status == STATUS_OK && item.key_octets >= prefix &&
           memcmp(item.key, first, prefix) == 0) {
        fwrite(&item.key_octets, sizeof item.key_octets, 1, out);
        fwrite(item.key, 1, item.key_octets, out);
        fwrite(&item.value_octets, sizeof item.value_octets, 1, out);
        fwrite(item.value, 1, item.value_octets, out);
        status = snapshot_walk(snapshot, WALK_NEXT, NULL, 0, &item);
    }
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    assert_int_equal(fclose(out), 0);
    return dump;
}

/* What is committed. */
static inline struct dump dump_store(struct store *store, int table, uint16_t number)
{
    struct snapshot *snapshot;
    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    struct dump dump = dump_of(snapshot, table, number);
    snapshot_destroy(snapshot);
    return dump;
}

/* Octets that a zone has in a table. */
static inline size_t table_octets(struct store *store, int table, uint16_t number)
{
    struct dump dump = dump_store(store, table, number);
    free(dump.octets);
    return dump.length;
}

static inline bool dump_equals(const struct dump *a, const struct dump *b)
{
    return a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

/* Compares and frees both. */
static inline void assert_same(struct dump a, struct dump b)
{
    assert_true(dump_equals(&a, &b));
    free(a.octets);
    free(b.octets);
}

/* The record of a zone; points into the snapshot. */
static inline struct zone_record record_of(struct snapshot *snapshot, const char *apex)
{
    struct name name = name_of(apex);
    struct zone_record record;
    assert_int_equal(zones_find(snapshot, name.octets, &record), STATUS_OK);
    return record;
}

/* Its ZONEMD is there and fits (RFC 8976 §4). */
static inline void assert_zonemd_fits(struct store *store, const char *apex)
{
    struct snapshot *snapshot;
    struct stored_source *stored;
    bool present = false;

    assert_int_equal(snapshot_create(store, &snapshot), STATUS_OK);
    struct zone_record record = record_of(snapshot, apex);
    assert_int_equal(stored_source_open(snapshot, &record, &stored), STATUS_OK);
    struct node_source source = stored_source_nodes(stored);
    assert_int_equal(zonemd_verify(&source, &present), STATUS_OK);
    assert_true(present);
    stored_source_close(stored);
    snapshot_destroy(snapshot);
}

#endif
