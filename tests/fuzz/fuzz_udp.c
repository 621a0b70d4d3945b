/* One message, as it may come: by UDP from a member and from a stranger, by TCP, by TLS. */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/message.h"

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
}

const struct fuzz_target fuzz_udp = {.name = "udp", .run = run, .mutate = message_mutate};
