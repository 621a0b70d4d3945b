#include "tests/bench/net.h"
#include "tests/bench/witness.h"
#include "wire/constants.h"
#include "wire/reader.h"
#include "wire/record.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH          64 /* datagrams by system call */
#define ANSWER_OCTETS  4096
#define STREAM_OCTETS  (1 << 18)
#define QUESTION_ROOM  320
#define RENEW_AFTER    2000               /* questions by one TCP connection */
#define RETRY_NS       ((int64_t)2000000) /* before a connection that was refused is tried again */
#define SHOWN          5                  /* wrong answers */
#define RECEIVE_OCTETS (4 << 20)

enum lane_state { LANE_DOWN, LANE_CONNECTING, LANE_UP };

struct lane {
    struct witness *all;
    bool by_tcp;
    enum lane_state state;
    int fd;
    int64_t down_ns;
    unsigned asked; /* by this connection */
    struct slot slots[WITNESS_WINDOW];
    size_t free[WITNESS_WINDOW]; /* slots that are not busy, `idle` of them */
    size_t idle;
    size_t held; /* octets of a stream in `input` */
    uint8_t *input;
    struct mmsghdr out[BATCH], in[BATCH];
    struct iovec out_parts[BATCH], in_parts[BATCH];
    uint8_t questions[BATCH][QUESTION_ROOM];
};

static void set_up_batches(struct lane *lane)
{
    for (size_t i = 0; i < BATCH; i++) {
        lane->out_parts[i].iov_base = lane->questions[i];
        lane->in_parts[i] = (struct iovec){lane->input + i * ANSWER_OCTETS, ANSWER_OCTETS};
        lane->out[i].msg_hdr.msg_iov = &lane->out_parts[i];
        lane->in[i].msg_hdr.msg_iov = &lane->in_parts[i];
        lane->out[i].msg_hdr.msg_iovlen = lane->in[i].msg_hdr.msg_iovlen = 1;
    }
}

static void close_socket(struct lane *lane, int64_t now)
{
    if (lane->fd >= 0)
        close(lane->fd);
    lane->fd = -1;
    lane->state = LANE_DOWN;
    lane->down_ns = now;
    lane->held = 0;
}

