#include "command/pairs.h"

#include "conf/utf8.h"
#include "wire/reader.h"

#include <stdio.h>
#include <string.h>

#define ESCAPE_OCTETS 4 /* \DDD */

/* Writes the character at `octets` so that it shows and nothing else; returns octets taken. */
static size_t show(const char *octets, size_t length, char *out, size_t *written)
{
    uint32_t character;
    size_t taken = utf8_decode(octets, length, &character);

    if (taken > 0 && !utf8_is_control(character) && !utf8_is_bidi_control(character)) {
        memcpy(out, octets, taken);
        *written = taken;
        return taken;
    }
    char escape[ESCAPE_OCTETS + 1];
    snprintf(escape, sizeof escape, "\\%03u", (unsigned)(unsigned char)octets[0]);
    memcpy(out, escape, ESCAPE_OCTETS);
    *written = ESCAPE_OCTETS;
    return 1;
}

const char *pairs_text(const struct rdata *txt, struct arena *arena)
{
    char *joined = arena_alloc(arena, txt->length + 1u);
    char *text = arena_alloc(arena, txt->length * (size_t)ESCAPE_OCTETS + 1);
    struct reader r = reader_of(txt->octets, txt->length);
    size_t length = 0;
    size_t at = 0;

    if (joined == NULL || text == NULL)
        return "";
    while (reader_left(&r) > 0) {
        size_t octets = reader_u8(&r);
        const uint8_t *string = reader_octets(&r, octets);
        if (string == NULL)
            break;
        memcpy(joined + length, string, octets);
        length += octets;
    }
    for (size_t from = 0; from < length;) {
        size_t written;
        from += show(joined + from, length - from, text + at, &written);
        at += written;
    }
    return text;
}

void pairs_read(const struct rdata *txt, struct arena *arena, struct pairs *out)
{
    const char *shown = pairs_text(txt, arena);
    char *text = arena_copy(arena, shown, strlen(shown));
    char *rest = NULL;

    out->count = 0;
    if (text == NULL)
        return;
    for (char *part = strtok_r(text, ";", &rest); part != NULL && out->count < PAIRS_MAX;
         part = strtok_r(NULL, ";", &rest)) {
        part += strspn(part, " ");
        char *equals = strchr(part, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        out->items[out->count++] = (struct pair){part, equals + 1};
    }
}

const char *pairs_get(const struct pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].key, key) == 0)
            return pairs->items[i].value;
    }
    return NULL;
}
