#include "command/secondary.h"

#include "command/certificate.h"
#include "conf/names.h"
#include "conf/units.h"
#include "zone/catalog.h"

#include <errno.h>
#include <string.h>

/* What a secondary brings along. */
struct means {
    bool keys, tls, certificate;
};

static struct means means_of(const struct engine *engine)
{
    return (struct means){engine->has_keys, engine->has_tls, engine->has_certificates};
}

/* ---- what the acls say ---- */

static bool may_transfer(const struct secondary *secondary, const struct config_zone *zone,
                         const struct means *means, const struct config_key *key)
{
    const struct config_remote *remote = secondary->remote;
    bool tls = means->tls && secondary->context->config->server.tls_listen_count > 0;

    for (size_t i = 0; i < remote->address_count; i++) {
        const struct config_asker asker = {
            .address = &remote->addresses[i].address.any,
            .key = means->keys ? key : NULL,
            .tls = tls,
            .name_count = tls && means->certificate && remote->cert_hostname != NULL,
            .names = &remote->cert_hostname,
        };
        if (config_acl_allows(zone, ACL_TRANSFER, &asker, false))
            return true;
    }
    return false;
}

/* Whether a zone may be transferred with these means; the first key that is good for it, NULL where
 * none is needed and the remote has none. */
static bool is_admitted(const struct secondary *secondary, const struct config_zone *zone,
                        struct means means, const struct config_key **key)
{
    const struct config_remote *remote = secondary->remote;

    for (size_t i = 0; i < remote->key_count && means.keys; i++) {
        *key = remote->keys[i];
        if (may_transfer(secondary, zone, &means, *key))
            return true;
    }
    *key = NULL;
    return may_transfer(secondary, zone, &means, NULL);
}

/* Says what the engine lacks for a zone that the remote may transfer: the one thing that would do,
 * else all that it lacks. */
static void say_lack(const struct secondary *secondary, const struct config_zone *zone)
{
    const struct means own = means_of(secondary->engine);
    const struct {
        bool has;
        struct means with;
        const char *what;
    } lacks[] = {
        {own.keys, {true, own.tls, own.certificate}, "a TSIG key"},
        {own.tls, {own.keys, true, own.certificate}, "TLS"},
        {own.certificate, {own.keys, own.tls, true}, "a certificate"},
    };
    const size_t count = sizeof lacks / sizeof lacks[0];
    const struct config_key *key;
    const char *what = "";
    char name[NAME_TEXT_OCTETS];

    for (size_t i = 0; i < count && what != NULL; i++)
        if (!lacks[i].has)
            what = arena_format(secondary->arena, "%s%s%s", what, what[0] != '\0' ? " or " : "",
                                lacks[i].what);
    for (size_t i = 0; i < count; i++)
        if (!lacks[i].has && is_admitted(secondary, zone, lacks[i].with, &key))
            what = lacks[i].what;
    context_say(secondary->context, "zone %s is not transferred without %s, which %s cannot bring",
                context_name_text(&zone->domain, name), what != NULL ? what : "more",
                secondary->engine->title);
}

/* ---- zones ---- */

static bool is_named(const struct options *options, const struct config_zone *zone)
{
    for (size_t i = 1; i < options->operand_count; i++) {
        struct name name;
        if (names_domain(options->operands[i], false, &name) == NULL &&
            name_equals(name.octets, zone->domain.octets))
            return true;
    }
    return options->operand_count == 1;
}

/* A catalog that the engine cannot read as it is meant is left out: where members' zones are listed
 * beside others, it must be able to treat them apart. */
static bool is_readable(const struct engine *engine, const struct config_zone *zone)
{
    return !zone->catalog ||
           (engine->has_catalogs && (engine->has_groups || zone->audience == AUDIENCE_PUBLIC));
}

