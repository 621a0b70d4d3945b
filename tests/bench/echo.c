/*
 * The limit: receives UDP datagrams, sets QR in each, sends them back. No server that uses sockets
 * can take less of a processor than this, by batches; by one at a time it takes what servers took
 * before there were batches.
 *
 *     echo [--single] ADDRESS PORT          until it is killed
 */
#include "tests/bench/batch.h"
#include "tests/bench/net.h"

#include <stdio.h>
#include <string.h>

#define QR 0x80

static void serve(int fd, struct batch *batch)
{
    batch_set_up(batch);
    for (;;) {
        int received = batch_receive(fd, batch);
        for (int i = 0; i < received; i++) {
            struct batch_slot *slot = &batch->slots[i];
            slot->request[2] |= QR;
            slot->answer[0] = (struct iovec){slot->request, slot->octets};
            slot->parts = 1;
        }
        batch_send(fd, batch, received);
    }
}

static void serve_single(int fd, struct batch_slot *slot)
{
    for (;;) {
        socklen_t length = sizeof slot->client;
        ssize_t octets = recvfrom(fd, slot->request, sizeof slot->request, 0,
                                  (struct sockaddr *)&slot->client, &length);
        if (octets < 0)
            continue;
        slot->request[2] |= QR;
        /* A client that is gone: not ours to mend. */
        octets =
            sendto(fd, slot->request, (size_t)octets, 0, (struct sockaddr *)&slot->client, length);
        (void)octets;
    }
}

int main(int argc, char **argv)
{
    static struct batch batch;
    bool single = argc > 1 && strcmp(argv[1], "--single") == 0;

    if (argc != 3 + single) {
        fprintf(stderr, "usage: echo [--single] ADDRESS PORT\n");
        return 64;
    }
    int fd = net_bind(argv[1 + single], argv[2 + single], SOCK_DGRAM);
    if (fd < 0)
        return 1;
    net_enlarge(fd);
    if (single)
        serve_single(fd, &batch.slots[0]);
    else
        serve(fd, &batch);
    return 0;
}
