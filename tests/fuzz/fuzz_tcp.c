/*
 * A stream of messages over TCP, in pieces. The first octet says how many of the next are lengths
 * of pieces, then comes the stream; what is not in a piece comes as the last one. The same octets
 * as one piece get the same answers.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/message.h"

#include "server/connections.h"
#include "server/turns.h"

#include <event2/event.h>
#include <sys/socket.h>

#define MOST_OCTETS    16384
#define MOST_PIECES    16
#define ANSWERS_OCTETS (4u << 20)
#define MOST_TURNS     100000

struct tcp_side {
    struct event_base *base;
    struct bundle bundle;
    struct basis *basis;
    struct statistics statistics;
    struct tcp_limits *limits;
    struct connections *connections;
};

static void no_pause(void *context)
{
    (void)context;
}

static struct tcp_side *server_side(void)
{
    static struct tcp_side side;
    struct answering *all = answering();

    if (side.base)
        return &side;
    all->served.config.server.tcp_max = 10;
    all->served.config.server.tcp_per_client = 10;
    side.base = event_base_new();
    side.bundle = (struct bundle){.config = &all->served.config, .keyring = all->ring.keyring};
    side.limits = tcp_limits_create();
    RULE(side.base && side.limits && turns_prepare(side.base) == STATUS_OK);
    RULE(basis_create(all->served.store, &side.bundle, NULL, &side.basis) == STATUS_OK);
    const struct connections_pause pause = {.pause = no_pause};
    side.connections =
        connections_create(side.base, side.basis, &side.statistics, side.limits, &pause);
    RULE(side.connections != NULL);
    return &side;
}

/* A turn of the server's loop, and all that it has answered. */
static void turn(struct tcp_side *side, int peer, uint8_t *answers, size_t *length)
{
    event_base_loop(side->base, EVLOOP_NONBLOCK);
    for (;;) {
        ssize_t got = recv(peer, answers + *length, ANSWERS_OCTETS - *length, MSG_DONTWAIT);
        if (got <= 0)
            return;
        *length += (size_t)got;
        RULE(*length < ANSWERS_OCTETS);
    }
}

struct piece {
    const uint8_t *octets;
    size_t length;
};

/* Sends the pieces, each in its own turn; the octets of the answers. */
static size_t converse(const struct piece *pieces, size_t count, uint8_t *answers)
{
    struct tcp_side *side = server_side();
    struct endpoint client_endpoint = {.length = sizeof(struct sockaddr_in)};
    size_t length = 0;
    int ends[2];

    client_endpoint.address.v4 =
        *(const struct sockaddr_in *)(const void *)answering_address(CLIENT_MEMBER);
    RULE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    connections_add(side->connections, ends[0], &client_endpoint, CONNECTION_PLAIN);
    for (size_t i = 0; i < count; i++) {
        size_t sent = 0;
        for (int n = 0; sent < pieces[i].length && n < MOST_TURNS; n++) {
            ssize_t took = send(ends[1], pieces[i].octets + sent, pieces[i].length - sent,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
            if (took < 0 && errno != EAGAIN)
                break; /* the server has closed */
            sent += took > 0 ? (size_t)took : 0;
            turn(side, ends[1], answers, &length);
        }
    }
    shutdown(ends[1], SHUT_WR);
    for (int n = 0; connections_count(side->connections) > 0; n++) {
        RULE(n < MOST_TURNS);
        turn(side, ends[1], answers, &length);
    }
    turn(side, ends[1], answers, &length);
    close(ends[1]);
    return length;
}

static size_t cut(const uint8_t *octets, size_t length, struct piece pieces[MOST_PIECES + 1],
                  struct piece *whole)
{
    size_t count = octets[0] % (MOST_PIECES + 1);
    count = count < length - 1 ? count : length - 1;
    size_t at = 1 + count;

    *whole = (struct piece){octets + at, length - at};
    for (size_t i = 0; i < count; i++) {
        size_t size = octets[1 + i] < length - at ? octets[1 + i] : length - at;
        pieces[i] = (struct piece){octets + at, size};
        at += size;
    }
    pieces[count] = (struct piece){octets + at, length - at};
    return count + 1;
}

/* The lengths fit, and nothing stands behind the last message. */
static void check_framing(const uint8_t *answers, size_t length)
{
    struct reader r = reader_of(answers, length);

    while (reader_left(&r) > 0) {
        size_t octets = reader_u16(&r);
        const uint8_t *message = reader_octets(&r, octets);
        RULE(!r.failed && octets >= DNS_HEADER_OCTETS && message[2] & 0x80);
    }
}

static void run(const uint8_t *octets, size_t length)
{
    static uint8_t *in_pieces, *in_one;
    struct piece pieces[MOST_PIECES + 1], whole;

    if (length < 1 || length > MOST_OCTETS)
        return;
    if (!in_pieces) {
        in_pieces = malloc(ANSWERS_OCTETS);
        in_one = malloc(ANSWERS_OCTETS);
        RULE(in_pieces && in_one);
    }
    size_t count = cut(octets, length, pieces, &whole);
    /* A signature has the time in it: a second may have passed between the two. */
    for (int n = 0; n < 3; n++) {
        size_t a = converse(pieces, count, in_pieces);
        size_t b = converse(&whole, 1, in_one);
        check_framing(in_pieces, a);
        check_framing(in_one, b);
        if (a == b && memcmp(in_pieces, in_one, a) == 0)
            return;
    }
    fuzz_broken("the same answers to the same octets, however they come", __FILE__, __LINE__);
}

/* One of the messages, with a length that fits it. */
static size_t mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                     fuzz_plain_mutation *plain)
{
    size_t at = length > 0 ? 1u + octets[0] % (MOST_PIECES + 1) : 0;
    unsigned skipped = seed % 4;

    while (at + 2 <= length) {
        size_t before = (size_t)(octets[at] << 8 | octets[at + 1]);
        size_t start = at + 2;
        if (before > length - start)
            break;
        if (skipped-- > 0) {
            at = start + before;
            continue;
        }
        uint8_t message[2048];
        if (before > sizeof message / 2)
            break;
        memcpy(message, octets + start, before);
        size_t after = message_mutate(message, before, sizeof message, seed / 4, plain);
        if (length - before + after > room)
            break;
        memmove(octets + start + after, octets + start + before, length - start - before);
        memcpy(octets + start, message, after);
        octets[at] = (uint8_t)(after >> 8);
        octets[at + 1] = (uint8_t)after;
        return length - before + after;
    }
    return plain(octets, length, room);
}

const struct fuzz_target fuzz_tcp = {.name = "tcp", .run = run, .mutate = mutate};
