#include "conf/config.h"

#include "conf/check.h"
#include "conf/merge.h"
#include "conf/options.h"
#include "conf/section.h"

#include <string.h>
#include <strings.h>

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

static void read_keys(struct building *building)
{
    struct config *config = building->config;
    size_t count = building->merge.sections[SECTION_KEY].count;
    struct section_given given;

    config->keys = make_list(building, SECTION_KEY, sizeof *config->keys);
    config->key_count = config->keys != NULL ? count : 0;
    for (size_t i = 0; i < config->key_count; i++) {
        read_element(building, SECTION_KEY, i, &config->keys[i], &given);
        config->keys[i].place = given.place;
        check_key(&config->keys[i], &given, building->context.diag);
    }
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
        check_remote(&config->remotes[i], &given, building->context.arena, building->context.diag);
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
        check_acl(&config->acls[i], &given, building->context.diag);
    }
}

static void read_policy(struct building *building, struct yaml_node *mapping,
                        struct config_policy *out)
{
    struct merge_section one = {&mapping, 1, 1};
    struct section_given given = {.section = SECTION_POLICY};

    section_read(&building->context, &one, out, &given);
    check_policy(out, &given, building->config, building->context.diag);
}

/* The policy of zones that name none: what it says is its id, all else are the defaults. */
static void read_builtin_policy(struct building *building, struct config_policy *out)
{
    static const char id[] = "default";
    struct yaml_node key = {.kind = YAML_SCALAR, .text = "id", .length = strlen("id")};
    struct yaml_node value = {.kind = YAML_SCALAR, .text = id, .length = strlen(id)};
    struct yaml_node *keys[] = {&key};
    struct yaml_node *values[] = {&value};
    struct yaml_node mapping = {.kind = YAML_MAPPING,
                                .place = {.file = building->config->path},
                                .count = 1,
                                .items = values,
                                .keys = keys};
    read_policy(building, &mapping, out);
}

static bool is_default(const struct config_policy *policy)
{
    return policy->id != NULL && strcmp(policy->id, "default") == 0;
}

