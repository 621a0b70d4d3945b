/*
 * What respond() will look for, as far as a glance at a message shows it: told to the snapshot
 * before any message of a batch is answered, so that memory is waited for once and not for each.
 */
#ifndef SERVER_EXPECT_H
#define SERVER_EXPECT_H

#include "server/respond.h"

/* For snapshot_foresee() of the view's snapshot. `length` octets of any value; what is no question
 * to one of the zones is passed over. */
void expect_lookup(const struct view *view, const uint8_t *message, size_t length);

#endif
