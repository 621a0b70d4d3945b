/*
 * While steps are looked at from the newest back: what the last one that touched a name has of it,
 * which is what the name had after the step at hand.
 */
#ifndef COMMAND_TOUCHED_H
#define COMMAND_TOUCHED_H

#include "store/history.h"

#include <stdbool.h>
#include <stddef.h>

struct touched {
    struct history_image *slots; /* owned; by a hash of the key, free where `key` is NULL */
    size_t size;                 /* a power of two */
    size_t count;
};

/* STATUS_OK or STATUS_SYSTEM. touched_close() is fine after both. */
MUST_CHECK enum status touched_open(struct touched *touched);
void touched_close(struct touched *touched);

/*
 * Remembers an image in place of the one that was remembered of the same node.
 *
 *   image    of a node; what it points to must stay
 *   former   out: that one
 *   status   out: STATUS_OK, or STATUS_SYSTEM when memory is out
 *
 * True when there was one.
 */
bool touched_swap(struct touched *touched, const struct history_image *image,
                  struct history_image *former, enum status *status);

#endif
