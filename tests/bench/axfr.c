/*
 * A client for transfers that reads and discards: how long one takes, and what came.
 *
 *     axfr [--query FILE] ADDRESS PORT ZONE [TIMES]
 *
 * FILE holds the request, a whole message: signed, or for IXFR; without it AXFR is asked for.
 * Prints one line of JSON per transfer. The time goes from before connect to the last SOA. Of each
 * message the records are stepped over, since only the SOA tell the end: the second one, or the
 * fourth where the second record is one too (RFC 5936 §2.2, RFC 1995 §4); nothing else is looked
 * at.
 */
#include "tests/bench/net.h"
#include "wire/constants.h"
#include "wire/name.h"
#include "wire/record.h"
#include "wire/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BUFFER_OCTETS   (1 << 20)
#define MESSAGE_OCTETS  65535
#define QUERY_OCTETS    1024
#define QUERY_ID        0x4158
#define TIMEOUT_SECONDS 60

struct transfer {
    unsigned messages;
    unsigned long records;
    unsigned long octets; /* of all messages, their length octets not counted */
    unsigned soas;
    unsigned last;   /* SOA that ends it */
    uint8_t *buffer; /* BUFFER_OCTETS */
    size_t filled;
};

static size_t write_query(uint8_t query[QUERY_OCTETS], const struct name *zone)
{
    struct writer w = writer_of(query, QUERY_OCTETS);
    const struct header header = {.id = QUERY_ID, .qdcount = 1};

    writer_u16(&w, (uint16_t)(DNS_HEADER_OCTETS + zone->length + 4));
    header_write(&w, &header);
    writer_octets(&w, zone->octets, zone->length);
    writer_u16(&w, TYPE_AXFR);
    writer_u16(&w, CLASS_IN);
    return writer_length(&w);
}

/* Reads the request, behind its length. Returns the octets of both, 0 when that fails. */
static size_t read_query(uint8_t query[QUERY_OCTETS], const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t octets = fread(query + 2, 1, QUERY_OCTETS - 2, file);
    fclose(file);
    query[0] = (uint8_t)(octets >> 8);
    query[1] = (uint8_t)octets;
    query[2] = QUERY_ID >> 8;
    query[3] = QUERY_ID & 0xff;
    return octets + 2;
}

/* Steps over a name as it stands, a pointer not followed. */
static void skip_name(struct reader *r)
{
    for (;;) {
        uint8_t length = reader_u8(r);
        if (length >= 0xc0)
            reader_u8(r);
        else
            reader_octets(r, length);
        if (length == 0 || length >= 0xc0 || r->failed)
            return;
    }
}

/* Takes in one message. False when it is no part of a transfer. */
static bool take_message(struct transfer *transfer, const uint8_t *octets, size_t length)
{
    struct reader r = reader_of(octets, length);
    struct header header = header_read(&r);

    if (r.failed || header.id != QUERY_ID || (header.flags & 0xf) != RCODE_NOERROR)
        return false;
    for (unsigned i = 0; i < header.qdcount; i++) {
        skip_name(&r);
        reader_octets(&r, 4);
    }
    for (unsigned i = 0; i < header.ancount; i++) {
        skip_name(&r);
        bool soa = reader_u16(&r) == TYPE_SOA;
        transfer->soas += soa;
        if (soa && transfer->records + i == 1)
            transfer->last = 4;
        reader_octets(&r, 6);
        reader_octets(&r, reader_u16(&r));
    }
    transfer->messages++;
    transfer->records += header.ancount;
    transfer->octets += length;
    return !r.failed && header.ancount > 0;
}

/* Takes all whole messages out of the buffer. False when one is wrong. */
static bool take_messages(struct transfer *transfer)
{
    size_t at = 0;

    while (transfer->filled - at >= 2) {
        size_t length = (size_t)(transfer->buffer[at] << 8 | transfer->buffer[at + 1]);
        if (transfer->filled - at - 2 < length)
            break;
        if (!take_message(transfer, transfer->buffer + at + 2, length))
            return false;
        at += 2 + length;
    }
    transfer->filled -= at;
    memmove(transfer->buffer, transfer->buffer + at, transfer->filled);
    return true;
}

static bool receive_all(int fd, struct transfer *transfer)
{
    while (transfer->soas < transfer->last) {
        ssize_t n =
            recv(fd, transfer->buffer + transfer->filled, BUFFER_OCTETS - transfer->filled, 0);
        if (n <= 0) {
            fprintf(stderr, "after %u messages: %s\n", transfer->messages,
                    n == 0 ? "the server closed the connection" : strerror(errno));
            return false;
        }
        transfer->filled += (size_t)n;
        if (!take_messages(transfer)) {
            fprintf(stderr, "after %u messages: refused, or not a transfer\n", transfer->messages);
            return false;
        }
    }
    return true;
}

static bool run(const char *address, const char *port, const uint8_t *query, size_t octets,
                uint8_t *buffer)
{
    struct transfer transfer = {.buffer = buffer, .last = 2};
    struct timeval timeout = {TIMEOUT_SECONDS, 0};

    int64_t start = net_now_ns();
    int fd = net_connect(address, port, SOCK_STREAM);
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    bool whole =
        send(fd, query, octets, MSG_NOSIGNAL) == (ssize_t)octets && receive_all(fd, &transfer);
    int64_t end = net_now_ns();
    close(fd);
    if (whole)
        printf("{\"seconds\": %.6f, \"messages\": %u, \"records\": %lu, \"octets\": %lu}\n",
               (double)(end - start) / 1e9, transfer.messages, transfer.records, transfer.octets);
    return whole;
}

int main(int argc, char **argv)
{
    const char *path = argc > 2 && strcmp(argv[1], "--query") == 0 ? argv[2] : NULL;
    char **words = path ? argv + 2 : argv;
    int count = path ? argc - 2 : argc;
    uint8_t query[QUERY_OCTETS];
    struct name zone;

    if (count < 4 || count > 5 || name_from_text(&zone, words[3], strlen(words[3])) != STATUS_OK) {
        fprintf(stderr, "usage: axfr [--query FILE] ADDRESS PORT ZONE [TIMES]\n");
        return 64;
    }
    long times = count == 5 ? strtol(words[4], NULL, 10) : 1;
    size_t octets = path ? read_query(query, path) : write_query(query, &zone);
    uint8_t *buffer = malloc(BUFFER_OCTETS);
    bool sound = buffer != NULL && octets > 0;
    for (long i = 0; i < times && sound; i++)
        sound = run(words[1], words[2], query, octets, buffer);
    free(buffer);
    return sound ? 0 : 1;
}
