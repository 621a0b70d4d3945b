/*
 * The limit: receives batches of UDP datagrams, sets QR in each, sends them back. No server that
 * uses sockets can take less of a processor than this.
 *
 *     echo ADDRESS PORT          until it is killed
 */
#include "tests/bench/net.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH          32 /* as contactd: more gains nothing */
#define REQUEST_OCTETS (4096 + 64)

struct slot {
    uint8_t request[REQUEST_OCTETS];
    struct sockaddr_storage client;
    struct iovec part;
};

struct batch {
    struct mmsghdr messages[BATCH];
    struct slot slots[BATCH];
};

static void make_room(struct batch *batch)
{
    for (size_t i = 0; i < BATCH; i++) {
        struct slot *slot = &batch->slots[i];
        slot->part = (struct iovec){slot->request, sizeof slot->request};
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &slot->client,
            .msg_namelen = sizeof slot->client,
            .msg_iov = &slot->part,
            .msg_iovlen = 1,
        };
    }
}

static void serve(int fd, struct batch *batch)
{
    make_room(batch);
    for (;;) {
        int received = recvmmsg(fd, batch->messages, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < received; i++) {
            batch->slots[i].part.iov_len = batch->messages[i].msg_len;
            batch->slots[i].request[2] |= 0x80;
        }
        for (int sent = 0; sent < received;) {
            int n = sendmmsg(fd, batch->messages + sent, (unsigned)(received - sent), 0);
            sent += n > 0 ? n : 1; /* a client that is gone: not ours to mend */
        }
        for (int i = 0; i < received; i++) {
            batch->slots[i].part.iov_len = REQUEST_OCTETS;
            batch->messages[i].msg_hdr.msg_namelen = sizeof batch->slots[i].client;
        }
    }
}

int main(int argc, char **argv)
{
    static struct batch batch;

    if (argc != 3) {
        fprintf(stderr, "usage: echo ADDRESS PORT\n");
        return 64;
    }
    int fd = net_bind(argv[1], argv[2], SOCK_DGRAM);
    if (fd < 0)
        return 1;
    net_enlarge(fd);
    serve(fd, &batch);
    return 0;
}
