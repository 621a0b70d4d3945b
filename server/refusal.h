/* Transfers that a secondary of ours asked for in vain: what an operator who set one up looks for.
 */
#ifndef SERVER_REFUSAL_H
#define SERVER_REFUSAL_H

#include "server/respond.h"
#include "server/transfers.h"

/*
 * Remembers a request for a transfer that was answered with REFUSED or NOTAUTH, if a remote of that
 * zone's `notify` sent it.
 *
 *   transfers   NULL: nothing is remembered
 *   request     the whole message that `reply` answers
 */
void refusal_note(struct transfers *transfers, const struct view *view,
                  const struct endpoint *client, struct reader request, const struct reply *reply);

#endif
