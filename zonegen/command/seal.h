/*
 * The records that only a commit decides, SOA, ZONEMD and _meta: they name the new serial, and the
 * observer of a commit is not told of them. Looks at both sides of an edit for them.
 */
#ifndef COMMAND_SEAL_H
#define COMMAND_SEAL_H

#include "store/store.h"
#include "wire/name.h"
#include "wire/status.h"

#include <stdbool.h>
#include <stdio.h>

/* True for _meta below the apex. */
bool seal_is_meta(const struct name *apex, const struct name *owner);

/*
 * Prints how these records of a zone differ, as records.h has it.
 *
 *   before   the contents as they are; the zone may be missing
 *   after    the contents of the edit (edit_snapshot)
 *
 * STATUS_OK, STATUS_MALFORMED (a damaged record) or STATUS_SYSTEM.
 */
MUST_CHECK enum status seal_print(struct snapshot *before, struct snapshot *after,
                                  const struct name *apex, FILE *out);

#endif
