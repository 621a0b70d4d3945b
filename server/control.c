#include "server/control.h"

#include "server/errno_text.h"
#include "server/ticks.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MS    5000 /* for the whole of it */
#define ANSWER_MS     5000 /* for each ANSWER_OCTETS that the client takes */
#define ANSWER_OCTETS 65536
#define WORK_MS       60000
#define LOOK_MS       20  /* how often what takes time is looked at */
#define PAUSE_MS      100 /* without descriptors, until the next try to accept */
#define HEAD_OCTETS   64

struct client {
    struct control *control;
    struct client *next;
    struct client **link; /* to here */
    int fd;
    struct event *event; /* readable, writable, or a timeout */
    int64_t deadline_ms;
    size_t octets; /* of the request so far */
    char line[CONTROL_REQUEST_OCTETS + 1];
    struct control_request request;
    struct text out;
    struct text error;
    char head[HEAD_OCTETS];
    size_t head_octets;
    size_t at; /* octets of head, out and error that were written */
};

struct control {
    struct event_base *base;
    const struct control_socket *socket;
    struct log *log;
    struct control_hooks hooks;
    struct event *listener;
    struct event *resume;
    struct client *clients;
    size_t count;
};

static void on_request(evutil_socket_t fd, short what, void *arg);
static void on_look(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

/* The one that has been connected for longest and has not said what it wants; NULL of none. */
static struct client *longest_silent(const struct control *control)
{
    struct client *found = NULL;
    for (struct client *c = control->clients; c; c = c->next) /* the latest first */
        found = c->request.hooks ? found : c;
    return found;
}

/* Accepts no more while there are enough, each of them at work or at its answer. */
static void set_listener(struct control *control)
{
    if (control->count < CONTROL_CLIENTS || longest_silent(control))
        event_add(control->listener, NULL);
    else
        event_del(control->listener);
}

static void drop(struct client *client)
{
    struct control *control = client->control;
    if (client->event)
        event_free(client->event);
    close(client->fd);
    free(client->request.work);
    text_clear(&client->out);
    text_clear(&client->error);
    *client->link = client->next;
    if (client->next)
        client->next->link = client->link;
    free(client);
    control->count--;
    set_listener(control);
}

/* Waits for `what`, or for the deadline where that comes first; the client may be gone after. */
static void await(struct client *client, short what, event_callback_fn callback, int64_t wait_ms)
{
    struct timeval delay = {wait_ms / 1000, wait_ms % 1000 * 1000};
    event_del(client->event);
    if (event_assign(client->event, client->control->base, client->fd, what, callback, client) !=
            0 ||
        event_add(client->event, &delay) != 0)
        drop(client);
}

static int64_t left_ms(const struct client *client)
{
    int64_t left = client->deadline_ms - ticks_now();
    return left > 0 ? left : 0;
}

static size_t held(const struct control *control)
{
    size_t octets = 0;
    for (const struct client *c = control->clients; c; c = c->next)
        octets += c->out.length + c->error.length;
    return octets;
}

static void begin_answer(struct client *client, enum control_outcome outcome)
{
    bool failed =
        client->out.failed || client->error.failed || held(client->control) > CONTROL_HELD_OCTETS;
    if (failed) {
        text_clear(&client->out);
        text_clear(&client->error);
        outcome = control_refuse(&client->request,
                                 "the answer is too large, or others have not taken theirs");
    }
    client->head_octets = (size_t)snprintf(client->head, sizeof client->head, "%s %zu %zu\n",
                                           outcome == CONTROL_DONE ? "done" : "refused",
                                           client->out.length, client->error.length);
    client->deadline_ms = ticks_now() + ANSWER_MS;
    await(client, EV_WRITE, on_writable, ANSWER_MS);
}

/* The rest of the part that is next to be written; NULL at the end. */
static const char *next_part(const struct client *client, size_t *length)
{
    const char *const parts[] = {client->head, client->out.octets, client->error.octets};
    const size_t lengths[] = {client->head_octets, client->out.length, client->error.length};
    size_t at = client->at;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (at < lengths[i]) {
            *length = lengths[i] - at;
            return parts[i] + at;
        }
        at -= lengths[i];
    }
    return NULL;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    size_t length = 0, before = client->at;
    const char *part = what & EV_TIMEOUT ? NULL : next_part(client, &length);
    while (part) {
        ssize_t sent = send(fd, part, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (sent < 0) {
            drop(client);
            return;
        }
        client->at += (size_t)sent;
        part = next_part(client, &length);
    }
    if (!part) {
        drop(client);
        return;
    }
    if (client->at / ANSWER_OCTETS != before / ANSWER_OCTETS)
        client->deadline_ms = ticks_now() + ANSWER_MS;
    await(client, EV_WRITE, on_writable, left_ms(client));
}

static void go_on(struct client *client, enum control_outcome outcome)
{
    if (outcome != CONTROL_WAITS)
        begin_answer(client, outcome);
    else if (left_ms(client) == 0)
        begin_answer(client, control_refuse(&client->request,
                                            "it takes more than a minute; it goes on without you"));
    else
        await(client, 0, on_look, LOOK_MS);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    struct control *control = client->control;
    (void)fd;
    (void)what;
    control->hooks.look(control->hooks.context, &client->request.state);
    go_on(client, control_command_again(&client->request));
}

/* Takes the line apart, which ends with a NUL; the request, or what is wrong with it. */
static const char *parse(char *line, struct control_request *request)
{
    char *rest = line;
    const char *version = strsep(&rest, " ");
    const char *format = strsep(&rest, " ");
    if (strcmp(version, CONTROL_PROTOCOL) != 0 || !format)
        return "this contactd (" CONTACTD_VERSION ") does not speak as this contactctl does";
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return "answers are text or json";
    request->json = strcmp(format, "json") == 0;
    while (rest) {
        if (request->word_count == CONTROL_WORDS)
            return "too many words";
        request->words[request->word_count++] = strsep(&rest, " ");
    }
    for (size_t i = 0; i < request->word_count; i++) {
        if (request->words[i][0] == '\0')
            return "an empty word";
    }
    return request->word_count > 0 ? NULL : "a command is missing";
}

/* Who changes something is worth a line of log. */
static void log_request(const struct client *client)
{
    struct ucred who = {0};
    socklen_t length = sizeof who;
    const struct control_request *r = &client->request;
    if (!control_command_changes(r) ||
        getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0)
        return;
    log_write(client->control->log, LOG_LEVEL_INFO, "user %u asks for: %s%s%s%s%s",
              (unsigned)who.uid, r->words[0], r->word_count > 1 ? " " : "",
              r->word_count > 1 ? r->words[1] : "", r->word_count > 2 ? " " : "",
              r->word_count > 2 ? r->words[2] : "");
}

static void take_request(struct client *client)
{
    struct control *control = client->control;
    struct control_request *request = &client->request;
    *request = (struct control_request){
        .hooks = &control->hooks, .out = &client->out, .error = &client->error};
    set_listener(control);
    const char *wrong = parse(client->line, request);
    if (wrong) {
        begin_answer(client, control_refuse(request, "%s", wrong));
        return;
    }
    log_request(client);
    control->hooks.look(control->hooks.context, &request->state);
    request->since_ms = request->state.now.ticks_ms;
    client->deadline_ms = request->since_ms + WORK_MS;
    go_on(client, control_command_begin(request));
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    size_t room = CONTROL_REQUEST_OCTETS - client->octets;
    ssize_t received =
        what & EV_TIMEOUT ? 0 : recv(fd, client->line + client->octets, room, MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
        await(client, EV_READ, on_request, left_ms(client));
        return;
    }
    if (received <= 0) {
        drop(client);
        return;
    }
    client->octets += (size_t)received;
    char *end = memchr(client->line, '\n', client->octets);
    if (!end && client->octets < CONTROL_REQUEST_OCTETS) {
        await(client, EV_READ, on_request, left_ms(client));
        return;
    }
    /* A line that is too long, goes on after its end, or holds a NUL, is none of ours. */
    bool whole =
        end == client->line + client->octets - 1 && !memchr(client->line, '\0', client->octets);
    if (whole)
        *end = '\0';
    else
        memcpy(client->line, "?", sizeof "?");
    take_request(client);
}

static void accept_client(struct control *control, int fd)
{
    struct client *client = calloc(1, sizeof *client);
    if (client)
        client->event = event_new(control->base, fd, EV_READ, on_request, client);
    if (!client || !client->event) {
        free(client);
        close(fd);
        return;
    }
    client->control = control;
    client->fd = fd;
    client->request.error = &client->error;
    client->next = control->clients;
    client->link = &control->clients;
    if (client->next)
        client->next->link = &client->next;
    control->clients = client;
    control->count++;
    set_listener(control);
    client->deadline_ms = ticks_now() + REQUEST_MS;
    await(client, EV_READ, on_request, REQUEST_MS);
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
    struct control *control = arg;
    const struct timeval pause = {0, PAUSE_MS * 1000};
    (void)what;
    int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
        /* There is one: else nothing is accepted. */
        struct client *oldest = longest_silent(control);
        if (control->count >= CONTROL_CLIENTS && oldest)
            drop(oldest);
        accept_client(control, accepted);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        event_del(control->listener);
        event_add(control->resume, &pause);
    }
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    set_listener(arg);
}

enum status control_create(struct event_base *base, const struct control_socket *socket,
                           struct log *log, const struct control_hooks *hooks, struct control **out)
{
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return STATUS_SYSTEM;
    control->base = base;
    control->socket = socket;
    control->log = log;
    control->hooks = *hooks;
    control->listener = event_new(base, socket->fd, EV_READ | EV_PERSIST, on_connection, control);
    control->resume = event_new(base, -1, 0, on_resume, control);
    if (!control->listener || !control->resume || event_add(control->listener, NULL) != 0) {
        control_destroy(control);
        return STATUS_SYSTEM;
    }
    *out = control;
    return STATUS_OK;
}

void control_destroy(struct control *control)
{
    if (!control)
        return;
    while (control->clients)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it takes the client out of the list. */
        drop(control->clients);
    if (control->listener)
        event_free(control->listener);
    if (control->resume)
        event_free(control->resume);
    free(control);
}
