/*
 * A zone's contacts for people who are offline: to be printed, put into a spreadsheet, or read by
 * another program. All three are made of what the zone publishes, in canonical order of labels, and
 * are the same for the same zone. Knows nothing of files and commands.
 */
#ifndef ZONE_EXPORT_FORMS_H
#define ZONE_EXPORT_FORMS_H

#include "zone/node.h"

#include <stdio.h>

/* Each: STATUS_OK, what the source reported, or STATUS_SYSTEM (memory, or `out` refuses). */

/*
 * One block per ccTLD: its card, below each line what the line has no room for. Octets that a
 * terminal would obey, or that are not UTF-8, are shown as \xNN.
 */
MUST_CHECK enum status export_text(const struct node_source *source, FILE *out);

/*
 * One row per contact, or one without a contact for an entry that has none; a heading; every field
 * in quotes, lines end in CRLF (RFC 4180 §2). Keys without a column of their own stand in the last
 * one.
 */
MUST_CHECK enum status export_csv(const struct node_source *source, FILE *out);

/*
 * One object (RFC 8259):
 *
 *   {"zone":"cc.example.","serial":1,"entries":[
 *   {"label":"xa","registry":"…","card":["0 …"],"contacts":[{"id":"security","order":1,
 *    "role":["security"],"hours":"24x7","tel":["+442079460101"],…}]},
 *   …
 *   ]}
 *
 * Members of a contact are its keys as published; role, tel, sms and lang are arrays, order is a
 * number, all else text. Octets that are not UTF-8 become U+FFFD.
 */
MUST_CHECK enum status export_json(const struct node_source *source, FILE *out);

#endif
