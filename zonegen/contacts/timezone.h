/* IANA time zone names, of the built-in list (conf/timezones.txt). Knows no offsets. */
#ifndef CONTACTS_TIMEZONE_H
#define CONTACTS_TIMEZONE_H

#include "contacts/reading.h"

/*
 * The zone's name as the list spells it, a constant, or NULL with a diagnostic (rule timezone). An
 * offset or an abbreviation is a zone with a warning (rule timezone-place), save UTC. A hint never
 * names one, nor a city whose name is only remotely alike: who follows it must call in time.
 */
const char *timezone_read(struct reading *reading, const struct yaml_node *node);

#endif