static bool open_datagrams(struct lane *lane)
{
    const struct witness *all = lane->all;
    lane->fd = socket(all->server.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (lane->fd < 0)
        return false;
    net_enlarge(lane->fd);
    lane->state = LANE_UP;
    return connect(lane->fd, (const struct sockaddr *)&all->server, all->server_length) == 0;
}

static void open_stream(struct lane *lane, int64_t now)
{
    const struct witness *all = lane->all;
    int on = 1;

    if (now - lane->down_ns < RETRY_NS)
        return;
    lane->fd = socket(all->server.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (lane->fd < 0)
        return;
    (void)setsockopt(lane->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    lane->state = LANE_CONNECTING;
    lane->asked = 0;
    if (connect(lane->fd, (const struct sockaddr *)&all->server, all->server_length) != 0 &&
        errno != EINPROGRESS)
        close_socket(lane, now);
}

enum status lane_create(struct witness *all, bool by_tcp, struct lane **out)
{
    struct lane *lane = calloc(1, sizeof *lane);
    if (lane)
        lane->input = malloc(STREAM_OCTETS);
    if (!lane || !lane->input) {
        free(lane);
        return STATUS_SYSTEM;
    }
    lane->all = all;
    lane->by_tcp = by_tcp;
    lane->fd = -1;
    for (size_t i = 0; i < all->window; i++) {
        lane->slots[i].id = (uint16_t)i;
        lane->free[lane->idle++] = i;
    }
    set_up_batches(lane);
    if (!by_tcp && !open_datagrams(lane)) {
        lane_destroy(lane);
        return STATUS_SYSTEM;
    }
    *out = lane;
    return STATUS_OK;
}

void lane_destroy(struct lane *lane)
{
    if (!lane)
        return;
    if (lane->fd >= 0)
        close(lane->fd);
    free(lane->input);
    free(lane);
}

int lane_descriptor(const struct lane *lane)
{
    return lane->fd;
}

short lane_awaits(const struct lane *lane)
{
    return lane->state == LANE_CONNECTING ? POLLOUT : POLLIN;
}

bool lane_is_idle(const struct lane *lane)
{
    return lane->idle == lane->all->window;
}

/* The next question for this transport, into a slot. */
static struct slot *take_slot(struct lane *lane, int64_t now)
{
    struct witness *all = lane->all;
    struct slot *slot = &lane->slots[lane->free[--lane->idle]];

    do
        all->next = (all->next + 1) % all->expected.count;
    while (all->expected.questions[all->next].by_tcp != lane->by_tcp);
    *slot = (struct slot){.busy = true,
                          .id = (uint16_t)(slot->id + WITNESS_WINDOW),
                          .question = all->next,
                          .period = all->period,
                          .sent_ns = now,
                          .least = all->least};
    all->tallies[slot->period].sent++;
    return slot;
}

static void free_slot(struct lane *lane, struct slot *slot)
{
    slot->busy = false;
    lane->free[lane->idle++] = (size_t)(slot - lane->slots);
}

/* The message of a slot; returns its length. `out` has QUESTION_ROOM octets. */
static size_t put_question(const struct lane *lane, const struct slot *slot, uint8_t *out)
{
    const struct iovec *message = &lane->all->expected.questions[slot->question].message;
    memcpy(out, message->iov_base, message->iov_len);
    out[0] = (uint8_t)(slot->id >> 8);
    out[1] = (uint8_t)slot->id;
    return message->iov_len;
}

static size_t send_datagrams(struct lane *lane, size_t budget, int64_t now)
{
    size_t total = 0;

    while (lane->idle > 0 && total < budget) {
        unsigned count = 0;
        while (count < BATCH && lane->idle > 0 && total < budget) {
            const struct slot *slot = take_slot(lane, now);
            lane->out_parts[count].iov_len = put_question(lane, slot, lane->questions[count]);
            count++;
            total++;
        }
        for (unsigned sent = 0; sent < count;) {
            int n = sendmmsg(lane->fd, lane->out + sent, count - sent, 0);
            /* An ICMP message about an earlier datagram is no reason not to send this one. */
            if (n < 0 && errno == ECONNREFUSED)
                n = sendmmsg(lane->fd, lane->out + sent, count - sent, 0);
            sent += n > 0 ? (unsigned)n : 1; /* refused: it will count as lost */
        }
    }
    return total;
}

/* In one write: a window of questions is less than any socket's buffer. */
static bool write_question(struct lane *lane, const struct slot *slot)
{
    uint8_t frame[2 + QUESTION_ROOM];
    size_t length = put_question(lane, slot, frame + 2);

    frame[0] = (uint8_t)(length >> 8);
    frame[1] = (uint8_t)length;
    lane->asked++;
    return send(lane->fd, frame, length + 2, MSG_NOSIGNAL) == (ssize_t)(length + 2);
}

static void ask_again(struct lane *lane)
{
    for (size_t i = 0; i < lane->all->window; i++) {
        struct slot *slot = &lane->slots[i];
        if (!slot->busy)
            continue;
        lane->all->tallies[slot->period].again++;
        (void)write_question(lane, slot); /* what fails is seen when it is read */
    }
}

static size_t send_stream(struct lane *lane, size_t budget, int64_t now)
{
    size_t total = 0;

    if (lane->state == LANE_DOWN)
        open_stream(lane, now);
    if (lane->state != LANE_UP)
        return 0;
    if (lane->asked >= RENEW_AFTER) {
        if (lane_is_idle(lane))
            close_socket(lane, now);
        return 0;
    }
    for (; lane->idle > 0 && total < budget; total++) {
        if (!write_question(lane, take_slot(lane, now)))
            return total + 1;
    }
    return total;
}

size_t lane_send(struct lane *lane, size_t budget, int64_t now)
{
    return lane->by_tcp ? send_stream(lane, budget, now) : send_datagrams(lane, budget, now);
}

static void show(struct witness *all, const struct slot *slot, enum verdict verdict,
                 const struct iovec *answer)
{
    static const char *const words[VERDICTS] = {"right", "wrong", "mixed", "back", "ahead"};
    const uint8_t *octets = answer->iov_base;

    if (all->shown++ >= SHOWN)
        return;
    fprintf(stderr, "%s: question %zu, publishes %lld to %lld: ", words[verdict], slot->question,
            (long long)slot->least, (long long)all->most);
    for (size_t i = 0; i < answer->iov_len; i++)
        fprintf(stderr, "%02x", octets[i]);
    fprintf(stderr, "\n");
}

static void judge(struct lane *lane, const struct slot *slot, const struct iovec *answer)
{
    struct witness *all = lane->all;
    struct tally *tally = &all->tallies[slot->period];
    int64_t number;

    enum verdict verdict =
        expected_judge(&all->expected, slot->question, answer, slot->least, all->most, &number);
    if (verdict == VERDICT_AHEAD || (verdict == VERDICT_BACK && number == EXPECTED_UNTOLD)) {
        /* That it was begun may have been said since. */
        all->look(all);
        verdict =
            expected_judge(&all->expected, slot->question, answer, slot->least, all->most, &number);
    }
    tally->verdicts[verdict]++;
    if (verdict != VERDICT_RIGHT)
        show(all, slot, verdict, answer);
    else if (number > all->least)
        all->least = number; /* whatever is asked from now on is not older */
}

static void take_answer(struct lane *lane, const struct iovec *answer, int64_t now)
{
    struct witness *all = lane->all;
    struct reader r = reader_of(answer->iov_base, answer->iov_len);
    struct header header = header_read(&r);
    struct slot *slot = &lane->slots[header.id % WITNESS_WINDOW];

    if (r.failed || !(header.flags & HEADER_QR) || !slot->busy || slot->id != header.id) {
        all->strange++;
        return;
    }
    struct tally *tally = &all->tallies[slot->period];
    tally->answered++;
    if (now - slot->sent_ns > tally->slowest_ns)
        tally->slowest_ns = now - slot->sent_ns;
    judge(lane, slot, answer);
    free_slot(lane, slot);
}

static void receive_datagrams(struct lane *lane)
{
    int received = recvmmsg(lane->fd, lane->in, BATCH, MSG_DONTWAIT, NULL);
    int64_t now = net_now_ns();

    for (int i = 0; i < received; i++) {
        const struct iovec answer = {lane->in_parts[i].iov_base, lane->in[i].msg_len};
        take_answer(lane, &answer, now);
    }
}

static void take_frames(struct lane *lane, int64_t now)
{
    struct reader r = reader_of(lane->input, lane->held);
    struct reader whole = r;

    while (reader_left(&r) >= 2) {
        size_t length = reader_u16(&r);
        const uint8_t *message = reader_octets(&r, length);
        if (r.failed)
            break;
        const struct iovec answer = {(void *)(uintptr_t)message, length};
        take_answer(lane, &answer, now);
        whole = r;
    }
    lane->held = reader_left(&whole);
    memmove(lane->input, whole.next, lane->held);
}

static void receive_stream(struct lane *lane)
{
    int64_t now = net_now_ns();
    ssize_t n = recv(lane->fd, lane->input + lane->held, STREAM_OCTETS - lane->held, 0);

    if (n > 0) {
        lane->held += (size_t)n;
        take_frames(lane, now);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_socket(lane, now);
    }
}

static void finish_connecting(struct lane *lane)
{
    int error = 0;
    socklen_t length = sizeof error;

    (void)getsockopt(lane->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        close_socket(lane, net_now_ns());
        return;
    }
    lane->state = LANE_UP;
    lane->all->opened++;
    ask_again(lane);
}

void lane_receive(struct lane *lane)
{
    if (!lane->by_tcp)
        receive_datagrams(lane);
    else if (lane->state == LANE_CONNECTING)
        finish_connecting(lane);
    else
        receive_stream(lane);
}

void lane_expire(struct lane *lane, int64_t now)
{
    for (size_t i = 0; i < lane->all->window; i++) {
        struct slot *slot = &lane->slots[i];
        if (!slot->busy || now - slot->sent_ns < lane->all->patience_ns)
            continue;
        lane->all->tallies[slot->period].lost++;
        free_slot(lane, slot);
    }
}
