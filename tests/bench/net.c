#include "tests/bench/net.h"

#include "wire/reader.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RECEIVE_OCTETS (4 << 20)

int64_t net_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int open_socket(const char *address, const char *port, int type,
                       int (*attach)(int, const struct sockaddr *, socklen_t))
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type};
    struct addrinfo *found = NULL;

    int code = getaddrinfo(address, port, &hints, &found);
    if (code != 0) {
        fprintf(stderr, "%s port %s: %s\n", address, port, gai_strerror(code));
        return -1;
    }
    int fd = socket(found->ai_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || attach(fd, found->ai_addr, found->ai_addrlen) != 0) {
        fprintf(stderr, "%s port %s: %s\n", address, port, strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

int net_connect(const char *address, const char *port, int type)
{
    return open_socket(address, port, type, connect);
}

int net_bind(const char *address, const char *port, int type)
{
    return open_socket(address, port, type, bind);
}

void net_enlarge(int fd)
{
    int octets = RECEIVE_OCTETS;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
}

uint8_t *net_read_whole(const char *path, size_t *octets)
{
    struct stat stat;
    uint8_t *block = NULL;

    FILE *file = fopen(path, "rb");
    if (file && fstat(fileno(file), &stat) == 0)
        block = malloc((size_t)stat.st_size + 1);
    if (block) {
        *octets = (size_t)stat.st_size;
        if (fread(block, 1, *octets, file) != *octets) {
            free(block);
            block = NULL;
        }
    }
    if (!block)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    if (file)
        fclose(file);
    return block;
}

/* Steps over all messages; fills in `each` where there is one. The number of messages, 0 when one
 * is cut off or too long. */
static size_t split(const uint8_t *block, size_t octets, size_t max_octets, struct iovec *each)
{
    struct reader r = reader_of(block, octets);
    size_t count = 0;

    while (reader_left(&r) > 0) {
        size_t length = reader_u16(&r);
        const uint8_t *message = reader_octets(&r, length);
        if (r.failed || length > max_octets || length < 2)
            return 0;
        if (each)
            each[count] = (struct iovec){(void *)(uintptr_t)message, length};
        count++;
    }
    return count;
}

enum status net_read_queries(const char *path, size_t max_octets, struct queries *out)
{
    size_t octets;

    out->each = NULL;
    out->block = net_read_whole(path, &octets);
    if (!out->block)
        return STATUS_SYSTEM;
    out->count = split(out->block, octets, max_octets, NULL);
    if (out->count > 0)
        out->each = calloc(out->count, sizeof *out->each);
    if (!out->each) {
        fprintf(stderr, "%s: not a file of queries\n", path);
        net_free_queries(out);
        return STATUS_MALFORMED;
    }
    split(out->block, octets, max_octets, out->each);
    return STATUS_OK;
}

void net_free_queries(struct queries *queries)
{
    free(queries->block);
    free(queries->each);
}
