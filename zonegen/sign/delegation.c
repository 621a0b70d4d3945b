#include "sign/delegation.h"

#include "conf/units.h"
#include "sign/reply.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define DNS_PORT           53
#define MOST_RESOLVERS     16
#define RESOLVER_MS        3000 /* for one resolver to show that it answers */
#define RESOLV_LINE_OCTETS 256

struct resolvers {
    size_t count;
    struct endpoint items[MOST_RESOLVERS];
};

/* The lines "nameserver ADDRESS" of resolv.conf(5); this machine where there is none. False when
 * memory is out. */
static bool read_resolv_conf(const char *path, struct resolvers *out)
{
    char line[RESOLV_LINE_OCTETS];
    char address[RESOLV_LINE_OCTETS];
    FILE *file = fopen(path, "re");

    if (file == NULL && errno == ENOMEM)
        return false;
    while (file != NULL && out->count < MOST_RESOLVERS && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "nameserver %255s", address) == 1 &&
            units_endpoint(address, DNS_PORT, &out->items[out->count]) == STATUS_OK)
            out->count++;
    }
    if (file != NULL)
        fclose(file);
    if (out->count == 0 && units_endpoint("127.0.0.1", DNS_PORT, &out->items[0]) == STATUS_OK)
        out->count = 1;
    return true;
}

static bool list_resolvers(const struct observer *observer, const struct config_policy *policy,
                           struct resolvers *out)
{
    out->count = 0;
    for (size_t i = 0; i < policy->resolver_count && i < MOST_RESOLVERS; i++)
        out->items[out->count++] = policy->resolvers[i];
    return out->count > 0 || read_resolv_conf(observer->resolv_conf, out);
}

static const char *endpoint_text(const struct endpoint *endpoint, struct arena *arena)
{
    char text[ENDPOINT_TEXT_OCTETS];

    endpoint_to_text(endpoint, text);
    const char *copy = arena_copy(arena, text, strlen(text));
    return copy != NULL ? copy : "";
}

/* True for an answer that says something: not an error of the server's own. */
static bool is_usable(const struct ask *ask)
{
    return ask->outcome == ASK_ANSWERED &&
           (reply_rcode(ask) == RCODE_NOERROR || reply_rcode(ask) == RCODE_NXDOMAIN);
}

enum status delegation_find_resolver(struct observer *observer, const struct config_zone *zone)
{
    struct resolvers resolvers;

    observer->resolver_text = "";
    if (!list_resolvers(observer, zone->policy, &resolvers))
        return STATUS_SYSTEM;
    for (size_t i = 0; i < resolvers.count; i++) {
        struct ask ask = {.name = zone->domain, .type = TYPE_NS};
        int64_t until = ask_clock() + RESOLVER_MS;
        struct arena *arena = observer->arena;

        observer->resolver = resolvers.items[i];
        ask.to = observer->resolver;
        ask.recursive = true;
        const char *text = endpoint_text(&ask.to, arena);
        if (ask_all(&ask, 1, until < observer->deadline ? until : observer->deadline, arena) !=
            STATUS_OK)
            return STATUS_SYSTEM;
        /* SERVFAIL is an answer too: of a zone that is broken for all resolvers. */
        if (ask.outcome == ASK_ANSWERED && reply_rcode(&ask) != RCODE_REFUSED) {
            observer->resolver_text = text;
            return STATUS_OK;
        }
        text = arena_format(arena, "%s%s%s", observer->resolver_text, i > 0 ? ", " : "", text);
        observer->resolver_text = text != NULL ? text : "";
    }
    return STATUS_NOT_FOUND;
}

enum status delegation_ask_resolver(const struct observer *observer, struct ask *asks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        asks[i].to = observer->resolver;
        asks[i].recursive = true;
    }
    return ask_all(asks, count, observer->deadline, observer->arena);
}

/* Adds a target once. Without memory: none; the arena remembers. */
static void add_target(struct targets *targets, const struct target *target)
{
    for (size_t i = 0; i < targets->count && target->trouble == NULL; i++) {
        if (targets->items[i].trouble == NULL &&
            endpoint_equals(&targets->items[i].at, &target->at))
            return;
    }
    if (targets->count < targets->room)
        targets->items[targets->count++] = *target;
    else /* nobody is left out in silence */
        targets->items[targets->room - 1].trouble = "is one of more addresses than can be asked";
}

static void add_trouble(struct targets *targets, unsigned group, const char *text,
                        const char *trouble)
{
    const struct target target = {.text = text, .group = group, .trouble = trouble};
    if (text != NULL && trouble != NULL)
        add_target(targets, &target);
}

static void add_endpoint(const struct observer *observer, struct targets *targets, unsigned group,
                         const char *name, const struct endpoint *at)
{
    const struct target target = {
        .text = arena_format(observer->arena, "%s %s", name, endpoint_text(at, observer->arena)),
        .group = group,
        .at = *at,
    };
    if (target.text != NULL)
        add_target(targets, &target);
}

