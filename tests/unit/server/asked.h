/* Questions put to a served zone, and the replies in one piece. */
#ifndef TESTS_ASKED_H
#define TESTS_ASKED_H

#include "tests/unit/server/served.h"

#include <netinet/in.h>

#define MESSAGE_OCTETS 65535

static const struct sockaddr_in client = {.sin_family = AF_INET};

/* A request, put together from its parts. */
struct query {
    uint8_t octets[512];
    size_t length;
};

/* With an OPT that has DO and asks for NSID, where `udp_octets` is not negative. */
static inline struct query query_of(const struct name *name, uint16_t type, uint16_t class,
                                    int udp_octets)
{
    struct query query;
    struct header header = {
        .id = 0x1234, .flags = HEADER_RD, .qdcount = 1, .arcount = udp_octets >= 0};

    struct writer w = writer_of(query.octets, sizeof query.octets);
    header_write(&w, &header);
    writer_octets(&w, name->octets, name->length);
    writer_u16(&w, type);
    writer_u16(&w, class);
    if (udp_octets >= 0) {
        writer_u8(&w, 0);
        record_write_fixed(&w, TYPE_OPT, (uint16_t)udp_octets, 0x8000, 4);
        writer_u16(&w, EDNS_NSID);
        writer_u16(&w, 0);
    }
    query.length = writer_length(&w);
    return query;
}

static inline struct query make_query(const char *text, uint16_t type, uint16_t class,
                                      int udp_octets)
{
    struct name name;
    assert_int_equal(name_from_text(&name, text, strlen(text)), STATUS_OK);
    return query_of(&name, type, class, udp_octets);
}

/* The reply in one piece. */
static inline size_t join(const struct reply *reply, uint8_t *message)
{
    size_t length = 0;
    for (size_t i = 0; i < reply->part_count; i++) {
        assert_true(length + reply->parts[i].iov_len <= MESSAGE_OCTETS);
        memcpy(message + length, reply->parts[i].iov_base, reply->parts[i].iov_len);
        length += reply->parts[i].iov_len;
    }
    return length;
}

/* An IXFR question with the client's SOA in the authority section (RFC 1995 §3). */
static inline struct query make_ixfr_query(const char *name, uint32_t serial)
{
    struct query query = make_query(name, TYPE_IXFR, CLASS_IN, -1);
    struct writer w = writer_of(query.octets, sizeof query.octets);

    w.next += query.length;
    writer_u16(&w, 0xc000 | DNS_HEADER_OCTETS);
    record_write_fixed(&w, TYPE_SOA, CLASS_IN, 0, 22);
    writer_u16(&w, 0); /* two names: the root */
    writer_u32(&w, serial);
    for (int i = 0; i < 4; i++)
        writer_u32(&w, 0);
    query.length = writer_length(&w);
    query.octets[9] = 1; /* NSCOUNT */
    return query;
}

/* Asks, and has an answer; returns its octets. */
static inline size_t ask(const struct served *served, const struct query *query,
                         enum transport transport, uint8_t *message)
{
    static struct reply reply;

    respond(&served->view, query->octets, query->length,
            &(struct asker){.address = (const struct sockaddr *)&client, .transport = transport},
            &reply);
    assert_int_equal(reply.action, REPLY_SEND);
    return join(&reply, message);
}

#endif
