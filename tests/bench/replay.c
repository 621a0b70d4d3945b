/*
 * The limit of a transfer: messages that are ready, out of a file's map with writev. Whoever asks
 * anything by TCP gets all of them; what is asked is not looked at.
 *
 *     replay MESSAGES ADDRESS PORT          until it is killed
 *
 * MESSAGES: those of a transfer, each after its length in two octets (axfr --save).
 */
#include "tests/bench/net.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PARTS          64 /* messages in one writev */
#define BACKLOG        16
#define REQUEST_OCTETS 4096

/* Writes the parts, whole. False when the client is gone. */
static bool write_parts(int fd, struct iovec *parts, size_t count)
{
    while (count > 0) {
        ssize_t n = writev(fd, parts, (int)count);
        if (n <= 0)
            return false;
        size_t left = (size_t)n;
        while (count > 0 && left >= parts->iov_len) {
            left -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (uint8_t *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    return true;
}

static void send_all(int fd, const struct queries *messages)
{
    struct iovec parts[PARTS];
    uint8_t request[REQUEST_OCTETS];

    while (recv(fd, request, sizeof request, 0) > 0) {
        for (size_t at = 0; at < messages->count; at += PARTS) {
            size_t count = messages->count - at < PARTS ? messages->count - at : PARTS;
            /* With the length in front, which stands in the file too. */
            for (size_t i = 0; i < count; i++)
                parts[i] = (struct iovec){(uint8_t *)messages->each[at + i].iov_base - 2,
                                          messages->each[at + i].iov_len + 2};
            if (!write_parts(fd, parts, count))
                return;
        }
    }
}

int main(int argc, char **argv)
{
    struct queries messages;

    if (argc != 4) {
        fprintf(stderr, "usage: replay MESSAGES ADDRESS PORT\n");
        return 64;
    }
    if (net_read_queries(argv[1], UINT16_MAX, &messages) != STATUS_OK)
        return 1;
    int listener = net_bind(argv[2], argv[3], SOCK_STREAM);
    if (listener < 0 || listen(listener, BACKLOG) != 0)
        return 1;
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        send_all(fd, &messages);
        close(fd);
    }
}
