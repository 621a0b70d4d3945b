#include "server/notify.h"

#include "server/errno_text.h"
#include "server/notify_message.h"
#include "server/notify_socket.h"
#include "server/ticks.h"
#include "server/zone_text.h"
#include "wire/constants.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define RECEIVE_OCTETS   4096
#define RECEIVE_PER_TURN 64
#define RCODE_OCTETS     24

/* The newest that is known of a zone. */
struct zone_news {
    struct name apex;
    bool known;
    uint32_t serial;
    uint16_t soa_octets;
    uint8_t soa[SERVED_SOA_OCTETS];
};

struct channel {
    int fd;
    struct event *event;
};

struct notify {
    struct event_base *base;
    struct log *log;
    struct channel v4;
    struct channel v6;
    struct event *timer;
    size_t listen_count;
    struct endpoint *listen;
    size_t zone_count;
    struct zone_news *zones;
    size_t target_count;
    struct notify_target *targets;
};

static void on_answer(evutil_socket_t fd, short what, void *arg);
static void on_timer(evutil_socket_t fd, short what, void *arg);

enum status notify_create(struct event_base *base, const struct config *config, struct log *log,
                          struct notify **out)
{
    struct notify *notify = calloc(1, sizeof *notify);
    if (!notify)
        return STATUS_SYSTEM;
    notify->base = base;
    notify->log = log;
    notify->v4.fd = notify->v6.fd = -1;
    notify->timer = event_new(base, -1, 0, on_timer, notify);
    notify->listen_count = config->server.listen_count;
    notify->listen = calloc(notify->listen_count + 1, sizeof *notify->listen);
    if (!notify->timer || !notify->listen) {
        notify_destroy(notify);
        return STATUS_SYSTEM;
    }
    if (notify->listen_count > 0)
        memcpy(notify->listen, config->server.listen,
               notify->listen_count * sizeof *notify->listen);
    *out = notify;
    return STATUS_OK;
}

static void close_channel(struct channel *channel)
{
    if (channel->event)
        event_free(channel->event);
    if (channel->fd >= 0)
        close(channel->fd);
}

void notify_destroy(struct notify *notify)
{
    if (!notify)
        return;
    close_channel(&notify->v4);
    close_channel(&notify->v6);
    if (notify->timer)
        event_free(notify->timer);
    free(notify->listen);
    free(notify->zones);
    free(notify->targets);
    free(notify);
}

/* The socket for a target, opened when first needed; NULL (logged) where that cannot be. */
static struct channel *channel_to(struct notify *notify, const struct endpoint *target)
{
    bool v6 = target->address.any.sa_family == AF_INET6;
    struct channel *channel = v6 ? &notify->v6 : &notify->v4;
    if (channel->event)
        return channel;
    channel->fd = notify_socket_open(target->address.any.sa_family);
    int error = errno;
    if (channel->fd >= 0)
        channel->event =
            event_new(notify->base, channel->fd, EV_READ | EV_PERSIST, on_answer, notify);
    if (channel->event && event_add(channel->event, NULL) == 0)
        return channel;
    char text[ERRNO_TEXT_OCTETS];
    log_write(notify->log, LOG_LEVEL_WARNING, "cannot send NOTIFY over %s: %s",
              v6 ? "IPv6" : "IPv4", errno_text(channel->fd < 0 ? error : ENOMEM, text));
    close_channel(channel);
    *channel = (struct channel){-1, NULL};
    return NULL;
}

static struct zone_news *find_zone(const struct notify *notify, const struct name *apex)
{
    for (size_t i = 0; i < notify->zone_count; i++) {
        if (name_equals(notify->zones[i].apex.octets, apex->octets))
            return &notify->zones[i];
    }
    return NULL;
}

static const struct notify_target *find_target(const struct notify *notify, const struct name *zone,
                                               const struct endpoint *address)
{
    for (size_t i = 0; i < notify->target_count; i++) {
        const struct notify_target *target = &notify->targets[i];
        if (name_equals(target->zone.octets, zone->octets) &&
            endpoint_equals(&target->address, address))
            return target;
    }
    return NULL;
}

static size_t count_targets(const struct config *config)
{
    size_t count = 0;
    for (size_t z = 0; z < config->zone_count; z++) {
        for (size_t r = 0; r < config->zones[z].notify_count; r++)
            count += config->zones[z].notify[r]->address_count;
    }
    return count;
}

static void add_target(const struct notify *notify, struct notify_target *target,
                       const struct config_zone *zone, const struct config_remote *remote,
                       const struct endpoint *address)
{
    const struct notify_target *before = find_target(notify, &zone->domain, address);
    if (before)
        *target = *before;
    snprintf(target->remote, sizeof target->remote, "%s", remote->id);
    target->address = *address;
    target->zone = zone->domain;
}

static void add_zone(const struct notify *notify, struct zone_news *news,
                     const struct config_zone *zone)
{
    const struct zone_news *before = find_zone(notify, &zone->domain);
    if (before)
        *news = *before;
    news->apex = zone->domain;
}

