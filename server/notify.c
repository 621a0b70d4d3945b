#include "server/notify.h"

#include "server/due_queue.h"
#include "server/errno_text.h"
#include "server/notify_message.h"
#include "server/notify_sign.h"
#include "server/notify_socket.h"
#include "server/notify_words.h"
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
#include <time.h>
#include <unistd.h>

#define RECEIVE_OCTETS   4096
#define RECEIVE_PER_TURN 64
/* So many targets are seen to at a time, and then others have their turn. */
#define TARGETS_PER_TURN 64
#define TURN_MS          5

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
    struct notify_targets *all;
    struct due_queue *queue; /* of the numbers of targets */
    struct tsig_keys *keys;
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
    due_queue_destroy(notify->queue);
    notify_targets_destroy(notify->all);
    tsig_keys_destroy(notify->keys);
    free(notify->listen);
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

static const struct notify_zone *zone_of(const struct notify *notify,
                                         const struct notify_target *target)
{
    return &notify->all->zones[target->zone];
}

/* Sets the timer to when the first target is due, and not before others have had their turn. */
static void schedule(struct notify *notify)
{
    size_t first = 0;
    int64_t due_ms = due_queue_first(notify->queue, &first);
    event_del(notify->timer);
    if (due_ms == DUE_NEVER)
        return;
    int64_t wait_ms = due_ms - ticks_now();
    if (wait_ms < TURN_MS)
        wait_ms = TURN_MS;
    struct timeval delay = {wait_ms / 1000, wait_ms % 1000 * 1000};
    event_add(notify->timer, &delay);
}

/* A target's progress has changed; the timer is the caller's to set. */
static void requeue(struct notify *notify, const struct notify_target *target)
{
    const struct notify_progress *p = &target->progress;
    due_queue_set(notify->queue, (size_t)(target - notify->all->targets),
                  p->phase == NOTIFY_IDLE ? DUE_NEVER : p->due_ms);
}

enum status notify_configure(struct notify *notify, const struct config *config,
                             const struct keyring *keyring)
{
    struct notify_targets *all = NULL;
    struct due_queue *queue = NULL;
    struct tsig_keys *keys = NULL;
    enum status status = tsig_keys_create(keyring, &keys);
    if (status == STATUS_OK)
        status = notify_targets_create(config, notify->all, &all);
    if (status == STATUS_OK)
        status = due_queue_create(all->count, &queue);
    if (status != STATUS_OK) {
        notify_targets_destroy(all);
        tsig_keys_destroy(keys);
        return status;
    }
    due_queue_destroy(notify->queue);
    notify_targets_destroy(notify->all);
    tsig_keys_destroy(notify->keys);
    notify_sign_assign(all, config, keys);
    notify->keys = keys;
    notify->all = all;
    notify->queue = queue;
    for (size_t i = 0; i < all->count; i++)
        requeue(notify, &all->targets[i]);
    schedule(notify);
    return STATUS_OK;
}

static void learn(struct notify_zone *news, const struct served_zone *zone)
{
    news->known = zone->loaded;
    news->serial = zone->serial;
    news->soa_octets = zone->soa_octets <= sizeof news->soa ? zone->soa_octets : 0;
    memcpy(news->soa, zone->soa, news->soa_octets);
}

void notify_zone(struct notify *notify, const struct served_zone *zone, size_t hint)
{
    struct notify_zone *news = notify_targets_zone(notify->all, &zone->apex, hint);
    if (!news)
        return;
    learn(news, zone);
    for (size_t i = news->first; i < news->first + news->count; i++) {
        struct notify_target *target = &notify->all->targets[i];
        if (target->progress.wanted != zone->serial)
            target->rebuffed = false;
        if (zone->loaded)
            notify_progress_want(&target->progress, zone->serial, ticks_now());
        else
            notify_progress_rest(&target->progress);
        requeue(notify, target);
    }
    schedule(notify);
}

void notify_again(struct notify *notify, const struct notify_target *target)
{
    struct notify_target *own = &notify->all->targets[target - notify->all->targets];
    notify_progress_again(&own->progress, ticks_now());
    requeue(notify, own);
    schedule(notify);
}

/* "ns2 (192.0.2.2@53)" and the zone, for messages. */
struct target_text {
    char address[ENDPOINT_TEXT_OCTETS];
    char zone[NAME_TEXT_OCTETS];
};

