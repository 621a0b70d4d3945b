/* contactctl secondaries: what is known of each, and since when. */
#include "server/control_command.h"
#include "server/notify_words.h"
#include "server/zone_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One address of a secondary with all that is known of it. */
struct secondary {
    const struct notify_zone *zone;
    const struct notify_target *target;
    enum notify_state state;
    struct transfers_of transfers; /* of the remote, by whichever of its addresses */
    int64_t error_ms;              /* 0: there was none */
    char error[TROUBLE_TEXT_OCTETS];
    char zone_name[NAME_TEXT_OCTETS];
    char address[ENDPOINT_TEXT_OCTETS];
};

/* What went wrong last, with its messages or with its transfers. */
static void find_error(struct secondary *s)
{
    const struct notify_progress *p = &s->target->progress;
    const struct transfer_seen *failed = &s->transfers.failed;
    if (p->trouble != NOTIFY_NO_TROUBLE) {
        s->error_ms = p->trouble_ms;
        notify_trouble_text(p, s->error);
    }
    if (failed->when_ms > s->error_ms) {
        s->error_ms = failed->when_ms;
        snprintf(s->error, sizeof s->error, "%s", failed->reason);
    }
}

static void describe(const struct control_request *request, const struct notify_zone *zone,
                     const struct notify_target *target, struct secondary *out)
{
    struct transfers_who who = {.zone = zone->apex};
    snprintf(who.remote, sizeof who.remote, "%s", target->remote);
    *out = (struct secondary){.zone = zone, .target = target};
    out->state = notify_progress_state(&target->progress, request->state.now.ticks_ms);
    out->transfers = transfers_look(request->state.transfers, &who);
    find_error(out);
    zone_text(zone->apex.octets, out->zone_name);
    endpoint_to_text(&target->address, out->address);
}

/* True when what it is known to serve is older than what it should. */
static bool lags(const struct secondary *s)
{
    const struct notify_progress *p = &s->target->progress;
    return p->phase != NOTIFY_IDLE && !notify_progress_serves(p);
}

static void print_serial(struct control_request *request, const struct secondary *s)
{
    char when[MOMENT_TEXT_OCTETS];
    const struct notify_progress *p = &s->target->progress;
    struct text *out = request->out;
    if (p->has_served)
        text_add(out, "serves %" PRIu32 " as of %s", p->served,
                 control_moment(request, p->looked_ms, when));
    else if (p->looked_ms > 0)
        text_add(out, "serves no serial as of %s", control_moment(request, p->looked_ms, when));
    else
        text_add(out, "serves what is not known yet");
    if (!lags(s))
        return;
    text_add(out, ", lacks %" PRIu32, p->wanted);
    if (p->has_served)
        text_add(out, " (%" PRIu32 " on)", p->wanted - p->served);
    text_add(out, " since %s", control_moment(request, p->behind_ms, when));
}

static void print_notify(struct control_request *request, const struct notify_progress *p)
{
    char when[MOMENT_TEXT_OCTETS], rcode[RCODE_TEXT_OCTETS];
    if (p->told_ms == 0)
        return;
    text_add(request->out, "    notify sent %s", control_moment(request, p->told_ms, when));
    if (p->response_ms > 0)
        text_add(request->out, ", %s %s", rcode_text(p->response, rcode),
                 control_moment(request, p->response_ms, when));
    text_add(request->out, "\n");
}

static void print_transfer(struct control_request *request, const struct secondary *s)
{
    char when[MOMENT_TEXT_OCTETS], client[ENDPOINT_TEXT_OCTETS];
    const struct transfer_seen *done = &s->transfers.done;
    struct text *out = request->out;
    if (done->when_ms > 0) {
        endpoint_to_text(&done->client, client);
        text_add(out, "    transfer %s: %s", control_moment(request, done->when_ms, when),
                 done->incremental ? "IXFR" : "AXFR");
        if (done->has_from)
            text_add(out, " from %" PRIu32, done->from);
        text_add(out,
                 " to %" PRIu32 ", %" PRIu64 " records, %" PRIu64 " octets, %" PRId64
                 " ms, by %s\n",
                 done->serial, done->records, done->octets, done->took_ms, client);
    }
    if (s->transfers.running > 0)
        text_add(out, "    transfers under way: %u\n", s->transfers.running);
}

static void print_text(struct control_request *request, const struct secondary *s)
{
    char when[MOMENT_TEXT_OCTETS];
    text_add(request->out, "%s %s %s %s: ", s->zone_name, s->target->remote, s->address,
             notify_state_text(s->state));
    print_serial(request, s);
    text_add(request->out, "\n");
    print_notify(request, &s->target->progress);
    print_transfer(request, s);
    if (s->error_ms > 0)
        text_add(request->out, "    error %s: %s\n", control_moment(request, s->error_ms, when),
                 s->error);
}

