#include "tests/bench/lane.h"

#include "tests/bench/net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH         64 /* datagrams per system call */
#define ANSWER_OCTETS 4096
#define STREAM_OCTETS ((size_t)1 << 19) /* more than 1024 queries, and more than one message */

struct datagrams {
    struct mmsghdr out[BATCH];
    struct iovec out_parts[BATCH];
    unsigned queued;
    struct mmsghdr in[BATCH];
    struct iovec in_parts[BATCH];
    uint8_t answers[BATCH][ANSWER_OCTETS];
};

struct stream {
    size_t queued;
    size_t filled;
    uint8_t out[STREAM_OCTETS];
    uint8_t in[STREAM_OCTETS];
};

struct lane {
    int fd;
    SSL *ssl;                    /* or NULL */
    struct datagrams *datagrams; /* or NULL */
    struct stream *stream;       /* or NULL */
};

static struct datagrams *new_datagrams(void)
{
    struct datagrams *datagrams = calloc(1, sizeof *datagrams);

    for (size_t i = 0; datagrams && i < BATCH; i++) {
        datagrams->in_parts[i] = (struct iovec){datagrams->answers[i], ANSWER_OCTETS};
        datagrams->in[i].msg_hdr.msg_iov = &datagrams->in_parts[i];
        datagrams->in[i].msg_hdr.msg_iovlen = 1;
        datagrams->out[i].msg_hdr.msg_iov = &datagrams->out_parts[i];
        datagrams->out[i].msg_hdr.msg_iovlen = 1;
    }
    return datagrams;
}

static bool shake_hands(struct lane *lane, SSL_CTX *tls)
{
    lane->ssl = SSL_new(tls);
    if (lane->ssl && SSL_set_fd(lane->ssl, lane->fd) == 1 && SSL_connect(lane->ssl) == 1)
        return true;
    fprintf(stderr, "no TLS handshake\n");
    return false;
}

static bool set_up(struct lane *lane, const struct place *place)
{
    if (place->transport == TRANSPORT_UDP) {
        net_enlarge(lane->fd);
        lane->datagrams = new_datagrams();
        return lane->datagrams != NULL;
    }
    lane->stream = calloc(1, sizeof *lane->stream);
    return lane->stream && (place->transport == TRANSPORT_TCP || shake_hands(lane, place->tls)) &&
           fcntl(lane->fd, F_SETFL, O_NONBLOCK) == 0;
}

struct lane *lane_open(const struct place *place)
{
    bool datagrams = place->transport == TRANSPORT_UDP;
    struct lane *lane = calloc(1, sizeof *lane);

    if (!lane)
        return NULL;
    lane->fd = net_connect(place->address, place->port, datagrams ? SOCK_DGRAM : SOCK_STREAM);
    if (lane->fd < 0 || !set_up(lane, place)) {
        lane_close(lane);
        return NULL;
    }
    return lane;
}

void lane_close(struct lane *lane)
{
    if (!lane)
        return;
    if (lane->ssl)
        SSL_shutdown(lane->ssl); /* who is not told logs that */
    SSL_free(lane->ssl);
    if (lane->fd >= 0)
        close(lane->fd);
    free(lane->datagrams);
    free(lane->stream);
    free(lane);
}

int lane_descriptor(const struct lane *lane)
{
    return lane->fd;
}

static void send_datagrams(struct lane *lane)
{
    struct datagrams *datagrams = lane->datagrams;

    for (unsigned sent = 0; sent < datagrams->queued;) {
        int n = sendmmsg(lane->fd, datagrams->out + sent, datagrams->queued - sent, 0);
        sent += n > 0 ? (unsigned)n : 1; /* refused: it will count as lost */
    }
    datagrams->queued = 0;
}

void lane_queue(struct lane *lane, const uint8_t *message, size_t octets)
{
    if (lane->datagrams) {
        if (lane->datagrams->queued == BATCH)
            send_datagrams(lane);
        lane->datagrams->out_parts[lane->datagrams->queued++] =
            (struct iovec){(void *)(uintptr_t)message, octets};
        return;
    }
    uint8_t *end = lane->stream->out + lane->stream->queued;
    end[0] = (uint8_t)(octets >> 8);
    end[1] = (uint8_t)octets;
    memcpy(end + 2, message, octets);
    lane->stream->queued += 2 + octets;
}

/* Octets written, 0 when there is no room now, -1 when the connection is gone. */
static ssize_t put(struct lane *lane, const uint8_t *octets, size_t length)
{
    if (!lane->ssl) {
        ssize_t n = send(lane->fd, octets, length, MSG_NOSIGNAL);
        return n < 0 && errno == EAGAIN ? 0 : n;
    }
    int n = SSL_write(lane->ssl, octets, (int)length);
    int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(lane->ssl, n);
    return n > 0 ? n : error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* Octets read, 0 when there are none now, -1 when the connection is gone. */
static ssize_t get(struct lane *lane, uint8_t *octets, size_t room)
{
    if (!lane->ssl) {
        ssize_t n = recv(lane->fd, octets, room, 0);
        return n > 0 ? n : n < 0 && errno == EAGAIN ? 0 : -1;
    }
    int n = SSL_read(lane->ssl, octets, (int)room);
    int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(lane->ssl, n);
    return n > 0 ? n : error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? 0 : -1;
}

bool lane_flush(struct lane *lane)
{
    struct stream *stream = lane->stream;

    if (lane->datagrams) {
        send_datagrams(lane);
        return true;
    }
    if (stream->queued == 0)
        return true;
    ssize_t n = put(lane, stream->out, stream->queued);
    if (n < 0)
        return false;
    stream->queued -= (size_t)n;
    memmove(stream->out, stream->out + n, stream->queued);
    return true;
}

static void receive_datagrams(struct lane *lane, const struct taker *taker)
{
    struct datagrams *datagrams = lane->datagrams;

    int received = recvmmsg(lane->fd, datagrams->in, BATCH, MSG_DONTWAIT, NULL);
    if (received <= 0)
        return;
    int64_t now = net_now_ns();
    for (int i = 0; i < received; i++)
        taker->take(taker->context, datagrams->answers[i], datagrams->in[i].msg_len, now);
}

static void take_messages(struct stream *stream, const struct taker *taker)
{
    int64_t now = net_now_ns();
    size_t at = 0;

    while (stream->filled - at >= 2) {
        size_t octets = (size_t)(stream->in[at] << 8 | stream->in[at + 1]);
        if (stream->filled - at - 2 < octets)
            break;
        taker->take(taker->context, stream->in + at + 2, octets, now);
        at += 2 + octets;
    }
    stream->filled -= at;
    memmove(stream->in, stream->in + at, stream->filled);
}

bool lane_receive(struct lane *lane, const struct taker *taker)
{
    struct stream *stream = lane->stream;

    if (lane->datagrams) {
        receive_datagrams(lane, taker);
        return true;
    }
    ssize_t n = get(lane, stream->in + stream->filled, STREAM_OCTETS - stream->filled);
    if (n > 0) {
        stream->filled += (size_t)n;
        take_messages(stream, taker);
    }
    return n >= 0;
}
