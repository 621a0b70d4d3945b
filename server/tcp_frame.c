#include "server/tcp_frame.h"

#include <stdlib.h>
#include <string.h>

enum tcp_frame tcp_frame_take(struct reader *octets, const uint8_t **message, size_t *length)
{
    struct reader ahead = *octets;
    size_t octets_of_message = reader_u16(&ahead);
    if (ahead.failed)
        return TCP_FRAME_PARTIAL;
    if (octets_of_message < DNS_HEADER_OCTETS)
        return TCP_FRAME_BROKEN;
    const uint8_t *start = reader_octets(&ahead, octets_of_message);
    if (!start)
        return TCP_FRAME_PARTIAL;
    *message = start;
    *length = octets_of_message;
    *octets = ahead;
    return TCP_FRAME_WHOLE;
}

size_t tcp_frame_lacks(const struct reader *octets)
{
    struct reader ahead = *octets;
    size_t there = reader_left(octets);
    size_t needed = TCP_LENGTH_OCTETS + (size_t)reader_u16(&ahead);
    return there < needed ? needed - there : 0;
}

enum status tcp_kept_set(struct tcp_kept *kept, const uint8_t *octets, size_t length)
{
    if (length <= TCP_KEPT_INLINE_OCTETS) {
        tcp_kept_clear(kept);
        if (length > 0)
            memcpy(kept->in_place, octets, length);
        kept->length = length;
        return STATUS_OK;
    }
    /* As much as the announced message takes, so that it grows once, however slowly it comes. Not
     * more than that either: what is not written to costs no memory. */
    if (kept->room < length) {
        struct reader window = reader_of(octets, length);
        size_t room = length + tcp_frame_lacks(&window);
        uint8_t *heap = malloc(room);
        if (!heap)
            return STATUS_SYSTEM;
        memcpy(heap, octets, length);
        tcp_kept_clear(kept);
        kept->heap = heap;
        kept->room = room;
    } else {
        memcpy(kept->heap, octets, length);
    }
    kept->length = length;
    return STATUS_OK;
}

size_t tcp_kept_take(struct tcp_kept *kept, uint8_t *room)
{
    size_t length = kept->length;
    if (length > 0)
        memcpy(room, kept->heap ? kept->heap : kept->in_place, length);
    /* The heap stays: a slow message comes back to it octet by octet. */
    kept->length = 0;
    return length;
}

void tcp_kept_clear(struct tcp_kept *kept)
{
    free(kept->heap);
    kept->heap = NULL;
    kept->room = 0;
    kept->length = 0;
}
