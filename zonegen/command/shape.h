/*
 * All that records depend on besides contacts files, keys and the day, in one digest: where it has
 * changed, what the database has of files that did not change says nothing about their records.
 */
#ifndef COMMAND_SHAPE_H
#define COMMAND_SHAPE_H

#include "command/sources.h"
#include "conf/config.h"
#include "contacts/delegated.h"

/*
 * Digests the version of the program, `contacts`, `freshness`, the list of ccTLDs, and of each zone
 * all that zonegen uses. What is added to struct config_zone or config_policy and reaches records
 * is to be added here.
 *
 * STATUS_OK or STATUS_SYSTEM.
 */
MUST_CHECK enum status shape_digest(const struct config *config,
                                    const struct delegated_list *delegated,
                                    uint8_t out[SOURCE_DIGEST_OCTETS]);

#endif
