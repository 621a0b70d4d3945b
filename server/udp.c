#include "server/udp.h"

#include "server/expect.h"
#include "server/memo.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CACHE_LINE 64
/* One in6_pktinfo, the larger of the two, is all that the kernel was asked for. */
#define CONTROL_OCTETS CMSG_SPACE(sizeof(struct in6_pktinfo))

/* Differences in a batch. Only secondaries ask for them; who finds none left asks by TCP. */
#define SPARES 2

/* The room of one datagram and its answer. */
struct slot {
    /* A cache line more than a page: at page distance the first lines of all the requests, the only
     * ones that are touched, would fight for the same eight places of the first-level cache. */
    uint8_t request[UDP_REQUEST_OCTETS + CACHE_LINE];
    struct reply reply;
    struct memo_request asked;
    struct iovec request_part;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } client;
    size_t control[CONTROL_OCTETS / sizeof(size_t)]; /* aligned for a struct cmsghdr */
};

struct udp {
    struct basis *basis;
    struct statistics *statistics;
    struct memo *memo;
    uint64_t era;  /* of the view that `memo` was made for */
    bool wildcard; /* what `received` is set for */
    unsigned used; /* of `received` by the last round: to be set anew before the next */
    struct mmsghdr received[UDP_BATCH];
    struct mmsghdr replies[UDP_BATCH];
    /* For differences (IXFR): kept until the batch is sent. */
    uint8_t spare[SPARES][REPLY_SPARE_OCTETS];
    struct slot slots[UDP_BATCH];
};

struct udp *udp_create(struct basis *basis, struct statistics *statistics)
{
    size_t octets = (sizeof(struct udp) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    struct udp *udp = aligned_alloc(CACHE_LINE, octets);
    if (!udp)
        return NULL;
    /* Also touches every page, so that no query waits for one. */
    memset(udp, 0, octets);
    udp->memo = memo_create(MEMO_MIN_REPLIES);
    if (!udp->memo) {
        free(udp);
        return NULL;
    }
    udp->basis = basis;
    udp->statistics = statistics;
    udp->used = UDP_BATCH;
    for (size_t i = 0; i < UDP_BATCH; i++) {
        struct slot *slot = &udp->slots[i];
        slot->request_part = (struct iovec){slot->request, UDP_REQUEST_OCTETS};
        udp->received[i].msg_hdr.msg_name = &slot->client;
        udp->received[i].msg_hdr.msg_iov = &slot->request_part;
        udp->received[i].msg_hdr.msg_iovlen = 1;
    }
    return udp;
}

void udp_destroy(struct udp *udp)
{
    if (udp)
        memo_destroy(udp->memo);
    free(udp);
}

/* Makes the memo larger when the database has become so. */
static void fit_memo(struct udp *udp, const struct view *view)
{
    size_t replies = memo_replies_for(snapshot_octets(view->snapshot));

    udp->era = view->era;
    if (replies <= memo_replies(udp->memo))
        return;
    struct memo *larger = memo_create(replies);
    if (!larger)
        return;
    memo_destroy(udp->memo);
    udp->memo = larger;
}

/* The kernel overwrites these with what it received: they are room only until the next call. */
static void make_room(struct udp *udp, bool wildcard)
{
    unsigned count = udp->wildcard == wildcard ? udp->used : UDP_BATCH;
    for (unsigned i = 0; i < count; i++) {
        struct msghdr *message = &udp->received[i].msg_hdr;
        message->msg_namelen = sizeof udp->slots[i].client;
        message->msg_control = wildcard ? udp->slots[i].control : NULL;
        message->msg_controllen = wildcard ? sizeof udp->slots[i].control : 0;
        message->msg_flags = 0;
    }
    udp->wildcard = wildcard;
    udp->used = 0;
}

/*
 * Turns what the kernel told (the address that the query came to) into what it is to do (leave from
 * there), RFC 2181 §4.1. The interface is left to the routing table: the way back may be another.
 */
static void reverse_path(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            info.ipi_ifindex = 0;
            memcpy(CMSG_DATA(c), &info, sizeof info);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                info.ipi6_ifindex = 0;
            memcpy(CMSG_DATA(c), &info, sizeof info);
        }
    }
}

/* Looks at all requests before any is answered, so that memory is not waited for once for each. */
static void foresee(struct udp *udp, const struct view *view, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        udp->slots[i].asked =
            memo_request_of(udp->memo, view->era, udp->slots[i].request, udp->received[i].msg_len);
    for (unsigned i = 0; i < count; i++)
        if (!memo_has(udp->memo, &udp->slots[i].asked))
            expect_lookup(view, udp->slots[i].request, udp->received[i].msg_len);
    snapshot_foresee(view->snapshot);
}