static bool is_same_address(const struct endpoint *a, const struct endpoint *b)
{
    const struct prefix left = prefix_of_address(&a->address.any);
    return prefix_matches(&left, &b->address.any);
}

/* Adds an address with the ports of the remotes that have it, or else port 53. */
static void add_address(const struct observer *observer, struct targets *targets, unsigned group,
                        const char *name, const struct endpoint *at)
{
    const struct config *config = observer->config;
    bool found = false;

    for (size_t i = 0; i < config->remote_count; i++) {
        const struct config_remote *remote = &config->remotes[i];
        for (size_t n = 0; n < remote->address_count; n++) {
            if (!is_same_address(&remote->addresses[n], at))
                continue;
            add_endpoint(observer, targets, group, name, &remote->addresses[n]);
            found = true;
        }
    }
    if (!found)
        add_endpoint(observer, targets, group, name, at);
}

static struct endpoint endpoint_of(sa_family_t family, const uint8_t *octets)
{
    struct endpoint at = {.length = 0};

    at.address.any.sa_family = family;
    if (family == AF_INET) {
        memcpy(&at.address.v4.sin_addr, octets, 4);
        at.address.v4.sin_port = htons(DNS_PORT);
        at.length = sizeof at.address.v4;
    } else {
        memcpy(&at.address.v6.sin6_addr, octets, 16);
        at.address.v6.sin6_port = htons(DNS_PORT);
        at.length = sizeof at.address.v6;
    }
    return at;
}

/* Adds the addresses of an answer; whatever its owners are, an alias may stand before them. */
static size_t add_answer(const struct observer *observer, const struct ask *ask, unsigned group,
                         const char *name, struct targets *targets)
{
    size_t wanted = ask->type == TYPE_A ? 4 : 16;
    struct reply_walk walk = {0};
    struct reply_record record;
    size_t found = 0;

    if (!is_usable(ask))
        return 0;
    while (reply_next(ask, REPLY_ANSWER, &walk, &record)) {
        if (record.type != ask->type || record.octets != wanted)
            continue;
        const struct endpoint at =
            endpoint_of(ask->type == TYPE_A ? AF_INET : AF_INET6, ask->message + record.at);
        add_address(observer, targets, group, name, &at);
        found++;
    }
    return found;
}

struct names {
    size_t count;
    bool more; /* than there is room for */
    struct name items[DELEGATION_MOST_NAMES];
};

static const char *name_text(const struct name *name, struct arena *arena)
{
    char text[NAME_TEXT_OCTETS];

    size_t length = name_to_text(name->octets, text);
    return arena_copy(arena, text, length > 1 ? length - 1 : length);
}

/* Looks up the addresses of all names at once. */
static enum status add_names(const struct observer *observer, const struct names *names,
                             unsigned first_group, struct targets *targets)
{
    struct ask *asks = arena_alloc(observer->arena, (2 * names->count + 1) * sizeof *asks);

    if (asks == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < names->count; i++) {
        asks[2 * i] = (struct ask){.name = names->items[i], .type = TYPE_A};
        asks[2 * i + 1] = (struct ask){.name = names->items[i], .type = TYPE_AAAA};
    }
    enum status status = delegation_ask_resolver(observer, asks, 2 * names->count);
    for (size_t i = 0; i < names->count && status == STATUS_OK; i++) {
        const char *text = name_text(&names->items[i], observer->arena);
        unsigned group = first_group + (unsigned)i;
        if (text == NULL)
            return STATUS_SYSTEM;
        size_t found = add_answer(observer, &asks[2 * i], group, text, targets) +
                       add_answer(observer, &asks[2 * i + 1], group, text, targets);
        if (!is_usable(&asks[2 * i]) || !is_usable(&asks[2 * i + 1]))
            add_trouble(targets, group, text, "its addresses cannot be looked up");
        else if (found == 0)
            add_trouble(targets, group, text, "has no address");
    }
    if (names->more)
        add_trouble(targets, first_group, "the NS RRset", "has more names than can be asked");
    return status;
}

/* The names of an NS RRset in an answer. */
static void take_names(const struct ask *ask, struct names *out)
{
    struct reply_walk walk = {0};
    struct reply_record record;

    *out = (struct names){.count = 0};
    while (reply_next_of(ask, REPLY_ANSWER, &ask->name, TYPE_NS, &walk, &record)) {
        if (out->count == DELEGATION_MOST_NAMES)
            out->more = true;
        else if (reply_name(ask, &record, &out->items[out->count]) == STATUS_OK)
            out->count++;
    }
}

