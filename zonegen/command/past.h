/*
 * The past of one configured zone, as the commands look at it: its steps (store/history.h), from
 * the newest back.
 */
#ifndef COMMAND_PAST_H
#define COMMAND_PAST_H

#include "command/context.h"
#include "store/history.h"
#include "store/stored.h"

struct past {
    struct snapshot *snapshot;
    struct zone_record zone; /* as it is now; points into the map */
    struct history_summary summary;
};

/*
 * Finds a zone and what is kept of its past; without one, `summary` has no steps.
 *
 * STATUS_OK; another status, said on standard error.
 */
MUST_CHECK enum status past_find(struct context *context, struct snapshot *snapshot,
                                 const struct config_zone *zone, struct past *out);

/* Reads a step that the summary has. STATUS_OK; another status, said. */
MUST_CHECK enum status past_step(struct context *context, const struct past *past, uint32_t step,
                                 struct history_step *out);

/* The newest step that leads away from a serial. STATUS_OK, STATUS_NOT_FOUND; another status, said.
 */
MUST_CHECK enum status past_step_from(struct context *context, const struct past *past,
                                      uint32_t serial, struct history_step *out);

/* Says on standard error that the past is damaged, and what to do. */
void past_say_damaged(struct context *context, const struct past *past);

/*
 * Opens the database to look at it, and a snapshot of it. STATUS_OK; another status, said. Both are
 * to be closed after each outcome.
 */
MUST_CHECK enum status past_open_store(struct context *context, struct store **store,
                                       struct snapshot **snapshot);

#endif