/* After they were sent: until then the memo's replies stay where they are. */
static void keep(struct udp *udp, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (udp->slots[i].reply.repeatable)
            memo_keep(udp->memo, &udp->slots[i].asked, &udp->slots[i].reply);
}

/* Answers the first `count` received datagrams and returns how many replies there are to send. */
static unsigned answer(struct udp *udp, const struct view *view, unsigned count)
{
    unsigned replies = 0;
    unsigned spares = 0;
    unsigned slips = 0;
    uint64_t octets = 0;

    for (unsigned i = 0; i < count; i++) {
        struct slot *slot = &udp->slots[i];
        struct msghdr *request = &udp->received[i].msg_hdr;
        const struct asker asker = {.address = &slot->client.any, .transport = TRANSPORT_UDP};
        slot->reply.action = REPLY_DROP;
        slot->reply.limited = RRL_PASS;
        slot->reply.spare_used = false;
        slot->reply.repeatable = false;
        slot->reply.spare = spares < SPARES ? udp->spare[spares] : NULL;
        if (!(request->msg_flags & MSG_TRUNC) &&
            !memo_recall(udp->memo, &slot->asked, &slot->reply))
            respond(view, slot->request, udp->received[i].msg_len, &asker, &slot->reply);
        if (slot->reply.action != REPLY_SEND) {
            bool limited = slot->reply.limited != RRL_PASS;
            statistics_add(udp->statistics, limited ? COUNT_RRL_DROPPED : COUNT_DROPPED, 1);
            continue;
        }
        struct msghdr *reply = &udp->replies[replies++].msg_hdr;
        reply->msg_name = request->msg_name;
        reply->msg_namelen = request->msg_namelen;
        reply->msg_iov = slot->reply.parts;
        reply->msg_iovlen = slot->reply.part_count;
        reply->msg_control = request->msg_control;
        reply->msg_controllen = request->msg_controllen;
        if (udp->wildcard)
            reverse_path(reply);
        reply_count(&slot->reply, udp->statistics);
        slips += slot->reply.limited == RRL_SLIP;
        spares += slot->reply.spare_used;
        octets += slot->reply.octets;
    }
    if (spares > 0)
        statistics_add(udp->statistics, COUNT_TRANSFERS_INCREMENTAL, spares);
    if (slips > 0)
        statistics_add(udp->statistics, COUNT_RRL_SLIPPED, slips);
    statistics_add(udp->statistics, COUNT_UDP_OCTETS_SENT, octets);
    return replies;
}

/*
 * sendmmsg stops at the first datagram that the kernel refuses, and says why only when that is the
 * first of a call. EMSGSIZE, ECONNREFUSED, EINVAL (a client's port 0), ENOBUFS … concern that one
 * datagram. A full send buffer (EAGAIN) concerns the rest: waiting for it would make every client
 * wait for the slowest device, and clients ask again.
 */
static void send_replies(struct udp *udp, int fd, unsigned count)
{
    unsigned sent = 0;
    unsigned failed = 0;

    while (sent < count) {
        int n = sendmmsg(fd, udp->replies + sent, count - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            sent += (unsigned)n;
        } else if (errno == EAGAIN) {
            failed += count - sent;
            break;
        } else if (errno != EINTR) {
            sent++;
            failed++;
        }
    }
    if (failed > 0)
        statistics_add(udp->statistics, COUNT_UDP_SEND_FAILURES, failed);
}

bool udp_serve(struct udp *udp, int fd, bool wildcard, bool v6)
{
    for (unsigned batch = 0; batch < UDP_BATCHES_PER_TURN; batch++) {
        make_room(udp, wildcard);
        int received = recvmmsg(fd, udp->received, UDP_BATCH, MSG_DONTWAIT, NULL);
        /* Errors are EAGAIN, EINTR, or an ICMP answer to a reply of ours: none is ours to mend, and
         * the event loop calls again when there is more. */
        if (received <= 0)
            return false;
        udp->used = (unsigned)received;
        statistics_add(udp->statistics, v6 ? COUNT_UDP6_QUERIES : COUNT_UDP4_QUERIES, udp->used);
        const struct view *view = basis_begin(udp->basis);
        if (!view) {
            statistics_add(udp->statistics, COUNT_DROPPED, udp->used);
            continue;
        }
        if (view->era != udp->era)
            fit_memo(udp, view);
        foresee(udp, view, udp->used);
        unsigned replies = answer(udp, view, udp->used);
        send_replies(udp, fd, replies);
        keep(udp, udp->used);
        /* Only now: the replies' parts point into the map. */
        basis_end(udp->basis);
        /* A batch that was not filled has emptied the socket; the next call would say EAGAIN. */
        if (udp->used < UDP_BATCH)
            return false;
    }
    return true;
}
