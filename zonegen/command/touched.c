#include "command/touched.h"

#include "store/checksum.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024

enum status touched_open(struct touched *touched)
{
    *touched = (struct touched){.size = FIRST_SIZE};
    touched->slots = calloc(FIRST_SIZE, sizeof *touched->slots);
    return touched->slots != NULL ? STATUS_OK : STATUS_SYSTEM;
}

void touched_close(struct touched *touched)
{
    free(touched->slots);
    *touched = (struct touched){.slots = NULL};
}

/* The slot that has a key, or the free one where it belongs. */
static struct history_image *find(const struct touched *touched, const struct history_image *image)
{
    size_t at = checksum_of(image->key, image->key_octets, NULL, 0);

    for (;; at++) {
        struct history_image *slot = &touched->slots[at & (touched->size - 1)];
        if (slot->key == NULL || (slot->key_octets == image->key_octets &&
                                  memcmp(slot->key, image->key, image->key_octets) == 0))
            return slot;
    }
}

static bool grow(struct touched *touched)
{
    struct touched larger = {.size = touched->size * 2, .count = touched->count};

    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < touched->size; i++)
        if (touched->slots[i].key != NULL)
            *find(&larger, &touched->slots[i]) = touched->slots[i];
    free(touched->slots);
    *touched = larger;
    return true;
}

bool touched_swap(struct touched *touched, const struct history_image *image,
                  struct history_image *former, enum status *status)
{
    *status = STATUS_OK;
    if (touched->count * 2 >= touched->size && !grow(touched)) {
        *status = STATUS_SYSTEM;
        return false;
    }
    struct history_image *slot = find(touched, image);
    bool had = slot->key != NULL;
    *former = *slot;
    *slot = *image;
    touched->count += !had;
    return had;
}