enum status notify_configure(struct notify *notify, const struct config *config)
{
    size_t count = 0;
    struct notify_target *targets = calloc(count_targets(config) + 1, sizeof *targets);
    struct zone_news *zones = calloc(config->zone_count + 1, sizeof *zones);
    if (!targets || !zones) {
        free(targets);
        free(zones);
        return STATUS_SYSTEM;
    }
    for (size_t z = 0; z < config->zone_count; z++) {
        const struct config_zone *zone = &config->zones[z];
        add_zone(notify, &zones[z], zone);
        for (size_t r = 0; r < zone->notify_count; r++) {
            const struct config_remote *remote = zone->notify[r];
            for (size_t a = 0; a < remote->address_count; a++)
                add_target(notify, &targets[count++], zone, remote, &remote->addresses[a]);
        }
    }
    free(notify->targets);
    free(notify->zones);
    notify->targets = targets;
    notify->target_count = count;
    notify->zones = zones;
    notify->zone_count = config->zone_count;
    event_active(notify->timer, EV_TIMEOUT, 0);
    return STATUS_OK;
}

void notify_zone(struct notify *notify, const struct served_zone *zone)
{
    struct zone_news *news = find_zone(notify, &zone->apex);
    if (!news)
        return;
    news->known = true;
    news->serial = zone->serial;
    news->soa_octets = zone->soa_octets;
    memcpy(news->soa, zone->soa, zone->soa_octets);
    for (size_t i = 0; i < notify->target_count; i++) {
        struct notify_target *target = &notify->targets[i];
        if (!name_equals(target->zone.octets, zone->apex.octets))
            continue;
        if (target->progress.wanted != zone->serial)
            target->rebuffed = false;
        notify_progress_want(&target->progress, zone->serial, ticks_now());
    }
    event_active(notify->timer, EV_TIMEOUT, 0);
}

/* "ns2 (192.0.2.2@53)" and the zone, for messages. */
struct target_text {
    char address[ENDPOINT_TEXT_OCTETS];
    char zone[NAME_TEXT_OCTETS];
};

static struct target_text text_of(const struct notify_target *target)
{
    struct target_text text;
    endpoint_to_text(&target->address, text.address);
    zone_text(target->zone.octets, text.zone);
    return text;
}

static void log_target(struct notify *notify, const struct notify_target *target,
                       enum log_level level, const char *message)
{
    struct target_text text = text_of(target);
    char serial[16];
    snprintf(serial, sizeof serial, "%" PRIu32, target->progress.wanted);
    const struct log_field fields[] = {{"zone", text.zone},
                                       {"serial", serial},
                                       {"remote", target->remote},
                                       {"peer", text.address},
                                       {NULL, NULL}};
    log_write_fields(notify->log, level, fields, "%s (%s) %s", target->remote, text.address,
                     message);
}

static void log_step(struct notify *notify, const struct notify_target *target,
                     enum log_level level, const char *what)
{
    char message[NAME_TEXT_OCTETS + 64];
    char zone[NAME_TEXT_OCTETS];
    if (!log_wants(notify->log, level))
        return;
    snprintf(message, sizeof message, "%s %s serial %" PRIu32, what,
             zone_text(target->zone.octets, zone), target->progress.wanted);
    log_target(notify, target, level, message);
}

/* The few that a secondary sends; "RCODE 11" for others. */
static const char *rcode_text(unsigned rcode, char text[RCODE_OCTETS])
{
    static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};
    if (rcode < sizeof names / sizeof *names)
        return names[rcode];
    if (rcode == RCODE_NOTAUTH)
        return "NOTAUTH";
    snprintf(text, RCODE_OCTETS, "RCODE %u", rcode);
    return text;
}

static void complain(struct notify *notify, const struct notify_target *target)
{
    const struct notify_progress *p = &target->progress;
    struct target_text text = text_of(target);
    char state[64] = "it does not answer";
    char rcode[RCODE_OCTETS];
    char message[NAME_TEXT_OCTETS + 160];
    if (p->has_served)
        snprintf(state, sizeof state, "it serves serial %" PRIu32, p->served);
    else if (p->answers)
        snprintf(state, sizeof state, "it answers %s without an SOA", rcode_text(p->rcode, rcode));
    snprintf(message, sizeof message,
             "has not followed %s to serial %" PRIu32 " for %d minutes: %s", text.zone, p->wanted,
             NOTIFY_COMPLAIN_MS / 60000, state);
    log_target(notify, target, LOG_LEVEL_WARNING, message);
}

static void send_to(struct notify *notify, const struct notify_target *target,
                    const uint8_t *octets, size_t length)
{
    struct channel *channel = channel_to(notify, &target->address);
    const struct endpoint *source =
        notify_socket_source(notify->listen, notify->listen_count, &target->address);
    /* What cannot be sent now is due again, like what got lost on the way. */
    if (channel)
        notify_socket_send(channel->fd, &target->address, source, octets, length);
}

