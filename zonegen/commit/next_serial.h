/* The serials that a zone's rule makes, as `serial` of its configuration has it. */
#ifndef COMMIT_NEXT_SERIAL_H
#define COMMIT_NEXT_SERIAL_H

#include "conf/config.h"

#include <stdint.h>

/* That of a zone which was not there; never 0. `now`: seconds since 1970. */
uint32_t next_serial_first(enum serial_policy policy, int64_t now);

/*
 * The one after `newest`, the newest that the zone ever had, and after `old`, which it has: the
 * same but where a restore has set it back. Never 0, always newer than `newest` (RFC 1982 §3.1),
 * and than `old` where one serial can be newer than both: newest + 1 where the rule's value is not.
 */
uint32_t next_serial_after(enum serial_policy policy, uint32_t old, uint32_t newest, int64_t now);

#endif
