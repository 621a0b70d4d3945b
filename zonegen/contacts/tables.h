/*
 * The lists that are built in, each line of a checked-in text file one string (lines.awk makes
 * them): conf/cctlds.tsv, conf/timezones.txt, conf/languages.txt. Knows nothing of what they mean.
 */
#ifndef CONTACTS_TABLES_H
#define CONTACTS_TABLES_H

#include <stddef.h>

/* Delegated ccTLDs, tab-separated, the heading first; see delegated_read for the columns. */
extern const char *const tables_cctlds[];
extern const size_t tables_cctlds_count;

/* IANA time zone names with their links, sorted by strcmp. From tzdata 2025b. */
extern const char *const tables_timezones[];
extern const size_t tables_timezones_count;

/*
 * Subtags of language tags (RFC 5646), sorted by strcmp; letter case tells which: "en" and "yue"
 * are languages (ISO 639, the two-letter code where there is one), "Latn" is a script (ISO 15924),
 * "GB" and "419" are regions (ISO 3166-1, UN M.49). A line with a tab is a mistake that people make
 * and what is right: "eng\ten", "jp\tja", "english\ten".
 */
extern const char *const tables_languages[];
extern const size_t tables_languages_count;

#endif
