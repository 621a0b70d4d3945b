#include "sign/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define UDP_TRIES     2
#define UDP_OCTETS    1232 /* what a datagram may hold without being split on its way */
#define QUERY_OCTETS  (2 + DNS_HEADER_OCTETS + NAME_MAX_OCTETS + 4 + 11)
#define EDNS_DO       0x8000u
#define LENGTH_OCTETS 2 /* before a message in a stream (RFC 1035 §4.2.2) */

enum phase { PHASE_UDP, PHASE_CONNECT, PHASE_SEND, PHASE_RECEIVE, PHASE_DONE };

/* A question on its way. */
struct attempt {
    struct ask *ask;
    enum phase phase;
    int fd; /* -1: none */
    unsigned tries;
    uint16_t id;
    int64_t until;               /* end of this try */
    uint8_t query[QUERY_OCTETS]; /* its length first, for TCP */
    size_t query_octets;         /* with that */
    size_t moved;                /* octets sent or received in this phase */
    uint8_t head[LENGTH_OCTETS]; /* of the answer by TCP */
    uint8_t *answer;
    size_t answer_octets;
};

struct asking {
    struct attempt *attempts;
    size_t count;
    int64_t deadline;
    struct arena *arena;
};

int64_t ask_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *ask_outcome_text(enum ask_outcome outcome)
{
    static const char *const texts[] = {"no answer", "no route from this machine",
                                        "answer is malformed", "answered"};
    return texts[outcome];
}

/* True when all records of a section stand in the message. */
static bool has_records(const uint8_t *message, size_t octets, size_t *at, unsigned count)
{
    struct record record;

    for (; count > 0; count--) {
        if (record_parse(message, octets, at, &record) != STATUS_OK)
            return false;
    }
    return true;
}

enum status ask_check(const struct ask *ask, uint16_t id, const uint8_t *message, size_t octets)
{
    struct reader r = reader_of(message, octets);
    struct question question;
    size_t at = DNS_HEADER_OCTETS;

    const struct header header = header_read(&r);
    if (r.failed || header.id != id || (header.flags & HEADER_QR) == 0 ||
        header_opcode(header.flags) != OPCODE_QUERY)
        return STATUS_DENIED;
    if (header.qdcount != 1 || question_parse(message, octets, &at, &question) != STATUS_OK)
        return STATUS_MALFORMED;
    if (question.type != ask->type || question.class != CLASS_IN ||
        !name_equals(question.name.octets, ask->name.octets))
        return STATUS_DENIED;
    if ((header.flags & HEADER_TC) != 0)
        return STATUS_OK; /* what is there of it is not looked at */
    if (!has_records(message, octets, &at, header.ancount) ||
        !has_records(message, octets, &at, header.nscount) ||
        !has_records(message, octets, &at, header.arcount))
        return STATUS_MALFORMED;
    return at == octets ? STATUS_OK : STATUS_MALFORMED;
}

static void write_query(struct attempt *attempt)
{
    const struct ask *ask = attempt->ask;
    struct writer w = writer_of(attempt->query, sizeof attempt->query);
    const struct header header = {.id = attempt->id,
                                  .flags = ask->recursive ? HEADER_RD | HEADER_CD : 0,
                                  .qdcount = 1,
                                  .arcount = 1};

    writer_u16(&w, 0);
    header_write(&w, &header);
    writer_octets(&w, ask->name.octets, ask->name.length);
    writer_u16(&w, ask->type);
    writer_u16(&w, CLASS_IN);
    writer_u8(&w, 0); /* OPT belongs to the root */
    record_write_fixed(&w, TYPE_OPT, UDP_OCTETS, EDNS_DO, 0);
    attempt->query_octets = writer_length(&w);
    writer_patch_u16(&w, 0, (uint16_t)(attempt->query_octets - LENGTH_OCTETS));
}

static void finish(struct attempt *attempt, enum ask_outcome outcome)
{
    if (attempt->fd != -1)
        close(attempt->fd);
    attempt->fd = -1;
    attempt->phase = PHASE_DONE;
    attempt->ask->outcome = outcome;
}

static void keep_answer(struct attempt *attempt, const uint8_t *message, size_t octets,
                        struct arena *arena)
{
    attempt->ask->message = (const uint8_t *)arena_copy(arena, message, octets);
    attempt->ask->octets = octets;
    finish(attempt, attempt->ask->message != NULL ? ASK_ANSWERED : ASK_SILENT);
}

