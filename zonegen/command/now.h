/* What time it is, or is to be taken for: the clock of a run, set by --now where it is given. */
#ifndef COMMAND_NOW_H
#define COMMAND_NOW_H

#include "wire/status.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads YYYY-MM-DD (midnight) or YYYY-MM-DDTHH:MM:SSZ, both UTC, into seconds since 1970.
 * STATUS_OK, or STATUS_MALFORMED for anything else, a day or an hour that does not exist, a second
 * of 60 and a year before 1970. `*seconds` is then untouched.
 */
MUST_CHECK enum status now_parse(const char *text, int64_t *seconds);

/* Writes a moment for people, "2026-11-22 13:00:00 UTC", and returns `text`. */
#define NOW_TEXT_OCTETS 32
const char *now_text(int64_t seconds, char text[NOW_TEXT_OCTETS]);

/* The day of a moment, UTC, in days since 1970-01-01. */
int32_t now_days(int64_t seconds);

/*
 * False before 2020: a machine whose clock was never set. Publishing then would give every entry a
 * future `verified` and the zone a serial that secondaries take for old.
 */
bool now_is_plausible(int64_t seconds);

#endif