/* The configured name servers: with their addresses, or to be looked up. */
static void take_configured(const struct observer *observer, const struct config_zone *zone,
                            unsigned group, struct targets *targets, struct names *unknown)
{
    *unknown = (struct names){.count = 0};
    for (size_t i = 0; i < zone->nameserver_count; i++) {
        const struct config_nameserver *server = &zone->nameservers[i];
        const char *text = name_text(&server->name, observer->arena);
        for (size_t n = 0; n < server->address_count && text != NULL; n++) {
            const struct endpoint at =
                endpoint_of(server->addresses[n].family, server->addresses[n].octets);
            add_address(observer, targets, group + (unsigned)i, text, &at);
        }
        if (server->address_count == 0 && unknown->count < DELEGATION_MOST_NAMES)
            unknown->items[unknown->count++] = server->name;
    }
}

static void add_notified(const struct observer *observer, const struct config_zone *zone,
                         unsigned group, struct targets *targets)
{
    for (size_t i = 0; i < zone->notify_count; i++) {
        const struct config_remote *remote = zone->notify[i];
        for (size_t n = 0; n < remote->address_count; n++)
            add_endpoint(observer, targets, group + (unsigned)i, remote->id, &remote->addresses[n]);
    }
}

/* Room for the most targets that can be found. */
static enum status open_targets(struct targets *targets, struct arena *arena)
{
    targets->count = 0;
    targets->room = ASK_MOST / 2; /* each is asked two questions */
    targets->items = arena_alloc(arena, targets->room * sizeof *targets->items);
    return targets->items != NULL ? STATUS_OK : STATUS_SYSTEM;
}

enum status delegation_find_servers(const struct observer *observer, const struct config_zone *zone,
                                    struct targets *out)
{
    struct ask ask = {.name = zone->domain, .type = TYPE_NS};
    struct names names = {.count = 0};
    unsigned group = DELEGATION_MOST_NAMES;

    enum status status = open_targets(out, observer->arena);
    if (status == STATUS_OK)
        status = delegation_ask_resolver(observer, &ask, 1);
    if (status != STATUS_OK)
        return status;
    if (!is_usable(&ask))
        add_trouble(out, group++, name_text(&zone->domain, observer->arena),
                    "its NS RRset cannot be looked up");
    else
        take_names(&ask, &names);
    if (!is_usable(&ask) || names.count == 0)
        take_configured(observer, zone, group, out, &names);
    status = add_names(observer, &names, 0, out);
    add_notified(observer, zone, group + (unsigned)zone->nameserver_count, out);
    return arena_failed(observer->arena) ? STATUS_SYSTEM : status;
}

enum status delegation_find_configured(const struct observer *observer,
                                       const struct config_zone *zone, struct targets *out)
{
    unsigned group = DELEGATION_MOST_NAMES;
    struct names unknown;

    enum status status = open_targets(out, observer->arena);
    if (status != STATUS_OK)
        return status;
    take_configured(observer, zone, group, out, &unknown);
    add_notified(observer, zone, group + (unsigned)zone->nameserver_count, out);
    add_trouble(out, 0, "others", "are not known: no resolver answers");
    return arena_failed(observer->arena) ? STATUS_SYSTEM : STATUS_OK;
}

/* The apex of the zone that holds a name: the owner of the SOA that comes with it, or with its
 * denial. STATUS_OK or STATUS_NOT_FOUND. */
static enum status find_apex(const struct ask *ask, struct name *out)
{
    static const enum reply_section sections[] = {REPLY_ANSWER, REPLY_AUTHORITY};
    struct reply_record record;

    for (size_t i = 0; i < 2 && is_usable(ask); i++) {
        struct reply_walk walk = {0};
        while (reply_next(ask, sections[i], &walk, &record)) {
            if (record.type == TYPE_SOA && name_is_within(ask->name.octets, record.owner.octets)) {
                *out = record.owner;
                return STATUS_OK;
            }
        }
    }
    return STATUS_NOT_FOUND;
}

enum status delegation_find_parents(const struct observer *observer, const struct name *zone,
                                    struct targets *out)
{
    struct ask ask = {.type = TYPE_SOA};
    struct names names;

    enum status status = open_targets(out, observer->arena);
    if (status != STATUS_OK || name_labels(zone->octets) == 0)
        return status;
    name_set(&ask.name, name_parent(zone->octets, 1));
    status = delegation_ask_resolver(observer, &ask, 1);
    if (status != STATUS_OK)
        return status;
    struct ask ns = {.type = TYPE_NS};
    if (find_apex(&ask, &ns.name) != STATUS_OK)
        return STATUS_OK;
    status = delegation_ask_resolver(observer, &ns, 1);
    if (status != STATUS_OK)
        return status;
    names = (struct names){.count = 0};
    if (is_usable(&ns))
        take_names(&ns, &names);
    return add_names(observer, &names, 0, out);
}