static struct target_text text_of(const struct notify *notify, const struct notify_target *target)
{
    struct target_text text = {.address = ""};
    endpoint_to_text(&target->address, text.address);
    zone_text(zone_of(notify, target)->apex.octets, text.zone);
    return text;
}

static void log_target(struct notify *notify, const struct notify_target *target,
                       enum log_level level, const char *message)
{
    struct target_text text = text_of(notify, target);
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
             zone_text(zone_of(notify, target)->apex.octets, zone), target->progress.wanted);
    log_target(notify, target, level, message);
}

static void complain(struct notify *notify, const struct notify_target *target)
{
    const struct notify_progress *p = &target->progress;
    struct target_text text = text_of(notify, target);
    char state[64 + TROUBLE_TEXT_OCTETS] = "it does not answer";
    char trouble[TROUBLE_TEXT_OCTETS];
    char message[NAME_TEXT_OCTETS + TROUBLE_TEXT_OCTETS + 160];
    bool silent = p->unanswered > NOTIFY_SILENT_AFTER;
    if (p->has_served && !silent)
        snprintf(state, sizeof state, "it serves serial %" PRIu32, p->served);
    else if (p->trouble != NOTIFY_NO_TROUBLE && !silent)
        snprintf(state, sizeof state, "it %s", notify_trouble_text(p, trouble));
    snprintf(message, sizeof message,
             "has not followed %s to serial %" PRIu32 " for %d minutes: %s", text.zone, p->wanted,
             NOTIFY_COMPLAIN_MS / 60000, state);
    log_target(notify, target, LOG_LEVEL_WARNING, message);
}

static void send_to(struct notify *notify, struct notify_target *target, const uint8_t *octets,
                    size_t length)
{
    struct channel *channel = channel_to(notify, &target->address);
    const struct endpoint *source =
        notify_socket_source(notify->listen, notify->listen_count, &target->address);
    /* What cannot be sent now is due again, like what got lost on the way. */
    if (channel && !notify_socket_send(channel->fd, &target->address, source, octets, length))
        notify_progress_unsent(&target->progress, errno, ticks_now());
}

/* The SOA is a hint alone: it stays away where a signature leaves no room for it. */
static void tell(struct notify *notify, struct notify_target *target)
{
    uint8_t message[NOTIFY_SIGNED_OCTETS];
    const struct notify_zone *zone = zone_of(notify, target);
    uint16_t id = target->progress.tell_id;
    size_t length =
        notify_message_write(message, id, zone->apex.octets, zone->soa, zone->soa_octets);
    if (length + notify_sign_octets(target) > NOTIFY_MESSAGE_OCTETS)
        length = notify_message_write(message, id, zone->apex.octets, NULL, 0);
    if (notify_sign(target, &target->told, message, &length, time(NULL)))
        send_to(notify, target, message, length);
    /* Once per serial; repetitions are for those who look for trouble. */
    log_step(notify, target, target->progress.attempts == 1 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
             "is told of");
}

static void ask(struct notify *notify, struct notify_target *target)
{
    uint8_t message[NOTIFY_SIGNED_OCTETS];
    size_t length = notify_question_write(message, target->progress.ask_id,
                                          zone_of(notify, target)->apex.octets);
    if (notify_sign(target, &target->asked, message, &length, time(NULL)))
        send_to(notify, target, message, length);
    log_step(notify, target, LOG_LEVEL_DEBUG, "is asked for");
}

static void act(struct notify *notify, struct notify_target *target, int64_t now_ms)
{
    uint32_t random = 0;
    /* Without randomness the time must do: whoever forges an answer gains a line of our log. */
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)now_ms * 2654435761u;
    unsigned actions = notify_progress_due(&target->progress, random, now_ms);
    if (actions & NOTIFY_TELL)
        tell(notify, target);
    if (actions & NOTIFY_ASK)
        ask(notify, target);
    if (actions & NOTIFY_COMPLAIN)
        complain(notify, target);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct notify *notify = arg;
    int64_t now_ms = ticks_now();
    size_t number = 0;
    (void)fd;
    (void)what;
    for (int i = 0; i < TARGETS_PER_TURN; i++) {
        if (due_queue_first(notify->queue, &number) > now_ms)
            break;
        act(notify, &notify->all->targets[number], now_ms);
        requeue(notify, &notify->all->targets[number]);
    }
    schedule(notify);
}

