/*
 * When a contact answers: `24x7`, or days and one span of local time, a part of what
 * OpenStreetMap's opening_hours can say ("Mo-Th,Sa 08:00-18:00"). Knows no holidays.
 */
#ifndef CONTACTS_HOURS_H
#define CONTACTS_HOURS_H

#include "contacts/reading.h"

#include <stdbool.h>

#define HOURS_ALWAYS "24x7"

/* The hours in the arena, or NULL with one diagnostic (rule hours-syntax) that shows what was
 * meant where that can be told: "Mon-Fri 8-18" is refused with "write Mo-Fr 08:00-18:00". */
const char *hours_read(struct reading *reading, const struct yaml_node *node);

/* True for 24x7; false for NULL. */
bool hours_are_always(const char *hours);

/* Reads `wait`, 1m to 24h as 15m or 1h: in the arena, or NULL with a diagnostic (rule wait). */
const char *hours_read_wait(struct reading *reading, const struct yaml_node *node);

#endif
