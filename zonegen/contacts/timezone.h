/* IANA time zone names, of the built-in list (conf/timezones.txt). Knows no offsets. */
#ifndef CONTACTS_TIMEZONE_H
#define CONTACTS_TIMEZONE_H

#include "contacts/reading.h"

/* The zone's name as the list spells it, a constant, or NULL with a diagnostic (rule timezone). */
const char *timezone_read(struct reading *reading, const struct yaml_node *node);

#endif