static void json_number(struct text *out, const char *name, bool known, uint64_t value)
{
    text_json_name(out, name);
    if (known)
        text_json_number(out, value);
    else
        text_json_string(out, NULL);
}

static void print_notify_json(struct control_request *request, const struct notify_progress *p)
{
    char rcode[RCODE_TEXT_OCTETS];
    struct text *out = request->out;
    text_json_name(out, "notify");
    text_json_open(out, '{');
    control_json_moment(request, "sent", p->told_ms);
    control_json_moment(request, "answered", p->response_ms);
    text_json_name(out, "rcode");
    text_json_string(out, p->response_ms > 0 ? rcode_text(p->response, rcode) : NULL);
    text_json_name(out, "unanswered");
    text_json_number(out, p->unanswered);
    text_json_close(out, '}');
}

static void print_transfer_json(struct control_request *request, const struct secondary *s)
{
    char client[ENDPOINT_TEXT_OCTETS];
    const struct transfer_seen *done = &s->transfers.done;
    struct text *out = request->out;
    text_json_name(out, "transfers-running");
    text_json_number(out, s->transfers.running);
    text_json_name(out, "transfer");
    if (done->when_ms == 0) {
        text_json_string(out, NULL);
        return;
    }
    endpoint_to_text(&done->client, client);
    text_json_open(out, '{');
    control_json_moment(request, "ended", done->when_ms);
    text_json_name(out, "client");
    text_json_string(out, client);
    text_json_name(out, "type");
    text_json_string(out, done->incremental ? "IXFR" : "AXFR");
    json_number(out, "from", done->has_from, done->from);
    json_number(out, "to", true, done->serial);
    json_number(out, "records", true, done->records);
    json_number(out, "octets", true, done->octets);
    json_number(out, "ms", true, (uint64_t)done->took_ms);
    text_json_close(out, '}');
}

static void print_error_json(struct control_request *request, const struct secondary *s)
{
    struct text *out = request->out;
    text_json_name(out, "error");
    if (s->error_ms == 0) {
        text_json_string(out, NULL);
        return;
    }
    text_json_open(out, '{');
    control_json_moment(request, "at", s->error_ms);
    text_json_name(out, "text");
    text_json_string(out, s->error);
    text_json_close(out, '}');
}

static void print_json(struct control_request *request, const struct secondary *s)
{
    const struct notify_progress *p = &s->target->progress;
    struct text *out = request->out;
    bool wished = p->phase != NOTIFY_IDLE;
    text_json_open(out, '{');
    text_json_name(out, "zone");
    text_json_string(out, s->zone_name);
    text_json_name(out, "remote");
    text_json_string(out, s->target->remote);
    text_json_name(out, "address");
    text_json_string(out, s->address);
    text_json_name(out, "state");
    text_json_string(out, notify_state_text(s->state));
    json_number(out, "wanted", wished, p->wanted);
    json_number(out, "serial", p->has_served, p->served);
    control_json_moment(request, "asked", p->look_asked_ms);
    control_json_moment(request, "as-of", p->looked_ms);
    json_number(out, "lag", wished && p->has_served, lags(s) ? p->wanted - p->served : 0);
    control_json_moment(request, "lags-since", lags(s) ? p->behind_ms : 0);
    print_notify_json(request, p);
    print_transfer_json(request, s);
    print_error_json(request, s);
    text_json_close(out, '}');
}

static void print_zone(struct control_request *request, const struct notify_zone *zone)
{
    const struct notify_targets *all = notify_targets(request->state.notify);
    for (size_t i = zone->first; i < zone->first + zone->count; i++) {
        struct secondary s;
        describe(request, zone, &all->targets[i], &s);
        if (request->json)
            print_json(request, &s);
        else
            print_text(request, &s);
    }
}

enum control_outcome control_secondaries(struct control_request *request)
{
    const struct notify_targets *all = notify_targets(request->state.notify);
    const struct notify_zone *zone = NULL;
    if (!control_zone(request, 1, &zone))
        return CONTROL_REFUSED;
    if (zone ? zone->count == 0 : all->count == 0)
        text_add(request->error, "contactctl: %s has no 'notify'\n",
                 zone ? request->words[1] : "the configuration");
    if (request->json)
        text_json_open(request->out, '[');
    for (size_t i = 0; i < all->zone_count; i++) {
        if (!zone || zone == &all->zones[i])
            print_zone(request, &all->zones[i]);
    }
    if (request->json) {
        text_json_close(request->out, ']');
        text_add(request->out, "\n");
    }
    return CONTROL_DONE;
}
