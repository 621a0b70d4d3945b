/* One message, as it may come: by UDP from a member and from a stranger, by TCP, by TLS. */
#include "server/expect.h"
#include "server/memo.h"
#include "tests/fuzz/answering.h"
#include "tests/fuzz/message.h"

#include <string.h>

/* With response rate limiting: what is dropped is not sent, and of what slips through nothing is
 * left. */
static void ask_limited(const uint8_t *request, size_t length)
{
    static uint8_t message[MESSAGE_OCTETS], spare[REPLY_SPARE_OCTETS];
    static struct rrl *rrl;
    static struct reply reply;
    static int64_t now_ms;
    struct config config = answering()->served.config;
    struct view view = answering()->served.view;
    const struct asker asker = {.address = answering_address(CLIENT_STRANGER),
                                .transport = TRANSPORT_UDP};

    if (!rrl)
        rrl = rrl_create();
    RULE(rrl != NULL);
    config.server.rrl_rate = 2;
    config.server.rrl_octets = 4096;
    config.server.rrl_slip = 2;
    view.config = &config;
    view.rrl = rrl;
    for (int i = 0; i < 6; i++) {
        view.now_ms = now_ms += 60;
        reply.spare = spare;
        respond(&view, request, length, &asker, &reply);
        RULE(reply.limited != RRL_DROP || reply.action == REPLY_DROP);
        if (reply.action != REPLY_SEND)
            continue;
        size_t octets = join(&reply, message);
        RULE(octets == reply.octets);
        RULE(reply.limited != RRL_SLIP || (message[7] == 0 && message[9] == 0));
        const char *broken = judged(request, length, TRANSPORT_UDP, &reply, message);
        if (broken)
            fuzz_broken(broken, __FILE__, __LINE__);
    }
}

/* As udp.c does it: looks ahead, then answers from the memo, or anew. */
static void ask_memo(struct memo *memo, const struct view *view, const uint8_t *request,
                     size_t length, struct reply *reply)
{
    const struct asker asker = {.address = answering_address(CLIENT_STRANGER),
                                .transport = TRANSPORT_UDP};
    const struct memo_request asked = memo_request_of(memo, view->era, request, length);

    if (!memo_has(memo, &asked))
        expect_lookup(view, request, length);
    snapshot_foresee(view->snapshot);
    if (memo_recall(memo, &asked, reply))
        return;
    respond(view, request, length, &asker, reply);
    memo_keep(memo, &asked, reply);
}

/* Asked again with another ID: what the memo tells is what is told without it. */
static void ask_again(const uint8_t *octets, size_t length)
{
    static uint8_t request[MESSAGE_OCTETS], messages[2][MESSAGE_OCTETS];
    static uint8_t spare[REPLY_SPARE_OCTETS];
    static struct reply replies[2];
    static struct memo *memo;
    const struct view *view = &answering()->served.view;
    const struct asker asker = {.address = answering_address(CLIENT_STRANGER),
                                .transport = TRANSPORT_UDP};

    if (!memo)
        memo = memo_create(MEMO_MIN_REPLIES);
    RULE(memo != NULL);
    if (length > 0)
        memcpy(request, octets, length);
    for (int i = 0; i < 3; i++) {
        request[0] ^= (uint8_t)(0x55 << i);
        const uint8_t *asked = fuzz_flush(request, length);
        replies[0].spare = replies[1].spare = spare;
        ask_memo(memo, view, asked, length, &replies[0]);
        size_t first = replies[0].action == REPLY_SEND ? join(&replies[0], messages[0]) : 0;
        respond(view, asked, length, &asker, &replies[1]);
        size_t second = replies[1].action == REPLY_SEND ? join(&replies[1], messages[1]) : 0;
        RULE(first == second && memcmp(messages[0], messages[1], first) == 0);
        RULE(first == 0 || replies[0].rcode == replies[1].rcode);
    }
}

static void run(const uint8_t *octets, size_t length)
{
    static const struct {
        enum transport transport;
        enum answering_client client;
    } ways[] = {
        {TRANSPORT_UDP, CLIENT_MEMBER},
        {TRANSPORT_UDP, CLIENT_STRANGER},
        {TRANSPORT_TCP, CLIENT_MEMBER},
        {TRANSPORT_TLS, CLIENT_V6},
    };
    static uint8_t message[MESSAGE_OCTETS];
    size_t answered;

    if (length > MESSAGE_OCTETS)
        return;
    const uint8_t *request = fuzz_flush(octets, length);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct asker asker = {.address = answering_address(ways[i].client),
                                    .transport = ways[i].transport,
                                    .may_transfer = ways[i].transport == TRANSPORT_TLS};
        answering_ask(answering(), request, length, &asker, message, &answered);
    }
    ask_limited(request, length);
    ask_again(octets, length);
}

const struct fuzz_target fuzz_udp = {.name = "udp", .run = run, .mutate = message_mutate};
