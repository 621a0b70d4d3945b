/*
 * The OPT of a request: the first two octets are its size, the next four what a record has as its
 * TTL, the rest its options. Asked where there is an answer, a referral, and nothing at all.
 */
#include "tests/fuzz/answering.h"
#include "tests/fuzz/fuzz.h"

#include "server/edns.h"

#define FIXED_OCTETS 6
#define MOST_OCTETS  2048

static void check_alone(const uint8_t *octets, size_t length)
{
    const uint8_t *message = fuzz_flush(octets, length);
    struct reader r = reader_of(message, FIXED_OCTETS);
    struct record record = {.type = TYPE_OPT,
                            .class = reader_u16(&r),
                            .ttl = reader_u32(&r),
                            .rdata = FIXED_OCTETS,
                            .rdata_octets = (uint16_t)(length - FIXED_OCTETS)};
    struct edns edns;
    enum status status = edns_parse(&edns, &record, message);

    RULE(status == STATUS_OK || status == STATUS_MALFORMED);
    RULE(edns.present && edns.udp_octets >= DNS_UDP_OCTETS);
}

/* RFC 9018 §4.4: whatever came, what is sent back is good the next time. */
static void check_cookie(const uint8_t *octets, size_t length)
{
    const struct cookie_secrets *secrets = &answering()->cookies;
    const struct prefix address = prefix_of_address(answering_address(CLIENT_MEMBER));
    uint8_t made[COOKIE_OCTETS], again[COOKIE_OCTETS];

    if (!cookie_length_is_legal(length))
        return;
    const uint8_t *option = fuzz_flush(octets, length);
    enum cookie_state state =
        cookie_judge(secrets, option, length, &address, (uint32_t)served_clock(), made);
    RULE(state != COOKIE_NONE && (state == COOKIE_CLIENT_ONLY) == (length == COOKIE_CLIENT_OCTETS));
    RULE(memcmp(made, octets, COOKIE_CLIENT_OCTETS) == 0);
    RULE(cookie_judge(secrets, made, sizeof made, &address, (uint32_t)served_clock(), again) ==
         COOKIE_GOOD);
    RULE(memcmp(made, again, sizeof made) == 0);
}

static size_t request_of(const char *name, const uint8_t *octets, size_t length, uint8_t *out)
{
    struct query query = make_query(name, TYPE_TXT, CLASS_IN, -1);
    struct writer w = writer_of(out, MOST_OCTETS + sizeof query.octets);
    struct reader r = reader_of(octets, FIXED_OCTETS);
    uint16_t size = reader_u16(&r);

    writer_octets(&w, query.octets, query.length);
    writer_u8(&w, 0);
    record_write_fixed(&w, TYPE_OPT, size, reader_u32(&r), (uint16_t)(length - FIXED_OCTETS));
    writer_octets(&w, octets + FIXED_OCTETS, length - FIXED_OCTETS);
    out[11] = 1; /* ARCOUNT */
    return writer_length(&w);
}

static void run(const uint8_t *octets, size_t length)
{
    static const char *const names[] = {"xa.s.example", "x.cut.example", "huge.example", "test"};
    static uint8_t made[MOST_OCTETS + 512], message[MESSAGE_OCTETS];

    if (length < FIXED_OCTETS || length > MOST_OCTETS)
        return;
    check_alone(octets, length);
    check_cookie(octets + FIXED_OCTETS, length - FIXED_OCTETS);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int t = TRANSPORT_UDP; t <= TRANSPORT_TLS; t++) {
            const struct asker asker = {.address = answering_address(CLIENT_MEMBER),
                                        .transport = (enum transport)t};
            size_t answered, request_octets = request_of(names[i], octets, length, made);
            const uint8_t *request = fuzz_flush(made, request_octets);
            answering_ask(answering(), request, request_octets, &asker, message, &answered);
            RULE(answered > 0);
        }
}

/* An option more, of a code that means something, of a length that fits or does not. */
static size_t mutate(uint8_t *octets, size_t length, size_t room, unsigned seed,
                     fuzz_plain_mutation *plain)
{
    static const uint16_t codes[] = {EDNS_NSID,    EDNS_EXPIRE, EDNS_COOKIE, EDNS_KEEPALIVE,
                                     EDNS_PADDING, EDNS_ERROR,  8,           65001};
    static const uint8_t lengths[] = {0, 0, 1, 2, 4, 7, 8, 9, 15, 16, 24, 39, 40, 41, 100, 255};
    size_t content = lengths[seed / 8 % sizeof lengths];

    if (length < FIXED_OCTETS || length + 4 + content > room || seed / 128 % 4 == 0)
        return plain(octets, length, room);
    struct writer w = writer_of(octets + length, room - length);
    writer_u16(&w, codes[seed % 8]);
    writer_u16(&w, (uint16_t)content);
    memset(writer_room(&w, content), (int)(seed / 512), content);
    return length + writer_length(&w);
}

const struct fuzz_target fuzz_edns = {.name = "edns", .run = run, .mutate = mutate};
