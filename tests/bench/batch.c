#include "tests/bench/batch.h"

void batch_set_up(struct batch *batch)
{
    for (size_t i = 0; i < BATCH_MAX; i++) {
        struct batch_slot *slot = &batch->slots[i];
        slot->part = (struct iovec){slot->request, sizeof slot->request};
        batch->in[i].msg_hdr = (struct msghdr){
            .msg_name = &slot->client,
            .msg_namelen = sizeof slot->client,
            .msg_iov = &slot->part,
            .msg_iovlen = 1,
        };
    }
}

int batch_receive(int fd, struct batch *batch)
{
    int received = recvmmsg(fd, batch->in, BATCH_MAX, MSG_WAITFORONE, NULL);

    for (int i = 0; i < received; i++) {
        batch->slots[i].octets = batch->in[i].msg_len;
        batch->slots[i].parts = 0;
    }
    return received;
}

void batch_send(int fd, struct batch *batch, int count)
{
    unsigned answers = 0;

    for (int i = 0; i < count; i++) {
        struct batch_slot *slot = &batch->slots[i];
        if (slot->parts > 0)
            batch->out[answers++].msg_hdr = (struct msghdr){
                .msg_name = &slot->client,
                .msg_namelen = batch->in[i].msg_hdr.msg_namelen,
                .msg_iov = slot->answer,
                .msg_iovlen = slot->parts,
            };
        batch->in[i].msg_hdr.msg_namelen = sizeof slot->client;
    }
    for (unsigned sent = 0; sent < answers;) {
        int n = sendmmsg(fd, batch->out + sent, answers - sent, 0);
        sent += n > 0 ? (unsigned)n : 1; /* a client that is gone: not ours to mend */
    }
}
