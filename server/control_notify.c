/* contactctl notify: sends NOTIFY again, and answers when each secondary has, or has not for a few
 * seconds. What goes on after that is shown by `secondaries`. */
#include "server/control_command.h"
#include "server/notify_words.h"
#include "server/zone_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NOTIFY goes out at 0, 1 and 3 s. */
#define PATIENCE_MS 5000
/* A thousand secondaries take half a second to be sent to; this is far more than enough. */
#define PATIENCE_EACH_MS 1

/* One that is told. It is looked up each time: a reload may make other tables. */
struct told {
    struct name zone;
    char remote[NOTIFY_REMOTE_OCTETS];
    struct endpoint address;
};

struct work {
    size_t count;
    struct told told[];
};

static bool is_meant(const struct control_request *request, const struct notify_target *target)
{
    return request->word_count < 3 || strcmp(request->words[2], target->remote) == 0;
}

static bool is_within(const struct notify_zone *zone, size_t target)
{
    return !zone || (target >= zone->first && target < zone->first + zone->count);
}

/* Tells all that are meant and writes them down; returns how many. */
static size_t tell(struct control_request *request, const struct notify_zone *zone,
                   struct work *work)
{
    const struct notify_targets *all = notify_targets(request->state.notify);
    for (size_t i = 0; i < all->count; i++) {
        const struct notify_target *target = &all->targets[i];
        if (!is_within(zone, i) || !is_meant(request, target))
            continue;
        struct told *told = &work->told[work->count++];
        told->zone = all->zones[target->zone].apex;
        memcpy(told->remote, target->remote, sizeof told->remote);
        told->address = target->address;
        notify_again(request->state.notify, target);
    }
    return work->count;
}

enum control_outcome control_notify(struct control_request *request)
{
    const struct notify_targets *all = notify_targets(request->state.notify);
    const struct notify_zone *zone = NULL;
    if (!control_zone(request, 1, &zone))
        return CONTROL_REFUSED;
    struct work *work = calloc(1, sizeof *work + all->count * sizeof work->told[0]);
    if (!work)
        return control_refuse(request, "out of memory");
    request->work = work;
    if (tell(request, zone, work) > 0)
        return CONTROL_WAITS;
    if (request->word_count > 2)
        return control_refuse(request, "'notify' of the zone %s names no remote '%s'",
                              request->words[1], request->words[2]);
    return control_refuse(request, "nobody to tell: %s has no 'notify'",
                          zone ? request->words[1] : "the configuration");
}

static const struct notify_target *find(const struct control_request *request,
                                        const struct told *told)
{
    const struct notify_targets *all = notify_targets(request->state.notify);
    const struct notify_target *target = NULL;
    do
        target = notify_targets_find(all, &told->address, &told->zone, target);
    while (target && strcmp(target->remote, told->remote) != 0);
    return target;
}

/* A message goes out some milliseconds after it was asked for, so a response is always later. */
static bool has_answered(const struct control_request *request, const struct notify_target *target)
{
    return target && target->progress.response_ms > request->since_ms;
}

/* True when nothing more is to be expected of it. */
static bool is_settled(const struct control_request *request, const struct told *told)
{
    const struct notify_target *target = find(request, told);
    return !target || target->progress.phase == NOTIFY_IDLE || has_answered(request, target);
}

static const char *error_of(const struct control_request *request,
                            const struct notify_target *target, char text[TROUBLE_TEXT_OCTETS])
{
    if (!target)
        return "is configured no more";
    const struct notify_progress *p = &target->progress;
    if (p->phase == NOTIFY_IDLE)
        return "was not told: the zone is not in the database";
    if (has_answered(request, target))
        return p->response == 0 ? NULL : notify_trouble_text(p, text);
    if (p->trouble == NOTIFY_UNSENT && p->trouble_ms > request->since_ms)
        return notify_trouble_text(p, text);
    return "does not answer";
}

/* One line, or one object; true when it has answered as one that knows the zone. */
static bool report(struct control_request *request, const struct told *told)
{
    char zone[NAME_TEXT_OCTETS], address[ENDPOINT_TEXT_OCTETS], text[TROUBLE_TEXT_OCTETS];
    const struct notify_target *target = find(request, told);
    const char *error = error_of(request, target, text);
    struct text *out = request->out;
    zone_text(told->zone.octets, zone);
    endpoint_to_text(&told->address, address);
    if (!request->json) {
        text_add(out, "%s %s %s %s\n", zone, told->remote, address, error ? error : "NOERROR");
        return error == NULL;
    }
    text_json_open(out, '{');
    text_json_name(out, "zone");
    text_json_string(out, zone);
    text_json_name(out, "remote");
    text_json_string(out, told->remote);
    text_json_name(out, "address");
    text_json_string(out, address);
    text_json_name(out, "answered");
    text_json_boolean(out, has_answered(request, target));
    text_json_name(out, "error");
    text_json_string(out, error);
    text_json_close(out, '}');
    return error == NULL;
}

enum control_outcome control_notify_again(struct control_request *request)
{
    const struct work *work = request->work;
    int64_t patience_ms = PATIENCE_MS + (int64_t)work->count * PATIENCE_EACH_MS;
    size_t settled = 0, good = 0;
    while (settled < work->count && is_settled(request, &work->told[settled]))
        settled++;
    if (settled < work->count && request->state.now.ticks_ms - request->since_ms < patience_ms)
        return CONTROL_WAITS;
    if (request->json)
        text_json_open(request->out, '[');
    for (size_t i = 0; i < work->count; i++)
        good += report(request, &work->told[i]) ? 1 : 0;
    if (request->json) {
        text_json_close(request->out, ']');
        text_add(request->out, "\n");
    }
    if (good == work->count)
        return CONTROL_DONE;
    return control_refuse(request, "%zu of %zu did not take the NOTIFY", work->count - good,
                          work->count);
}
