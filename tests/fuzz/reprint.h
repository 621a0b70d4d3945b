/* Zone files of what a target has made: printed, and read again. */
#ifndef TESTS_FUZZ_REPRINT_H
#define TESTS_FUZZ_REPRINT_H

#include "zone/node.h"

#include <stddef.h>

/* The zone file of `source`; the caller frees it. */
char *reprint(const struct node_source *source, size_t *length);

/* A zone file that was printed is read without an error, and printed again octet for octet. */
void reprint_check(const char *text, size_t length);

#endif
