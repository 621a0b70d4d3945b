#include "server/text.h"

#include "conf/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096

void text_clear(struct text *text)
{
    free(text->octets);
    *text = (struct text){0};
}

/* Makes room for so many more octets and a NUL. */
static bool make_room(struct text *text, size_t octets)
{
    size_t room = text->room > 0 ? text->room : FIRST_ROOM;
    if (text->failed || octets > TEXT_MAX_OCTETS - text->length) {
        text->failed = true;
        return false;
    }
    if (text->room > text->length + octets)
        return true;
    while (room <= text->length + octets)
        room *= 2;
    char *grown = realloc(text->octets, room);
    if (!grown) {
        text->failed = true;
        return false;
    }
    text->octets = grown;
    text->room = room;
    return true;
}

static void add_octets(struct text *text, const char *octets, size_t length)
{
    if (!make_room(text, length))
        return;
    memcpy(text->octets + text->length, octets, length);
    text->length += length;
    text->octets[text->length] = '\0';
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0 && make_room(text, (size_t)length)) {
        vsnprintf(text->octets + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

/* A comma, where a value or a name follows another one. */
static void separate(struct text *text)
{
    if (text->length > 0 && !strchr("{[:", text->octets[text->length - 1]))
        add_octets(text, ",", 1);
}

void text_json_open(struct text *text, char bracket)
{
    separate(text);
    add_octets(text, &bracket, 1);
}

void text_json_close(struct text *text, char bracket)
{
    add_octets(text, &bracket, 1);
}

/* Adds the first character of `value` as it stands in a JSON string; returns its octets. */
static size_t add_character(struct text *text, const char *value)
{
    uint32_t character = 0;
    size_t octets = utf8_decode(value, strlen(value), &character);
    if (octets == 0) {
        text_add(text, "\\ufffd");
        return 1;
    }
    if (*value == '"' || *value == '\\')
        text_add(text, "\\%c", *value);
    else if (character < 0xa0 && utf8_is_control(character))
        text_add(text, "\\u%04x", (unsigned)character);
    else
        add_octets(text, value, octets);
    return octets;
}

void text_json_string(struct text *text, const char *value)
{
    separate(text);
    if (!value) {
        add_octets(text, "null", 4);
        return;
    }
    add_octets(text, "\"", 1);
    while (*value != '\0')
        value += add_character(text, value);
    add_octets(text, "\"", 1);
}

void text_json_name(struct text *text, const char *name)
{
    text_json_string(text, name);
    add_octets(text, ":", 1);
}

void text_json_number(struct text *text, uint64_t value)
{
    separate(text);
    text_add(text, "%" PRIu64, value);
}

void text_json_boolean(struct text *text, bool value)
{
    separate(text);
    text_add(text, "%s", value ? "true" : "false");
}
