#include "command/roll_look.h"

#include "store/zones.h"
#include "zone/stored_source.h"

#include <string.h>

static enum status walk_ttls(struct snapshot *snapshot, const struct zone_record *record,
                             uint32_t *largest)
{
    struct stored_source *source;
    struct node node;

    enum status status = stored_source_open(snapshot, record, &source);
    if (status != STATUS_OK)
        return status;
    struct node_source nodes = stored_source_nodes(source);
    while ((status = nodes.next(nodes.state, &node)) == STATUS_OK) {
        for (size_t i = 0; i < node.rrset_count; i++)
            if (node.rrsets[i].ttl > *largest)
                *largest = node.rrsets[i].ttl;
    }
    stored_source_close(source);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status say_unsigned(struct context *context, const struct roll_look *look)
{
    context_say(context, "zone %s was never signed here; 'zonegen publish' does", look->name);
    return STATUS_NOT_FOUND;
}

/* The state, and the largest TTL of what is published. */
static enum status read_snapshot(struct context *context, struct snapshot *snapshot,
                                 struct roll_look *look)
{
    struct zone_record record;

    enum status status = zones_find(snapshot, look->zone->domain.octets, &record);
    if (status == STATUS_OK)
        status = state_read(snapshot, &look->zone->domain, &look->state);
    if (status == STATUS_NOT_FOUND)
        return say_unsigned(context, look);
    look->zone_ttl = look->zone->ttl;
    if (status == STATUS_OK)
        status = walk_ttls(snapshot, &record, &look->zone_ttl);
    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    else if (status != STATUS_OK)
        context_say(context,
                    "%s: what is stored of zone %s is damaged; move the database away and publish "
                    "again, or restore an export",
                    context->config->database, look->name);
    return status;
}

static enum status read_database(struct context *context, struct roll_look *look)
{
    char message[STORE_MESSAGE_OCTETS] = "";
    struct store *store = NULL;
    struct snapshot *snapshot = NULL;

    enum status status = store_open(context->config->database, &store, message);
    if (status != STATUS_OK) {
        context_say(context, "%s", message);
        return status;
    }
    status = snapshot_create(store, &snapshot);
    if (status == STATUS_OK)
        status = read_snapshot(context, snapshot, look);
    else
        context_say(context, "%s: too many readers at once, or out of memory",
                    context->config->database);
    snapshot_destroy(snapshot);
    store_close(store);
    return status;
}

enum status roll_look_open(struct context *context, const struct config_zone *zone,
                           struct roll_look *out)
{
    memset(out, 0, sizeof *out);
    out->zone = zone;
    out->arena = arena_create();
    context_name_text(&zone->domain, out->name);
    if (out->arena == NULL) {
        context_say_memory(context);
        return STATUS_SYSTEM;
    }
    enum status status = read_database(context, out);
    if (status != STATUS_OK)
        return status;
    status =
        keyfiles_read(zone->policy->key_dir, &zone->domain, out->arena, context->diag, &out->files);
    if (status == STATUS_SYSTEM)
        context_say_memory(context);
    else if (status != STATUS_OK)
        context_say_diagnostics(context);
    return status;
}

void roll_look_close(struct roll_look *look)
{
    arena_destroy(look->arena);
}

const struct keyfile *roll_look_file(const struct roll_look *look, const struct signing_key *key)
{
    for (size_t i = 0; i < look->files.count; i++) {
        const struct keyfile *file = &look->files.items[i];
        if (file->algorithm == key->algorithm && file->tag == key->tag)
            return file;
    }
    return NULL;
}

enum status roll_look_ask(struct context *context, struct roll_look *look)
{
    const struct observe_means means = {context->config, OBSERVE_RESOLV_CONF, look->arena};
    struct observed_keys keys = {.zone = &look->zone->domain, .state = &look->state};
    int64_t began = ask_clock();

    for (size_t i = 0; i < look->state.key_count; i++) {
        const struct keyfile *file = roll_look_file(look, &look->state.keys[i]);
        if (file != NULL)
            keys.known[i] = (struct observed_key){file->dnskey, file->dnskey_octets};
    }
    enum status status = observe_zone(&means, look->zone, &look->seen);
    if (status == STATUS_OK)
        status = observe_view(&look->seen, &keys, look->arena, &look->view);
    if (status != STATUS_OK)
        context_say(context, "the DNS cannot be asked: out of memory or descriptors");
    /* TTLs count from after the last answer; what is below a tenth of a second is none of theirs.
     */
    look->at = context->now + (ask_clock() - began + 900) / 1000;
    return status;
}

enum status roll_look_ttl(const struct roll_look *look, enum roll_wait wait, uint32_t *out)
{
    *out = wait == ROLL_WAIT_ZONE ? look->zone_ttl : 0;
    if (wait != ROLL_WAIT_DS)
        return STATUS_OK;
    for (size_t i = 0; i < look->view.parent_count; i++) {
        const struct roll_parent *parent = &look->view.parents[i];
        if (parent->trouble != NULL)
            return STATUS_NOT_FOUND;
        if (parent->any && parent->ttl > *out)
            *out = parent->ttl;
    }
    return look->view.parent_count > 0 ? STATUS_OK : STATUS_NOT_FOUND;
}
