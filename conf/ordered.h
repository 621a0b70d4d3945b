/* Putting in order what nearly is: a long list with a few new items at its end. */
#ifndef CONF_ORDERED_H
#define CONF_ORDERED_H

#include <stddef.h>

/*
 * What qsort() does. Where the items are in order but for a few at the end, the cost is that of
 * looking at each once.
 */
void ordered_sort(void *items, size_t count, size_t size,
                  int (*compare)(const void *left, const void *right));

#endif
