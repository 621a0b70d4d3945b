#include "conf/config.h"

#include "conf/check.h"
#include "conf/merge.h"
#include "conf/options.h"
#include "conf/section.h"

#include <string.h>

/* What a reading of the configuration works with. */
struct building {
    struct config *config;
    struct merge merge;
    struct value_context context;
};

static void read_single(struct building *building, enum option_section section, void *out,
                        struct section_given *given)
{
    given->section = section;
    given->place = (struct place){.file = building->config->path};
    section_read(&building->context, &building->merge.sections[section], out, given);
}

static void read_singles(struct building *building)
{
    struct config *config = building->config;
    struct diag *diag = building->context.diag;
    struct section_given given;

    read_single(building, SECTION_TOP, config, &given);
    config->database_place = section_place(&given, "database");
    config->contacts_place = section_place(&given, "contacts");
    config->tlds_place = section_place(&given, "tlds");
    read_single(building, SECTION_SERVER, &config->server, &given);
    check_server(&config->server, &given, diag);
    read_single(building, SECTION_LOG, &config->log, &given);
    read_single(building, SECTION_FRESHNESS, &config->freshness, &given);
    check_freshness(&config->freshness, &given, diag);
}

/* An array with one struct for each mapping of a list section, or NULL for none of them. */
static void *make_list(struct building *building, enum option_section section, size_t octets)
{
    size_t count = building->merge.sections[section].count;
    return count > 0 ? arena_alloc(building->context.arena, count * octets) : NULL;
}

static void read_element(struct building *building, enum option_section section, size_t n,
                         void *out, struct section_given *given)
{
    struct merge_section one = {&building->merge.sections[section].mappings[n], 1, 1};
    given->section = section;
    section_read(&building->context, &one, out, given);
}

static void read_remotes(struct building *building)
{
    struct config *config = building->config;
    size_t count = building->merge.sections[SECTION_REMOTE].count;
    struct section_given given;

    config->remotes = make_list(building, SECTION_REMOTE, sizeof *config->remotes);
    config->remote_count = config->remotes != NULL ? count : 0;
    for (size_t i = 0; i < config->remote_count; i++) {
        read_element(building, SECTION_REMOTE, i, &config->remotes[i], &given);
        config->remotes[i].place = given.place;
    }
}

static void read_acls(struct building *building)
{
    struct config *config = building->config;
    size_t count = building->merge.sections[SECTION_ACL].count;
    struct section_given given;

    config->acls = make_list(building, SECTION_ACL, sizeof *config->acls);
    config->acl_count = config->acls != NULL ? count : 0;
    for (size_t i = 0; i < config->acl_count; i++) {
        read_element(building, SECTION_ACL, i, &config->acls[i], &given);
        config->acls[i].place = given.place;
        check_acl(&config->acls[i], &given, building->context.arena, building->context.diag);
    }
}

static void read_zones(struct building *building)
{
    struct config *config = building->config;
    size_t count = building->merge.sections[SECTION_ZONE].count;
    struct section_given given;

    config->zones = make_list(building, SECTION_ZONE, sizeof *config->zones);
    config->zone_count = config->zones != NULL ? count : 0;
    for (size_t i = 0; i < config->zone_count; i++) {
        read_element(building, SECTION_ZONE, i, &config->zones[i], &given);
        check_zone(&config->zones[i], &given, building->context.diag);
    }
}

/* Remotes, then acls, then zones: each refers to those before it. */
static void read_all(struct building *building)
{
    struct config *config = building->config;
    struct diag *diag = building->context.diag;

    read_singles(building);
    read_remotes(building);
    read_acls(building);
    read_zones(building);
    check_unique(config, diag);
    if (building->merge.sections[SECTION_ZONE].count == 0 && building->merge.complete)
        diag_error(diag, ((struct place){.file = config->path}), "conf-no-zone",
                   "no zone is configured; add one under 'zone:' with 'domain' and 'nameservers'");
}

enum status config_read(const char *path, struct diag *diag, struct config **out)
{
    size_t errors = diag_count(diag, SEVERITY_ERROR);
    struct arena *arena = arena_create();
    struct config *config = arena != NULL ? arena_alloc(arena, sizeof *config) : NULL;

    if (config == NULL) {
        arena_destroy(arena);
        return STATUS_SYSTEM;
    }
    config->arena = arena;
    config->path = arena_copy(arena, path, strlen(path));
    struct building building = {.config = config};
    enum status status = merge_read(path, arena, diag, &building.merge);
    if (status == STATUS_OK) {
        building.context = (struct value_context){
            .arena = arena, .diag = diag, .config = config, .complete = building.merge.complete};
        read_all(&building);
    }
    if (status == STATUS_OK && arena_failed(arena))
        status = STATUS_SYSTEM;
    if (status == STATUS_OK && diag_count(diag, SEVERITY_ERROR) > errors)
        status = STATUS_INVALID;
    if (status != STATUS_OK) {
        arena_destroy(arena);
        return status;
    }
    *out = config;
    return STATUS_OK;
}

void config_destroy(struct config *config)
{
    if (config != NULL)
        arena_destroy(config->arena);
}

static bool acl_holds(const struct config_acl *acl, enum acl_action action,
                      const struct sockaddr *client)
{
    if ((acl->actions & action) == 0)
        return false;
    for (size_t i = 0; i < acl->prefix_count; i++)
        if (prefix_matches(&acl->prefixes[i], client))
            return true;
    return acl->any_address;
}

bool config_acl_allows(const struct config_zone *zone, enum acl_action action,
                       const struct sockaddr *client, bool otherwise)
{
    for (size_t i = 0; i < zone->acl_count; i++)
        if (acl_holds(zone->acl[i], action, client))
            return !zone->acl[i]->deny;
    return otherwise;
}

static bool text_equals(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Each list holds an endpoint once, so the same number and all of them found is the same set. */
static bool listens_alike(const struct config_server *a, const struct config_server *b)
{
    if (a->listen_count != b->listen_count)
        return false;
    for (size_t i = 0; i < a->listen_count; i++) {
        size_t j = 0;
        while (j < b->listen_count && !endpoint_equals(&a->listen[i], &b->listen[j]))
            j++;
        if (j == b->listen_count)
            return false;
    }
    return true;
}

const char *config_needs_restart(const struct config *running, const struct config *fresh)
{
    if (!listens_alike(&running->server, &fresh->server))
        return "listen";
    if (!text_equals(running->server.user, fresh->server.user))
        return "user";
    if (running->server.workers != fresh->server.workers)
        return "workers";
    return text_equals(running->database, fresh->database) ? NULL : "database";
}
