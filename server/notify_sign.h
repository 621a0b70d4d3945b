/*
 * Signatures of what the server asks its secondaries (RFC 8945 §5.1), and of what they answer
 * (§5.4). A secondary whose remote has a key is asked with its first one, and believed with that
 * one alone. Decides nothing else.
 */
#ifndef SERVER_NOTIFY_SIGN_H
#define SERVER_NOTIFY_SIGN_H

#include "server/notify_targets.h"

/* A message to be signed has room for a TSIG behind it. */
#define NOTIFY_SIGNED_OCTETS (NOTIFY_MESSAGE_OCTETS + TSIG_MAX_OCTETS)

/*
 * Gives each target the first key of its remote, or none, and forgets what was signed before.
 *
 *   targets   made of `config`
 *   keys      of the same configuration; outlive the targets
 */
void notify_sign_assign(struct notify_targets *targets, const struct config *config,
                        const struct tsig_keys *keys);

/* Octets that a signature adds to a message for the target: 0 where it has no key. */
size_t notify_sign_octets(const struct notify_target *target);

/*
 * Signs a message of `*length` octets where the target has a key. One that is sent again within a
 * minute is signed with the same time, so that a late answer to its first copy counts.
 *
 *   session   target->told or target->asked
 *   now       seconds since 1970
 *
 * False when that could not be done: do not send it.
 */
MUST_CHECK bool notify_sign(const struct notify_target *target, struct tsig_session *session,
                            uint8_t *message, size_t *length, int64_t now);

/*
 * Says whether an answer may be believed.
 *
 *   session   of the message that it answers
 *   error     out, on STATUS_DENIED: what its TSIG says, or 0: enum tsig_error
 *
 * STATUS_OK, for a target without a key too; STATUS_NOT_FOUND: it answers nothing that is waited
 * for; STATUS_DENIED: it is not signed, or not well, or says that ours is not.
 */
MUST_CHECK enum status notify_sign_check(const struct notify_target *target,
                                         const struct tsig_session *session, const uint8_t *message,
                                         size_t length, int64_t now, uint16_t *error);

#endif
