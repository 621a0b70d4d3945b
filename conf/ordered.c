#include "conf/ordered.h"

#include <stdlib.h>
#include <string.h>

#define FEW 16 /* one in so many */

/* Where an item belongs among the first `count`, which are in order: behind what is equal. */
static size_t seek(const char *items, size_t count, size_t size, const char *item,
                   int (*compare)(const void *left, const void *right))
{
    size_t low = 0;

    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (compare(items + middle * size, item) <= 0)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

void ordered_sort(void *items, size_t count, size_t size,
                  int (*compare)(const void *left, const void *right))
{
    char *base = items;
    size_t ordered = count > 0;

    while (ordered < count && compare(base + (ordered - 1) * size, base + ordered * size) <= 0)
        ordered++;
    size_t rest = count - ordered;
    char *few = rest > 0 && rest <= count / FEW ? malloc(rest * size) : NULL;
    if (few == NULL) {
        if (rest > 0)
            qsort(base, count, size, compare);
        return;
    }
    memcpy(few, base + ordered * size, rest * size);
    qsort(few, rest, size, compare);
    /* From the last of the few down, each with what stands behind it moved up at once. */
    for (size_t end = ordered; rest > 0; rest--) {
        const char *item = few + (rest - 1) * size;
        size_t at = seek(base, end, size, item, compare);
        memmove(base + (at + rest) * size, base + at * size, (end - at) * size);
        memcpy(base + (at + rest - 1) * size, item, size);
        end = at;
    }
    free(few);
}
