/*
 * What the database remembers of each contacts file that it was published from, so that a publish
 * need not read those that have not changed. Written in the edit that publishes; missing or
 * damaged, it costs a publish the time to read everything, nothing else.
 *
 * Keys: 0x07 0x00 for the header; 0x07 0x01 and the file's name within its folder. Integers in
 * network byte order.
 *
 * Value of the header:
 *
 *   OFFSET SIZE  FIELD
 *   0      4     checksum of the key and of all that follows (store/checksum.h)
 *   4      1     1: what follows, and in the records of files, is as described here
 *   5      3     reserved, 0
 *   8      8     when all files were last read or found unchanged, all zones compared as a whole
 * and their signatures renewed; seconds since 1970 16     32    digest of all else that records
 * depend on (shape.h) 48     32    digest of the keys that zones were signed with (signing.h)
 *
 * Value of a file:
 *
 *   OFFSET SIZE  FIELD
 *   0      4     checksum of the key and of all that follows
 *   4      4×8   its stamp (conf/file.h): octets, inode, mtime, ctime; all 0: it may have changed
 *                after it was read without a new stamp
 *   36     32    SHA-256 of its contents
 *   68     4     the day on which its records were made, days since 1970-01-01
 *   72     4     `verified`, the same
 *   76     1     public contacts
 *   77     1     contacts for members only
 *   78     1     k: labels, `tld` first
 *   79     1     reserved, 0
 *   80     …     k times: A-label, U-label, its upper-case form, each ended by an octet 0; empty
 *                where there is none
 */
#ifndef COMMAND_SOURCES_H
#define COMMAND_SOURCES_H

#include "conf/arena.h"
#include "conf/file.h"
#include "contacts/entry.h"
#include "store/edit.h"
#include "store/store.h"

#include <stdbool.h>

#define SOURCE_DIGEST_OCTETS  32
#define SOURCES_HEADER_OCTETS 80

struct sources_header {
    int64_t renewed; /* seconds since 1970 */
    uint8_t shape[SOURCE_DIGEST_OCTETS];
    uint8_t keys[SOURCE_DIGEST_OCTETS];
};

/* What is to become of a file's record. */
enum source_fate {
    SOURCE_STAYS, /* it is stored as it is here */
    SOURCE_NEW,   /* to be written, where it differs */
    SOURCE_GONE,  /* to be deleted */
};

struct source {
    const char *name; /* within the contacts folder */
    struct file_stamp stamp;
    uint8_t digest[SOURCE_DIGEST_OCTETS];
    int32_t made_days;     /* when its records were made, days since 1970-01-01 */
    int32_t verified_days; /* the same */
    uint8_t public_count, members_count;
    uint8_t label_count;
    struct entry_label *labels; /* no places, no territories */
    enum source_fate fate;
    bool is_restamped; /* the stamp is another than stored, the rest as it was */
};

struct sources {
    size_t count;
    struct source *items; /* by name, octet by octet */
};

/*
 * Reads the header.
 * STATUS_OK, STATUS_NOT_FOUND, STATUS_MALFORMED (damaged, or of a later version), STATUS_SYSTEM.
 */
MUST_CHECK enum status sources_header_read(struct snapshot *snapshot, struct sources_header *out);

/* Reads the records of all files into the arena. Outcomes as above; none at all is STATUS_OK. */
MUST_CHECK enum status sources_read(struct snapshot *snapshot, struct arena *arena,
                                    struct sources *out);

/* Brings the records of the files into the edit, each by its fate. STATUS_OK or STATUS_SYSTEM. */
MUST_CHECK enum status sources_write(struct edit *edit, const struct sources *sources);

/* The same of all files that there are: records of others are deleted. */
MUST_CHECK enum status sources_replace(struct edit *edit, const struct sources *sources);

MUST_CHECK enum status sources_header_write(struct edit *edit, const struct sources_header *header);

/* The file of that name, or NULL. */
struct source *sources_find(const struct sources *sources, const char *name);

/* Orders by name; they are mostly in order already. */
void sources_sort(struct sources *sources);

#endif
