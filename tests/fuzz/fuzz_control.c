/*
 * What is said to the control socket. The first octet says how long the first piece is; the rest
 * comes as the second. The answer has the form that control_command.h promises.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/fuzz.h"

#include "server/control.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>

#define MOST_OCTETS   2048
#define ANSWER_OCTETS (1u << 20)
#define MOST_TURNS    1000

struct control_side {
    struct event_base *base;
    struct config *config;
    struct bundle bundle;
    struct log *log;
    struct notify *notify;
    struct watch *watch;
    struct transfers *transfers;
    struct reload_outcome reload, refusal;
    struct control_socket socket;
    struct sockaddr_un address;
    socklen_t address_octets;
    struct control *control;
};

static const char config_text[] =
    "database: /nonexistent/contacts.mdb\n"
    "remote:\n  - id: ns1\n    address: 192.0.2.1\n  - id: ns2\n    address: 2001:db8::1@5353\n"
    "zone:\n"
    "  - domain: example\n    nameservers: [ns1.test]\n    notify: [ns1, ns2]\n"
    "  - domain: s.example\n    nameservers: [ns1.test]\n    notify: ns2\n"
    "  - domain: gone.example\n    nameservers: [ns1.test]\n";

static void look(void *context, struct state *out)
{
    const struct control_side *side = context;
    *out = (struct state){.phase = "serving",
                          .now = clocks_now(),
                          .bundle = &side->bundle,
                          .reload = &side->reload,
                          .refusal = &side->refusal,
                          .log = side->log,
                          .notify = side->notify,
                          .watch = side->watch,
                          .transfers = side->transfers};
}

/* Every other one is refused. */
static uint64_t reload(void *context)
{
    struct control_side *side = context;
    side->reload.number++;
    side->reload.refused = side->reload.number % 2;
    return side->reload.number;
}

/* A name that no file has, so that nothing is left behind. */
static void listen_here(struct control_side *side)
{
    side->address.sun_family = AF_UNIX;
    side->address_octets =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                    (size_t)snprintf(side->address.sun_path + 1, sizeof side->address.sun_path - 1,
                                     "contactd-fuzz-%ld", (long)getpid()) +
                    1);
    side->socket.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    RULE(side->socket.fd >= 0);
    RULE(bind(side->socket.fd, (const struct sockaddr *)&side->address, side->address_octets) == 0);
    RULE(listen(side->socket.fd, 4) == 0);
}

static void configure(struct control_side *side)
{
    struct diag *diag = diag_create();
    const char *path = fuzz_file((const uint8_t *)config_text, sizeof config_text - 1);
    if (config_read(path, diag, &side->config) != STATUS_OK)
        diag_print(diag, DIAG_GNU, stderr);
    RULE(side->config != NULL);
    side->bundle.config = side->config;
    diag_destroy(diag);
}

static struct control_side *server_side(void)
{
    static struct control_side side;
    const struct control_hooks hooks = {.context = &side, .look = look, .reload = reload};
    static const struct config_log quiet = {.level = LOG_LEVEL_DEBUG};

    if (side.base)
        return &side;
    side.base = event_base_new();
    configure(&side);
    side.log = log_create(&quiet, open("/dev/null", O_WRONLY), "/nonexistent");
    RULE(side.base && side.log);
    RULE(notify_create(side.base, side.config, side.log, &side.notify) == STATUS_OK);
    RULE(notify_configure(side.notify, side.config, NULL) == STATUS_OK);
    RULE(transfers_create(&side.transfers) == STATUS_OK);
    RULE(transfers_configure(side.transfers, side.config) == STATUS_OK);
    RULE(watch_create(side.base, answering()->served.store, side.config, side.log, side.notify,
                      &side.watch) == STATUS_OK);
    listen_here(&side);
    RULE(control_create(side.base, &side.socket, side.log, &hooks, &side.control) == STATUS_OK);
    return &side;
}

static size_t number(const char **at)
{
    char *end = NULL;
    unsigned long value = strtoul(*at, &end, 10);
    RULE(end > *at);
    *at = end;
    return value;
}

/* "done|refused OUT-OCTETS ERROR-OCTETS", and that many octets */
static void check_answer(const char *answer, size_t length)
{
    const char *line_end = memchr(answer, '\n', length);
    RULE(line_end != NULL);
    bool done = strncmp(answer, "done ", 5) == 0;
    RULE(done || strncmp(answer, "refused ", 8) == 0);
    const char *at = answer + (done ? 5 : 8);
    size_t out = number(&at);
    at++;
    size_t error = number(&at);
    RULE(at == line_end && (size_t)(line_end + 1 - answer) + out + error == length);
    RULE(done || error > 0);
}

/* All of the answer; the server closes after it. */
static size_t receive(struct control_side *side, int fd, char *answer)
{
    size_t length = 0;

    for (int i = 0; i < MOST_TURNS; i++) {
        event_base_loop(side->base, EVLOOP_NONBLOCK);
        ssize_t got = recv(fd, answer + length, ANSWER_OCTETS - length, MSG_DONTWAIT);
        if (got == 0)
            return length;
        length += got > 0 ? (size_t)got : 0;
        RULE(length < ANSWER_OCTETS);
    }
    return length; /* `notify` waits for who is not there */
}

static void run(const uint8_t *octets, size_t length)
{
    static char answer[ANSWER_OCTETS + 1];
    struct control_side *side = server_side();

    if (length < 1 || length > MOST_OCTETS)
        return;
    size_t first = octets[0] < length - 1 ? octets[0] : length - 1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    RULE(fd >= 0);
    RULE(connect(fd, (const struct sockaddr *)&side->address, side->address_octets) == 0);
    send(fd, octets + 1, first, MSG_NOSIGNAL);
    event_base_loop(side->base, EVLOOP_NONBLOCK);
    event_base_loop(side->base, EVLOOP_NONBLOCK);
    send(fd, octets + 1 + first, length - 1 - first, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    size_t answered = receive(side, fd, answer);
    answer[answered] = '\0';
    if (answered > 0)
        check_answer(answer, answered);
    close(fd);
    for (int i = 0; i < 4; i++)
        event_base_loop(side->base, EVLOOP_NONBLOCK);
}

const struct fuzz_target fuzz_control = {.name = "control", .run = run};
