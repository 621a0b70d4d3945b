/* How the records of one name differ, as lines of zone files: "- " what goes, "+ " what comes.
 * Signatures and denial follow from the rest and are not shown. */
#ifndef COMMAND_RECORDS_H
#define COMMAND_RECORDS_H

#include "zone/node.h"

#include <stdbool.h>
#include <stdio.h>

enum records_which {
    RECORDS_ALL,
    RECORDS_CONTENTS, /* without SOA and ZONEMD */
    RECORDS_SEAL,     /* SOA and ZONEMD only */
};

/*
 * Prints the difference, by type, what goes before what comes; a changed TTL is a change of each
 * record.
 *
 *   before, after   the same owner; NULL where there is none
 */
void records_print_difference(const struct node *before, const struct node *after,
                              enum records_which which, FILE *out);

#endif
