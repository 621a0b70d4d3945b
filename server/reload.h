/* A new configuration for a running server, with what it names: read, checked against what cannot
 * change, or refused. */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include "server/bundle.h"

/*
 * Reads the file of the configuration of `running` again.
 *
 *   opener   how files are opened; NULL: open(2)
 *   heard  every error and warning is added to it, a line each: those of the file as
 *          "FILE:LINE:COLUMN: error: message [rule]", others as "error: message"
 *   out   on STATUS_OK: a bundle that may take the place of the running one
 *
 * STATUS_OK; STATUS_INVALID (every diagnostic logged), STATUS_DENIED (an item has changed that
 * needs a restart; logged) or STATUS_SYSTEM (logged): the running one stays.
 */
MUST_CHECK enum status reload_read(const struct bundle *running, const struct opener *opener,
                                   struct log *log, struct text *heard, struct bundle **out);

#endif
