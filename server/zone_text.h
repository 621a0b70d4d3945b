/* A zone's name as people write it in the configuration: without the final dot. */
#ifndef SERVER_ZONE_TEXT_H
#define SERVER_ZONE_TEXT_H

#include "wire/name.h"

/* Writes the name of a zone, well-formed, and returns `text`. The root is ".". */
static inline const char *zone_text(const uint8_t *apex, char text[NAME_TEXT_OCTETS])
{
    size_t length = name_to_text(apex, text);
    if (length > 1)
        text[length - 1] = '\0';
    return text;
}

#endif
