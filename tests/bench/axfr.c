/*
 * A client for transfers that reads and discards: how long one takes, and what came.
 *
 *     axfr [--query FILE] [--skim OCTETS] [--save FILE] ADDRESS PORT ZONE [TIMES]
 *
 * --query: FILE holds the request, a whole message: signed, or for IXFR; without it AXFR is asked
 * for. --skim: the transfer is known to have so many octets with their lengths, which are counted
 * and not even read: so a fast server does not wait for this client. --save: what came goes there.
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
#include <getopt.h>
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

struct choice {
    const char *query;  /* or NULL */
    const char *save;   /* or NULL */
    unsigned long skim; /* octets, 0 to look at them */
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

/* What recv() returned, after a message when that is the end. */
static ssize_t received(ssize_t n, unsigned long so_far)
{
    if (n <= 0)
        fprintf(stderr, "after %lu octets: %s\n", so_far,
                n == 0 ? "the server closed the connection" : strerror(errno));
    return n;
}

static bool skim(int fd, struct transfer *transfer, unsigned long octets)
{
    while (transfer->octets < octets) {
        ssize_t n = received(recv(fd, NULL, BUFFER_OCTETS, MSG_TRUNC), transfer->octets);
        if (n <= 0)
            return false;
        transfer->octets += (unsigned long)n;
    }
    return transfer->octets == octets;
}

static bool receive_all(int fd, struct transfer *transfer, FILE *save)
{
    while (transfer->soas < transfer->last) {
        uint8_t *end = transfer->buffer + transfer->filled;
        ssize_t n = received(recv(fd, end, BUFFER_OCTETS - transfer->filled, 0), transfer->octets);
        if (n <= 0 || (save && fwrite(end, 1, (size_t)n, save) != (size_t)n))
            return false;
        transfer->filled += (size_t)n;
        if (!take_messages(transfer)) {
            fprintf(stderr, "after %u messages: refused, or not a transfer\n", transfer->messages);
            return false;
        }
    }
    return true;
}

static bool run(char **place, const struct choice *choice, const uint8_t *query, size_t octets,
                uint8_t *buffer)
{
    struct transfer transfer = {.buffer = buffer, .last = 2};
    struct timeval timeout = {TIMEOUT_SECONDS, 0};
    FILE *save = choice->save ? fopen(choice->save, "wb") : NULL;

    int64_t start = net_now_ns();
    int fd = net_connect(place[0], place[1], SOCK_STREAM);
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    bool whole =
        send(fd, query, octets, MSG_NOSIGNAL) == (ssize_t)octets &&
        (choice->skim ? skim(fd, &transfer, choice->skim) : receive_all(fd, &transfer, save));
    int64_t end = net_now_ns();
    close(fd);
    if (save && fclose(save) != 0)
        whole = false;
    if (whole)
        printf("{\"seconds\": %.6f, \"messages\": %u, \"records\": %lu, \"octets\": %lu}\n",
               (double)(end - start) / 1e9, transfer.messages, transfer.records, transfer.octets);
    return whole;
}

static bool read_options(int argc, char **argv, struct choice *choice)
{
    static const struct option options[] = {
        {"query", required_argument, NULL, 'q'},
        {"save", required_argument, NULL, 's'},
        {"skim", required_argument, NULL, 'k'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'q')
            choice->query = optarg;
        else if (option == 's')
            choice->save = optarg;
        else if (option == 'k')
            choice->skim = strtoul(optarg, NULL, 10);
        else
            return false;
    }
    return argc - optind == 3 || argc - optind == 4;
}

int main(int argc, char **argv)
{
    struct choice choice = {NULL, NULL, 0};
    uint8_t query[QUERY_OCTETS];
    struct name zone;

    if (!read_options(argc, argv, &choice) ||
        name_from_text(&zone, argv[optind + 2], strlen(argv[optind + 2])) != STATUS_OK) {
        fprintf(stderr, "usage: axfr [--query FILE] [--skim OCTETS] [--save FILE] "
                        "ADDRESS PORT ZONE [TIMES]\n");
        return 64;
    }
    long times = argc - optind == 4 ? strtol(argv[optind + 3], NULL, 10) : 1;
    size_t octets = choice.query ? read_query(query, choice.query) : write_query(query, &zone);
    uint8_t *buffer = malloc(BUFFER_OCTETS);
    bool sound = buffer != NULL && octets > 0;
    for (long i = 0; i < times && sound; i++)
        sound = run(argv + optind, &choice, query, octets, buffer);
    free(buffer);
    return sound ? 0 : 1;
}