/* True for an error of this machine's own: nothing can be sent there, however often it is tried.
 * Only before anything was sent; afterwards a router on the way may say the same. */
static bool is_no_route(int error)
{
    return error == ENETUNREACH || error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

/* Gives the attempt a new socket, connected to its server. False when there is none; errno. */
static bool open_socket(struct attempt *attempt, int kind)
{
    const struct endpoint *to = &attempt->ask->to;

    if (attempt->fd != -1)
        close(attempt->fd);
    attempt->moved = 0;
    attempt->fd = socket(to->address.any.sa_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (attempt->fd == -1)
        return false;
    return connect(attempt->fd, &to->address.any, to->length) == 0 || errno == EINPROGRESS;
}

/* A new socket for each try: an answer to an earlier one then goes nowhere. */
static void try_udp(struct attempt *attempt, int64_t now)
{
    const uint8_t *message = attempt->query + LENGTH_OCTETS;
    size_t octets = attempt->query_octets - LENGTH_OCTETS;

    attempt->phase = PHASE_UDP;
    attempt->tries++;
    attempt->until = now + ASK_TRY_MS;
    if (!open_socket(attempt, SOCK_DGRAM))
        finish(attempt, is_no_route(errno) ? ASK_NO_ROUTE : ASK_SILENT);
    else
        (void)!send(attempt->fd, message, octets, MSG_NOSIGNAL); /* else the next try does */
}

static void try_tcp(struct attempt *attempt, int64_t now)
{
    attempt->phase = PHASE_CONNECT;
    attempt->until = now + ASK_TRY_MS;
    if (!open_socket(attempt, SOCK_STREAM))
        finish(attempt, ASK_SILENT);
}

/* What comes after a try that brought nothing. */
static void go_on(struct attempt *attempt, int64_t now)
{
    if (attempt->phase != PHASE_UDP)
        finish(attempt, ASK_SILENT);
    else if (attempt->tries < UDP_TRIES)
        try_udp(attempt, now);
    else
        try_tcp(attempt, now);
}

static bool is_truncated(const uint8_t *message)
{
    return (message[2] & HEADER_TC >> 8) != 0;
}

static void receive_datagram(struct attempt *attempt, struct asking *asking, int64_t now)
{
    uint8_t message[4096];

    ssize_t length = recv(attempt->fd, message, sizeof message, 0);
    if (length == -1) {
        /* Nobody listens there now (ICMP): a server that is restarting may be back in a moment. */
        if (errno != EAGAIN && errno != EINTR)
            attempt->moved = 1;
        return;
    }
    enum status status = ask_check(attempt->ask, attempt->id, message, (size_t)length);
    if (status == STATUS_DENIED)
        return; /* somebody's guess; the answer may still come */
    if (status != STATUS_OK)
        finish(attempt, ASK_MALFORMED);
    else if (is_truncated(message))
        try_tcp(attempt, now);
    else
        keep_answer(attempt, message, (size_t)length, asking->arena);
}

static void connected(struct attempt *attempt)
{
    int error = 0;
    socklen_t length = sizeof error;

    getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0)
        finish(attempt, ASK_SILENT);
    else
        attempt->phase = PHASE_SEND;
}

static void send_stream(struct attempt *attempt)
{
    ssize_t sent = send(attempt->fd, attempt->query + attempt->moved,
                        attempt->query_octets - attempt->moved, MSG_NOSIGNAL);
    if (sent == -1) {
        if (errno != EAGAIN && errno != EINTR)
            finish(attempt, ASK_SILENT);
        return;
    }
    attempt->moved += (size_t)sent;
    if (attempt->moved == attempt->query_octets) {
        attempt->phase = PHASE_RECEIVE;
        attempt->moved = 0;
    }
}

static void take_stream_answer(struct attempt *attempt)
{
    enum status status =
        ask_check(attempt->ask, attempt->id, attempt->answer, attempt->answer_octets);
    if (status != STATUS_OK || is_truncated(attempt->answer)) {
        finish(attempt, ASK_MALFORMED);
        return;
    }
    attempt->ask->message = attempt->answer;
    attempt->ask->octets = attempt->answer_octets;
    finish(attempt, ASK_ANSWERED);
}

/* The length, then as many octets; both may come in pieces. */
static void receive_stream(struct attempt *attempt, struct arena *arena)
{
    bool in_head = attempt->moved < LENGTH_OCTETS;
    uint8_t *to = in_head ? attempt->head + attempt->moved
                          : attempt->answer + (attempt->moved - LENGTH_OCTETS);
    size_t wanted = LENGTH_OCTETS + (in_head ? 0 : attempt->answer_octets) - attempt->moved;

    ssize_t got = recv(attempt->fd, to, wanted, 0);
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        finish(attempt, ASK_SILENT);
        return;
    }
    attempt->moved += (size_t)got;
    if (in_head && attempt->moved == LENGTH_OCTETS) {
        attempt->answer_octets = (size_t)(attempt->head[0] << 8 | attempt->head[1]);
        attempt->answer = arena_alloc(arena, attempt->answer_octets + 1);
        if (attempt->answer == NULL || attempt->answer_octets < DNS_HEADER_OCTETS)
            finish(attempt, ASK_MALFORMED);
    } else if (!in_head && attempt->moved == LENGTH_OCTETS + attempt->answer_octets) {
        take_stream_answer(attempt);
    }
}