/* False, and said, where the engine cannot serve a zone that the remote may have. */
static bool check_zone(const struct secondary *secondary, const struct config_zone *zone)
{
    const struct engine *engine = secondary->engine;
    const struct config_key *key;
    char name[NAME_TEXT_OCTETS];

    if (!is_admitted(secondary, zone, means_of(engine), &key)) {
        say_lack(secondary, zone);
        return false;
    }
    if (zone->audience == AUDIENCE_PUBLIC || engine->has_acl)
        return true;
    context_name_text(&zone->domain, name);
    context_say(secondary->context,
                "zone %s is for members, and %s answers whoever asks; name the zones that it may "
                "have behind '%s'",
                name, engine->title, engine->id);
    return false;
}

static enum status choose_zones(struct secondary *secondary)
{
    static const struct means all = {true, true, true};
    struct context *context = secondary->context;
    const struct config *config = context->config;
    const struct config_key *key;
    enum status status = STATUS_OK;

    secondary->zones = arena_alloc(secondary->arena, config->zone_count * sizeof *secondary->zones);
    if (secondary->zones == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < config->zone_count; i++) {
        const struct config_zone *zone = &config->zones[i];
        if (!is_named(context->options, zone) || !is_readable(secondary->engine, zone) ||
            !is_admitted(secondary, zone, all, &key))
            continue;
        if (!check_zone(secondary, zone))
            status = STATUS_INVALID;
        secondary->zones[secondary->zone_count++].zone = zone;
    }
    return status;
}

/* False, and said, where a zone was named that is not among those chosen. */
static bool check_operands(const struct secondary *secondary)
{
    const struct options *options = secondary->context->options;

    for (size_t i = 1; i < options->operand_count; i++) {
        const char *text = options->operands[i];
        const struct config_zone *zone;
        if (context_zone(secondary->context, text, &zone) != STATUS_OK)
            return false;
        size_t n = 0;
        while (n < secondary->zone_count && secondary->zones[n].zone != zone)
            n++;
        if (n < secondary->zone_count)
            continue;
        if (!is_readable(secondary->engine, zone))
            context_say(secondary->context, "%s does not read %s, which is a catalog",
                        secondary->engine->title, text);
        else
            context_say(secondary->context, "no acl lets remote '%s' transfer %s",
                        secondary->remote->id, text);
        return false;
    }
    if (secondary->zone_count == 0)
        context_say(secondary->context, "no acl lets remote '%s' transfer a zone",
                    secondary->remote->id);
    return secondary->zone_count > 0;
}

/* ---- how it comes ---- */

/* TLS where the remote is to come by it, or a zone can be had by nothing less. */
static void choose_transport(struct secondary *secondary)
{
    const struct config *config = secondary->context->config;
    struct means plain = means_of(secondary->engine);
    const struct config_key *key;

    plain.tls = false;
    if (!secondary->engine->has_tls || config->server.tls_listen_count == 0)
        return;
    secondary->tls = secondary->remote->tls;
    for (size_t i = 0; i < secondary->zone_count; i++)
        if (!is_admitted(secondary, secondary->zones[i].zone, plain, &key))
            secondary->tls = true;
}

static void add_key(struct secondary *secondary, const struct config_key *key)
{
    for (size_t i = 0; i < secondary->key_count; i++)
        if (secondary->keys[i] == key)
            return;
    if (key != NULL)
        secondary->keys[secondary->key_count++] = key;
}

static bool is_usable(const struct secondary *secondary, const struct secondary_zone *zone)
{
    return zone->zone->catalog && (zone->key == NULL || secondary->engine->has_keyed_catalogs);
}

/* The one that lists most: that for members, where the engine reads it. */
static void choose_catalog(struct secondary *secondary)
{
    for (size_t i = 0; i < secondary->zone_count; i++) {
        const struct secondary_zone *zone = &secondary->zones[i];
        if (is_usable(secondary, zone) &&
            (secondary->catalog == NULL ||
             secondary->catalog->zone->audience < zone->zone->audience))
            secondary->catalog = zone;
    }
}

static enum status complete_zones(struct secondary *secondary)
{
    struct means means = means_of(secondary->engine);
    char name[NAME_TEXT_OCTETS];

