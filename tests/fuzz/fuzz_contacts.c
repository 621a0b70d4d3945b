/*
 * A contacts file of .nl. What is right is built into a zone, printed, and read again: the same
 * records, within what other servers take.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/lines.h"
#include "tests/fuzz/reprint.h"

#include "conf/yaml.h"
#include "contacts/entry_read.h"
#include "zone/build.h"
#include "zone/rdata.h"
#include "zone/zonefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OCTETS 32768
#define TODAY       20600 /* in 2026 */

static struct contacts_rules *rules(void)
{
    static struct arena *arena; /* stays */
    static struct contacts_rules *made;

    if (!made) {
        arena = arena_create();
        struct diag *diag = diag_create();
        made = arena_alloc(arena, sizeof *made);
        RULE(delegated_read(NULL, arena, diag, &made->delegated) == STATUS_OK);
        made->freshness = (struct config_freshness){150, 180, 400};
        made->today = TODAY;
        diag_destroy(diag);
    }
    return made;
}

static struct config_zone *zone_of(enum audience audience)
{
    static struct config_nameserver servers[1];
    static struct config_zone zone;

    zone = (struct config_zone){.audience = audience,
                                .nameserver_count = 1,
                                .nameservers = servers,
                                .ttl = 14400,
                                .negative_ttl = 300,
                                .refresh = 3600,
                                .retry = 900,
                                .expire = 2419200};
    RULE(name_from_text(&zone.domain, "cc.example", 10) == STATUS_OK);
    RULE(name_from_text(&zone.hostmaster, "h.cc.example", 12) == STATUS_OK);
    RULE(name_from_text(&servers[0].name, "ns.test", 7) == STATUS_OK);
    return &zone;
}

static void check_limits(struct node_source *source)
{
    struct node node;

    RULE(source->rewind(source->state) == STATUS_OK);
    while (source->next(source->state, &node) == STATUS_OK)
        for (size_t i = 0; i < node.rrset_count; i++)
            RULE(node.rrsets[i].count <= RRSET_MAX_RECORDS &&
                 rrset_octets(&node.rrsets[i]) <= RRSET_MAX_OCTETS);
}

static void build(const struct contacts *contacts, enum audience audience, struct arena *arena)
{
    struct diag *diag = diag_create();
    const struct build_rules build_rules = {.zone = zone_of(audience),
                                            .contacts = contacts,
                                            .delegated = &rules()->delegated,
                                            .freshness = rules()->freshness,
                                            .today = TODAY};
    struct build *build = NULL;
    size_t length;
    enum status status = build_open(&build_rules, arena, diag, &build);

    RULE((status == STATUS_OK) == (diag_count(diag, SEVERITY_ERROR) == 0));
    RULE(status == STATUS_OK || status == STATUS_INVALID);
    if (status == STATUS_OK) {
        build_stamp(build, 7, 1780000000);
        struct node_source source = build_source(build);
        check_limits(&source);
        char *text = reprint(&source, &length);
        reprint_check(text, length);
        free(text);
        build_close(build);
    }
    diag_destroy(diag);
}

static void run(const uint8_t *octets, size_t length)
{
    static const char file[] = "contacts/nl.yaml";
    struct arena *arena = arena_create(), *scratch = arena_create();
    struct diag *diag = diag_create();
    struct yaml_node *root = NULL;
    struct entry entry = {.file = NULL};
    struct reading reading = {.arena = arena, .diag = diag, .rules = rules()};

    RULE(arena && scratch && diag);
    length = length < MOST_OCTETS ? length : MOST_OCTETS;
    const char *text = (const char *)fuzz_flush(octets, length);
    enum status status = yaml_parse(file, text, length, scratch, diag, &root);
    RULE(status == STATUS_OK || status == STATUS_INVALID);
    RULE((status == STATUS_OK) == (diag_count(diag, SEVERITY_ERROR) == 0));
    if (root)
        entry_read(&reading, root, file, &entry);
    if (root && diag_count(diag, SEVERITY_ERROR) == 0) {
        const struct contacts contacts = {.file_count = 1,
                                          .contact_count = entry.contact_count,
                                          .entry_count = 1,
                                          .entries = &entry};
        arena_destroy(scratch);
        scratch = NULL;
        build(&contacts, AUDIENCE_PUBLIC, arena);
        build(&contacts, AUDIENCE_MEMBERS, arena);
    }
    diag_sort(diag);
    for (size_t i = 0; i < diag_total(diag); i++)
        RULE(!strchr(diag_at(diag, i)->message, '\n'));
    arena_destroy(scratch);
    arena_destroy(arena);
    diag_destroy(diag);
}

const struct fuzz_target fuzz_contacts = {.name = "contacts", .run = run, .mutate = lines_mutate};