static void take_response(struct notify *notify, struct notify_target *target,
                          const struct notify_answer *answer)
{
    struct target_text text = text_of(notify, target);
    char message[NAME_TEXT_OCTETS + 160];
    char rcode[RCODE_TEXT_OCTETS];
    if (!notify_progress_told(&target->progress, answer->id, answer->rcode, ticks_now()) ||
        answer->rcode == RCODE_NOERROR || target->rebuffed)
        return;
    target->rebuffed = true;
    snprintf(message, sizeof message,
             "answers NOTIFY for %s with %s; is it told to take the zone from here?", text.zone,
             rcode_text(answer->rcode, rcode));
    log_target(notify, target, LOG_LEVEL_WARNING, message);
}

/* It has come into step: loud where its absence was, or where it will not take what comes. */
static void welcome(struct notify *notify, const struct notify_target *target, bool was_missed)
{
    const struct notify_progress *p = &target->progress;
    struct target_text text = text_of(notify, target);
    char message[NAME_TEXT_OCTETS + 160];
    char end[80] = "";
    bool ahead = p->served != p->wanted;
    if (ahead)
        snprintf(end, sizeof end, ", newer than ours: it will not take ours");
    else if (was_missed)
        snprintf(end, sizeof end, " again, after %" PRId64 " minutes",
                 (p->in_step_ms - p->behind_ms) / 60000);
    snprintf(message, sizeof message, "serves %s serial %" PRIu32 "%s", text.zone, p->served, end);
    log_target(notify, target, ahead || was_missed ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, message);
}

static void take_serial(struct notify *notify, struct notify_target *target,
                        const struct notify_answer *answer)
{
    const struct notify_look look = {.rcode = answer->rcode,
                                     .truncated = answer->truncated,
                                     .authoritative = answer->authoritative,
                                     .has_serial = answer->has_serial,
                                     .serial = answer->serial};
    bool was_missed = target->progress.complained;
    if (notify_progress_answered(&target->progress, answer->id, &look, ticks_now()))
        welcome(notify, target, was_missed);
}

/* A message as it was received. */
struct datagram {
    const uint8_t *octets;
    size_t length;
    struct endpoint from;
};

/* Nothing of an answer is believed whose signature is not good; that is said once, until one is. */
static bool is_believed(struct notify *notify, struct notify_target *target,
                        const struct notify_answer *answer, const struct datagram *datagram)
{
    struct tsig_session *session = answer->opcode == OPCODE_NOTIFY ? &target->told : &target->asked;
    char trouble[TROUBLE_TEXT_OCTETS];
    uint16_t error = 0;
    enum status status =
        notify_sign_check(target, session, datagram->octets, datagram->length, time(NULL), &error);
    if (status == STATUS_OK)
        target->distrusted = false;
    if (status != STATUS_DENIED)
        return status == STATUS_OK;
    notify_progress_distrusted(&target->progress, error, ticks_now());
    if (!target->distrusted)
        log_target(notify, target, LOG_LEVEL_WARNING,
                   notify_trouble_text(&target->progress, trouble));
    target->distrusted = true;
    return false;
}

/* Gives an answer to the target that it came from; RFC 1996 §3.6: ID, name, address and port must
 * match. */
static void dispatch(struct notify *notify, const struct datagram *datagram,
                     const struct notify_answer *answer)
{
    struct notify_target *target = NULL;
    while ((target = notify_targets_find(notify->all, &datagram->from, &answer->zone, target)) !=
           NULL) {
        if (!is_believed(notify, target, answer, datagram))
            continue;
        if (answer->opcode == OPCODE_NOTIFY)
            take_response(notify, target, answer);
        else if (answer->opcode == OPCODE_QUERY)
            take_serial(notify, target, answer);
        requeue(notify, target);
    }
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct notify *notify = arg;
    uint8_t octets[RECEIVE_OCTETS];
    (void)what;
    for (int i = 0; i < RECEIVE_PER_TURN; i++) {
        struct datagram datagram = {.octets = octets, .from.length = sizeof datagram.from.address};
        struct notify_answer answer;
        ssize_t length = recvfrom(fd, octets, sizeof octets, MSG_DONTWAIT,
                                  &datagram.from.address.any, &datagram.from.length);
        if (length < 0)
            break;
        datagram.length = (size_t)length;
        if (notify_answer_read(octets, datagram.length, &answer) == STATUS_OK)
            dispatch(notify, &datagram, &answer);
    }
    schedule(notify);
}

const struct notify_targets *notify_targets(const struct notify *notify)
{
    return notify->all;
}
