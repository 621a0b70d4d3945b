/*
 * Replies that a worker has made of late, each beside the request that it answers: who asks the
 * same again, octet for octet, is told the same again, for a tenth of the work. A worker's own.
 *
 * Why that is as good as making it anew: a reply is made of the request's octets, of what the
 * worker answers from, and of who asks and when. Only replies that say so (respond.h, `repeatable`)
 * are kept: those in which who asks and when have no part, no cookie, no signature, no limit of
 * rates. What the worker answers from has a number (struct view, `era`), another one after each
 * publish, each reload, and each finding of the look at the whole database (scrub.h): a reply of
 * another era is none.
 *
 * Octets are copied out of the map, after the checksums of their records were compared for this
 * very reply: whatever becomes of the file, what is sent again is what was whole.
 *
 * Only what was asked for before is kept: questions that never come again, as in a flood of random
 * names, cost a word each and put nothing out.
 */
#ifndef SERVER_MEMO_H
#define SERVER_MEMO_H

#include "server/respond.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The room of a reply with its request: longer ones are made anew each time. */
#define MEMO_REPLY_OCTETS 768
/* How many are kept: powers of two. */
#define MEMO_MIN_REPLIES 16384 /* 12 MiB */
#define MEMO_MAX_REPLIES 65536 /* 48 MiB */

struct memo;

/* For `replies` of them, whose memory comes as it is filled: a start waits for none of it. NULL
 * when memory or randomness is out. */
struct memo *memo_create(size_t replies);

/* NULL is fine. */
void memo_destroy(struct memo *memo);

size_t memo_replies(const struct memo *memo);

/* How many replies are worth keeping of a database of so many octets: room for as much as it has
 * itself, or the next more. */
size_t memo_replies_for(size_t octets);

/* A request, as it is looked for. */
struct memo_request {
    const uint8_t *octets; /* not altered until its reply was sent */
    size_t length;
    uint64_t era; /* of the view that it is answered from */
    uint64_t hash;
};

/* Makes a request of octets, of any value; one that is too long to be kept costs nothing, and has
 * the hash 0. What memo_has() will look at is on its way to the
 * processor from then on, as is what memo_recall() will look at after memo_has(). */
struct memo_request memo_request_of(const struct memo *memo, uint64_t era, const uint8_t *octets,
                                    size_t length);

/* True when there may be a reply; false when there is none. */
bool memo_has(const struct memo *memo, const struct memo_request *request);

/*
 * Finds the reply to a request.
 *
 *   out   on true: to be sent, as respond() would have left it; its parts are valid until the next
 *         memo_keep(). On false: untouched
 */
bool memo_recall(const struct memo *memo, const struct memo_request *request, struct reply *out);

/* Keeps a reply, if it is `repeatable`, has room, and this is not the first time of late that it
 * was asked for. */
void memo_keep(struct memo *memo, const struct memo_request *request, const struct reply *reply);

#endif
