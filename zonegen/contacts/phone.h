/*
 * Telephone numbers as people write them, into E.164: `+` and 7 to 15 digits. Refuses to guess: a
 * number that could be read in two ways is an error that shows the likely one. Does not know which
 * country codes exist.
 */
#ifndef CONTACTS_PHONE_H
#define CONTACTS_PHONE_H

#include "contacts/entry.h"
#include "contacts/reading.h"

#include <stdbool.h>

/*
 * Reads one number; spaces and `-` `.` `/` `(` `)` in it are left out, `sms:` before it marks a
 * text-only one. Where the digits before such a mark may be a number by themselves, as in
 * +47 22 42 20 98/99, they are refused (phone-two); spaces alone never join two numbers. True and
 * `*out` in the arena, or false with one diagnostic and `*out` untouched (rules phone-e164,
 * phone-two, phone-extension).
 */
bool phone_read(struct reading *reading, const struct yaml_node *node, struct phone *out);

#endif
