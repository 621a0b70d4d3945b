/* Batches of datagrams for the limits: received with one system call and answered with one. */
#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define BATCH_MAX            32 /* as contactd: more gains nothing */
#define BATCH_REQUEST_OCTETS (4096 + 64)
#define BATCH_PARTS          2

/* One datagram, and the answer that is made for it: `parts` of them, none for no answer. */
struct batch_slot {
    uint8_t request[BATCH_REQUEST_OCTETS];
    size_t octets;
    struct sockaddr_storage client;
    struct iovec part;
    struct iovec answer[BATCH_PARTS];
    size_t parts;
};

struct batch {
    struct mmsghdr in[BATCH_MAX];
    struct mmsghdr out[BATCH_MAX];
    struct batch_slot slots[BATCH_MAX];
};

void batch_set_up(struct batch *batch);

/* Waits for a datagram and takes all that are there. How many, or -1. */
int batch_receive(int fd, struct batch *batch);

/* Sends the answers of the first `count` slots. */
void batch_send(int fd, struct batch *batch, int count);

#endif
