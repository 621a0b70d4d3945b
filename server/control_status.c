/* contactctl status: what runs, since when, with which configuration and which zones. */
#include "server/control_command.h"
#include "server/zone_text.h"

#include <inttypes.h>
#include <unistd.h>

static const char *audience_text(const struct config_zone *zone)
{
    return zone->audience == AUDIENCE_MEMBERS ? "members" : "public";
}

/* Zones stand in the watch as they stand in the configuration; NULL while it takes another one. */
static const struct config_zone *config_of(const struct control_request *request, size_t n)
{
    const struct config *config = request->state.bundle->config;
    const struct watched *zone = watch_at(request->state.watch, n);
    return n < config->zone_count && name_equals(config->zones[n].domain.octets, zone->apex.octets)
               ? &config->zones[n]
               : NULL;
}

static void print_zone(struct control_request *request, size_t n)
{
    char name[NAME_TEXT_OCTETS], when[MOMENT_TEXT_OCTETS];
    const struct watched *zone = watch_at(request->state.watch, n);
    const struct config_zone *config = config_of(request, n);
    zone_text(zone->apex.octets, name);
    const char *audience = config ? audience_text(config) : "reload under way";
    if (!zone->loaded) {
        text_add(request->out, "zone %s: not in the database, %s\n", name, audience);
        return;
    }
    text_add(request->out, "zone %s: serial %" PRIu32 ", %s, %s, %s %s\n", name, zone->serial,
             audience, zone->is_signed ? "signed" : "not signed",
             zone->published ? "published" : "seen at the start",
             control_moment(request, zone->since_ms, when));
}

static void print_zone_json(struct control_request *request, size_t n)
{
    char name[NAME_TEXT_OCTETS];
    struct text *out = request->out;
    const struct watched *zone = watch_at(request->state.watch, n);
    const struct config_zone *config = config_of(request, n);
    text_json_open(out, '{');
    text_json_name(out, "zone");
    text_json_string(out, zone_text(zone->apex.octets, name));
    text_json_name(out, "loaded");
    text_json_boolean(out, zone->loaded);
    text_json_name(out, "serial");
    if (zone->loaded)
        text_json_number(out, zone->serial);
    else
        text_json_string(out, NULL);
    text_json_name(out, "signed");
    text_json_boolean(out, zone->is_signed);
    text_json_name(out, "audience");
    text_json_string(out, config ? audience_text(config) : NULL);
    control_json_moment(request, "seen", zone->loaded ? zone->since_ms : 0);
    control_json_moment(request, "published", zone->published ? zone->since_ms : 0);
    text_json_close(out, '}');
}

static void print_refusal(struct control_request *request)
{
    char when[MOMENT_TEXT_OCTETS];
    const struct reload_outcome *refusal = request->state.refusal;
    if (refusal->number == 0)
        return;
    text_add(request->out, "reload refused %s:\n%s",
             control_moment(request, refusal->when_ms, when),
             refusal->heard.octets ? refusal->heard.octets : "");
}

/* When the certificate ends; NULL where there is no TLS. */
static const char *certificate_end(const struct control_request *request,
                                   char text[MOMENT_TEXT_OCTETS])
{
    const struct tls_identity *tls = request->state.bundle->tls;
    return tls ? moment_text((int64_t)tls_identity_ends(tls) * 1000, text) : NULL;
}

static void print_text(struct control_request *request)
{
    char when[MOMENT_TEXT_OCTETS], span[MOMENT_TEXT_OCTETS];
    const struct state *state = &request->state;
    text_add(request->out, "contactd %s: %s, process %ld, since %s (%s), %zu worker%s\n",
             CONTACTD_VERSION, state->phase, (long)getpid(),
             control_moment(request, state->started_ms, when),
             span_text(state->now.ticks_ms - state->started_ms, span), state->worker_count,
             state->worker_count == 1 ? "" : "s");
    text_add(request->out, "configuration %s: loaded %s\n", state->bundle->config->path,
             control_moment(request, state->loaded_ms, when));
    print_refusal(request);
    if (certificate_end(request, when))
        text_add(request->out, "certificate %s: valid until %s\n",
                 state->bundle->config->server.tls_cert, certificate_end(request, when));
    text_add(request->out, "database %s: %zu of %zu zones\n", state->bundle->config->database,
             watch_loaded(state->watch), watch_count(state->watch));
    for (size_t i = 0; i < watch_count(state->watch); i++)
        print_zone(request, i);
}

static void print_configuration_json(struct control_request *request)
{
    struct text *out = request->out;
    const struct reload_outcome *refusal = request->state.refusal;
    text_json_name(out, "configuration");
    text_json_open(out, '{');
    text_json_name(out, "file");
    text_json_string(out, request->state.bundle->config->path);
    control_json_moment(request, "loaded", request->state.loaded_ms);
    control_json_moment(request, "refused", refusal->number > 0 ? refusal->when_ms : 0);
    control_json_lines(request, "diagnostics", &refusal->heard);
    text_json_close(out, '}');
}

static void print_json(struct control_request *request)
{
    struct text *out = request->out;
    const struct state *state = &request->state;
    char when[MOMENT_TEXT_OCTETS];
    text_json_open(out, '{');
    text_json_name(out, "version");
    text_json_string(out, CONTACTD_VERSION);
    text_json_name(out, "phase");
    text_json_string(out, state->phase);
    text_json_name(out, "pid");
    text_json_number(out, (uint64_t)getpid());
    control_json_moment(request, "started", state->started_ms);
    text_json_name(out, "workers");
    text_json_number(out, state->worker_count);
    print_configuration_json(request);
    text_json_name(out, "certificate-ends");
    text_json_string(out, certificate_end(request, when));
    text_json_name(out, "database");
    text_json_string(out, state->bundle->config->database);
    text_json_name(out, "zones");
    text_json_open(out, '[');
    for (size_t i = 0; i < watch_count(state->watch); i++)
        print_zone_json(request, i);
    text_json_close(out, ']');
    text_json_close(out, '}');
    text_add(out, "\n");
}

enum control_outcome control_status(struct control_request *request)
{
    if (request->json)
        print_json(request);
    else
        print_text(request);
    return CONTROL_DONE;
}