    means.tls = secondary->tls;
    secondary->keys =
        arena_alloc(secondary->arena, (secondary->zone_count + 1) * sizeof *secondary->keys);
    if (secondary->keys == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < secondary->zone_count; i++) {
        struct secondary_zone *zone = &secondary->zones[i];
        (void)is_admitted(secondary, zone->zone, means, &zone->key);
        add_key(secondary, zone->key);
        context_name_text(&zone->zone->domain, name);
        zone->name = arena_copy(secondary->arena, name, strlen(name));
    }
    choose_catalog(secondary);
    for (size_t i = 0; i < secondary->zone_count && secondary->catalog != NULL; i++) {
        struct secondary_zone *zone = &secondary->zones[i];
        zone->is_listed = zone->key == secondary->catalog->key &&
                          catalog_lists(secondary->catalog->zone, zone->zone);
    }
    return arena_failed(secondary->arena) ? STATUS_SYSTEM : STATUS_OK;
}

/* ---- the remote, the addresses, what else comes from the command line ---- */

static enum status choose_remote(struct secondary *secondary)
{
    struct context *context = secondary->context;
    const struct config *config = context->config;
    const char *id = context->options->remote;

    for (size_t i = 0; i < config->remote_count; i++) {
        bool wanted =
            id != NULL ? strcmp(config->remotes[i].id, id) == 0 : config->remote_count == 1;
        if (!wanted)
            continue;
        secondary->remote = &config->remotes[i];
        return STATUS_OK;
    }
    if (config->remote_count == 0)
        context_say(context, "%s has no 'remote'; add the secondary, with its address",
                    config->path);
    else if (id != NULL)
        context_say(context, "%s has no remote '%s'", config->path, id);
    else
        context_say(context,
                    "%s has several remotes; choose the secondary with --remote, such as %s",
                    config->path, config->remotes[0].id);
    return STATUS_INVALID;
}

/* True where the address is one that others reach: neither a wildcard nor this machine alone. */
static bool is_reachable(const struct endpoint *endpoint)
{
    struct prefix host = prefix_of_address(&endpoint->address.any);
    static const uint8_t nothing[16];
    static const uint8_t one[16] = {[15] = 1};

    if (host.family == AF_INET)
        return host.octets[0] != 127 && host.octets[0] != 0;
    return memcmp(host.octets, nothing, 16) != 0 && memcmp(host.octets, one, 16) != 0;
}

static uint16_t port_of(const struct endpoint *endpoint)
{
    return ntohs(endpoint->address.any.sa_family == AF_INET ? endpoint->address.v4.sin_port
                                                            : endpoint->address.v6.sin6_port);
}

static enum status read_addresses(struct secondary *secondary, const struct endpoint *listen,
                                  struct endpoint *out)
{
    struct context *context = secondary->context;
    const struct options *options = context->options;

    for (size_t i = 0; i < options->address_count; i++) {
        if (units_endpoint(options->addresses[i], port_of(&listen[0]), &out[i]) == STATUS_OK)
            continue;
        context_say(context, "'%s' is not an address; write 192.0.2.1 or 192.0.2.1@53",
                    options->addresses[i]);
        return STATUS_INVALID;
    }
    secondary->address_count = options->address_count;
    return STATUS_OK;
}

/* Those of this server that it listens on, or that were given. */
static enum status choose_addresses(struct secondary *secondary)
{
    struct context *context = secondary->context;
    const struct config_server *server = &context->config->server;
    const struct endpoint *listen = secondary->tls ? server->tls_listen : server->listen;
    size_t count = secondary->tls ? server->tls_listen_count : server->listen_count;
    struct endpoint *all =
        arena_alloc(secondary->arena, (count + OPTIONS_MAX_ADDRESSES) * sizeof *all);

    if (all == NULL)
        return STATUS_SYSTEM;
    secondary->addresses = all;
    if (context->options->address_count > 0)
        return read_addresses(secondary, listen, all);
    for (size_t i = 0; i < count; i++)
        if (is_reachable(&listen[i]))
            all[secondary->address_count++] = listen[i];
    if (secondary->address_count > 0)
        return STATUS_OK;
    context_say(context,
                "%s listens on no address that others reach; say with --address which one "
                "the secondary is to ask",
                context->config->path);
    return STATUS_INVALID;
}