static void proceed(struct attempt *attempt, struct asking *asking, int64_t now)
{
    switch (attempt->phase) {
    case PHASE_UDP:
        receive_datagram(attempt, asking, now);
        break;
    case PHASE_CONNECT:
        connected(attempt);
        break;
    case PHASE_SEND:
        send_stream(attempt);
        break;
    case PHASE_RECEIVE:
        receive_stream(attempt, asking->arena);
        break;
    case PHASE_DONE:
        break;
    }
}

/* Milliseconds until the next try ends, and the descriptors to be watched; -1 when all are done. */
static int prepare(const struct asking *asking, struct pollfd *fds, int64_t now)
{
    int64_t next = asking->deadline;
    bool pending = false;

    for (size_t i = 0; i < asking->count; i++) {
        const struct attempt *attempt = &asking->attempts[i];
        bool sends = attempt->phase == PHASE_CONNECT || attempt->phase == PHASE_SEND;
        fds[i] = (struct pollfd){.fd = attempt->fd, .events = sends ? POLLOUT : POLLIN};
        if (attempt->phase == PHASE_DONE)
            continue;
        pending = true;
        if (attempt->phase == PHASE_UDP && attempt->moved > 0)
            fds[i].fd = -1; /* refused: nothing comes before the next try */
        if (attempt->until < next)
            next = attempt->until;
    }
    if (!pending)
        return -1;
    return next > now ? (int)(next - now) : 0;
}

/* One round: waits for the first thing to happen, and does it all. False when there is no more. */
static bool turn(struct asking *asking, struct pollfd *fds)
{
    int64_t now = ask_clock();
    int wait = prepare(asking, fds, now);

    if (wait < 0 || now >= asking->deadline)
        return false;
    if (poll(fds, (nfds_t)asking->count, wait) < 0 && errno != EINTR)
        return false;
    now = ask_clock();
    for (size_t i = 0; i < asking->count; i++) {
        struct attempt *attempt = &asking->attempts[i];
        if (fds[i].revents != 0)
            proceed(attempt, asking, now);
        if (attempt->phase != PHASE_DONE && now >= attempt->until)
            go_on(attempt, now);
    }
    return true;
}

enum status ask_all(struct ask *asks, size_t count, int64_t deadline, struct arena *arena)
{
    for (size_t i = 0; i < count; i++)
        asks[i].outcome = ASK_SILENT;
    struct asking asking = {
        .count = count < ASK_MOST ? count : ASK_MOST, .deadline = deadline, .arena = arena};
    asking.attempts = calloc(asking.count + 1, sizeof *asking.attempts);
    struct pollfd *fds = calloc(asking.count + 1, sizeof *fds);
    bool ready = asking.attempts != NULL && fds != NULL;
    for (size_t i = 0; i < asking.count && ready; i++) {
        struct attempt *attempt = &asking.attempts[i];
        *attempt = (struct attempt){.ask = &asks[i], .fd = -1};
        ready = getrandom(&attempt->id, sizeof attempt->id, 0) == sizeof attempt->id;
        write_query(attempt);
        try_udp(attempt, ask_clock());
    }
    while (ready && turn(&asking, fds))
        ;
    for (size_t i = 0; i < asking.count && asking.attempts != NULL; i++) {
        if (asking.attempts[i].ask != NULL && asking.attempts[i].phase != PHASE_DONE)
            finish(&asking.attempts[i], ASK_SILENT);
    }
    free(asking.attempts);
    free(fds);
    return ready && !arena_failed(arena) ? STATUS_OK : STATUS_SYSTEM;
}
