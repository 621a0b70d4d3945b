/*
 * What there is to do about the signing of zones, for the report: signatures that end too soon,
 * and the DS at the parent, which is asked for in the DNS.
 */
#ifndef COMMAND_REPORT_SIGNING_H
#define COMMAND_REPORT_SIGNING_H

#include "command/context.h"
#include "command/findings.h"

/* True when a configured zone is to be signed: a report then has these sections. */
bool report_signing_matters(const struct config *config);

/*
 * Adds findings about the signed zones that the database has; a database that is missing has none.
 * The label of each is the zone.
 *
 *   arena      owns them; `findings` is kept in order
 *
 * STATUS_OK; STATUS_MALFORMED, said: what is stored of a zone is damaged; STATUS_SYSTEM, said.
 */
MUST_CHECK enum status report_signing_add(struct context *context, struct arena *arena,
                                          struct findings *findings);

#endif
