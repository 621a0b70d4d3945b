#include "command/past.h"

#include "store/zones.h"

void past_say_damaged(struct context *context, const struct past *past)
{
    struct name apex;
    char name[NAME_TEXT_OCTETS];

    name_set(&apex, past->zone.apex);
    context_say(context,
                "%s: what is kept of the past of zone %s is damaged; 'zonegen verify' says where, "
                "'zonegen purge' forgets it",
                context->config->database, context_name_text(&apex, name));
}

static enum status say_zone(struct context *context, const struct config_zone *zone,
                            enum status status)
{
    char name[NAME_TEXT_OCTETS];

    context_name_text(&zone->domain, name);
    if (status == STATUS_NOT_FOUND)
        context_say(context, "%s: zone %s is not published yet; 'zonegen publish' does",
                    context->config->database, name);
    else
        context_say(context, "%s: the record of a zone is damaged", context->config->database);
    return status;
}

enum status past_find(struct context *context, struct snapshot *snapshot,
                      const struct config_zone *zone, struct past *out)
{
    *out = (struct past){.snapshot = snapshot};
    enum status status = zones_find(snapshot, zone->domain.octets, &out->zone);
    if (status != STATUS_OK)
        return say_zone(context, zone, status);
    status = history_summary_read(snapshot, out->zone.number, &out->summary);
    if (status == STATUS_NOT_FOUND) {
        out->summary = (struct history_summary){.oldest = 1};
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        past_say_damaged(context, out);
    return status;
}

enum status past_step(struct context *context, const struct past *past, uint32_t step,
                      struct history_step *out)
{
    enum status status = history_step_read(past->snapshot, past->zone.number, step, out);
    if (status != STATUS_OK)
        past_say_damaged(context, past);
    return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
}

enum status past_step_from(struct context *context, const struct past *past, uint32_t serial,
                           struct history_step *out)
{
    enum status status = STATUS_OK;

    for (uint32_t step = past->summary.newest; step >= past->summary.oldest; step--) {
        status = past_step(context, past, step, out);
        if (status != STATUS_OK || out->old_serial == serial)
            return status;
    }
    return STATUS_NOT_FOUND;
}

enum status past_open_store(struct context *context, struct store **store,
                            struct snapshot **snapshot)
{
    char message[STORE_MESSAGE_OCTETS] = "";

    *store = NULL;
    *snapshot = NULL;
    enum status status = store_open(context->config->database, store, message);
    if (status != STATUS_OK) {
        context_say(context, "%s", message);
        return status;
    }
    status = snapshot_create(*store, snapshot);
    if (status != STATUS_OK)
        context_say(context, "%s: too many readers at once, or out of memory",
                    context->config->database);
    return status;
}