/* True for a path that each server, and a shell, takes for one word. */
static bool is_plain(const char *path)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_./+,=@";

    return strspn(path, allowed) == strlen(path);
}

/* The folder of the files that the configuration names. */
static enum status choose_folder(struct secondary *secondary)
{
    const char *folder = secondary->context->options->dir;

    secondary->folder = folder != NULL ? folder : secondary->engine->folder;
    if (is_plain(secondary->folder))
        return STATUS_OK;
    context_say(secondary->context,
                "'%s' is no folder to be written into a configuration; use letters, digits and "
                "-_./+,=@",
                folder);
    return STATUS_INVALID;
}

static enum status refuse_certificate(const struct secondary *secondary, enum status status)
{
    const char *reason = status == STATUS_NOT_FOUND ? "has no name of a server"
                         : errno != 0               ? strerror(errno)
                                                    : "holds no certificate";

    context_say(secondary->context,
                "%s: %s; say with --tls-name which name this server's certificate has",
                secondary->context->config->server.tls_cert, reason);
    return STATUS_INVALID;
}

/* The name that the secondary looks for in this server's certificate: that of the certificate. */
static enum status choose_tls_name(struct secondary *secondary)
{
    const struct context *context = secondary->context;
    const char *given = context->options->tls_name;
    char text[NAME_TEXT_OCTETS];
    struct name name;

    if (!secondary->tls)
        return STATUS_OK;
    const char *wrong = given != NULL ? names_domain(given, true, &name) : NULL;
    if (wrong != NULL) {
        context_say(secondary->context, "'%s' is no name of a server: %s", given, wrong);
        return STATUS_INVALID;
    }
    errno = 0;
    enum status status =
        given != NULL ? STATUS_OK : certificate_name(context->config->server.tls_cert, &name);
    if (status != STATUS_OK)
        return refuse_certificate(secondary, status);
    context_name_text(&name, text);
    secondary->tls_name = arena_copy(secondary->arena, text, strlen(text));
    return secondary->tls_name != NULL ? STATUS_OK : STATUS_SYSTEM;
}

/* Adds an option and its value to what prints the same again, where there is a value. */
static void repeat(struct secondary *secondary, const char *option, const char *value)
{
    if (value != NULL && secondary->command != NULL)
        secondary->command =
            arena_format(secondary->arena, "%s %s%s", secondary->command, option, value);
}

/* What prints the same again: the names that were given as the configuration has them. The rest has
 * been checked, but for the path of the configuration, which no comment should end. */
static enum status choose_command(struct secondary *secondary)
{
    const struct options *options = secondary->context->options;
    bool is_named = options->operand_count > 1;

    secondary->command = "zonegen secondary";
    if (options->config != NULL && is_plain(options->config))
        repeat(secondary, "-c ", options->config);
    repeat(secondary, "", secondary->engine->id);
    repeat(secondary, "--remote ", secondary->remote->id);
    for (size_t i = 0; i < options->address_count; i++)
        repeat(secondary, "--address ", options->addresses[i]);
    repeat(secondary, "--dir ", options->dir);
    repeat(secondary, "--tls-name ", options->tls_name);
    for (size_t i = 0; i < secondary->zone_count && is_named; i++)
        repeat(secondary, "", secondary->zones[i].name);
    return secondary->command != NULL ? STATUS_OK : STATUS_SYSTEM;
}

enum status secondary_choose(struct secondary *out)
{
    enum status status = choose_remote(out);
    if (status == STATUS_OK)
        status = choose_folder(out);
    if (status == STATUS_OK)
        status = choose_zones(out);
    if (status == STATUS_OK && !check_operands(out))
        status = STATUS_INVALID;
    if (status != STATUS_OK)
        return status;
    choose_transport(out);
    status = complete_zones(out);
    if (status != STATUS_OK || out->context->options->only_secrets)
        return status;
    status = choose_addresses(out);
    if (status == STATUS_OK)
        status = choose_tls_name(out);
    return status == STATUS_OK ? choose_command(out) : status;
}
