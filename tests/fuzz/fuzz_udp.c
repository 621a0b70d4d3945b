/* One message, as it may come: by UDP from a member and from a stranger, by TCP, by TLS. */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/message.h"

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
}

const struct fuzz_target fuzz_udp = {.name = "udp", .run = run, .mutate = message_mutate};
