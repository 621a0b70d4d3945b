/*
 * What a zone may be, and what a zone that contactd serves may be: one SOA, CNAME alone, one TTL
 * per RRset, signatures of what is there, nothing that no message can carry. Sees records as they
 * stood in the file, so that each complaint has its line.
 */
#ifndef ZONE_ZONEFILE_CHECK_H
#define ZONE_ZONEFILE_CHECK_H

#include "conf/diag.h"
#include "zone/node.h"
#include "zone/zonefile_record.h"

#include <stdbool.h>
#include <stddef.h>

/* Of more it is said how many there are: all of them would be as large as the zone. */
#define ZONEFILE_CHECK_REMARKS 100
/* The longest NSEC3PARAM (RFC 5155 §4.2): algorithm, flags, iterations, a salt after its length. */
#define ZONEFILE_CHECK_NSEC3PARAM_OCTETS (5 + UINT8_MAX)

struct zonefile_check {
    const char *file;
    struct diag *diag;
    const struct zonefile_owner *apex;
    bool complete; /* false: some records could not be read, so that none is called missing */
    size_t limit;  /* errors that are shown */
    size_t errors;
    size_t remarks; /* warnings and notes of RRsets; ZONEFILE_CHECK_REMARKS are shown */
    /* The NSEC3PARAM that is in use, of the apex, which is checked first; its records go with it.
     * No octets: none. */
    uint8_t nsec3_parameters[ZONEFILE_CHECK_NSEC3PARAM_OCTETS];
    uint16_t nsec3_parameters_octets;
};

/* The place of a record: its line. */
struct place zonefile_check_place(const struct zonefile_check *check,
                                  const struct zonefile_record *record);

/* Counts an error; true while it is one to show. */
bool zonefile_check_counts(struct zonefile_check *check);

/*
 * The records of a file that make one RRset, in order of lines, and what became of them.
 *
 *   records, count   as read, equal ones included
 *   rrset            sorted, equal ones dropped
 */
void zonefile_check_rrset(struct zonefile_check *check, const struct zonefile_record *records,
                          size_t count, const struct rrset *rrset);

/*
 * All records of one owner, by type, and their RRsets.
 */
void zonefile_check_node(struct zonefile_check *check, const struct zonefile_record *records,
                         size_t count, const struct rrset *rrsets, size_t rrset_count);

#endif