static void act(struct notify *notify, struct notify_target *target, int64_t now_ms)
{
    uint8_t message[NOTIFY_MESSAGE_OCTETS];
    uint32_t random = 0;
    const struct zone_news *zone = find_zone(notify, &target->zone);
    /* Without randomness the time must do: whoever forges an answer gains a line of our log. */
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)now_ms * 2654435761u;
    unsigned actions = notify_progress_due(&target->progress, random, now_ms);
    if (actions & NOTIFY_TELL && zone) {
        size_t length = notify_message_write(message, target->progress.tell_id, target->zone.octets,
                                             zone->soa, zone->soa_octets);
        send_to(notify, target, message, length);
        /* Once per serial; repetitions are for those who look for trouble. */
        log_step(notify, target, target->progress.attempts == 1 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
                 "is told of");
    }
    if (actions & NOTIFY_ASK) {
        size_t length =
            notify_question_write(message, target->progress.ask_id, target->zone.octets);
        send_to(notify, target, message, length);
        log_step(notify, target, LOG_LEVEL_DEBUG, "is asked for");
    }
    if (actions & NOTIFY_COMPLAIN)
        complain(notify, target);
}

/* Sets the timer to when the next target is due. */
static void schedule(struct notify *notify, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < notify->target_count; i++) {
        const struct notify_progress *p = &notify->targets[i].progress;
        if ((p->phase == NOTIFY_TELLING || p->phase == NOTIFY_CHECKING) && p->due_ms < next_ms)
            next_ms = p->due_ms;
    }
    event_del(notify->timer);
    if (next_ms == INT64_MAX)
        return;
    int64_t wait_ms = next_ms > now_ms ? next_ms - now_ms : 1;
    struct timeval delay = {wait_ms / 1000, wait_ms % 1000 * 1000};
    event_add(notify->timer, &delay);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct notify *notify = arg;
    int64_t now_ms = ticks_now();
    (void)fd;
    (void)what;
    for (size_t i = 0; i < notify->target_count; i++)
        act(notify, &notify->targets[i], now_ms);
    schedule(notify, now_ms);
}

static void take_response(struct notify *notify, struct notify_target *target,
                          const struct notify_answer *answer)
{
    struct target_text text = text_of(target);
    char message[NAME_TEXT_OCTETS + 160];
    char rcode[RCODE_OCTETS];
    if (!notify_progress_told(&target->progress, answer->id, answer->rcode, ticks_now()) ||
        answer->rcode == RCODE_NOERROR || target->rebuffed)
        return;
    target->rebuffed = true;
    snprintf(message, sizeof message,
             "answers NOTIFY for %s with %s; is it told to take the zone from here?", text.zone,
             rcode_text(answer->rcode, rcode));
    log_target(notify, target, LOG_LEVEL_WARNING, message);
}

static void take_serial(struct notify *notify, struct notify_target *target,
                        const struct notify_answer *answer)
{
    struct notify_progress *p = &target->progress;
    struct target_text text = text_of(target);
    char message[NAME_TEXT_OCTETS + 160];
    const uint32_t *serial =
        answer->rcode == RCODE_NOERROR && answer->has_serial ? &answer->serial : NULL;
    if (!notify_progress_answered(p, answer->id, answer->rcode, serial, ticks_now()))
        return;
    bool ahead = p->served != p->wanted;
    snprintf(message, sizeof message, "serves %s serial %" PRIu32 "%s", text.zone, p->served,
             ahead ? ", newer than ours: it will not take ours" : "");
    log_target(notify, target, ahead ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, message);
}

/* Gives an answer to the target that it came from; RFC 1996 §3.6: ID, name, address and port must
 * match. */
static void dispatch(struct notify *notify, const struct endpoint *from,
                     const struct notify_answer *answer)
{
    for (size_t i = 0; i < notify->target_count; i++) {
        struct notify_target *target = &notify->targets[i];
        if (!endpoint_equals(&target->address, from) ||
            !name_equals(target->zone.octets, answer->zone.octets))
            continue;
        if (answer->opcode == OPCODE_NOTIFY)
            take_response(notify, target, answer);
        else if (answer->opcode == OPCODE_QUERY)
            take_serial(notify, target, answer);
    }
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct notify *notify = arg;
    uint8_t octets[RECEIVE_OCTETS];
    (void)what;
    for (int i = 0; i < RECEIVE_PER_TURN; i++) {
        struct endpoint from = {.length = sizeof from.address};
        struct notify_answer answer;
        ssize_t length =
            recvfrom(fd, octets, sizeof octets, MSG_DONTWAIT, &from.address.any, &from.length);
        if (length < 0)
            break;
        if (notify_answer_read(octets, (size_t)length, &answer) == STATUS_OK)
            dispatch(notify, &from, &answer);
    }
    schedule(notify, ticks_now());
}

size_t notify_count(const struct notify *notify)
{
    return notify->target_count;
}

const struct notify_target *notify_at(const struct notify *notify, size_t n)
{
    return &notify->targets[n];
}