static void read_policies(struct building *building)
{
    struct config *config = building->config;
    const struct merge_section *written = &building->merge.sections[SECTION_POLICY];
    bool has_default = false;

    config->policies =
        arena_alloc(building->context.arena, (written->count + 1) * sizeof *config->policies);
    if (config->policies == NULL)
        return;
    for (size_t i = 0; i < written->count; i++) {
        read_policy(building, written->mappings[i], &config->policies[i]);
        has_default = has_default || is_default(&config->policies[i]);
    }
    config->policy_count = written->count;
    if (!has_default && building->merge.complete) /* else it may be in the file that is missing */
        read_builtin_policy(building, &config->policies[config->policy_count++]);
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

/* Keys, then remotes, acls and policies, then zones: each refers to those before it. */
static void read_all(struct building *building)
{
    struct config *config = building->config;
    struct diag *diag = building->context.diag;

    read_singles(building);
    read_keys(building);
    read_remotes(building);
    read_acls(building);
    read_policies(building);
    read_zones(building);
    check_unique(config, diag);
    if (building->merge.sections[SECTION_ZONE].count == 0 && building->merge.complete)
        diag_error(diag, ((struct place){.file = config->path}), "conf-no-zone",
                   "no zone is configured; add one under 'zone:' with 'domain' and 'nameservers'");
}

enum status config_read(const char *path, struct diag *diag, struct config **out)
{
    return config_read_by(path, NULL, diag, out);
}

enum status config_read_by(const char *path, const struct opener *opener, struct diag *diag,
                           struct config **out)
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
    config->opener = opener;
    struct building building = {.config = config};
    enum status status = merge_read(path, opener, arena, diag, &building.merge);
    config->file_count = building.merge.file_count;
    config->files = building.merge.files;
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

enum status config_read_control(const char *path, struct diag *diag, char **out)
{
    struct arena *arena = arena_create();
    struct config *config = arena != NULL ? arena_alloc(arena, sizeof *config) : NULL;
    struct diag *ignored = diag_create();
    struct section_given given;
    enum status status = STATUS_SYSTEM;

    *out = NULL;
    if (config != NULL && ignored != NULL) {
        config->path = arena_copy(arena, path, strlen(path));
        struct building building = {.config = config};
        status = merge_read(path, NULL, arena, diag, &building.merge);
        building.context =
            (struct value_context){.arena = arena, .diag = ignored, .config = config};
        if (status == STATUS_OK)
            read_single(&building, SECTION_SERVER, &config->server, &given);
        *out = config->server.control != NULL ? strdup(config->server.control) : NULL;
        if (arena_failed(arena) || (config->server.control != NULL && *out == NULL))
            status = STATUS_SYSTEM;
        else if (*out == NULL && !building.merge.complete)
            status = STATUS_INVALID;
    }
    diag_destroy(ignored);
    arena_destroy(arena);
    return status;
}

void config_destroy(struct config *config)
{
    if (config != NULL)
        arena_destroy(config->arena);
}

/* No keys: none is asked for. Several: any of them will do, so that one can replace another. */
static bool has_key(const struct config_asker *asker, const struct config_key *const *keys,
                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (asker->key == keys[i])
            return true;
    return count == 0;
}

/* Host names are ASCII, letter case aside (RFC 9525 §6.3); wildcards in a client's certificate name
 * nobody. */
static bool has_name(const struct config_asker *asker, const char *hostname)
{
    for (size_t i = 0; i < asker->name_count; i++)
        if (strcasecmp(asker->names[i], hostname) == 0)
            return asker->tls;
    return false;
}

static bool has_address(const struct config_asker *asker, const struct prefix *prefixes,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (prefix_matches(&prefixes[i], asker->address))
            return true;
    return false;
}

static bool is_remote(const struct config_asker *asker, const struct config_remote *remote)
{
    return has_address(asker, remote->hosts, remote->address_count) &&
           has_key(asker, remote->keys, remote->key_count) && (!remote->tls || asker->tls) &&
           (remote->cert_hostname == NULL || has_name(asker, remote->cert_hostname));
}

static bool is_one_of(const struct config_asker *asker, const struct config_acl *acl)
{
    for (size_t i = 0; i < acl->remote_count; i++)
        if (is_remote(asker, acl->remotes[i]))
            return true;
    return false;
}

static bool acl_holds(const struct config_acl *acl, enum acl_action action,
                      const struct config_asker *asker)
{
    return (acl->actions & action) != 0 &&
           (!acl->has_prefixes || has_address(asker, acl->prefixes, acl->prefix_count)) &&
           (!acl->has_remotes || is_one_of(asker, acl)) &&
           has_key(asker, acl->keys, acl->key_count) &&
           (acl->cert_hostname == NULL || has_name(asker, acl->cert_hostname));
}

bool config_acl_allows(const struct config_zone *zone, enum acl_action action,
                       const struct config_asker *asker, bool otherwise)
{
    for (size_t i = 0; i < zone->acl_count; i++)
        if (acl_holds(zone->acl[i], action, asker))
            return !zone->acl[i]->deny;
    return otherwise;
}

static bool text_equals(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Each list holds an endpoint once, so the same number and all of them found is the same set. */
static bool listens_alike(const struct endpoint *a, size_t a_count, const struct endpoint *b,
                          size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++) {
        size_t j = 0;
        while (j < b_count && !endpoint_equals(&a[i], &b[j]))
            j++;
        if (j == b_count)
            return false;
    }
    return true;
}

const char *config_needs_restart(const struct config *running, const struct config *fresh)
{
    const struct config_server *a = &running->server;
    const struct config_server *b = &fresh->server;

    if (!listens_alike(a->listen, a->listen_count, b->listen, b->listen_count))
        return "listen";
    if (!listens_alike(a->tls_listen, a->tls_listen_count, b->tls_listen, b->tls_listen_count))
        return "tls-listen";
    if (!text_equals(a->control, b->control))
        return "control";
    if (!text_equals(running->server.user, fresh->server.user))
        return "user";
    if (a->sandbox != b->sandbox)
        return "sandbox";
    if (running->server.workers != fresh->server.workers)
        return "workers";
    return text_equals(running->database, fresh->database) ? NULL : "database";
}
